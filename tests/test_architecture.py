"""The floor plan: imports go down only, rooms on one floor keep apart, third parties come in by their own door."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "errors": 0,
    "folders": 1, "trial": 1,
    "model": 1,
    "ingest": 2, "locate": 2, "boundaries": 2, "edits": 2,
    "aggregate": 3, "metrics": 3,
    "engine": 4, "store": 4, "view": 4, "report": 4,
    "workspace": 5,
    "cli": 6, "ui": 6, "__main__": 7,
    "demo": 2,
    "matching": 2, "scoring": 3,
}  # fmt: skip
ALLOWED_BESIDE = {("locate", "boundaries"), ("demo", "boundaries")}  # see docs/decisions/0001-floors.md
DOORS = {
    "streamlit": {"ui", "pages", "app"},
    "streamlit_folium": {"ui", "pages", "app"},
    "folium": {"view"},
    "branca": {"view"},
    "altair": {"view"},
    "pulp": {"engine"},
    "highspy": {"engine"},
    "pymetis": {"engine"},
    "sqlalchemy": {"store"},
    "sqlite3": {"store", "boundaries"},  # a GeoPackage is an SQLite database
    "duckdb": {"ingest"},
    "rapidfuzz": {"matching"},
    "alembic": {"store"},
    "psycopg": {"store"},
}
LONGEST = {"terr": 400, "pages": 150}


def imports(source: str) -> list[str]:
    """Every module a source imports, late imports inside functions included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor"
            module = node.module or ""
            found += [f"{module}.{alias.name}" for alias in node.names] if module == "terr" else [module]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
            "import_module",
            "__import__",
        }:
            found += [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return found


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "terr" and len(parts) > 1 else parts[0]


def violations(room: str, source: str) -> list[str]:
    out = []
    floor = FLOORS.get(room, 7)
    for name in imports(source):
        top, *rest = name.split(".")
        if top == "terr":
            other = rest[0] if rest else "__init__"
            if other in {"__init__", room}:
                continue
            theirs = FLOORS.get(other)
            if theirs is None:
                continue  # a name of the package itself, such as __version__
            if theirs > floor or (theirs == floor and (room, other) not in ALLOWED_BESIDE):
                out.append(f"{room} (floor {floor}) imports {name} (floor {theirs})")
        elif top in DOORS and room not in DOORS[top]:
            out.append(f"{room} imports {top}, whose door is {sorted(DOORS[top])}")
        elif top in {"tests", "benchmarks", "pages", "app"} and room not in {"tests", "benchmarks"}:
            out.append(f"{room} imports {name}")
    return out


def sources() -> list[Path]:
    return [*sorted((ROOT / "terr").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_floor_plan_holds(path: Path) -> None:
    assert violations(room_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_keep_their_size(path: Path) -> None:
    limit = LONGEST["pages" if path.parent.name == "pages" or path.name == "app.py" else "terr"]
    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("model", "from terr.engine import design"),
        ("metrics", "def f():\n    from terr.engine import design"),
        ("engine", "import terr.store.plans"),
        ("ingest", "from terr.locate import locate"),
        ("view", "import streamlit as st"),
        ("workspace", "import pulp"),
        ("cli", "from terr import ui"),
        ("report", "import importlib\nimportlib.import_module('terr.ui')"),
        ("ui", "import sqlalchemy"),
        ("workspace", "from pages import plan"),
    ],
)
def test_planted_violations_are_seen(room: str, source: str) -> None:
    assert len(violations(room, source)) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("engine", "from terr.model.problem import Problem"),
        ("pages", "import streamlit"),
        ("ui", "from terr import workspace"),
    ],
)
def test_honest_imports_pass(room: str, source: str) -> None:
    assert violations(room, source) == []
