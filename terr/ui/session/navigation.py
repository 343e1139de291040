"""Page config, navigation, look, and the line every page starts with."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui.access import landing
from terr.ui.access.pages import GROUPS, PAGES
from terr.ui.session import dialogs, state
from terr.ui.session.garbage import GARBAGE
from terr.view.text import markdown

_inside: ContextVar[bool] = ContextVar("terr_inside_shell", default=False)
ROOT = Path(__file__).resolve().parents[3]
_LOOK = """
<style>
.stMainBlockContainer { padding: 1.4rem 1.4rem .6rem 1.4rem; max-width: 100%; }
section[data-testid="stSidebar"][data-collapsed="false"] { width: 184px !important; min-width: 184px !important; }
[data-testid="stSidebarNavItems"] { padding-top: .4rem; }
.stAppHeader { background: transparent; } .stAppHeader, .stAppHeader * { pointer-events: none; }
.stAppHeader :is(button, a), .stAppHeader :is(button, a) * { pointer-events: auto; }
.stAppHeader { height: 2.2rem; min-height: 2.2rem; }
[data-testid="stSidebarContent"] { padding-top: 0; }
.stDataFrame { font-variant-numeric: tabular-nums; }
.terr-figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem; }
.terr-figures div { border-left: 3px solid rgba(128,128,128,.35); padding-left: .5rem; }
.terr-figures small { display: block; opacity: .75; font-size: .78rem; line-height: 1.2; }
.terr-figures b { font-size: 1.3rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.terr-figures .ok { border-color: #009E73; } .terr-figures .off { border-color: #D55E00; }
iframe[title="streamlit_folium.st_folium"] { border: 1px solid rgba(128,128,128,.3); border-radius: 8px; }
[data-testid="stSidebarUserContent"] { position: absolute; bottom: .5rem; padding: 0 1rem; width: 100%; }
.terr-line { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; font-size: .9rem; margin: 0 0 .2rem; }
.terr-line b { font-size: 1.02rem; }
.terr-line span { opacity: .75; font-variant-numeric: tabular-nums; }
.terr-line .terr-here { display: inline-flex; gap: .5rem; opacity: 1; flex-wrap: wrap; }
.terr-line .terr-who { opacity: 1; }
.terr-who i { display: inline-block; min-width: 1.35rem; padding: 0 .2rem; border-radius: .7rem; color: #fff; }
.terr-who i { font: 600 .72rem/1.25rem system-ui, sans-serif; text-align: center; }
[data-testid="stVerticalBlock"] { gap: .6rem; }
/* What is said for a moment stands below the navigation, where no figure is. */
body > [data-testid="stToastContainer"] { inset: auto auto 3.2rem .5rem; width: 168px; align-items: stretch; }
body > div [data-testid="stToast"] { width: 100%; min-width: 0; padding: .6rem; font-size: .85rem; }
@media (max-width: 767px) { body > [data-testid="stToastContainer"] { inset: .3rem .5rem auto 3rem; width: auto; } }
.st-key-terr_trade [data-testid="stElementToolbar"] { display: none; } /* it would lie over the tabs */
@media (max-width: 1100px) { [data-testid="stColumn"] [data-testid="stButtonGroup"] button { padding: .2rem .45rem; } }
/* All that is chosen is in sight, in as many lines as it takes. */
[data-testid="stMultiSelectTagsContainer"] { flex-wrap: wrap; overflow: visible; row-gap: .2rem; padding-block: .2rem; }
[data-testid="stMultiSelectTagsContainer"], :has(> [data-testid="stMultiSelectTagsContainer"]) {
  height: auto !important; max-height: 11rem !important; min-height: 2.35rem; overflow-y: auto; }
.stMain .st-key-terr_script, :has(> .st-key-terr_script) { display: none; }
#terr-away { position: fixed; z-index: 999999; top: 6px; left: 50%; transform: translateX(-50%); width: max-content; }
#terr-away { max-width: min(62rem, calc(100vw - 24px)); padding: .5rem .9rem; border-radius: 8px; }
#terr-away { background: #14171C; color: #FFF; border: 1px solid #FFF6; font: .9rem/1.4 system-ui, sans-serif; }
h1 { font-size: 1.5rem !important; padding: 0 0 .5rem !important; }
h3 { font-size: 1.05rem !important; padding: .5rem 0 .5rem !important; }
h4 { font-size: 1.35rem !important; padding: 0 0 .5rem !important; }
</style>
"""


@cache
def _away() -> str:
    """The script that says when the server is away."""
    return (ROOT / "static" / "away.js").read_text(encoding="utf-8")


def _say_gone(title: str) -> None:
    """Say that the plan in the address can't be opened, for as long as the person stays on that page."""
    gone = state.get("gone")
    if not gone:
        return
    if state.get("gone_on", title) != title or state.get("scenario"):
        state.drop("gone", "gone_on")
        return
    state.put("gone_on", title)
    st.warning(f"The plan in this address can't be opened: {markdown(gone)}", icon=":material/link_off:")


def run() -> None:
    """Run the page the person is on. An error of ours becomes one line; any other is logged and never shown raw."""
    found = state.visitor()
    page = _navigation(known=found.person is not None)
    st.html(_LOOK)
    st.container(key="terr_script").html(f"<script>{_away()}</script>", unsafe_allow_javascript=True)
    if found.person is None:
        landing.page(found.why)
        return
    if found.person.user_id:
        landing.sign_out(found.person)
    try:
        ws = state.workspace()
        if page.url_path:  # the bare address only leads on
            state.scenario_id()  # whether the plan in the address can be opened
    except TerrError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        st.stop()
    if ws.notice:
        st.warning(markdown(ws.notice), icon=":material/healing:")
    if page.url_path:
        _say_gone(page.title)
    if page.url_path != state.get("page"):  # a dialog belongs to the page it was opened on
        state.put("page", page.url_path)
        dialogs.close()
    state.show_said()
    token = _inside.set(True)
    try:
        page.run()
    except TerrError as error:
        state.log.warning("page %s: %s", page.title, type(error).__name__)
        st.error(markdown(str(error)), icon=":material/error:")
    except Exception as error:  # noqa: BLE001 (the last guard: a person never sees a traceback)
        state.log_trouble(f"page {page.title}", error)
        st.error(
            "Something went wrong on this page, and nothing you saved is affected. Reload the page; if it happens "
            "again, the details are in the window Terr was started from.",
            icon=":material/error:",
        )
    finally:
        _inside.reset(token)
        GARBAGE.ask()


def _navigation(*, known: bool = True) -> Any:
    # a file of ours as the icon: without one, the page's symbol would be fetched from a font server
    st.set_page_config(
        page_title="Terr", page_icon=str(ROOT / "static" / "terr.png"), layout="wide", initial_sidebar_state=190
    )
    every = {
        name: st.Page(ROOT / "pages" / f"{name}.py", title=title, icon=icon, url_path=name)
        for name, title, icon in PAGES
    }
    pages = {heading: [every[name] for name in names] for heading, names in GROUPS.items()}
    # the bare address leads on, so that each page has an address of its own
    pages[""].append(st.Page(_home, title="Terr", url_path="", default=True, visibility="hidden"))
    return st.navigation(pages, position="sidebar" if known else "hidden", expanded=True)


def _home() -> None:
    switch("plan" if "scenario" in st.query_params else "home")


def start_page() -> None:
    """The first line of every page: it never runs without this shell around it.

    Streamlit opens a file of `pages/` by itself when its address is the first one asked for after a start; naming the
    pages switches that off, and the rerun comes in through `app.py`.
    """
    if not _inside.get():
        _navigation(known=state.visitor().person is not None)
        st.rerun()


def switch(name: str) -> None:
    """Go to another page."""
    st.switch_page(ROOT / "pages" / f"{name}.py", query_params=dict(st.query_params))
