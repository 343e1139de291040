"""Who may do what with a plan: one question for every use case."""

from __future__ import annotations

from terr.store import Person
from terr.workspace.core import Workspace


def may(ws: Workspace, scenario_id: str, person: Person, action: str = "view") -> str:
    """Let a person do something with a plan, or refuse; see `terr.store.roles.ACTIONS`.

    Returns:
        Their role.

    Raises:
        LocateError: if there is no such plan, or none they have a role on.
        RoleError: if their role doesn't allow it.
    """
    return ws.store.require(scenario_id, person.user_id, action)
