"""Last year and forecast beside the balance, when a person asks for them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.live import plan_parts
from terr.ui.session import state
from terr.view.text import money_format
from terr.workspace.accounts import dataset
from terr.workspace.performance.outlook import account_years, has_orders, territory_years, years_key
from terr.workspace.plan.snapshot import PlanSnapshot

KEY = "terr_years"


def choose(shown: PlanSnapshot, place: Any) -> None:
    """The switch, where the plan's data set has orders."""
    if has_orders(state.workspace(), shown.info.dataset_id):
        place.toggle(
            "Last year and forecast",
            key=KEY,
            on_change=plan_parts.draw,
            args=(plan_parts.PANEL,),
            help="Sales of the last 12 months and the forecast of the next 12, in the table of territories",
        )


def columns(shown: PlanSnapshot) -> tuple[pd.DataFrame, str] | None:
    """The two columns of the table and their format; None if nobody asked, or while they are worked out."""
    ws = state.workspace()
    if not st.session_state.get(KEY) or not has_orders(ws, shown.info.dataset_id):
        return None
    data = dataset.dataset(ws, shown.info.dataset_id)
    made = window_jobs.worked_out("plan_years", years_key(ws, data), lambda progress: account_years(ws, data, progress))
    return None if made is None else (territory_years(shown, made), money_format(made.currency))
