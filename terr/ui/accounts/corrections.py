"""Issues, fixed in place; automatic corrections, kept or not; and every change, to be undone."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.model.progress import Progress
from terr.ui.accounts import answers, file_shape
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, sentence, short
from terr.workspace import Workspace
from terr.workspace.accounts import dataset, decisions_file, review, upload
from terr.workspace.accounts.dataset import Dataset, Intake
from terr.workspace.accounts.import_settings import CorrectionStep, ImportSettings, reading_version, same_cells
from terr.workspace.accounts.review import SHOWN, FindingGroup, ReviewFindings
from terr.workspace.reports.downloads import CSV, XLSX, safe_csv

LIVE = 30_000
"""Up to so many rows each fixed cell takes effect at once; of longer files several are fixed together."""
_FATE_WORDS = {
    "rejected": ":material/error: not imported until fixed",
    "unlocated": ":material/wrong_location: imported without a location",
    "not covered": ":material/public_off: imported, not covered by the maps",
    "excluded": ":material/block: skipped, not an account",
    "accepted": ":material/info: imported with a warning",
}
_WORDS = {k: v.split(": ", 1)[1] for k, v in _FATE_WORDS.items()}
_ANSWERS = {
    "as_is": "left as is",
    "mdy": "month first",
    "dmy": "day first",
    ".": "a point",
    ",": "a comma",
    "all": "all of them",
    "neither": "just a label",
    "number": "an amount",
    "zip": "a ZIP",
}
_LISTED, _COLUMNS = 50, 60


def act(data: Dataset, measure: str, how: Callable[[Progress], Intake]) -> None:
    """Change how the file is read, beside the page if it takes long, and say what moved."""
    before = dataset.cached_ledger(state.workspace(), data.info)

    def done(after: Intake) -> None:
        if before is not None:
            state.say(_moved(before, after, measure))
        state.end_runs()  # it was of other accounts

    window_jobs.quick("gate_change", how, done, wait_s=3.0)
    st.rerun()


def working() -> None:
    """How far a change is, or why it failed."""
    window_jobs.follow("gate_change", lambda _: state.end_runs(), stop="Cancel")


def _moved(before: Intake, after: Intake, measure: str) -> str:
    """What a change did, in a line."""
    one = review.between(before, after, measure)
    currency = dict(after.accounts.currency).get(measure, "")
    parts = []
    if one.rows:
        parts.append(f"{count(abs(one.rows), 'account')} {'more' if one.rows > 0 else 'fewer'} imported")
    if measure and abs(one.money) > 1e-9:
        parts.append(f"{short(abs(one.money), currency)} {'more' if one.money > 0 else 'less'} {measure}")
    if one.need:
        parts.append(f"{count(abs(one.need), 'row')} {'more' if one.need > 0 else 'fewer'} to fix")
    return sentence("; ".join(parts) if parts else "saved; the totals are unchanged")


def needs(data: Dataset, taken: Intake, measure: str) -> None:
    """Findings by kind with their money, then the rows to mend."""
    found = _found(data, measure)
    if found is None:
        return
    currency = dict(taken.accounts.currency).get(measure, "")
    chosen: FindingGroup | None = None
    if not found.groups:
        st.success("No issues: every row is an account with a location.", icon=":material/verified:")
    else:
        kinds = zlib.crc32(repr([(g.fate, g.code) for g in found.groups]).encode())
        picked = st.dataframe(
            groups_table(found.groups, measure, currency),
            hide_index=True,
            width="stretch",
            key=f"terr_groups_{data.info.id}_{kinds:08x}",  # a selection names a row by its number
            height=min(300, 38 + 35 * len(found.groups)),
            on_select="rerun",
            selection_mode="single-row",
            column_config={
                "Rows": st.column_config.NumberColumn(format="localized", width="small"),
                "What": st.column_config.TextColumn(width=270),
                "What to do": st.column_config.TextColumn(width=330),
                "Example": st.column_config.TextColumn(width="large"),
            },
        )
        rows = [r for r in picked.selection.rows if r < len(found.groups)]
        if rows:
            chosen = found.groups[rows[0]]
        else:
            st.caption("Check an issue to see its rows.")
    _editor(data, taken, found, measure, chosen)
    _files(data, taken)


def _found(data: Dataset, measure: str) -> ReviewFindings | None:
    """The findings; None while they are looked for."""
    ws, sid = state.workspace(), data.info.id
    known = review.ready(ws, data.info, measure)
    if known is None and not window_jobs.running("gate_find"):

        def body(progress: Progress) -> ReviewFindings:
            progress.tell(0.2, "sorting issues by amount")
            return review.findings(ws, sid, measure)

        window_jobs.quick("gate_find", body)
        known = review.ready(ws, data.info, measure)
    if known is None:
        window_jobs.follow("gate_find")
    return known


def groups_table(groups: tuple[FindingGroup, ...], measure: str, currency: str) -> pd.DataFrame:
    """One row for each kind of finding."""
    out = {
        "What": [g.title for g in groups],
        "Rows": [g.rows for g in groups],
        f"{measure or 'Money'}": [_money(g, currency) if measure else "" for g in groups],
        "Status": [_WORDS[g.fate] for g in groups],
        "What to do": [g.hint for g in groups],
        "Example": [f"row {r}: {m}" if g.rows else m for g in groups for r, m in g.examples[:1]],
    }
    return pd.DataFrame(out)


def _money(group: FindingGroup, currency: str) -> str:
    if not group.rows or group.unknown == group.rows:
        return "not known" if group.rows else "–"
    return short(group.money, currency) + (f" and {group.unknown:,} not known" if group.unknown else "")


def _editor(data: Dataset, taken: Intake, found: ReviewFindings, measure: str, only: FindingGroup | None) -> None:
    many = len(found.wrong) if only is None else only.rows
    excluded = False
    if only is not None and not only.rows:
        st.caption(f"“{markdown(only.title)}” is about the file as a whole; it has no rows of its own.")
    if found.left_out and only is None:
        excluded = st.toggle(
            f"Also show skipped rows ({len(found.left_out):,})",
            key=f"terr_excluded_{data.info.id}",
        )
    if not many and not excluded:
        return
    frame = review.rows_to_fix(taken, found, excluded=excluded, only=only)
    whole = many + (len(found.left_out) if excluded else 0)
    st.markdown(
        f"**Fix here{'' if only is None else ' · ' + markdown(only.title)}**: change a cell, and the totals above "
        "update. " + (f"Showing the {SHOWN:,} largest of {whole:,} rows." if whole > SHOWN else "")
    )
    row, wrong, *cells = frame.columns
    shown = frame[[row, wrong, *cells[:_COLUMNS]]]
    kind = "" if only is None else f"_{only.fate}_{only.code}"
    key = f"terr_mend_{data.info.id}_{reading_version(data.info.mapping)}_{excluded}{kind}"
    edited = st.data_editor(
        shown,
        key=key,
        hide_index=True,
        width="stretch",
        height=min(420, 40 + 35 * len(frame)),
        disabled=[row, wrong] if not window_jobs.running("gate_change") else True,
        column_config={
            row: st.column_config.NumberColumn(format="%d", pinned=True, width="small"),
            wrong: st.column_config.TextColumn(pinned=True, width=300),
        },
    ).fillna("")
    changed = [(int(shown[row].iloc[k]), c, str(edited[c].iloc[k])) for k, c in same_cells(shown, edited)]
    if not changed or window_jobs.running("gate_change"):
        return
    ws, sid = state.workspace(), data.info.id
    if len(taken.raw.rows) <= LIVE or st.button(
        f"Apply {count(len(changed), 'change')}", type="primary", key="apply_mends"
    ):
        act(data, measure, lambda w: review.fix_cells(ws, sid, changed, progress=w))


def _files(data: Dataset, taken: Intake) -> None:
    """Rows to mend as files, the way back, and all remarks."""
    ws, sid = state.workspace(), data.info.id
    bad = taken.ledger.rows_rejected + taken.ledger.rows_excluded + taken.located["unlocated"]
    if not bad and taken.ledger.issues.empty:
        return
    label = f"Fix in Excel ({count(bad, 'row')})" if bad else "All issues as a file"
    with st.expander(label, icon=":material/edit_document:"):
        a, b, c = st.columns(3)
        a.download_button(
            "Rows to fix (Excel)",
            lambda: review.rejects_xlsx(taken),
            "rows-to-fix.xlsx",
            XLSX,
            disabled=not bad,
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
            key="rejects_xlsx",
        )
        b.download_button(
            "Rows to fix (CSV)",
            lambda: review.rejects_csv(taken),
            "rows-to-fix.csv",
            CSV,
            disabled=not bad,
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
            key="rejects_csv",
        )
        issues = taken.ledger.issues
        c.download_button(
            f"All issues ({len(issues):,})",
            lambda: safe_csv(issues),
            "issues.csv",
            CSV,
            disabled=issues.empty,
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
            key="remarks_csv",
        )
        st.caption(
            "Your file's columns, plus Row, Status and Reason. Fix the cells, keep these three columns, and upload the "
            "file here: the rows go back to their places and nothing is counted twice."
        )
        given = st.file_uploader("Fixed rows", type=None, key=f"terr_rejects_{sid}_{state.get('rejects_round', 0)}")
        if given is not None and state.get("rejects_id") != given.file_id:
            state.put("rejects_id", given.file_id)
            content, name = given.getvalue(), given.name
            window_jobs.quick(
                "gate_back",
                lambda progress: upload.import_rejects(ws, sid, content, name, progress=progress),
                _back,
            )
            st.rerun()
        window_jobs.follow("gate_back", _back, stop="Cancel")
        told = state.get("rejects_back")
        if told and told[0] == sid:
            st.success(markdown(became(told[1])), icon=":material/assignment_return:")


def _back(done: tuple[Dataset, upload.ReturnedRejects]) -> None:
    state.put("rejects_back", (done[0].info.id, done[1]))
    state.put("rejects_round", state.get("rejects_round", 0) + 1)
    state.end_runs()


def became(back: upload.ReturnedRejects) -> str:
    """What became of mended rows, in a line."""
    parts = [f"{back.replaced:,} changed", f"{back.same:,} unchanged"]
    parts += [f"{back.added:,} new"] if back.added else []
    end = (
        f"{count(back.now_in, 'row is', 'rows are')} now imported with a location; "
        f"{count(back.still, 'row still needs', 'rows still need')} "
        "fixing."
    )
    return f"{count(back.rows, 'row')} uploaded: {', '.join(parts)}. {end}"


def repairs(data: Dataset, taken: Intake, measure: str) -> None:
    """Every repair with its count, money and examples; each can be refused, and let again."""
    found = taken.ledger.repairs
    if not found:
        st.info("No cell needed a correction.", icon=":material/verified:")
        return
    currency = dict(taken.accounts.currency).get(measure, "")
    st.markdown("Automatic corrections. Uncheck one to keep the original.")
    frame = pd.DataFrame(
        {
            "Correct": [not r.refused for r in found],
            "Correction": [r.title for r in found],
            "Column": [r.column for r in found],
            "Cells": [r.count for r in found],
            measure or "Money": [short(r.money.get(measure, 0.0), currency) if measure else "" for r in found],
            "Examples": ["; ".join(f"row {n}: {a} → {b or 'blank'}" for n, a, b in r.examples) for r in found],
        }
    )
    fixed = True if window_jobs.running("gate_change") else [c for c in frame.columns if c != "Correct"]
    edited = st.data_editor(
        frame,
        key=f"terr_repairs_{data.info.id}_{reading_version(data.info.mapping)}",
        hide_index=True,
        width="stretch",
        disabled=fixed,
        column_config={
            "Correct": st.column_config.CheckboxColumn(width="small"),
            "Correction": st.column_config.TextColumn(width="large"),
            "Cells": st.column_config.NumberColumn(format="localized", width="small"),
            "Examples": st.column_config.TextColumn(width="large"),
        },
    )
    ws, sid = state.workspace(), data.info.id
    for one, wanted in zip(found, edited["Correct"], strict=True):
        if bool(wanted) == one.refused and not window_jobs.running("gate_change"):
            code, off = f"{one.code}:{one.column}", not one.refused
            act(data, measure, partial(_refused, ws, sid, code, off))


def _refused(ws: Workspace, dataset_id: str, code: str, off: bool, progress: Progress) -> Intake:
    return review.refuse(ws, dataset_id, code, off, progress=progress)


def _taken_back(ws: Workspace, dataset_id: str, step: int, progress: Progress) -> Intake:
    return review.undo_correction(ws, dataset_id, step, progress=progress)


def changes(data: Dataset) -> None:
    """What was mended, newest first; each can be taken back."""
    reading = ImportSettings.of(data.info.mapping)
    _answers(reading)
    answers.change(data, partial(act, data, ""))
    taken = dataset.cached_ledger(state.workspace(), data.info)
    if taken is not None:
        file_shape.change(data, taken, partial(act, data, ""))
    _decisions(data)
    steps = reading.steps[::-1]
    if not steps:
        st.info("No changes yet. What you fix under “Issues” is listed here.", icon=":material/undo:")
        return
    st.markdown(f"**{count(len(steps), 'change')}**: the file itself stays as it was uploaded.")
    for step in steps[:_LISTED]:
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.markdown(_told(step))
        if button.button(
            "Undo",
            key=f"step_{step.id}",
            icon=":material/undo:",
            width="stretch",
            disabled=window_jobs.running("gate_change"),
        ):
            act(data, "", partial(_taken_back, state.workspace(), data.info.id, step.id))
    if len(steps) > _LISTED:
        st.caption(f"and {len(steps) - _LISTED:,} earlier changes")


def _decisions(data: Dataset) -> None:
    """Everything decided as a file, so that the command line works with the same accounts."""
    if not any(data.info.mapping.get(k) for k in ("answers", "refuse", "steps", "merges", "families")):
        return
    ws, sid = state.workspace(), data.info.id
    content: bytes | Callable[[], bytes] = partial(decisions_file.decisions_of, ws, sid)
    if any(
        s.kind in {"file", "customers"} for s in ImportSettings.of(data.info.mapping).steps
    ):  # rows it added can't go along
        try:
            content = decisions_file.decisions_of(ws, sid)
        except TerrError as error:
            st.caption(markdown(str(error)))
            return
    st.download_button(
        "Decisions for the command line",
        content,
        "decisions.json",
        "application/json",
        icon=":material/terminal:",
        help="terr design FILE --decisions decisions.json works with the same accounts as this page.",
        on_click="ignore",
        key="decisions_json",
    )


def _answers(reading: ImportSettings) -> None:
    told = []
    for key, value in reading.answers.items():
        what, _, column = key.partition(":")
        told.append(
            f"{markdown(f'{what} {column}'.replace('_', ' ').strip())}: **{markdown(_ANSWERS.get(value, value))}**"
        )
    if told:
        st.caption("Answers given at import, reused for the next file with these columns: " + "; ".join(told))


def _told(step: CorrectionStep) -> str:
    when = local(pd.Timestamp(step.at).to_pydatetime())
    if step.kind == "file":
        return f"{when} · fixed rows uploaded from **{markdown(step.filename)}**"
    if step.kind == "customers":
        return f"{when} · customers of orders and other facts became accounts"
    if step.kind == "reading":
        marks = {"\t": "Tab"}
        said = [
            f"{markdown(what.replace('_', ' ').replace('delimiter', 'separator'))}: {markdown(marks.get(was, was))} → "
            f"**{markdown(marks.get(now, now))}**"
            for _, what, was, now in step.cells
        ]
        return f"{when} · the file is read in another way: {', '.join(said)}"
    row, column, before, after = step.cells[0]
    first = (
        f"row {row:,}, {markdown(column)}: {markdown(before[:60] or 'blank')} → **{markdown(after[:60] or 'blank')}**"
    )
    return f"{when} · {first}" + (f" and {len(step.cells) - 1:,} more cells" if len(step.cells) > 1 else "")
