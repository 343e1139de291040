"""Potential, white space and further formulas on the Scores page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from terr.errors import InputError
from terr.ui.scores import editor as base
from terr.view.text import count, markdown, percent, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.potential import Formula, PotentialBy, check_formula, price_formula

PRICE, FORMULA, HISTORY, BLEND, FREE = (
    "Price × users",
    "Own formula",
    "History",
    "Blend of both",
    "Another measure by formula",
)
_TOP = 10


def show_potential(data: Dataset) -> None:
    """The form at the left, what it gives at the right."""
    one: PotentialBy | Formula | None = base.opened(data, PotentialBy, Formula)
    base.form_and_preview(data, lambda: _form(data, one), _preview)


def _form(data: Dataset, one: PotentialBy | Formula | None) -> PotentialBy | Formula | None:
    usual = PRICE
    if isinstance(one, Formula):
        usual = FREE
    elif one is not None:
        usual = {"history": HISTORY, "blend": BLEND}.get(one.how, FORMULA)
    ways = [PRICE, FORMULA, HISTORY, BLEND, FREE]
    way = str(st.selectbox("How", ways, index=ways.index(usual), key=base.key("how")))
    old = one if isinstance(one, PotentialBy) else None
    text = ""
    if way == PRICE:
        text = _price(data)
    elif way in {FORMULA, BLEND, FREE}:
        text = _text(data, one)
    if not text and way != HISTORY:
        return None
    if way == FREE:
        name = base.name_field(data, one, "Formula")
        free: Formula | None = base.made_by(lambda: Formula(name, text))
        return free
    own = old.makes if old else ()
    figures = [c for c in guess.numeric(data.accounts) if c not in own]
    periods: list[str] = []
    ahead, weight = 1, 0.5
    if way in {HISTORY, BLEND}:
        periods, ahead = _history(data, old, figures)
    if way == BLEND:
        share = st.slider(
            "Weight of the formula",
            0,
            100,
            round(100 * (old.weight if old else 0.5)),
            format="%d%%",
            key=base.key("weight"),
            help="The rest is the trend",
        )
        weight = share / 100
    none = "No white space"
    usual_now = (old.current or none) if old else guess.money_column(data.accounts, figures)
    options = [none, *figures]
    now = str(
        st.selectbox(
            "Current revenue",
            options,
            index=options.index(usual_now) if usual_now in options else 0,
            key=base.key("now"),
            help="White space = potential − current revenue",
        )
    )
    name = base.name_field(data, one, "Estimated potential")
    white = old.white if old else base.free_name(data, "White space")
    if now != none:
        white = str(st.text_input("Name of the white space column", white, max_chars=80, key=base.key("white"))).strip()
    how = {HISTORY: "history", BLEND: "blend"}.get(way, "formula")
    found: PotentialBy | None = base.made_by(
        lambda: PotentialBy(
            name,
            how,
            "" if how == "history" else text,
            tuple(periods),
            ahead,
            weight,
            "" if now == none else now,
            white,
        )
    )
    return found


def _price(data: Dataset) -> str:
    price, users = guess.formula(data.accounts)
    offered = guess.numeric(data.accounts)
    a, b = st.columns([1, 1.4])
    each = a.number_input("Price per user", min_value=0.0, value=price, step=10.0, key=base.key("price"))
    column = b.selectbox("Users", offered, index=offered.index(users) if users else 0, key=base.key("users"))
    text = price_formula(each, str(column))
    st.caption(f"As a formula: {markdown(text)}")
    return text


def _text(data: Dataset, one: PotentialBy | Formula | None) -> str:
    """The formula, "" with the reason in sight if it can't be worked out."""
    price, users = guess.formula(data.accounts)
    usual = price_formula(price, users) if users else ""
    if one is not None:
        usual = one.text if isinstance(one, Formula) else one.formula or usual
    text = str(st.text_area("Formula", usual, height=90, key=base.key("formula"), max_chars=10_000))
    base.formula_help()
    try:
        check_formula(data.accounts, text)
    except InputError as error:
        base.wrong(error)
        return ""
    return text


def _history(data: Dataset, old: PotentialBy | None, figures: list[str]) -> tuple[list[str], int]:
    usual = [p for p in (old.periods if old else guess.periods(data.accounts)) if p in figures]
    periods = st.multiselect(
        "Columns of past periods, oldest first",
        figures,
        default=usual,
        key=base.key("periods"),
        placeholder="Two or more, such as Revenue 2024, Revenue 2025",
    )
    ahead = st.number_input(
        "Periods to look ahead",
        1,
        12,
        old.ahead if old else 1,
        key=base.key("ahead"),
        help="Each account's trend is extended by this many periods",
    )
    return list(periods), int(ahead)


def _preview(data: Dataset, found: PotentialBy | Formula) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    frame = data.accounts.frame
    told, table = [], pd.DataFrame()
    first = np.zeros(len(frame))
    for name in step.made.values:
        values = step.made.values[name]
        known = ~np.isnan(values)
        money = step.made.currency.get(name, "")
        whole = float(values[known].sum())
        told.append((name, short(whole, money), count(int(known.sum()), "account"), percent(100 * known.mean())))
        if not len(table.columns):
            first = np.nan_to_num(values, nan=-np.inf)
            best = np.argsort(-first, kind="stable")[:_TOP]
            names = frame["name"].where(frame["name"] != "", frame["account_id"])
            table["Account"] = names.iloc[best].tolist()
            if isinstance(found, PotentialBy) and found.current:
                now = found.sold_now(data.accounts)
                table[found.current] = [short(float(v), now.currency) for v in now.amounts[best]]
        table[name] = [short(float(v), money) for v in values[best]]
    for name, whole_text, n, share in told:
        st.markdown(f"**{markdown(name)}: {markdown(whole_text)}** in {markdown(n)} ({markdown(share)} of all)")
    st.markdown("**The largest accounts**")
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key="scores_potential_table",
        column_config=dict.fromkeys(table.columns[1:], base.RIGHT),
    )
    base.notes(step)
