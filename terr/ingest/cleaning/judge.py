"""What stands against rows because of their figures, coordinates and ids, and what is only worth noting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import CURRENCY_CODES, ParsedNumbers, shorten
from terr.ingest.cleaning.header_scales import header_currency
from terr.ingest.cleaning.marks import plain
from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells, plain_marks
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.words import MONEY_WORDS, compact
from terr.ingest.ledger.fates import RowFates, made_ids
from terr.ingest.reading.files import RawTable
from terr.places.points import read_degrees

_COORDINATE = r"[+-]?[0-9]{1,3}(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
_BRACKETS = r"[^(]*\(.*\)[^)]*|.*-"


def repairs_of_figures(
    raw: RawTable, column: str, numbers: ParsedNumbers, text: Cells, refused: RefusedRepairs
) -> tuple[list[RepairedCells], list[RowFates]]:
    """The repairs that reading a measure's cells took, and the rows that are rejected because one was refused."""
    fixed: list[RepairedCells] = []
    bad: list[RowFates] = []
    cells = text[column]
    worded = np.flatnonzero(numbers.worded)
    some = cells.iloc[worded]
    ranged, scaled = numbers.ranged[worded], numbers.scaled[worded] & ~numbers.ranged[worded]
    brackets = some.str.fullmatch(_BRACKETS).to_numpy(dtype=np.bool_) & ~scaled & ~ranged
    brackets &= numbers.amounts[worded] <= 0
    comma = np.zeros(len(some), dtype=np.bool_)
    if numbers.decimal == "," or len(some) < 50_000:
        comma = some.str.contains(r",\d+[^\d.,]*$").to_numpy(dtype=np.bool_) & ~scaled & ~brackets & ~ranged
        values = numbers.amounts[worded]
        comma = comma & ((values != np.floor(values)) | (numbers.decimal == ","))
    other = ~scaled & ~brackets & ~comma & ~ranged
    kinds = [
        ("range_end", ranged),
        ("scaled_amount", scaled),
        ("negative_brackets", brackets),
        ("decimal_comma", comma),
        ("parsed_money", other),
    ]
    for code, mask in kinds:
        at = worded[mask]
        if len(at):
            fixed.append(
                RepairedCells(code, column, at, lambda k: _plain(float(numbers.amounts[k])), refused(code, column))
            )
    blank = np.array([at for at, number in numbers.odd.items() if not number.problem], dtype=np.intp)
    if len(blank):
        fixed.append(RepairedCells("blank_word", column, blank, lambda _: "", refused("blank_word", column)))
    for repair in fixed:
        if not repair.refused:
            continue
        for at in repair.at.tolist():
            value = raw.rows[column].iloc[at]
            message = f"'{shorten(value)}' was left as is, as you asked, so it isn't a number"
            bad.append(RowFates(at, column, value, "as_it_stands", message, "rejected"))
    at = np.flatnonzero(numbers.by_header)
    if len(at):  # refused, the figures are there as they stand
        no = refused("header_scale", column)
        fixed.append(RepairedCells("header_scale", column, at, lambda k: _plain(float(numbers.amounts[k])), no))
    return fixed, bad


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def judge_figures(
    raw: RawTable,
    measure: str,
    column: str,
    numbers: ParsedNumbers,
    text: Cells,
    known: NDArray[np.int64],
    answer: str | None = None,
    *,
    scale_refused: bool = False,
) -> tuple[list[RowFates], list[RowFates], str]:
    """What stands against rows because of one measure, what is only worth noting, and the measure's currency.

    Args:
        raw: the table.
        measure, column: the measure and its column.
        numbers: the column read.
        text: trimmed cells.
        known: int64 (rows,), figures of all measures that could be read: with another one the row stays.
        answer: the currency a person chose, or "all" to add all currencies as they stand.
        scale_refused: whether figures aren't multiplied as their header says.
    """
    cells = raw.rows[column]
    bad: list[RowFates] = []
    notes: list[RowFates] = []
    for at, number in numbers.odd.items():
        value = cells.iloc[at]
        if number.problem and number.code != "range" and not known[at]:
            bad.append(RowFates(at, column, value, number.code, f"'{shorten(value)}' {number.problem}", "rejected"))
        elif number.problem:
            kept = "" if number.code == "range" else "; the row keeps its other figures, and this cell is blank"
            why = f"'{shorten(value)}' {number.problem}{kept}"
            notes.append(RowFates(at, column, value, number.code, why, "accepted"))
        else:
            notes.append(
                RowFates(at, column, value, number.code, f"'{shorten(value)}' is read as blank, not as 0", "accepted")
            )
    for at in np.flatnonzero(numbers.amounts < 0).tolist():
        why = "the amount is negative; it lowers the total of its area"
        notes.append(RowFates(at, column, cells.iloc[at], "negative", why, "accepted"))
    if numbers.guessed is not None:
        value = cells.iloc[numbers.guessed]
        message = (
            f"'{shorten(value)}' in row {raw.source_rows[numbers.guessed]} could mean thousands or decimals,"
            " and no cell of the column tells; the point is taken as the decimal mark: confirm or change it"
        )
        notes.append(RowFates(-1, column, value, "ambiguous_number", message, "accepted"))
    if numbers.header is not None and numbers.by_header.any() and not scale_refused:
        message = (
            f"'{shorten(numbers.header.unit)}' stands in the header or above the table, so"
            f" {int(numbers.by_header.sum()):,} figures are multiplied by {numbers.header.size:,.0f}"
        )
        notes.append(RowFates(-1, column, "", "header_scale", message, "accepted"))
    codes = currencies(raw, column, numbers, text)
    counted = Counter(codes[codes != ""].tolist())
    if not counted:
        return bad, notes, ""
    most = max(counted, key=lambda c: counted[c])
    if answer == "all":
        if len(counted) > 1:
            listed = ", ".join(sorted(counted))
            message = f"the amounts are in {listed} and are added without conversion, as you answered"
            notes.append(RowFates(-1, column, "", "currencies_added", message, "accepted"))
        return bad, notes, most
    most = answer if answer is not None and answer in counted else most
    for at in np.flatnonzero((codes != "") & (codes != most)).tolist():
        than = f"not in {most}" if most == answer else f"most of the column in {most}"
        cell = shorten(str(cells.iloc[at]), 30)
        message = f"the amount for {shorten(measure)}, '{cell}', is in {codes[at]}, {than}; convert it"
        bad.append(RowFates(at, column, cells.iloc[at], "mixed_currency", message, "rejected"))
    return bad, notes, most


def currencies(raw: RawTable, column: str, numbers: ParsedNumbers, text: Cells) -> NDArray[np.object_]:
    """ISO code per row, "" where no cell names one: from the figure, or a column beside it as CRMs export it."""
    codes = numbers.currency.copy()
    shown = raw.currency.get(column)
    if shown is not None:  # what the workbook's format shows, where the cell itself is a bare number
        bare = (codes == "") & ~np.isnan(numbers.amounts)
        codes[bare] = shown[bare]
    named = header_currency(column)
    if named and named != "USD":  # dollars are what a measure without a currency is taken for
        codes[(codes == "") & ~np.isnan(numbers.amounts)] = named
    own = compact(column) + "currency"
    general = {
        *("currency", "currencycode", "currencyisocode", "accountcurrency", "transactioncurrency", "documentcurrency"),
        *("wahrung", "waehrung", "belegwahrung", "devise", "moneda", "valuta"),
    }
    money = any(w in compact(column) for w in MONEY_WORDS)
    beside = next((c for c in raw.columns if compact(c) in {own, own + "code", own + "isocode"}), None)
    if beside is None and money:
        beside = next((c for c in raw.columns if compact(c) in general), None)
    if beside is None:
        return codes
    codes_beside = text[beside].str[:3].str.upper()
    known = codes_beside.isin(CURRENCY_CODES).to_numpy(dtype=np.bool_) & ~np.isnan(numbers.amounts)
    codes[known] = codes_beside[known].to_numpy(dtype=object)
    return codes


def coordinates(
    raw: RawTable, cmap: ColumnMap, text: Cells, alive: NDArray[np.bool_], refused: RefusedRepairs
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[RowFates], list[RepairedCells]]:
    """Degrees north and east, NaN where blank or impossible, notes on what is impossible, and repairs.

    Swapped ones aren't changed here: a place that makes sense of them is looked for when the account is located.
    """
    n = len(raw.rows)
    out: list[NDArray[np.float64]] = []
    found: list[RowFates] = []
    fixed: list[RepairedCells] = []
    if "latitude" not in cmap.fields:
        return np.full(n, np.nan), np.full(n, np.nan), found, fixed
    pair = (cmap.fields["latitude"], cmap.fields["longitude"])
    tail = "; the ZIP or city is used instead"
    for column in pair:
        cells = plain_marks(text[column], column, plain, refused, fixed)
        values = np.full(n, np.nan)
        good = cells.str.fullmatch(_COORDINATE).to_numpy(dtype=np.bool_, copy=True)
        commas = np.flatnonzero(good & cells.str.contains(",", regex=False).to_numpy(dtype=np.bool_))
        if len(commas):
            no = refused("decimal_comma", column)
            fixed.append(RepairedCells("decimal_comma", column, commas, _pointed(cells), no))
            if no:
                good[commas] = False
        values[good] = [float(c.replace(",", ".")) for c in cells[good].tolist()]
        for k, degrees in _worded(cells, ~good, latitude=column == pair[0], commas=commas).items():
            values[k] = degrees
        worded = np.flatnonzero(~good & ~np.isnan(values))
        if len(worded):
            no = refused("read_degrees", column)
            fixed.append(RepairedCells("read_degrees", column, worded, partial(_degrees_at, values.copy()), no))
            values[worded] = np.nan if no else values[worded]
            good[worded] = not no
        # A latitude of -71 to 71 is a latitude; one beyond 90 may be the longitude of a row with the two swapped.
        beyond = good & ~(np.abs(values) <= 180.0)
        for at in np.flatnonzero(alive & (cells != "").to_numpy(dtype=np.bool_) & (~good | beyond)).tolist():
            why = "lies beyond 180 degrees" if beyond[at] else "isn't a coordinate in degrees"
            cell = raw.rows[column].iloc[at]
            found.append(RowFates(at, column, cell, "bad_coordinate", f"'{shorten(cell)}' {why}{tail}", "accepted"))
        values[beyond] = np.nan
        out.append(values)
    lat, lon = out
    swapped = (np.abs(lat) > 90) & (np.abs(lon) <= 90)
    for at in np.flatnonzero(alive & (np.abs(lat) > 90)).tolist():
        cell = raw.rows[pair[0]].iloc[at]
        if swapped[at]:
            why = (
                "lies beyond 90 degrees, so latitude and longitude may be swapped; Terr uses the order that fits the "
                "address"
            )
            found.append(RowFates(at, pair[0], cell, "swapped_coordinates", f"'{shorten(cell)}' {why}", "accepted"))
        else:
            why = f"lies beyond 90 degrees{tail}"
            found.append(RowFates(at, pair[0], cell, "bad_coordinate", f"'{shorten(cell)}' {why}", "accepted"))
    lat[(np.abs(lat) > 90) & ~swapped] = np.nan
    zero = (lat == 0) & (lon == 0)
    for at in np.flatnonzero(alive & zero).tolist():
        cell = raw.rows[pair[0]].iloc[at]
        found.append(RowFates(at, pair[0], cell, "zero_coordinate", f"0, 0 is in the Atlantic{tail}", "accepted"))
    half = np.isnan(lat) ^ np.isnan(lon)
    told = {f.at for f in found}
    for at in np.flatnonzero(alive & half).tolist():
        if at not in told:
            column = pair[0] if np.isnan(lat[at]) else pair[1]
            why = f"one of the two coordinates is blank{tail}"
            found.append(RowFates(at, column, "", "bad_coordinate", why, "accepted"))
    lost = half | zero
    return np.where(lost, np.nan, lat), np.where(lost, np.nan, lon), found, fixed


def _worded(
    cells: pd.Series, where: NDArray[np.bool_], *, latitude: bool, commas: NDArray[np.intp]
) -> dict[int, float]:
    """Row -> degrees of cells with letters, minutes or seconds; cells with a refused comma aren't read after all."""
    left = np.setdiff1d(np.flatnonzero(where & np.asarray(cells != "", dtype=np.bool_)), commas)
    read = ((int(k), read_degrees(str(cells.iloc[k]), latitude=latitude)) for k in left.tolist())
    return {k: degrees for k, degrees in read if degrees is not None}


def _degrees_at(values: NDArray[np.float64], at: int) -> str:
    return f"{values[at]:.6g}"


def _pointed(cells: pd.Series) -> Callable[[int], str]:
    return lambda at: str(cells[at]).replace(",", ".")


def fill_ids(
    raw: RawTable, cmap: ColumnMap, ids: pd.Series, alive: NDArray[np.bool_]
) -> tuple[pd.Series, list[RowFates]]:
    """Ids with made ones where there is none, and notes that say so."""
    lacking = np.flatnonzero(alive & np.asarray(ids == "", dtype=np.bool_))
    if not len(lacking):
        return ids, []
    made = made_ids(raw, lacking.tolist(), set(ids[ids != ""].tolist()))
    column = cmap.fields.get("account_id")
    if column is None:
        filled = pd.Series("", index=range(len(ids)), dtype="str")
        message = f"no column holds account IDs, so they are made from the row numbers ('{made[0]}' and so on)"
        notes = [RowFates(-1, "", "", "no_id_column", message, "accepted")]
    else:
        filled = ids.copy()
        cells = raw.rows[column]
        notes = [
            RowFates(at, column, cells.iloc[at], "missing_id", f"the account has no ID; '{name}' is used", "accepted")
            for at, name in zip(lacking.tolist(), made, strict=True)
        ]
    filled.iloc[lacking] = made
    return filled, notes


def note_short(raw: RawTable, alive: NDArray[np.bool_]) -> list[RowFates]:
    """Rows with fewer cells than the header."""
    why = "the row has fewer cells than the header; the missing ones are read as blank"
    return [RowFates(at, "", "", "short_row", why, "accepted") for at in raw.short if alive[at]]


def doubtful(raw: RawTable) -> list[RowFates]:
    """Cells with letters that were read by guess."""
    out = []
    for at, column in raw.doubts:
        cell = raw.rows[column].iloc[at]
        why = f"'{shorten(cell)}' has letters that aren't UTF-8 like the rest of the file; check them"
        out.append(RowFates(at, column, cell, "doubtful_letters", why, "accepted"))
    return out


def money_at(numbers: Mapping[str, ParsedNumbers], at: NDArray[np.intp]) -> dict[str, float]:
    """Each measure's sum over some rows."""
    return {m: float(np.nansum(n.amounts[at])) for m, n in numbers.items()}
