"""Territory plans: an ordered log of changes for each territory of a plan; nothing of it is changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from terr.errors import ConflictError, InputError, PlanError
from terr.model.json_values import to_text
from terr.model.person import Person
from terr.planbook.log import AGAIN, EDIT, START, TAKEBACK, PlanChange
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, made_by, stored_object, who

FROZEN, DRAFT = "frozen", "draft"
_KINDS = (START, EDIT, TAKEBACK, AGAIN)
_LONGEST = 2_000_000
"""Characters of one change; a frozen plan holds all it showed."""


@dataclass(frozen=True)
class TerritoryPlanHead:
    """The newest change of one territory's plan: which it was, the state after it, who made it and when (UTC)."""

    territory: int
    id: int
    title: str
    state: str
    by: Person
    at: datetime


class TerritoryPlans:
    """Territory plans of plans."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def heads(self, scenario_id: str) -> tuple[TerritoryPlanHead, ...]:
        """The newest change of each territory that has a plan, by territory.

        Raises:
            LocateError: if the scenario isn't found.
        """
        p = t.territory_plans.c
        newest = select(func.max(p.id)).where(p.scenario_id == scenario_id).group_by(p.territory)
        query = select(p.territory, p.id, p.title, p.state, p.user_id, p.author, p.at)
        query = query.where(p.scenario_id == scenario_id, p.id.in_(newest)).order_by(p.territory)
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            rows = c.execute(query).all()
        return tuple(
            TerritoryPlanHead(
                r.territory, r.id, r.title, r.state, Person(r.user_id, r.author), datetime.fromisoformat(r.at)
            )
            for r in rows
        )

    def log(self, scenario_id: str, territory: int) -> tuple[PlanChange, ...]:
        """All changes of one territory's plan, oldest first; empty if it has none.

        Raises:
            LocateError: if the scenario isn't found.
        """
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return self._log(c, scenario_id, territory)

    def add(
        self,
        scenario_id: str,
        territory: int,
        changes: Mapping[str, Any],
        title: str,
        *,
        kind: str = EDIT,
        of_edit: int = 0,
        seen: int = 0,
        by: Person,
    ) -> PlanChange:
        """Keep one change.

        Args:
            scenario_id: of which plan.
            territory: code of the territory.
            changes: field -> the whole new value, plain JSON.
            title: what was done, for the history.
            kind: see `PlanChange`; of_edit: the change it undoes or makes again.
            seen: id of the newest change the person saw.
            by: who does it.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for a text that can't be kept, a kind that isn't one, or too much of it.
            PlanError: if the territory has a plan already (`START`) or none yet, or its plan is frozen.
            ConflictError: if somebody changed one of these fields since.
        """
        if kind not in _KINDS:
            raise InputError(f'"{kind}" is no kind of change; choose {", ".join(_KINDS)}')
        said = clean_text(title, "title of the change", 400, needed=True)
        payload = to_text(dict(changes), "the territory plan")
        if len(payload) > _LONGEST:
            raise InputError("the territory plan holds too much to be saved; shorten its lists")
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            log, state = self._log(c, scenario_id, territory), self._state(c, scenario_id, territory)
            if (kind == START) == bool(log):
                raise PlanError("this territory has a plan already" if log else "this territory has no plan yet")
            if state == FROZEN and "state" not in changes:
                raise PlanError("this territory plan is frozen; reopen it to change it")
            later = next((one for one in log if one.id > seen and set(one.changes) & set(changes)), None)
            if later is not None:
                name = later.by.name or "Somebody else"
                raise ConflictError(f"{name} changed this part of the plan since you opened it; it shows their version")
            row = {
                "scenario_id": scenario_id,
                "id": seq,
                "territory": territory,
                "kind": kind,
                "title": said,
                "state": str(changes.get("state") or (DRAFT if "state" in changes else state)),
                "payload": payload,
                "of_edit": of_edit,
            }
            c.execute(insert(t.territory_plans).values(**row, **made_by(by)))
            write_line(c, scenario_id, seq, "territory plan", kind, said, by, ref=territory)
            return self._log(c, scenario_id, territory)[-1]

    def _state(self, c: Connection, scenario_id: str, territory: int) -> str:
        p = t.territory_plans.c
        query = select(p.state).where(p.scenario_id == scenario_id, p.territory == territory)
        return str(c.execute(query.order_by(p.id.desc()).limit(1)).scalar() or DRAFT)

    def _log(self, c: Connection, scenario_id: str, territory: int) -> tuple[PlanChange, ...]:
        p = t.territory_plans.c
        query = select(t.territory_plans).where(p.scenario_id == scenario_id, p.territory == territory).order_by(p.id)
        return tuple(_change(r) for r in c.execute(query))


def _change(r: Row[Any]) -> PlanChange:
    at = datetime.fromisoformat(r.at)
    return PlanChange(r.id, r.territory, r.kind, r.title, stored_object(r.payload), r.of_edit, who(r), at)
