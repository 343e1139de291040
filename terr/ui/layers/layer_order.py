"""The order of a plan's layers as a list to drag: what each rule catches, how much money, and what falls through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from terr.workspace.books.layer_rules import TriedLayer

_SCRIPT = (Path(__file__).with_name("layer_order.js")).read_text(encoding="utf-8")
_STYLE = """
ol { list-style: none; margin: 0; padding: 0; font: 14px/1.35 var(--st-font); color: var(--st-text-color); }
li { display: grid; grid-template-columns: 1.6rem minmax(5rem, 1.2fr) repeat(3, minmax(4rem, 1fr)); gap: .5rem;
  align-items: center; padding: .35rem .5rem; border: 1px solid var(--st-border-color); border-radius: .4rem;
  margin-bottom: .25rem; background: var(--st-background-color); font-variant-numeric: tabular-nums; }
li.head { border-color: transparent; background: none; font-size: 12px; opacity: .75; padding-block: 0; }
li > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
li > span:nth-child(n + 3) { text-align: right; }
li[data-id] { cursor: grab; touch-action: none; user-select: none; }
li[data-id].held { cursor: grabbing; opacity: .55; border-style: dashed; border-color: var(--st-primary-color); }
"""
_LIST = st.components.v2.component("terr.layer_order", html="<ol></ol>", css=_STYLE, js=_SCRIPT)
HEAD = ("Drag to change the order", "Accounts", "Amount", "Fall through")


def layer_order(ids: Sequence[int], found: Sequence[TriedLayer], key: str, moved: Callable[[list[int]], None]) -> None:
    """Draw the list; the last layer takes what is left and stays.

    Args:
        ids: of the layers above the last, in order.
        found: what each layer catches, the last one included.
        key: of the list.
        moved: told the ids in their new order, before the page runs again.
    """

    def dropped() -> None:
        given = getattr(st.session_state[key], "order", None)
        wanted = [int(v) for v in given or [] if isinstance(v, int | float)]
        if sorted(wanted) == sorted(ids):  # anything else is an old list, of rows that are gone
            moved(wanted)

    rows = [
        {
            "id": None if k >= len(ids) else ids[k],
            "cells": [one.name, f"{one.accounts:,} ({one.share})", one.amount, f"{one.left:,}"],
        }
        for k, one in enumerate(found)
    ]
    _LIST(key=key, data={"head": list(HEAD), "rows": rows}, on_order_change=dropped)
