"""Generate: what is asked, what will happen, in words, before anything runs."""

from __future__ import annotations

import streamlit as st

from terr.boundaries.catalog import region_label
from terr.errors import TerrError
from terr.ui import advice, state
from terr.view.text import count, markdown, number, percent, sentence, short, units_word
from terr.workspace import solve
from terr.workspace.board import board


@st.dialog("Generate territories", width="medium")
def generate() -> None:
    """Ask for number, measure, limit, names and reps; start the design."""
    sid = str(state.get("scenario"))
    shown = board(state.workspace(), sid)
    measures = list(shown.accounts.measures)
    most = min(500, len(shown.units))
    rep_names = {r.rep_id: r.name for r in shown.reps}
    left, right = st.columns(2)
    k = left.number_input(
        "Number of territories", min_value=1, max_value=most, value=min(most, state.suggested_k(shown)), key="gen_k"
    )
    tolerance = right.number_input(
        "Limit: load within ± % of target",
        min_value=0.1,
        max_value=100.0,
        value=float(round(100 * shown.info.tolerance, 1)),
        step=0.5,
        key="gen_tolerance",
    )
    measure = left.selectbox("Measure to balance", measures, index=measures.index(shown.measure), key="gen_measure")
    chosen = right.multiselect(
        "Start from reps' homes (optional)",
        [r.rep_id for r in shown.reps],
        format_func=lambda i: rep_names[i],
        key="gen_reps",
        placeholder="No reps" if shown.reps else "No roster yet (page Reps)",
    )
    names = st.text_area(
        "Names (optional, one per line)", key="gen_names", height=80, placeholder="North\nSouth\nGulf Coast"
    )
    with st.expander("More"):
        seconds = st.slider(
            "Time limit", 5, 120, 10 if len(shown.units) < 500 else 45, format="%d s", key="gen_seconds"
        )
        seed = st.number_input("Seed (the same seed gives the same plan)", 1, 10_000, 1, key="gen_seed")
    by_id = {r.rep_id: r for r in shown.reps}
    try:
        request = solve.Request(
            territories=int(k),
            measure=str(measure),
            tolerance=float(tolerance) / 100,
            names=tuple(n.strip() for n in names.splitlines() if n.strip()),
            reps=tuple(by_id[i] for i in chosen),
            seed=int(seed),
        )
        forecast = solve.foresee(state.workspace(), sid, request)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    currency = dict(shown.accounts.currency).get(str(measure), "")
    fixed = int(shown.plan.fixed().sum())
    st.markdown(
        markdown(
            f"Terr will divide {len(shown.units):,} {units_word(shown.info.level, len(shown.units))} of "
            f"{region_label(shown.info.region)} into {count(int(k), 'territory', 'territories')} of about "
            f"{short(forecast.share, currency)} {measure} each (±{percent(tolerance)}), each in one piece and compact."
            + (f" {number(fixed)} locked {units_word(shown.info.level, fixed)} stay where they are." if fixed else "")
        )
    )
    for said in forecast.notes:
        st.warning(markdown(sentence(said.message)), icon=":material/warning:")
    st.caption("The result is shown on the map first; you apply or drop it.")
    if st.button("Generate", type="primary", icon=":material/auto_awesome:", key="gen_go"):
        try:
            advice.start_design(sid, request, float(seconds))
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
        else:
            st.rerun()
