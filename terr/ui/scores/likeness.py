"""Likeness to closed-won accounts on the Scores page: how good the model is comes before what it says."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from terr.errors import InputError
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.scores import editor as base
from terr.ui.session import state
from terr.view.scorecharts import calibration, leanings
from terr.view.text import and_list, markdown, percent, sentence
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import recipe as recipes
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.likeness import LEAST, Likeness, LikenessTo, likest
from terr.workspace.scores.recipe import RecipeStep

_WORK = "likeness"
_TOP = 200


def show_likeness(data: Dataset) -> None:
    """The form at the left, quality and the likest accounts at the right."""
    one: LikenessTo | None = base.opened(data, LikenessTo)
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        found = _form(data, one)
    if found is None:
        return
    with right:
        step = _worked_out(data, found)
        if step is not None and step.made is not None:
            _quality(step.made.detail)
            if not step.problem:
                _likest(data, found, step.made.detail)
    with left:
        base.save_row(data, found, can=step is not None and not step.problem)


def _form(data: Dataset, one: LikenessTo | None) -> LikenessTo | None:
    offered = guess.grouping(data.accounts)
    usual = one.column if one else guess.outcome_column(data.accounts)
    if one and one.column not in offered:
        offered = [one.column, *offered]
    if not usual:
        st.info(
            "No column tells won from lost accounts. Look-alikes need one, such as a CRM stage with “Closed Won” and "
            f"“Closed Lost”, and at least {LEAST} accounts of each. If one of these columns does, choose it.",
            icon=":material/info:",
        )
    at = offered.index(usual) if usual else None
    column = st.selectbox(
        "Won or lost column", offered, index=at, key=base.key("outcome"), placeholder="Choose a column"
    )
    if column is None:
        return None
    won, lost = (one.won, one.lost) if one and one.column == column else guess.outcomes_in(data.accounts, column)
    words = guess.words_in(data.accounts, column)
    words += [w for w in (*won, *lost) if w not in words]
    good = st.multiselect("Won values", words, default=list(won), key=base.key(f"won_{column}"))
    bad = st.multiselect(
        "Lost values",
        [w for w in words if w not in good],
        default=[w for w in lost if w not in good],
        key=base.key(f"lost_{column}"),
        help="Other values count as still open",
    )
    usable = guess.traits(data.accounts, column)
    with st.expander("Columns to learn from"):
        use = st.multiselect(
            "Learn from",
            usable,
            default=[c for c in (one.use if one else ()) if c in usable],
            key=base.key("use"),
            placeholder="All suitable columns",
        )
        allow = st.multiselect(
            "Use even though they seem to know the outcome",
            usable,
            default=[c for c in (one.allow if one else ()) if c in usable],
            key=base.key("allow"),
            placeholder="None",
        )
    name = base.name_field(data, one, "Look-alike score")
    if not good or not bad:
        st.info("Choose which values mean won and which mean lost.", icon=":material/info:")
        return None
    found: LikenessTo | None = base.made_by(
        lambda: LikenessTo(name, column, tuple(good), tuple(bad), tuple(use), tuple(allow))
    )
    return found


def _worked_out(data: Dataset, found: LikenessTo) -> RecipeStep | None:
    """The model if it is at hand; else its progress, or the button that starts it."""
    ready = _mark(data, found)
    kept = data.scored.step(found.name) if data.scored else None
    known = kept is not None and kept.definition == found and kept.made is not None
    if state.get("likeness_ready") == ready or known:
        return base.tried(data, found)
    window_jobs.follow(_WORK, lambda mark: state.put("likeness_ready", mark), stop="Cancel")
    if window_jobs.running(_WORK):
        return None
    st.markdown(
        "Terr learns what your won accounts have in common, tests itself on accounts it hasn't seen, and scores how "
        "much each account looks like a won one. Nothing leaves this machine."
    )
    if st.button("Learn and test", icon=":material/model_training:", key=base.key("learn"), type="primary"):
        try:
            recipe = base.tried_recipe(data, found)
        except InputError as error:
            base.wrong(error)
            return None
        window_jobs.begin_thread(_WORK, _body(data, recipe, ready))
        st.rerun()
    return None


def _mark(data: Dataset, found: LikenessTo) -> str:
    return f"{data.key} {found!r}"


def _body(data: Dataset, recipe: recipes.Recipe, mark: str) -> Callable[[Progress], str]:
    ws, basis = state.workspace(), data.scored

    def body(progress: Progress) -> str:
        if basis is not None:
            before = (basis, *recipes.recalled(ws, data.info.id))
            done = recipes.applied(basis.base, recipe, data.reps, ground=basis.ground, before=before, progress=progress)
            recipes.remember(ws, data.info.id, done)
        return mark

    return body


def _quality(found: Likeness) -> None:
    q = found.quality
    if not found.on:
        st.warning(f"**Off.** {markdown(sentence(found.why_off))}", icon=":material/block:")
    if q is not None:
        if found.on:
            st.markdown(
                f"Given a won and a lost account it hasn't seen, it picks the won one in "
                f"**{percent(100 * q.auc, 0)}** of cases (guessing: 50%; 99% confidence: {percent(100 * q.low, 0)} to "
                f"{percent(100 * q.high, 0)}).",
                help=f"AUC {q.auc:.3f}, 99% interval {q.low:.3f} to {q.high:.3f}, five folds, {q.won:,} won and "
                f"{q.lost:,} lost accounts; mean squared error {q.brier:.3f} against {q.brier_base:.3f} of always "
                "saying the overall share",
            )
        title = f"Predicted and actual win rates differ by {percent(100 * q.off_by, 1)} on average"
        st.altair_chart(calibration(q.calibration, title=title, dark=base.dark()), width="stretch")
    if found.flagged:
        with st.expander(f"Not used: {markdown(and_list([f.column for f in found.flagged], 5))}"):
            for f in found.flagged:
                st.markdown(f"- **{markdown(f.column)}** {markdown(f.why)}")
    for line in found.notes:
        st.caption(f":material/info: {markdown(line)}")


def _likest(data: Dataset, defined: LikenessTo, found: Likeness) -> None:
    frame = data.accounts.frame
    best, only_open = likest(data.accounts, defined, found, _TOP)
    among = "open accounts" if only_open else "accounts"
    st.markdown(f"**Top look-alikes among {among}; choose one to see why**")
    table = pd.DataFrame(
        {
            "Account": [str(frame["name"].iloc[k] or frame["account_id"].iloc[k]) for k in best.tolist()],
            defined.name: found.amounts[best].round(0),
        }
    )
    picked = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=212,
        key=base.key("like_table"),
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = picked.selection.rows
    k = rows[0] if rows and rows[0] < len(best) else 0
    at = int(best[k])
    told = found.explained(at)
    told = told[told["points"].abs() >= 0.05].head(8)
    if len(told):
        told = told.assign(text=[f"{v:+.1f}".replace("-", "−") for v in told["points"]])
        name = str(table["Account"].iloc[k])
        title = f"{name}: {found.amounts[at]:.0f} = {found.base:.0f} for an average account, plus what each column adds"
        st.altair_chart(leanings(told, title=title[:100], dark=base.dark()), width="stretch")
