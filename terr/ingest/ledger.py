"""Every row's fate: rows and money in = accepted + excluded + rejected, each with a reason and the cell as it stood."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.clean import CURRENCY_CODES, Numbers, read_column, shorten
from terr.ingest.columns import RESERVED, ColumnMap, check_map
from terr.ingest.fates import Cells, Found, duplicates, made_ids, not_accounts, trimmed
from terr.ingest.files import RawTable
from terr.ingest.words import MONEY_WORDS, compact

FATES = ("accepted", "excluded", "rejected")
ISSUE_COLUMNS = ("row", "column", "value", "code", "message", "fate")
_TEXT = ("account_id", "name", "owner", "zip", "city", "state", "county")
_COORDINATE = r"[+-]?\d{1,3}(?:[.,]\d*)?(?:[eE][+-]?\d{1,3})?"


@dataclass(frozen=True)
class MeasureTotals:
    """What became of one measure, in its own unit; unreadable and blank cells count as nothing.

    Attributes:
        total_in: sum over all rows of the file.
        accepted, excluded, rejected: sums over the rows of that fate; together `total_in`, but for rounding.
        currency: ISO code, "" if no cell names one.
    """

    total_in: float
    accepted: float
    excluded: float
    rejected: float
    currency: str = ""

    def __post_init__(self) -> None:
        parts = math.fsum((self.accepted, self.excluded, self.rejected))
        size = max(abs(self.accepted), abs(self.excluded), abs(self.rejected), 1.0)
        if not abs(parts - self.total_in) <= 1e-9 * size:
            raise InputError(f"the measure's totals don't add up: {self.total_in} in, {parts} accounted for")


@dataclass(frozen=True, eq=False)
class Ledger:
    """What became of each row of a file.

    Attributes:
        rows_in: rows below the header; always rows_accepted + rows_excluded + rows_rejected.
        totals: measure -> its totals.
        issues: DataFrame `row` (1-based, of the file; the header's for a whole column), `column`, `value` (as it
            stood), `code`, `message`, `fate`; sorted by row. A row can have several.
        fates: one of `FATES` per row of the raw table. Read-only.
    """

    rows_in: int
    rows_accepted: int
    rows_excluded: int
    rows_rejected: int
    totals: Mapping[str, MeasureTotals]
    issues: pd.DataFrame
    fates: NDArray[np.str_]

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_accepted + self.rows_excluded + self.rows_rejected or self.rows_in != len(
            self.fates
        ):
            raise InputError("the ledger's rows don't add up")
        self.fates.setflags(write=False)
        object.__setattr__(self, "totals", MappingProxyType(dict(self.totals)))

    def rejected_frame(self, raw: RawTable) -> pd.DataFrame:
        """Rows that were excluded or rejected, in the file's own layout, with "Row", "Fate" and "Reason" behind it.

        A column of the file that has one of these names keeps it; ours then gets " (2)".
        """
        at = np.flatnonzero(self.fates != "accepted")
        out = raw.rows.iloc[at].reset_index(drop=True)
        bad = self.issues[self.issues["fate"] != "accepted"]
        reasons: dict[int, list[str]] = {}
        for row, column, message in zip(bad["row"], bad["column"], bad["message"], strict=True):
            reasons.setdefault(int(row), []).append(f"{column}: {message}" if column else message)
        rows = raw.source_rows[at]
        for name, values in (
            ("Row", [str(r) for r in rows]),
            ("Fate", self.fates[at].tolist()),
            ("Reason", ["; ".join(reasons[int(r)]) for r in rows]),
        ):
            free = name
            while free in out.columns:
                free += " (2)"
            out[free] = pd.Series(values, dtype="str")
        return out


@dataclass(frozen=True, eq=False)
class Intake:
    """The accounts of a file that were accepted, and the ledger of all its rows.

    Attributes:
        frame: RangeIndex; account_id, name, owner, zip, city, state, county (text, "" where unknown), lat, lon (float64
            degrees, NaN where unknown), source_row (int64), one float64 column per measure (NaN = blank), then the
            file's other columns as text.
        ledger: of all rows.
        measures: names of the measure columns.
        currency: measure -> ISO code, only where cells name one.
    """

    frame: pd.DataFrame
    ledger: Ledger
    measures: tuple[str, ...]
    currency: Mapping[str, str]


def take_in(raw: RawTable, cmap: ColumnMap) -> Intake:
    """Read a table's accounts, giving every row a fate.

    Blank rows, totals, footers, repeated headers and exact copies are excluded; rows with an unreadable measure, more
    cells than the header, another currency than most, an id already used, or nothing but figures are rejected; all
    others are accepted, with notes on what is missing.

    Raises:
        InputError: the map doesn't fit the table (see `check_map`). A dirty row never raises.
    """
    check_map(raw, cmap)
    text = trimmed(raw)
    n = len(raw.rows)
    numbers = {m: read_column(raw.rows[c].tolist(), cmap.decimal, raw.numeric.get(c)) for m, c in cmap.measures.items()}
    found = not_accounts(raw, cmap, text)
    fates = np.full(n, "accepted", dtype="<U8")
    for f in found:
        fates[f.at] = f.fate
    found += [
        Found(at, "", "", "broken_row", message, "rejected")
        for at, message in raw.broken.items()
        if fates[at] == "accepted"
    ]
    currency: dict[str, str] = {}
    for measure, column in cmap.measures.items():
        bad, notes, code = _judge(raw, measure, column, numbers[measure], text)
        found += [f for f in bad if fates[f.at] != "excluded"]
        found += [f for f in notes if f.at < 0 or fates[f.at] == "accepted"]
        if code:
            currency[measure] = code
    for f in found:
        if f.fate == "rejected":
            fates[f.at] = "rejected"
    ids = _field(cmap, "account_id", text, n)
    if "account_id" in cmap.fields:
        copies = duplicates(raw, cmap.fields["account_id"], ids, text, fates == "accepted")
        for f in copies:
            fates[f.at] = f.fate
        found += copies
    alive = fates == "accepted"
    lat, lon, places = _coordinates(raw, cmap, text, alive)
    ids, missing = _ids(raw, cmap, ids, alive)
    less = "the row has fewer cells than the header; the rest is taken as blank"
    short = [Found(at, "", "", "short_row", less, "accepted")
             for at in raw.short if alive[at]]  # fmt: skip
    # Notes on rows that were turned away later would only repeat themselves.
    notes_kept = [f for f in (*found, *places, *missing, *short) if f.fate != "accepted" or f.at < 0 or alive[f.at]]
    ledger = _ledger(raw, fates, notes_kept, numbers, currency)
    frame = _frame(raw, cmap, text, ids, lat, lon, numbers, np.flatnonzero(alive))
    return Intake(frame, ledger, tuple(cmap.measures), MappingProxyType(currency))


def _field(cmap: ColumnMap, name: str, text: Cells, n: int) -> NDArray[np.object_]:
    """A field's trimmed text; blank if no column stands for it."""
    column = cmap.fields.get(name)
    return text[column] if column is not None else np.full(n, "", dtype=object)


def _text(cells: NDArray[np.object_]) -> pd.Series:
    """A text column; also with no rows it is one."""
    return pd.Series(cells, dtype="str")


def _judge(
    raw: RawTable, measure: str, column: str, numbers: Numbers, text: Cells
) -> tuple[list[Found], list[Found], str]:
    """What stands against rows because of one measure, what is only worth noting, and the measure's currency."""
    cells = raw.rows[column].to_numpy(dtype=object)
    bad: list[Found] = []
    notes: list[Found] = []
    for at, number in numbers.odd.items():
        value = cells[at]
        if number.problem:
            bad.append(Found(at, column, value, number.code, f"'{shorten(value)}' {number.problem}", "rejected"))
        else:
            notes.append(
                Found(at, column, value, number.code, f"'{shorten(value)}' is taken as blank, not as 0", "accepted")
            )
    for at in np.flatnonzero(numbers.amounts < 0).tolist():
        notes.append(
            Found(at, column, cells[at], "negative", "the figure is negative; it lowers its area's sum", "accepted")
        )
    if numbers.guessed is not None:
        value = cells[numbers.guessed]
        message = (
            f"'{shorten(value)}' in row {raw.source_rows[numbers.guessed]} could mean thousands or decimals,"
            " and no cell"
            " of the column tells; the point is taken as the decimal mark: confirm or change it"
        )
        notes.append(Found(-1, column, value, "ambiguous_number", message, "accepted"))
    codes = numbers.currency.copy()
    for at, code in _currency_column(raw, column, text):
        if not np.isnan(numbers.amounts[at]):
            codes[at] = code
    counted = Counter(c for c in codes.tolist() if c)
    if not counted:
        return bad, notes, ""
    most = max(counted, key=lambda c: counted[c])
    for at in np.flatnonzero((codes != "") & (codes != most)).tolist():
        message = f"the figure for {shorten(measure)} is in {codes[at]}, most of the column in {most}; convert it"
        bad.append(Found(at, column, cells[at], "mixed_currency", message, "rejected"))
    return bad, notes, most


def _currency_column(raw: RawTable, column: str, text: Cells) -> list[tuple[int, str]]:
    """(row position, ISO code) from a column beside the measure, as multi-currency CRMs export it."""
    own = compact(column) + "currency"
    general = {"currency", "currencycode", "currencyisocode", "accountcurrency", "transactioncurrency"}
    money = any(w in compact(column) for w in MONEY_WORDS)
    beside = next((c for c in raw.columns if compact(c) in {own, own + "code", own + "isocode"}), None)
    if beside is None and money:
        beside = next((c for c in raw.columns if compact(c) in general), None)
    if beside is None:
        return []
    codes = [cell[:3].upper() for cell in text[beside]]
    return [(at, code) for at, code in enumerate(codes) if code in CURRENCY_CODES]


def _coordinates(
    raw: RawTable, cmap: ColumnMap, text: Cells, alive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Found]]:
    """Degrees north and east, NaN where blank or impossible, and notes on what is impossible."""
    n = len(raw.rows)
    out: list[NDArray[np.float64]] = []
    found: list[Found] = []
    if "latitude" not in cmap.fields:
        return np.full(n, np.nan), np.full(n, np.nan), found
    pair = (cmap.fields["latitude"], cmap.fields["longitude"])
    tail = "; the account is placed by its ZIP or city instead"
    for column, limit in zip(pair, (90.0, 180.0), strict=True):
        cells = pd.Series(text[column], dtype="str")
        values = np.full(n, np.nan)
        good = cells.str.fullmatch(_COORDINATE).to_numpy(dtype=np.bool_)
        values[good] = [float(c.replace(",", ".")) for c in cells[good]]
        blank = (cells == "").to_numpy(dtype=np.bool_)
        beyond = good & ~(np.abs(values) <= limit)
        for at in np.flatnonzero(alive & ~blank & (~good | beyond)).tolist():
            why = f"lies beyond {limit:.0f} degrees" if beyond[at] else "isn't a coordinate in degrees"
            cell = raw.rows[column].iloc[at]
            found.append(Found(at, column, cell, "bad_coordinate", f"'{shorten(cell)}' {why}{tail}", "accepted"))
        values[beyond] = np.nan
        out.append(values)
    lat, lon = out
    for at in np.flatnonzero(alive & (lat == 0) & (lon == 0)).tolist():
        found.append(
            Found(
                at, pair[0], raw.rows[pair[0]].iloc[at], "zero_coordinate", f"0, 0 is in the Atlantic{tail}", "accepted"
            )
        )
    half = np.isnan(lat) ^ np.isnan(lon)
    told = {f.at for f in found}
    for at in np.flatnonzero(alive & half).tolist():
        if at not in told:
            column = pair[0] if np.isnan(lat[at]) else pair[1]
            found.append(
                Found(at, column, "", "bad_coordinate", f"one of the two coordinates is blank{tail}", "accepted")
            )
    lost = half | ((lat == 0) & (lon == 0))
    return np.where(lost, np.nan, lat), np.where(lost, np.nan, lon), found


def _ids(
    raw: RawTable, cmap: ColumnMap, ids: NDArray[np.object_], alive: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], list[Found]]:
    """Ids with made ones where there is none, and notes that say so."""
    lacking = np.flatnonzero(alive & np.asarray(ids == "", dtype=np.bool_))
    if not len(lacking):
        return ids, []
    made = made_ids(raw, lacking.tolist(), set(ids[ids != ""]))
    filled = ids.copy()
    filled[lacking] = made
    column = cmap.fields.get("account_id")
    if column is None:
        message = f"no column holds account ids, so they are made from the row numbers ('{made[0]}' and so on)"
        notes = [Found(-1, "", "", "no_id_column", message, "accepted")]
    else:
        notes = [
            Found(
                at,
                column,
                raw.rows[column].iloc[at],
                "missing_id",
                f"the account has no id; '{name}' is used",
                "accepted",
            )
            for at, name in zip(lacking.tolist(), made, strict=True)
        ]
    return filled, notes


def _ledger(
    raw: RawTable,
    fates: NDArray[np.str_],
    found: list[Found],
    numbers: Mapping[str, Numbers],
    currency: Mapping[str, str],
) -> Ledger:
    """Count rows and money by fate."""
    totals: dict[str, MeasureTotals] = {}
    for measure, read in numbers.items():
        known = ~np.isnan(read.amounts)
        parts = {f: math.fsum(read.amounts[known & (fates == f)]) for f in FATES}
        totals[measure] = MeasureTotals(math.fsum(read.amounts[known]), **parts, currency=currency.get(measure, ""))
    rows = [raw.header_row if f.at < 0 else int(raw.source_rows[f.at]) for f in found]
    order = sorted(range(len(found)), key=rows.__getitem__)
    issues = pd.DataFrame(
        {
            "row": np.array([rows[i] for i in order], dtype=np.int64),
            **{name: pd.Series([getattr(found[i], name) for i in order], dtype="str") for name in ISSUE_COLUMNS[1:]},
        }
    )
    count = {f: int((fates == f).sum()) for f in FATES}
    return Ledger(len(fates), count["accepted"], count["excluded"], count["rejected"], totals, issues, fates)


def _frame(
    raw: RawTable, cmap: ColumnMap, text: Cells, ids: NDArray[np.object_], lat: NDArray[np.float64],
    lon: NDArray[np.float64], numbers: Mapping[str, Numbers], at: NDArray[np.intp],
) -> pd.DataFrame:  # fmt: skip
    """The accepted rows as an accounts frame."""
    n = len(raw.rows)
    out: dict[str, object] = {f: _text(_field(cmap, f, text, n)[at]) for f in _TEXT}
    out["account_id"] = _text(ids[at])
    out |= {"lat": lat[at], "lon": lon[at], "source_row": raw.source_rows[at]}
    out |= {m: read.amounts[at] for m, read in numbers.items()}
    used = set(cmap.fields.values()) | set(cmap.measures.values())
    for column in raw.columns:
        if column in used:
            continue
        name = column
        while name in out or name in RESERVED:  # "Zip" of an unmapped column mustn't pass for the account's own
            name += " (file)"
        out[name] = _text(text[column][at])
    return pd.DataFrame(out)
