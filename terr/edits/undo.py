"""Undo and redo, one for every way in: what they do next for a person, and how an edit is reversed under later ones.

A person undoes their own edits, newest first. One that nobody edited after is undone by going to the edit before it;
one under later edits by a new edit that reverses it and names it (`Edit.of_edit`), so that what others did since stays.
Redo is the same the other way.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from terr.edits.applied import apply
from terr.edits.history import ROOT, History, UndoPath, Visit
from terr.errors import PlanError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory
from terr.model.units import UNASSIGNED

MOST = 200
"""Steps of undo or redo that are looked through for one of which something is left."""

UNNAMED = frozenset({"", "me"})
"""Authors who gave no name. Their edits belong to nobody in particular: whoever may edit the plan may undo them."""

Pair = tuple[Territory | None, Territory | None]


@dataclass(frozen=True)
class NextStep:
    """What undo or redo can do.

    Attributes:
        edit: id of the edit to reverse, or, where `again`, to make again.
        title: what was done first, in words, however often it was undone and made again since.
        rev: revision that made, undid or redid it last; client: who asked for that (see `Visit`).
        head: the edit to go to; None if a new edit must do it, because others' edits came between.
        again: the new edit makes `edit` again; otherwise it reverses it.
    """

    edit: int
    title: str
    rev: int
    client: str
    head: int | None
    again: bool = False


@dataclass(frozen=True)
class UndoState:
    """What one person can undo and redo, next first, `MOST` steps at most.

    What others changed since may leave nothing of a step to do.
    """

    undo: tuple[NextStep, ...] = ()
    redo: tuple[NextStep, ...] = ()


def undo_state(history: History, names: Collection[str]) -> UndoState:
    """What a person can undo and redo.

    Args:
        history: of the plan.
        names: the person's, as the author of edits; edits of `UNNAMED` authors are theirs too.
    """
    own, steps = UNNAMED.union(names), {s.id: s for s in history.steps}
    arrived: dict[int, Visit] = {}
    undone: dict[int, Visit] = {}  # newest last: edits gone back from, and edits that reverse one
    at = ROOT
    for visit in history.visits:
        way = UndoPath((), (visit.head,)) if visit.action == "edit" else history.path(at, visit.head)
        at = visit.head
        for edit in way.up:
            undone.pop(edit, None)
            if steps[edit].author in own or visit.author in own:
                undone[edit] = visit
        for edit in way.down:
            arrived[edit] = visit
            undone.pop(edit, None)
            step = steps[edit]
            if step.author not in own:
                continue
            if step.reverses:
                undone[edit] = visit
            elif step.of_edit:
                undone.pop(step.of_edit, None)
            elif visit.action == "edit":
                undone.clear()
    trail = history.trail(at)
    done: dict[int, Visit] = {}
    for edit in trail[1:]:  # the first edit makes the first territory; without it there is nothing to paint into
        if steps[edit].author not in own:
            continue
        if steps[edit].reverses:
            done.pop(steps[edit].of_edit, None)
        else:
            done[edit] = arrived[edit]

    def to(edit: int, visit: Visit, head: int | None, again: bool = False) -> NextStep:
        first = steps[edit]
        while first.of_edit in steps:
            first = steps[first.of_edit]
        return NextStep(edit, first.title, visit.rev, visit.client, head, again)

    here = set(trail)
    return UndoState(
        tuple(to(e, v, steps[e].parent if e == at else None) for e, v in islice(reversed(done.items()), MOST)),
        tuple(
            to(e, v, None) if e in here else to(e, v, e if steps[e].parent == at else None, True)
            for e, v in islice(reversed(undone.items()), MOST)
        ),
    )


@dataclass(frozen=True)
class ReversedEdit:
    """What reversing an edit comes to.

    Attributes:
        edit: the change; empty (false) if there is nothing left of the edit to reverse.
        left_units: how many of its units were changed again since, or are locked, and stay as they are.
        left_territories: names of territories that were changed again since, or are in use, and stay as they are.
    """

    edit: Edit
    left_units: int = 0
    left_territories: tuple[str, ...] = ()


def reverse(plan: Plan, edit: Edit, *, kind: str = "takeback", of_edit: int = 0, author: str = "") -> ReversedEdit:
    """The edit that reverses `edit` on a plan other edits have changed since.

    A unit goes back only if it still is where the edit put it, and to a territory that is still there; a territory
    only if it still is as the edit made it.

    Args:
        plan: as it is now, on the units of the edit.
        edit: made earlier on this plan's line of work.
        kind: of the new edit.
        of_edit: id of the edit it undoes or makes again.
        author: who does it.
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
        of_edit=of_edit,
    )
    return ReversedEdit(made, int((~go).sum()) + int((~locks).sum()), tuple(dict.fromkeys(left)))


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
        raise PlanError("the earlier plan was made on other map areas")
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
