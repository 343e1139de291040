"""Plans read back: at any edit or revision, from the nearest checkpoint and the edits after it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, exists, func, select

from terr.edits.applied import apply
from terr.edits.history import ROOT, EditNode, History, Visit
from terr.errors import ConflictError, LocateError, PlanError, StoreError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.store import schema as t
from terr.store.codec import edit_from_bytes, plan_from_bytes
from terr.store.repositories.records import ScenarioInfo
from terr.store.repositories.scenarios import Scenarios

_KEEP = 24

CATCH_UP = 64
"""Revisions others may be ahead of a plan at hand for their edits to be read at once."""


class Plans(Scenarios):
    """The part of the store that reads plans and their history."""

    def __init__(self, where: str | Path) -> None:
        super().__init__(where)
        # An edit never changes, so neither does the plan after it: this needs no invalidation.
        self._plans: OrderedDict[tuple[str, int], Plan] = OrderedDict()
        self._lock = Lock()

    def can_undo(self, scenario_id: str) -> bool:
        """True if there is an edit to take back."""
        return self.scenario(scenario_id).head != ROOT

    def can_redo(self, scenario_id: str) -> bool:
        """True if there is an edit to do again."""
        with self._db.read() as c:
            info = self._info(c, scenario_id)
            return self._last_child(c, scenario_id, info.head) is not None

    def edit(self, scenario_id: str, edit_id: int) -> Edit:
        """One edit of the history, as it was made.

        Raises:
            LocateError: if the scenario or the edit isn't found.
        """
        with self._db.read() as c:
            self._info(c, scenario_id)
            return self._edit(c, scenario_id, edit_id)

    def load_plan(self, scenario_id: str) -> tuple[Plan, int]:
        """The plan as it is and its revision.

        Raises:
            LocateError: if the scenario isn't found.
            StoreError: if what is stored can't be read.
        """
        with self._db.read() as c:
            info = self._info(c, scenario_id)
            return self._plan(c, info, info.head), info.rev

    def plan_at(self, scenario_id: str, edit_id: int) -> Plan:
        """The plan after one edit of the history, 0 = the empty plan.

        Raises:
            LocateError: if the scenario or the edit isn't found.
            StoreError: if what is stored can't be read.
        """
        with self._db.read() as c:
            return self._plan(c, self._info(c, scenario_id), edit_id)

    def edits_between(self, scenario_id: str, rev_a: int, rev_b: int) -> list[Edit]:
        """The shortest list of edits that leads from the plan of one revision to that of another.

        Edits taken back come as their inverse; what was done and undone in between doesn't come at all.

        Raises:
            LocateError: if the scenario or a revision isn't found.
        """
        if rev_a == rev_b:
            return []
        with self._db.read() as c:
            self._info(c, scenario_id)
            return self._between(c, scenario_id, self._head(c, scenario_id, rev_a), self._head(c, scenario_id, rev_b))

    def history(self, scenario_id: str) -> History:
        """All edits and revisions, without the edits' arrays.

        Raises:
            LocateError: if the scenario isn't found.
        """
        e, h = t.edits.c, t.heads.c
        steps = select(e.id, e.parent, e.kind, e.title, e.author, e.note, e.at).where(e.scenario_id == scenario_id)
        visits = select(h.rev, h.head, h.action, h.author, h.at).where(h.scenario_id == scenario_id)
        with self._db.read() as c:
            self._info(c, scenario_id)
            return History(
                steps=tuple(
                    EditNode(r.id, r.parent or ROOT, r.kind, r.title, r.author, r.note, datetime.fromisoformat(r.at))
                    for r in c.execute(steps.order_by(e.id))
                ),
                visits=tuple(
                    Visit(r.rev, r.head, r.action, r.author, datetime.fromisoformat(r.at))
                    for r in c.execute(visits.order_by(h.rev))
                ),
            )

    def _edit(self, c: Connection, scenario_id: str, edit_id: int) -> Edit:
        e = t.edits.c
        payload = c.execute(select(e.payload).where(e.scenario_id == scenario_id, e.id == edit_id)).scalar()
        if payload is None:
            raise _no_edit(edit_id)
        return edit_from_bytes(payload)

    def _parent(self, c: Connection, scenario_id: str, edit_id: int) -> int:
        e = t.edits.c
        row = c.execute(select(e.parent).where(e.scenario_id == scenario_id, e.id == edit_id)).first()
        if row is None:
            raise _no_edit(edit_id)
        return int(row.parent or ROOT)

    def _depth(self, c: Connection, scenario_id: str, edit_id: int) -> int:
        if edit_id == ROOT:
            return 0
        e = t.edits.c
        depth = c.execute(select(e.depth).where(e.scenario_id == scenario_id, e.id == edit_id)).scalar()
        if depth is None:
            raise _no_edit(edit_id)
        return int(depth)

    def _head(self, c: Connection, scenario_id: str, rev: int) -> int:
        if rev == 0:
            return ROOT
        h = t.heads.c
        head = c.execute(select(h.head).where(h.scenario_id == scenario_id, h.rev == rev)).scalar()
        if head is None:
            raise LocateError(f"this scenario has no revision {rev}; reload it")
        return int(head)

    def _last_child(self, c: Connection, scenario_id: str, edit_id: int) -> int | None:
        e, h = t.edits.c, t.heads.c
        made_on = e.parent.is_(None) if edit_id == ROOT else e.parent == edit_id
        last = select(func.max(h.rev)).where(h.scenario_id == scenario_id, h.head == e.id).scalar_subquery()
        visited = select(e.id).where(e.scenario_id == scenario_id, made_on).order_by(last.desc()).limit(1)
        row = c.execute(visited).first()
        return None if row is None else int(row.id)

    def _between(self, c: Connection, scenario_id: str, a: int, b: int) -> list[Edit]:
        up: list[int] = []
        down: list[int] = []
        deep_a, deep_b = self._depth(c, scenario_id, a), self._depth(c, scenario_id, b)
        while a != b:
            if deep_a >= deep_b:
                up.append(a)
                a, deep_a = self._parent(c, scenario_id, a), deep_a - 1
            else:
                down.append(b)
                b, deep_b = self._parent(c, scenario_id, b), deep_b - 1
        edits = [self._edit(c, scenario_id, i).inverse() for i in up]
        return edits + [self._edit(c, scenario_id, i) for i in reversed(down)]

    def _plan(self, c: Connection, info: ScenarioInfo, edit_id: int) -> Plan:
        """From the nearest plan at hand or checkpoint, and the edits after it."""
        if edit_id == ROOT:
            return Plan.empty(info.n_units, info.units_version)
        plan = self._recall(info.id, edit_id)
        if plan is not None:
            return plan
        plan = self._caught_up(c, info.id, edit_id)
        if plan is not None:
            return plan
        trail = self._trail(c, info.id, edit_id)
        if not trail:
            raise _no_edit(edit_id)
        todo: list[int] = []
        for at in trail:
            plan = self._recall(info.id, at)
            if plan is not None:
                break
            todo.append(at)
        if plan is None:
            plan = self._checkpoint(c, info.id, trail[-1])
            if plan is None:
                plan = Plan.empty(info.n_units, info.units_version)
            else:
                todo.pop()
        e = t.edits.c
        query = select(e.payload).where(e.scenario_id == info.id, e.id.in_(todo)).order_by(e.id)
        return self._replay(info.id, edit_id, plan, c.execute(query).scalars())

    def _replay(self, scenario_id: str, edit_id: int, plan: Plan, payloads: Iterable[bytes]) -> Plan:
        try:
            for payload in payloads:
                plan = apply(plan, edit_from_bytes(payload))
        except (PlanError, ConflictError) as error:
            raise StoreError("the stored history contradicts itself; restore the database from a backup") from error
        self._remember(scenario_id, edit_id, plan)
        return plan

    def _caught_up(self, c: Connection, scenario_id: str, edit_id: int) -> Plan | None:
        """From the newest plan at hand, if the few edits since lead here: the way of most edits by others."""
        with self._lock:
            known = max((at for sid, at in self._plans if sid == scenario_id and at < edit_id), default=None)
        if known is None or edit_id - known > CATCH_UP:
            return None
        e = t.edits.c
        since = select(e.id, e.parent, e.payload).where(e.scenario_id == scenario_id, e.id > known, e.id <= edit_id)
        rows = {r.id: r for r in c.execute(since)}
        way, at = [], edit_id
        while at in rows:
            way.append(rows[at].payload)
            at = rows[at].parent or ROOT
        plan = self._recall(scenario_id, at)
        return None if plan is None or not way else self._replay(scenario_id, edit_id, plan, reversed(way))

    def _trail(self, c: Connection, scenario_id: str, edit_id: int) -> list[int]:
        """Ids from an edit back to the nearest checkpoint or the first edit, that one included."""
        e, k = t.edits.c, t.checkpoints.c
        back = select(e.id, e.parent).where(e.scenario_id == scenario_id, e.id == edit_id).cte("back", recursive=True)
        stored = exists(select(k.edit_id).where(k.scenario_id == scenario_id, k.edit_id == back.c.id))
        back = back.union_all(
            select(e.id, e.parent).where(e.scenario_id == scenario_id, e.id == back.c.parent, ~stored)
        )
        return [int(i) for i in c.execute(select(back.c.id).order_by(back.c.id.desc())).scalars()]

    def _checkpoint(self, c: Connection, scenario_id: str, edit_id: int) -> Plan | None:
        k = t.checkpoints.c
        payload = c.execute(select(k.payload).where(k.scenario_id == scenario_id, k.edit_id == edit_id)).scalar()
        return None if payload is None else plan_from_bytes(payload)

    def _recall(self, scenario_id: str, edit_id: int) -> Plan | None:
        with self._lock:
            plan = self._plans.get((scenario_id, edit_id))
            if plan is not None:
                self._plans.move_to_end((scenario_id, edit_id))
            return plan

    def _remember(self, scenario_id: str, edit_id: int, plan: Plan) -> None:
        with self._lock:
            self._plans[scenario_id, edit_id] = plan
            self._plans.move_to_end((scenario_id, edit_id))
            while len(self._plans) > _KEEP:
                self._plans.popitem(last=False)


def _no_edit(edit_id: int) -> LocateError:
    return LocateError(f"this scenario has no change {edit_id}; reload it")
