"""Who covers what on the Reps page: today's reps, the best matching with reasons, swaps, locks and shared roles."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import distinct, markdown, number, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps.matching import FitWeights, TeamMatch, far_line

_PARTS = {
    "travel": "Short travel",
    "skills": "Skills",
    "relationships": "Keep relationships",
    "seniority": "Seniority",
}


def show_coverage(shown: PlanSnapshot) -> None:
    """The matching beside its settings."""
    settings = people.people_settings(shown.info)
    refused = state.needs("edit")
    left, right = st.columns([1, 3], gap="large")
    with left:
        settings = _settings(shown, settings, bool(refused))
    with right:
        try:
            found = people.match_plan(state.workspace(), shown, settings)
        except TerrError as error:
            st.info(markdown(sentence(str(error))), icon=":material/info:")
            return
        mine = people.own_quota_only(state.workspace(), shown.info.id, shown.reps)
        if mine is not None:  # why and miles tell where somebody lives
            found = replace(found, pairs=tuple(p for p in found.pairs if {p.rep_id, p.today_id} & mine))
        _summary(found, settings)
        _buttons(shown, found, bool(refused))
        _table(found)
        _leftover(found)
    _shared(shown, settings, bool(refused))


def _settings(shown: PlanSnapshot, kept: people.PeopleSettings, read_only: bool) -> people.PeopleSettings:
    st.markdown("**What counts**")
    weights = {
        name: st.slider(
            label,
            0.0,
            3.0,
            float(getattr(kept.weights, name)),
            0.25,
            key=f"fit_{name}_{shown.info.id}",
            help="At 1, a workday of driving counts as much as lacking every skill or losing every relationship.",
            disabled=read_only,
        )
        for name, label in _PARTS.items()
    }
    far = st.number_input(
        "Flag homes farther than (hours)", 0.5, 48.0, float(kept.far_hours), 0.5, key="fit_far", disabled=read_only
    )
    names = distinct({t.code: t.name for t in shown.plan.territories})
    locked = st.multiselect(
        "Keep today's rep in",
        [t.code for t in shown.plan.territories if t.rep],
        default=[c for c in map(int, kept.locks) if c in names and kept.locks[str(c)] == shown.plan.territory(c).rep],
        format_func=lambda c: names[c],
        key="fit_locks",
        disabled=read_only,
        placeholder="No locked pairs",
    )
    try:
        made = replace(
            kept,
            weights=FitWeights(**weights),
            far_hours=float(far),
            locks={str(c): shown.plan.territory(c).rep for c in locked},
        )
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return kept
    if made != kept and not read_only:
        people.save_people(state.workspace(), shown.info.id, made)
    return made


def _summary(found: TeamMatch, settings: people.PeopleSettings) -> None:
    new = [p for p in found.pairs if p.rep_id != p.today_id]
    gain = None if found.today_total is None else found.today_total - found.total
    if not new:
        st.success("Today's reps are the best match: no other assignment fits better overall.", icon=":material/check:")
    else:
        better = "" if gain is None else f"; together {number(gain, 1)} hours better than today's assignment"
        st.info(
            f"{len(new):,} of {len(found.pairs):,} territories fit another rep better{better}.",
            icon=":material/swap_horiz:",
        )
    if line := far_line(found, settings.far_hours):
        st.warning(markdown(line), icon=":material/distance:")


def _buttons(shown: PlanSnapshot, found: TeamMatch, read_only: bool) -> None:
    a, b, c, d = st.columns([1.2, 1.4, 1.4, 1], vertical_alignment="bottom")
    changed = any(p.rep_id != p.today_id for p in found.pairs)
    a.button(
        "Match all",
        type="primary",
        key="match_all",
        disabled=read_only or not changed,
        on_click=_match_all,
        args=(shown, found),
        width="stretch",
        help=markdown(state.needs("edit")) or "Give every territory its best rep, as one edit that undo takes back.",
    )
    names = distinct({t.code: t.name for t in shown.plan.territories})
    codes = list(names)
    if len(codes) < 2:
        return
    one = b.selectbox("Swap reps of", codes, format_func=lambda c: names[c], key="swap_a", disabled=read_only)
    other = c.selectbox("and", codes, index=1, format_func=lambda c: names[c], key="swap_b", disabled=read_only)
    d.button("Swap", key="swap", disabled=read_only, on_click=_swap, args=(shown, one, other), width="stretch")


def _match_all(shown: PlanSnapshot, found: TeamMatch) -> None:
    _do(
        lambda: people.apply_match(state.workspace(), shown.info.id, shown.rev, found, author=state.author()),
        "Matched.",
    )


def _swap(shown: PlanSnapshot, one: int, other: int) -> None:
    ws = state.workspace()
    _do(lambda: people.swap_reps(ws, shown.info.id, shown.rev, one, other, author=state.author()), "Swapped.")


def _do(act, said: str) -> None:  # type: ignore[no-untyped-def]
    try:
        act()
    except TerrError as error:
        state.say(sentence(str(error)))
        return
    state.at_newest()
    state.say(said)


def _table(found: TeamMatch) -> None:
    rows = [
        {
            "Territory": p.territory,
            "Best match": p.rep + (" (locked)" if p.locked else ""),
            "Today": p.today or "–",
            "Why": p.why,
            "Miles": p.miles,
            "Minutes": 60 * p.parts["travel_hours"] if p.miles is not None else None,
            "Fit cost, h": p.cost,
            "Next best": p.second or "–",
            "costs more, h": p.second_cost,
        }
        for p in found.pairs
    ]
    c = st.column_config
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        width="stretch",
        height=min(560, 38 + 35 * max(1, len(rows))),
        key="terr_match",
        column_config={
            "Why": c.TextColumn(width=300),
            "Miles": c.NumberColumn(format="%,.0f"),
            "Minutes": c.NumberColumn(format="%,.0f", help="One way, at the road factor and speed of Workload"),
            "Fit cost, h": c.NumberColumn(format="%.1f", help="Hours of driving; skills and relationships counted in"),
            "costs more, h": c.NumberColumn(format="%.1f", help="In all, with everybody else matched again"),
        },
    )
    with st.expander("Reasons in full", icon=":material/chat:"):
        for p in found.pairs:
            st.markdown(f"**{markdown(p.territory)}**, {markdown(p.rep)}: {markdown(p.why)}.")
    st.caption(f"Total {number(found.total, 1)} hours; proven that no assignment is below {number(found.bound, 1)}.")


def _leftover(found: TeamMatch) -> None:
    if found.left_territories:
        st.warning(f"No rep left for: {markdown(', '.join(found.left_territories[:12]))}", icon=":material/person_off:")
    if found.left_reps:
        st.info(f"Without a territory: {markdown(', '.join(found.left_reps[:12]))}", icon=":material/group:")
    for note in found.notes:
        st.caption(f":material/info: {markdown(note)}")


def _shared(shown: PlanSnapshot, settings: people.PeopleSettings, read_only: bool) -> None:
    """Further people on a territory: who, in which role, with which share."""
    others = [r for r in shown.reps if r.active and r.role not in ("manager",)]
    with st.expander("Shared roles (SDR, specialist, partner, support)", icon=":material/groups:"):
        names = {t.code: t.name for t in shown.plan.territories}
        called = distinct({r.rep_id: r.name for r in others})
        frame = pd.DataFrame(
            {
                "Territory": [names.get(s.territory, "") for s in settings.shared],
                "Person": [called.get(s.rep_id, "") for s in settings.shared],
                "Share %": [100 * s.share for s in settings.shared],
                "Start": pd.to_datetime([s.start for s in settings.shared]),
                "End": pd.to_datetime([s.end for s in settings.shared]),
            }
        ).astype({"Territory": object, "Person": object, "Share %": float})
        c = st.column_config
        edited = st.data_editor(
            frame,
            num_rows="fixed" if read_only else "dynamic",
            disabled=read_only,
            hide_index=True,
            placeholder="–",
            width="stretch",
            key=f"shared_roles_{shown.info.id}_{len(settings.shared)}",
            column_config={
                "Territory": c.SelectboxColumn(options=list(names.values()), required=True),
                "Person": c.SelectboxColumn(options=list(called.values()), required=True),
                "Share %": c.NumberColumn(min_value=1.0, max_value=100.0, default=100.0, format="%.0f%%"),
                "Start": c.DateColumn(),
                "End": c.DateColumn(),
            },
        )
        st.button(
            "Save shared roles",
            key="shared_save",
            disabled=read_only,
            on_click=_save_shared,
            args=(shown, settings, edited),
        )
        if message := state.get("shared_error"):
            st.error(markdown(sentence(message)), icon=":material/error:")


def _save_shared(shown: PlanSnapshot, settings: people.PeopleSettings, edited: pd.DataFrame) -> None:
    state.drop("shared_error")
    try:
        made = people.shared_from(shown, edited)
        people.save_people(state.workspace(), shown.info.id, replace(settings, shared=made))
    except TerrError as error:
        state.put("shared_error", str(error))
        return
    state.say("Saved the shared roles.")
