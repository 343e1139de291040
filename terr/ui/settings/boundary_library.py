"""The Boundaries section of Settings: what is at hand, and the exact ZIP areas of the Census Bureau."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.ui.settings import boundary_findings
from terr.view.text import and_list, count, markdown, sentence
from terr.workspace import boundary_library
from terr.workspace.boundary_library import AddedBoundaries, LibraryEntry


def table() -> None:
    """Every layer; those that were added can be chosen to rename or remove them."""
    layers = boundary_library.at_hand(state.workspace())
    for text in boundary_library.damaged():
        st.warning(markdown(sentence(text)), icon=":material/healing:")
    frame = pd.DataFrame(
        {
            "Boundaries": [s.title for s in layers],
            "Areas": [s.count for s in layers],
            "Shapes": ["approximate" if s.approximate else "exact" for s in layers],
            "Used by": [and_list(list(s.plans), 3) or "–" for s in layers],
            "Added": [local(s.when) if s.when else "comes with Terr" for s in layers],
            "Source": [s.source[:1].upper() + s.source[1:] for s in layers],
        }
    )
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=37 + 35 * min(len(frame), 9),
        on_select="rerun",
        selection_mode="single-row",
        key=f"terr_layers_{zlib.crc32(repr([(s.level, s.title) for s in layers]).encode()):08x}",
        column_config={
            "Areas": st.column_config.NumberColumn(format="localized", width="small"),
            "Shapes": st.column_config.TextColumn(width="small"),
            "Source": st.column_config.TextColumn(width="medium"),
        },
    )
    _chosen(layers, picked.selection.rows)


def _chosen(layers: Sequence[LibraryEntry], rows: Sequence[int]) -> None:
    own = [s for s in layers if s.own]
    chosen = [layers[r] for r in rows if r < len(layers)]
    if not chosen:
        if own:
            st.caption("Check a row to rename or remove boundaries you added.")
        return
    if not chosen[0].own:
        st.caption(f"{markdown(chosen[0].title)} come with Terr and can't be removed.")
        return
    layer, ws = chosen[0], state.workspace()
    a, b, c = st.columns([3, 1, 1], vertical_alignment="bottom")
    field = f"title_{layer.level}"
    a.text_input("New name", layer.title, max_chars=boundary_library.TITLE, key=field, label_visibility="collapsed")
    b.button(
        "Rename",
        key="rename_layer",
        width="stretch",
        on_click=lambda: attempt(
            lambda: boundary_library.rename_boundaries(ws, layer.level, str(st.session_state[field]))
        ),
    )
    c.button(
        "Remove",
        key="forget_layer",
        icon=":material/delete:",
        width="stretch",
        disabled=bool(layer.plans),
        help="Plans use these boundaries" if layer.plans else "Remove from this computer",
        on_click=lambda: attempt(lambda: boundary_library.remove_boundaries(ws, layer.level)),
    )


def census() -> None:
    """Download, watch, stop, go on, and what came of it."""
    if added := state.get("census_added"):
        _told(added)
    elif boundary_library.has_census(state.workspace()):
        st.markdown(":material/check_circle: Exact ZIP areas are installed; plans can use them.")
    if not window_jobs.running("census") and not boundary_library.has_census(state.workspace()):
        st.markdown(
            "Terr comes with estimated ZIP areas. The exact ones are a public Census Bureau file of about "
            f"{boundary_library.CENSUS_MB} MB. **This is the one time Terr "
            "goes online:** it asks `www2.census.gov` for that file and sends nothing about you or your accounts."
        )
        have, total = boundary_library.census_arrived()
        label = f"Download exact ZIP areas from the Census ({boundary_library.CENSUS_MB} MB)"
        if have:
            label = f"Resume download ({have / 2**20:,.0f} of {total / 2**20:,.0f} MB done)"
        st.button(
            label,
            key="census_go",
            icon=":material/cloud_download:",
            type="primary",
            on_click=window_jobs.begin_thread,
            args=("census", lambda progress: boundary_library.install_census(progress=progress)),
        )
        st.caption(
            "No internet here? Download cb\\_2020\\_us\\_zcta520\\_500k.zip on another computer and upload it on the "
            "right."
        )
    window_jobs.follow("census", lambda done: state.put("census_added", done))


def _told(added: AddedBoundaries) -> None:
    st.success(
        f"{count(added.count, 'exact ZIP area')} installed, with 3-digit ZIP areas. Choose them as the level of a new "
        "plan.",
        icon=":material/check_circle:",
    )
    with st.expander(f"{count(len(added.findings), 'note')}"):
        boundary_findings.show_findings(added.findings)
