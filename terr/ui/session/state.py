"""What one window remembers, and the doors to what all windows share."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from terr.errors import LocateError, RoleError
from terr.model.person import Person
from terr.ui.access import signin
from terr.view.text import markdown
from terr.workspace import Workspace
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import dataset as datasets
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.design.solver_pool import SolverPool, start_pool
from terr.workspace.live import presence
from terr.workspace.live.map_events import WindowState

log = logging.getLogger("terr")
_VISITOR = "terr_visitor"
RUNS = (
    "advice",
    "book_design",
    "causes",
    "design",
    "design_proof",
    "explain",
    "proof",
    "situation",
    "sweep",
    "trade",
    "visits",
)
"""Names under which work in the background is kept in a window."""


def log_trouble(what: str, error: Exception) -> None:
    """Log where an unforeseen error came from, without its message: that may quote accounts."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed: %s\n%s", what, type(error).__name__, where)


@st.cache_resource(show_spinner="Opening your plans …")
def shared() -> Workspace:
    """The one workspace of this process, without anybody's limits: never for what a person asked for."""
    made = Workspace()
    made.sign_in = signin.setup().on
    return made


def visitor() -> signin.Visitor:
    """Who is at this window; found out once in each run of a page, which asks dozens of times."""
    here = get_script_run_ctx(suppress_warning=True)
    if here is None:
        return _visitor()
    known: tuple[object, signin.Visitor] | None = getattr(here, _VISITOR, None)
    if known is None or known[0] is not here.cursors:  # another run begins with cursors of its own
        known = here.cursors, _visitor()
        setattr(here, _VISITOR, known)
    return known[1]


def _visitor() -> signin.Visitor:
    made = signin.setup()
    if not made.on:
        return signin.Visitor(signin.ME)
    if made.problem:
        return signin.Visitor(None, f"The sign-in isn't set up yet: {made.problem}.")
    return signin.visitor(st.user.to_dict())


def person() -> Person:
    """Who is at this window.

    Raises:
        RoleError: if they have to sign in first.
    """
    found = visitor()
    if found.person is None:
        raise RoleError(found.why or "Sign in first; reload the page.")
    return found.person


def workspace() -> Workspace:
    """The workspace as the person at this window may see it.

    Raises:
        RoleError: if they have to sign in first.
    """
    who = person()
    whole = shared()
    if whole.sign_in != bool(who.user_id):  # the secrets were changed while the app runs
        raise RoleError("The sign-in settings changed. Restart Terr.")
    return for_person(whole, who)


@st.cache_resource(show_spinner=False)
def pool() -> SolverPool:
    """The solver's worker processes, started and warmed once so that the first click need not wait."""
    return start_pool()


def author() -> str:
    """Name of who edits: of the sign-in, else what they said in the workshop, else "me"."""
    who = person()
    return who.name if who.user_id else str(get("together_name") or who.name)


def known_as() -> tuple[str, ...]:
    """What others call whoever sits here as long as they say no name; they may have edited under it."""
    return presence.names_of(str(get("window", "")))


def needs(action: str = "edit") -> str:
    """Why the person here may not do something with the open plan, and whom to ask; "" if they may."""
    sid = get("scenario")
    return roles.needs(workspace(), sid, person(), action) if sid else ""


def get(name: str, default: Any = None) -> Any:
    """A value of this window."""
    return st.session_state.get(f"terr_{name}", default)


def put(name: str, value: Any) -> None:
    """Keep a value of this window."""
    st.session_state[f"terr_{name}"] = value


def drop(*names: str) -> None:
    """Forget values of this window."""
    for name in names:
        st.session_state.pop(f"terr_{name}", None)


def scenario_id() -> str | None:
    """The open scenario: this window's, else the one the address names. None if there is none or it is gone."""
    wanted = get("scenario") or st.query_params.get("scenario")
    if not wanted:
        return None
    try:
        workspace().scenario(wanted)
    except LocateError as error:
        close_scenario()
        drop("gone_on")
        put("gone", str(error))
        return None
    if get("scenario") != wanted:
        open_scenario(wanted)
    if st.query_params.get("scenario") != wanted:
        st.query_params["scenario"] = wanted
    return str(wanted)


def open_scenario(wanted: str) -> None:
    """Make a scenario the open one."""
    put("scenario", wanted)
    info = workspace().scenario(wanted)
    put("dataset", info.dataset_id)
    plan, rev = workspace().plan(wanted)
    before: WindowState | None = get("seen")
    tiles = before is not None and before.tiles  # for as long as the window lives, whichever plan is open
    put("seen", WindowState(rev=rev, active=plan.codes[0] if plan.codes else -1, tiles=tiles))
    _forget()


def use_dataset(dataset_id: str) -> None:
    """Make a data set the one in hand; a plan of another one is closed (it stays under Scenarios)."""
    sid = get("scenario")
    if sid and workspace().scenario(sid).dataset_id != dataset_id:
        close_scenario()
    put("dataset", dataset_id)
    drop("roster_error", "roster_issues")


def close_scenario() -> None:
    """No scenario is open any more."""
    drop("scenario", "seen")
    _forget()
    if "scenario" in st.query_params:
        del st.query_params["scenario"]


def _forget() -> None:
    """Forget what was about the plan that was open, and stop what is being worked out for it."""
    end_runs()
    drop("fly", "marked", "sent", "plan_file_error", "plan_file_id")


def end_runs() -> None:
    """Stop and forget what is being worked out for the open plan."""
    for name in RUNS:
        run = get(name)
        if run is not None:
            run.job.cancel()
    drop("preview", "proposal", *RUNS)


def window_state() -> WindowState:
    """What this window has shown of the open scenario; an active territory that is gone gives way to the first."""
    now: WindowState = get("seen")
    plan, _ = workspace().plan(str(get("scenario")))
    if now.active != -1 and now.active not in plan.codes:
        now = replace(now, active=plan.codes[0] if plan.codes else -1)
        put("seen", now)
    return now


def at_revision(rev: int) -> None:
    """This window now shows revision `rev`."""
    put("seen", replace(window_state(), rev=rev))


def at_newest() -> None:
    """This window now shows the newest revision of the open plan, if it showed any."""
    sid = get("scenario")
    if sid and get("seen") is not None:
        at_revision(workspace().rev(sid))


def dataset_in_hand() -> Dataset | None:
    """The data set to work with: the open plan's, else the one chosen here, else the newest; None without any."""
    ws = workspace()
    found = datasets.in_hand(ws, scenario_id(), get("dataset"))
    if not found:
        return None
    put("dataset", found)
    return datasets.dataset(ws, found)


def say(text: str) -> None:
    """A line that appears once, after the rerun."""
    if text:
        put("toasts", [*get("toasts", []), text])


def show_said() -> None:
    """Show the lines of `say`."""
    for text in get("toasts", []):
        st.toast(markdown(text), icon=":material/info:", duration="short")
    drop("toasts")


def choose(code: int) -> None:
    """Make a territory the active one."""
    put("seen", replace(window_state(), active=code))


def fly_to(units: list[int]) -> None:
    """Move the map's view to some units at the next rerun."""
    put("fly", {"nonce": uuid4().hex, "units": units} if units else None)


def mark(units: Iterable[int]) -> None:
    """Outline some units on the map and move its view to them, until something else is looked at."""
    codes = [int(u) for u in units]
    put("marked", codes)
    fly_to(codes)
