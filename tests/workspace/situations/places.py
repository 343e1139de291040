"""New Jersey's 21 counties with an account each, in three territories with reps who live in them."""

from __future__ import annotations

from datetime import date

import numpy as np

from terr.edits import moves
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.reps.assignment import assign_reps
from tests.helpers.spaces import data_set, start

COUNTIES = (
    *("Atlantic", "Bergen", "Burlington", "Camden", "Cape May", "Cumberland", "Essex", "Gloucester", "Hudson"),
    *("Hunterdon", "Mercer", "Middlesex", "Monmouth", "Morris", "Ocean", "Passaic", "Salem", "Somerset", "Sussex"),
    *("Union", "Warren"),
)
NORTH = ("Bergen", "Essex", "Hudson", "Passaic", "Morris", "Sussex", "Warren")
MIDDLE = ("Hunterdon", "Mercer", "Middlesex", "Monmouth", "Somerset", "Union", "Ocean")
SOUTH = ("Atlantic", "Burlington", "Camden", "Cape May", "Cumberland", "Gloucester", "Salem")
REPS = (
    Rep("U-1", "Ann Poe", "07102"),
    Rep("U-2", "Bob Ray", "08901"),
    Rep("U-3", "Cy Oh", "08102"),
    Rep("U-4", "Di Fay", "07740"),
)
DAY, LATER = date(2027, 1, 4), date(2027, 3, 31)
TODAY = date(2026, 12, 1)


def new_jersey(ws: Workspace, *, tolerance: float = 0.05, reps: tuple[Rep, ...] = REPS) -> str:
    """Id of a plan of three territories of 70 each: North 0 (Ann), Middle 1 (Bob), South 2 (Cy); Di has none."""
    rows = [(f"N-{i}", county, "NJ", 10.0) for i, county in enumerate(COUNTIES, start=1)]
    info = start(ws, "NJ", data=data_set(ws, rows, reps=reps), tolerance=tolerance)
    units = ws.units(info)
    at = {name.removesuffix(" County").removesuffix(", NJ"): j for j, name in enumerate(units.names)}
    slots = np.full(len(units), -1, dtype=np.int16)
    for slot, names in enumerate((NORTH, MIDDLE, SOUTH)):
        slots[[at[n] for n in names]] = slot
    _, rev = ws.plan(info.id)

    def make(plan, code):
        codes = np.array([plan.codes[0], -1, -1])
        return moves.adopt(
            plan, slots, next_code=code, kind="import", k=3, codes=codes, names=["North", "Middle", "South"]
        )

    editing.edit(ws, info.id, rev, make)
    plan, rev = ws.plan(info.id)
    if reps:
        assign_reps(ws, info.id, rev, dict(zip(plan.codes, ("U-1", "U-2", "U-3"), strict=True)))
    return info.id
