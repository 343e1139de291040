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
from terr.ingest.cleaning.clean import ParsedNumbers, shorten
from terr.ingest.cleaning.countries import row_countries
from terr.ingest.cleaning.damaged import damaged_ids, damaged_places
from terr.ingest.cleaning.one_cell import split_places
from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells, tidy_fields
from terr.ingest.columns.answers import HIDDEN_ROWS, LEAVE, figures_of, mapped, shaped
from terr.ingest.columns.columns import RESERVED, ColumnMap, check_map
from terr.ingest.columns.dates import iso_dates
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.ledger.fates import RowFates, copies, not_accounts
from terr.ingest.ledger.groups import RepeatedRows, joined_rows, repeated_rows, settle_rows, summed
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
        countries: two-letter code per row, "" where the row doesn't say.
        again: rows of ids that come more than once, None if there are none.
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
    countries: NDArray[np.object_]
    again: RepeatedRows | None = None


def build_ledger(
    raw: RawTable,
    cmap: ColumnMap,
    *,
    answers: Mapping[str, str] | None = None,
    refuse: Collection[str] = (),
    progress: Progress = UNWATCHED,
) -> IngestResult:
    """Read a table's accounts, giving every row a fate.

    Blank rows, totals, footers, repeated headers and exact copies are excluded; rows without any readable figure where
    one can't be read, with more cells than the header, another currency than most, an id already used, or nothing but
    figures are rejected; all others are accepted, with notes on what is missing.

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
    at = np.flatnonzero(alive)
    stands, account = joined_rows(judged.fields["account_id"], judged.fields, at)
    frame = _frame(raw, judged, stands, at, account)
    progress.tell(0.9, "adding up")
    ledger = _ledger(raw, judged, alive)
    progress.tell(1.0, "every row has a status")
    measures, currency = tuple(judged.cmap.measures), MappingProxyType(dict(judged.currency))
    account_of = np.full(len(alive), -1, dtype=np.int64)
    account_of[at] = account
    kind = kind_of_rows(raw.columns)
    return IngestResult(frame, ledger, measures, currency, judged.countries[stands], account_of, kind)


def judge_rows(
    raw: RawTable,
    cmap: ColumnMap,
    answers: Mapping[str, str],
    refuse: Collection[str],
    progress: Progress,
    *,
    placed: bool = True,
) -> JudgedRows:
    """Each row's fate, with its reasons; see `build_ledger`. `placed`: whether the map needs a column of places."""
    raw = shaped(raw, answers)
    cmap = mapped(cmap, answers)
    progress.tell(0.0, "checking the columns")
    check_map(raw, cmap, read=False, placed=placed)
    refused = RefusedRepairs(refuse)
    text = Cells(raw)
    n = len(raw.rows)
    numbers: dict[str, ParsedNumbers] = {}
    uncut = list(raw.broken)
    for k, (measure, column) in enumerate(cmap.measures.items()):
        progress.tell(0.05 + 0.25 * k / len(cmap.measures), f"reading {shorten(measure, 30)}")
        numbers[measure] = read = figures_of(raw, cmap, column, answers, refuse)
        read.amounts[uncut] = np.nan  # which column a cell of these rows belongs to isn't known
        for at in uncut:
            read.odd.pop(at, None)
    check_map(raw, cmap, read=numbers, placed=placed)
    progress.tell(0.3, "separating accounts from totals and footers")
    found = not_accounts(raw, cmap, text)
    found += [RowFates(-1, column, "", code, message, "accepted") for column, code, message in raw.notes]
    found += judge.doubtful(raw)
    if answers.get(HIDDEN_ROWS) == LEAVE:
        gone = {f.at for f in found if f.fate != "accepted"}
        why = "the row is hidden in the workbook, and you left hidden rows out"
        found += [
            RowFates(at, "", "", "hidden_row", why, "excluded")
            for at in np.flatnonzero(raw.hidden).tolist()
            if at not in gone
        ]
    fates = np.full(n, "accepted", dtype="<U8")
    for f in found:
        if f.fate != "accepted":
            fates[f.at] = f.fate
    found += [
        RowFates(at, "", "", "broken_row", message, "rejected")
        for at, message in raw.broken.items()
        if fates[at] == "accepted"
    ]
    progress.tell(0.45, "checking the amounts")
    fixed: list[RepairedCells] = []
    currency: dict[str, str] = {}
    known = sum((~np.isnan(read.amounts) for read in numbers.values()), start=np.zeros(n, dtype=np.int64))
    for measure, column in cmap.measures.items():
        bad, notes, code = judge.judge_figures(
            raw,
            measure,
            column,
            numbers[measure],
            text,
            known,
            answers.get(f"currency:{column}"),
            scale_refused=refused("header_scale", column),
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
    progress.tell(0.55, "cleaning IDs, names and addresses")
    fields, tidied = tidy_fields(raw, cmap, text, refused)
    fixed += tidied
    found += damaged_places(raw, cmap, fields)
    ids = fields.get("account_id")
    broken_ids: list[RowFates] = []
    if ids is not None:
        ids, broken_ids = damaged_ids(raw, cmap.fields["account_id"], ids)
        found += broken_ids
        progress.tell(0.65, "checking for IDs used twice")
        same = copies(raw, cmap.fields["account_id"], ids, text, fates == "accepted")
        for f in same:
            fates[f.at] = f.fate
        found += same
    alive = fates == "accepted"
    progress.tell(0.7, "reading the coordinates")
    lat, lon, places, commas = judge.coordinates(raw, cmap, text, alive, refused)
    blank = pd.Series("", index=range(n), dtype="str") if ids is None else ids
    if ids is None and "name" in fields and kind_of_rows(raw.columns) != ACCOUNTS:
        blank = fields["name"]  # the account of an order or a deal is known by its name
    again = repeated_rows(cmap, {**fields, "account_id": blank}, alive, answers)
    if again is not None:
        column = cmap.fields.get("account_id", cmap.fields.get("name", ""))
        blank, told = settle_rows(raw, column, blank, fields, again)
        for f in told:
            if f.at >= 0:
                fates[f.at] = f.fate
        found += told
        alive = fates == "accepted"
    fields["account_id"], missing = judge.fill_ids(raw, cmap, blank, alive)
    missing = [f for f in missing if f.at not in {d.at for d in broken_ids if d.code == "damaged_id"}]
    fields, unpadded = _as_they_stand(raw, fields, tidied)
    split = split_places(cmap, text, fields, (lat, lon), refused)
    fields = split.fields
    dated, dates = iso_dates(raw, cmap, text, answers, refused)
    fields |= dated
    # Notes on rows that were turned away later would only repeat themselves.
    notes_kept = [
        f
        for f in (*found, *places, *missing, *unpadded, *judge.note_short(raw, alive))
        if f.fate != "accepted" or f.at < 0 or alive[f.at]
    ]
    said = row_countries(raw, cmap, text)
    countries = np.where(said == "", split.country, said)
    repairs, points = [*fixed, *commas, *split.fixed, *dates], (split.lat, split.lon)
    return JudgedRows(cmap, text, fields, numbers, fates, notes_kept, repairs, currency, points, countries, again)


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
            f"'{shorten(cell)}' was left as is, as you asked, and isn't used as a US ZIP; coordinates or city locate "
            "the account"
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


def _frame(
    raw: RawTable, judged: JudgedRows, at: NDArray[np.intp], rows: NDArray[np.intp], account: NDArray[np.int64]
) -> pd.DataFrame:
    """The accounts.

    Args:
        raw, judged: the table and its rows' fates.
        at: the row that stands for each account.
        rows: the accepted rows; account: of each of them.
    """
    n = len(raw.rows)
    whole = len(at) == n
    single = len(rows) == len(at)

    def kept(cells: pd.Series) -> pd.Series:
        return cells if whole else cells.iloc[at].reset_index(drop=True)

    nothing = pd.Series("", index=range(len(at)), dtype="str")
    out: dict[str, object] = {f: kept(judged.fields[f]) if f in judged.fields else nothing for f in _TEXT}
    lat, lon = judged.places
    out |= {"lat": lat[at], "lon": lon[at], "source_row": raw.source_rows[at]}
    for measure, read in judged.numbers.items():
        out[measure] = read.amounts[at] if single else summed(read.amounts[rows], account, len(at))
    used = {c for f, c in judged.cmap.fields.items() if f not in {"country", "place"}} | set(
        judged.cmap.measures.values()
    )
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
