"""Fragments that turn errors of ours into one line, wherever they are rerun from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from terr.errors import ConflictError, TerrError
from terr.ui.session import state
from terr.ui.session.garbage import GARBAGE
from terr.view.text import markdown

_SORRY = (
    "Something went wrong here, and nothing you saved is affected. Reload the page; if it happens again, the details "
    "are in the window Terr was started from."
)


def guarded(body: Callable[..., None]) -> Callable[..., None]:
    """The same function, which shows an error as a line instead of raising it."""

    @wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            body(*args, **kwargs)
        except TerrError as error:
            st.error(markdown(str(error)), icon=":material/error:")
        except Exception as error:  # noqa: BLE001 (a fragment is rerun outside the shell's own guard)
            state.log_trouble(body.__qualname__, error)
            st.error(_SORRY, icon=":material/error:")
        finally:
            GARBAGE.ask()

    return run


def attempt(action: Callable[[], Any]) -> Any:
    """Do something a person asked for; an error becomes a line after the rerun, and a conflict shows the newest plan.

    Returns:
        What the action returns, None if it failed.
    """
    try:
        return action()
    except ConflictError as error:
        state.say(str(error))
        state.at_newest()
    except TerrError as error:
        state.say(str(error))
    return None
