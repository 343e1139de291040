"""Slots: which territory, rep and share each part of a design stands for, told before there is a design."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.model.units import Units
from terr.workspace.design.request import DesignRequest
from terr.workspace.plan.rules import UnitGroup
from terr.workspace.reps.homes import nearest_reps


@dataclass(frozen=True)
class PlannedTerritory:
    """One territory to be.

    Attributes:
        key: the same each time the same thing is asked: "rep:U-1", "territory:3" or "new:1".
        label: for a person.
        code: the territory it must become, -1 = any.
        rep: who is to cover it, if one was chosen for it.
        share: of a full territory.
        held: it has locked units.
    """

    key: str
    label: str
    code: int
    rep: Rep | None
    share: float
    held: bool


def territories_with_locks(plan: Plan) -> list[Territory]:
    """Unlocked territories that hold locked units."""
    return [t for t in plan.territories if not t.locked and bool((plan.locked_units & (plan.assign == t.code)).any())]


def planned_territories(
    units: Units, plan: Plan, request: DesignRequest, loads: NDArray[np.float64], by_name: Collection[int] = ()
) -> tuple[PlannedTerritory, ...]:
    """One slot per open territory that is asked for: those that hold locks, then today's or the reps', then new ones.

    Today's territories have slots of their own if today's plan counts, or if no rep is chosen: then the heaviest stay.
    One that the request gives a share or a start of its own has a slot even while it has no units.

    Args:
        units: the plan's.
        plan: as it is.
        request: what is asked.
        loads: float64 (n_units,), of the measure to balance.
        by_name: codes of territories that have accounts by name: they stay too, as long as there is room.
    """
    held = territories_with_locks(plan)
    k = max(request.territories - sum(t.locked for t in plan.territories), len(held))
    asked = {key for key, _ in (*request.shares, *request.starts)}
    own = {t.code for t in plan.territories if t.code in by_name or _key(t) in asked}
    load = {t.code: float(loads[plan.assign == t.code].sum()) for t in plan.territories}
    rest = [t for t in plan.territories if not t.locked and t not in held]
    if request.near_today or not request.reps:
        rest = [t for t in rest if bool((plan.assign == t.code).any()) or _key(t) in asked]
        rest.sort(key=lambda t: (t.code not in own, -load[t.code], t.code))
    else:
        rest = [t for t in rest if t.code in own]
    kept = rest[: k - len(held)]
    kept = [*held, *sorted(kept, key=lambda t: (t.code not in by_name, -load[t.code], t.code))]
    pinned = {t.code for t in kept if request.near_today or t in held or t.code in own}
    return _slots(units, plan, request, kept, k, pinned)


def standing_territories(units: Units, plan: Plan, request: DesignRequest) -> tuple[PlannedTerritory, ...]:
    """One slot per open territory of a plan that stays as it is, in plan order."""
    kept = [t for t in plan.territories if not t.locked]
    return _slots(units, plan, request, kept, len(kept), set(plan.codes))


def _slots(
    units: Units, plan: Plan, request: DesignRequest, kept: Sequence[Territory], k: int, pinned: Collection[int]
) -> tuple[PlannedTerritory, ...]:
    """The territories that are kept, then new ones up to `k`, each with its rep and share.

    A rep stays with the territory they cover, the others get new ones, or else the territories nearest their homes.
    """
    waiting = list(request.reps)
    rep_of: dict[int, Rep] = {}
    for mine in kept:
        known = next((r for r in waiting if r.rep_id == mine.rep), None)
        if known is not None:
            rep_of[mine.code] = known
            waiting.remove(known)
    fresh = waiting[: k - len(kept)]
    without = [t.code for t in kept if t.code not in rep_of]
    if without:
        near = nearest_reps(units, _positions(plan.assign, without), len(without), waiting[len(fresh) :])
        rep_of |= {code: rep for code, rep in zip(without, near, strict=True) if rep is not None}
    parts: list[tuple[Territory | None, Rep | None]] = [(t, rep_of.get(t.code)) for t in kept]
    parts += [(None, fresh[i] if i < len(fresh) else None) for i in range(k - len(kept))]
    held = territories_with_locks(plan)
    asked = dict(request.shares)
    out, new = [], 0
    for territory, rep in parts:
        usual = rep.capacity if rep is not None else 1.0
        if territory is not None:
            usual = asked.get(_key(territory), usual)
        if rep is not None:
            key, label = f"rep:{rep.rep_id}", rep.name
        elif territory is not None:
            key, label = _key(territory), territory.name
        else:
            new += 1
            key, label = f"new:{new}", f"New territory {new}"
        code = territory.code if territory is not None and (territory.code in pinned or key in asked) else -1
        out.append(PlannedTerritory(key, label, code, rep, asked.get(key, usual), territory in held))
    return tuple(out)


def _key(territory: Territory) -> str:
    return f"territory:{territory.code}"


def settled(request: DesignRequest, slots: Sequence[PlannedTerritory]) -> bool:
    """Whether each rep's territory is theirs from the start, not only who is nearest in the end."""
    return request.centred or request.most_km is not None or request.near_today or any(s.share != 1 for s in slots)


def today(plan: Plan, slots: Sequence[PlannedTerritory], assign: NDArray[np.int16] | None = None) -> NDArray[np.int16]:
    """int16 (n_units,), the slot each unit is in today; -1 = in none, or in a territory without a slot.

    `assign` is what counts as today where that isn't the plan itself, in the plan's codes; areas of other codes are
    kept by new territories that no rep is chosen for, the largest first.
    """
    codes = [s.code for s in slots]
    if assign is None:
        return _positions(plan.assign, codes)
    out = _positions(assign, codes)
    others, units = np.unique(assign[(assign >= 0) & ~np.isin(assign, codes)], return_counts=True)
    free = [j for j, s in enumerate(slots) if s.code < 0 and s.rep is None]
    for j, code in zip(free, others[np.argsort(-units, kind="stable")], strict=False):
        out[assign == code] = j
    return out


def _positions(assign: NDArray[np.int16], codes: Sequence[int]) -> NDArray[np.int16]:
    """int16 (n_units,), where the code of each unit's territory stands among `codes`, -1 = nowhere."""
    out = np.full(len(assign), -1, dtype=np.int16)
    for j, code in enumerate(codes):
        if code >= 0:
            out[assign == code] = j
    return out


def bundles(units: Units, groups: Sequence[UnitGroup], states: Sequence[str] = ()) -> NDArray[np.int64]:
    """int64 (n_units,), units with one number stay together, -1 = alone. Groups that share a unit become one.

    Args:
        units: of the plan; ids it doesn't have are passed over.
        groups: named by a person.
        states: kept whole.
    """
    codes, parent = units.codes(), np.arange(len(units))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    state = units.frame["state"].to_numpy()
    sets = [[codes[u] for u in g.units if u in codes] for g in groups]
    sets += [np.flatnonzero(state == s).tolist() for s in states]
    for members in sets:
        for unit in members[1:]:
            parent[root(unit)] = root(members[0])
    inside = np.zeros(len(units), dtype=np.bool_)
    for members in sets:
        if len(members) > 1:
            inside[members] = True
    out = np.full(len(units), -1, dtype=np.int64)
    for i in np.flatnonzero(inside).tolist():
        out[i] = root(i)
    return out
