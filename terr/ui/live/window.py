"""This window's place in the workshop: its ticket, its person, and what its map is told of both."""

from __future__ import annotations

from typing import Any

from terr.errors import TerrError
from terr.model.person import Person
from terr.ui.session import state
from terr.workspace.access import roles
from terr.workspace.live import broadcast, presence
from terr.workspace.live.presence import PresentPerson, WindowToken
from terr.workspace.plan.snapshot import PlanSnapshot

NAME = "together_name"


def window_token() -> WindowToken:
    """This window's ticket for the open plan; made at the first call."""
    ws, sid = state.workspace(), str(state.get("scenario"))
    old = presence.TICKETS.find(state.get("ticket", ""))
    who = state.person()
    name = who.name if who.user_id else state.get(NAME) or ("" if old is None else old.person.name)
    made = presence.TICKETS.issue(
        ws, sid, Person(who.user_id, name), old="" if old is None else old.token, window=state.get("window", "")
    )
    state.put("ticket", made.token)
    state.put("window", made.window)
    if made.person.name:
        state.put(NAME, made.person.name)
    return made


def me() -> Person:
    """Who sits here, as the others know them."""
    return presence.signed(window_token())


def named() -> bool:
    """Whether they said a name."""
    return bool(window_token().person.name)


def say_name(name: str) -> None:
    """Take the name a person typed; the others see it at once."""
    state.put(NAME, name.strip()[:40])
    here = window_token()
    presence.present_people(here.ws, here.scenario_id).rename(here.window, here.person)


def present() -> tuple[PresentPerson, ...]:
    """Everyone who is here."""
    sid = state.get("scenario")
    return presence.people(state.workspace(), str(sid)) if sid else ()


def with_others() -> bool:
    """Whether somebody else is here."""
    return len(present()) > 1


def has_line() -> bool:
    """Whether this window's map hears of edits by itself."""
    token = presence.TICKETS.find(state.get("ticket", ""))
    return token is not None and presence.present_people(token.ws, token.scenario_id).has(token.window)


def ask_to_present(on: bool) -> None:
    """Tell the map at its next redraw to present, or to stop."""
    state.put("present", (on, state.get("present", (False, 0))[1] + 1))


def for_map(shown: PlanSnapshot) -> dict[str, Any]:
    """What the map needs to work with others."""
    here = window_token()
    return {
        "ticket": here.token,
        "name": here.person.name,
        "seq": shown.info.seq,
        "crowd": broadcast.crowd(presence.present_people(here.ws, here.scenario_id).people()),
        "may": may(),
        "present": list(state.get("present", (False, 0))),
    }


def may() -> str:
    """ "edit", "propose" or "view": the most this person may do with the plan."""
    here = window_token()
    try:
        role = roles.role_of(here.ws, here.scenario_id, here.person)
    except TerrError:
        return "view"
    return {"owner": "edit", "editor": "edit", "commenter": "propose"}.get(role, "view")
