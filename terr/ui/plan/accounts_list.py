"""The accounts of a territory, or of one county or ZIP, as a table that can be sorted and downloaded."""

from __future__ import annotations

import streamlit as st

from terr.ui.session import dialogs, state
from terr.view.text import SYMBOLS, count, markdown
from terr.workspace.live import cards
from terr.workspace.overlays.coverage import role_columns
from terr.workspace.plan.plan_settings import whys_of
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot

NAME = "accounts"


def ask(territory: int, unit: int = -1) -> None:
    """Have the accounts of a territory or unit shown."""
    dialogs.open_dialog(NAME, unit, territory)


@st.dialog("Accounts", width="large", on_dismiss=dialogs.close)
def accounts_table(unit: int, territory: int) -> None:
    """The accounts of one unit or territory; -1 = none."""
    shown = plan_snapshot(state.workspace(), str(state.get("scenario")))
    where = _title(shown, unit, territory)
    if not where:
        st.info("This territory no longer exists.", icon=":material/info:")
        return
    whys = whys_of(state.workspace(), shown.info)
    roles = role_columns(state.workspace(), shown)
    frame = cards.accounts_table(shown, cards.accounts_in(shown, unit=unit, territory=territory), whys, roles)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{markdown(where)}** · {count(len(frame), 'account')}")
    right.download_button(
        "Download CSV",
        cards.accounts_csv(frame),
        f"{where}.csv",
        "text/csv",
        icon=":material/download:",
        width="stretch",
        key="accounts_csv",
        disabled=frame.empty,
        on_click="ignore",
    )
    symbols = {m: SYMBOLS.get(c, "") for m, c in shown.accounts.currency}
    st.dataframe(
        frame,
        key="accounts_table",
        hide_index=True,
        height=480,
        column_config={
            m: st.column_config.NumberColumn(format="$%,.0f" if symbols.get(m) == "$" else "localized")
            for m in shown.accounts.measures
        },
    )


def _title(shown: PlanSnapshot, unit: int, territory: int) -> str:
    if 0 <= unit < len(shown.units):
        return str(shown.units.names[unit])
    return shown.plan.territory(territory).name if territory in shown.plan.codes else ""
