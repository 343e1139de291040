"""Who may do what with a plan. Without a sign-in there is one person, who may do all.

Use cases need not ask: the store a person reaches asks for them (see `terr.workspace.access.guarded_store`).
"""

from __future__ import annotations

import os
from contextlib import suppress

from terr.errors import LocateError, RoleError
from terr.model.person import ROLES, Person, Role
from terr.model.scenario import ScenarioInfo
from terr.workspace.access.email import clean_address
from terr.workspace.workspace import Workspace

ADMINS = "TERR_ADMINS"
"""Environment: e-mail addresses of those who may take over plans that belong to nobody."""

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
"archive": take off the lists; "give": roles; "rename": and change what is measured."""

WORDS = {
    "viewer": "look at this plan",
    "commenter": "comment on this plan and propose changes",
    "editor": "edit this plan",
    "owner": "do everything with this plan",
}
"""What a role allows, after "You can"."""

_RIGHTS = {"commenter": "to comment", "editor": "to edit", "owner": "to do this"}


def admins() -> frozenset[str]:
    """Who may take over plans that belong to nobody."""
    return frozenset(os.environ.get(ADMINS, "").replace(",", " ").lower().split())


def role_of(ws: Workspace, scenario_id: str, person: Person, *, deleted: bool = False) -> str:
    """A person's role on a plan. An administrator has an owner's on a plan that belongs to nobody.

    Raises:
        LocateError: if there is no such plan, or none they have a role on: both sound alike and take as long.
    """
    whole = ws.whole
    held = whole.store.roles.access(scenario_id, person.user_id, deleted=deleted)
    if not whole.sign_in and held.exists:
        return "owner"
    if held.role and person.user_id:
        return held.role
    if held.exists and not held.owned and person.user_id and person.user_id in admins():
        return "owner"
    raise LocateError("this plan isn't found; choose one from the list")


def may(ws: Workspace, scenario_id: str, person: Person, action: str = "view") -> str:
    """Let a person do something with a plan, or refuse.

    Args:
        ws: the workspace, whole or somebody's.
        scenario_id: which plan.
        person: who, told by the sign-in.
        action: one of `ACTIONS`.

    Returns:
        Their role.

    Raises:
        LocateError: if there is no such plan, or none they have a role on.
        RoleError: if their role doesn't allow it; it says what they may do and whom to ask.
    """
    role = role_of(ws, scenario_id, person)
    if refused := refusal(ws, scenario_id, role, action):
        raise RoleError(refused)
    return role


def can(ws: Workspace, scenario_id: str, person: Person, action: str = "view") -> bool:
    """Whether a person may do something with a plan."""
    return not needs(ws, scenario_id, person, action)


def needs(ws: Workspace, scenario_id: str, person: Person, action: str = "edit") -> str:
    """Why a person may not do something, and whom to ask, for a line or a tooltip; "" if they may."""
    try:
        may(ws, scenario_id, person, action)
    except (LocateError, RoleError) as error:
        return str(error)
    return ""


def refusal(ws: Workspace, scenario_id: str, role: str, action: str) -> str:
    """Why a role doesn't allow an action, and whom to ask; "" if it does."""
    least = ACTIONS[action]
    if ROLES.index(role) >= ROLES.index(least):
        return ""
    names = []
    with suppress(LocateError):  # it may be deleted
        names = [one.user_id for one in ws.whole.store.roles.of(scenario_id) if one.role == "owner"]
    whom = " or ".join(names[:3]) or "its owner"
    return f"You can {WORDS[role]}; ask {whom} for the right {_RIGHTS[least]}."


def people(ws: Workspace, scenario_id: str, person: Person) -> tuple[Role, ...]:
    """Who has which role on a plan, the highest first.

    Raises:
        LocateError: if there is no such plan, or none they have a role on.
    """
    may(ws, scenario_id, person)
    return ws.whole.store.roles.of(scenario_id)


def give(ws: Workspace, scenario_id: str, person: Person, address: str, role: str) -> None:
    """Give somebody a role in place of an earlier one; "" takes it away. One may always give up one's own.

    Raises:
        LocateError: if there is no such plan, or none they have a role on.
        RoleError: if only an owner may do it.
        InputError: for an address or a role that isn't one.
        PlanError: if the plan would be left without an owner.
    """
    user = clean_address(address)
    leaves = not role and user == person.user_id
    may(ws, scenario_id, person, "view" if leaves else "give")
    ws.whole.store.roles.give(scenario_id, user, role, by=person)


def nobodys(ws: Workspace, person: Person) -> tuple[ScenarioInfo, ...]:
    """Plans made before sign-in was set up, for an administrator; () for anybody else."""
    if not ws.whole.sign_in or person.user_id not in admins():
        return ()
    store = ws.whole.store
    plans = store.scenarios.find(user_id=person.user_id, include_archived=True)
    return tuple(info for info in plans if not store.roles.access(info.id, person.user_id).owned)


def take_over(ws: Workspace, scenario_id: str, person: Person) -> None:
    """Make an administrator the owner of a plan that belongs to nobody, and of its data set if that does too.

    Raises:
        LocateError: if there is no such plan for them.
        RoleError: if somebody owns it, or they are no administrator.
    """
    may(ws, scenario_id, person, "give")
    store = ws.whole.store
    if person.user_id not in admins() or store.roles.access(scenario_id, person.user_id).owned:
        raise RoleError("this plan has an owner; only plans that belong to nobody can be taken over")
    store.roles.give(scenario_id, person.user_id, "owner", by=person)
    info = store.scenarios.get(scenario_id)
    if info.dataset_id and not store.datasets.get(info.dataset_id).owner:
        store.datasets.give_to(info.dataset_id, person.user_id)
