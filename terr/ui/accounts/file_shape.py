"""How the file of a data set is read: its sheet, header row, encoding and separator, changed after the import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.workspace import Workspace
from terr.workspace.accounts import upload
from terr.workspace.accounts.dataset import Dataset, Intake

Changed = Callable[[Callable[[Progress], Intake]], None]

SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar", "^": "Caret", "~": "Tilde"}


def change(data: Dataset, taken: Intake, changed: Changed) -> None:
    """The fields, folded up, and the button that reads the file again with them.

    Args:
        data: the data set; taken: its ledger.
        changed: makes the accounts again.
    """
    raw = taken.raw
    if not (raw.header_row or len(raw.sheets) > 1):
        return
    now = upload.shape_of(raw)
    wanted: dict[str, str] = {}
    key = f"{data.info.id}_{data.version}"
    busy = window_jobs.running("gate_change")
    with st.expander("How the file is read", icon=":material/table_view:"):
        row = st.columns(3, vertical_alignment="bottom")
        if len(raw.sheets) > 1:
            at = raw.sheets.index(raw.sheet) if raw.sheet in raw.sheets else 0
            wanted["sheet:"] = row[0].selectbox("Sheet", raw.sheets, at, key=f"terr_shape_sheet_{key}", disabled=busy)
        if raw.encoding in upload.ENCODINGS or raw.doubts:  # what is all UTF-8 is nothing else
            codes = {str(raw.encoding): upload.ENCODINGS.get(str(raw.encoding), "Unicode (UTF-8)"), **upload.ENCODINGS}
            wanted["encoding:"] = row[0].selectbox(
                "Encoding", list(codes), format_func=codes.__getitem__, key=f"terr_shape_code_{key}", disabled=busy
            )
        if raw.delimiter is not None:
            marks = {raw.delimiter: SEPARATORS.get(raw.delimiter, raw.delimiter), **SEPARATORS}
            wanted["delimiter:"] = row[1].selectbox(
                "Separator", list(marks), format_func=marks.__getitem__, key=f"terr_shape_mark_{key}", disabled=busy
            )
        if raw.header_row:
            number = row[2].number_input(
                "Header row", 1, 1_000, min(1_000, raw.header_row), key=f"terr_shape_row_{key}", disabled=busy
            )
            wanted["header_row:"] = str(int(number))
        st.caption(
            "Fixed cells and unchecked corrections belong to the table as it is read now; Undo brings them back. The "
            "next file with this layout is read the same way."
        )
        if wanted.get("sheet:", now["sheet:"]) != now["sheet:"] and wanted.get("header_row:") == now["header_row:"]:
            wanted.pop("header_row:", None)  # the other sheet has a header row of its own
        different = {k: v for k, v in wanted.items() if v != now[k]}
        if st.button(
            "Read the file again", key="reshape", type="primary", disabled=busy or not different, icon=":material/sync:"
        ):
            changed(partial(_changed, state.workspace(), data.info.id, different))


def _changed(ws: Workspace, dataset_id: str, different: dict[str, str], progress: Progress) -> Intake:
    return upload.change_shape(ws, dataset_id, different, progress=progress)
