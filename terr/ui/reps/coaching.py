"""Training and coaching on the Reps page: who needs it and why, notes with a day, and every earlier state of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.model.person import Person
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, sentence
from terr.workspace.facts.groups import REP
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.performance.findings import standouts
from terr.workspace.performance.grouping import choices, group_by
from terr.workspace.performance.report import currency_of, default_period, performance_of
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps import coaching

_MOST_HISTORY = 20


def show_coaching(shown: PlanSnapshot, settings: people.PeopleSettings, refused: bool) -> None:
    """Needs, notes, and what they were."""
    ws = state.workspace()
    changes = coaching.coaching_changes(ws, shown)
    notes = coaching.coaching_notes(changes)
    names = {r.rep_id: r.name for r in shown.reps}
    opened = sum(not n.done for n in notes)
    title = f"Training and coaching ({opened:,} open)" if opened else "Training and coaching"
    with st.expander(title, icon=":material/school:", expanded=bool(opened)):
        needs = _needs(shown, settings, notes)
        for note in notes:
            _note(shown, note, names, refused)
        _add(shown, names, refused)
        left, right = st.columns([1.2, 4], vertical_alignment="center")
        if len(notes) or len(needs):
            left.download_button(
                "Download list (CSV)",
                coaching.coaching_csv(needs, notes, names),
                "coaching.csv",
                "text/csv",
                key="coach_csv",
                icon=":material/download:",
                width="stretch",
            )
        if message := state.get("coach_error"):
            right.error(markdown(sentence(message)), icon=":material/error:")
        _history(shown, changes, names, refused)


def _needs(
    shown: PlanSnapshot, settings: people.PeopleSettings, notes: tuple[coaching.CoachingNote, ...]
) -> pd.DataFrame:
    below = _below(shown)
    mine = people.own_quota_only(state.workspace(), shown.info.id, shown.reps)
    try:
        needs = coaching.coaching_needs(shown, settings, below or (), notes, mine)
    except TerrError as error:
        st.info(markdown(sentence(str(error))), icon=":material/info:")
        return pd.DataFrame(columns=["Rep", "Why", "Open note"])
    if len(needs):
        st.markdown("**Called for by a skill gap, or by a figure whose 90% interval lies below the team's**")
        st.dataframe(
            needs,
            hide_index=True,
            placeholder="–",
            width="stretch",
            height=min(300, 38 + 35 * len(needs)),
            key="terr_coaching",
            column_config={
                "Rep": st.column_config.TextColumn(width=150),
                "Why": st.column_config.TextColumn(width=620),
            },
        )
    elif below is not None:
        said = (
            "no figure of a rep lies clear below the team's"
            if facts_kept(state.workspace(), _data(shown))
            else ("figures are compared once orders, opportunities or activities are imported")
        )
        st.caption(f"Nobody lacks a skill that their territory needs; {said}.")
    return needs


def _data(shown: PlanSnapshot) -> str:
    return str(shown.info.dataset_id or "")


def _below(shown: PlanSnapshot) -> tuple[tuple[str, str], ...] | None:
    """(Rep, sentence) of figures clear below the team's; None while they are worked out."""
    ws, data = state.workspace(), state.dataset_in_hand()
    kept = facts_kept(ws, _data(shown)) if _data(shown) else ()
    if data is None or not kept:
        return ()

    def work(_: Progress) -> tuple[tuple[str, str], ...]:
        facts = fact_set_of(ws, data.info.id, data.accounts)
        if REP not in choices(data.accounts, facts, 0, data.reps):
            return ()
        report = performance_of(
            facts,
            group_by(ws, data, facts, REP),
            default_period(facts).period,
            "owner",
            currency_of(facts, data.accounts),
        )
        return tuple((s.key, s.text) for s in standouts(report) if not s.good)

    key = (data.key, tuple(k.revision for k in kept))
    return window_jobs.worked_out("coaching_figures", key, work, stop="Stop")


def _note(shown: PlanSnapshot, note: coaching.CoachingNote, names: dict[str, str], refused: bool) -> None:
    when = f" · by {note.due:%b %d, %Y}" if note.due else ""
    text = f"**{markdown(names.get(note.rep_id, note.rep_id))}**: {markdown(note.note)}{when}"
    left, edit, done = st.columns([5, 1, 1], vertical_alignment="center")
    left.markdown(f"~~{text}~~ · done" if note.done else text)
    with edit.popover("Edit", disabled=refused, width="stretch"):
        words = st.text_area("Note", note.note, key=f"coach_text_{note.key}", max_chars=400)
        due = st.date_input("Due", note.due, key=f"coach_due_{note.key}")
        day = due if not isinstance(due, tuple) else None
        changed = {"note": words, "due": day}
        st.button("Save note", key=f"coach_save_{note.key}", on_click=_change, args=(shown, note, changed, "Changed"))
        st.button(
            "Remove", key=f"coach_remove_{note.key}", on_click=_change, args=(shown, note, {"removed": True}, "Removed")
        )
    done.button(
        "Reopen" if note.done else "Done",
        key=f"coach_done_{note.key}",
        disabled=refused,
        on_click=_change,
        args=(shown, note, {"done": not note.done}, "Reopened" if note.done else "Finished"),
        width="stretch",
    )


def _change(shown: PlanSnapshot, note: coaching.CoachingNote, changed: dict[str, Any], said: str) -> None:
    state.drop("coach_error")
    try:
        coaching.change_coaching(state.workspace(), shown, replace(note, **changed), said, by=_by())
    except TerrError as error:
        state.put("coach_error", str(error))


def _by() -> Person:
    who = state.person()
    return who if who.user_id else Person("", state.author())


def _add(shown: PlanSnapshot, names: dict[str, str], refused: bool) -> None:
    with st.form("coach_form", clear_on_submit=True, border=False):
        a, b, c, d = st.columns([1.2, 3, 1, 0.8], vertical_alignment="bottom")
        who = a.selectbox("Rep", list(names), format_func=lambda i: names[i], key="coach_who")
        text = b.text_input("Note", key="coach_note", max_chars=400)
        due = c.date_input("Due", value=None, key="coach_due")
        if d.form_submit_button("Add", disabled=refused) and who:
            state.drop("coach_error")
            try:
                coaching.add_coaching(state.workspace(), shown, who, text, due, by=_by())
            except TerrError as error:
                state.put("coach_error", str(error))
            st.rerun()


def _history(
    shown: PlanSnapshot, changes: tuple[coaching.CoachingNote, ...], names: dict[str, str], refused: bool
) -> None:
    recorded = [c for c in changes if c.at.year > 1970]
    if not recorded:
        return
    newest = {c.key: c for c in changes}
    with st.popover(f"History ({count(len(recorded), 'change')})", icon=":material/history:"):
        for k, one in enumerate(reversed(recorded[-_MOST_HISTORY:])):
            left, right = st.columns([5, 1.2], vertical_alignment="center")
            who = markdown(names.get(one.rep_id, one.rep_id))
            left.markdown(
                f"{local(one.at)} · {markdown(one.by.name or 'me')} · {who}: {markdown(coaching.state_text(one))}"
            )
            if newest[one.key] is not one:
                right.button(
                    "Restore",
                    key=f"coach_back_{len(recorded) - k}",
                    disabled=refused,
                    on_click=_change,
                    args=(shown, one, {}, "Restored"),
                    width="stretch",
                )
