"""Layers and edits: a territory belongs to the layer of what it has, and takes nothing of another one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.books.book_units import BookUnits
from terr.model.plan import Plan
from terr.model.units import UNASSIGNED, Units, noun
from terr.model.wording import count


def territory_layers(units: BookUnits, plan: Plan) -> dict[int, int]:
    """Layer of each territory that has units, by code: that of the first of them."""
    on = np.flatnonzero(plan.assign >= 0)
    codes, first = np.unique(plan.assign[on], return_index=True)
    return dict(zip(codes.tolist(), units.layer_of[on[first]].tolist(), strict=True))


def areas_alone(units: Units, plan: Plan) -> Plan:
    """The plan as a design of its areas sees it: accounts and territories of books are locked; itself without layers.

    A territory without units counts to the areas.
    """
    if not isinstance(units, BookUnits):
        return plan
    areas = int(units.layer_of[0]) if units.n_areas else -1
    of = territory_layers(units, plan)
    return plan.with_changes(
        territories=tuple(replace(t, locked=t.locked or of.get(t.code, areas) != areas) for t in plan.territories),
        locked_units=plan.locked_units | units.loose,
    )


def within_layer(units: BookUnits, plan: Plan, wanted: NDArray[np.integer], code: int) -> tuple[NDArray[np.int32], str]:
    """Of some units those a territory can take, and what is said of the others ("" = it can take all).

    A territory without units takes those of the first layer among them.

    Args:
        units: of the plan; plan: as it is.
        wanted: (m,) unit codes.
        code: of the territory, -1 = none, which takes all.
    """
    some = np.asarray(wanted, dtype=np.int32)
    if code == UNASSIGNED or not len(some) or len(units.layers) < 2:
        return some, ""
    if some.min() < 0 or some.max() >= len(units):
        return some, ""  # refused where they are assigned
    of = territory_layers(units, plan).get(code)
    if of is None:
        of = int(units.layer_of[some].min())
    fits = units.layer_of[some] == of
    left = some[~fits]
    if not len(left):
        return some, ""
    name = units.layers[int(units.layer_of[left[0]])]
    what = units.names[int(left[0])] if len(left) == 1 else count(len(left), *_words(units, left))
    territory = plan.territory(code).name
    return some[fits], (
        f"{territory} is of the layer {units.layers[of]}, so it didn't take {what} of the layer {name}. Choose a "
        "territory of that layer, or a new one."
    )


def check_layers_apart(units: BookUnits, before: Plan, after: Plan) -> None:
    """Refuse a change after which a territory has units of two layers.

    Raises:
        PlanError: naming the territory and the layers.
    """
    on = np.flatnonzero(after.assign >= 0)
    pairs = np.unique(np.column_stack([after.assign[on], units.layer_of[on]]), axis=0)
    codes, times = np.unique(pairs[:, 0], return_counts=True)
    bad = [c for c in codes[times > 1].tolist() if not _torn_before(units, before, c)]
    if bad:
        both = [units.layers[k] for k in pairs[pairs[:, 0] == bad[0], 1].tolist()]
        raise PlanError(
            f"{after.territory(bad[0]).name} would have accounts of the layers {' and '.join(both[:2])}; a territory "
            "belongs to one layer, so move them to a territory of their own layer"
        )


def _torn_before(units: BookUnits, plan: Plan, code: int) -> bool:
    return len(np.unique(units.layer_of[plan.assign == code])) > 1


def _words(units: BookUnits, some: NDArray[np.integer]) -> tuple[str, str]:
    areas = some < units.n_areas
    if areas.all() and units.areas is not None:
        return noun(units.areas.level, 1), noun(units.areas.level)
    return ("account", "accounts") if not areas.any() else ("area or account", "areas and accounts")
