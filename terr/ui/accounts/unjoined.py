"""Customers of orders and other facts that have no account: matched, made accounts or left out, and undone."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from terr.model.progress import Progress
from terr.ui.accounts import corrections
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown, short
from terr.workspace.accounts import review
from terr.workspace.accounts.dataset import Dataset, Intake
from terr.workspace.facts import unjoined_customers as customers
from terr.workspace.facts.facts_upload import KIND_LABELS
from terr.workspace.facts.performance import FactSet
from terr.workspace.facts.unjoined_customers import CustomerDecision, CustomerMatch, UnjoinedCustomer
from terr.workspace.reports.downloads import CSV, safe_csv

_LISTED = 50


def customers_part(data: Dataset, facts: FactSet) -> None:
    """What has no account, most money first, with the likeliest account of each; and what was decided."""
    every = customers.unjoined_of(state.workspace(), data.key, facts)
    if every:
        _open(data, facts, every)
    _decided(data)


def _open(data: Dataset, facts: FactSet, every: Sequence[UnjoinedCustomer]) -> None:
    st.markdown(f"**{count(len(every), 'customer')} without an account** · {markdown(_sums(facts, every))}")
    shown = every[: customers.SHOWN]
    found = customers.suggested_of(state.workspace(), data.key, shown, data.accounts)
    st.dataframe(
        _table(data, facts, shown, found),
        hide_index=True,
        width="stretch",
        height=min(300, 38 + 35 * len(shown)),
        key=f"terr_unjoined_{data.info.id}",
        column_config={"Rows": st.column_config.NumberColumn(format="localized", width="small")},
    )
    if len(every) > len(shown):
        st.caption(f"The {len(shown):,} with most money are shown; the others come up as these are decided.")
    label = {u.customer: _label(facts, u) for u in shown}
    picked = st.multiselect(
        "Customers",
        list(label),
        format_func=lambda c: label.get(c, str(c[1])),
        key=f"terr_unjoined_pick_{data.info.id}",
        placeholder="All of them",
        help="Nothing picked means all customers without an account.",
    )
    chosen = [u for u in every if u.customer in set(picked)] if picked else list(every)
    likely = [(u, m[0]) for u, m in zip(shown, found, strict=True) if m and (not picked or u.customer in set(picked))]
    row = st.container(horizontal=True)
    if row.button(
        f"Match {count(len(likely), 'customer')} as suggested",
        key="unjoined_match",
        icon=":material/link:",
        disabled=not likely,
        help=None if likely else "No account has a name or ID like these.",
    ):
        ids = data.accounts.frame["account_id"].astype(str)
        _decide(data, facts, [u.decided(str(ids.iloc[m.account])) for u, m in likely], "matched")
    if row.button(f"Make {count(len(chosen), 'account')}", key="unjoined_make", icon=":material/add_business:"):
        _make(data, chosen)
    if row.button(
        f"Leave out {count(len(chosen), 'customer')}",
        key="unjoined_leave",
        icon=":material/block:",
        help="Their rows count nowhere, and stay in the file.",
    ):
        _decide(data, facts, [u.decided() for u in chosen], "left out")
    row.download_button(
        "Download all (CSV)",
        lambda: safe_csv(_table(data, facts, every, [()] * len(every)).drop(columns=["May be", "Why"])),
        "not-joined.csv",
        CSV,
        icon=":material/download:",
        on_click="ignore",
        key=f"unjoined_csv_{data.info.id}",
    )
    if len(picked) == 1:
        _by_hand(data, facts, chosen[0])


def _by_hand(data: Dataset, facts: FactSet, one: UnjoinedCustomer) -> None:
    """Any account for one customer, found by name or ID."""
    text, choice, button = st.columns([1.2, 2, 0.8], vertical_alignment="bottom")
    asked = text.text_input("Find its account", value=one.name or one.key, key=f"terr_unjoined_find_{one.customer[1]}")
    frame = data.accounts.frame
    label = {
        str(frame["account_id"].iloc[k]): " · ".join(
            str(t) for t in (frame[c].iloc[k] for c in ("name", "city", "state", "account_id")) if str(t)
        )
        for k in customers.accounts_named(asked, data.accounts)
    }
    account = choice.selectbox(
        "Account",
        list(label),
        format_func=lambda i: label.get(i, i),
        key=f"terr_unjoined_to_{one.customer[1]}_{asked}",
        placeholder="No account has such a name or ID",
    )
    if button.button("Match", key="unjoined_to", type="primary", disabled=account is None, width="stretch"):
        _decide(data, facts, [one.decided(str(account))], "matched")


def _decide(data: Dataset, facts: FactSet, decisions: Sequence[CustomerDecision], word: str) -> None:
    ws, about = state.workspace(), {d.customer for d in decisions}
    sums = _sums(facts, [u for u in customers.unjoined_of(ws, data.key, facts) if u.customer in about])

    def work() -> bool:
        customers.decide_customers(ws, data.info.id, decisions)
        return True

    if attempt(work):
        state.say(f"{count(len(decisions), 'customer')} {word}: {sums}.")
        state.end_runs()  # it was of other figures
    st.rerun()


def _make(data: Dataset, chosen: Sequence[UnjoinedCustomer]) -> None:
    ws, rows = state.workspace(), [u.account for u in chosen]

    def work(progress: Progress) -> Intake:
        return review.add_customers(ws, data.info.id, rows, progress=progress)

    corrections.act(data, "", work)


def _decided(data: Dataset) -> None:
    """What was decided, the newest first; each can be undone."""
    decisions = customers.decisions_in(data.info.mapping)[::-1]
    if not decisions:
        return
    ids = data.accounts.frame["account_id"].astype(str)
    names = dict(zip(ids, data.accounts.frame["name"].astype(str), strict=True))
    with st.expander(f"Decided: {count(len(decisions), 'customer')}", icon=":material/undo:"):
        if st.button("Undo all", key="unjoined_undo_all"):
            _undo(data, decisions)
        for n, one in enumerate(decisions[:_LISTED]):
            text, button = st.columns([5, 1], vertical_alignment="center")
            whose = f"**{markdown(one.name or one.key)}**" + (f" ({markdown(one.key)})" if one.name and one.key else "")
            now = f"{markdown(names.get(one.account, 'an account that is gone'))} ({markdown(one.account)})"
            text.markdown(f"{whose} is {now}" if one.account else f"{whose} is left out")
            if button.button("Undo", key=f"unjoined_undo_{n}", width="stretch"):
                _undo(data, [one])
        if len(decisions) > _LISTED:
            st.caption(f"and {len(decisions) - _LISTED:,} earlier ones")


def _undo(data: Dataset, decisions: Sequence[CustomerDecision]) -> None:
    ws = state.workspace()

    def work() -> bool:
        customers.undo_customers(ws, data.info.id, [d.customer for d in decisions])
        return True

    if attempt(work):
        state.say(f"{count(len(decisions), 'decision')} undone.")
        state.end_runs()
    st.rerun()


def _table(
    data: Dataset,
    facts: FactSet,
    shown: Sequence[UnjoinedCustomer],
    found: Sequence[tuple[CustomerMatch, ...]],
) -> pd.DataFrame:
    frame = data.accounts.frame
    best = [m[0] if m else None for m in found]
    return pd.DataFrame(
        {
            "ID": [u.key for u in shown],
            "Name": [u.name for u in shown],
            "Rows": [sum(u.rows.values()) for u in shown],
            "Amount": [_amounts(facts, [u]) for u in shown],
            "May be": [
                "" if m is None else f"{frame['name'].iloc[m.account]} ({frame['account_id'].iloc[m.account]})"
                for m in best
            ],
            "Why": ["" if m is None else m.why for m in best],
        }
    )


def _label(facts: FactSet, one: UnjoinedCustomer) -> str:
    named = f"{one.name} ({one.key})" if one.name and one.key else one.name or one.key
    return markdown(f"{named}, {_amounts(facts, [one])}")


def _sums(facts: FactSet, chosen: Sequence[UnjoinedCustomer]) -> str:
    rows = sum(sum(u.rows.values()) for u in chosen)
    return f"{count(rows, 'row')}, {_amounts(facts, chosen)}"


def _amounts(facts: FactSet, chosen: Sequence[UnjoinedCustomer]) -> str:
    """The money by kind: currencies and kinds aren't added up."""
    sums = customers.amounts_of(chosen)
    parts = [f"{KIND_LABELS[k].casefold()} {short(v, facts.by_kind[k].facts.currency)}" for k, v in sums.items() if v]
    return ", ".join(parts) or "no amounts"
