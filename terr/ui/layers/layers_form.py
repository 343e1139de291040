"""The layers of a new plan: what a territory of each is made of, and the rule that takes accounts into it, in order."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from terr.errors import InputError
from terr.ui.layers.layer_order import layer_order
from terr.ui.session import state
from terr.view.text import markdown, sentence
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.books import layer_rules as rules

_VALUES, _FORMULA, _LIST = "Values of a column", "Rule", "List of accounts"


def layers_form(
    data: Dataset, measure: str, key: str, *, overlay: bool = False
) -> tuple[tuple[rules.PlanLayer, ...], bool] | None:
    """Rows to add, order and remove; gives the layers and whether the rest is planned by areas, None while one is open.

    Args:
        data: whose accounts.
        measure: counted for each layer.
        key: of its widgets.
        overlay: they are of a second role, whose last layer may leave accounts uncovered.
    """
    field = f"{key}_layers"
    rows: list[dict[str, Any]] = state.get(field) or _first(data)
    state.put(field, rows)
    st.caption("An account belongs to the first layer whose rule holds. The last layer takes what is left.")
    listed = st.container()
    made: list[rules.PlanLayer | None] = []
    slots = []
    for at, row in enumerate(rows):
        with st.container(border=True):
            made.append(_row(data, field, rows, at, row, f"{key}_{row['id']}"))
            slots.append(st.empty())
    st.button(
        "Add layer",
        icon=":material/add:",
        key=f"{key}_add",
        on_click=_add,
        args=(field,),
        disabled=len(rows) >= 11,
    )
    with st.container(border=True):
        a, b = st.columns([2, 1.4])
        words = {
            k: rules.METHOD_WORDS[k] for k in (*([rules.UNCOVERED] if overlay else []), rules.AREAS, rules.ACCOUNTS)
        }
        usual = "Not covered" if overlay else "Everything else"
        last = a.text_input("Last layer", usual, key=f"{key}_rest", max_chars=rules.LONGEST_NAME)
        how = b.selectbox("Territories of", list(words), format_func=words.__getitem__, key=f"{key}_resthow")
        slots.append(st.empty())
    if any(m is None for m in made):
        return None
    try:
        layers = (*(m for m in made if m is not None), rules.PlanLayer(last.strip() or usual, str(how)))
        found = rules.tried(data, layers, measure)
    except InputError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return None
    if len(rows) > 1:
        with listed:
            layer_order([r["id"] for r in rows], found, f"{key}_order", partial(_reorder, field))
    for slot, one in zip(slots, found, strict=True):
        line = markdown(rules.tried_words(one, measure))
        notes = "  \n".join(f":material/info: {markdown(n)}" for n in one.notes)
        slot.caption(f"{line}  \n{notes}" if notes else line)
    return layers, how == rules.AREAS


def _first(data: Dataset) -> list[dict[str, Any]]:
    way = _VALUES if rules.rule_columns(data.accounts) else _FORMULA
    return [{"id": 1, "name": "Key accounts", "way": way}]


def _row(
    data: Dataset, field: str, rows: list[dict[str, Any]], at: int, row: dict[str, Any], key: str
) -> rules.PlanLayer | None:
    top = st.columns([2, 1.6, 0.35, 0.35, 0.35], vertical_alignment="bottom")
    name = top[0].text_input(f"Layer {at + 1}", row["name"], key=f"{key}_name", max_chars=rules.LONGEST_NAME)
    columns = rules.rule_columns(data.accounts)
    ways = [*([_VALUES] if columns else []), _FORMULA, _LIST]
    way = top[1].selectbox("Which accounts", ways, index=ways.index(row["way"]), key=f"{key}_way")
    _move(top[2], ":material/arrow_upward:", "Earlier", field, at, -1, at == 0, f"{key}_up")
    _move(top[3], ":material/arrow_downward:", "Later", field, at, 1, at == len(rows) - 1, f"{key}_down")
    top[4].button(
        "",
        icon=":material/delete:",
        key=f"{key}_drop",
        help="Remove this layer",
        on_click=_drop,
        args=(field, at),
        disabled=len(rows) < 2,
    )
    try:
        if way == _LIST:
            text = st.text_area(
                "Account IDs or names, one per line", key=f"{key}_list", height=100, max_chars=2_000_000
            )
            if text.strip():
                return rules.named_rule(name, text)
            _open("List at least one account.")
            return None
        if way == _FORMULA:
            text = st.text_input("Rule", key=f"{key}_rule", placeholder="revenue >= 1M", max_chars=2_000)
            if text.strip():
                return rules.PlanLayer(name, rule=text.strip())
            _open("Write a rule.")
            return None
        a, b = st.columns([1, 2])
        column = str(a.selectbox("Column", columns, key=f"{key}_column"))
        chosen = b.multiselect("Values", rules.column_values(data.accounts, column), key=f"{key}_values_{column}")
        if not chosen:
            _open("Choose one or more values.")
            return None
        return rules.values_rule(name, rules.ACCOUNTS, column, [str(v) for v in chosen])
    except InputError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return None


def _open(text: str) -> None:
    st.caption(f":material/edit: {text}")


def _move(where: Any, icon: str, label: str, field: str, at: int, step: int, off: bool, key: str) -> None:
    where.button("", icon=icon, key=key, help=label, on_click=_swap, args=(field, at, step), disabled=off)


def _swap(field: str, at: int, step: int) -> None:
    rows = state.get(field)
    state.put(field, [rows[k] for k in rules.moved_layer(range(len(rows)), at, step)])


def _reorder(field: str, ids: list[int]) -> None:
    rows = {r["id"]: r for r in state.get(field)}
    state.put(field, [rows[i] for i in ids])


def _drop(field: str, at: int) -> None:
    state.put(field, [r for k, r in enumerate(state.get(field)) if k != at])


def _add(field: str) -> None:
    rows = state.get(field)
    number = max(r["id"] for r in rows) + 1
    state.put(field, [*rows, {"id": number, "name": f"Layer {number}", "way": rows[-1]["way"]}])
