"""Dividing a target on the Quotas page: methods and limits at the left, every quota with its parts at the right."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import SYMBOLS, count, full, markdown, number, percent, sentence, short
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas import planning
from terr.workspace.quotas.dividing import QuotaRules, QuotaWeights
from terr.workspace.quotas.planning import QuotaDraft, QuotaRequest

_METHODS = {
    "history": "History",
    "trend": "Trend",
    "potential": "Potential",
    "equal": "Equal parts",
}
_PARTS = {**_METHODS, "ramp": "Capacity", "workload": "Workload", "limits": "Floors and caps", "rounding": "Rounding"}


def show_divide(shown: PlanSnapshot) -> None:
    """The form, the quotas, and the proposal."""
    left, right = st.columns([1, 2.6], gap="large")
    with left:
        request = _form(shown)
    if request is None:
        return
    if request.target <= 0:
        right.info(
            "Type the company target to divide it. With orders, or a revenue column, Terr suggests one and knows each "
            "territory's last period.",
            icon=":material/flag:",
        )
        return
    with right:
        try:
            draft = planning.draft_quotas(state.workspace(), shown, request)
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
            return
        _figures(draft, shown.currency)
        _table(draft, shown.currency)
        _managers(draft, shown.currency)
        for note in (*draft.quotas.notes, *draft.keyed.notes):
            st.caption(f":material/info: {markdown(note)}")
    _propose(shown, draft)


def _form(shown: PlanSnapshot) -> QuotaRequest | None:
    usual = planning.usual_request(shown, planning.today())
    sid = shown.info.id
    a, b = st.columns([1.6, 1])
    target = a.number_input(
        "Company target",
        0.0,
        1e12,
        usual.target or None,
        10_000.0,
        "%.0f",
        key=f"quota_target_{sid}",
        placeholder="Amount",
    )
    period = b.text_input("Period", usual.period, key=f"quota_period_{sid}", help="2027, 2027-Q1 or 2027-03")
    st.markdown("**Divide by**")
    weights = {
        name: st.slider(
            label, 0, 100, round(100 * usual.weights.shares()[name]), 5, key=f"quota_{name}_{sid}", format="%d%%"
        )
        for name, label in _METHODS.items()
    }
    a, b = st.columns(2)
    floor = a.number_input(
        "Floor, % of last period",
        0.0,
        1000.0,
        _percent(usual.rules.floor),
        5.0,
        key=f"quota_floor_{sid}",
        placeholder="No floor",
    )
    cap = b.number_input(
        "Cap, % of last period",
        0.0,
        1000.0,
        _percent(usual.rules.cap),
        5.0,
        key=f"quota_cap_{sid}",
        placeholder="No cap",
    )
    step = a.number_input(
        "Round to",
        0.01,
        1e9,
        usual.rules.step,
        100.0,
        "%.0f" if usual.rules.step >= 1 else "%.2f",
        key=f"quota_step_{sid}",
    )
    over = b.number_input(
        "Over-assignment, %",
        0.0,
        100.0,
        100 * (usual.over - 1),
        1.0,
        "%.1f",
        key=f"quota_over_{sid}",
        help="Reps together are asked for this much more than the target; managers for the target",
    )
    eased = st.toggle(
        "Less for high workload",
        usual.rules.workload > 0,
        key=f"quota_workload_{sid}",
        help="Each quota times mean hours / own hours, before floors and caps; hours are calls by tier and travel",
    )
    rated = st.toggle(
        "Potential by ratings",
        usual.rated,
        key=f"quota_rated_{sid}",
        help="Each territory's potential times its mean rating on page Review / the mean of all rated ones",
    )
    try:
        rules = QuotaRules(
            None if floor is None else floor / 100, None if cap is None else cap / 100, step, 1.0 if eased else 0.0
        )
        return QuotaRequest(
            target or 0.0,
            period,
            QuotaWeights(**{k: v / 100 for k, v in weights.items()}),
            rules,
            1 + over / 100,
            rated,
        )
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return None


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _figures(draft: QuotaDraft, currency: str) -> None:
    a, b, c = st.columns([1.7, 1, 1])  # a sum to the dollar stands whole on the smallest window
    a.metric("Sum of quotas", markdown(f"{_symbol(currency)}{full(draft.quotas.total)}"), help="The target to the cent")
    known = [r.chance for r in draft.reached if r.chance is not None]
    b.metric(
        "Likely to be reached",
        f"{sum(c >= 0.5 for c in known):,} of {len(known):,}" if known else "–",
        help="Quotas with a chance of 50% or more, from like periods of history",
    )
    outside = planning.outside_band(draft)
    c.metric("Outside a fair band", f"{len(outside):,}", help="Quota / potential more than 20% from the median")
    if outside:
        st.caption(f":material/flag: {markdown(', '.join(outside[:8]))}")


def _symbol(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} " if currency else "")


def _table(draft: QuotaDraft, currency: str) -> None:
    rows = []
    used = [p for p in _PARTS if any(r.parts.get(p) for r in draft.quotas.rows)]
    for k, (row, rep, one) in enumerate(zip(draft.quotas.rows, draft.keyed.reps, draft.reached, strict=True)):
        line = {
            "Territory": row.key,
            "Rep": "–" if rep is None else rep.name,
            "Quota": row.quota,
            "Last period": row.last,
            "vs. last": _percent(one.of_last),
            "of potential": _percent(one.of_potential),
            "Chance": _percent(one.chance),
        }
        if draft.deals is not None:
            line |= {"Open deals": draft.deals.open[k], "Won": draft.deals.won[k], "Coverage": one.coverage}
        rows.append(line | {_PARTS[p]: row.parts.get(p, 0.0) for p in used})
    c = st.column_config
    money = {
        n: c.NumberColumn(format=f"{_symbol(currency)}%,.0f")
        for n in ("Quota", "Last period", "Open deals", "Won", *(_PARTS[p] for p in used))
    }
    shares = {n: c.NumberColumn(format="%.0f%%") for n in ("vs. last", "of potential", "Chance")}
    shares["Coverage"] = c.NumberColumn(
        format="%.1fx", help="Open deals to be decided by the end of the period / what is still to be won"
    )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        width="stretch",
        height=min(600, 38 + 35 * len(rows)),
        key="terr_quotas",
        column_config=money | shares,
    )
    st.caption("Each quota is the sum of its parts: the last columns, from the first method on.")


def _managers(draft: QuotaDraft, currency: str) -> None:
    if not draft.managers:
        return
    told = "; ".join(
        f"{m.manager}: {short(m.quota, currency)} ({count(len(m.reps), 'territory', 'territories')}, street "
        f"{short(m.street, currency)})"
        for m in draft.managers
    )
    st.caption(f":material/account_tree: Managers: {markdown(told)}")
    if draft.request.over > 1:
        st.caption(
            f"Over-assignment {percent(100 * (draft.request.over - 1))}; quotas sum to {number(draft.quotas.total)}"
        )


def _propose(shown: PlanSnapshot, draft: QuotaDraft) -> None:
    refused = state.needs("propose")
    with st.form("propose_quotas", border=False):
        a, b, c = st.columns([1.4, 2.6, 1], vertical_alignment="bottom")
        title = a.text_input("Title", f"Quotas for {draft.period.name}", max_chars=200, key="quota_title")
        reason = b.text_input("Reason", max_chars=400, key="quota_reason", placeholder="What changed, and why")
        if c.form_submit_button(
            "Propose quotas", type="primary", disabled=bool(refused), width="stretch", help=markdown(refused) or None
        ):
            ws = state.workspace()
            planning.propose_quotas(ws, shown.info.id, draft, title, reason, state.person())
            if not state.needs("edit"):
                planning.remember_request(ws, shown.info.id, draft.request)
            state.say("Proposed. See Versions to accept or reject it.")
            st.rerun()
