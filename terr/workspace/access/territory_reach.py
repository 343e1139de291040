"""Whose territory plans a person reads, edits and freezes: by their role on the plan, and their place on the roster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from terr.model.person import ROLES, Person
from terr.model.reps import Rep
from terr.workspace.access.roles import role_of
from terr.workspace.workspace import Workspace


def own_team(reps: Iterable[Rep], user_id: str) -> frozenset[str]:
    """Ids of the person with an email address on the roster, and of everybody under them."""
    people = tuple(reps)
    mine = {r.rep_id for r in people if user_id and r.email.casefold() == user_id.casefold()}
    while more := {r.rep_id for r in people if r.manager in mine} - mine:
        mine |= more
    return frozenset(mine)


@dataclass(frozen=True)
class TerritoryReach:
    """Codes of territories whose plans a person may use; None = all.

    Attributes:
        reads: they see; edits: they change; decides: they freeze and reopen.
    """

    reads: frozenset[int] | None
    edits: frozenset[int] | None
    decides: frozenset[int] | None

    def may_read(self, territory: int) -> bool:
        """Whether they see this territory's plan."""
        return self.reads is None or territory in self.reads

    def may_edit(self, territory: int) -> bool:
        """Whether they change it."""
        return self.edits is None or territory in self.edits

    def may_decide(self, territory: int) -> bool:
        """Whether they freeze and reopen it."""
        return self.decides is None or territory in self.decides


def territory_reach(ws: Workspace, scenario_id: str, person: Person) -> TerritoryReach:
    """What a person may do with the territory plans of a plan.

    Without a sign-in, and for its editors and owners: everything. A rep, known by the email on the roster, reads the
    plan of their own territories and, as a commenter, edits it; a manager those of everybody under them, and freezes
    these. Everybody else reads all of them.

    Raises:
        LocateError: if there is no such plan, or none they have a role on.
    """
    role = role_of(ws, scenario_id, person)
    if ROLES.index(role) >= ROLES.index("editor"):
        return TerritoryReach(None, None, None)
    whole = ws.whole
    info = whole.store.scenarios.get(scenario_id)
    reps = whole.store.reps.of(info.dataset_id) if info.dataset_id else ()
    team = own_team(reps, person.user_id)
    if not team:
        return TerritoryReach(None, frozenset(), frozenset())
    self_ids = {r.rep_id for r in reps if r.email.casefold() == person.user_id.casefold()}
    plan, _ = whole.plan(scenario_id)
    mine = frozenset(t.code for t in plan.territories if t.rep in team)
    under = frozenset(t.code for t in plan.territories if t.rep in team - self_ids)
    may = ROLES.index(role) >= ROLES.index("commenter")
    return TerritoryReach(mine, mine if may else frozenset(), under if may else frozenset())
