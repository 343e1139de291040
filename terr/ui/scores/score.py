"""A score per account on the Scores page: columns, weights, and what each account's score is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from terr.ui.scores import editor as base
from terr.view.scorecharts import score_parts
from terr.view.text import markdown, percent
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.score import Blanks, Ingredient, ScoreBy, Scores
from terr.workspace.scores.wording import score_text

COLUMN, WEIGHT, HIGH, BLANKS = "Column", "Weight", "High is good", "Blanks count as"
_BLANKS: dict[str, Blanks] = {"the middle": "middle", "the lowest": "lowest", "left out": "skip"}
TOP = 25


def show_score(data: Dataset) -> None:
    """The form at the left, the best accounts and one explained at the right."""
    one: ScoreBy | None = base.opened(data, ScoreBy)
    base.form_and_preview(data, lambda: _form(data, one), _preview)


def _form(data: Dataset, one: ScoreBy | None) -> ScoreBy | None:
    usual = one.ingredients if one else guess.ingredients(data.accounts)
    own = one.makes if one else ()
    offered = [c for c in guess.numeric(data.accounts) if c not in own]
    offered += [i.column for i in usual if i.column not in offered]
    back = {v: k for k, v in _BLANKS.items()}
    rows = pd.DataFrame(
        {
            COLUMN: [i.column for i in usual],
            WEIGHT: [i.weight for i in usual],
            HIGH: [i.high_is_good for i in usual],
            BLANKS: [back[i.blanks] for i in usual],
        }
    )
    st.markdown("**Columns and weights**", help="Only relative weights matter: 50, 30, 20 is the same as 5, 3, 2")
    edited = st.data_editor(
        rows,
        key=base.key("parts"),
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            COLUMN: st.column_config.SelectboxColumn(options=offered, required=True),
            WEIGHT: st.column_config.NumberColumn(
                min_value=0.0, max_value=1e6, default=10.0, required=True, width="small"
            ),
            HIGH: st.column_config.CheckboxColumn(default=True, width="small"),
            BLANKS: st.column_config.SelectboxColumn(
                options=list(_BLANKS), default="the middle", required=True, width="small"
            ),
        },
    )
    st.caption(
        "Each column becomes a rank from 0 (smallest) to 100 (largest), so one very large account doesn't dominate; "
        "the score is the weighted average of the ranks."
    )
    name = base.name_field(data, one, "Score")
    points = {i.column: i.points for i in usual}

    def build() -> ScoreBy:
        parts = [
            Ingredient(
                str(r[COLUMN]), float(r[WEIGHT]), bool(r[HIGH]), _BLANKS[r[BLANKS]], points.get(str(r[COLUMN]), ())
            )
            for r in edited.to_dict("records")
            if pd.notna(r[COLUMN]) and pd.notna(r[WEIGHT]) and r[WEIGHT] > 0
        ]
        return ScoreBy(name, tuple(parts))

    found: ScoreBy | None = base.made_by(build)
    return found


def _preview(data: Dataset, found: ScoreBy) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    scores: Scores = step.made.detail
    frame = data.accounts.frame
    best = np.argsort(-np.nan_to_num(scores.score, nan=-1.0), kind="stable")[:TOP]
    names = [_label(frame.iloc[k]) for k in best.tolist()]
    table = pd.DataFrame({"Account": names, found.name: scores.score[best].round(1)})
    for j, column in enumerate(scores.names):
        table[f"from {column}"] = scores.parts[best, j].round(1)
    st.markdown(f"**Top {len(best):,} accounts; choose one to see why**")
    picked = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=250,
        key=base.key("score_table"),
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = picked.selection.rows
    asked = st.text_input("Or find an account by name or ID", key=base.key("who"), placeholder="Part of its name")
    at = _find(data, asked) if asked.strip() else int(best[rows[0]]) if rows and rows[0] < len(best) else int(best[0])
    if at is None:
        st.caption("No account matches.")
        return
    _explain(scores, at, _label(frame.iloc[at]))
    base.notes(step)


def _label(row: pd.Series) -> str:
    return str(row["name"] or row["account_id"])


def _find(data: Dataset, text: str) -> int | None:
    frame, wanted = data.accounts.frame, text.strip().casefold()
    hits = frame["name"].str.casefold().str.contains(wanted, regex=False) | (
        frame["account_id"].str.casefold() == wanted
    )
    where = np.flatnonzero(hits.to_numpy())
    return int(where[0]) if len(where) else None


def _explain(scores: Scores, at: int, name: str) -> None:
    told = scores.explained(at)
    told = told[told["points"].notna()]
    if len(told):
        told = told.assign(text=[f"{v:.1f} points" for v in told["points"]])
        title = f"{scores.score[at]:.1f} points by column"  # the account's name stands in the sentence below
        st.altair_chart(score_parts(told, title=title, dark=base.dark()), width="stretch")
    st.markdown(f"{markdown(score_text(scores, at, name))}.")
    known = scores.score[~np.isnan(scores.score)]
    if len(known) and not np.isnan(scores.score[at]):
        above = float((known > scores.score[at]).mean())
        st.caption(f"{percent(100 * above)} of accounts score higher." if above else "No account scores higher.")
