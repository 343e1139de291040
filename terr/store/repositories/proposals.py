"""Proposals: moves somebody would make, with a reason; challenged, then accepted as one edit, or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from terr.edits.applied import apply
from terr.edits.history import Effect, describe
from terr.errors import ConflictError, LocateError, PlanError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.store import schema as t
from terr.store.codec import edit_from_bytes, edit_to_bytes
from terr.store.database import Database
from terr.store.edit_tree import head_at
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.edits import NOBODY, Client, Edits
from terr.store.repositories.plans import Plans
from terr.store.repositories.records import clean_text, made_by, moment, now, who

UNDECIDED = ("open", "challenged")
STATES = (*UNDECIDED, "accepted", "rejected", "withdrawn")


@dataclass(frozen=True)
class Challenge:
    """An objection to a proposal: its id, the reason, who, and when (UTC)."""

    id: int
    reason: str
    by: Person
    at: datetime


@dataclass(frozen=True)
class Proposal:
    """Moves somebody would make.

    Attributes:
        id: unique in its scenario.
        rev: revision of the plan it was made on.
        title: what it does, in words; reason: why.
        edit: the moves.
        state: one of `STATES`.
        by: who proposes; at: UTC.
        challenges: objections, oldest first.
        decided_by, decision, decided_at: who settled it, for a reader, why, and when; "" and None until then.
        edit_id: the edit it became, None unless accepted.
    """

    id: int
    rev: int
    title: str
    reason: str
    edit: Edit
    state: str
    by: Person
    at: datetime
    challenges: tuple[Challenge, ...]
    decided_by: str
    decision: str
    decided_at: datetime | None
    edit_id: int | None


class Proposals:
    """Proposed moves of each plan.

    Args:
        database: where they are.
        plans: the plans they are made on.
        edits: where an accepted one goes.
    """

    def __init__(self, database: Database, plans: Plans, edits: Edits) -> None:
        self._db = database
        self._plans = plans
        self._edits = edits

    def add(self, scenario_id: str, edit: Edit, rev: int, *, reason: str, by: Person) -> Proposal:
        """Put moves up for decision; the plan stays as it is.

        Args:
            scenario_id: whose plan.
            edit: the moves, made on the plan of `rev`.
            rev: a revision of the plan, not necessarily the newest.
            reason: why, up to 4,000 characters, not empty.
            by: who proposes.

        Raises:
            LocateError: if the scenario or the revision isn't found.
            PlanError: if the edit is empty or contradicts the plan of `rev`.
            ConflictError: if its units aren't where the edit expects them.
            InputError: for an empty or too long reason.
        """
        if not edit:
            raise PlanError("there is nothing to propose: the plan is like this already")
        why = clean_text(reason, "reason", 4000, needed=True)
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            info = scenario_row(c, scenario_id)
            plan = self._plans.read(c, info, head_at(c, scenario_id, rev))
            apply(plan, edit)
            title = clean_text(describe(edit, plan, info.level), "name of a territory", 400)
            row = {"scenario_id": scenario_id, "id": seq, "rev": rev, "title": title, "reason": why, "state": "open"}
            stored = {"payload": edit_to_bytes(edit), "decided_by": "", "decision": "", **made_by(by)}
            c.execute(insert(t.proposals).values(**row, **stored))
            write_line(c, scenario_id, seq, "proposal", "open", f"Proposed: {title}", by, ref=seq, reason=why)
            return self._proposal(c, scenario_id, seq)

    def challenge(self, scenario_id: str, proposal_id: int, reason: str, *, by: Person) -> Proposal:
        """Object to a proposal.

        Raises:
            LocateError: if the scenario or the proposal isn't found.
            ConflictError: if it was decided meanwhile.
            InputError: for an empty or too long reason.
        """
        why = clean_text(reason, "reason", 4000, needed=True)
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            before = self._settle(c, scenario_id, proposal_id, {"state": "challenged"})
            row = {"scenario_id": scenario_id, "id": seq, "proposal": proposal_id, "reason": why}
            c.execute(insert(t.challenges).values(**row, **made_by(by)))
            said = f"Challenged: {before.title}"
            write_line(c, scenario_id, seq, "proposal", "challenged", said, by, ref=proposal_id, reason=why)
            return self._proposal(c, scenario_id, proposal_id)

    def accept(
        self,
        scenario_id: str,
        proposal_id: int,
        expected_rev: int,
        *,
        by: Person,
        decision: str = "",
        edit: Edit | None = None,
        client: Client = NOBODY,
        effect: Effect | None = None,
    ) -> tuple[int, Proposal]:
        """Make the proposed moves on the plan of `expected_rev`, as one edit by the proposer with their reason.

        Args:
            scenario_id: whose plan.
            proposal_id: which proposal.
            expected_rev: the revision the decision was made on.
            by: who accepts.
            decision: why, if they say.
            edit: the moves as they fit today's plan, if units were moved since; those proposed if not given.
            client: see `Edits.append`.
            effect: what the moves do to the balance.

        Returns:
            The new revision, and the proposal.

        Raises:
            ConflictError: if the plan is at another revision, units moved since (`units`), or it was decided meanwhile;
                nothing is changed then.
            PlanError: if the moves contradict the plan, or there is nothing left to move.
            LocateError: if the scenario or the proposal isn't found.
        """
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            found = self._proposal(c, scenario_id, proposal_id)
            moves = replace(edit or found.edit, author=found.by.name, note=found.reason)
            ready = self._edits.ready(c, scenario_id, moves, expected_rev)
            rev = expected_rev + 1
            self._settle(c, scenario_id, proposal_id, {"state": "accepted", "edit_id": rev, **_decided(by, decision)})
            self._edits.put(c, ready, client, effect)
            said = f"Accepted: {found.title}"
            write_line(c, scenario_id, seq, "proposal", "accepted", said, by, ref=proposal_id, reason=decision)
            out = self._proposal(c, scenario_id, proposal_id)
        self._plans.remember(scenario_id, rev, ready.after)
        return rev, out

    def reject(self, scenario_id: str, proposal_id: int, *, by: Person, decision: str = "") -> Proposal:
        """Decide against a proposal.

        Raises:
            LocateError: if the scenario or the proposal isn't found.
            ConflictError: if it was decided meanwhile.
        """
        return self._end_proposal(scenario_id, proposal_id, "rejected", by, decision)

    def withdraw(self, scenario_id: str, proposal_id: int, *, by: Person, reason: str = "") -> Proposal:
        """Take a proposal back.

        Raises:
            LocateError: if the scenario or the proposal isn't found.
            ConflictError: if it was decided meanwhile.
        """
        return self._end_proposal(scenario_id, proposal_id, "withdrawn", by, reason)

    def of(self, scenario_id: str, *, undecided: bool = False) -> tuple[Proposal, ...]:
        """Proposals, newest first; only those to be decided if asked.

        Raises:
            LocateError: if the scenario isn't found.
        """
        return self._db.once(("proposals", scenario_id, undecided), lambda: self._of(scenario_id, undecided=undecided))

    def _of(self, scenario_id: str, *, undecided: bool) -> tuple[Proposal, ...]:
        p = t.proposals.c
        query = select(t.proposals).where(p.scenario_id == scenario_id).order_by(p.id.desc())
        if undecided:
            query = query.where(p.state.in_(UNDECIDED))
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            against = self._challenges(c, scenario_id)
            return tuple(_proposal(r, against) for r in c.execute(query))

    def _end_proposal(self, scenario_id: str, proposal_id: int, state: str, by: Person, why: str) -> Proposal:
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            before = self._settle(c, scenario_id, proposal_id, {"state": state, **_decided(by, why)})
            said = f"{state.capitalize()}: {before.title}"
            write_line(c, scenario_id, seq, "proposal", state, said, by, ref=proposal_id, reason=why.strip())
            return self._proposal(c, scenario_id, proposal_id)

    def _settle(self, c: Connection, scenario_id: str, proposal_id: int, values: Mapping[str, Any]) -> Proposal:
        """Change a proposal under the guard that nobody has decided on it; as it was before."""
        before = self._proposal(c, scenario_id, proposal_id)
        p = t.proposals.c
        undecided = update(t.proposals).where(p.scenario_id == scenario_id, p.id == proposal_id, p.state.in_(UNDECIDED))
        if c.execute(undecided.values(values)).rowcount != 1:
            raise ConflictError(
                f"this proposal was {before.state} by {before.decided_by or 'somebody'} first; look again"
            )
        return before

    def _proposal(self, c: Connection, scenario_id: str, proposal_id: int) -> Proposal:
        p = t.proposals.c
        row = c.execute(select(t.proposals).where(p.scenario_id == scenario_id, p.id == proposal_id)).first()
        if row is None:
            raise LocateError("this proposal no longer exists; reload the page")
        return _proposal(row, self._challenges(c, scenario_id, proposal_id))

    def _challenges(
        self, c: Connection, scenario_id: str, proposal_id: int | None = None
    ) -> dict[int, tuple[Challenge, ...]]:
        k = t.challenges.c
        query = select(t.challenges).where(k.scenario_id == scenario_id).order_by(k.id)
        if proposal_id is not None:
            query = query.where(k.proposal == proposal_id)
        out: dict[int, tuple[Challenge, ...]] = {}
        for r in c.execute(query):
            one = Challenge(r.id, r.reason, who(r), datetime.fromisoformat(r.at))
            out[r.proposal] = (*out.get(r.proposal, ()), one)
        return out


def _decided(by: Person, why: str) -> dict[str, str]:
    return {
        "decided_by": clean_text(by.name, "author", 200),
        "decision": clean_text(why, "reason", 4000),
        "decided_at": now(),
    }


def _proposal(r: Row[Any], against: Mapping[int, tuple[Challenge, ...]]) -> Proposal:
    return Proposal(
        r.id,
        r.rev,
        r.title,
        r.reason,
        edit_from_bytes(r.payload),
        r.state,
        who(r),
        datetime.fromisoformat(r.at),
        against.get(r.id, ()),
        r.decided_by,
        r.decision,
        moment(r.decided_at),
        r.edit_id,
    )
