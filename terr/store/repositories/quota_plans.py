"""Quotas of a plan: proposed with a reason, then accepted or rejected; every version stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from terr.errors import InputError, LocateError, PlanError
from terr.model.json_values import to_text
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, made_by, moment, now, stored_object, who

QUOTA_STATES = ("proposed", "accepted", "rejected", "withdrawn")


@dataclass(frozen=True)
class QuotaPlan:
    """One set of quotas.

    Attributes:
        id: unique in its scenario; period: such as "2027" or "2027-Q1".
        title, reason: for a reader.
        kept: what was divided and how, plain JSON.
        state: one of `QUOTA_STATES`.
        by: who proposed it; at: UTC.
        decided_by, decision, decided_at: who settled it, why, and when; empty while it is proposed.
    """

    id: int
    period: str
    title: str
    reason: str
    kept: Mapping[str, Any]
    state: str
    by: Person
    at: datetime
    decided_by: str
    decision: str
    decided_at: datetime | None


class QuotaPlans:
    """Quotas of plans."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(
        self, scenario_id: str, period: str, title: str, kept: Mapping[str, Any], *, reason: str = "", by: Person
    ) -> QuotaPlan:
        """Propose quotas.

        Args:
            scenario_id: of which plan.
            period: they are for.
            title, reason: for a reader.
            kept: what was divided and how, plain JSON.
            by: who proposes them.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for texts that can't be stored.
        """
        row = {
            "period": clean_text(period, "period", 40, needed=True),
            "title": clean_text(title, "title of the quotas", 200, needed=True),
            "reason": clean_text(reason, "reason", 2000),
            "payload": to_text(dict(kept), "the quotas"),
        }
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            more = {"scenario_id": scenario_id, "id": seq, "state": "proposed", "decided_by": "", "decision": ""}
            c.execute(insert(t.quota_plans).values(**row, **more, **made_by(by)))
            said = f"Proposed quotas for {row['period']}: {row['title']}"
            write_line(c, scenario_id, seq, "quotas", "proposed", said, by, ref=seq, reason=row["reason"])
            return self._one(c, scenario_id, seq)

    def accept(self, scenario_id: str, quotas_id: int, *, decision: str = "", by: Person) -> QuotaPlan:
        """Make proposed quotas those of their period; see `_settle`."""
        return self._settle(scenario_id, quotas_id, "accepted", decision, by)

    def reject(self, scenario_id: str, quotas_id: int, *, decision: str, by: Person) -> QuotaPlan:
        """Turn proposed quotas down, with a reason; see `_settle`."""
        if not decision.strip():
            raise InputError("say why the quotas are rejected")
        return self._settle(scenario_id, quotas_id, "rejected", decision, by)

    def withdraw(self, scenario_id: str, quotas_id: int, *, by: Person) -> QuotaPlan:
        """Take a proposal back; see `_settle`."""
        return self._settle(scenario_id, quotas_id, "withdrawn", "", by)

    def of(self, scenario_id: str) -> tuple[QuotaPlan, ...]:
        """All of them, the newest first.

        Raises:
            LocateError: if the scenario isn't found.
        """
        q = t.quota_plans.c
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            rows = c.execute(select(t.quota_plans).where(q.scenario_id == scenario_id).order_by(q.id.desc())).all()
        return tuple(_quota_plan(r) for r in rows)

    def _settle(self, scenario_id: str, quotas_id: int, state: str, decision: str, by: Person) -> QuotaPlan:
        """Settle a proposal once.

        Raises:
            LocateError: if it isn't found.
            PlanError: if it was settled already.
        """
        q = t.quota_plans.c
        why = clean_text(decision, "reason", 2000)
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            before = self._one(c, scenario_id, quotas_id)
            if before.state != "proposed":
                raise PlanError(f"these quotas were {before.state} already, by {before.decided_by or 'somebody else'}")
            values = {"state": state, "decided_by": clean_text(by.name, "author", 200), "decision": why}
            at_row = (q.scenario_id == scenario_id, q.id == quotas_id)
            c.execute(update(t.quota_plans).where(*at_row).values(**values, decided_at=now()))
            said = f"{state.capitalize()} the quotas for {before.period}: {before.title}"
            write_line(c, scenario_id, seq, "quotas", state, said, by, ref=quotas_id, reason=why)
            return self._one(c, scenario_id, quotas_id)

    def _one(self, c: Connection, scenario_id: str, quotas_id: int) -> QuotaPlan:
        q = t.quota_plans.c
        row = c.execute(select(t.quota_plans).where(q.scenario_id == scenario_id, q.id == quotas_id)).first()
        if row is None:
            raise LocateError("these quotas aren't found; look again")
        return _quota_plan(row)


def _quota_plan(r: Row[Any]) -> QuotaPlan:
    kept, at = stored_object(r.payload), datetime.fromisoformat(r.at)
    settled = (r.decided_by, r.decision, moment(r.decided_at))
    return QuotaPlan(r.id, r.period, r.title, r.reason, kept, r.state, who(r), at, *settled)
