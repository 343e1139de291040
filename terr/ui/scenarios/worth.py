"""What the second plan of a comparison would sell over the first: an estimate whose every assumption can be changed."""

from __future__ import annotations

import streamlit as st

from terr.errors import InputError
from terr.view.text import markdown, sentence
from terr.workspace.scenarios.comparison import PlanComparison
from terr.workspace.scenarios.plan_uplift import UpliftAssumptions, plan_uplift, uplift_sentence

_USUAL = UpliftAssumptions()


def show_worth(found: PlanComparison, measures: list[str], first: str, second: str) -> None:
    """A fold that says what it is worth, by which model and which assumptions."""
    with st.expander("What would it sell? An estimate, with its assumptions", icon=":material/trending_up:"):
        st.caption(
            "The model: an account of potential a that gets t hours sells a^(1−e) × t^e, where e is the elasticity of "
            "sales to selling time (Skiera and Albers, Marketing Science 1998). Reps split their time as is best, so "
            "even territories sell more than uneven ones. Accounts that change hands lose a share in the first year. "
            "Studies of real realignments report 2% to 7%: a band to compare with, not part of the model."
        )
        row = st.columns([1.4, 1, 1, 1, 1, 1, 1], vertical_alignment="bottom")
        measure = str(row[0].selectbox("Potential", measures, key="terr_worth_measure"))
        elasticity = [
            row[k + 1].number_input(f"Elasticity, {name}", 0.01, 0.99, value, 0.05, key=f"terr_worth_e{k}")
            for k, (name, value) in enumerate(zip(("low", "likely", "high"), _USUAL.elasticity, strict=True))
        ]
        loss = [
            row[k + 4].number_input(f"% lost, {name}", 0, 100, round(100 * value), 5, key=f"terr_worth_l{k}") / 100
            for k, (name, value) in enumerate(zip(("low", "likely", "high"), _USUAL.loss, strict=True))
        ]
        try:
            assumed = UpliftAssumptions((elasticity[0], elasticity[1], elasticity[2]), (loss[0], loss[1], loss[2]))
            told = plan_uplift(found, measure, assumed)
        except InputError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
            return
        st.markdown(f"**{markdown(uplift_sentence(told, first, second))}**")
