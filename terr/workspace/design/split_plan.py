"""A plan with some of its areas split: a new plan on a mixed level whose territories carry over, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import UNLOCATED, unit_codes
from terr.boundaries.layers.catalog import is_mixed, load_units
from terr.boundaries.layers.mixed_level import INSIDE
from terr.edits.undo import go_back
from terr.errors import InputError, LocateError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units
from terr.view.text import and_list, count, unit_noun
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.design.request import DesignRequest, bounds_of
from terr.workspace.design.solve_task import measure_loads
from terr.workspace.design.splitting import (
    hard_units,
    inside_level,
    parts_inside,
    split_too_large,
    split_units,
    split_words,
)
from terr.workspace.levels import BOUNDARIES, layer_settings
from terr.workspace.plan import editing
from terr.workspace.plan.plan_settings import ASKED, COMPARED, PROOFS, RULES, rules_of, save_rules
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import PlanSnapshot, per_unit
from terr.workspace.workspace import Workspace

SPLIT_OF = "split_of"
"""Under this name a scenario's settings keep the id of the plan that it is a split of."""
_MOST_NAME = 110


@dataclass(frozen=True)
class SplitOffer:
    """Areas that no plan within the limits can have whole.

    Attributes:
        level: of the units once they are split; names: what is split, with its parts.
        label: of a button: "Split Los Angeles, CA into 294 ZIPs".
        reason: why, as a sentence begins.
    """

    level: str
    names: tuple[str, ...]
    label: str
    reason: str


OFFERS = CacheKind[tuple[str, int, str, int, str], SplitOffer | None]("areas to split", 1)
"""By scenario, revision, key of the accounts, territories, and limits."""


def offer(ws: Workspace, shown: PlanSnapshot, request: DesignRequest) -> SplitOffer | None:
    """What to split for a design, None if nothing has to be, or nothing is known that lies inside.

    Args:
        ws: the workspace.
        shown: the plan.
        request: what is asked of the design.
    """
    limits, _, _ = bounds_of(request.measure, request.tolerance, request.limits, request.sides)
    key = (shown.info.id, shown.rev, shown.data, request.territories, repr(sorted(limits.items())))
    return ws.caches[OFFERS].get_or_make(key, lambda: _offer(ws, shown, request.territories, limits))


def _offer(ws: Workspace, shown: PlanSnapshot, territories: int, limits: Mapping[str, Any]) -> SplitOffer | None:
    data = dataset(ws, shown.info.dataset_id)

    def heavy(now: Units) -> Sequence[int]:
        def loads_of(measure: str) -> NDArray[np.float64]:
            if now is shown.units:
                return measure_loads(ws, shown.info.id, measure)
            values = data.accounts.frame[measure].fillna(0.0).to_numpy(dtype=np.float64)
            at = unit_codes(data.accounts, now)
            return np.bincount(at[at >= 0], weights=values[at >= 0], minlength=len(now)).astype(np.float64)

        return hard_units(now, territories, limits, loads_of)

    made = split_too_large(shown.units, heavy).units
    if made is shown.units:
        return None
    return _offer_of(shown.units, made)


def _offer_of(before: Units, after: Units) -> SplitOffer:
    already = set(parts_inside(before))
    new = [p for p in parts_inside(after) if p not in already]
    names = tuple(split_words(after, p) for p in new)
    plain = [n.rpartition(" (")[0] for n in names]
    kinds = {p.partition(":")[0] for p in new}
    if len(new) == 1:
        label = f"Split {plain[0]} into {names[0].rpartition(' (')[2].rstrip(')')}"
    elif len(kinds) == 1:
        kind = kinds.pop()
        label = f"Split {len(new)} {unit_noun(kind)} into {unit_noun(INSIDE[kind])}"
    else:
        label = f"Split {len(new)} areas into their parts"
    it = "it" if len(new) == 1 else "them"
    reason = f"No plan within the limit can have {and_list(plain)} whole. Split {it}: the parts can go to more than one"
    return SplitOffer(after.level, names, label, reason)


def units_offer(units: Units, codes: Sequence[int]) -> SplitOffer | None:
    """What splitting some units would be, None if nothing is known that lies inside one of them."""
    ids = [units.ids[u] for u in codes]
    if not ids or not all(inside_level(units.level, i) for i in ids):
        return None
    try:
        return _offer_of(units, split_units(units, ids))
    except LocateError:
        return None


@dataclass(frozen=True)
class SplitPlan:
    """A plan that came of a split.

    Attributes:
        info: the new plan; sentence: what was split, and what of the accounts has no place any more.
    """

    info: ScenarioInfo
    sentence: str


def split_plan(ws: Workspace, scenario_id: str, level: str, *, name: str = "", by: Person) -> SplitPlan:
    """A new plan in which areas are split: each part has its area's territory and lock.

    Territories with their codes, names, colors, reps and locks carry over, with the exceptions, what is asked and what
    the plan is held to; the history begins anew. The plan it is made of stays as it is.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        level: the mixed level, as an offer has it; its units lie inside those of the plan.
        name: of the new plan; by default the plan's, with "(split)" behind it.
        by: who does it.

    Raises:
        InputError: if the level's units don't lie inside those of the plan.
        LocateError: if the plan is gone, or the level can't be.
    """
    info = ws.scenario(scenario_id)
    before, (plan, _) = ws.units(info), ws.plan(scenario_id)
    after = load_units(level, info.region)
    old = source_units(before, after)
    moved = _carried(before, after, old)
    settings = {k: v for k, v in info.settings.items() if k not in {BOUNDARIES, RULES, PROOFS, COMPARED, ASKED}}
    made = ws.store.scenarios.create(
        name or f"{info.name[:_MOST_NAME].removesuffix(' (split)')} (split)",
        dataset_id=info.dataset_id,
        level=after.level,
        region=info.region,
        units_version=after.version,
        n_units=len(after),
        measure=info.measure,
        tolerance=info.tolerance,
        settings={
            **settings,
            BOUNDARIES: layer_settings(after.level),
            ASKED: _asked_again(info.settings.get(ASKED), moved),
            SPLIT_OF: scenario_id,
        },
    )
    per_unit(ws, made, info.measure)  # summed here, since others wait while an edit is measured
    target = Plan(plan.assign[old], plan.territories, plan.locked_units[old], after.version)
    new = [p for p in parts_inside(after) if p not in set(parts_inside(before))]
    what = and_list([split_words(after, p) for p in new], 3)

    def make(empty: Plan, _: int) -> Edit:
        return replace(go_back(empty, target, author=by.name, note=f"Split of {info.name}"), kind="import")

    done = editing.edit(ws, made.id, 0, make)
    save_rules(ws, made.id, done.rev, _rules_again(rules_of(ws, info), moved))
    if entries := [e.what for e in ws.store.exceptions.of(scenario_id)]:
        ws.store.exceptions.add(made.id, entries, by=by)
    return SplitPlan(ws.scenario(made.id), f"Split {what}.{_lost(ws, info, before, after)}")


def source_units(before: Units, after: Units) -> NDArray[np.int64]:
    """int64 (n_after,), code of the unit of a coarser plan that each unit is or lies inside.

    Raises:
        InputError: if one lies inside none.
    """
    whole = before.codes() if is_mixed(before.level) else {f"{before.level}:{i}": c for i, c in before.codes().items()}
    out = np.array([whole.get(i, -1) for i in after.ids], dtype=np.int64)
    inside = parts_inside(after)
    for parent, rows in inside.items():
        if parent in whole:
            out[list(rows)] = whole[parent]
    if before.region != after.region or (out < 0).any() or len(np.unique(out)) < len(before):
        raise InputError("these areas don't lie inside those of the plan; split the plan as it is now")
    return out


def _carried(before: Units, after: Units, old: NDArray[np.int64]) -> dict[str, tuple[str, ...]]:
    """Ids of the new units inside each of the old ones."""
    ids, out = after.ids, {i: list[str]() for i in before.ids}
    for new, code in zip(ids, old.tolist(), strict=True):
        out[before.ids[code]].append(new)
    return {i: tuple(parts) for i, parts in out.items()}


def _rules_again(rules: PlanRules, moved: Mapping[str, tuple[str, ...]]) -> PlanRules:
    groups = tuple(replace(g, units=tuple(n for u in g.units for n in moved.get(u, ()))) for g in rules.groups)
    return replace(rules, groups=groups)


def _asked_again(asked: Any, moved: Mapping[str, tuple[str, ...]]) -> Any:
    """What was asked last, in the new ids; a territory starts around a split area no more, since it isn't one unit."""
    if not isinstance(asked, Mapping):
        return {}
    out = dict(asked)
    if isinstance(starts := asked.get("starts"), Mapping):
        out["starts"] = {k: moved[u][0] for k, u in starts.items() if len(moved.get(str(u), ())) == 1}
    if isinstance(groups := asked.get("groups"), Sequence):
        out["groups"] = [
            {**g, "units": [n for u in g.get("units", ()) for n in moved.get(str(u), ())]}
            for g in groups
            if isinstance(g, Mapping)
        ]
    return out


def _lost(ws: Workspace, info: ScenarioInfo, before: Units, after: Units) -> str:
    """What of the accounts the finer areas have no place for, as a further sentence; "" if all have one."""
    accounts = dataset(ws, info.dataset_id).accounts
    lost = int(((unit_codes(accounts, before) >= 0) & (unit_codes(accounts, after) == UNLOCATED)).sum())
    if not lost:
        return ""
    have, them = ("has", "it") if lost == 1 else ("have", "them")
    return f" {count(lost, 'account')} there {have} only a {unit_noun(before.level, 1)}: no part takes {them}."


def split_from(ws: Workspace, info: ScenarioInfo) -> ScenarioInfo | None:
    """The plan that one is a split of; None if it isn't one, or that plan is gone."""
    origin = info.settings.get(SPLIT_OF)
    if not isinstance(origin, str):
        return None
    try:
        return ws.scenario(origin)
    except LocateError:
        return None


def undo_split(ws: Workspace, scenario_id: str) -> ScenarioInfo:
    """Go back to the plan a split was made of: that plan, as it was; the split one goes to the trash.

    Raises:
        InputError: if the plan is no split of one that is there.
        LocateError: if the plan is gone.
    """
    origin = split_from(ws, ws.scenario(scenario_id))
    if origin is None:
        raise InputError("the plan this one was split from isn't there any more, so the split stays")
    ws.store.scenarios.delete(scenario_id)
    return origin
