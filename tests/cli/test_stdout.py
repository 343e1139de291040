"""Standard output carries one JSON object, whatever the libraries below print."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terr.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "tests" / "cases" / "json_on_stdout" / "in.csv"


def terr(tmp_path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERR_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "terr", *(str(w) for w in words)]
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)


def one_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode in {0, 3}, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
def test_a_region_with_fewer_places_with_load_than_territories_prints_one_object(tmp_path: Path) -> None:
    done = terr(
        tmp_path,
        *("design", CASE, "--level", "state", "--region", "us", "--territories", 4, "--measure", "revenue"),
        *("--time-limit", 3, "--json"),
    )
    found = one_object(done)
    assert found["status"] == "limit_broken"  # all ten accounts lie in Texas
    assert found["territories_requested"] == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    [
        ("--level", "county", "--region", "TX", "--territories", 9),  # one territory for almost each place
        ("--level", "county", "--region", "RI", "--territories", 2),  # a region without any load is refused in one line
        ("--level", "zip3", "--region", "TX", "--territories", 12),  # more territories than places
        ("--level", "state", "--region", "lower48", "--territories", 40),
        ("--level", "state", "--region", "TX", "--territories", 1),
        ("--level", "state", "--region", "TX,OK", "--territories", 2),
    ],
)
def test_odd_regions_print_one_object_or_one_line(capfd: pytest.CaptureFixture[str], where: tuple[object, ...]) -> None:
    words = ("design", CASE, *where, "--measure", "revenue", "--time-limit", 2, "--json")
    code = main([str(w) for w in words])
    ctypes.CDLL(None).fflush(None)  # what a library still has in its buffer
    done = subprocess.CompletedProcess(words, code, *capfd.readouterr())
    if done.returncode == 2:
        assert done.stdout == ""
        assert done.stderr.splitlines()[-1].startswith("terr: error: ")
    else:
        assert one_object(done)["territories_requested"] == where[-1]


def test_what_c_prints_goes_aside(tmp_path: Path) -> None:
    program = """
import ctypes, os, sys
from terr.cli.output import report_alone
with report_alone():
    ctypes.CDLL(None).puts(b"from C, kept in its buffer")
    os.write(1, b"past Python\\n")
    print("the report \\u00e9")
print("after")
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, timeout=60)
    assert done.stdout.decode() == "the report é\nafter\n"
    assert b"from C, kept in its buffer" in done.stderr
    assert b"past Python" in done.stderr


def test_a_program_started_without_a_standard_output_still_runs() -> None:
    program = "from terr.cli.main import main; raise SystemExit(main(['check', 'none.csv']))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", f'{sys.executable} -c "{program}" 1>&-'], env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 2
    assert b"there is no file" in done.stderr
