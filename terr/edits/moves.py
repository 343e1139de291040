"""Moves: what a person or the optimiser does to a plan, as pure functions Plan -> Edit.

`apply` (Plan + Edit -> Plan) is offered here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from terr.edits.applied import apply, clean_name, counted, inside, unlocked
from terr.edits.colors import PALETTE, least_used
from terr.errors import PlanError
from terr.model.edit import Edit
from terr.model.plan import MAX_TERRITORIES, Plan, Territory
from terr.model.units import UNASSIGNED

__all__ = [
    "Assignment",
    "adopt",
    "apply",
    "assign",
    "default_name",
    "delete",
    "expected_conflicts",
    "lock_territory",
    "lock_units",
    "match_codes",
    "merge",
    "new_territory",
    "rename",
    "set_color",
    "set_rep",
]


@dataclass(frozen=True)
class Assignment:
    """The outcome of assigning units.

    Attributes:
        edit: the change; empty (false) if there is nothing to change.
        skipped_locked: how many units were left alone because they, their territory or the target is locked.
    """

    edit: Edit
    skipped_locked: int = 0


def assign(
    plan: Plan, units: ArrayLike, code: int, *, author: str = "", note: str = "", kind: str = "assign"
) -> Assignment:
    """Give units to territory `code`, or take them out of any with -1.

    Units already there are dropped; units that are locked, or sit in a locked territory, are left alone, and so are all
    of them if the target is locked.

    Args:
        plan: the plan as it is.
        units: (m,) unit codes, in any order, repeats allowed.
        code: a territory code of the plan, or -1.
        author: who does it.
        note: why.
        kind: the edit's kind.

    Raises:
        PlanError: if a unit or the territory doesn't exist.
    """
    target_locked = code != UNASSIGNED and plan.territory(code).locked
    wanted = inside(plan, units)
    wanted = wanted[plan.assign[wanted] != code]
    free = np.zeros(len(wanted), dtype=np.bool_) if target_locked else ~plan.fixed()[wanted]
    moving = wanted[free]
    return Assignment(_moving(plan, moving, code, kind, author, note), int(len(wanted) - len(moving)))


def expected_conflicts(plan: Plan, units: ArrayLike, seen: ArrayLike) -> NDArray[np.int32]:
    """Units whose territory isn't the one the person saw.

    Args:
        plan: the plan as it is now.
        units: (m,) unit codes.
        seen: (m,) territory codes on the person's screen, -1 = unassigned.

    Returns:
        int32 (c,), the unit codes that differ, in the order given.
    """
    codes = np.asarray(units, dtype=np.int32).reshape(-1)
    shown = np.asarray(seen, dtype=np.int64).reshape(-1)
    if len(codes) != len(shown):
        raise PlanError("the areas and the territories seen must have one length")
    inside(plan, codes)
    differs: NDArray[np.bool_] = plan.assign[codes] != shown
    return codes[differs]


def new_territory(
    plan: Plan,
    name: str | None = None,
    *,
    next_code: int,
    color: int | None = None,
    rep: str = "",
    author: str = "",
    note: str = "",
) -> Edit:
    """Create an empty territory.

    Args:
        plan: the plan as it is.
        name: its name; by default the next unused "Territory 7".
        next_code: a code no territory of this scenario ever had (the scenario's `next_code`).
        color: palette index; by default the one least used.
        rep: rep_id of who covers it.
        author: who does it.
        note: why.

    Raises:
        PlanError: if the name is taken or empty, the code is in use, or the plan is full.
    """
    if next_code in plan.codes:
        raise PlanError(f"territory code {next_code} is in use; reload the scenario and try again")
    if len(plan.territories) >= MAX_TERRITORIES:
        raise PlanError(f"a plan holds at most {MAX_TERRITORIES} territories; merge or delete one first")
    taken = [t.name for t in plan.territories]
    made = Territory(
        code=next_code,
        name=default_name(taken) if name is None else _free_name(plan, name),
        rep=rep,
        color=least_used(t.color for t in plan.territories) if color is None else color,
    )
    return Edit(kind="new", territories=((None, made),), author=author, note=note)


def rename(plan: Plan, code: int, name: str, *, author: str = "", note: str = "") -> Edit:
    """Give a territory another name; empty if it has it already.

    Raises:
        PlanError: if the territory is unknown or the name is taken, empty or too long.
    """
    old = plan.territory(code)
    return _retouch(old, replace(old, name=_free_name(plan, name, but=code)), "rename", author, note)


def set_rep(plan: Plan, code: int, rep: str, *, author: str = "", note: str = "") -> Edit:
    """Give a territory to a rep ("" = to nobody); empty if the rep has it already.

    Raises:
        PlanError: if the territory is unknown.
    """
    old = plan.territory(code)
    return _retouch(old, replace(old, rep=rep), "rep", author, note)


def set_color(plan: Plan, code: int, color: int, *, author: str = "", note: str = "") -> Edit:
    """Give a territory another color of the palette; a territory that has that one gets its color in exchange.

    Raises:
        PlanError: if the territory is unknown, or there is no such color.
    """
    old = plan.territory(code)
    if not 0 <= color < PALETTE:
        raise PlanError(f"color {color} isn't one of the map's {PALETTE}; choose another one")
    if color == old.color:
        return Edit(kind="color", author=author, note=note)
    pairs = [(old, replace(old, color=color))]
    pairs += [(t, replace(t, color=old.color)) for t in plan.territories if t.color == color]
    return Edit(kind="color", territories=tuple(pairs), author=author, note=note)


def lock_territory(plan: Plan, code: int, locked: bool, *, author: str = "", note: str = "") -> Edit:
    """Lock or unlock a territory; empty if it is so already.

    Raises:
        PlanError: if the territory is unknown.
    """
    old = plan.territory(code)
    return _retouch(old, replace(old, locked=bool(locked)), "lock", author, note)


def lock_units(plan: Plan, units: ArrayLike, locked: bool, *, author: str = "", note: str = "") -> Edit:
    """Lock or unlock units; those that are so already are dropped.

    Raises:
        PlanError: if a unit doesn't exist.
    """
    wanted = inside(plan, units)
    wanted = wanted[plan.locked_units[wanted] != bool(locked)]
    return Edit(
        kind="lock",
        lock_units=wanted,
        lock_after=np.full(len(wanted), bool(locked), dtype=np.bool_),
        author=author,
        note=note,
    )


def merge(plan: Plan, source: int, into: int, *, author: str = "", note: str = "") -> Edit:
    """Move all units of territory `source` to `into` and delete `source`.

    Raises:
        PlanError: if one is unknown or locked, both are one, or a unit of `source` is locked.
    """
    gone, stays = plan.territory(source), plan.territory(into)
    if source == into:
        raise PlanError(f'"{gone.name}" can\'t be merged into itself; choose another territory')
    unlocked(plan, gone)
    if stays.locked:
        raise PlanError(f'"{stays.name}" is locked; unlock it first')
    return _without(plan, gone, into, "merge", author, note)


def delete(plan: Plan, code: int, *, author: str = "", note: str = "") -> Edit:
    """Delete a territory; its units become unassigned.

    Raises:
        PlanError: if it is unknown or locked, or one of its units is locked.
    """
    gone = plan.territory(code)
    unlocked(plan, gone)
    return _without(plan, gone, UNASSIGNED, "delete", author, note)


def match_codes(plan: Plan, slots: ArrayLike, k: int, *, weights: ArrayLike | None = None) -> NDArray[np.int64]:
    """Which existing territory each slot of a fresh result should become, so that least moves.

    The assignment problem of slots and territories, maximising the shared weight; fixed units outweigh all others.

    Args:
        plan: the plan as it is.
        slots: int (n_units,), 0..k-1 or -1.
        k: number of slots.
        weights: float (n_units,), what a unit counts; 1 each by default.

    Returns:
        int64 (k,), territory codes, -1 = a new territory. For `adopt(..., codes=...)`.
    """
    from scipy.optimize import linear_sum_assignment

    new = _slots(plan, slots, k)
    weight = np.ones(len(plan)) if weights is None else np.asarray(weights, dtype=np.float64).copy()
    weight[plan.fixed()] += weight.sum() + 1.0
    old = plan.slots()
    both = (new >= 0) & (old >= 0)
    shared = np.zeros((k, len(plan.territories)))
    np.add.at(shared, (new[both], old[both]), weight[both])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    out = np.full(k, UNASSIGNED, dtype=np.int64)
    codes = np.array(plan.codes, dtype=np.int64)
    hit = shared[rows, columns] > 0
    out[rows[hit]] = codes[columns[hit]]
    return out


def adopt(
    plan: Plan,
    slots: ArrayLike,
    *,
    next_code: int,
    kind: str = "design",
    k: int | None = None,
    codes: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    colors: ArrayLike | None = None,
    author: str = "",
    note: str = "",
) -> Edit:
    """Turn a whole new assignment into one edit that also creates and deletes territories so that there are `k`.

    A territory that stays keeps its name, rep, lock and colour; `names` renames it. Territories no slot maps to are
    deleted.

    Args:
        plan: the plan as it is.
        slots: int (n_units,), slot 0..k-1 of each unit, -1 = unassigned.
        next_code: first code no territory of this scenario ever had; new territories take it and those after it.
        kind: "design", "rebalance" or "import".
        k: number of territories afterwards; by default as many as `codes`, `names` or `slots` say.
        codes: int (k,), the existing territory each slot is, -1 = a new one; by default slot i is the plan's i-th
            territory (as in `plan.slots()`). See `match_codes` for a result that started from nothing.
        names: one per slot, "" = keep the name, or take an unused default for a new one.
        colors: int (k,), palette index for new territories (see `choose_colors`); those that stay keep theirs.
        author: who does it.
        note: why.

    Raises:
        PlanError: if a locked unit or territory would change, names clash, or the shapes don't fit.
    """
    size = _size(slots, k, codes, names)
    new = _slots(plan, slots, size)
    slot_codes = _slot_codes(plan, size, codes)
    given = [clean_name(n) if n.strip() else "" for n in names] if names is not None else [""] * size
    hues = np.full(size, -1, dtype=np.int64) if colors is None else np.asarray(colors, dtype=np.int64).reshape(-1)
    if len(given) != size or len(hues) != size:
        raise PlanError(f"names and colors must come for each of the {size} territories")

    kept = {int(c) for c in slot_codes if c != UNASSIGNED}
    gone = [t for t in plan.territories if t.code not in kept]
    taken = [n or plan.territory(int(c)).name for n, c in zip(given, slot_codes, strict=True) if n or c != UNASSIGNED]
    used = [t.color for t in plan.territories if t.code in kept]
    pairs: list[tuple[Territory | None, Territory | None]] = []
    for slot in range(size):
        if slot_codes[slot] != UNASSIGNED:
            old = plan.territory(int(slot_codes[slot]))
            if given[slot] and given[slot] != old.name:
                pairs.append((old, replace(old, name=given[slot])))
            continue
        name = given[slot] or default_name(taken, slot)
        color = int(hues[slot]) if hues[slot] >= 0 else least_used(used)
        if not given[slot]:
            taken.append(name)
        used.append(color)
        slot_codes[slot] = next_code
        pairs.append((None, Territory(code=next_code, name=name, color=color)))
        next_code += 1
    pairs += [(t, None) for t in gone]

    after = np.append(slot_codes, UNASSIGNED)[new].astype(np.int16)  # slot -1 indexes the last cell
    units = np.flatnonzero(after != plan.assign).astype(np.int32)
    held = int(plan.fixed()[units].sum())
    if held:
        raise PlanError(f"{counted(held)} would change territory although locked; unlock first, or keep the locks")
    locked = {t.code: t.name for t in plan.territories if t.locked}
    entered = sorted(set(after[units].tolist()) & set(locked))
    if entered:
        raise PlanError(f'"{locked[entered[0]]}" is locked and would gain areas; unlock it first, or keep the locks')
    for territory in gone:
        unlocked(plan, territory)
    edit = Edit(
        kind=kind,
        units=units,
        before=plan.assign[units],
        after=after[units],
        territories=tuple(pairs),
        author=author,
        note=note,
    )
    apply(plan, edit)  # names that clash are refused here, before anything is shown or saved
    return edit


def default_name(taken: Iterable[str], start: int | None = None) -> str:
    """An unused "Territory 7": numbered from one above `start` (by default the number of names taken)."""
    names = {n.casefold() for n in taken}
    number = (len(names) if start is None else start) + 1
    while f"territory {number}" in names:
        number += 1
    return f"Territory {number}"


def _moving(plan: Plan, units: NDArray[np.int32], code: int, kind: str, author: str, note: str) -> Edit:
    return Edit(
        kind=kind,
        units=units,
        before=plan.assign[units],
        after=np.full(len(units), code, dtype=np.int16),
        author=author,
        note=note,
    )


def _without(plan: Plan, gone: Territory, into: int, kind: str, author: str, note: str) -> Edit:
    units = np.flatnonzero(plan.assign == gone.code).astype(np.int32)
    return replace(_moving(plan, units, into, kind, author, note), territories=((gone, None),))


def _retouch(old: Territory, new: Territory, kind: str, author: str, note: str) -> Edit:
    return Edit(kind=kind, territories=() if old == new else ((old, new),), author=author, note=note)


def _free_name(plan: Plan, name: str, but: int = UNASSIGNED) -> str:
    clean = clean_name(name)
    if any(t.name.casefold() == clean.casefold() for t in plan.territories if t.code != but):
        raise PlanError(f'a territory called "{clean}" exists already; give another name')
    return clean


def _size(slots: ArrayLike, k: int | None, codes: ArrayLike | None, names: Sequence[str] | None) -> int:
    if k is not None:
        return k
    if codes is not None:
        return int(np.size(np.asarray(codes)))
    if names is not None:
        return len(names)
    return int(np.max(np.asarray(slots), initial=UNASSIGNED)) + 1


def _slots(plan: Plan, slots: ArrayLike, k: int) -> NDArray[np.int64]:
    out = np.asarray(slots, dtype=np.int64).reshape(-1)
    if len(out) != len(plan):
        raise PlanError(f"the result has {len(out):,} areas, the plan {len(plan):,}; design again on this plan")
    if len(out) and (out.min() < UNASSIGNED or out.max() >= k):
        raise PlanError(f"the result names a territory outside the {k} asked for")
    return out


def _slot_codes(plan: Plan, k: int, codes: ArrayLike | None) -> NDArray[np.int64]:
    out = np.full(k, UNASSIGNED, dtype=np.int64)
    if codes is None:
        first = plan.codes[:k]
        out[: len(first)] = first
        return out
    out[:] = np.asarray(codes, dtype=np.int64).reshape(-1)
    named = out[out != UNASSIGNED].tolist()
    for code in named:
        plan.territory(code)
    if len(set(named)) != len(named):
        raise PlanError("two parts of the result are the same territory")
    return out
