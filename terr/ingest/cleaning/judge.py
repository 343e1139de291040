"""What stands against rows because of their figures, coordinates and ids, and what is only worth noting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import CURRENCY_CODES, ParsedNumbers, shorten
from terr.ingest.cleaning.tidy import Cells, RefusedRepairs, RepairedCells
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.words import MONEY_WORDS, compact
from terr.ingest.ledger.fates import RowFates, made_ids
from terr.ingest.reading.files import RawTable

_COORDINATE = r"[+-]?\d{1,3}(?:[.,]\d*)?(?:[eE][+-]?\d{1,3})?"
_SCALED = r"(?i).*\d[ ]?(?:thousand|million|billion|mio|mil|mm|mn|bn|[kmb])\.?[ )]*(?:[^\w]*|[ ]?[a-z]{3})[ )]*"
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
    scaled = some.str.fullmatch(_SCALED).to_numpy(dtype=np.bool_)
    brackets = some.str.fullmatch(_BRACKETS).to_numpy(dtype=np.bool_) & ~scaled
    comma = np.zeros(len(some), dtype=np.bool_)
    if numbers.decimal == "," or len(some) < 50_000:
        comma = some.str.contains(r",\d+[^\d.,]*$").to_numpy(dtype=np.bool_) & ~scaled & ~brackets
        values = numbers.amounts[worded]
        comma = comma & ((values != np.floor(values)) | (numbers.decimal == ","))
    other = ~scaled & ~brackets & ~comma
    kinds = [
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
            message = f"'{shorten(value)}' stays as it stands, as you asked, and so it isn't a number"
            bad.append(RowFates(at, column, value, "as_it_stands", message, "rejected"))
    return fixed, bad


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def judge_figures(
    raw: RawTable, measure: str, column: str, numbers: ParsedNumbers, text: Cells, answer: str | None = None
) -> tuple[list[RowFates], list[RowFates], str]:
    """What stands against rows because of one measure, what is only worth noting, and the measure's currency.

    Args:
        raw: the table.
        measure, column: the measure and its column.
        numbers: the column read.
        text: trimmed cells.
        answer: the currency a person chose, or "all" to add all currencies as they stand.
    """
    cells = raw.rows[column]
    bad: list[RowFates] = []
    notes: list[RowFates] = []
    for at, number in numbers.odd.items():
        value = cells.iloc[at]
        if number.problem:
            bad.append(RowFates(at, column, value, number.code, f"'{shorten(value)}' {number.problem}", "rejected"))
        else:
            notes.append(
                RowFates(at, column, value, number.code, f"'{shorten(value)}' is taken as blank, not as 0", "accepted")
            )
    for at in np.flatnonzero(numbers.amounts < 0).tolist():
        why = "the figure is negative; it lowers its area's sum"
        notes.append(RowFates(at, column, cells.iloc[at], "negative", why, "accepted"))
    if numbers.guessed is not None:
        value = cells.iloc[numbers.guessed]
        message = (
            f"'{shorten(value)}' in row {raw.source_rows[numbers.guessed]} could mean thousands or decimals,"
            " and no cell of the column tells; the point is taken as the decimal mark: confirm or change it"
        )
        notes.append(RowFates(-1, column, value, "ambiguous_number", message, "accepted"))
    codes = currencies(raw, column, numbers, text)
    counted = Counter(codes[codes != ""].tolist())
    if not counted:
        return bad, notes, ""
    most = max(counted, key=lambda c: counted[c])
    if answer == "all":
        if len(counted) > 1:
            listed = ", ".join(sorted(counted))
            message = f"the figures are in {listed} and are added as they stand, as you answered"
            notes.append(RowFates(-1, column, "", "currencies_added", message, "accepted"))
        return bad, notes, most
    most = answer if answer is not None and answer in counted else most
    for at in np.flatnonzero((codes != "") & (codes != most)).tolist():
        message = f"the figure for {shorten(measure)} is in {codes[at]}, most of the column in {most}; convert it"
        if most == answer:
            message = f"the figure for {shorten(measure)} is in {codes[at]}, not in {most}; convert it"
        bad.append(RowFates(at, column, cells.iloc[at], "mixed_currency", message, "rejected"))
    return bad, notes, most


def currencies(raw: RawTable, column: str, numbers: ParsedNumbers, text: Cells) -> NDArray[np.object_]:
    """ISO code per row, "" where no cell names one: from the figure, or a column beside it as CRMs export it."""
    codes = numbers.currency.copy()
    own = compact(column) + "currency"
    general = {"currency", "currencycode", "currencyisocode", "accountcurrency", "transactioncurrency"}
    money = any(w in compact(column) for w in MONEY_WORDS)
    beside = next((c for c in raw.columns if compact(c) in {own, own + "code", own + "isocode"}), None)
    if beside is None and money:
        beside = next((c for c in raw.columns if compact(c) in general), None)
    if beside is None:
        return codes
    named = text[beside].str[:3].str.upper()
    known = named.isin(CURRENCY_CODES).to_numpy(dtype=np.bool_) & ~np.isnan(numbers.amounts)
    codes[known] = named[known].to_numpy(dtype=object)
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
    tail = "; the account is placed by its ZIP or city instead"
    for column in pair:
        cells = text[column]
        values = np.full(n, np.nan)
        good = cells.str.fullmatch(_COORDINATE).to_numpy(dtype=np.bool_, copy=True)
        commas = np.flatnonzero(good & cells.str.contains(",", regex=False).to_numpy(dtype=np.bool_))
        if len(commas):
            no = refused("decimal_comma", column)
            fixed.append(RepairedCells("decimal_comma", column, commas, _pointed(cells), no))
            if no:
                good[commas] = False
        values[good] = [float(c.replace(",", ".")) for c in cells[good].tolist()]
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
            why = "lies beyond 90 degrees, so latitude and longitude may be swapped; the place decides"
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
        message = f"no column holds account ids, so they are made from the row numbers ('{made[0]}' and so on)"
        notes = [RowFates(-1, "", "", "no_id_column", message, "accepted")]
    else:
        filled = ids.copy()
        cells = raw.rows[column]
        notes = [
            RowFates(at, column, cells.iloc[at], "missing_id", f"the account has no id; '{name}' is used", "accepted")
            for at, name in zip(lacking.tolist(), made, strict=True)
        ]
    filled.iloc[lacking] = made
    return filled, notes


def note_short(raw: RawTable, alive: NDArray[np.bool_]) -> list[RowFates]:
    """Rows with fewer cells than the header."""
    why = "the row has fewer cells than the header; the rest is taken as blank"
    return [RowFates(at, "", "", "short_row", why, "accepted") for at in raw.short if alive[at]]


def money_at(numbers: Mapping[str, ParsedNumbers], at: NDArray[np.intp]) -> dict[str, float]:
    """Each measure's sum over some rows."""
    return {m: float(np.nansum(n.amounts[at])) for m, n in numbers.items()}
