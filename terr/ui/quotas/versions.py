"""Versions of quotas on the Quotas page: proposed, accepted, rejected, discussed, and as files."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import full, markdown, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas import files, planning
from terr.workspace.quotas.planning import QuotaVersion

_ICONS = {"proposed": ":material/pending:", "accepted": ":material/check_circle:"}


def show_versions(shown: PlanSnapshot) -> None:
    """Every set of quotas, the newest first."""
    versions = planning.quota_versions(state.workspace(), shown.info.id, shown.reps)
    if not versions:
        st.info("No quotas yet. Divide a target under Quotas and propose them.", icon=":material/flag:")
        return
    if message := state.get("quota_error"):
        st.error(markdown(sentence(message)), icon=":material/error:")
    for version in versions:
        icon = _ICONS.get(version.state, ":material/cancel:")
        opened = version is versions[0]
        with st.expander(
            f"{icon} {markdown(f'{version.title} · {version.state} · {full(version.target)}')}", expanded=opened
        ):
            _version(shown, version)


def _version(shown: PlanSnapshot, version: QuotaVersion) -> None:
    said = f"{local(version.at)} · {version.by}" + (f" · {version.reason}" if version.reason else "")
    if version.decided_by:
        said += f" · {version.state} by {version.decided_by}" + (f": {version.decision}" if version.decision else "")
    st.caption(markdown(said))
    rows = [(r.territory, r.rep or "–", r.quota, r.last) for r in version.rows]
    config = {n: st.column_config.NumberColumn(format="%,.0f") for n in ("Quota", "Last period")}
    st.dataframe(
        pd.DataFrame(rows, columns=["Territory", "Rep", "Quota", "Last period"]),
        hide_index=True,
        placeholder="–",
        width="stretch",
        key=f"quota_rows_{version.id}",
        column_config=config,
    )
    if version.hidden:
        st.caption(f":material/lock: {version.hidden:,} quotas of other people aren't shown.")
    if version.state == "proposed":
        _decide(shown, version)
    _downloads(shown, version)


def _decide(shown: PlanSnapshot, version: QuotaVersion) -> None:
    refused = state.needs("decide")
    a, b, c, d = st.columns([3, 1, 1, 1], vertical_alignment="bottom")
    why = a.text_input("Reason for the decision", key=f"quota_why_{version.id}", max_chars=400)
    for place, how, label in ((b, "accept", "Accept"), (c, "reject", "Reject"), (d, "withdraw", "Withdraw")):
        place.button(
            label,
            key=f"quota_{how}_{version.id}",
            type="primary" if how == "accept" else "secondary",
            disabled=bool(refused) and how != "withdraw",
            help=markdown(refused) or None,
            on_click=_settle,
            args=(shown.info.id, version.id, how, why),
            width="stretch",
        )


def _settle(scenario_id: str, version: int, how: str, why: str) -> None:
    state.drop("quota_error")
    try:
        planning.settle_quotas(state.workspace(), scenario_id, version, how, why, state.person())
    except TerrError as error:
        state.put("quota_error", str(error))
        return
    state.say({"accept": "Accepted.", "reject": "Rejected.", "withdraw": "Withdrawn."}[how])


def _downloads(shown: PlanSnapshot, version: QuotaVersion) -> None:
    if not version.rows:
        return
    monthly = planning.monthly_revenue(state.workspace(), shown, version.period)
    a, b, c, d = st.columns([1, 1, 1.4, 1.6], vertical_alignment="bottom")
    for place, kind, label in ((a, "xlsx", "Excel, by quarter"), (b, "csv", "CSV")):
        file = files.quota_file(version, kind, monthly)
        place.download_button(
            label,
            file.data,
            file.name,
            file.mime,
            key=f"quota_file_{kind}_{version.id}",
            width="stretch",
            on_click="ignore",
        )
    kind_id = d.text_input("ForecastingTypeId", key=f"quota_type_{version.id}", placeholder="From Salesforce Setup")
    try:
        file = files.quota_file(version, "salesforce", monthly, kind_id)
    except TerrError as error:
        c.caption(f"Salesforce: {markdown(str(error))}")
        return
    c.download_button(
        "Salesforce ForecastingQuota",
        file.data,
        file.name,
        file.mime,
        key=f"quota_file_sf_{version.id}",
        width="stretch",
        on_click="ignore",
    )
