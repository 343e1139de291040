"""Work in a thread beside the page: shown while it runs, taken in once when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from terr.errors import StoppedError, TerrError
from terr.ui.jobs import closed_windows
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.text import markdown
from terr.workspace.background_job import BackgroundJob

_SECONDS = 0.5
_SORRY = (
    "Something went wrong, and nothing you saved is affected. Try again; the details are in the window Terr was "
    "started from."
)


def begin_thread_job(name: str, start: Callable[[], BackgroundJob[Any]]) -> None:
    """Start a work and keep it in this window under a name; what came of an earlier one is forgotten.

    An error in starting it is kept like one that comes later.
    """
    state.drop(f"{name}_error", f"{name}_stopped")
    try:
        state.put(name, start())
    except TerrError as error:
        state.put(f"{name}_error", str(error))


def quick(
    name: str, start: Callable[[], BackgroundJob[Any]], done: Callable[[Any], None], *, wait_s: float = 1.5
) -> None:
    """The same as `begin`, but what is done within a moment is taken in at once, without a look at its progress."""
    begin_thread_job(name, start)
    work: BackgroundJob[Any] | None = state.get(name)
    if work is None:
        return
    closed_windows.follow(work)
    if work.wait(wait_s):
        state.drop(name)
        _take(name, work, done)


def running(name: str) -> bool:
    """Whether one of this name is at work in this window."""
    return state.get(name) is not None


def show_thread_job(name: str, done: Callable[[Any], None], *, stop: str = "Stop") -> None:
    """The progress of a work with a way to stop it, or the error it ended with; `done` is given what came of it.

    Only this part of the page is drawn again while it runs.
    """
    work: BackgroundJob[Any] | None = state.get(name)
    if work is not None:
        _watched(name, done, stop)
    if message := state.get(f"{name}_error"):
        st.error(markdown(message), icon=":material/error:")
    elif message := state.get(f"{name}_stopped"):
        st.info(markdown(message), icon=":material/pause_circle:")


def _watched(name: str, done: Callable[[Any], None], stop: str) -> None:
    @st.fragment(run_every=_SECONDS)
    @guarded
    def part() -> None:
        work: BackgroundJob[Any] | None = state.get(name)
        if work is None:
            return
        if work.done():
            state.drop(name)
            _take(name, work, done)
            st.rerun()
        now = work.progress()
        bar, button = st.columns([4, 1], vertical_alignment="center")
        bar.progress(now.fraction, text=markdown(now.stage))
        button.button(stop, key=f"{name}_stop", icon=":material/stop_circle:", width="stretch", on_click=work.cancel)

    part()


def _take(name: str, work: BackgroundJob[Any], done: Callable[[Any], None]) -> None:
    try:
        done(work.result())
    except StoppedError as error:
        state.put(f"{name}_stopped", str(error)[:1].upper() + str(error)[1:] + ".")
    except TerrError as error:
        state.put(f"{name}_error", str(error))
    except Exception as error:  # noqa: BLE001 (a person never sees a traceback)
        state.log_trouble(f"work {name}", error)
        state.put(f"{name}_error", _SORRY)
