"""The documentation: no broken link, nothing asked of another machine, and the files it names exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it; a broken link or anchor, or a docstring that can't be read, fails it."""
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return out


@pytest.mark.slow
def test_the_site_builds_with_every_link_and_the_engine_in_it(site: Path) -> None:
    engine = (site / "api" / "engine.html").read_text(encoding="utf-8")
    for name in ("terr.engine.design", "terr.engine.rebalance", "terr.engine.certify", "terr.model.problem.Problem"):
        assert f'id="{name}"' in engine


def test_the_site_asks_no_other_machine_for_anything(site: Path) -> None:
    asked = re.compile(
        r"""<(?:script|img|iframe)[^>]+src=["']?(https?:)?//|<link[^>]+rel=["']?(?:stylesheet|preload|preconnect|icon)[^>]+href=["']?(https?:)?//"""
    )
    assert [str(p) for p in site.rglob("*.html") if asked.search(p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page: Path) -> None:
    if ("benchmarks" in page.parts and page.name != "benchmarks.md") or page.name == "CHANGELOG.md":
        return  # records of a day: they name what was there then
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:terr|tests|pages|static|benchmarks|docs)/[\w./-]+\.(?:py|js|md|json|css))`", text))
    assert sorted(n for n in named if "/out/" not in n and not (ROOT / n).exists()) == []
    links = [link for link in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)", text) if not link.startswith("http")]
    assert [link for link in links if not (page.parent / link).exists()] == []
