"""Plans changed: each edit is stored under a guard, so that nobody's is lost and none overwrites another unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Literal

from cachetools import LRUCache
from sqlalchemy import Connection, func, insert, select, update

from terr.edits.applied import apply
from terr.edits.history import ROOT, EditNode, Effect, History, Visit, describe
from terr.errors import ConflictError, PlanError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.store import schema as t
from terr.store.codec import edit_to_bytes, plan_to_bytes
from terr.store.database import Database
from terr.store.edit_tree import depth_of, edit_of, edits_between, head_at
from terr.store.journal import scenario_row
from terr.store.repositories.plans import Plans
from terr.store.repositories.records import clean_text, now

_KEEP = 24

CHECKPOINT_EVERY = 100
"""A whole plan is stored each so many edits from the start, so that opening one replays fewer than that."""

Client = tuple[str, int]
"""Who asked for a change (the id of a window's map) and the number of their request."""
NOBODY: Client = ("", 0)
MeasureEffect = Callable[[ScenarioInfo, Plan, Plan], Effect | None]
"""Gets the scenario, its plan before and its plan after an edit; None = the effect isn't known."""


@dataclass(frozen=True)
class ReadyEdit:
    """An edit that fits the plan it is for, as it will be stored."""

    info: ScenarioInfo
    row: dict[str, Any]
    after: Plan
    next_code: int


@dataclass(frozen=True)
class StoredEdit:
    """An edit made by `Edits.change`.

    Attributes:
        rev: the revision after it; on: the edit it was made on, 0 = the empty plan.
        edit: the edit, empty if there was nothing to change; plan: the plan after it.
    """

    rev: int
    on: int
    edit: Edit
    plan: Plan


class Edits:
    """The edits of each plan: made, undone, and read again.

    Args:
        database: where they are.
        plans: the plans they are made on.
    """

    def __init__(self, database: Database, plans: Plans) -> None:
        self._db = database
        self._plans = plans
        self._histories: LRUCache[str, History] = LRUCache(_KEEP)  # edits never change, there are only more
        self._lock = Lock()

    def append(self, scenario_id: str, edit: Edit, expected_rev: int, *, client: Client = NOBODY) -> int:
        """Save an edit made on revision `expected_rev`.

        Args:
            scenario_id: whose plan.
            edit: the change.
            expected_rev: the revision it was made on.
            client: who asked, and the number of their request; kept with the revision, so that a request sent again
                after a restart can be told (`taken`).

        Returns:
            The new revision; it is on disk when this returns.

        Raises:
            ConflictError: if the scenario is at another revision (`expected`, `found`), or its units aren't where
                the edit expects them (`units`). Nothing is written.
            PlanError: if the edit is empty or contradicts the plan.
            LocateError: if the scenario isn't found.
            StoreError: if it can't be written.
        """
        with self._db.read() as c:
            ready = self.ready(c, scenario_id, edit, expected_rev)
        with self._db.write() as c:
            self.put(c, ready, client)
        self._plans.remember(scenario_id, expected_rev + 1, ready.after)
        return expected_rev + 1

    def change(
        self,
        scenario_id: str,
        make: Callable[[Plan, int], Edit],
        *,
        expected_rev: int | None = None,
        client: Client = NOBODY,
        effect: MeasureEffect | None = None,
    ) -> StoredEdit:
        """Make an edit on the plan as it is and save it, while the others who change this plan wait.

        With many at once this is quicker than `append` and trying again: each waits for its turn once.

        Args:
            scenario_id: whose plan.
            make: gets the plan and the first free territory code, gives the edit; quick, for others wait.
            expected_rev: refuse if the plan isn't at this revision.
            client: see `append`.
            effect: measures what the edit does to the balance, kept with the revision; quick too.

        Returns:
            What was made; an empty edit is not saved.

        Raises:
            ConflictError: if the plan is at another revision than expected, or the edit doesn't fit it.
            PlanError: if the edit contradicts the plan, or `make` refuses.
            LocateError: if the scenario isn't found.
            StoreError: if it can't be written.
        """
        with self._db.read() as c:  # what others did is read before anybody waits for us
            info = scenario_row(c, scenario_id)
            self._plans.read(c, info, info.head)
        with self._db.write() as c:
            info = scenario_row(c, scenario_id, lock=True)
            if expected_rev is not None and info.rev != expected_rev:
                raise _changed(expected_rev, info.rev)
            plan = self._plans.read(c, info, info.head)
            edit = make(plan, info.next_code)
            if not edit:
                return StoredEdit(info.rev, info.head, edit, plan)
            ready = self._fit(c, info, plan, edit)
            self.put(c, ready, client, None if effect is None else effect(info, plan, ready.after))
        self._plans.remember(scenario_id, info.rev + 1, ready.after)
        return StoredEdit(info.rev + 1, info.head, edit, ready.after)

    def go_to(
        self,
        scenario_id: str,
        edit_id: int,
        expected_rev: int,
        *,
        action: Literal["undo", "redo"],
        author: str = "",
        client: Client = NOBODY,
        effect: Effect | None = None,
    ) -> tuple[int, list[Edit]]:
        """Go to the plan after another edit of the history, as undo and redo do; 0 = the empty plan.

        `effect` is what that does to the balance.

        Returns:
            The new revision, and the edits to apply, in order, to the plan of `expected_rev`.

        Raises:
            ConflictError: if the scenario is at another revision.
            LocateError: if the scenario or the edit isn't found.
        """
        with self._db.write() as c:
            info = self._expect(c, scenario_id, expected_rev)
            edits = edits_between(c, scenario_id, info.head, edit_id)
            return self._step(c, info, edit_id, action, author, client=client, effect=effect), edits

    def get(self, scenario_id: str, edit_id: int) -> Edit:
        """One edit of the history, as it was made.

        Raises:
            LocateError: if the scenario or the edit isn't found.
        """
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return edit_of(c, scenario_id, edit_id)

    def between(self, scenario_id: str, rev_a: int, rev_b: int) -> list[Edit]:
        """The shortest list of edits that leads from the plan of one revision to that of another.

        Edits undone come as their inverse; what was done and undone in between doesn't come at all.

        Raises:
            LocateError: if the scenario or a revision isn't found.
        """
        if rev_a == rev_b:
            return []
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return edits_between(c, scenario_id, head_at(c, scenario_id, rev_a), head_at(c, scenario_id, rev_b))

    def history(self, scenario_id: str) -> History:
        """All edits and revisions, without the edits' arrays; what is known already isn't read again.

        Raises:
            LocateError: if the scenario isn't found.
        """
        e, h = t.edits.c, t.heads.c
        steps = select(e.id, e.parent, e.kind, e.title, e.author, e.note, e.at, e.of_edit)
        visits = select(h.rev, h.head, h.action, h.author, h.at, h.client)
        with self._lock:
            known = self._histories.get(scenario_id, History())
        with self._db.read() as c:
            rev = scenario_row(c, scenario_id).rev
            if known.rev > rev:  # of the database before a backup was restored
                known = History()
            if known.rev == rev:
                return known
            new_steps = steps.where(e.scenario_id == scenario_id, e.id > known.rev).order_by(e.id)
            new_visits = visits.where(h.scenario_id == scenario_id, h.rev > known.rev).order_by(h.rev)
            history = known.then(
                [
                    EditNode(i, parent or ROOT, kind, title, author, note, datetime.fromisoformat(at), of_edit or ROOT)
                    for i, parent, kind, title, author, note, at, of_edit in c.execute(new_steps).all()
                ],
                [
                    Visit(rev, head, action, author, datetime.fromisoformat(at), client)
                    for rev, head, action, author, at, client in c.execute(new_visits).all()
                ],
            )
        with self._lock:
            self._histories[scenario_id] = history
        return history

    def taken(self, scenario_id: str, client: str) -> int:
        """Number of the last request of a client that was stored, 0 if none was."""
        h = t.heads.c
        with self._db.read() as c:
            found = c.execute(
                select(func.max(h.client_n)).where(h.scenario_id == scenario_id, h.client == client[:64])
            ).scalar()
        return int(found or 0)

    def ready(self, c: Connection, scenario_id: str, edit: Edit, expected_rev: int) -> ReadyEdit:
        """An edit checked against the plan of `expected_rev`, within a transaction; `put` stores it.

        Raises:
            ConflictError, PlanError, LocateError: as `append`.
        """
        if not edit:
            raise PlanError("there is nothing to save: the plan is like this already")
        info = self._expect(c, scenario_id, expected_rev)
        return self._fit(c, info, self._plans.read(c, info, info.head), edit)

    def _fit(self, c: Connection, info: ScenarioInfo, plan: Plan, edit: Edit) -> ReadyEdit:
        author, note = clean_text(edit.author, "author", 200), clean_text(edit.note, "note", 4000)
        after = apply(plan, edit)
        made = [new.code + 1 for _, new in edit.territories if new is not None]
        what = describe(edit, plan, info.level, _first_title(c, info.id, edit.of_edit))
        row = {
            "scenario_id": info.id,
            "id": info.rev + 1,
            "parent": info.head or None,
            "depth": depth_of(c, info.id, info.head) + 1,
            "kind": edit.kind,
            "title": clean_text(what[:400], "name of a territory", 400),
            "payload": edit_to_bytes(edit),
            "author": author,
            "note": note,
            "at": edit.at.isoformat(),
            "of_edit": edit.of_edit or None,
        }
        return ReadyEdit(info, row, after, max([info.next_code, *made]))

    def put(self, c: Connection, ready: ReadyEdit, client: Client, effect: Effect | None = None) -> None:
        """Store an edit, and what it does to the balance, within a transaction; afterwards tell `Plans.remember`.

        Raises:
            ConflictError: if somebody else changed the plan since it was made ready.
        """
        row = ready.row
        next_code = ready.next_code
        self._step(c, ready.info, row["id"], "edit", row["author"], next_code=next_code, client=client, effect=effect)
        c.execute(insert(t.edits).values(row))
        if row["depth"] % CHECKPOINT_EVERY == 0:
            stored = {"scenario_id": row["scenario_id"], "edit_id": row["id"], "payload": plan_to_bytes(ready.after)}
            c.execute(insert(t.checkpoints).values(stored))

    def _expect(self, c: Connection, scenario_id: str, expected_rev: int) -> ScenarioInfo:
        info = scenario_row(c, scenario_id)
        if info.rev != expected_rev:
            raise _changed(expected_rev, info.rev)
        return info

    def _step(
        self,
        c: Connection,
        info: ScenarioInfo,
        head: int,
        action: str,
        author: str,
        *,
        next_code: int | None = None,
        client: Client = NOBODY,
        effect: Effect | None = None,
    ) -> int:
        """Move the head under the guard: only if the scenario is still at the revision of `info`."""
        s, at, rev = t.scenarios.c, now(), info.rev + 1
        code = info.next_code if next_code is None else next_code
        guarded = update(t.scenarios).where(s.id == info.id, s.rev == info.rev, s.deleted_at.is_(None))
        if c.execute(guarded.values(head=head, rev=rev, next_code=code, updated_at=at)).rowcount != 1:
            raise _changed(info.rev, scenario_row(c, info.id).rev)
        author = clean_text(author, "author", 200)
        row = {"scenario_id": info.id, "rev": rev, "head": head, "action": action, "author": author, "at": at}
        if effect is not None:
            row |= {"measure": effect.measure, "dev_before": effect.before, "dev_after": effect.after}
        c.execute(insert(t.heads).values(**row, client=client[0][:64], client_n=client[1]))
        return rev


def _first_title(c: Connection, scenario_id: str, of_edit: int) -> str:
    """What was done first by the edit that is reversed or made again; "" if none is."""
    e, at, title = t.edits.c, of_edit, ""
    while at:
        row = c.execute(select(e.title, e.of_edit).where(e.scenario_id == scenario_id, e.id == at)).first()
        if row is None:
            raise PlanError(f"there is no change {at} to undo or make again")
        at, title = row.of_edit or 0, row.title
    return title


def _changed(expected: int, found: int) -> ConflictError:
    return ConflictError(
        f"somebody else changed the plan: you saw revision {expected}, it is at {found}; look again and repeat",
        expected=expected,
        found=found,
    )
