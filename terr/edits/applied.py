"""Applying: Plan + Edit -> Plan, and the checks that moves and applying share."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import ArrayLike, NDArray

from terr.errors import ConflictError, PlanError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory


def apply(plan: Plan, edit: Edit) -> Plan:
    """The plan after `edit`.

    Raises:
        ConflictError: if units, locks or territories aren't what the edit expected; `units` holds those that differ.
        PlanError: if the edit doesn't fit the plan at all.
    """
    inside(plan, edit.units)
    inside(plan, edit.lock_units)
    moved = edit.units[plan.assign[edit.units] != edit.before]
    if len(moved):
        raise ConflictError(
            f"{counted(len(moved))} changed territory meanwhile; check the map and try again",
            units=tuple(moved.tolist()),
        )
    relocked = edit.lock_units[plan.locked_units[edit.lock_units] == edit.lock_after]
    if len(relocked):
        raise ConflictError(
            f"the lock of {counted(len(relocked))} changed meanwhile; check the map and try again",
            units=tuple(relocked.tolist()),
        )
    territories = _territories_after(plan, edit)
    assign = plan.assign.copy()
    assign[edit.units] = edit.after
    locked = plan.locked_units.copy()
    locked[edit.lock_units] = edit.lock_after
    return plan.with_changes(assign=assign, territories=territories, locked_units=locked)


def inside(plan: Plan, units: ArrayLike) -> NDArray[np.int32]:
    """Unit codes as int32, unique and sorted.

    Raises:
        PlanError: if one is outside the plan.
    """
    codes = np.unique(np.asarray(units, dtype=np.int64))
    if len(codes) and not 0 <= codes[0] <= codes[-1] < len(plan):
        wrong = codes[0] if codes[0] < 0 else codes[-1]
        raise PlanError(f"area {wrong} is outside this plan's {len(plan):,} areas; reload the map and try again")
    return codes.astype(np.int32)


def unlocked(plan: Plan, territory: Territory) -> None:
    """Refuse to touch a territory that is locked or holds a locked unit.

    Raises:
        PlanError: if so.
    """
    if territory.locked:
        raise PlanError(f'"{territory.name}" is locked; unlock it first')
    held = int(plan.locked_units[plan.assign == territory.code].sum())
    if held:
        raise PlanError(f'"{territory.name}" holds {counted(held, "locked ")}; unlock first')


def clean_name(name: str) -> str:
    """A territory's name with spaces tidied; all printable characters are kept as they are.

    Raises:
        PlanError: if it is empty, too long, or holds characters no keyboard types.
    """
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 80:
        raise PlanError("a territory's name needs 1 to 80 characters")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in clean):
        raise PlanError("the territory's name contains invisible characters; type it again")
    return clean


def counted(number: int, what: str = "") -> str:
    """As in "1 area", "1,200 locked areas"."""
    return f"{number:,} {what}area" + ("" if number == 1 else "s")


def _territories_after(plan: Plan, edit: Edit) -> tuple[Territory, ...]:
    if not edit.territories:
        return plan.territories
    now = {t.code: t for t in plan.territories}
    for old, new in edit.territories:
        known = old or new
        assert known is not None  # noqa: S101 - Edit refuses an empty pair
        if now.get(known.code) != old:
            raise ConflictError(f'territory "{known.name}" changed meanwhile; check the plan and try again')
        now.pop(known.code, None)
        if new is not None:
            now[new.code] = new
    return tuple(now[code] for code in sorted(now))
