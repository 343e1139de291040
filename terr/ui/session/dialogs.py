"""The one dialog a window has open: it stays until the person closes it, whatever is drawn anew around it.

A dialog that is called where its button is read lasts only until the next run; an edit of somebody else, or the map's
first message, would close it, and a click on its button is lost if such a run begins before the button is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from terr.ui.session import state

_OPEN = "dialog"


def open_dialog(name: str, *values: Any) -> None:
    """Have a dialog shown, with what it is about; takes the place of another."""
    state.put(_OPEN, (state.get("scenario"), name, values))


def close() -> None:
    """No dialog is open any more; what `on_dismiss` of each must call."""
    state.drop(_OPEN)


def show(dialogs: Mapping[str, Callable[..., None]]) -> None:
    """Draw the one that is open, if it is among these and of the open plan."""
    sid, name, values = state.get(_OPEN, (None, "", ()))
    if name in dialogs and sid == state.get("scenario"):
        dialogs[name](*values)
