"""The 80/20 curve and tiers on the Scores page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import InputError
from terr.ui.scores import editor as base
from terr.view.scorecharts import pareto
from terr.view.text import markdown, percent, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.tiers import SHARES_OF, TiersBy
from terr.workspace.scores.wording import curve_title, cuts_text


def show_tiers(data: Dataset) -> None:
    """The form at the left, curve and table at the right."""
    one: TiersBy | None = base.opened(data, TiersBy)
    base.form_and_preview(data, lambda: _form(data, one), _preview, wide=1.7)


def _form(data: Dataset, one: TiersBy | None) -> TiersBy | None:
    offered = guess.numeric(data.accounts)
    usual = one.measure if one else guess.value_column(data.accounts)
    at = offered.index(usual) if usual in offered else 0
    measure = str(st.selectbox("Rank accounts by", offered, index=at, key=base.key("measure")))
    usual_names, usual_shares = (one.names, one.shares) if one else (TiersBy.names, TiersBy.shares)
    names = st.text_input(
        "Tiers, best first",
        ", ".join(usual_names),
        key=base.key("tiers"),
        max_chars=120,
        help="Two or more names, separated by commas",
    )
    of = str(
        st.radio(
            "Cut by share of",
            SHARES_OF,
            index=SHARES_OF.index(one.of if one else "accounts"),
            format_func=lambda v: "Accounts" if v == "accounts" else markdown(measure),
            key=base.key("of"),
            horizontal=True,
            help="Accounts: the largest 20% are tier A. The measure: the fewest that bring 80% of it are",
        )
    )
    words = tuple(w.strip() for w in names.split(",") if w.strip())
    kept = of == (one.of if one else "accounts") and len(usual_shares) == len(words) - 1
    shares = list(usual_shares) if kept else _even(len(words) - 1, of)
    chosen = [
        st.slider(
            f"Tier {markdown(words[k])} = top",
            1,
            99,
            round(100 * share),
            format=f"%d%% of {'accounts' if of == 'accounts' else measure.replace('%', '%%')}",
            key=base.key(f"cut_{k}_{len(words)}_{of}"),
        )
        / 100
        for k, share in enumerate(shares)
    ]
    name = base.name_field(data, one, "Tier")

    def build() -> TiersBy:
        if len(words) < 2:
            raise InputError("enter two or more tiers, separated by commas")
        return TiersBy(name, measure, tuple(chosen), words, of)

    found: TiersBy | None = base.made_by(build)
    if found is not None:
        st.caption(markdown(f"{cuts_text(found.cuts, measure)}."))
    return found


def _even(count: int, of: str) -> list[float]:
    usual = [0.2, 0.5] if of == "accounts" else [0.8, 0.95]
    return usual if count == 2 else [(k + 1) / (count + 1) for k in range(max(count, 0))]


def _preview(data: Dataset, found: TiersBy) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    curve = found.curve(data.accounts)
    title = curve_title(curve, found.measure)
    table = step.made.detail.table
    # the chart's height is the share of the sum, whatever the cuts are shares of
    cuts = found.shares if found.of == "measure" else tuple(table["share of sum"].cumsum()[:-1])
    st.altair_chart(
        pareto(curve, cuts, found.cuts.names, title=title, measure=found.measure, dark=base.dark()),
        width="stretch",
    )
    money = dict(data.accounts.currency).get(found.measure, "")
    st.dataframe(
        pd.DataFrame(
            {
                "Tier": table["tier"],
                "Accounts": table["accounts"],
                "% of accounts": [percent(100 * v) for v in table["share of accounts"]],
                found.measure: [short(v, money) for v in table["sum"]],
                f"% of {found.measure}": [percent(100 * v) for v in table["share of sum"]],
                "From": [short(v, money) for v in table["smallest"]],
                "To": [short(v, money) for v in table["largest"]],
            }
        ),
        hide_index=True,
        width="stretch",
        key="scores_tiers_table",
        column_config={
            "Accounts": st.column_config.NumberColumn(format="localized"),
            **dict.fromkeys(("% of accounts", found.measure, f"% of {found.measure}", "From", "To"), base.RIGHT),
        },
    )
    base.notes(step)
