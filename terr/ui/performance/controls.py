"""What the Performance page is to show: groups, period and basis, with one line that says what is measured."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import distinct, markdown
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.facts.performance import FactSet
from terr.workspace.performance.grouping import Grouping, choices, group_by
from terr.workspace.performance.kpis import KIND_TITLES, missing
from terr.workspace.performance.periods import LENGTHS, NamedPeriod, period_text, periods_of
from terr.workspace.performance.report import BASES, currency_of
from terr.workspace.scenarios.tree import plans


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a person chose to see.

    Attributes:
        data: the data set; facts: its facts.
        plan: the plan in view, None without one.
        grouping, period, basis: see `terr.workspace.performance.report`.
        length: of the period, one of `LENGTHS`.
        key: another one whenever any of it differs.
    """

    data: Dataset
    facts: FactSet
    plan: ScenarioInfo | None
    grouping: Grouping
    period: NamedPeriod
    basis: str
    length: str
    key: tuple[object, ...]

    @property
    def currency(self) -> str:
        """ISO code of the money, "" where none is known."""
        return currency_of(self.facts, self.data.accounts)

    @property
    def dark(self) -> bool:
        """Whether the page is dark."""
        return bool(st.context.theme.type == "dark")


def facts_in_hand(data: Dataset) -> FactSet | None:
    """The facts of the data set; None while they are read, or where there are none, which the page then says."""
    ws = state.workspace()
    kept = facts_kept(ws, data.info.id)
    if not kept:
        st.info(
            "Performance is measured from facts with dates. Import one or more of these files on the Accounts page.",
            icon=":material/table:",
        )
        for kind, brings in missing(()):
            st.markdown(f"- **{markdown(kind.capitalize())}**: {markdown(', '.join(brings).lower())}")
        st.caption("Each row needs the ID or the name of an account, and a date. A CRM's own export will do.")
        return None
    key = data.key, tuple(k.revision for k in kept)
    return window_jobs.worked_out(
        "performance_facts", key, lambda _: fact_set_of(ws, data.info.id, data.accounts), stop="Stop"
    )


def choose(data: Dataset, facts: FactSet) -> Chosen:
    """Draw the choices, and say in a line what is measured."""
    ws = state.workspace()
    revisions = tuple(k.revision for k in facts_kept(ws, data.info.id))
    every = [p for p in plans(ws) if p.dataset_id == data.info.id]
    offered = choices(data.accounts, facts, len(every), data.reps)
    row = st.columns([1.2, *([1.3] if every else []), 1.1, 1.6, 1.3], vertical_alignment="bottom")
    by = row[0].selectbox("Group by", list(offered), format_func=lambda k: offered[k], key="terr_perf_by")
    plan = None
    if every:
        names = distinct({p.id: p.name for p in every})
        ids = list(names)
        current = state.scenario_id()
        at = ids.index(current) if current in ids else 0
        picked = row[1].selectbox(
            "Plan", ids, index=at, format_func=lambda i: names[i], key=f"terr_perf_plan_{current}", help=_PLAN
        )
        plan = every[ids.index(picked)]
    length = row[-3].selectbox("Period", list(LENGTHS), key="terr_perf_length")
    periods = periods_of(facts, length)
    titles = distinct({k: p.title for k, p in enumerate(periods)})
    at = row[-2].selectbox(
        "From – to" if length == "12 months" else markdown(length),
        list(titles),
        format_func=lambda k: titles[k],
        key=f"terr_perf_period_{length}",
    )
    period = periods[at]
    basis = row[-1].selectbox(
        "Basis", list(BASES), format_func=lambda b: BASES[b], index=0, key="terr_perf_basis", help=_BASIS
    )
    grouping = group_by(ws, data, facts, by, plan)
    rev = ws.rev(plan.id) if plan is not None else 0
    key = (data.key, revisions, by, plan.id if plan else "", rev, str(period.period), basis)
    _say(period, basis, facts)
    return Chosen(data, facts, plan, grouping, period, basis, length, key)


_PLAN = "Whose territories are measured, and drawn on the map"
_BASIS = (
    "Territories are judged by the accounts they have now, whoever owned these then. Reps are judged by what they did "
    "themselves: by the rep that each order or deal names."
)
_SAID = {
    "accounts": "Orders, deals and activities count for the group their account is in **today**, whoever had it then.",
    "owner": "Orders, deals and activities count for the rep **they name**, else for their account's group.",
}


def _say(period: NamedPeriod, basis: str, facts: FactSet) -> None:
    """The basis and both periods, in a line."""
    has = ", ".join(k for k in KIND_TITLES if k in facts.by_kind)
    st.caption(
        f"{markdown(period_text(period.period))}, beside {markdown(period_text(period.period.before))}. "
        f"{_SAID[basis]} Measured from {markdown(has)}."
    )
