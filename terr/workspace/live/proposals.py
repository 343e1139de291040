"""Proposals: moves somebody would make, what they would do to the balance today, and the decision on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from terr.edits.applied import apply
from terr.errors import ConflictError, LocateError, PlanError, RoleError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan
from terr.model.units import UNASSIGNED
from terr.store.repositories.proposals import Proposal
from terr.view.text import count, percent, short, unit_noun
from terr.workspace.access.roles import may
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import PlanSnapshot, effect_of, plan_snapshot, preview_snapshot, same_baseline
from terr.workspace.workspace import Workspace

__all__ = ["Proposal"]  # of other floors, for the pages

_TRIES = 6


@dataclass(frozen=True)
class ProposalEffect:
    """What a proposal would do to the plan as it is now.

    Attributes:
        rev: the revision it was worked out on; fit: the moves that can still be made; empty if there are none.
        overtaken: how many of its units were given away since; they are left out.
        done: how many are where they were to go already; locked: how many are locked now.
        deviation: largest |load / target - 1| now and after, shares, NaN if it can't be told.
        moved: share of the load that changed territory since the baseline, now and after, NaN without one.
        load: share of all load that would change territory; amount: the same in the measure's unit.
    """

    rev: int
    fit: Edit
    overtaken: int
    done: int
    locked: int
    deviation: tuple[float, float]
    moved: tuple[float, float]
    load: float
    amount: float


def moves_to(plan: Plan, units: Sequence[int], codes: Sequence[int], *, note: str = "", author: str = "") -> Edit:
    """The edit that gives each unit to a territory of its own; what is locked, or there already, is left out.

    Raises:
        PlanError: for a unit or territory that doesn't exist, or lists of different lengths.
    """
    if len(units) != len(codes):
        raise PlanError("choose a territory for each area")
    wanted = dict(zip((int(u) for u in units), (int(c) for c in codes), strict=True))
    for unit in wanted:
        if not 0 <= unit < len(plan):
            raise PlanError(f"area {unit} is outside this plan's {len(plan):,} areas; reload the map and try again")
    for code in set(wanted.values()) - {UNASSIGNED}:
        plan.territory(code)
    closed = {t.code for t in plan.territories if t.locked}
    fixed = plan.fixed()
    kept = sorted(u for u, c in wanted.items() if not fixed[u] and c not in closed and plan.assign[u] != c)
    return Edit(
        kind="assign",
        units=np.array(kept, dtype=np.int32),
        before=plan.assign[kept],
        after=np.array([wanted[u] for u in kept], dtype=np.int16),
        author=author,
        note=note,
    )


def propose(
    ws: Workspace, scenario_id: str, units: Sequence[int], codes: Sequence[int], *, reason: str, by: Person
) -> Proposal:
    """Put moves up for decision.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        units: (m,) unit codes; codes: (m,) the territory each is to go to, -1 = to none.
        reason: why, not empty.
        by: who proposes.

    Raises:
        RoleError: if they may not.
        PlanError: if nothing of it can be done.
        InputError: without a reason.
    """
    may(ws, scenario_id, by, "propose")
    plan, rev = ws.plan(scenario_id)
    return ws.store.proposals.add(
        scenario_id, moves_to(plan, units, codes, author=by.name, note=reason), rev, reason=reason, by=by
    )


def named(shown: PlanSnapshot, proposal: Proposal, most: int = 4) -> str:
    """The areas a proposal would move, by name: "Kent, DE; Sussex, DE and 3 more"."""
    names = [str(shown.units.names[u]) for u in proposal.edit.units.tolist() if u < len(shown.units)]
    return "; ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def undecided(ws: Workspace, scenario_id: str) -> tuple[Proposal, ...]:
    """Proposals that wait for a decision, the newest first."""
    return ws.store.proposals.of(scenario_id, undecided=True)


def find(ws: Workspace, scenario_id: str, proposal_id: int) -> Proposal:
    """One proposal.

    Raises:
        LocateError: if it isn't there.
    """
    for one in ws.store.proposals.of(scenario_id):
        if one.id == proposal_id:
            return one
    raise LocateError("this proposal no longer exists; reload the page")


def _fit(plan: Plan, edit: Edit) -> tuple[Edit, int, int, int]:
    """(the moves that can still be made, overtaken, done, locked)."""
    now = plan.assign[edit.units]
    codes = set(plan.codes) | {UNASSIGNED}
    there = np.array([int(c) in codes for c in edit.after], dtype=np.bool_)
    done = now == edit.after
    waiting = (now == edit.before) & ~done & there
    closed = [t.code for t in plan.territories if t.locked]
    locked = waiting & (plan.fixed()[edit.units] | np.isin(edit.after, closed))
    keep = waiting & ~locked
    fit = replace(edit, units=edit.units[keep], before=edit.before[keep], after=edit.after[keep])
    return fit, int((~done & ~waiting).sum()), int(done.sum()), int(locked.sum())


class EffectKey(NamedTuple):
    """A proposal, and all of the plan that its effect depends on."""

    scenario_id: str
    proposal_id: int
    rev: int
    held: str
    data: str
    measure: str
    rules: PlanRules


EFFECTS = CacheKind[EffectKey, ProposalEffect]("effects of proposals", 8)


def effect(ws: Workspace, scenario_id: str, proposal: Proposal) -> ProposalEffect:
    """What a proposal would do now; worked out anew after each edit of others.

    Raises:
        LocateError: if the plan is gone.
    """
    shown = plan_snapshot(ws, scenario_id)
    key = EffectKey(
        scenario_id, proposal.id, shown.rev, overrides_key(shown.held), shown.data, shown.info.measure, shown.rules
    )
    return ws.caches[EFFECTS].get_or_make(key, lambda: _effect(ws, shown, proposal))


def _effect(ws: Workspace, shown: PlanSnapshot, proposal: Proposal) -> ProposalEffect:
    fit, overtaken, done, locked = _fit(shown.plan, proposal.edit)
    after = shown
    if fit:
        try:
            after = preview_snapshot(ws, shown.info.id, fit)
        except ConflictError:  # an edit in this very moment: the next look has it
            fit = replace(fit, units=fit.units[:0], before=fit.before[:0], after=fit.after[:0])
    amount = float(shown.loads[fit.units].sum())
    total = shown.total
    return ProposalEffect(
        shown.rev,
        fit,
        overtaken,
        done,
        locked,
        (shown.max_deviation, after.max_deviation),
        (shown.moved, after.moved),
        amount / total if total > 0 else 0.0,
        amount,
    )


def effect_text(ws: Workspace, scenario_id: str, found: ProposalEffect) -> list[str]:
    """The effect in sentences: the balance, what moves, and what others did meanwhile."""
    shown = plan_snapshot(ws, scenario_id)
    word = unit_noun(shown.info.level)
    out = []
    if found.fit:
        a, b = (percent(100 * d, limit=shown.limit) for d in found.deviation)
        way = "" if a == b else " (better)" if found.deviation[1] < found.deviation[0] else " (worse)"
        out.append(f"Max deviation {a} → {b}{way}.")
        n = len(found.fit.units)
        out.append(
            f"{n:,} {unit_noun(shown.info.level, n)} with {short(found.amount, shown.currency)} "
            f"({percent(100 * found.load)} of {shown.measure}) would move."
        )
        if np.isfinite(found.moved).all():
            out.append(
                f"{shown.measure} moved {shown.compared}: "
                f"{percent(100 * found.moved[0])} → {percent(100 * found.moved[1])}."
            )
    else:
        out.append("Nothing left to move.")
    if found.overtaken:
        out.append(f"Skipped: {found.overtaken:,} of its {word} moved since it was made.")
    if found.done:
        out.append(f"{found.done:,} {'is' if found.done == 1 else 'are'} already there.")
    if found.locked:
        out.append(f"{count(found.locked, unit_noun(shown.info.level, found.locked), word)} locked, skipped.")
    return out


def accept(
    ws: Workspace, scenario_id: str, proposal_id: int, shown: ProposalEffect, *, by: Person, decision: str = ""
) -> tuple[int, Proposal]:
    """Make the proposed moves as the effect was shown, whatever else happened to the plan meanwhile.

    Returns:
        The new revision, and the proposal.

    Raises:
        RoleError: if they may not decide.
        ConflictError: if its own units were changed since the effect was shown, or it was decided meanwhile.
        PlanError: if nothing is left to move.
    """
    may(ws, scenario_id, by, "decide")
    found = find(ws, scenario_id, proposal_id)
    for _ in range(_TRIES):
        before = ws.store.scenarios.get(scenario_id)
        plan, rev = ws.plan(scenario_id)
        if before.rev != rev:
            continue
        fit, *_rest = _fit(plan, found.edit)
        if not np.array_equal(fit.units, shown.fit.units) or not np.array_equal(fit.after, shown.fit.after):
            raise ConflictError("Someone else just changed part of this proposal; check its effect and try again.")
        if not fit:
            raise PlanError("nothing in this proposal is left to move; reject it")
        made = effect_of(ws, before, plan, apply(plan, fit), rules_of(ws, before))
        try:
            new, done = ws.store.proposals.accept(
                scenario_id, proposal_id, rev, by=by, decision=decision, edit=fit, effect=made
            )
        except ConflictError as error:
            if error.expected < 0:  # decided meanwhile, not merely another revision
                raise
            continue
        same_baseline(ws, scenario_id, before.head, new)
        return new, done
    raise ConflictError("Someone else is changing this plan right now; try again.")


def reject(ws: Workspace, scenario_id: str, proposal_id: int, *, by: Person, decision: str = "") -> Proposal:
    """Decide against a proposal.

    Raises:
        RoleError: if they may not decide.
        ConflictError: if it was decided meanwhile.
    """
    may(ws, scenario_id, by, "decide")
    return ws.store.proposals.reject(scenario_id, proposal_id, by=by, decision=decision)


def challenge(ws: Workspace, scenario_id: str, proposal_id: int, reason: str, *, by: Person) -> Proposal:
    """Object to a proposal.

    Raises:
        RoleError: if they may not.
        InputError: without a reason.
    """
    may(ws, scenario_id, by, "challenge")
    return ws.store.proposals.challenge(scenario_id, proposal_id, reason, by=by)


def withdraw(ws: Workspace, scenario_id: str, proposal_id: int, *, by: Person) -> Proposal:
    """Take one's own proposal back.

    Raises:
        RoleError: if it is somebody else's.
        ConflictError: if it was decided meanwhile.
    """
    if not is_own(find(ws, scenario_id, proposal_id).by, by):
        raise RoleError("only the person who made a proposal can withdraw it; reject it instead")
    return ws.store.proposals.withdraw(scenario_id, proposal_id, by=by)


def is_own(maker: Person, person: Person) -> bool:
    """Whether something was made by this person: by their sign-in, or by name where nobody signs in."""
    return maker.user_id == person.user_id and (bool(person.user_id) or maker.name == person.name)
