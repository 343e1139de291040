"""A file on its way in: read, asked about what it leaves open, taken in and kept. Answers are kept with its layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.ingest import (
    ColumnMap,
    Question,
    QuestionChoice,
    RawTable,
    candidates,
    check_map,
    header_key,
    layout_key,
    read_table,
    recognise,
    rejects_in,
    reusable_answers,
)
from terr.ingest.columns.answers import mapped
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.facts.fact_fields import KINDS
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.facts.large_facts import head_of, in_pieces
from terr.ingest.reading.encodings import LABELS
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.workspace.accounts import dataset
from terr.workspace.accounts.abroad import all_questions
from terr.workspace.accounts.import_settings import SHAPE, ImportSettings, put_back
from terr.workspace.accounts.intake import guess_money
from terr.workspace.facts.facts_upload import FactsDraft, open_facts, with_currency
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.workspace import Workspace

__all__ = ["Question", "QuestionChoice"]  # of other floors, for the pages

LAYOUT, READ, HEADER, SOURCE = "layout", "layout_read", "header", "source"
"""Where a data set's mapping keeps its layout before and after answers about sheet and header row, its header's layout,
and the query its rows came from."""
ENCODINGS = MappingProxyType(LABELS)
"""Encodings a person may choose from, and what each is for."""


@dataclass(frozen=True)
class RememberedLayout:
    """How the last file of a layout was read.

    Attributes:
        reading: columns, answers, money and refused repairs.
        name: of that data set; at: when it came in.
    """

    reading: ImportSettings
    name: str
    at: datetime


@dataclass(frozen=True, eq=False)
class UploadDraft:
    """A file that was read and isn't taken in yet.

    Attributes:
        data: its bytes.
        raw: its table.
        columns, money: which column is what, and which measures are money.
        layout: key under which answers are kept.
        looks: each column's contents, as `terr.ingest.candidates` gives them.
        asked: what the file leaves open, answered or not.
        answers: so far.
        as_last_time: keys of answers that come from the last file of this layout.
        last: how that file was read, None if there was none.
        source: the query its rows came from, as it is kept; empty for a file.
    """

    data: bytes
    raw: RawTable
    columns: ColumnMap
    money: Mapping[str, str]
    layout: str
    looks: pd.DataFrame
    asked: tuple[Question, ...]
    answers: Mapping[str, str]
    as_last_time: frozenset[str] = frozenset()
    last: RememberedLayout | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What a row is: "accounts", or a kind of facts."""
        return kind_of_rows(self.raw.columns)

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions without an answer."""
        return tuple(q for q in self.asked if q.key not in self.answers)


def remembered(ws: Workspace, layout: str) -> RememberedLayout | None:
    """How the newest data set of a layout is read, None if there is none."""
    for info in ws.store.datasets.all():
        if layout in {info.mapping.get(LAYOUT), info.mapping.get(READ)}:
            return RememberedLayout(ImportSettings.of(info.mapping), info.name, info.created_at)
    return None


def open_file(
    ws: Workspace, data: bytes, filename: str, *, raw: RawTable | None = None, progress: Progress = UNWATCHED
) -> UploadDraft:
    """Read a file, and answer what it leaves open as was answered for the last file of its layout.

    Args:
        ws: where.
        data: its bytes; filename: its name.
        raw: its table, if it was read already.
        progress: told how far it is.

    Raises:
        InputError: if the file can't be used.
        StoppedError: if the person stopped it.
    """
    read = progress.part(0.0, 0.7)
    raw = read_table(data, filename, progress=read) if raw is None else raw
    layout = layout_key(raw)
    last = remembered(ws, layout)
    shape = {k: v for k, v in last.reading.answers.items() if k in SHAPE} if last else {}
    if last and last.reading.sheet and last.reading.sheet != raw.sheet and last.reading.sheet in raw.sheets:
        shape["sheet:"] = last.reading.sheet
    if shape:
        raw = _shaped(data, raw, shape, read)
    return _drafted(data, raw, layout, last, shape, progress)


def open_table(
    ws: Workspace, data: bytes, raw: RawTable, source: Mapping[str, Any], *, progress: Progress = UNWATCHED
) -> UploadDraft:
    """The same for a table that was read already, such as the rows of a query."""
    layout = layout_key(raw)
    return replace(_drafted(data, raw, layout, remembered(ws, layout), {}, progress), source=dict(source))


@dataclass(frozen=True, eq=False)
class DroppedFiles:
    """Files that came in together.

    Attributes:
        accounts: the file whose rows are accounts, or facts whose customers become them; None without one.
        facts: files of facts for the data set there is.
        waiting: (bytes, table) of facts that wait until `accounts` is in.
        notes: files that couldn't be used, and why.
    """

    accounts: UploadDraft | None = None
    facts: tuple[FactsDraft, ...] = ()
    waiting: tuple[tuple[bytes, RawTable], ...] = ()
    notes: tuple[str, ...] = ()


def open_files(
    ws: Workspace,
    files: Sequence[tuple[str, bytes]],
    dataset_id: str = "",
    *,
    fresh: bool = False,
    progress: Progress = UNWATCHED,
) -> DroppedFiles:
    """Read files that came in together: accounts, and facts of these accounts or of the data set there is.

    Without accounts among them, facts belong to the data set in hand; without one, the customers of the first file of
    orders (or of another kind) become the accounts.

    Args:
        ws: where.
        files: name and bytes of each.
        dataset_id: of the data set in hand, "" for none.
        fresh: the data set in hand doesn't count: the customers become accounts of their own.
        progress: told how far it is.

    Raises:
        InputError: if a single file can't be used.
        StoppedError: if the person stopped it.
    """
    read: list[tuple[bytes, RawTable, str]] = []
    notes: list[str] = []
    for n, (name, data) in enumerate(files):
        part = progress.part(0.6 * n / len(files), 0.6 * (n + 1) / len(files))
        try:
            raw = head_of(data, name) if in_pieces(data, name) else read_table(data, name, progress=part)
        except InputError as error:
            if len(files) == 1:
                raise
            notes.append(f"{name} wasn't read: {error}")
            continue
        read.append((data, raw, kind_of_rows(raw.columns)))
    after = progress.part(0.6, 1.0)
    lists = [one for one in read if one[2] == ACCOUNTS]
    others = sorted((one for one in read if one[2] != ACCOUNTS), key=lambda one: KINDS.index(one[2]))
    notes += [f"{raw.filename} is a second list of accounts; import it after this one" for _, raw, _ in lists[1:]]
    if not lists and others and (fresh or not dataset_id):
        lists, others = others[:1], others[1:]
        data, raw, kind = lists[0]
        if in_pieces(data, raw.filename, kind):  # its customers become accounts, so all of it is read
            lists = [(data, read_table(data, raw.filename, progress=after), kind)]
    if lists:
        data, raw, _ = lists[0]
        draft = open_file(ws, data, raw.filename, raw=raw, progress=after)
        return DroppedFiles(draft, (), tuple((d, r) for d, r, _ in others), tuple(notes))
    return DroppedFiles(None, open_waiting(ws, dataset_id, [(d, r) for d, r, _ in others], after), (), tuple(notes))


def open_waiting(
    ws: Workspace,
    dataset_id: str,
    files: Sequence[tuple[bytes, RawTable]],
    progress: Progress = UNWATCHED,
    *,
    kind: str = "",
) -> tuple[FactsDraft, ...]:
    """Files of facts, with the accounts of a data set.

    Args:
        ws: where.
        dataset_id: whose facts they are.
        files: bytes and table of each.
        progress: told how far it is.
        kind: what their rows are; by default what the headers say.

    Raises:
        LocateError: if there is no such data set. StoppedError: if the person stopped it.
    """
    if not files:
        return ()
    accounts = dataset.dataset(ws, dataset_id).accounts
    parts = [progress.part(n / len(files), (n + 1) / len(files)) for n in range(len(files))]
    return tuple(
        open_facts(ws, dataset_id, accounts, data, raw, kind=kind, progress=part)
        for (data, raw), part in zip(files, parts, strict=True)
    )


def _shaped(data: bytes, raw: RawTable, shape: Mapping[str, str], progress: Progress) -> RawTable:
    """The table with the sheet and header row of last time, or as it is if they don't fit any more."""
    try:
        return read_table(data, raw.filename, answers=shape, progress=progress)
    except InputError:
        return raw


def _drafted(
    data: bytes, raw: RawTable, layout: str, last: RememberedLayout | None, given: Mapping[str, str], progress: Progress
) -> UploadDraft:
    progress.tell(0.72, "recognizing the columns")
    columns = recognise(raw)
    money = guess_money(columns)
    answers: dict[str, str] = {}
    if last is not None:
        try:
            check_map(raw, last.reading.columns, read=False)
            columns, money = last.reading.columns, dict(last.reading.money)
        except InputError:
            last = None
    looks = candidates(raw)
    asked = all_questions(raw, columns, {}, progress=progress.part(0.8, 1.0))
    if last is not None:
        answers = {k: v for k, v in reusable_answers(last.reading.answers, asked).items() if _tells(k, raw, v)}
    draft = UploadDraft(data, raw, columns, money, layout, looks, asked, {**answers, **given}, frozenset(answers), last)
    made = _asked_again(draft) if answers else draft
    progress.tell(1.0, "the file is read")  # who pressed Cancel while the questions were worked out is heard here
    return made


def _tells(key: str, raw: RawTable, value: str) -> bool:
    """Whether an answer of last time is about this file."""
    if key == "sheet:":
        return value == raw.sheet
    if key == "header_row:":
        return value == str(raw.header_row)
    return True


def _asked_again(draft: UploadDraft, progress: Progress = UNWATCHED) -> UploadDraft:
    """What is open after the answers so far; what was answered stays in the list."""
    done = tuple(q for q in draft.asked if q.key in draft.answers)
    now = all_questions(draft.raw, mapped(draft.columns, draft.answers), draft.answers, progress=progress)
    return replace(draft, asked=(*done, *(q for q in now if q.key not in {d.key for d in done})))


def answer_question(draft: UploadDraft, key: str, value: str, *, progress: Progress = UNWATCHED) -> UploadDraft:
    """One question answered; about the sheet, header row, encoding or separator, the file is read again.

    Raises:
        InputError: if the file can't be read in that way.
        StoppedError: if the person stopped it.
    """
    answers = {**draft.answers, key: value}
    fresh = draft.as_last_time - {key}
    here = shape_of(draft.raw)
    if here.get(key, value) == value:
        return _asked_again(replace(draft, answers=answers, as_last_time=fresh), progress)
    shape = {k: v for k, v in answers.items() if k in SHAPE}
    if key == "sheet:":
        shape.pop("header_row:", None)
    raw = read_table(draft.data, draft.raw.filename, answers=shape, progress=progress.part(0.0, 0.7))
    made = _drafted(draft.data, raw, draft.layout, None, shape, progress)
    kept = tuple(q for q in draft.asked if q.key in shape and q.key not in {a.key for a in made.asked})
    return replace(made, asked=(*kept, *made.asked), last=draft.last, source=draft.source)


def shape_of(raw: RawTable) -> dict[str, str | None]:
    """How a table was read, as the answers of `SHAPE`; None for what its format hasn't."""
    return {
        "sheet:": raw.sheet,
        "header_row:": str(raw.header_row) if raw.header_row else None,
        "encoding:": raw.encoding,
        "delimiter:": raw.delimiter,
    }


def change_shape(
    ws: Workspace, dataset_id: str, changes: Mapping[str, str], *, progress: Progress = UNWATCHED
) -> dataset.Intake:
    """Read a data set's file by another sheet, header row, encoding or separator, after its import.

    The columns stay if the other table has them, else they are recognized. The change is a step that can be taken back;
    changes of cells and refused repairs belong to the table before, and come back with it. The next file of the layout
    is read the same way.

    Args:
        ws: where.
        dataset_id: whose.
        changes: keys of `SHAPE` -> how it is to be.
        progress: told how far it is.

    Raises:
        InputError: if the file can't be read in that way, or no account could be used then; nothing is changed.
        StoppedError: if the person stopped it.
    """
    before = dataset.ledger_of(ws, dataset_id, progress=progress.part(0.0, 0.2))
    was = shape_of(before.raw)
    told = {k: (was[k] or "", v) for k, v in changes.items() if k in SHAPE and was[k] is not None and was[k] != v}
    if not told:
        return before
    info = ws.store.datasets.get(dataset_id)
    reading = ImportSettings.of(info.mapping)
    kept = {k: v for k, v in reading.shape.items() if k not in told}
    if "sheet:" in told:
        kept.pop("header_row:", None)
    shape = {**kept, **{k: after for k, (_, after) in told.items()}}
    raw = read_table(ws.store.files.read(info.sha256), info.filename, answers=shape, progress=progress.part(0.2, 0.5))
    read = shape_of(raw)
    missed = next((k for k, (_, after) in told.items() if read[k] != after), None)
    if missed is not None:
        raise InputError(
            f"{raw.filename} can't be read that way: its {missed.rstrip(':').replace('_', ' ')} is certain"
        )
    columns, money = reading.columns, dict(reading.money)
    try:
        check_map(raw, columns, read=False)
    except InputError:
        columns = recognise(raw)
        money = guess_money(columns)
    words = {k.rstrip(":"): pair for k, pair in told.items()}
    return dataset.reread(
        ws,
        dataset_id,
        lambda r: r.reshaped(shape, columns, money, words),
        keeps=lambda table: {READ: layout_key(table), HEADER: header_key(table)},
        progress=progress.part(0.5, 1.0),
    )


def reopen_question(draft: UploadDraft, key: str) -> UploadDraft:
    """A question open again."""
    left = {k: v for k, v in draft.answers.items() if k != key}
    return replace(draft, answers=left, as_last_time=draft.as_last_time - {key})


def suggested(draft: UploadDraft, *, progress: Progress = UNWATCHED) -> UploadDraft:
    """Every open question answered with what is used without an answer."""
    for _ in range(50):  # an answer can open another question
        left = draft.open
        if not left:
            break
        draft = answer_question(draft, left[0].key, left[0].default, progress=progress)
    return draft


def with_columns(
    draft: UploadDraft, columns: ColumnMap, money: Mapping[str, str], *, progress: Progress = UNWATCHED
) -> UploadDraft:
    """The draft with the columns a person chose; what is no question any more is dropped, new ones are added.

    Raises:
        StoppedError: if the person stopped it.
    """
    if columns == draft.columns and dict(money) == dict(draft.money):
        return draft
    changed = replace(draft, columns=columns, money=dict(money))
    if columns == draft.columns:
        return changed
    given = {k: v for k, v in draft.answers.items() if k in SHAPE}
    asked = all_questions(draft.raw, columns, given, progress=progress)
    shape = tuple(q for q in draft.asked if q.key in SHAPE and q.key in draft.answers)
    keys = {q.key for q in asked} | {q.key for q in shape}
    answers = {k: v for k, v in draft.answers.items() if k in keys or k in SHAPE}
    known = {q.key: {c.value for c in q.choices} for q in asked}
    answers = {k: v for k, v in answers.items() if k not in known or v in known[k]}
    return replace(changed, asked=(*shape, *(q for q in asked if q not in shape)), answers=answers)


def preview_import(draft: UploadDraft, *, progress: Progress = UNWATCHED) -> dataset.Intake:
    """What comes of a file, without keeping it.

    Raises:
        InputError: if something is open, or the columns can't be used.
        StoppedError: if the person stopped it.
    """
    if draft.open:
        raise InputError(f"{draft.open[0].title} Answer this first")
    progress.tell(0.0, "checking the columns")
    check_map(draft.raw, draft.columns, read=False)
    refuse = draft.last.reading.refuse if draft.last else ()
    made = dataset.intake(
        draft.raw, draft.columns, draft.money, answers=draft.answers, refuse=refuse, progress=progress
    )
    progress.tell(1.0, "every account is located")
    return made


def remembered_answers(
    ws: Workspace,
    draft: UploadDraft,
    done: dataset.Intake,
    *,
    name: str = "",
    reps: Sequence[Rep] = (),
    more: Mapping[str, Any] | None = None,
) -> dataset.Dataset:
    """Keep a file that was taken in, with its answers under its layout.

    Args:
        ws: where.
        draft: the file.
        done: what came of it.
        name: of the data set, by default the file's.
        reps: its roster if the file has none.
        more: what else the data set keeps.

    Raises:
        StoreError: if it can't be written.
    """
    keeps = {**(more or {}), LAYOUT: draft.layout, READ: layout_key(draft.raw), HEADER: header_key(draft.raw)}
    if draft.source:
        keeps[SOURCE] = dict(draft.source)
    roster = dataset.roster_in(draft.data, draft.raw) if draft.raw.sheets else ()
    return dataset.save(ws, draft.data, done, name=name, reps=roster or reps, more=keeps)


def import_file(ws: Workspace, draft: UploadDraft, *, progress: Progress = UNWATCHED) -> dataset.Dataset:
    """Take a file in and keep it.

    Raises:
        InputError: if something is open, or the columns can't be used; nothing is kept.
        StoppedError: if the person stopped it; nothing is kept.
    """
    done = preview_import(draft, progress=progress.part(0.0, 0.85))
    progress.tell(0.9, "saving the accounts")
    made = remembered_answers(ws, draft, done)
    if done.kind == ACCOUNTS:
        return made
    progress.tell(0.95, f"saving the {done.kind}")
    keep_lines(ws, made.info.id, done)
    return dataset.dataset(ws, made.info.id)


def keep_lines(ws: Workspace, dataset_id: str, taken: dataset.Intake) -> None:
    """Keep the rows of a file of facts, each with the account that was made of it.

    Raises:
        StoreError: if they can't be written.
    """
    ids = taken.columns.fields.get("account_id")
    chosen = {"account": ids} if ids is not None else {}
    given = {k: v for k, v in taken.answers.items() if k.startswith("date_order:")}
    facts = read_facts(taken.raw, taken.kind, chosen=chosen, answers=given)
    of_row = dict(zip(taken.raw.source_rows.tolist(), taken.account_of.tolist(), strict=True))
    mine = taken.accounts.frame["account_id"].astype(str).to_numpy(dtype=object)
    at = np.array([of_row[r] for r in facts.frame["source_row"].tolist()], dtype=np.int64)
    account = np.where(at >= 0, mine[np.maximum(at, 0)], facts.frame["account"].to_numpy(dtype=object))
    facts = replace(
        with_currency(facts, taken.accounts), frame=facts.frame.assign(account=pd.Series(account, dtype="str"))
    )
    keep_facts(ws, dataset_id, facts, taken.raw.filename, answers=given)


def owner_of_rejects(ws: Workspace, draft: UploadDraft) -> str:
    """Id of the data set whose mended rejects a file holds, "" if it holds none: the newest with these columns."""
    back = rejects_in(draft.raw)
    if back is None:
        return ""
    key = header_key(back.table)
    return next((i.id for i in ws.store.datasets.all() if i.mapping.get(HEADER) == key), "")


@dataclass(frozen=True)
class ReturnedRejects:
    """What became of mended rejects.

    Attributes:
        rows: in the file that came back.
        replaced, same, added: rows that were changed, that came back as they were, that are new.
        now_in: of those, accounts that are in and located now.
        still: of those, rows that still need a person.
    """

    rows: int
    replaced: int
    same: int
    added: int
    now_in: int
    still: int


def import_rejects(
    ws: Workspace, dataset_id: str, data: bytes, filename: str, *, progress: Progress = UNWATCHED
) -> tuple[dataset.Dataset, ReturnedRejects]:
    """Put mended rejects of a data set back where they came from.

    Raises:
        InputError: if the file doesn't fit; nothing is changed.
        StoppedError: if the person stopped it; nothing is kept.
    """
    mended = read_table(data, filename, progress=progress.part(0.0, 0.1))
    before = dataset.ledger_of(ws, dataset_id, progress=progress.part(0.1, 0.3))
    merged = put_back(before.raw, mended, before.columns)
    taken = dataset.reread(
        ws,
        dataset_id,
        lambda r: r.with_step("file", sha256=mended.sha256, filename=mended.filename),
        given={mended.sha256: data},
        progress=progress.part(0.3, 1.0),
    )
    rows = {*merged.replaced, *merged.same, *merged.added}
    there = (taken.accounts.frame["located_by"] != "unlocated").to_numpy()
    inside = taken.account_of >= 0
    placed = set(taken.raw.source_rows[inside][there[taken.account_of[inside]]].tolist())
    out = set(taken.raw.source_rows[taken.ledger.fates == "excluded"].tolist())
    now_in = len(rows & placed)
    still = len(rows - placed - out)
    told = ReturnedRejects(len(rows), len(merged.replaced), len(merged.same), len(merged.added), now_in, still)
    return dataset.dataset(ws, dataset_id), told
