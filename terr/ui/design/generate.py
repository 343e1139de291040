"""Generate: what is asked, what will happen, in words, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from terr.errors import TerrError
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.ui.design import design_run, generate_options, split_areas, sweep
from terr.ui.session import dialogs, state
from terr.view.text import count, distinct, markdown, sentence
from terr.workspace.design import apply_result, form, preview_text, split_plan
from terr.workspace.design.form import DesignForm
from terr.workspace.design.request import SHAPE_WORDS, WORDS, to_json
from terr.workspace.plan import plan_settings
from terr.workspace.plan.new_plan import suggested_count
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.reps.assignment import people_settings
from terr.workspace.reps.scorecard import reps_as_of

_GO_ICON = ":material/auto_awesome:"
_HELP = {
    "balance": "How hard to push for equal territories. Off: anywhere within the limit is good enough.",
    "shape": "Prefer compact territories. Low favors the other two goals.",
    "keep": "How important it is to keep today's assignments. Off: start from scratch.",
}


def begin(shown: PlanSnapshot) -> None:
    """Take what was asked last as what the drawer opens with."""
    state.put("gen_from", (uuid4().hex[:8], form.draft_of(shown, suggested_count(shown))))
    state.drop("gen_shares", "gen_groups", "gen_told")


@st.dialog("Generate territories", width="medium", on_dismiss=dialogs.close)
def generate() -> None:
    """Ask for number, measure, limit, priorities and all that is behind More; start the design."""
    split_areas.rerun_when_split()
    sid = str(state.get("scenario"))
    shown = plan_snapshot(state.workspace(), sid)
    nonce, draft = state.get("gen_from")
    if told := state.get("gen_told"):
        st.success(markdown(told), icon=":material/call_split:")
    left, right = st.columns(2)
    most = min(500, len(shown.units))
    k = left.number_input(
        "Number of territories", min_value=1, max_value=most, value=min(most, draft.territories), key="gen_k"
    )
    tolerance = right.number_input(
        form.LIMIT_LABELS[st.session_state.get("gen_sides", draft.sides)],
        min_value=0.1,
        max_value=100.0,
        value=float(round(100 * draft.tolerance, 1)),
        step=0.5,
        key="gen_tolerance",
    )
    measures = list(shown.accounts.measures)
    measure = left.selectbox("Measure to balance", measures, index=measures.index(draft.measure), key="gen_measure")
    team = {r.rep_id for r in shown.team} | set(draft.reps)
    names = distinct({r.rep_id: r.name for r in shown.reps if r.rep_id in team})
    chosen = right.multiselect(
        "Start from reps' homes (optional)",
        list(names),
        default=list(draft.reps),
        format_func=lambda i: names[i],
        key="gen_reps",
        placeholder="No reps" if shown.reps else "No roster yet (Reps page)",
    )
    if len(chosen) > int(k):
        _more_reps_than_territories(right, len(chosen), int(k), most)
    balance, shape, keep = _priorities(draft)
    asked: dict[str, Any] = {
        "territories": int(k),
        "measure": str(measure),
        "tolerance": float(tolerance) / 100,
        "reps": _reps(right, shown, chosen),
        "balance": balance,
        "shape": shape,
        "keep": keep,
    }
    with st.expander("More: limits, shares, areas kept together, change, names"):
        more = generate_options.fields(shown, draft, asked, nonce)
    if isinstance(more, str):
        _cannot(f"Under More: {more}")
        return
    if len(chosen) > int(k):
        _cannot(f"{len(chosen)} reps are chosen for {int(k)} territories")
        return
    try:
        request = apply_result.DesignRequest(**asked, **more.request)
        forecast = apply_result.foresee(state.workspace(), sid, request)
    except TerrError as error:
        _cannot(str(error))
        return
    _remember(sid, shown, request, draft, miles=more.miles)
    st.markdown(markdown(" ".join(preview_text.what_will_happen(shown, request, forecast, miles=more.miles))))
    _warn(_large_split(sid, shown, request, forecast.notes))
    st.caption("Preview first, then apply or discard.")
    if st.button("Generate", type="primary", icon=_GO_ICON, key="gen_go"):
        try:
            design_run.start_design(sid, request, more.seconds)
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
        else:
            dialogs.close()
            st.rerun()
    with st.expander("Sweep: compare several numbers and limits"):
        sweep.fields(shown, request, more.seconds)


def _large_split(
    sid: str, shown: PlanSnapshot, request: apply_result.DesignRequest, notes: Sequence[Explanation]
) -> list[Explanation]:
    """Offers to split what no plan within the limit can have whole; what is said of these areas comes last then."""
    large = split_plan.offer(state.workspace(), shown, request)
    if large is None:
        return list(notes)
    st.warning(markdown(sentence(large.reason)), icon=":material/call_split:")
    split_areas.split_button(st, sid, large, key="gen_split", then=_again)
    return sorted(notes, key=lambda note: note.code in {"unit_too_large", "fits"})


def _again(told: str) -> None:
    """Open anew for the plan that is open now, with what was asked of the one before, and say what was done."""
    begin(plan_snapshot(state.workspace(), str(state.get("scenario"))))
    state.put("gen_told", told)
    dialogs.open_dialog("generate")


def _cannot(why: str) -> None:
    """The summary's place and the button when something is asked that can't be: the reason, and the button off."""
    st.error(markdown(sentence(why)), icon=":material/error:")
    st.button("Generate", type="primary", icon=_GO_ICON, key="gen_go", disabled=True, help="Fix the field above first.")


def _reps(place: Any, shown: PlanSnapshot, chosen: Sequence[str]) -> tuple[Rep, ...]:
    """The chosen reps, with the capacity they have on a day if one is chosen."""
    reps = tuple(r for r in shown.reps if r.rep_id in chosen)
    if not reps:
        return ()
    day = place.date_input(
        "Capacity as of (optional)",
        value=None,
        key="gen_as_of",
        help="Targets follow the ramp of new reps, and start and end dates; empty: everybody's full capacity.",
    )
    try:
        return reps_as_of(reps, day, people_settings(shown.info).ramp_profile)
    except TerrError as error:
        place.error(markdown(sentence(str(error))), icon=":material/error:")
        return reps


def _more_reps_than_territories(place: Any, reps: int, k: int, most: int) -> None:
    """Beside the field: that there are more reps than territories, and the number that mends it."""
    place.error(f"{reps} reps for {count(k, 'territory', 'territories')}: each rep needs one.", icon=":material/error:")
    if reps <= most:
        place.button(f"Use {reps} territories", key="gen_use_reps", on_click=_use_territories, args=(reps,))


def _use_territories(count: int) -> None:
    st.session_state["gen_k"] = count


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
            dialogs.close()
            st.rerun()
    if len(notes) > 4:
        with st.popover(f"{len(notes) - 4} more", icon=":material/help:"):
            for note in notes[4:]:
                st.markdown(markdown(sentence(note.message)))
