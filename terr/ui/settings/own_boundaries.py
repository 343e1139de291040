"""Boundaries of one's own: a file, its columns, what was found, a name, kept."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.settings import boundary_findings
from terr.view.text import count, markdown
from terr.workspace import boundary_library
from terr.workspace.boundary_library import ROW_NUMBER, AddedBoundaries, CheckedAreas, InspectedFile, OpenedFile

_NUMBERED, _NO_NAME = "(number the areas)", "(same as the ID)"


def add() -> None:
    """All steps; a step is there once the one before is done."""
    if added := state.get("own_added"):
        _told(added)
    given = st.file_uploader(
        "GeoJSON, TopoJSON, zipped Shapefile, GeoPackage, GeoParquet, FlatGeobuf, KML or KMZ (up to 200 MB)",
        type=None,
        key=f"terr_own_{state.get('own_round', 0)}",
        help="Any areas in the world: districts, postal codes, sales regions. The file stays on this computer.",
    )
    if given is not None and state.get("own_id") != given.file_id:
        state.put("own_id", given.file_id)
        state.drop("own_added")
        _read(given.getvalue(), given.name, None)
    window_jobs.follow("own_read", _opened)
    pending = state.get("own")
    if pending is None:
        if given is None and not state.get("own_added"):
            st.caption("You can plan with these areas like counties or ZIPs. Choose the column with their IDs.")
        return
    if boundary_library.is_census(pending["found"].seen):
        _exact(pending["found"])
        return
    _columns(pending)
    pending = state.get("own", pending)
    window_jobs.follow("own_check", lambda done: state.put("own", {**state.get("own"), "cleaned": done}))
    if "cleaned" in pending and not window_jobs.running("own_check"):
        _keep(pending)
    window_jobs.follow("own_keep", _kept)


def _read(data: bytes, name: str, layer: str | None) -> None:
    """Begin to look into a file; what is soon done is there at once."""
    state.drop("own")
    window_jobs.end("own_check", "own_keep")

    def look(progress: Progress) -> tuple[OpenedFile, bytes]:
        opened = boundary_library.open_file(data, name, layer=layer, progress=progress)
        return opened, data if len(opened.seen.layers) > 1 else b""  # read again only for another layer

    window_jobs.quick("own_read", look, _opened, wait_s=3.0)


def _opened(done: tuple[OpenedFile, bytes]) -> None:
    state.put("own", {"data": done[1], "found": done[0]})


def _exact(found: OpenedFile) -> None:
    """The Census Bureau's file, fetched elsewhere and given here."""
    st.info("This is the Census Bureau's file of exact ZIP areas.", icon=":material/verified:")
    row = st.container(horizontal=True)
    if row.button(
        "Use it as the exact ZIP areas", type="primary", key="own_census", disabled=window_jobs.running("census")
    ):
        window_jobs.begin_thread("census", lambda progress: boundary_library.install_file(found, progress=progress))
        _close()
        st.rerun()
    if row.button("Cancel", key="own_drop"):
        _close()
        st.rerun()


def _columns(pending: dict[str, Any]) -> None:
    opened: OpenedFile = pending["found"]
    found = opened.seen
    key = f"{found.sha256[:8]}_{found.raw.layer}"
    st.markdown(
        f"**{markdown(found.filename)}** · {markdown(found.raw.format)} · {count(found.count, 'row')}{_where(found)}"
    )
    if len(found.layers) > 1:
        layer = st.selectbox("Layer", found.layers, index=found.layers.index(found.raw.layer), key=f"own_layer_{key}")
        if layer != found.raw.layer:
            _read(pending["data"], found.filename, layer)
            st.rerun()
    usable = [c for c in found.columns if c.filled]
    names = [c.name for c in usable]
    left, right = st.columns(2)
    ids = left.selectbox(
        "ID column",
        [*names, ROW_NUMBER],
        key=f"own_idcol_{key}",
        index=[*names, ROW_NUMBER].index(found.id_column),
        format_func=lambda n: n or _NUMBERED,
    )
    name = right.selectbox(
        "Name column",
        ["", *names],
        key=f"own_namecol_{key}",
        index=["", *names].index(found.name_column),
        format_func=lambda n: n or _NO_NAME,
    )
    with st.expander(f"Preview: {count(len(usable), 'column')}"):
        st.dataframe(_preview(found), hide_index=True, width="stretch", key=f"terr_own_columns_{key}")
    epsg, swap, join = _more(found, key)
    column = next((c for c in usable if c.name == ids), None)
    if column is not None and not column.unique:
        many, blank = column.filled - column.different, found.count - column.filled
        parts = [f"{count(many, 'row repeats', 'rows repeat')} an ID"] if many else []
        parts += [f"{count(blank, 'row has', 'rows have')} none"] if blank else []
        st.caption(markdown(f"In this column {' and '.join(parts)}."))
    choice = (ids, name, epsg, swap, join)
    if pending.get("choice") != choice and "cleaned" in pending:
        pending = {k: v for k, v in pending.items() if k != "cleaned"}
        state.put("own", pending)
    row = st.container(horizontal=True)
    asks = found.needs_crs and epsg is None
    if row.button(
        "Check the areas",
        type="primary" if "cleaned" not in pending else "secondary",
        key="own_go",
        icon=":material/rule:",
        disabled=asks or window_jobs.running("own_check") or window_jobs.running("own_keep"),
    ):
        state.put("own", {**pending, "choice": choice})
        window_jobs.begin_thread(
            "own_check",
            lambda progress: boundary_library.check(
                opened,
                str(ids),
                str(name),
                epsg=epsg,
                swap=swap,
                duplicates="join" if join else "refuse",
                progress=progress,
            ),
        )
        st.rerun()
    if row.button("Cancel", key="own_drop", disabled=window_jobs.running("own_keep")):
        _close()
        st.rerun()


def _more(found: InspectedFile, key: str) -> tuple[int | None, bool | None, bool]:
    """The coordinate system and axes if a person says so, and what becomes of rows with one id."""
    for note in found.notes if found.needs_crs else ():
        st.warning(markdown(note.message), icon=":material/help:")
    with st.expander("Coordinates and repeated IDs", expanded=found.needs_crs):
        left, right = st.columns(2, vertical_alignment="bottom")
        code = left.number_input(
            "EPSG number of the coordinate system",
            min_value=1024,
            max_value=32_767,
            value=None,
            step=1,
            key=f"own_epsg_{key}",
            placeholder=found.crs_label or "not said in the file",
            help="Only if it is missing or wrong in the file. 4326 = longitude and latitude.",
        )
        swapped = right.checkbox(
            "Latitude comes first",
            value=found.placement.swapped,
            key=f"own_swap_{key}",
            help="Check this if the areas appear in the wrong part of the world.",
        )
        join = st.checkbox(
            "Combine rows with the same ID",
            value=True,
            key=f"own_join_{key}",
            help="Otherwise Terr rejects a file with repeated IDs.",
        )
    return (
        None if code is None else int(code),
        None if swapped == found.placement.swapped and code is None else swapped,
        join,
    )


def _where(found: InspectedFile) -> str:
    if found.extent is None:
        return ""
    if found.needs_crs:
        return " · location not known yet"
    west, south, east, north = found.extent

    def side(v: float, plus: str, minus: str) -> str:
        return f"{abs(v):.1f}° {plus if v >= 0 else minus}"

    return f" · from {side(south, 'N', 'S')} {side(west, 'E', 'W')} to {side(north, 'N', 'S')} {side(east, 'E', 'W')}"


def _preview(found: InspectedFile) -> pd.DataFrame:
    used = [c for c in found.columns if c.filled]
    return pd.DataFrame(
        {
            "Column": [c.name for c in used],
            "Examples": [", ".join(c.examples) for c in used],
            "Different": [c.different for c in used],
            "Blank": [found.count - c.filled for c in used],
        }
    )


def _keep(pending: dict[str, Any]) -> None:
    cleaned: CheckedAreas = pending["cleaned"]
    found = cleaned.file.seen
    what = "ZIPs" if cleaned.zips else "areas"
    st.markdown(f"**{count(cleaned.count, 'area')} can be used.** {'The IDs are US ZIPs.' if cleaned.zips else ''}")
    boundary_findings.show_findings(cleaned.findings)
    if window_jobs.running("own_keep"):
        return  # its progress takes the place of what is below
    title = st.text_input(
        "Name of these boundaries",
        boundary_library.suggested_title(found.filename),
        max_chars=boundary_library.TITLE,
        key=f"own_title_{found.sha256[:8]}",
    )
    filled = st.checkbox(
        "Fill gaps between areas",
        value=cleaned.zips,
        key=f"own_fill_{found.sha256[:8]}",
        help="Uncovered land is added to the nearest area and marked, so that neighbors touch.",
    )
    if st.button(
        f"Save {cleaned.count:,} {what}",
        type="primary",
        key="own_keep_go",
        icon=":material/check:",
    ):
        ws = state.workspace()
        window_jobs.begin_thread(
            "own_keep",
            lambda progress: boundary_library.store_boundaries(ws, cleaned, title, filled=filled, progress=progress),
        )
        st.rerun()


def _kept(added: AddedBoundaries) -> None:
    state.put("own_added", added)
    _close()


def _close() -> None:
    state.drop("own")
    window_jobs.end("own_read", "own_check", "own_keep")
    state.put("own_round", state.get("own_round", 0) + 1)


def _told(added: AddedBoundaries) -> None:
    st.success(
        f"“{markdown(added.title)}” saved with {count(added.count, 'area')}. Choose it as the level of a new plan.",
        icon=":material/check_circle:",
    )
    with st.expander(f"{count(len(added.findings), 'note')}"):
        boundary_findings.show_findings(added.findings)
