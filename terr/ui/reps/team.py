"""Skills, size and fairness of the team on the Reps page."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.reps import fairness_change
from terr.ui.reps.coaching import show_coaching
from terr.ui.reps.evening import show_evening
from terr.ui.session import state
from terr.view.text import count, markdown, number, sentence, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas.planning import today
from terr.workspace.reps import assignment as people
from terr.workspace.reps import scorecard, team_size
from terr.workspace.reps.evening import EVENED


def show_skills(shown: PlanSnapshot) -> None:
    """What segments need, who has it, and what is missing."""
    settings = people.people_settings(shown.info)
    refused = bool(state.needs("edit"))
    st.markdown("**Skills that segments need, and the reps who have them**")
    needs = people.needs_of(shown, settings)
    left, right = st.columns([1, 2], gap="large")
    with left:
        frame = pd.DataFrame({"Segment": list(needs), "Skill": list(needs.values())}, dtype=object)
        edited = st.data_editor(
            frame,
            num_rows="fixed" if refused else "dynamic",
            disabled=refused,
            hide_index=True,
            placeholder="–",
            width="stretch",
            key=f"skill_needs_{shown.info.id}",
            column_config={
                "Segment": st.column_config.TextColumn(help="A value, or COLUMN:VALUE: Industry:Healthcare")
            },
        )
        words = st.text_input(
            "Same skill",
            ", ".join(f"{a}={b}" for a, b in settings.same_skills.items()),
            key="same_skills",
            placeholder="Med=Healthcare, ES=Spanish",
            help="Names of one skill, merged once",
            disabled=refused,
        )
        st.button(
            "Save", key="needs_save", disabled=refused, on_click=_save_needs, args=(shown, settings, edited, words)
        )
        if message := state.get("needs_error"):
            st.error(markdown(sentence(message)), icon=":material/error:")
    with right:
        _inventory(shown, settings)
    show_coaching(shown, settings, refused)


def _inventory(shown: PlanSnapshot, settings: people.PeopleSettings) -> None:
    try:
        found = scorecard.skill_needs(shown, settings)
    except TerrError as error:
        st.info(markdown(sentence(str(error))), icon=":material/info:")
        return
    if not found:
        st.info("No segment requires a skill yet. Add a row at the left.", icon=":material/info:")
        return
    rows = [
        {
            "Skill": n.skill,
            "Revenue": n.revenue,
            "Hours needed": n.hours,
            "Hours available": n.supply,
            "Missing": n.gap,
            "Who has it": ", ".join(n.reps) or "–",
        }
        for n in found
    ]
    c = st.column_config
    money = {name: c.NumberColumn(format="%,.0f") for name in ("Revenue",)}
    hours = {name: c.NumberColumn(format="%,.0f") for name in ("Hours needed", "Hours available", "Missing")}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        width="stretch",
        key="terr_skills",
        column_config=money | hours,
    )
    for n in found:
        if n.note:
            st.caption(f":material/warning: {markdown(n.note)}")


def _save_needs(shown: PlanSnapshot, settings: people.PeopleSettings, edited: pd.DataFrame, words: str) -> None:
    state.drop("needs_error")
    try:
        made = people.with_needs(shown, settings, edited, words)
        people.save_people(state.workspace(), shown.info.id, made)
    except TerrError as error:
        state.put("needs_error", str(error))
        return
    state.say("Saved what segments need.")


def show_size(data: Dataset, shown: PlanSnapshot | None) -> None:
    """Three methods side by side, every assumption a field, and a plan of hiring."""
    usual = team_size.SizeRequest()
    with st.expander("Assumptions", icon=":material/tune:", expanded=True):
        a, b, c, d = st.columns(4)
        hours = a.number_input(
            "Selling hours a year per rep", 100.0, 8784.0, usual.selling_hours, 50.0, key="size_hours"
        )
        margin = b.number_input("Margin, % of sales", 1.0, 100.0, 100 * usual.margin, 1.0, key="size_margin")
        cost = c.number_input("Cost of a rep a year", 1_000.0, 1e7, usual.cost, 5_000.0, key="size_cost")
        elastic = d.number_input(
            "Sales elasticity",
            0.01,
            0.99,
            usual.elasticity,
            0.01,
            key="size_elasticity",
            help="How much sales grow with reps; 0.31 is the mean of Albers, Mantrala and Sridhar (2010)",
        )
        edited = st.data_editor(
            team_size.calls_frame(data.accounts),
            hide_index=True,
            placeholder="–",
            disabled=["Tier", "Accounts"],
            key=f"size_calls_{data.info.id}",
        )
    try:
        request = team_size.request_from(edited, hours, margin / 100, cost, elastic)
        found = team_size.team_size(data.accounts, data.reps, request, today())
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    _methods(found)
    for note in found.notes:
        st.caption(f":material/info: {markdown(note)}")
    _hiring(data, found, shown)


def _methods(found: team_size.TeamSize) -> None:
    a, b, c, d = st.columns(4)
    a.metric(
        "Today", f"{number(found.capacity, 1)} full reps", help=f"{count(found.reps, 'rep')} with start, end and ramp"
    )
    b.metric("By workload", f"{number(found.workload.reps, 1)} reps", help="Talley 1961: accounts x calls x minutes")
    if found.potential is not None:
        c.metric(
            "By potential", f"{found.potential.reps:,} reps", help="Semlow 1959, fitted as Weinberg and Lucas 1977 ask"
        )
        if found.potential.note:
            c.caption(markdown(found.potential.note))
    else:
        c.caption(f"By potential: {markdown(found.why_not['potential'])}")
    if found.marginal is not None:
        d.metric("By marginal return", f"{found.marginal.reps:,} reps", help="Until one more costs more than it brings")
        d.caption(f"One more brings {short(found.marginal.next_margin)} and costs {short(found.marginal.cost)}")
    else:
        d.caption(f"By marginal return: {markdown(found.why_not['marginal'])}")
    if found.marginal is not None and found.marginal.reps > 2 * found.reps:
        d.caption("More than twice today's team: read it as more reps, not as a number")
    if found.potential is not None and found.reps > 2 * found.potential.reps:
        c.caption("Less than half of today's team: read it as fewer reps, not as a number")
    each = {t.tier: found.workload.each[t.tier] for t in found.tiers}
    words = "; ".join(f"{k or 'no tier'}: {number(v)}" for k, v in each.items() if v is not None)
    st.caption(f"Accounts that fill one rep, if all are of one tier: {markdown(words)}")


def _hiring(data: Dataset, found: team_size.TeamSize, shown: PlanSnapshot | None) -> None:
    with st.expander("Hiring plan by month", icon=":material/person_add:"):
        a, b, c = st.columns(3)
        goal = a.number_input(
            "Full reps needed", 0.0, 10_000.0, max(round(found.capacity, 1), 1.0), 0.5, key="hire_goal"
        )
        attrition = b.number_input("Reps who leave a year, %", 0.0, 90.0, 10.0, 1.0, key="hire_attrition")
        kept = people.PeopleSettings() if shown is None else people.people_settings(shown.info)
        text = c.text_input(
            "Ramp by month, %",
            ", ".join(f"{100 * s:g}" for s in kept.ramp),
            key="hire_ramp",
            help="Productivity of a new rep in each month; the last one stays",
        )
        try:
            ramp = team_size.ramp_from(text)
            frame = team_size.hiring_frame(data.reps, goal, attrition / 100, ramp, today())
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
            return
        if shown is not None and ramp != kept.ramp_profile and not state.needs("edit"):
            people.save_people(state.workspace(), shown.info.id, replace(kept, ramp=ramp.shares))
        config = {
            n: st.column_config.NumberColumn(format="%.2f") for n in ("Needed", "Today's reps", "New reps", "Short")
        }
        st.dataframe(frame, hide_index=True, placeholder="–", width="stretch", key="terr_hiring", column_config=config)


def show_fairness(shown: PlanSnapshot) -> None:
    """The scorecard by rep, per unit of capacity."""
    place, _ = st.columns([1, 5])
    day = place.date_input("Capacity as of", value=today(), key="fair_day")
    ws = state.workspace()
    mine = people.own_quota_only(ws, shown.info.id, shown.reps)
    quotas = (
        None if mine is None else {r.rep_id: r.quota for r in shown.reps if r.rep_id in mine and r.quota is not None}
    )
    card = scorecard.kept_scorecard(ws, shown, people.people_settings(shown.info), day, quotas)
    if not card.reps:
        st.info("No territory has a rep yet. Match reps under Who covers what.", icon=":material/info:")
        return
    rows = [
        {
            "Measure, per full rep": f.measure,
            "Max / min": f.max_min,
            "Variation": None if f.cv_pct is None else f.cv_pct,
            "Gini": f.gini,
            "Note": f.note,
        }
        for f in card.figures
    ]
    c = st.column_config
    left, right = st.columns([1, 1.2], gap="large")
    left.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        width="stretch",
        key="terr_fair",
        column_config={
            "Max / min": c.NumberColumn(format="%.2f"),
            "Variation": c.NumberColumn(format="%.1f%%", help="Coefficient of variation"),
            "Gini": c.NumberColumn(format="%.3f"),
        },
    )
    with right:
        st.markdown("**What stands out**")
        for flag in card.flags[:12] or ("Nothing: every measure is within 20% of even.",):
            st.markdown(f"- {markdown(flag)}")
    known = [f.measure for f in card.figures if f.measure in EVENED and f.cv_pct is not None]
    show_evening(shown, day, known, scorecard.least_even(card))
    fairness_change.show_change(shown, card, day, quotas)
    money = ("Potential", "Revenue", "Quota")
    config = {n: c.NumberColumn(format="%,.0f") for n in money}
    config |= {n: c.NumberColumn(format="%,.0f") for n in ("Hours", "Travel hours", "Accounts", "A accounts")}
    config |= {n: c.NumberColumn(format="percent") for n in ("Capacity", "Quota / potential")}
    st.dataframe(
        card.table, hide_index=True, placeholder="–", width="stretch", key="terr_fair_reps", column_config=config
    )
    for note in card.notes:
        st.caption(f":material/info: {markdown(note)}")
