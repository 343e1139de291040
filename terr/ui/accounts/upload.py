"""The first two steps of the Accounts page: a file is read beside the page, its columns and answers are confirmed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.ui.accounts import database_query, facts, questions
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import count, markdown
from terr.workspace.accounts import column_roles, dataset, demo, next_extract, upload
from terr.workspace.accounts.upload import UploadDraft
from terr.workspace.reports.downloads import XLSX


@st.cache_data(show_spinner=False)
def sample_file() -> bytes:
    """The demo workbook, to look at or to start from."""
    return demo.workbook()


STEPS = ("File", "Fields", "Review", "Plan")


def steps(*, done: bool) -> None:
    """The way from a file to a plan, with the step one is at.

    Args:
        done: accounts are there already.
    """
    at = 1 if state.get("pending") else 2 if done and not busy() else 0
    words = [f"**{n + 1} {word}**" if n == at else f"{n + 1} {word}" for n, word in enumerate(STEPS)]
    st.caption(" → ".join(words))


def choose_file(*, first: bool) -> None:
    """Step 1: a file, a query of a database, or the demo; folded up unless it is the first."""
    with st.container() if first else st.expander("Import another file", icon=":material/upload_file:"):
        _choose()
    window_jobs.follow("gate_open", _dropped, stop="Cancel")


def _choose() -> None:
    left, right = st.columns([1.55, 1], gap="medium")
    with left:
        given = st.file_uploader(
            "Accounts, and their orders, opportunities, activities or contracts: CSV, Excel or Parquet (up to 200 MB)",
            type=None,
            accept_multiple_files=True,
            key=f"terr_upload_{state.get('upload_round', 0)}",
            help="Drop several files at once; what each holds is recognized. They stay on this machine. Up to "
            "1,000,000 rows each.",
        )
        database_query.form()
    with right:
        st.caption("New here?")
        st.button(
            "Try the demo (5,000 accounts, 12 reps)",
            icon=":material/play_circle:",
            width="stretch",
            key="demo",
            on_click=_try_demo,
            disabled=window_jobs.running("gate_demo"),
        )
        window_jobs.follow("gate_demo", _demo_imported, stop="Cancel")
        st.download_button(
            "Sample file (Excel)", sample_file, "terr-demo.xlsx", XLSX, icon=":material/download:", width="stretch"
        )
    ids = [one.file_id for one in given]
    if given and state.get("upload_id") != ids:
        state.put("upload_id", ids)
        state.drop("pending", "next_of", "next_found", "pending_roles")
        window_jobs.end("gate_take")
        open_all([(one.name, one.getvalue()) for one in given])


def open_all(files: list[tuple[str, bytes]], *, fresh: bool = False) -> None:
    """Read files that came in together.

    Args:
        files: name and bytes of each.
        fresh: without accounts among them, their customers become accounts of their own.
    """
    ws = state.workspace()
    hand = dataset.in_hand(ws, None, state.get("dataset"))
    window_jobs.quick(
        "gate_open", lambda progress: upload.open_files(ws, files, hand, fresh=fresh, progress=progress), _dropped
    )


def facts_as_accounts(files: list[tuple[str, bytes]]) -> None:
    """Make the customers of files of facts accounts of their own."""
    facts.close()
    open_all(files, fresh=True)


def _dropped(found: upload.DroppedFiles) -> None:
    for note in found.notes:
        state.say(note)
    state.put("facts_waiting", found.waiting)
    if found.accounts is not None:
        opened(found.accounts)
    else:
        facts.opened(found.facts)


def _try_demo() -> None:
    ws = state.workspace()
    window_jobs.quick("gate_demo", lambda progress: demo.demo_dataset(ws, progress=progress), _demo_imported)


def _demo_imported(data: dataset.Dataset) -> None:
    state.use_dataset(data.info.id)
    close()


def opened(draft: UploadDraft) -> None:
    """A file was read, or a question answered."""
    state.put("pending", draft)


def busy() -> bool:
    """Whether a file is on its way in."""
    return window_jobs.running("gate_open") or window_jobs.running("gate_take") or window_jobs.running("gate_answer")


def confirm() -> None:
    """Step 2: which column is what, and what the file leaves open; nothing is taken in before the button."""
    draft: UploadDraft | None = state.get("pending")
    if draft is None:
        return
    of = _next_of()
    name = markdown(dataset.name_of(state.workspace(), of)) if of else ""
    st.subheader(f"Fields of the new data for {name}" if of else "Fields")
    if window_jobs.running("gate_take"):
        window_jobs.follow("gate_take", _done, stop="Cancel")
        return
    raw = draft.raw
    st.markdown(
        f"**{markdown(raw.filename)}**: {count(len(raw.rows), 'row')}{_where(draft)}. "
        "Check the field of each column, then import."
    )
    if _mended(draft):
        return
    hand = dataset.in_hand(state.workspace(), None, state.get("dataset"))
    kind = _rows_are(draft, hand)
    if kind != "accounts":
        _open_as(draft, hand, kind)
        st.rerun()
    if draft.kind != "accounts":
        kinds = markdown(draft.kind)
        st.caption(
            f":material/info: Each customer of these {kinds} becomes an account, and the {kinds} themselves "
            "are saved with them."
        )
    if draft.last is not None:
        said = f"Fields and answers come from “{markdown(draft.last.name)}”, the last file with these columns."
        st.caption(f":material/history: {said}")
    bar = st.container()  # away from the table, whose own buttons float above its edge
    _shape(draft)
    first = st.container()
    draft = _columns(draft)
    with first:
        questions.ask(draft, _answered)
    with bar:
        window_jobs.follow("gate_answer", opened, stop="Cancel")
    left = len(draft.open)
    row = st.container(horizontal=True)
    label = "Compare" if _next_of() else "Import"
    if row.button(
        f"{label} {count(len(raw.rows), 'row')}",
        type="primary",
        icon=":material/check:",
        key="take_in",
        disabled=bool(left) or window_jobs.running("gate_answer") or state.get("roles_tried") is not None,
        help=f"{count(left, 'question needs', 'questions need')} an answer first" if left else None,
    ):
        _go(draft)
        st.rerun()
    if row.button("Cancel", key="drop_file"):
        close()
        st.rerun()
    window_jobs.follow("gate_take", _done)


def _rows_are(draft: UploadDraft, hand: str) -> str:
    """What a person says the rows of a file are that was taken for accounts."""
    if not hand or _next_of() or draft.kind != "accounts":
        return "accounts"
    kinds = facts.kinds()
    key = f"terr_rows_are_{draft.raw.sha256[:8]}"
    return str(st.selectbox("Rows are", list(kinds), format_func=lambda k: kinds[k], key=key))


def _open_as(draft: UploadDraft, hand: str, kind: str) -> None:
    """Facts of the data set there is, rather than accounts."""
    ws = state.workspace()
    close()
    window_jobs.quick(
        "gate_facts",
        lambda progress: upload.open_waiting(ws, hand, [(draft.data, draft.raw)], progress, kind=kind),
        facts.opened,
    )


def _next_of() -> str:
    """Id of the data set that the file at hand is the next extract of, "" if it is a file of its own."""
    of = str(state.get("next_of", ""))
    return of if of and dataset.name_of(state.workspace(), of) else ""


def _go(draft: UploadDraft) -> None:
    """Take the file in, or compare it with the extract before it."""
    ws, of = state.workspace(), _next_of()
    if of:
        window_jobs.quick(
            "gate_take",
            lambda progress: next_extract.compare_next_extract(ws, of, draft, progress=progress),
            _done,
        )
    else:
        window_jobs.quick("gate_take", lambda progress: upload.import_file(ws, draft, progress=progress), _done)


def _done(made: Any) -> None:
    if isinstance(made, next_extract.NextExtract):
        close()
        state.put("next_found", made)
    else:
        _taken(made)


def _where(draft: UploadDraft) -> str:
    raw = draft.raw
    return f" below the header in row {raw.header_row:,}" if raw.header_row else ""


def _taken(data: dataset.Dataset) -> None:
    waiting = state.get("facts_waiting") or ()
    state.use_dataset(data.info.id)
    close()
    if waiting:
        ws, key = state.workspace(), data.info.id
        window_jobs.quick("gate_facts", lambda progress: upload.open_waiting(ws, key, waiting, progress), facts.opened)


def close() -> None:
    """The file at hand is done with."""
    window_jobs.end("gate_open", "gate_answer", "gate_take")
    state.drop("pending", "pending_roles", "roles_tried", "next_of", "next_found", "facts_waiting")
    state.put("upload_round", state.get("upload_round", 0) + 1)


def _answered(how: Any) -> None:
    """Work out what is open after an answer, beside the page if it takes long."""
    window_jobs.quick("gate_answer", how, opened)


def _mended(draft: UploadDraft) -> bool:
    """A file of rejects that Terr wrote goes back to where it came from."""
    ws = state.workspace()
    owner = upload.owner_of_rejects(ws, draft)
    if not owner:
        return False
    name = dataset.name_of(ws, owner)
    st.info(
        f"These are {count(len(draft.raw.rows), 'fixed row')} of “{markdown(name)}”. They replace the original rows, "
        "so nothing is counted twice.",
        icon=":material/assignment_return:",
    )
    row = st.container(horizontal=True)
    if row.button("Import the fixed rows", type="primary", key="put_back", icon=":material/check:"):
        data, file = draft.data, draft.raw.filename
        window_jobs.quick(
            "gate_take",
            lambda progress: upload.import_rejects(ws, owner, data, file, progress=progress),
            _back,
        )
        st.rerun()
    if row.button("Cancel", key="drop_file"):
        close()
        st.rerun()
    window_jobs.follow("gate_take", _back)
    return True


def _back(done: tuple[dataset.Dataset, upload.ReturnedRejects]) -> None:
    state.put("rejects_back", (done[0].info.id, done[1]))
    _taken(done[0])


def _shape(draft: UploadDraft) -> None:
    """Another sheet or header row than the one that looks most like accounts."""
    raw = draft.raw
    asked = {q.code for q in draft.open}
    if "sheet" in asked or (len(raw.sheets) < 2 and not raw.header_row):
        return
    key = f"{raw.sha256[:8]}_{raw.sheet}_{raw.header_row}"
    with st.expander("Use another sheet or header row", expanded=False):
        left, right = st.columns(2, vertical_alignment="bottom")
        if len(raw.sheets) > 1:
            sheet = left.selectbox(
                "Sheet", raw.sheets, index=raw.sheets.index(raw.sheet or raw.sheets[0]), key=f"terr_sheet_{key}"
            )
            if sheet != raw.sheet:
                _answered(lambda w: upload.answer_question(draft, "sheet:", sheet, progress=w))
                st.rerun()
        if raw.header_row:
            row = right.number_input("Header row", 1, 1_000, min(1_000, raw.header_row), key=f"terr_header_{key}")
            if int(row) != raw.header_row:
                _answered(lambda w: upload.answer_question(draft, "header_row:", str(int(row)), progress=w))
                st.rerun()


def _columns(draft: UploadDraft) -> UploadDraft:
    """The table of columns, and the draft with what is chosen there."""
    raw, looks, roles = draft.raw, draft.looks, column_roles.roles_of(draft)
    start = state.get("pending_roles")
    mark = (raw.sha256, raw.sheet, raw.header_row)
    if start is None or start[0] != mark:  # the editor shows the first guess; what it changes is kept by itself
        start = (mark, roles)
        state.put("pending_roles", start)
    frame = pd.DataFrame(
        {
            "Column": list(looks["column"]),
            "Field": start[1],
            "Examples": list(looks["samples"]),
            "Filled": [100.0 * v for v in looks["filled"]],
        }
    )
    edited = st.data_editor(
        frame,
        key=f"terr_columns_{raw.sha256[:8]}_{raw.sheet}_{raw.header_row}_{state.get('roles_round', 0)}",
        hide_index=True,
        width="stretch",
        height=min(460, 38 + 35 * len(frame)),
        disabled=["Column", "Examples", "Filled"],
        column_config={
            "Field": st.column_config.SelectboxColumn(
                "Field", options=list(column_roles.ROLES), required=True, width="medium"
            ),
            "Filled": st.column_config.NumberColumn("Filled", format="%.0f%%", width="small"),
        },
    )
    wanted = list(edited["Field"])
    if wanted == roles:
        state.drop("roles_tried")
        return draft
    tried = (mark, tuple(wanted))
    if state.get("roles_tried") == tried:
        if window_jobs.stopped("gate_answer"):  # the table shows again what holds
            state.drop("roles_tried", "pending_roles")
            state.put("roles_round", state.get("roles_round", 0) + 1)
            st.rerun()
        return draft
    state.put("roles_tried", tried)
    _answered(lambda w: column_roles.with_roles(draft, wanted, progress=w))
    now: UploadDraft = state.get("pending")
    if now is not draft:
        state.drop("roles_tried")
    return now
