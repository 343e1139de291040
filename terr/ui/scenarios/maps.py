"""Maps to look at on page Scenarios: one point of a plan, or two that move together."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from streamlit_folium import st_folium

from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.ui.session import state
from terr.view.colors import color
from terr.view.mapview import MapAssignment, MapPatch, encode
from terr.view.pairmap import HEIGHT, MapPane, PairMapInputs, pair_group, pair_map
from terr.workspace.plan import map_layers
from terr.workspace.plan.map_layers import plan_shapes
from terr.workspace.scenarios.comparison import ComparedPlan, PlanComparison, paired_colors


def show_maps(grounds: Sequence[PairMapInputs], panes: Sequence[MapPane], key: str, *, height: int = HEIGHT) -> None:
    """Draw one map or several side by side; nothing comes back from them."""
    told = f"{zlib.crc32(repr([(p.patch.plan, p.patch.rev, p.mode, p.title) for p in panes]).encode()):08x}"
    st_folium(
        pair_map(grounds, height),
        key=f"terr_{key}_{zlib.crc32(repr((tuple(grounds), height)).encode()):08x}",
        height=height,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=pair_group(panes, told),
    )


def pair_map_inputs(info: ScenarioInfo) -> PairMapInputs:
    """The shapes of a plan's units."""
    of, books = plan_shapes(info), ""
    if of.books:
        books = json.dumps({"version": of.books, **map_layers.books_of(state.workspace(), info)})
    return PairMapInputs(of.file, of.region, of.words, of.context if of.books else "", books)


def pane(
    info: ScenarioInfo,
    plan: Plan,
    edit_id: int,
    reps: Sequence[Rep],
    title: str,
    note: str,
    colors: Mapping[int, int],
) -> MapPane:
    """A plan to look at.

    Args:
        info: the scenario.
        plan: as it was after an edit.
        edit_id: that edit.
        reps: the roster.
        title, note: above the map.
        colors: palette index by code.
    """
    names = {r.rep_id: r.name for r in reps}
    territories = [
        {
            "code": t.code,
            "name": t.name,
            "rep": names.get(t.rep, t.rep),
            "locked": t.locked,
            "color": color(colors[t.code]),
            "deviation": None,
        }
        for t in plan.territories
    ]
    patch = MapPatch(
        plan=f"{info.id}-{edit_id}",
        rev=edit_id,
        slots=plan.slots(),
        territories=territories,
        active=-1,
        locked=np.flatnonzero(plan.locked_units).tolist(),
        strays=(),
        ack=("", 0),
        assign=MapAssignment(f"{info.id[:8]}-{edit_id}"),
        readonly="look",
    )
    return MapPane(title, note, patch)


def two(found: PlanComparison, titles: tuple[str, str], notes: tuple[str, str], *, changes: bool) -> None:
    """The two plans of a comparison; with `changes` the second map shows only what moves."""
    left, right = (
        pane(of.info, of.plan, of.edit_id, found.reps, title, note, colors)
        for of, title, note, colors in zip(
            (found.a, found.b), titles, notes, paired_colors(state.workspace(), found), strict=True
        )
    )
    if changes and found.same_units:
        right = _changes(found, right)
    show_maps([pair_map_inputs(found.a.info), pair_map_inputs(found.b.info)], [left, right], "pair")


def _changes(found: PlanComparison, right: MapPane) -> MapPane:
    became = {p.first.code: p.second.code for p in found.pairs if p.first is not None and p.second is not None}
    before: ComparedPlan = found.a
    piece = {
        "kind": "change",
        "id": "change",
        "title": "from the first plan",
        "names": [t.name for t in before.plan.territories],
        "codes": [became.get(t.code, -2) for t in before.plan.territories],
        "was": encode(before.plan.slots()),
        "version": f"{before.info.id}-{before.edit_id}-{found.b.edit_id}",
    }
    patch = right.patch
    told = replace(patch, pieces=[piece])
    return MapPane(right.title, right.note, told, "change")
