"""This window's place in the workshop: its ticket, its person, and what its map is told of both."""

from __future__ import annotations

from typing import Any

from terr.errors import TerrError
from terr.store import Person
from terr.ui import state
from terr.workspace import broadcast, roles, together
from terr.workspace.board import Board
from terr.workspace.together import Present, Ticket

NAME = "together_name"


def ticket() -> Ticket:
    """This window's ticket for the open plan; made at the first call."""
    ws, sid = state.workspace(), str(state.get("scenario"))
    old = together.TICKETS.find(state.get("ticket", ""))
    who = state.person()
    name = who.name if who.user_id else state.get(NAME) or ("" if old is None else old.person.name)
    made = together.TICKETS.issue(
        ws, sid, Person(who.user_id, name), old="" if old is None else old.token, window=state.get("window", "")
    )
    state.put("ticket", made.token)
    state.put("window", made.window)
    if made.person.name:
        state.put(NAME, made.person.name)
    return made


def me() -> Person:
    """Who sits here, as the others know them."""
    return together.signed(ticket())


def named() -> bool:
    """Whether they said a name."""
    return bool(ticket().person.name)


def say_name(name: str) -> None:
    """Take the name a person typed; the others see it at once."""
    state.put(NAME, name.strip()[:40])
    here = ticket()
    together.company(here.ws, here.scenario_id).rename(here.window, here.person)


def present() -> tuple[Present, ...]:
    """Everyone who is here."""
    sid = state.get("scenario")
    return together.people(state.workspace(), str(sid)) if sid else ()


def with_others() -> bool:
    """Whether somebody else is here."""
    return len(present()) > 1


def has_line() -> bool:
    """Whether this window's map hears of edits by itself."""
    token = together.TICKETS.find(state.get("ticket", ""))
    return token is not None and together.company(token.ws, token.scenario_id).has(token.window)


def ask_to_present(on: bool) -> None:
    """Tell the map at its next redraw to present, or to stop."""
    state.put("present", (on, state.get("present", (False, 0))[1] + 1))


def for_map(shown: Board) -> dict[str, Any]:
    """What the map needs to work with others."""
    here = ticket()
    return {
        "ticket": here.token,
        "name": here.person.name,
        "seq": shown.info.seq,
        "crowd": broadcast.crowd(together.company(here.ws, here.scenario_id).people()),
        "may": may(),
        "present": list(state.get("present", (False, 0))),
    }


def may() -> str:
    """ "edit", "propose" or "view": the most this person may do with the plan."""
    here = ticket()
    try:
        role = roles.role_of(here.ws, here.scenario_id, here.person)
    except TerrError:
        return "view"
    return {"owner": "edit", "editor": "edit", "commenter": "propose"}.get(role, "view")
