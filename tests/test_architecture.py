"""The floor plan: imports go down only, rooms of one floor keep apart, third parties come in by their own door.

Floors are the folders of `terr/`; inside the large ones there are rooms, and they have an order too. See
docs/decisions/0015-rooms.md and docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "errors": 0,
    "folders": 1,
    "trial": 1,
    "model": 1,
    "places": 1,
    "ingest": 2,
    "locate": 2,
    "boundaries": 2,
    "edits": 2,
    "demo": 2,
    "matching": 2,
    "one_processor": 2,
    "aggregate": 3,
    "metrics": 3,
    "scoring": 3,
    "facts": 3,
    "people": 3,
    "planbook": 3,
    "engine": 4,
    "store": 4,
    "view": 4,
    "report": 4,
    "workspace": 5,
    "cli": 6,
    "ui": 6,
    "__main__": 7,
}
ALLOWED_BESIDE = {
    ("locate", "boundaries"),
    ("demo", "boundaries"),
    ("people", "metrics"),
    ("planbook", "people"),
}  # see docs/decisions/0015-rooms.md

# Rooms bottom up; rooms of one line don't import each other. "." is the folder's own files, which may stand in two
# places: "./name" lists those that are not at the line of ".".
ROOMS: dict[str, tuple[str, ...]] = {
    "workspace": (
        ".",
        "access scores facts",
        "accounts",
        "plan",
        "overlays",
        "reps live performance",
        "quotas books",
        "design",
        "reports",
        "scenarios territory_plans visits",
        "home review situations",
        "batch",
    ),
    "engine": (
        ".",
        "models",
        "search",
        "./result",
        "./designing ./rebalancing",
        "./frontier",
        "certificate explain books visits",
        "./warmup",
        "remote",
        "./pool",
    ),
    "ui": (
        "access",
        "session",
        "jobs",
        "live scenarios reports reps quotas visits",
        "./header ./routes",
        "accounts scores settings design layers home performance review situations territory_plans",
        "plan",
        "./launch",
    ),
}
# Pages, windows and the command line ask use cases; what these are made of is not theirs to name.
ASK_WORKSPACE = {
    "ui": {"ui", "workspace", "view", "errors", "model", "folders"},
    "pages": {"ui", "workspace", "view", "errors", "model"},
    "app": {"ui"},
    "cli": {"cli", "workspace", "view", "errors", "model"},
}
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
    "babel": {"places", "model"},  # names of countries, and how languages write numbers
    "msgspec": {"model", "workspace", "engine"},  # what a value may be, what a browser may say, what travels
    "distributed": {"engine"},
    "dask": {"engine"},
    "rapidfuzz": {"matching"},
    "pyvrp": {"engine"},
    "icalendar": {"report"},
    "holidays": {"places"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "sklearn": {"scoring"},
    "statsmodels": {"facts"},
    "threadpoolctl": {"one_processor"},
    "typst": {"report"},
    "vl_convert": {"report"},
    "pptx": {"report"},
    "xlsxwriter": {"report", "demo"},
}
LONGEST = {"terr": 600, "pages": 150}
MOST_FILES = 15
MOST_SKIPS = 30


def imports(source: str) -> list[str]:
    """Every module a source imports, late imports inside functions included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor"
            module = node.module or ""
            whole = module == "terr" or module in {f"terr.{room}" for room in ROOMS}
            found += [f"{module}.{alias.name}" for alias in node.names] if whole else [module]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
            "import_module",
            "__import__",
        }:
            found += [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return found


def place_of(path: Path) -> tuple[str, ...]:
    """Where a file stands: ("workspace", "plan", "editing"), ("pages", "plan"), ("app",)."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1:] if parts[0] == "terr" and len(parts) > 1 else parts


def line_of(floor: str, inside: list[str] | tuple[str, ...]) -> tuple[int, str] | None:
    """The line a room stands on, counted from below, and the room's name; None for a package's own face."""
    lines = ROOMS[floor]
    names = {name: at for at, line in enumerate(lines) for name in line.split()}
    if not inside or inside[0] == "__init__":
        return None
    room = inside[0]
    if room in names:
        return names[room], room
    if f"./{room}" in names:
        return names[f"./{room}"], f"./{room}"
    if "." in names:
        return names["."], "."
    return None


def asks_the_store(source: str) -> list[str]:
    """Every place where a source reaches through the workspace to its store: `ws.store`, `getattr(ws, "store")`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        reached = isinstance(node, ast.Attribute) and node.attr in {"store", "_store"}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"getattr", "attrgetter"}:
            reached = any(isinstance(a, ast.Constant) and str(a.value).split(".")[0] == "store" for a in node.args)
        if reached:
            found.append(f"line {node.lineno} asks the store; let a use case of the workspace do it")  # type: ignore[attr-defined]
    return found


def violations(place: tuple[str, ...], source: str) -> list[str]:
    room = place[0]
    allowed = ASK_WORKSPACE.get(room)
    out = asks_the_store(source) if allowed is not None else []
    floor = FLOORS.get(room, 7)
    for name in imports(source):
        top, *rest = name.split(".")
        if top == "terr":
            other = rest[0] if rest else "__init__"
            if other == room and room in ROOMS:
                mine, theirs_line = line_of(room, place[1:]), line_of(room, rest[1:])
                if mine is None or theirs_line is None or mine[1] == theirs_line[1]:
                    continue
                if theirs_line[0] >= mine[0]:
                    out.append(f"{'/'.join(place)} imports {name}, which does not lie below it")
                continue
            if other in {"__init__", room}:
                continue
            theirs = FLOORS.get(other)
            if theirs is None:
                continue  # a name of the package itself, such as __version__
            if allowed is not None and other not in allowed:
                out.append(f"{'/'.join(place)} imports {name}; it asks the workspace only")
            elif theirs > floor or (theirs == floor and (room, other) not in ALLOWED_BESIDE):
                out.append(f"{room} (floor {floor}) imports {name} (floor {theirs})")
        elif top in DOORS and room not in DOORS[top]:
            out.append(f"{room} imports {top}, whose door is {sorted(DOORS[top])}")
        elif top in {"tests", "benchmarks", "pages", "app"} and room not in {"tests", "benchmarks"}:
            out.append(f"{room} imports {name}")
    return out


def sources() -> list[Path]:
    return [*sorted((ROOT / "terr").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]


def folders() -> list[Path]:
    """Every folder of Python files that belongs to the project."""
    found = {p.parent for top in ("terr", "pages", "tests", "benchmarks") for p in (ROOT / top).rglob("*.py")}
    return sorted(found)


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_floor_plan_holds(path: Path) -> None:
    assert violations(place_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_keep_their_size(path: Path) -> None:
    limit = LONGEST["pages" if path.parent.name == "pages" or path.name == "app.py" else "terr"]
    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("folder", folders(), ids=lambda p: str(p.relative_to(ROOT)))
def test_folders_are_rooms_not_halls(folder: Path) -> None:
    assert len([p for p in folder.glob("*.py") if p.name != "__init__.py"]) <= MOST_FILES


def test_lines_are_not_squeezed() -> None:
    skips = [p for p in sources() for line in p.read_text().splitlines() if re.search(r"# fmt: (skip|off)", line)]
    assert len(skips) <= MOST_SKIPS


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("model/plan", "from terr.engine import design"),
        ("metrics/shape", "def f():\n    from terr.engine import design"),
        ("engine/pool", "import terr.store.plans"),
        ("ingest/sums", "from terr.locate import locate"),
        ("view/charts", "import streamlit as st"),
        ("workspace/plan/editing", "import pulp"),
        ("cli/main", "from terr import ui"),
        ("report/crm", "import importlib\nimportlib.import_module('terr.ui')"),
        ("ui/plan/panel", "import sqlalchemy"),
        ("workspace/levels", "from pages import plan"),
        ("workspace/plan/editing", "from terr.workspace.design import request"),
        ("workspace/plan/editing", "from terr.workspace import design"),
        ("workspace/reps/roster", "from terr.workspace.reports.crm import crm_files"),
        ("workspace/levels", "from terr.workspace.plan.editing import edit"),
        ("workspace/design/form", "def f():\n    from terr.workspace.batch import solve"),
        ("ui/session/state", "from terr.ui.plan import panel"),
        ("ui/scenarios/tree", "from terr.ui.reports import crm"),
        ("engine/arrays", "from terr.engine.search.search import windows"),
        ("engine/search/search", "from terr.engine.explain.causes import causes"),
        ("engine/certificate/certifying", "from terr.engine.explain import causes"),
        ("ui/scenarios/tree", "from terr.store import Person"),
        ("ui/session/state", "from terr.engine.pool import Pool"),
        ("ui/plan/tables", "def f():\n    from terr.aggregate import unit_codes"),
        ("pages/accounts", "from terr.ingest import recognise"),
        ("app", "from terr.workspace import Workspace"),
        ("cli/backup", "from terr import store"),
        ("ui/header", "def f(ws):\n    return ws.store.scenarios.get('a')"),
        ("ui/live/socket", "class A:\n    def f(self):\n        return self.ws.store.changes.latest(self.sid)"),
        ("pages/plan", "from terr.ui.session import state\nplans = state.workspace().store.scenarios.find()"),
        ("pages/plan", "from terr.ui.session import state\nplans = getattr(state.workspace(), 'store').scenarios"),
    ],
)
def test_planted_violations_are_seen(place: str, source: str) -> None:
    assert len(violations(tuple(place.split("/")), source)) == 1


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("engine/designing", "from terr.model.problem import Problem"),
        ("pages/plan", "import streamlit"),
        ("ui/plan/tables", "from terr.model.plan import Plan\nfrom terr.view.text import count"),
        ("cli/main", "from terr import __version__\nfrom terr.workspace.batch.solve import make_design"),
        ("workspace/plan/editing", "def f(ws):\n    return ws.store.edits.history('a')"),
        ("ui/plan/panel", "from terr import workspace"),
        ("workspace/design/request", "from terr.workspace.plan import editing"),
        ("workspace/plan/editing", "from terr.workspace.plan.rules import Rules"),
        ("ui/plan/panel", "from terr.ui.session import state"),
    ],
)
def test_honest_imports_pass(place: str, source: str) -> None:
    assert violations(tuple(place.split("/")), source) == []


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        str(p.relative_to(ROOT))
        for p in sorted((ROOT / "terr").rglob("__init__.py"))
        if "migrations" not in p.parts and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []
