"""Who may do what with a plan. A plan nobody holds a role on is everybody's, as on a laptop without sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, false, func, insert, or_, select, update

from terr.errors import InputError, LocateError, PlanError, RoleError
from terr.store import schema as t
from terr.store.repositories.records import DatasetInfo, Person, clean_text, dataset_info, now
from terr.store.repositories.scenarios import Scenarios

ROLES = ("viewer", "commenter", "editor", "owner")
"""From the least to the most; each may do what those before it may."""

ACTIONS = {
    "view": "viewer",
    "comment": "commenter",
    "propose": "commenter",
    "challenge": "commenter",
    "edit": "editor",
    "undo": "editor",
    "mark": "editor",
    "except": "editor",
    "rename": "editor",
    "decide": "owner",
    "archive": "owner",
    "delete": "owner",
    "give": "owner",
}
"""The least role that may do it. "mark": name versions, tag, note; "except": enter exceptions; "decide": on proposals;
"archive": put away; "give": roles; "rename": and change what is measured."""

_NEEDS = {"viewer": "a viewer", "commenter": "a commenter", "editor": "an editor", "owner": "its owner"}


@dataclass(frozen=True)
class Role:
    """What one user may do with one plan.

    Attributes:
        user_id: who; role: one of `ROLES`.
        given_by: who gave it, for a reader; at: UTC.
    """

    user_id: str
    role: str
    given_by: str
    at: datetime


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


class Roles(Scenarios):
    """The part of the store that knows roles."""

    def roles(self, scenario_id: str) -> tuple[Role, ...]:
        """All roles on a plan, the highest first; empty if it is everybody's.

        Raises:
            LocateError: if the scenario isn't found.
        """
        with self._db.read() as c:
            self._info(c, scenario_id)
            rows = c.execute(select(t.roles).where(t.roles.c.scenario_id == scenario_id)).all()
        found = (Role(r.user_id, r.role, r.given_by, datetime.fromisoformat(r.at)) for r in rows)
        return tuple(sorted(found, key=lambda r: (-ROLES.index(r.role), r.user_id)))

    def role_of(self, scenario_id: str, user_id: str) -> str:
        """One of `ROLES`; "owner" for everybody while nobody holds a role; "" for one who has none."""
        r = t.roles.c
        mine = select(func.max(r.role)).where(r.scenario_id == scenario_id, r.user_id == user_id).scalar_subquery()
        count = select(func.count()).where(r.scenario_id == scenario_id).scalar_subquery()
        with self._db.read() as c:
            held, all_of_them = c.execute(select(mine, count)).one()
        return str(held or "") if all_of_them else "owner"

    def require(self, scenario_id: str, user_id: str, action: str = "view") -> str:
        """Let a user do something, or refuse.

        Args:
            scenario_id: with which plan.
            user_id: who, told by the sign-in.
            action: one of `ACTIONS`.

        Returns:
            Their role.

        Raises:
            LocateError: if there is no such plan, or none they have a role on: both sound alike.
            RoleError: if their role doesn't allow it.
        """
        needed = ACTIONS[action]
        held = self.access(scenario_id, user_id)
        role = held.role if held.owned or not held.exists else "owner"
        if not role:
            raise LocateError("this scenario isn't found; choose one from the list")
        if ROLES.index(role) < ROLES.index(needed):
            raise RoleError(f"only {_NEEDS[needed]} of this plan may do this, you are {_NEEDS[role]}; ask its owner")
        return role

    def access(self, scenario_id: str, user_id: str, *, deleted: bool = False) -> Access:
        """How a user stands to a plan, by one question whatever the answer: it takes as long if there is no such plan.

        Args:
            scenario_id: which plan.
            user_id: who.
            deleted: look among the deleted plans too.
        """
        r, s = t.roles.c, t.scenarios.c
        mine = select(func.max(r.role)).where(r.scenario_id == s.id, r.user_id == user_id).scalar_subquery()
        count = select(func.count()).where(r.scenario_id == s.id).scalar_subquery()
        query = select(mine, count).where(s.id == scenario_id.replace("\0", "?"))
        with self._db.read() as c:
            row = c.execute(query if deleted else query.where(s.deleted_at.is_(None))).first()
        return Access(False) if row is None else Access(True, str(row[0] or ""), bool(row[1]))

    def seen_datasets(self, user_id: str, *, everybodys: bool = False, only: str = "") -> tuple[DatasetInfo, ...]:
        """Data sets a user uploaded, and those of plans they have a role on, newest first.

        Args:
            user_id: who.
            everybodys: also those that belong to nobody.
            only: id of the one that is asked for, "" = all.
        """
        d, s, r = t.datasets.c, t.scenarios.c, t.roles.c
        planned = (
            select(s.dataset_id)
            .join(t.roles, r.scenario_id == s.id)
            .where(r.user_id == user_id, s.dataset_id.is_not(None), s.deleted_at.is_(None))
        )
        theirs = d.owner == user_id if user_id else false()
        wanted = or_(theirs, d.id.in_(planned), d.owner == "") if everybodys else or_(theirs, d.id.in_(planned))
        query = select(t.datasets).where(wanted).order_by(d.created_at.desc(), d.id)
        if only:
            query = query.where(d.id == only.replace("\0", "?"))
        with self._db.read() as c:
            return tuple(dataset_info(row) for row in c.execute(query))

    def own_dataset(self, dataset_id: str, user_id: str) -> DatasetInfo:
        """Make a data set somebody's.

        Raises:
            LocateError: if there is no such data set.
            InputError: for a name that can't be stored.
        """
        owner = clean_text(user_id, "name of the user", 200, needed=True)
        with self._db.write() as c:
            c.execute(update(t.datasets).where(t.datasets.c.id == dataset_id).values(owner=owner))
        return self.dataset(dataset_id)

    def give_role(self, scenario_id: str, user_id: str, role: str, *, by: Person) -> None:
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
            seq = self._bump(c, scenario_id)
            c.execute(delete(t.roles).where(r.scenario_id == scenario_id, r.user_id == user))
            if role:
                row = {"scenario_id": scenario_id, "user_id": user, "role": role}
                c.execute(insert(t.roles).values(**row, given_by=clean_text(by.name, "author", 200), at=now()))
            self._has_owner(c, scenario_id)
            said = f"Made {user} {_NEEDS[role]}" if role else f"Took the role from {user}"
            self._log(c, scenario_id, seq, "role", role or "taken", said, by)

    def _has_owner(self, c: Connection, scenario_id: str) -> None:
        r = t.roles.c
        owners = select(func.count()).where(r.scenario_id == scenario_id, r.role == "owner")
        if not c.execute(owners).scalar():
            raise PlanError("a plan needs an owner; make somebody else its owner first")
