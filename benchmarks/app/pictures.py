"""The pictures of the user guide and the README, from the running app: `make guide-pictures`.

Each is a page of the demo at 1280 by 800 in the light theme, as WebP in `docs/guide/pictures/`.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.app.app_server import served
from benchmarks.app.driver import FLAGS, FRAME, ONLY_HERE, READY, chromium
from terr.model.person import Person
from terr.workspace import Workspace
from terr.workspace.home.demo_plan import open_demo_plan
from terr.workspace.live import proposals
from terr.workspace.plan import editing
from terr.workspace.scenarios import tree

OUT = Path(__file__).resolve().parents[2] / "docs" / "guide" / "pictures"
SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 150_000
NAMES = ("home", "accounts", "reps", "quotas", "performance", "territory_plans", "visits", "reports", "scenarios")
ANN = Person("", "Ann Poe")


def prepare(root: Path) -> tuple[str, str]:
    """The demo plan, and a copy of it in which a few counties moved."""
    ws = Workspace(root)
    try:
        info = open_demo_plan(ws, author="me")
        tree.name_version(ws, info.id, "Draft for the board", by=ANN)
        copy = tree.branch(ws, info.id, info.head, "West moves south", by=ANN)
        plan, _ = ws.plan(copy.id)
        a, b = plan.codes[:2]
        editing.paint(ws, copy.id, border(ws, copy.id, a, b), b, author="Ann Poe")
        return info.id, copy.id
    finally:
        ws.close()


def border(ws: Workspace, scenario_id: str, a: int, b: int, most: int = 6) -> list[int]:
    """Some units of territory `a` that touch `b`, or any of it if none do."""
    info = ws.scenario(scenario_id)
    plan, units = ws.plan(scenario_id)[0], ws.units(info)
    near = [
        u
        for u in np.flatnonzero(plan.assign == a).tolist()
        if (plan.assign[units.indices[units.indptr[u] : units.indptr[u + 1]]] == b).any()
    ]
    return (near or np.flatnonzero(plan.assign == a).tolist())[:most]


def settle(page: Page, seconds: float = 1.0) -> None:
    """Wait until nothing on the page is stale."""
    page.wait_for_timeout(600)
    page.wait_for_function('!document.querySelector(\'[data-stale="true"], [data-testid="stSkeleton"]\')')
    page.wait_for_timeout(1000 * seconds)


def the_map(page: Page) -> None:
    """Wait until the map and what lies beside it are drawn."""
    page.frame_locator(FRAME).locator(READY).wait_for(state="attached")
    page.locator(".st-key-side_part, [data-testid='stButtonGroup']").first.wait_for()
    settle(page, 4)


def keep(page: Page, name: str) -> None:
    """Write what the page shows as a small WebP."""
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    for quality in (82, 70, 55, 40):
        made = io.BytesIO()
        picture.save(made, "WEBP", quality=quality, method=6)
        if made.tell() < MOST_BYTES:
            break
    (OUT / f"{name}.webp").write_bytes(made.getvalue())
    print(f"{name}.webp {made.tell() // 1000} kB")


def inspect(page: Page) -> None:
    """Click counties from the middle of the map eastwards until one has several accounts."""
    box = page.locator(FRAME).bounding_box()
    assert box is not None
    for n in range(40):
        across, down = 0.5 + 0.01 * (n % 20), 0.5 + 0.06 * (n // 20)
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.wait_for_timeout(700)
        card = page.frame_locator(FRAME).locator(".terr-inspect").inner_text()
        found = re.search(r"([0-9]+) accounts", card)
        if found and 3 <= int(found[1]) <= 30:
            break
    page.wait_for_timeout(2000)


def generate(page: Page) -> None:
    """Open the dialog of Generate."""
    page.locator(".st-key-generate button").click()
    page.locator(".st-key-gen_go button").wait_for()
    settle(page, 2)


def take(page: Page, url: str, plan: str, copy: str, propose: Callable[[], None]) -> None:
    """All pictures, one after the other."""

    def go(path: str, *, scenario: str = plan) -> None:
        page.goto(f"{url}/{path}?scenario={scenario}")
        page.locator('[data-testid="stMainBlockContainer"]').wait_for()
        settle(page, 2)

    go("plan")
    the_map(page)
    keep(page, "plan")
    inspect(page)
    keep(page, "inspect")
    generate(page)
    keep(page, "generate")
    for name in NAMES:
        go(name)
        settle(page, 4 if name in {"accounts", "performance", "reports"} else 0)  # its chart and table draw themselves
        keep(page, name)
    go("scenarios")
    page.locator(f'[class*="st-key-compare_{copy}"] button').click()
    page.locator('[data-testid="stCustomComponentV1"], iframe').first.wait_for()
    settle(page, 5)
    keep(page, "compare")
    propose()
    go("plan")
    the_map(page)
    page.get_by_text("Together").click()
    settle(page, 3)
    keep(page, "workshop")


def main() -> int:
    """Take all pictures anew."""
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        plan, copy = prepare(root)

        def propose() -> None:
            ws = Workspace(root)
            try:
                a, b = ws.plan(plan)[0].codes[:2]
                units = border(ws, plan, a, b, 3)
                proposals.propose(ws, plan, units, [b] * len(units), reason="Closer to the rep's home", by=ANN)
            finally:
                ws.close()

        with served(root) as app:
            browser = driver.chromium.launch(executable_path=chromium(), args=[*FLAGS, ONLY_HERE, "--no-sandbox"])
            page = browser.new_context(viewport=SIZE, color_scheme="light").new_page()  # type: ignore[arg-type]
            page.set_default_timeout(120_000)
            take(page, app.url, plan, copy, propose)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
