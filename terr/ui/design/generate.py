"""Generate: what is asked, what will happen, in words, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from terr.errors import TerrError
from terr.model.result import Explanation
from terr.ui.design import design_run, generate_options
from terr.ui.session import state
from terr.view.text import markdown, sentence
from terr.workspace.design import apply_result, form, preview_text
from terr.workspace.design.form import DesignForm
from terr.workspace.design.request import SHAPE_WORDS, WORDS, to_json
from terr.workspace.plan import plan_settings
from terr.workspace.plan.new_plan import suggested_count
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot

_HELP = {
    "balance": "How much to even loads out within the limit. Off: within the limit is good enough.",
    "shape": "How much short ways count. Low gives in to the other two sooner.",
    "keep": "How much it counts that accounts stay where they are today. Off: territories are drawn from nothing.",
}


def begin(shown: PlanSnapshot) -> None:
    """Take what was asked last as what the drawer opens with."""
    state.put("gen_from", (uuid4().hex[:8], form.draft_of(shown, suggested_count(shown))))
    state.drop("gen_shares", "gen_groups")


@st.dialog("Generate territories", width="medium")
def generate() -> None:
    """Ask for number, measure, limit, priorities and all that is behind More; start the design."""
    sid = str(state.get("scenario"))
    shown = plan_snapshot(state.workspace(), sid)
    nonce, draft = state.get("gen_from")
    left, right = st.columns(2)
    most = min(500, len(shown.units))
    k = left.number_input(
        "Number of territories", min_value=1, max_value=most, value=min(most, draft.territories), key="gen_k"
    )
    tolerance = right.number_input(
        "Limit: load within ± % of target",
        min_value=0.1,
        max_value=100.0,
        value=float(round(100 * draft.tolerance, 1)),
        step=0.5,
        key="gen_tolerance",
    )
    measures = list(shown.accounts.measures)
    measure = left.selectbox("Measure to balance", measures, index=measures.index(draft.measure), key="gen_measure")
    names = {r.rep_id: r.name for r in shown.reps}
    chosen = right.multiselect(
        "Start from reps' homes (optional)",
        list(names),
        default=list(draft.reps),
        format_func=lambda i: names[i],
        key="gen_reps",
        placeholder="No reps" if shown.reps else "No roster yet (page Reps)",
    )
    balance, shape, keep = _priorities(draft)
    asked: dict[str, Any] = {
        "territories": int(k),
        "measure": str(measure),
        "tolerance": float(tolerance) / 100,
        "reps": tuple(r for r in shown.reps if r.rep_id in chosen),
        "balance": balance,
        "shape": shape,
        "keep": keep,
    }
    with st.expander("More: limits, shares, units kept together, change, names"):
        more = generate_options.fields(shown, draft, asked, nonce)
    if more is None:
        return
    try:
        request = apply_result.DesignRequest(**asked, **more.request)
        forecast = apply_result.foresee(state.workspace(), sid, request)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    _remember(sid, shown, request, draft, miles=more.miles)
    st.markdown(markdown(" ".join(preview_text.what_will_happen(shown, request, forecast, miles=more.miles))))
    _warn(forecast.notes)
    st.caption("The result is shown on the map first; you apply or drop it.")
    if st.button("Generate", type="primary", icon=":material/auto_awesome:", key="gen_go"):
        try:
            design_run.start_design(sid, request, more.seconds)
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
        else:
            st.rerun()


def _priorities(draft: DesignForm) -> tuple[str, str, str]:
    columns = st.columns(3, gap="medium")
    return tuple(
        str(column.select_slider(label, words, value=getattr(draft, name), key=f"gen_{name}", help=_HELP[name]))
        for column, name, label, words in zip(
            columns,
            ("balance", "shape", "keep"),
            ("Balance", "Compact shapes", "Keep today's assignments"),
            (WORDS, SHAPE_WORDS, WORDS),
            strict=True,
        )
    )  # type: ignore[return-value]


def _remember(
    sid: str, shown: PlanSnapshot, request: apply_result.DesignRequest, draft: DesignForm, *, miles: bool
) -> None:
    """Keep what is asked with the plan as soon as it differs from what the drawer opened with."""
    now = {**to_json(request, miles=miles), "base": form.base_of(shown)}
    first = state.get("gen_first")
    if first is None or first[0] != draft:
        state.put("gen_first", (draft, now))
        return
    if now != first[1] and now != dict(plan_settings.asked(shown.info)):
        plan_settings.save_setting(state.workspace(), sid, plan_settings.ASKED, now)


def _warn(notes: Sequence[Explanation]) -> None:
    """What stands in the way, the first few in sight, each with a way to see its units on the map."""
    for at, note in enumerate(notes[:4]):
        text, show = st.columns([5, 1.2], vertical_alignment="center")
        text.warning(markdown(sentence(note.message)), icon=":material/warning:")
        if note.units and show.button("Show", key=f"gen_show_{at}", icon=":material/my_location:", width="stretch"):
            state.mark(note.units)
            st.rerun()
    if len(notes) > 4:
        with st.popover(f"{len(notes) - 4} more", icon=":material/help:"):
            for note in notes[4:]:
                st.markdown(markdown(sentence(note.message)))
