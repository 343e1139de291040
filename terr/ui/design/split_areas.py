"""Splitting areas that are too large: the button where the app says so, the new plan it opens, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from terr.ui.session import dialogs, state
from terr.ui.session.errors import attempt
from terr.view.text import markdown
from terr.workspace.design import split_plan
from terr.workspace.design.split_plan import SplitOffer
from terr.workspace.plan.snapshot import PlanSnapshot

_ICON = ":material/call_split:"
_OPENED = "split_opened"


def split_button(
    place: Any,
    sid: str,
    offer: SplitOffer,
    *,
    key: str,
    then: Callable[[str], None] | None = None,
    label: str = "",
    **look: Any,
) -> None:
    """A button that makes the split plan and opens it.

    Args:
        place: where it goes.
        sid: the plan to split; offer: what of it.
        key: of the widget.
        then: called with what was done once the new plan is open; by default the dialog that is open closes and the
            page says it.
        label: by default what the offer says.
        look: further looks of the button.
    """
    place.button(
        markdown(label or offer.label),
        key=key,
        icon=_ICON,
        help=markdown(
            f"A new plan with {'; '.join(offer.names[:6])} divided. Territories carry over; this plan stays."
        ),
        on_click=_split,
        args=(sid, offer, then),
        **look,
    )


def _split(sid: str, offer: SplitOffer, then: Callable[[str], None] | None) -> None:
    ws, person = state.workspace(), state.person()
    made = attempt(lambda: split_plan.split_plan(ws, sid, offer.level, by=person))
    if made is None:
        return
    _open(made.info.id)
    told = f"{made.sentence} Undo split goes back."
    if then is not None:
        then(told)
        return
    dialogs.close()
    state.say(told)


def _open(sid: str) -> None:
    state.open_scenario(sid)
    st.query_params["scenario"] = sid
    state.put(_OPENED, True)


def rerun_when_split() -> None:
    """Draw the whole page for the plan that was just opened; a click in a dialog draws the dialog only."""
    if state.get(_OPENED):
        state.drop(_OPENED)
        st.rerun()


def undo_button(place: Any, shown: PlanSnapshot, *, why: str) -> None:
    """Beside the actions of a plan that is a split of another: back to that one. `why` it can't be now, "" = it can."""
    origin = split_plan.split_from(state.workspace(), shown.info)
    if origin is None:
        return
    place.button(
        "Undo split",
        icon=":material/undo:",
        key="undo_split",
        disabled=bool(why),
        help=why or markdown(f"Back to {origin.name} as it was. This plan goes to the trash on the Scenarios page."),
        on_click=_undo,
        args=(shown.info.id,),
    )


def _undo(sid: str) -> None:
    ws = state.workspace()
    back = attempt(lambda: split_plan.undo_split(ws, sid))
    if back is not None:
        _open(back.id)
        state.say("The split is undone. The split plan is in the trash on the Scenarios page.")
