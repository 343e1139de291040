"""Taking one earlier edit back on the plan as it is now, and leaving what others changed since."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terr.edits.applied import apply
from terr.errors import PlanError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory
from terr.model.units import UNASSIGNED

Pair = tuple[Territory | None, Territory | None]


@dataclass(frozen=True)
class UndoneEdit:
    """What taking an edit back comes to.

    Attributes:
        edit: the change; empty (false) if there is nothing left of the edit to take back.
        left_units: how many of its units were changed again since, and stay as they are.
        left_territories: names of territories that were changed again since, or are in use, and stay as they are.
    """

    edit: Edit
    left_units: int = 0
    left_territories: tuple[str, ...] = ()


def undo_edit(plan: Plan, edit: Edit, *, kind: str = "takeback", author: str = "", note: str = "") -> UndoneEdit:
    """The edit that undoes `edit` on a plan other edits have changed since.

    A unit goes back only if it still is where the edit put it, and to a territory that is still there; a territory
    only if it still is as the edit made it.

    Args:
        plan: as it is now, on the units of the edit.
        edit: made earlier on this plan's line of work.
        kind: of the new edit.
        author: who does it.
        note: why.
    """
    back = edit.inverse()
    now = {t.code: t for t in plan.territories}
    pairs: list[Pair] = []
    left: list[str] = []
    for have, want in back.territories:
        known = have or want
        assert known is not None  # noqa: S101 - Edit refuses an empty pair
        if now.get(known.code) != have or (want is not None and _taken(now, want, back.territories)):
            left.append(now.get(known.code, known).name)
        else:
            pairs.append((have, want))
    after = {**now, **{want.code: want for _, want in pairs if want is not None}}
    gone = {have.code for have, want in pairs if have is not None and want is None}
    here = plan.assign[back.units] == back.before
    # a locked unit or territory is somebody's word that it stays
    here &= ~plan.fixed()[back.units]
    reach = np.array([c == UNASSIGNED or (c in after and c not in gone) for c in back.after.tolist()], dtype=np.bool_)
    go = here & reach if len(here) else here
    locks = plan.locked_units[back.lock_units] != back.lock_after
    units, codes = back.units[go], back.after[go]
    stays = plan.assign.copy()
    stays[units] = codes
    for code in sorted(gone & set(np.unique(stays).tolist())):  # somebody put other units into it
        left.append(now[code].name)
        pairs = [p for p in pairs if p[0] is None or p[0].code != code or p[1] is not None]
    made = Edit(
        kind=kind,
        units=units,
        before=back.before[go],
        after=codes,
        lock_units=back.lock_units[locks],
        lock_after=back.lock_after[locks],
        territories=tuple(pairs),
        author=author,
        note=note,
    )
    return UndoneEdit(made, int((~go).sum()) + int((~locks).sum()), tuple(dict.fromkeys(left)))


def _taken(now: dict[int, Territory], want: Territory, pairs: tuple[Pair, ...]) -> bool:
    """Another territory bears the name this one would get back."""
    leaving = {have.code for have, _ in pairs if have is not None}
    return any(
        t.name.casefold() == want.name.casefold() and t.code != want.code and t.code not in leaving
        for t in now.values()
    )


def go_back(plan: Plan, earlier: Plan, *, author: str = "", note: str = "") -> Edit:
    """The edit that makes a plan what it was earlier; empty if it is that already.

    Args:
        plan: as it is now.
        earlier: of the same units.
        author: who does it.
        note: why.

    Raises:
        PlanError: if the plans have other units.
    """
    if plan.units_version != earlier.units_version or len(plan) != len(earlier):
        raise PlanError("the earlier plan was made on other units")
    units = np.flatnonzero(plan.assign != earlier.assign).astype(np.int32)
    locks = np.flatnonzero(plan.locked_units != earlier.locked_units).astype(np.int32)
    now, then = ({t.code: t for t in p.territories} for p in (plan, earlier))
    pairs = tuple((now.get(c), then.get(c)) for c in sorted({*now, *then}) if now.get(c) != then.get(c))
    made = Edit(
        kind="restore",
        units=units,
        before=plan.assign[units],
        after=earlier.assign[units],
        lock_units=locks,
        lock_after=earlier.locked_units[locks],
        territories=pairs,
        author=author,
        note=note,
    )
    if made:
        apply(plan, made)  # says so here if the two can't follow each other
    return made
