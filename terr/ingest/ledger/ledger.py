"""Every row's fate: rows and money in = accepted + excluded + rejected, each with a reason and the cell as it stood."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning import judge
from terr.ingest.cleaning.clean import ParsedNumbers, read_column, shorten
from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells, tidy_fields
from terr.ingest.columns.answers import decimal_of, mapped
from terr.ingest.columns.columns import RESERVED, ColumnMap, check_map
from terr.ingest.columns.dates import iso_dates
from terr.ingest.ledger.fates import RowFates, duplicates, not_accounts
from terr.ingest.ledger.outcome import FATES, ISSUE_COLUMNS, IngestResult, Ledger, MeasureTotals, Repair
from terr.ingest.reading.files import RawTable
from terr.model.progress import UNWATCHED, Progress

__all__ = ["FATES", "ISSUE_COLUMNS", "IngestResult", "Ledger", "MeasureTotals", "Repair", "build_ledger"]

_TEXT = ("account_id", "name", "owner", "zip", "city", "state", "county")


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """A table with each row's fate, before the accounts are laid out.

    Attributes:
        cmap: the columns with the answers applied.
        cells: trimmed text by column.
        fields: text fields after their repairs.
        numbers: measure -> its column read.
        fates: one of `FATES` per row.
        found: reasons and notes.
        fixed: repairs, refused ones too.
        currency: measure -> ISO code where cells name one.
        places: latitude and longitude per row.
    """

    cmap: ColumnMap
    cells: Cells
    fields: Mapping[str, pd.Series]
    numbers: Mapping[str, ParsedNumbers]
    fates: NDArray[np.str_]
    found: list[RowFates]
    fixed: list[RepairedCells]
    currency: Mapping[str, str]
    places: tuple[NDArray[np.float64], NDArray[np.float64]]


def build_ledger(
    raw: RawTable,
    cmap: ColumnMap,
    *,
    answers: Mapping[str, str] | None = None,
    refuse: Collection[str] = (),
    progress: Progress = UNWATCHED,
) -> IngestResult:
    """Read a table's accounts, giving every row a fate.

    Blank rows, totals, footers, repeated headers and exact copies are excluded; rows with an unreadable measure, more
    cells than the header, another currency than most, an id already used, or nothing but figures are rejected; all
    others are accepted, with notes on what is missing.

    Args:
        raw: the table.
        cmap: which column is what.
        answers: a person's answers to `terr.ingest.columns.questions`, question -> choice; others are ignored.
        refuse: repairs to leave out: codes of `terr.ingest.ledger.outcome.REPAIRS` ("padded_zip"), or one for a single
            column ("padded_zip:Billing Zip"). The cells stay as they stand. A figure that can't be read then rejects
            its row, with its money counted as rejected; a ZIP that isn't padded isn't taken for a US ZIP.
        progress: told the share done and the stage.

    Raises:
        InputError: the map doesn't fit the table (see `check_map`). A dirty row never raises.
        StoppedError: if the person stopped it.
    """
    judged = judge_rows(raw, cmap, answers or {}, refuse, progress)
    progress.tell(0.8, "laying out the accounts")
    alive = judged.fates == "accepted"
    frame = _frame(raw, judged, np.flatnonzero(alive))
    progress.tell(0.9, "adding up")
    ledger = _ledger(raw, judged, alive)
    progress.tell(1.0, "every row has its fate")
    return IngestResult(frame, ledger, tuple(judged.cmap.measures), MappingProxyType(dict(judged.currency)))


def judge_rows(
    raw: RawTable, cmap: ColumnMap, answers: Mapping[str, str], refuse: Collection[str], progress: Progress
) -> JudgedRows:
    """Each row's fate, with its reasons; see `take_in`."""
    cmap = mapped(cmap, answers)
    progress.tell(0.0, "checking the columns")
    check_map(raw, cmap, read=False)
    refused = RefusedRepairs(refuse)
    text = Cells(raw)
    n = len(raw.rows)
    numbers: dict[str, ParsedNumbers] = {}
    for k, (measure, column) in enumerate(cmap.measures.items()):
        progress.tell(0.05 + 0.25 * k / len(cmap.measures), f"reading {shorten(measure, 30)}")
        numbers[measure] = read_column(raw.rows[column], decimal_of(cmap, column, answers), raw.numeric.get(column))
    check_map(raw, cmap, read=numbers)
    progress.tell(0.3, "telling accounts from totals and footers")
    found = not_accounts(raw, cmap, text)
    fates = np.full(n, "accepted", dtype="<U8")
    for f in found:
        fates[f.at] = f.fate
    found += [
        RowFates(at, "", "", "broken_row", message, "rejected")
        for at, message in raw.broken.items()
        if fates[at] == "accepted"
    ]
    progress.tell(0.45, "judging the figures")
    fixed: list[RepairedCells] = []
    currency: dict[str, str] = {}
    for measure, column in cmap.measures.items():
        bad, notes, code = judge.judge_figures(
            raw, measure, column, numbers[measure], text, answers.get(f"currency:{column}")
        )
        repairs, refusals = judge.repairs_of_figures(raw, column, numbers[measure], text, refused)
        left = {f.at for f in refusals}
        fixed += repairs
        found += [f for f in (*bad, *refusals) if fates[f.at] != "excluded"]
        found += [f for f in notes if f.at < 0 or (fates[f.at] == "accepted" and f.at not in left)]
        if code:
            currency[measure] = code
    for f in found:
        if f.fate == "rejected":
            fates[f.at] = "rejected"
    progress.tell(0.55, "tidying ids, names and places")
    fields, tidied = tidy_fields(raw, cmap, text, refused)
    fixed += tidied
    ids = fields.get("account_id")
    if ids is not None:
        progress.tell(0.65, "looking for ids used twice")
        copies = duplicates(raw, cmap.fields["account_id"], ids, text, fates == "accepted")
        for f in copies:
            fates[f.at] = f.fate
        found += copies
    alive = fates == "accepted"
    progress.tell(0.7, "reading the coordinates")
    lat, lon, places, commas = judge.coordinates(raw, cmap, text, alive, refused)
    blank = pd.Series("", index=range(n), dtype="str") if ids is None else ids
    fields["account_id"], missing = judge.fill_ids(raw, cmap, blank, alive)
    fields, unpadded = _as_they_stand(raw, fields, tidied)
    dated, dates = iso_dates(raw, cmap, text, answers, refused)
    fields |= dated
    # Notes on rows that were turned away later would only repeat themselves.
    notes_kept = [
        f
        for f in (*found, *places, *missing, *unpadded, *judge.note_short(raw, alive))
        if f.fate != "accepted" or f.at < 0 or alive[f.at]
    ]
    return JudgedRows(cmap, text, fields, numbers, fates, notes_kept, [*fixed, *commas, *dates], currency, (lat, lon))


def _as_they_stand(
    raw: RawTable, fields: dict[str, pd.Series], fixed: list[RepairedCells]
) -> tuple[dict[str, pd.Series], list[RowFates]]:
    """ZIPs a person didn't want padded are no US ZIPs: they stay under the file's own header, beside the account's."""
    left = next((f for f in fixed if f.code == "padded_zip" and f.refused), None)
    if left is None:
        return fields, []
    column = left.column
    bare = fields["zip"].copy()
    bare.iloc[left.at] = ""
    notes = []
    for at in left.at.tolist():
        cell = raw.rows[column].iloc[at]
        why = (
            f"'{shorten(cell)}' isn't padded, as you asked, and so isn't used as a US ZIP; coordinates or city place it"
        )
        notes.append(RowFates(at, column, cell, "zip_as_it_stands", why, "accepted"))
    return {**fields, "zip": bare, f"as stood:{column}": fields["zip"]}, notes


def _ledger(raw: RawTable, judged: JudgedRows, alive: NDArray[np.bool_]) -> Ledger:
    """Count rows, money and repairs by fate."""
    fates, found = judged.fates, judged.found
    totals: dict[str, MeasureTotals] = {}
    whole = bool(alive.all())
    for measure, read in judged.numbers.items():
        known = ~np.isnan(read.amounts)
        if whole:
            accepted = math.fsum(read.amounts[known].tolist())
            parts, total = {"accepted": accepted, "excluded": 0.0, "rejected": 0.0}, accepted
        else:
            parts = {f: math.fsum(read.amounts[known & (fates == f)].tolist()) for f in FATES}
            total = math.fsum(read.amounts[known].tolist())
        totals[measure] = MeasureTotals(total, **parts, currency=judged.currency.get(measure, ""))
    rows = [raw.header_row if f.at < 0 else int(raw.source_rows[f.at]) for f in found]
    order = sorted(range(len(found)), key=rows.__getitem__)
    issues = pd.DataFrame(
        {
            "row": np.array([rows[i] for i in order], dtype=np.int64),
            **{name: pd.Series([getattr(found[i], name) for i in order], dtype="str") for name in ISSUE_COLUMNS[1:]},
        }
    )
    count = {f: int((fates == f).sum()) for f in FATES}
    repairs = _repairs(raw, judged, alive)
    return Ledger(len(fates), count["accepted"], count["excluded"], count["rejected"], totals, issues, fates, repairs)


def _repairs(raw: RawTable, judged: JudgedRows, alive: NDArray[np.bool_]) -> tuple[Repair, ...]:
    out = []
    for fix in judged.fixed:
        keep = np.ones(len(fix.at), dtype=np.bool_) if fix.refused else alive[fix.at]
        at = np.compress(keep, fix.at)
        if not len(at):
            continue
        shown = at[:3].tolist()
        before = raw.rows[fix.column].iloc[shown].tolist()
        examples = tuple((int(raw.source_rows[k]), b[:60], fix.after(k)) for k, b in zip(shown, before, strict=True))
        money = judge.money_at(judged.numbers, at)
        out.append(Repair(fix.code, fix.column, len(at), money, examples, fix.refused))
    return tuple(sorted(out, key=lambda r: (r.refused, -r.count, r.code, r.column)))


def _frame(raw: RawTable, judged: JudgedRows, at: NDArray[np.intp]) -> pd.DataFrame:
    """The accepted rows as an accounts frame."""
    n = len(raw.rows)
    whole = len(at) == n

    def kept(cells: pd.Series) -> pd.Series:
        return cells if whole else cells.iloc[at].reset_index(drop=True)

    nothing = pd.Series("", index=range(len(at)), dtype="str")
    out: dict[str, object] = {f: kept(judged.fields[f]) if f in judged.fields else nothing for f in _TEXT}
    lat, lon = judged.places
    out |= {"lat": lat[at], "lon": lon[at], "source_row": raw.source_rows[at]}
    out |= {m: read.amounts[at] for m, read in judged.numbers.items()}
    used = set(judged.cmap.fields.values()) | set(judged.cmap.measures.values())
    for column in raw.columns:
        stood = judged.fields.get(f"as stood:{column}")
        if column in used and stood is None:
            continue
        name = column
        while name in out or name in RESERVED:  # "Zip" of an unmapped column mustn't pass for the account's own
            name += " (file)"
        dated = judged.fields.get(f"date:{column}")
        out[name] = kept(stood if stood is not None else dated if dated is not None else judged.cells[column])
    return pd.DataFrame(out, copy=False)
