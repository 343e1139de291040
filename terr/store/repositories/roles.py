"""Who may do what with a plan. A plan nobody holds a role on is everybody's, as on a laptop without sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from terr.errors import InputError, PlanError
from terr.model.person import ROLES, Person, Role
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, now

_NEEDS = {"viewer": "a viewer", "commenter": "a commenter", "editor": "an editor", "owner": "its owner"}


@dataclass(frozen=True)
class Access:
    """How one user stands to one plan.

    Attributes:
        exists: the plan is there.
        role: one of `ROLES`, "" = none.
        owned: somebody holds a role on it; False = it is everybody's, or nobody's where a sign-in is needed.
    """

    exists: bool
    role: str = ""
    owned: bool = False


class Roles:
    """Who has which role on a plan."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, scenario_id: str) -> tuple[Role, ...]:
        """All roles on a plan, the highest first; empty if it is everybody's.

        Raises:
            LocateError: if the scenario isn't found.
        """
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            rows = c.execute(select(t.roles).where(t.roles.c.scenario_id == scenario_id)).all()
        found = (Role(r.user_id, r.role, r.given_by, datetime.fromisoformat(r.at)) for r in rows)
        return tuple(sorted(found, key=lambda r: (-ROLES.index(r.role), r.user_id)))

    def access(self, scenario_id: str, user_id: str, *, deleted: bool = False) -> Access:
        """How a user stands to a plan, by one question whatever the answer: it takes as long if there is no such plan.

        Args:
            scenario_id: which plan.
            user_id: who.
            deleted: look among the deleted plans too.
        """
        key = ("access", scenario_id, user_id, deleted)
        return self._db.once(key, lambda: self._access(scenario_id, user_id, deleted=deleted))

    def _access(self, scenario_id: str, user_id: str, *, deleted: bool) -> Access:
        r, s = t.roles.c, t.scenarios.c
        mine = select(func.max(r.role)).where(r.scenario_id == s.id, r.user_id == user_id).scalar_subquery()
        count = select(func.count()).where(r.scenario_id == s.id).scalar_subquery()
        query = select(mine, count).where(s.id == scenario_id.replace("\0", "?"))
        with self._db.read() as c:
            row = c.execute(query if deleted else query.where(s.deleted_at.is_(None))).first()
        return Access(False) if row is None else Access(True, str(row[0] or ""), bool(row[1]))

    def give(self, scenario_id: str, user_id: str, role: str, *, by: Person) -> None:
        """Give a user a role in place of an earlier one; "" takes it away.

        The first role given on a plan that was everybody's makes it private; it must be an owner's.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for a role or user that isn't one.
            PlanError: if the plan would be left without an owner.
        """
        if role and role not in ROLES:
            raise InputError(f'"{role}" is no role; choose {", ".join(ROLES)}')
        user = clean_text(user_id, "name of the user", 200, needed=True)
        r = t.roles.c
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            c.execute(delete(t.roles).where(r.scenario_id == scenario_id, r.user_id == user))
            if role:
                row = {"scenario_id": scenario_id, "user_id": user, "role": role}
                c.execute(insert(t.roles).values(**row, given_by=clean_text(by.name, "author", 200), at=now()))
            self._has_owner(c, scenario_id)
            said = f"Made {user} {_NEEDS[role]}" if role else f"Took the role from {user}"
            write_line(c, scenario_id, seq, "role", role or "taken", said, by)

    def _has_owner(self, c: Connection, scenario_id: str) -> None:
        r = t.roles.c
        owners = select(func.count()).where(r.scenario_id == scenario_id, r.role == "owner")
        if not c.execute(owners).scalar():
            raise PlanError("a plan needs an owner; make somebody else its owner first")
