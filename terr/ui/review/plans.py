"""The list of plans up for review, and what each drifted by and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.view.text import date_text, markdown, percent, sentence, short, units_title
from terr.workspace.access import roles
from terr.workspace.accounts import next_extract
from terr.workspace.design import apply_result
from terr.workspace.design.problem import SolveTask
from terr.workspace.review import efficiency, repair
from terr.workspace.review.plan_reviews import ReviewedPlan

REPAIR_SECONDS = 8.0


def table(plans: Sequence[ReviewedPlan], today: date) -> pd.DataFrame:
    """One row per plan, as they stand in the list."""
    rows = []
    for p in plans:
        limit = 100 * p.info.tolerance
        now = "–" if p.drift is None else percent(100 * p.drift.deviation[1], limit=limit)
        was = "–" if p.drift is None or p.causes is None else percent(100 * p.drift.deviation[0], limit=limit)
        rows.append(
            {
                "Plan": p.info.name,
                "Status": _status(p),
                "Limit": f"±{limit:g}%",
                "Max deviation before": was,
                "Max deviation now": now,
                "Accounts": p.now,
                "Last review": date_text(p.last) if p.last is not None else "never",
                "Next review": date_text(p.due) + (" (due)" if p.due <= today else ""),
            }
        )
    return pd.DataFrame(rows)


def _status(plan: ReviewedPlan) -> str:
    if plan.drift is None:
        return "Not known"
    return "Nothing assigned" if plan.empty else "Over limit" if plan.over_limit else "Within limit"


def drift_part(plan: ReviewedPlan) -> None:
    """What changed since the accounts were last updated, by cause and territory, and the smallest repair."""
    if plan.drift is None:
        st.warning(markdown(sentence(plan.problem)), icon=":material/warning:")
        return
    st.markdown(f"**{markdown(plan.sentence)}.**")
    if plan.moved_since is not None:
        change = percent(100 * plan.moved_since, signed=True)
        st.caption(f"Max deviation changed by {change} of the target since the last review.")
    if plan.causes is None:
        st.caption("These accounts have one version only. Update them on Accounts to see what a newer file changes.")
    else:
        _causes(plan)
    _repair(plan)


def _causes(plan: ReviewedPlan) -> None:
    causes, worst = plan.causes, plan.drift.worst[0] if plan.drift is not None else ""
    if causes is None:
        return
    if worst and plan.over_limit:
        st.markdown(markdown(f"{worst}: {causes.sentence(worst)}."))
    counted = ", ".join(f"{n:,} {c.casefold()}" for c, n in causes.accounts.items())
    st.caption(
        markdown(f"From {plan.before} to {plan.now}: {counted} accounts. Before + new + gone + moved + changed = now.")
    )
    shown = causes.table.copy()
    for column in shown.columns[1:]:
        shown[column] = [short(v, causes.currency) for v in causes.table[column]]
    st.dataframe(shown, hide_index=True, width="stretch", key=f"terr_causes_{plan.info.id}")


def _repair(plan: ReviewedPlan) -> None:
    """The least change that brings the plan back, worked out when it is asked for."""
    ws, name = state.workspace(), f"repair_{plan.info.id}"
    may = roles.needs(ws, plan.info.id, state.person(), "edit")
    row = st.container(horizontal=True)
    if plan.newer and row.button(
        "Move to the newest accounts",
        key=f"review_move_{plan.info.id}",
        icon=":material/update:",
        disabled=bool(may),
        help=markdown(may) or "Territories, edits and undo stay; all amounts come from the newest file.",
    ):
        done = attempt(lambda: next_extract.move(ws, plan.info.id, plan.info.dataset_id, plan.newer))
        if done is not None:
            state.say(f"“{done.name}” has the newest accounts now.")
        st.rerun()
    if row.button("Find the smallest repair", key=f"review_repair_{plan.info.id}", icon=":material/build:"):
        _begin(plan, name)
        st.rerun()
    if row.button("Open the plan", key=f"review_open_{plan.info.id}", icon=":material/map:"):
        state.open_scenario(plan.info.id)
        st.query_params["scenario"] = plan.info.id
        navigation.switch("plan")
    window_jobs.follow(name, lambda result: state.put(f"{name}_found", (state.get(f"{name}_asked"), result)))
    found: tuple[SolveTask, Any] | None = state.get(f"{name}_found")
    if found is not None and not window_jobs.running(name):
        _found(plan, *found, may)


def _begin(plan: ReviewedPlan, name: str) -> None:
    state.drop(f"{name}_found")
    try:
        task = repair.repair_task(state.workspace(), plan)
        if task is None:
            state.say("There is nothing to repair: a plan needs two unlocked territories with areas")
            return
        state.put(f"{name}_asked", task)
        window_jobs.begin_solver(name, "rebalance", task, seed=1, time_limit_s=REPAIR_SECONDS)
    except TerrError as error:
        state.say(str(error))


def _found(plan: ReviewedPlan, task: SolveTask, result: Any, may: str) -> None:
    ws = state.workspace()
    if task.rev != plan.info.rev:
        st.caption("The plan was edited since; find the smallest repair again.")
        return
    found = repair.smallest_repair(ws, plan, task, result)
    st.markdown(f":material/build: {markdown(found.sentence)}")
    if not found.moves:
        return
    st.dataframe(
        pd.DataFrame(
            {
                units_title(plan.info.level): [m.unit for m in found.moves],
                "From": [m.origin for m in found.moves],
                "To": [m.target for m in found.moves],
                plan.info.measure: [m.load for m in found.moves],
            }
        ),
        hide_index=True,
        width="stretch",
        key=f"terr_repair_moves_{plan.info.id}",
        column_config={plan.info.measure: st.column_config.NumberColumn(format="localized")},
    )
    why = may or ("Move the plan to the newest accounts first" if plan.newer else "")
    if st.button(
        "Apply the repair",
        type="primary",
        key=f"review_apply_{plan.info.id}",
        disabled=bool(why),
        help=markdown(why) or "One edit; Undo takes it back.",
    ):
        done = attempt(lambda: apply_result.apply_moves(ws, task, result, author=state.author()))
        state.drop(f"repair_{plan.info.id}_found")
        if done is not None:
            state.say("The repair is applied.")
        st.rerun()


def efficiency_part(plan: ReviewedPlan) -> None:
    """Sales per planned hour beside the year before, by territory."""
    try:
        found = efficiency.sales_per_hour(state.workspace(), plan.info)
    except TerrError as error:
        st.warning(markdown(sentence(str(error))), icon=":material/warning:")
        return
    if found is None:
        st.info(
            "This needs orders, imported on Accounts beside the accounts, and territories that have accounts.",
            icon=":material/receipt_long:",
        )
        return
    if found.worse:
        of = f"{len(found.worse):,} of {len(found.table) - 1:,} territories"
        st.markdown(f"**{of} sell less per planned hour than the year before.**")
    else:
        st.markdown("**Every territory sells at least as much per planned hour as the year before.**")
    shown = found.table.copy()
    for column in ("Sales", "Sales before", "Per hour", "Per hour before"):
        shown[column] = ["–" if pd.isna(v) else short(v, found.currency) for v in found.table[column]]
    shown["At least as well"] = ["yes" if v else "no" for v in found.table["At least as well"]]
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key=f"terr_per_hour_{plan.info.id}",
        column_config={"Hours": st.column_config.NumberColumn("Planned hours", format="%.0f")},
    )
    st.caption(
        "Sales of the 12 months up to the newest order and of the 12 before, of the accounts each territory has today, "
        f"per hour the plan takes today. {markdown(found.assumption)}"
    )
