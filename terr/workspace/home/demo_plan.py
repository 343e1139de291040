"""The demo as a finished plan: its accounts, its 12 reps, and balanced territories drawn beforehand by the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terr import demo
from terr.boundaries.layers.catalog import load_units
from terr.edits import moves
from terr.edits.colors import choose_colors
from terr.errors import InputError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import ScenarioInfo
from terr.view.colors import color
from terr.view.plan_picture import plan_picture
from terr.workspace.accounts.demo import demo_dataset
from terr.workspace.plan import editing
from terr.workspace.workspace import Workspace

NAME = "Demo: lower 48 in 12 territories"
LEVEL, REGION, MEASURE, LIMIT = "county", "lower48", "Potential", 0.05


def open_demo_plan(ws: Workspace, *, author: str = "", progress: Progress = UNWATCHED) -> ScenarioInfo:
    """The finished demo plan; made once, found again after that, as its people left it.

    Raises:
        InputError: if the demo's files are missing.
        StoppedError: if the person stopped it; accounts that were imported by then stay.
    """
    data = demo_dataset(ws, progress=progress.part(0.0, 0.7))
    for info in ws.store.scenarios.find(dataset_id=data.info.id):
        if info.settings.get("demo"):
            return info
    progress.tell(0.7, "drawing the demo plan")
    info = editing.create(
        ws, dataset_id=data.info.id, level=LEVEL, region=REGION, measure=MEASURE, tolerance=LIMIT, name=NAME
    )
    table = demo.demo_plan()
    units = ws.units(info)
    row = table.set_index("unit_id").reindex(units.ids)
    if row["territory"].isna().any():
        raise InputError("the demo plan doesn't fit the counties that come with Terr; run make data")
    names = list(dict.fromkeys(table["territory"]))
    slots = np.array([names.index(n) for n in row["territory"]], dtype=np.int16)
    rep_of = dict(zip(table["territory"], table["rep"], strict=True))

    def make(plan: Plan, code: int) -> Edit:
        made = moves.adopt(
            plan,
            slots,
            next_code=code,
            kind="design",
            k=len(names),
            names=names,
            colors=choose_colors(slots, units.indptr, units.indices, len(names)),
            author=author,
        )
        covered = tuple((old, replace(new, rep=rep_of[new.name]) if new else None) for old, new in made.territories)
        return replace(made, territories=covered)

    editing.edit(ws, info.id, info.rev, make)
    return ws.store.scenarios.change_settings(info.id, lambda now: {**now, "demo": True})


def demo_picture(size: tuple[int, int]) -> bytes:
    """PNG of the demo plan as it comes with Terr.

    Raises:
        InputError: if the demo's files are missing.
    """
    units = load_units(LEVEL, REGION)
    table = demo.demo_plan().set_index("unit_id").reindex(units.ids)
    names = list(dict.fromkeys(table["territory"]))
    slots = np.array([names.index(n) for n in table["territory"]])
    colors = choose_colors(slots, units.indptr, units.indices, len(names))
    return plan_picture(units.frame.geometry.to_numpy(), [color(int(colors[s])) for s in slots], size)
