"""Small data sets on real counties, for the tests of the workspace and the pages.

Delaware has three counties, by code Kent (0), New Castle (1), Sussex (2): a chain with New Castle in the north, then
Kent, then Sussex. Rhode Island has five: Bristol, Kent, Newport, Providence, Washington.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.workspace import Workspace, boundary_library
from terr.workspace.accounts import dataset, intake
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing

KENT, NEW_CASTLE, SUSSEX = 0, 1, 2
DELAWARE = (
    ("A-1", "Kent", "DE", 100.0),
    ("A-2", "New Castle", "DE", 250.0),
    ("A-3", "New Castle", "DE", 50.0),
    ("A-4", "Sussex", "DE", 200.0),
    ("A-5", "Providence", "RI", 70.0),
    ("A-6", "Atlantis", "DE", 30.0),
)
"""600 of revenue in Delaware (Kent 100, New Castle 300, Sussex 200), 70 outside it, 30 not located."""
RHODE_ISLAND = tuple(
    (f"R-{i}", county, "RI", load)
    for i, (county, load) in enumerate(
        (("Bristol", 10.0), ("Kent", 20.0), ("Newport", 20.0), ("Providence", 60.0), ("Washington", 10.0)), start=1
    )
)


def csv_of(rows: Sequence[tuple[str, str, str, float]], measure: str = "Revenue") -> bytes:
    """A CSV file with the columns Account ID, Name, County, State and one measure."""
    lines = [f"Account ID,Name,County,State,{measure}", *(f"{i},Customer {i},{c},{s},{v:g}" for i, c, s, v in rows)]
    return "\n".join(lines).encode()


def data_set(
    ws: Workspace, rows: Sequence[tuple[str, str, str, float]] = DELAWARE, *, reps: Sequence[Rep] = ()
) -> Dataset:
    """A saved data set made from these rows."""
    data = csv_of(rows)
    return dataset.save(ws, data, _taken(data), reps=reps)


@lru_cache(maxsize=100)
def _taken(data: bytes) -> intake.Intake:
    """What comes of a file; hundreds of tests begin with the same few."""
    return intake.intake(*intake.inspect(data, "accounts.csv"), {"Revenue": "USD"})


def start(
    ws: Workspace,
    region: str = "DE",
    rows: Sequence[tuple[str, str, str, float]] = DELAWARE,
    *,
    data: Dataset | None = None,
    measure: str = "Revenue",
    tolerance: float = 0.05,
    reps: Sequence[Rep] = (),
) -> ScenarioInfo:
    """A scenario with one empty territory on the counties of a region."""
    data = data_set(ws, rows, reps=reps) if data is None else data
    return editing.create(
        ws, dataset_id=data.info.id, level="county", region=region, measure=measure, tolerance=tolerance
    )


def more(ws: Workspace, sid: str, names: Sequence[str]) -> None:
    """Further empty territories, codes 1, 2, ..."""
    from terr.edits import moves

    for name in names:
        _, rev = ws.plan(sid)
        editing.edit(ws, sid, rev, lambda p, c, n=name: moves.new_territory(p, n, next_code=c))


def keep_boundaries(ws: Workspace, data: bytes, title: str, *, filled: bool = False) -> str:
    """The level of boundaries made from a file of one's own."""
    checked = boundary_library.check(boundary_library.open_file(data, "areas.geojson"))
    return boundary_library.store_boundaries(ws, checked, title, filled=filled).levels[0]


def plan_on_level(ws: Workspace, level: str) -> ScenarioInfo:
    """A plan whose record says that it was made on a level."""
    info = start(ws)
    with ws.store._db.write() as c:
        from terr.store import schema as t

        c.execute(t.scenarios.update().where(t.scenarios.c.id == info.id).values(level=level))
    return info
