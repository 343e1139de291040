"""One edit on the server, from the browser's event to all that is sent back, at 254 to 33,642 units; and its memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.marks import Figure, shown, timed
from terr.boundaries.layers.catalog import load_units
from terr.model.accounts import Accounts
from terr.model.person import Person
from terr.model.units import Units
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import DATASETS, Dataset
from terr.workspace.accounts.import_settings import version
from terr.workspace.live import edit_queue, map_events
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot

METRICS_MS, EDITS, LEAST_N = 50.0, 40, 30
MEMORY_MB = 300.0
ACCOUNTS = 50_000
MEASURE = "Potential"
_WARM_UP = 3
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """Units to edit, and how many territories they are divided into."""

    level: str
    region: str
    territories: int

    @property
    def units(self) -> Units:
        """The units."""
        return load_units(self.level, self.region)


CASES = (Case("county", "TX", 10), Case("zip", "TX", 20), Case("county", "lower48", 50), Case("zip", "us", 100))


def accounts_on(units: Units, n: int = ACCOUNTS) -> Accounts:
    """Made-up accounts, each at the point inside a unit, a few with a measure far above the others'."""
    rng = np.random.default_rng(5)
    at = rng.integers(0, len(units), n)
    points = units.frame.geometry.representative_point()
    ids = units.frame["unit_id"].to_numpy(dtype=object)[at]
    by_zip = units.level.startswith("zip")
    frame = pd.DataFrame(
        {
            "account_id": [f"A-{i}" for i in range(n)],
            "name": [f"Customer {i}" for i in range(n)],
            "owner": "",
            "zip": ids if by_zip else "",
            "city": "",
            "state": units.frame["state"].to_numpy(dtype=object)[at],
            "lat": points.y.to_numpy()[at],
            "lon": points.x.to_numpy()[at],
            "county": "00000" if by_zip else ids,
            "located_by": "zip" if by_zip else "county",
            "source_row": np.arange(2, n + 2),
            MEASURE: rng.lognormal(10.0, 1.0, n),
        }
    )
    return Accounts(frame=frame, measures=(MEASURE,), currency=((MEASURE, "USD"),))


def divided(units: Units, k: int) -> NDArray[np.int64]:
    """int64 (n,), k parts in one piece each, of about as many units."""
    import pymetis

    graph = pymetis.CSRAdjacency(units.indptr, units.indices)
    parts = pymetis.part_graph(k, graph, recursive=False, options=pymetis.Options(contig=True, seed=1)).vertex_part
    return np.asarray(parts, dtype=np.int64)


def started(ws: Workspace, case: Case, dataset: Dataset | None = None) -> tuple[str, Dataset]:
    """A scenario with all units assigned, and its data set."""
    units = case.units
    if dataset is None:
        accounts = accounts_on(units)
        summary = {"measures": [MEASURE], "currency": {MEASURE: "USD"}}
        info = ws.store.datasets.save("Made up", sha256="0" * 64, filename="made-up.csv", mapping={}, summary=summary)
        ws.store.files.write_frame(info.id, accounts.frame)
        dataset = Dataset(info, accounts, (), accounts, version(info.mapping))
        ws.caches[DATASETS].put(info.id, dataset)
    made = editing.create(ws, dataset_id=dataset.info.id, level=case.level, region=case.region, measure=MEASURE)
    names = [f"Territory {p + 1}" for p in divided(units, case.territories).tolist()]
    editing.place_by_name(ws, made.id, ws.store.scenarios.rev(made.id), names)
    return made.id, dataset


class Clicks:
    """Clicks along the borders of territories, as the map sends them."""

    def __init__(self, ws: Workspace, scenario_id: str, seed: int = 1) -> None:
        self.ws, self.sid = ws, scenario_id
        self.units = ws.units(ws.store.scenarios.get(scenario_id))
        self.seen = map_events.WindowState(rev=ws.store.scenarios.rev(scenario_id), active=-1)
        self._rng = np.random.default_rng(seed)
        self._n = 0

    def event(self) -> dict[str, Any]:
        """Give a unit on a border to the territory beyond."""
        plan, _ = self.ws.plan(self.sid)
        for _ in range(100 * len(self.units)):
            unit = int(self._rng.integers(0, len(self.units)))
            beyond = [int(v) for v in plan.assign[self.units.neighbors(unit)] if v != plan.assign[unit]]
            if beyond:
                self._n += 1
                return {
                    "s": f"bench-{self.sid[:8]}",
                    "n": self._n,
                    "k": "paint",
                    "p": self.sid,
                    "units": [unit],
                    "to": beyond[0],
                    "seen": [int(plan.assign[unit])],
                }
        raise RuntimeError("all units are in one territory")

    def take(self, event: dict[str, Any]) -> None:
        """What the line does with an edit of a map."""
        before = self.seen.rev
        done = edit_queue.apply_queue(self.ws, self.sid, event["s"], [event], Person(name="bench"))
        if done.rev == before or done.notices:
            raise RuntimeError(f"the edit was not made: {done.notices}")
        self.seen = replace(self.seen, rev=done.rev)


def drawn(shown_board: PlanSnapshot, seen: map_events.WindowState) -> None:
    """What the page makes of a board: the map's patch as a script, the chart's specification, the table."""
    from streamlit_folium import _get_feature_group_string, _get_map_string, generate_js_hash

    from terr.boundaries.layers.catalog import geometry_file
    from terr.ui.plan import tables
    from terr.view.charts import balance_spec
    from terr.view.colors import color
    from terr.view.mapview import MapPatch, base_map, patch_group

    one = shown_board
    territories = [
        {"code": t.code, "name": t.name, "rep": "", "locked": t.locked, "color": color(t.color)}
        for t in one.plan.territories
    ]
    patch = MapPatch(
        plan=one.info.id,
        rev=one.rev,
        slots=one.plan.slots(),
        territories=territories,
        active=seen.active,
        locked=np.flatnonzero(one.plan.locked_units).tolist(),
        strays=one.strays,
        ack=seen.ack,
    )
    shell = base_map(geometry_file(one.info.level), one.units.region)
    generate_js_hash(_get_map_string(shell), "map", False)
    _get_feature_group_string(patch_group(patch), shell)
    balance_spec(tables.chart_frame(one), measure=one.measure, low=95, high=105)
    tables.table_frame(one)
    tables.state_of_balance(one)


def measured(case: Case, clicks: int = EDITS) -> list[Figure]:
    """Clicks, undo and opening on one case."""
    ms: dict[str, list[float]] = {"edit stored": [], "new metrics": [], "event to all that is sent": []}
    with TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        try:
            sid, dataset = started(ws, case)
            hand = Clicks(ws, sid)
            plan_snapshot(ws, sid)
            for i in range(_WARM_UP + clicks):
                event = hand.event()
                began = time.perf_counter()
                hand.take(event)
                stored = time.perf_counter()
                one = plan_snapshot(ws, sid)
                known = time.perf_counter()
                drawn(one, hand.seen)
                done = time.perf_counter()
                if i >= _WARM_UP:
                    for name, a, b in zip(ms, (began, stored, began), (stored, known, done), strict=True):
                        ms[name].append(1000 * (b - a))
            undone = _timed(clicks, lambda: undo.undo(ws, sid, ws.store.scenarios.rev(sid)))
        finally:
            ws.close()
        opened = _opened(Path(folder), sid, dataset)
    n = len(case.units)
    name = f"one edit, {n:,} units, {case.territories} territories"
    return [
        timed(name, "new metrics, server", ms["new metrics"], "ms", METRICS_MS, by="p50", least_n=LEAST_N),
        shown(name, "edit stored", ms["edit stored"], "ms"),
        shown(name, "undo stored", undone, "ms"),
        shown(name, "event to all that is sent", ms["event to all that is sent"], "ms"),
        shown(name, "plan opened after a restart", opened, "ms"),
    ]


def _timed(times: int, work: Callable[[], object]) -> list[float]:
    out = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        out.append(1000 * (time.perf_counter() - began))
    return out


def _opened(folder: Path, sid: str, dataset: Dataset) -> list[float]:
    """Plan and board of a scenario that this process hasn't opened; units and accounts are at hand."""
    out = []
    for _ in range(5):
        ws = Workspace(folder)
        ws.caches[DATASETS].put(dataset.info.id, dataset)
        out += _timed(1, lambda ws=ws: plan_snapshot(ws, sid))  # type: ignore[misc]
        ws.close()
    return out


def memory_mb(case: Case, sessions: int = 3, clicks: int = 40) -> list[float]:
    """MB of this process after each of several people's plans of a level was opened and edited."""
    out = []
    with TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        dataset = None
        for _ in range(sessions):
            sid, dataset = started(ws, case, dataset)
            hand = Clicks(ws, sid)
            for _ in range(clicks):
                hand.take(hand.event())
                drawn(plan_snapshot(ws, sid), hand.seen)
            out.append(_resident_mb())
        ws.close()
    return out


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def _memory() -> list[Figure]:
    """Growth by the second and the third session, in a process of its own; nothing where the system doesn't say."""
    if not Path("/proc/self/statm").exists():
        return []
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.app.edits"], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    first, *more = json.loads(done.stdout.splitlines()[-1])
    growth = [b - a for a, b in zip([first, *more], more, strict=False)]
    name = f"memory, {len(CASES[-1].units):,} units"
    also = {"with one session": f"{first:,.0f} MB"}
    return [
        Figure(name, "growth by a further session, largest", max(growth), "MB", MEMORY_MB, n=len(growth), also=also)
    ]


def run() -> list[Figure]:
    """All cases, smallest first."""
    figures = [f for case in CASES for f in measured(case)]
    return figures + _memory()


if __name__ == "__main__":
    print(json.dumps(memory_mb(CASES[-1])))
