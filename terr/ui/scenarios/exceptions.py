"""The register of exceptions on page Scenarios: accounts that go to a territory or rep by name."""

from __future__ import annotations

import zlib
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from terr.model.scenario import ScenarioInfo
from terr.ui.scenarios import picker
from terr.ui.scenarios.tree import me
from terr.ui.session import state
from terr.ui.session.errors import attempt, guarded
from terr.view.text import count, distinct, markdown, percent, short
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan import named_accounts
from terr.workspace.plan.named_accounts import ExceptionRegister
from terr.workspace.scenarios import exceptions

_HELP = {
    "named": "Assigned to a specific territory or rep, whatever the map says",
    "holdover": "Stays with its current rep or territory until a date",
    "override": "Any other manual decision",
}


@guarded
def show_exceptions() -> None:
    """What stands, and how more is entered."""
    info = picker.plan("exceptions_plan")
    ws = state.workspace()
    shown = named_accounts.register(ws, info)
    n = len(shown.held)
    if shown.lines:
        st.markdown(
            f"**{count(n, 'account is', 'accounts are')} reassigned** · {percent(100 * shown.share)} of "
            f"{shown.accounts:,}. They count toward their territory on the Plan page, in files and in generated plans."
        )
    else:
        st.info(
            "No exceptions: every account belongs to the territory it is located in. Find accounts below to reassign "
            "them; that overrides the map.",
            icon=":material/person_pin:",
        )
    if later := shown.of("starts later"):
        st.caption(f"{count(len(later), 'exception starts', 'exceptions start')} on a later day; see the table.")
    if shown.warning:
        st.warning(markdown(shown.warning), icon=":material/warning:")
    if expired := shown.of("expired"):
        names = ", ".join(x.name or x.entry.what.account_id for x in expired[:5])
        st.warning(
            f"{count(len(expired), 'holdover has', 'holdovers have')} ended: "
            f"{markdown(names)}{' …' if len(expired) > 5 else ''}. Remove them, or add them again with a later date.",
            icon=":material/event_busy:",
        )
    for state_, words in (
        ("no territory", "point to a territory that is not in this plan"),
        ("account not found", "name an account that is not in the data"),
    ):
        if lost := shown.of(state_):
            st.warning(f"{count(len(lost), 'exception')} {words}; not applied.", icon=":material/help:")
    if shown.lines:
        _standing(info, shown)
    _enter(info)


def _standing(info: ScenarioInfo, shown: ExceptionRegister) -> None:
    frame = exceptions.table(shown)
    key = f"terr_register_{zlib.crc32(repr(frame['Account'].tolist()).encode()):08x}"
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(320, 38 + 35 * len(frame)),
        on_select="rerun",
        selection_mode="multi-row",
        key=key,
        column_config={
            "Entered": st.column_config.DatetimeColumn(format="MMM D, YYYY h:mm A", timezone=st.context.timezone),
        },
    )
    rows = [r for r in picked.selection.rows if r < len(frame)]
    accounts = frame["Account"].iloc[rows].tolist()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.text_input("Reason for removing", key="terr_end_reason", max_chars=1000, disabled=not rows)
    right.button(
        f"Remove {count(len(rows), 'exception')}" if rows else "Remove selected exceptions",
        key="end_exceptions",
        width="stretch",
        **picker.allowed(
            info,
            "except",
            "The accounts go back to the territory they are located in; history keeps the exceptions",
            off=not rows,
        ),
        on_click=lambda: _end(info.id, accounts),
    )


def _end(scenario_id: str, accounts: list[str]) -> None:
    reason = str(st.session_state["terr_end_reason"])
    ended = attempt(lambda: exceptions.end(state.workspace(), scenario_id, accounts, reason=reason, by=me()))
    if ended is not None:
        state.say(f"{count(int(ended), 'exception')} removed.")


def _enter(info: ScenarioInfo) -> None:
    """Find accounts, several at once, and say where they go, why and until when."""
    ws = state.workspace()
    st.markdown("**Reassign specific accounts**")
    text = st.text_input(
        "Find accounts by name or ID",
        key="terr_find_accounts",
        placeholder="Part of a name, or an ID; then check rows",
    )
    chosen: list[str] = state.get("by_name", [])
    if text.strip():
        found = exceptions.search(ws, info.dataset_id, text, info.measure)
        if found.empty:
            st.caption(f"No account matches “{markdown(text.strip())}”.")
        else:
            chosen = [*chosen, *(a for a in _hits(info, found) if a not in chosen)]
    picked = st.multiselect(
        "Accounts",
        chosen,
        default=chosen,
        key=f"terr_chosen_{zlib.crc32(repr(chosen).encode()):08x}",
        accept_new_options=True,
        placeholder="Checked above, or type IDs as in the file",
    )
    state.put("by_name", picked)
    _form(info, picked)


def _hits(info: ScenarioInfo, found: pd.DataFrame) -> list[str]:
    currency = dict(dataset(state.workspace(), info.dataset_id).accounts.currency).get(info.measure, "")
    frame = pd.DataFrame(
        {
            "Account": found["account_id"],
            "Name": found["name"],
            "Owner": found["owner"],
            info.measure: [short(v, currency) for v in found["value"]],
        }
    )
    event = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(220, 38 + 35 * len(frame)),
        on_select="rerun",
        selection_mode="multi-row",
        key=f"terr_hits_{zlib.crc32(repr(frame['Account'].tolist()).encode()):08x}",
    )
    return [found["account_id"].iloc[r] for r in event.selection.rows if r < len(found)]


def _form(info: ScenarioInfo, accounts: list[str]) -> None:
    ws = state.workspace()
    plan, _ = ws.plan(info.id)
    names = {r.rep_id: r.name for r in dataset(ws, info.dataset_id).reps}
    goals = {f"t{t.code}": t.name for t in plan.territories}
    goals |= {f"r{t.rep}": f"Rep {names.get(t.rep, t.rep)}" for t in plan.territories if t.rep}
    goals = distinct(goals)
    a, b, f, c = st.columns([1, 1.4, 1, 1], vertical_alignment="bottom")
    kind = a.selectbox(
        "Kind",
        list(exceptions.KIND_WORDS),
        format_func=lambda k: exceptions.KIND_WORDS[k],
        key="terr_exception_kind",
        help=" · ".join(f"{exceptions.KIND_WORDS[k]}: {v}" for k, v in _HELP.items()),
    )
    goal_key, since_key, until_key = f"terr_goes_to_{info.id}", "terr_exception_since", f"terr_until_{kind}"
    b.selectbox("Assign to", list(goals), format_func=lambda k: goals[k], key=goal_key)
    day = named_accounts.today()
    f.date_input(
        "Start date",
        None,
        min_value=day,
        format="MM/DD/YYYY",
        key=since_key,
        help="Leave empty to start now. What applies before that day applies again after the end date",
    )
    c.date_input(
        "End date",
        day + timedelta(days=90) if kind == "holdover" else None,
        min_value=day,
        format="MM/DD/YYYY",
        key=until_key,
        help="Required for a holdover; optional otherwise",
    )
    d, e = st.columns([3, 1], vertical_alignment="bottom")
    d.text_input("Reason", key="terr_exception_reason", max_chars=1000, placeholder="Headquarters in Dallas")
    e.button(
        f"Save {count(len(accounts), 'exception')}" if accounts else "Save",
        type="primary",
        key="enter_exceptions",
        width="stretch",
        **picker.allowed(info, "except", off=not accounts or not goals),
        on_click=lambda: _entered(info.id, accounts, goal_key, since_key, until_key),
    )


def _entered(scenario_id: str, accounts: list[str], goal_key: str, since_key: str, until_key: str) -> None:
    """Enter what the form holds when it is clicked: what was typed last may come together with the click."""
    form = st.session_state
    goal, since, until = str(form[goal_key]), form[since_key], form[until_key]

    def act() -> str:
        return exceptions.enter(
            state.workspace(),
            scenario_id,
            accounts,
            kind=str(form["terr_exception_kind"]),
            territory=int(goal[1:]) if goal.startswith("t") else None,
            rep=goal[1:] if goal.startswith("r") else "",
            since=since if isinstance(since, date) else None,
            until=until if isinstance(until, date) else None,
            reason=str(form["terr_exception_reason"]),
            by=me(),
        )

    said = attempt(act)
    if said is not None:
        state.put("by_name", [])
        form["terr_find_accounts"] = ""
        state.say(str(said))
