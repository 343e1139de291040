"""Ctrl-C and streams that are closed: one line, the documented exit code, nothing half-written, at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.helpers.hostile_shapes import feature_collection, pieces, round_area

READY = "ready\n"
STARTED = f"import sys, terr.__main__; sys.stderr.write({READY!r}); sys.stderr.flush(); sys.exit(terr.__main__.main())"
LIBRARIES = ("numpy", "pandas", "geopandas", "sqlalchemy", "streamlit")
LINE = "terr: stopped, nothing written"


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("stopping") / "accounts.csv"
    rows = (f"A{i},Account {i},{10_001 + i % 800},{i % 97 * 1_000}" for i in range(20_000))
    file.write_text("\n".join(("Account ID,Account Name,ZIP,Revenue", *rows)), encoding="utf-8")
    return file


def stopped(words: list[str], cwd: Path, *after: float) -> tuple[int, list[str], bytes]:
    """Exit code, stderr's lines and stdout of a command interrupted after so many seconds each."""
    run = subprocess.Popen(
        [sys.executable, "-c", STARTED, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stderr is not None
    assert run.stderr.readline().decode() == READY  # Python's own start is not ours to answer for
    for wait in after:
        time.sleep(wait)
        run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=120)
    return run.returncode, err.decode().splitlines(), out


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.2, 0.45, 0.8, 1.3])
def test_one_ctrl_c_ends_check_with_one_line_at_any_moment(accounts: Path, tmp_path: Path, wait: float) -> None:
    code, lines, out = stopped(["check", str(accounts), "--json", "--rejects", "left.csv"], tmp_path, wait)
    assert (code, lines, out) == (130, [LINE], b"") or (code == 0 and not lines and out.startswith(b"{"))
    assert [p.name for p in tmp_path.iterdir()] in ([], ["left.csv"])


@pytest.mark.parametrize("second", [0.0, 0.3])
def test_a_second_ctrl_c_ends_a_design_at_once(accounts: Path, tmp_path: Path, second: float) -> None:
    words = "--level zip --region NY,NJ,CT,PA --territories 40 --measure revenue --limit revenue=0.001 --out plan.csv"
    code, lines, out = stopped(["design", str(accounts), *words.split()], tmp_path, 2.0, second)
    assert code == 130
    assert lines[-1] == LINE
    assert not any("Traceback" in line for line in lines)
    assert (out, list(tmp_path.iterdir())) == (b"", [])


def ended(command: str, cwd: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PY": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_closed_stream_is_one_line_or_nothing(accounts: Path, tmp_path: Path) -> None:
    code, _, err = ended(f'"$PY" -m terr check "{accounts}" --json >&-', tmp_path)
    assert (code, err.splitlines()) == (
        1,
        ["terr: error: the report can't be printed (standard output is closed); open it first"],
    )
    code, out, err = ended(f'"$PY" -m terr check "{accounts}" --json 2>&-', tmp_path)
    assert (code, out[0], err) == (0, "{", "")
    code, out, err = ended('"$PY" -m terr check missing.csv 2>&- <&-', tmp_path)
    assert (code, out, err) == (2, "", "")


def test_what_only_checks_a_file_loads_no_engine_and_no_database(accounts: Path, tmp_path: Path) -> None:
    heavy = "numba sqlalchemy scipy.stats sklearn pulp streamlit altair folium duckdb terr.engine terr.store"
    names = f"""import sys
from terr.__main__ import main
main({["check", str(accounts), "--json"]!r})
print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)
"""
    (tmp_path / "run.py").write_text(names, encoding="utf-8")
    code, _, err = ended('"$PY" run.py', tmp_path)
    assert (code, err.strip()) == (0, "[]")
    (tmp_path / "run.py").write_text(names.replace(str(accounts), "missing.csv"), encoding="utf-8")
    code, _, err = ended('"$PY" run.py', tmp_path)
    assert err.splitlines()[0].startswith("terr: error: there is no file")
    assert err.splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["Reading the file", "Looking for areas that lie over each", "Looking for gaps"])
def test_one_ctrl_c_ends_work_on_own_boundaries_in_the_middle_of_a_call(tmp_path: Path, stage: str) -> None:
    """The libraries at work there hold on for many seconds; their process is ended."""
    (tmp_path / "areas.geojson").write_bytes(feature_collection([round_area(400_000), pieces(15_000)]))
    (tmp_path / "accounts.csv").write_text("Account ID,Latitude,Longitude,Revenue\nA,31.2,-96.8,5\n", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    words = "design accounts.csv --boundaries areas.geojson --territories 1 --measure revenue --out plan.csv"
    here = {"PYTHONPATH": str(ROOT), "TERR_DATA_DIR": str(tmp_path / "data"), "TMPDIR": str(tmp_path / "tmp")}
    lines, workers = [], []
    with subprocess.Popen(
        [sys.executable, "-m", "terr", *words.split()],
        cwd=tmp_path,
        env={**os.environ, **here},
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            lines.append(line.strip())
            if stage in line:
                workers = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
                run.send_signal(signal.SIGINT)
    assert (run.returncode, lines[-1]) == (130, LINE)
    assert not any("Traceback" in line for line in lines)
    assert workers
    assert not [p for p in workers if Path(f"/proc/{p}").exists()]
    assert not (tmp_path / "plan.csv").exists()
    assert not list((tmp_path / "data" / "boundaries").glob("own-*"))
    assert not list((tmp_path / "tmp").glob("terr-*"))


@pytest.mark.parametrize("words", [["--help"], ["design", "--help"], ["check", "missing.csv"], ["perform"]])
def test_help_and_a_mistyped_file_load_no_table_and_no_map_library(tmp_path: Path, words: list[str]) -> None:
    asked = (
        "import sys, terr.__main__\n"
        f"sys.argv[1:] = {words!r}\n"
        "try:\n    terr.__main__.main()\nexcept SystemExit:\n    pass\n"
        f"print('\\nloaded', [m for m in {LIBRARIES!r} if m in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
    )
    assert out.stdout.splitlines()[-1] == "loaded []", out.stdout + out.stderr
