"""The row of actions above the map."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from terr.model.books.book_units import BookUnits
from terr.ui.design import books, generate, split_areas
from terr.ui.layers import overlays
from terr.ui.plan import accounts_list, tables, territory_dialogs
from terr.ui.session import dialogs, navigation, state
from terr.view.text import count, markdown, unit_noun
from terr.workspace import levels
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot

_READ_ONLY = {accounts_list.NAME: accounts_list.accounts_table}


def row(shown: PlanSnapshot, *, busy: bool) -> None:
    """What this plan is, and what can be done with it as a whole; nothing while a proposal waits (`busy`), nor for
    those who may only look."""
    why = markdown(state.needs("edit")) or ("Apply or discard the preview first" if busy else "")
    closed = bool(why)
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="terr_plan_bar")
    line.markdown(
        f"**{markdown(levels.heading(shown.info, brief=True))}** · {markdown(tables.heading(shown, preview=busy))}",
        width="stretch",
    )
    if shown.plan.territories and line.button(
        "What happened?",
        icon=":material/alt_route:",
        key="situations",
        disabled=busy,
        help="A rep leaves or is hired, territories merge or split: options with reasons",
    ):
        navigation.switch("situations")
    key, start = _generator(shown)
    line.button(
        "Generate",
        type="primary",
        icon=":material/auto_awesome:",
        key=key,
        disabled=closed,
        help=why or None,
        on_click=start,
        args=(shown,),
    )
    line.button(
        "New",
        icon=":material/add:",
        key="new",
        disabled=closed,
        on_click=territory_dialogs.new_territory,
        help=why or "Create an empty territory and assign areas on the map",
    )
    for label, icon, name, said in (
        ("Territories", "edit", "manage", "Rename, assign a rep, lock, merge, delete"),
        ("Paste a list", "checklist", "by_list", "Move or lock areas by name or code"),
        ("Balance", "tune", "measure", "Choose the measure to balance and the limit"),
        ("Overlays", "layers", overlays.NAME, "Second roles over these accounts: SDRs, specialists, partners"),
    ):
        line.button(
            label,
            icon=f":material/{icon}:",
            key=name,
            disabled=closed,
            help=why or said,
            on_click=dialogs.open_dialog,
            args=(name,),
        )
    split_areas.undo_button(line, shown, why=why)
    territory_dialogs.close_when_done()
    dialogs.show(_READ_ONLY if closed else _READ_ONLY | _EDITING)


def _generator(shown: PlanSnapshot) -> tuple[str, Callable[[PlanSnapshot], None]]:
    """Key and action of the button that generates: for areas, for books, or a choice where the plan has both."""
    if not isinstance(shown.units, BookUnits):
        return "generate", _generate
    if not shown.units.n_areas:
        return "generate_books", _generate_books
    return "generate", _generate_layer if shown.units.loose.any() else _generate


def _generate_books(_: PlanSnapshot) -> None:
    dialogs.open_dialog("generate_books")


def _generate_layer(_: PlanSnapshot) -> None:
    dialogs.open_dialog("generate_layer")


@st.dialog("Generate", on_dismiss=dialogs.close)
def generate_layer() -> None:
    """Which layer of a plan with areas and books is to be divided."""
    shown = plan_snapshot(state.workspace(), str(state.get("scenario")))
    units = shown.units
    if not isinstance(units, BookUnits):
        return
    areas = f"{units.n_areas:,} {unit_noun(units.areas.level if units.areas else '', units.n_areas)}"
    books_too = count(int(units.loose.sum()), "account")
    st.caption("One layer is divided at a time; the others stay as they are.")
    picked = st.button(
        f"Areas: {areas}",
        key="generate_areas",
        icon=":material/map:",
        width="stretch",
        on_click=_generate,
        args=(shown,),
    ) or st.button(
        f"Books: {books_too}",
        key="generate_books",
        icon=":material/group_work:",
        width="stretch",
        on_click=_generate_books,
        args=(shown,),
    )
    if picked:
        st.rerun()


def _generate(shown: PlanSnapshot) -> None:
    generate.begin(shown)
    dialogs.open_dialog("generate")


_EDITING = {
    "generate": generate.generate,
    "generate_books": books.generate,
    "generate_layer": generate_layer,
    "manage": territory_dialogs.manage,
    "by_list": territory_dialogs.by_list,
    "measure": territory_dialogs.measure,
    overlays.NAME: overlays.overlays,
}
