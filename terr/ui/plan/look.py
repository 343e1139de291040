"""How the Plan page fills the window: the map takes what the table leaves, and nothing but tables scrolls."""

from __future__ import annotations

import streamlit as st

_ROW, _HEAD, _MOST = 35, 37, 212
"""Pixels of a row of a table, of its header, and of the whole at most: five rows and a half."""

_LAYOUT = """
@media (min-width: 700px) {
  .stMainBlockContainer:has(.st-key-terr_plan) { padding-bottom: 0; }
  .stMain .st-key-terr_plan_bar { flex-wrap: nowrap; }
  .stMain .st-key-terr_plan_bar > :first-child { min-width: 0; }
  .stMain .st-key-terr_plan_bar > :first-child p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .stMain .st-key-terr_plan_bar button { padding-left: .7rem; padding-right: .7rem; white-space: nowrap; }
  .stMain .st-key-terr_plan > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; }
  .stMain .st-key-terr_plan iframe { min-height: 300px;
    height: calc(100dvh - var(--terr-top, 112px) - var(--terr-under) - 16px) !important; }
  .stMain .st-key-terr_beside { flex: none; flex-wrap: nowrap; overflow-y: auto; overflow-x: hidden;
    height: calc(100dvh - var(--terr-top, 112px) - 14px); }
  .stMain .st-key-terr_beside > * { flex-shrink: 0; }
  [data-testid="stColumn"]:has(.st-key-terr_beside) { max-width: 460px; min-width: 232px; }
  .stMain .st-key-terr_bars { max-height: max(190px, calc(100dvh - var(--terr-top, 112px) - 350px)); overflow-y: auto; }
  .stMain .st-key-terr_bars { flex: none; flex-wrap: nowrap; }
}
@media (max-width: 699px) {
  .stMain .st-key-terr_plan iframe { height: max(360px, 62dvh) !important; }
}
.stMain .terr-line { padding-right: 6.6rem; }
.stMain :has(> .st-key-terr_share) { position: absolute; top: .9rem; right: 1.4rem; width: auto; z-index: 20; }
@media (max-width: 1100px) { .stMain .st-key-terr_plan_bar { gap: .4rem; } }
@media (min-width: 700px) and (max-width: 1200px) {
  .stMain .st-key-terr_plan_bar button span:has(> [data-testid="stIconMaterial"]),
  .stMain .st-key-terr_plan_bar [data-testid="stIconMaterial"] { display: none; }
  .stMain .st-key-terr_plan_bar button { padding-left: .5rem; padding-right: .5rem; }
  /* two short lines instead of one that is cut */
  .stMain .st-key-terr_plan_bar > :first-child p { white-space: normal; font-size: .84rem; line-height: 1.2;
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
}
"""


def table_height(rows: int) -> int:
    """Pixels of the table of territories; with more rows than these it scrolls."""
    return min(_MOST, _HEAD + _ROW * rows)


def style(rows: int, *, chooser: bool) -> None:
    """The page's measures, for so many territories in the table; `chooser`: a line of choices stands above it."""
    under = (table_height(rows) + 9 if rows else 0) + (49 if chooser else 0)
    st.html(f"<style>:root {{ --terr-under: {under}px; }}{_LAYOUT}</style>")
