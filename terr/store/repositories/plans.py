"""Plans read back: at any edit or revision, from the nearest checkpoint and the edits after it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from cachetools import LRUCache
from sqlalchemy import Connection, select

from terr.edits.applied import apply
from terr.edits.history import ROOT
from terr.errors import ConflictError, PlanError, StoreError
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.store import schema as t
from terr.store.codec import edit_from_bytes
from terr.store.database import Database
from terr.store.edit_tree import checkpoint_of, no_edit, trail_to
from terr.store.journal import scenario_row

_KEEP = 24

CATCH_UP = 64
"""Revisions others may be ahead of a plan at hand for their edits to be read at once."""


class Plans:
    """Plans as they are, and as they were after any edit."""

    def __init__(self, database: Database) -> None:
        self._db = database
        # An edit never changes, so neither does the plan after it: this needs no invalidation.
        self._plans: LRUCache[tuple[str, int], Plan] = LRUCache(_KEEP)
        self._lock = Lock()

    def load(self, scenario_id: str) -> tuple[Plan, int]:
        """The plan as it is and its revision.

        Raises:
            LocateError: if the scenario isn't found.
            StoreError: if what is stored can't be read.
        """
        with self._db.read() as c:
            info = scenario_row(c, scenario_id)
            return self.read(c, info, info.head), info.rev

    def at(self, scenario_id: str, edit_id: int) -> Plan:
        """The plan after one edit of the history, 0 = the empty plan.

        Raises:
            LocateError: if the scenario or the edit isn't found.
            StoreError: if what is stored can't be read.
        """
        with self._db.read() as c:
            return self.read(c, scenario_row(c, scenario_id), edit_id)

    def read(self, c: Connection, info: ScenarioInfo, edit_id: int) -> Plan:
        """The plan after one edit, in a transaction: from the nearest plan at hand or checkpoint and the edits since.

        Raises:
            LocateError: if the edit isn't found.
            StoreError: if what is stored can't be read.
        """
        return self._read(c, info, edit_id).on_units(info.n_units, info.units_version)

    def _read(self, c: Connection, info: ScenarioInfo, edit_id: int) -> Plan:
        if edit_id == ROOT:
            return Plan.empty(info.n_units, info.units_version)
        plan = self._recall(info.id, edit_id)
        if plan is not None:
            return plan
        plan = self._caught_up(c, info, edit_id)
        if plan is not None:
            return plan
        trail = trail_to(c, info.id, edit_id)
        if not trail:
            raise no_edit(edit_id)
        todo: list[int] = []
        for at in trail:
            plan = self._recall(info.id, at)
            if plan is not None:
                break
            todo.append(at)
        if plan is None:
            plan = checkpoint_of(c, info.id, trail[-1])
            if plan is None:
                plan = Plan.empty(info.n_units, info.units_version)
            else:
                todo.pop()
        plan = plan.on_units(info.n_units, info.units_version)
        e = t.edits.c
        query = select(e.payload).where(e.scenario_id == info.id, e.id.in_(todo)).order_by(e.id)
        return self._replay(info.id, edit_id, plan, c.execute(query).scalars())

    def _replay(self, scenario_id: str, edit_id: int, plan: Plan, payloads: Iterable[bytes]) -> Plan:
        try:
            for payload in payloads:
                plan = apply(plan, edit_from_bytes(payload))
        except (PlanError, ConflictError) as error:
            raise StoreError("the stored history contradicts itself; restore the database from a backup") from error
        self.remember(scenario_id, edit_id, plan)
        return plan

    def _caught_up(self, c: Connection, info: ScenarioInfo, edit_id: int) -> Plan | None:
        """From the newest plan at hand, if the few edits since lead here: the way of most edits by others."""
        scenario_id = info.id
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
        if plan is None or not way:
            return None
        plan = plan.on_units(info.n_units, info.units_version)
        return self._replay(scenario_id, edit_id, plan, reversed(way))

    def _recall(self, scenario_id: str, edit_id: int) -> Plan | None:
        with self._lock:
            return self._plans.get((scenario_id, edit_id))

    def remember(self, scenario_id: str, edit_id: int, plan: Plan) -> None:
        """Keep the plan after an edit at hand, once the edit is stored."""
        with self._lock:
            self._plans[scenario_id, edit_id] = plan
