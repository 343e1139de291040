"""What a person reviews of a data set: findings by kind with their money, the rows to mend, and what mending does."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.columns.answers import figures_of
from terr.ingest.ledger.outcome import NOT_COVERED, UNLOCATED
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import DatasetInfo
from terr.places.countries import GUESS, outside_usa
from terr.report.rows import table_xlsx
from terr.report.safe import safe_frame, shown
from terr.workspace.accounts import dataset
from terr.workspace.accounts.import_settings import reading_version
from terr.workspace.accounts.intake import Intake
from terr.workspace.caches import CacheKind

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

SHOWN = 1_000
"""Rows shown to be mended at once; the others come up as these are done."""
NEEDS = ("rejected", UNLOCATED)
"""Fates that need a person."""
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_a_number": ("Amounts that can't be read", "Type the amount in digits, or leave the cell blank."),
        "percent": ("Percentages where an amount is needed", "Type the amount itself."),
        "too_large": ("Amounts too large to be true", "Type the right amount."),
        "range": (
            "Ranges where one amount is needed",
            "The cell is left blank; type the amount, or choose an end of the range.",
        ),
        "mixed_currency": ("Amounts in another currency", "Convert them to the currency of the others."),
        "duplicate_id": ("Account ids used twice", "Give one of the accounts its own id."),
        "rows_added": ("Rows added up per account", "Another choice can be made under Questions."),
        "sites_apart": ("Rows that share an ID, each an account of its own", ""),
        "later_row": ("Later rows of an account, left out as you chose", ""),
        "broken_row": ("Rows with more cells than the header", "Move the cells to where they belong, or confirm one."),
        "no_account": ("Rows with amounts and nothing else", "Say which account it is."),
        "as_it_stands": ("Cells left as is, as you asked", "Type an amount, or allow the correction again."),
        "unlocated": ("Accounts without a location", "Give a ZIP, a city and state, or coordinates."),
        "blank_row": ("Blank rows", ""),
        "header_row": ("Repeated headers", ""),
        "total_row": ("Totals and subtotals", "They would count the same money twice."),
        "hidden_row": ("Rows hidden in the workbook, left out as you asked", ""),
        "merged_cells": ("Merged cells", "Each of their rows has their text."),
        "formats_unread": ("Formats that couldn't be read", "Save the workbook as .xlsx and upload it again."),
        "comment": ("Comment lines", ""),
        "unusual_quotes": ("Quotation marks of another kind", "The cells are read without them."),
        "cut_anew": ("Rows split again", "Quotation marks in them weren't doubled or closed."),
        "doubtful_letters": ("Letters that may be wrong", "Check the names; the rest of the file is sure."),
        "footer": ("The report's footer", ""),
        "duplicate_row": ("Exact copies of another row", "They would count the same account twice."),
        "unknown_word": ("Words such as N/A, read as blank", "A blank isn't 0: sums skip it."),
        "negative": ("Negative amounts", "They lower the total of their area."),
        "missing_id": ("Accounts without an id", "An id made from the row number is used."),
        "damaged_id": ("Account IDs that a spreadsheet changed", "IDs made from the row number are used."),
        "lost_zeros": ("Account IDs that may have lost zeros", "Format the column as text and export it again."),
        "damaged_code": ("ZIPs or areas that a spreadsheet changed", "Type the code as it was."),
        "no_id_column": ("No column holds account ids", "Ids made from row numbers are used."),
        "short_row": ("Rows with fewer cells than the header", "Missing cells are read as blank."),
        "bad_coordinate": ("Coordinates that can't be used", "The ZIP or city is used instead."),
        "swapped_coordinates": ("Latitude and longitude may be swapped", "Terr used the order that fits the address."),
        "zero_coordinate": ("Coordinates at 0, 0", "The ZIP or city is used instead."),
        "zip_as_it_stands": ("ZIPs left as is, as you asked", ""),
        "ambiguous_number": ("A decimal mark that isn't certain", ""),
        "header_scale": (
            "Amounts multiplied as the header says",
            "Uncheck it under Automatic corrections if it's wrong.",
        ),
        "currencies_added": ("Currencies added without conversion, as you answered", ""),
        "located_with_note": ("Check location", "The example says what disagrees and which was used."),
    }
)
"""Code of a finding -> what it is, and what to do or what it means."""
_ABROAD = "abroad:"
"""Before the country's code: accounts outside the USA are one kind for each country."""


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind.

    Attributes:
        code: of `KINDS`; fate: of the rows, with "unlocated" for accepted ones without a place, and "not covered" for
            those that lie where no map is.
        title, hint: for a person.
        rows: how many rows of the file, 0 for remarks about a whole column.
        money: of the measure, over those rows; unreadable cells count as nothing.
        unknown: rows of those whose figure can't be read or is blank.
        examples: (row of the file, what is wrong), up to three.
        reasons: row -> what is wrong, of the `SHOWN` rows with most money; columns: those it is about, the usual first.
    """

    code: str
    fate: str
    title: str
    hint: str
    rows: int
    money: float
    unknown: int
    examples: tuple[tuple[int, str], ...]
    reasons: Mapping[int, str]
    columns: tuple[str, ...]

    @property
    def needs(self) -> bool:
        """Whether a person has to do something."""
        return self.fate in NEEDS


@dataclass(frozen=True, eq=False)
class ReviewFindings:
    """What was found in a file.

    Attributes:
        groups: what needs a person first, then by money.
        money: float64 (rows,), the measure per row of the table, NaN where blank or unreadable.
        wrong: row of the file -> what is wrong, of rows that need a person; the one with most money first.
        left_out: the same of rows that are no accounts.
    """

    groups: tuple[FindingGroup, ...]
    money: NDArray[np.float64]
    wrong: Mapping[int, str]
    left_out: Mapping[int, str]


FINDINGS = CacheKind[tuple[str, str, str], ReviewFindings]("findings", 64)
"""By data set, how its file is read, and measure."""


def ready(ws: Workspace, info: DatasetInfo, measure: str) -> ReviewFindings | None:
    """What was found in a data set's file if it is at hand."""
    return ws.caches[FINDINGS].get(_key(info, measure))


def findings(ws: Workspace, dataset_id: str, measure: str) -> ReviewFindings:
    """What was found in a data set's file, with the money of one measure ("" = none). Kept in memory."""
    info = ws.store.datasets.get(dataset_id)
    return ws.caches[FINDINGS].get_or_make(
        _key(info, measure), lambda: findings_of(dataset.ledger_of(ws, dataset_id), measure)
    )


def _key(info: DatasetInfo, measure: str) -> tuple[str, str, str]:
    return info.id, reading_version(info.mapping), measure


def findings_of(taken: Intake, measure: str) -> ReviewFindings:
    """The same of a file that isn't kept."""
    raw, ledger = taken.raw, taken.ledger
    money = _money(taken, measure)
    at = pd.Series(np.arange(len(raw.source_rows)), index=raw.source_rows)
    frame = taken.accounts.frame
    lost = (frame["located_by"] == "unlocated").to_numpy()
    noted = np.array([bool(n) for n in taken.notes], dtype=np.bool_)
    parts = [ledger.issues[["row", "code", "message", "fate", "column"]]]
    country = taken.countries
    abroad = [
        (country == c, f"{_ABROAD}{c}", UNLOCATED if c.endswith(GUESS) else NOT_COVERED)
        for c in sorted(set(country.tolist()) - {""})
    ]
    lost = lost & (country == "")
    remarks = noted & (frame["located_by"] != "unlocated").to_numpy()
    for mask, code, fate in ((lost, "unlocated", UNLOCATED), *abroad, (remarks, "located_with_note", "accepted")):
        rows = np.flatnonzero(mask)
        parts.append(
            pd.DataFrame(
                {
                    "row": frame["source_row"].to_numpy()[rows],
                    "code": code,
                    "message": [
                        taken.notes[k] or "the row has no ZIP, city, county or coordinates" for k in rows.tolist()
                    ],
                    "fate": fate,
                    "column": "",
                }
            )
        )
    every = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(map(len, parts)) else parts[0]
    groups = [_group(str(c), str(f), g, at, money) for (f, c), g in every.groupby(["fate", "code"], sort=True)]
    groups.sort(key=lambda g: (not g.needs, g.fate == "accepted", -abs(g.money), -g.rows, g.code))
    need, gone = every[every["fate"].isin(NEEDS)], every[every["fate"] == "excluded"]
    return ReviewFindings(tuple(groups), money, _reasons(need, at, money), _reasons(gone, at, money))


def _money(taken: Intake, measure: str) -> NDArray[np.float64]:
    raw, column = taken.raw, taken.columns.measures.get(measure)
    if column is None:
        return np.full(len(raw.rows), np.nan)
    read = figures_of(raw, taken.columns, column, taken.answers, taken.refuse)
    return read.amounts


def _group(code: str, fate: str, found: pd.DataFrame, at: pd.Series, money: NDArray[np.float64]) -> FindingGroup:
    rows = found["row"][found["row"].isin(at.index)].unique()
    figures = money[at[rows].to_numpy(dtype=np.int64)] if len(rows) else np.empty(0)
    title, hint = KINDS.get(code, (code.replace("_", " ").capitalize(), ""))
    if code.startswith(_ABROAD):
        title = outside_usa(code.removeprefix(_ABROAD))
        title = title[0].upper() + title[1:]
        hint = "Nothing to fix: they stay in the data set and out of plans, or you plan them on boundaries of your own."
    examples = tuple((int(r), str(m)) for r, m in zip(found["row"][:3], found["message"][:3], strict=True))
    largest = np.argsort(-np.nan_to_num(np.abs(figures), nan=0.5), kind="stable")[:SHOWN]
    reasons = _reasons(found[found["row"].isin(rows[largest])], at, money)
    columns = tuple(str(c) for c in found["column"].value_counts().index if c)
    return FindingGroup(
        *(code, fate, title, hint, len(rows), float(np.nansum(figures)), int(np.isnan(figures).sum()), examples),
        *(reasons, columns),
    )


def _reasons(found: pd.DataFrame, at: pd.Series, money: NDArray[np.float64]) -> dict[int, str]:
    """Row -> its reasons; most money first, unknown figures before those of 0, then in the file's order."""
    reasons: dict[int, list[str]] = {}
    for row, column, message in zip(found["row"], found["column"], found["message"], strict=True):
        reasons.setdefault(int(row), []).append(f"{column}: {message}" if column else str(message))
    rows = np.array(sorted(r for r in reasons if r in at.index), dtype=np.int64)
    if not len(rows):
        return {}
    size = np.abs(money[at[rows].to_numpy(dtype=np.int64)])
    order = np.lexsort((rows, -np.nan_to_num(size, nan=0.5)))
    return {int(rows[k]): "; ".join(reasons[int(rows[k])]) for k in order.tolist()}


def rows_to_fix(
    taken: Intake,
    found: ReviewFindings,
    *,
    excluded: bool = False,
    only: FindingGroup | None = None,
    most: int = SHOWN,
) -> pd.DataFrame:
    """Rows that need a person, as text to be edited, most money first.

    Args:
        taken: the file.
        found: what was found in it.
        excluded: rows that are no accounts too.
        only: the rows of one kind of finding instead, whether or not they need anybody.
        most: rows at once.

    Returns:
        "Row" (int64), "Issue", then the file's own columns: those the kind is about, then those that were mapped.
    """
    reasons = {**found.wrong, **(found.left_out if excluded else {})} if only is None else only.reasons
    rows = list(reasons)[:most]
    raw = taken.raw
    at = np.searchsorted(raw.source_rows, np.array(rows, dtype=np.int64))
    mapped = [*taken.columns.fields.values(), *taken.columns.measures.values()]
    about = [c for c in (only.columns if only else ()) if c in raw.columns]
    order = [*dict.fromkeys([*about, *mapped, *raw.columns])]
    out = raw.rows[order].iloc[at].reset_index(drop=True)
    names = [free_name(n, out) for n in ("Row", "Issue")]
    out.insert(0, names[0], np.array(rows, dtype=np.int64))
    out.insert(1, names[1], [reasons[r] for r in rows])
    return out


def free_name(name: str, frame: pd.DataFrame) -> str:
    """A name that no column of the frame has."""
    while name in frame.columns:
        name += " (2)"
    return name


@dataclass(frozen=True)
class CorrectionEffect:
    """What one change did.

    Attributes:
        rows: more accounts in than before (less if negative).
        money: more of the measure in.
        need: more rows that need a person.
    """

    rows: int
    money: float
    need: int


def need_of(taken: Intake) -> int:
    """Rows that need a person. What the maps don't cover can't be fixed."""
    return int(taken.ledger.rows_rejected + taken.located["unlocated"]) - len(not_covered(taken))


def warnings_of(taken: Intake) -> int:
    """Located accounts that were imported with a warning: a finding that changes nothing by itself."""
    issues, frame = taken.ledger.issues, taken.accounts.frame
    warned = frame["source_row"].isin(issues.loc[issues["fate"] == "accepted", "row"]).to_numpy()
    noted = np.array([bool(n) for n in taken.notes], dtype=np.bool_)
    return int(((frame["located_by"] != "unlocated").to_numpy() & (warned | noted)).sum())


def not_covered(taken: Intake) -> NDArray[np.int64]:
    """Positions of accounts in a US territory or another country, as their rows say: no map that comes with Terr has
    them."""
    lost = taken.accounts.frame["located_by"] == "unlocated"
    known = [bool(c) and not str(c).endswith(GUESS) for c in taken.countries.tolist()]
    return np.flatnonzero(lost.to_numpy() & np.array(known, dtype=np.bool_))


def between(before: Intake, after: Intake, measure: str) -> CorrectionEffect:
    """What happened from one intake to the next."""
    sums = [t.ledger.totals[measure].accepted if measure in t.ledger.totals else 0.0 for t in (before, after)]
    return CorrectionEffect(
        after.ledger.rows_accepted - before.ledger.rows_accepted, sums[1] - sums[0], need_of(after) - need_of(before)
    )


def fix_cells(
    ws: Workspace, dataset_id: str, cells: Sequence[tuple[int, str, str]], *, progress: Progress = UNWATCHED
) -> Intake:
    """Change cells of a data set's file; the accounts are made again.

    Args:
        ws: where.
        dataset_id: whose.
        cells: (row of the file, column, new text).
        progress: follows it.

    Raises:
        InputError: a row or column the file hasn't got, or a text that is too long.
        StoppedError: if the person stopped it.
    """
    taken = dataset.ledger_of(ws, dataset_id)
    raw = taken.raw
    told = []
    for row, column, text in cells:
        at = int(np.searchsorted(raw.source_rows, row))
        if at >= len(raw.source_rows) or raw.source_rows[at] != row or column not in raw.columns:
            raise InputError(f"{raw.filename} no longer has this cell; reload the page")
        before = str(raw.rows[column].iloc[at])
        if before != text:
            told.append((row, column, before, text))
    if not told:
        return taken
    return dataset.reread(ws, dataset_id, lambda r: r.with_step("cells", cells=told), progress=progress)


def undo_correction(ws: Workspace, dataset_id: str, step_id: int, *, progress: Progress = UNWATCHED) -> Intake:
    """Take one change back.

    Raises:
        StoppedError: if the person stopped it.
    """
    return dataset.reread(ws, dataset_id, lambda r: r.without_step(step_id), progress=progress)


def add_customers(
    ws: Workspace,
    dataset_id: str,
    customers: Sequence[Mapping[str, str]],
    *,
    progress: Progress = UNWATCHED,
) -> Intake:
    """Make customers of facts accounts of a data set: rows after those of its file, judged and located as they are.

    Args:
        ws: where.
        dataset_id: whose.
        customers: field ("account_id", "name", "owner", "zip", "city", "state", "county", "country") -> text; a field
            that the file has no column of is left out, and its figures stay blank.
        progress: follows it.

    Raises:
        InputError: if the file has no column of IDs, so that the facts of the new accounts couldn't find them.
        StoppedError: if the person stopped it.
    """
    taken = dataset.ledger_of(ws, dataset_id)
    fields, columns = taken.columns.fields, list(taken.raw.columns)
    if "account_id" not in fields:
        raise InputError(
            f"{taken.raw.filename} has no column of account IDs, so new accounts can't be told apart; add these "
            "customers to the file and upload it again"
        )
    there = set(taken.raw.rows[fields["account_id"]].str.strip())
    double = next((c["account_id"] for c in customers if c.get("account_id", "") in there), None)
    if double is not None:
        raise InputError(
            f"{taken.raw.filename} has a row with the ID {shown(double)} already; fix that row under Issues"
        )
    rows = pd.DataFrame("", index=range(len(customers)), columns=columns, dtype="str")
    for name, column in fields.items():
        rows[column] = pd.Series([c.get(name, "") for c in customers], dtype="str")
    buffer = io.BytesIO()  # text as it is: no separator, header or date to be guessed
    rows.to_parquet(buffer, engine="pyarrow", index=False)
    data = buffer.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    return dataset.reread(
        ws,
        dataset_id,
        lambda r: r.with_step("customers", sha256=sha256, filename="customers.parquet"),
        given={sha256: data},
        progress=progress,
    )


def refuse(ws: Workspace, dataset_id: str, code: str, on: bool, *, progress: Progress = UNWATCHED) -> Intake:
    """Refuse a repair ("padded_zip:Zip"), or let it happen again.

    Raises:
        InputError: if no account could be used then.
        StoppedError: if the person stopped it.
    """
    return dataset.reread(ws, dataset_id, lambda r: r.refusing(code, on), progress=progress)


def rejects_table(taken: Intake) -> pd.DataFrame:
    """Rows left out or not located, in the file's own layout, then "Row", "Fate" and "Reason"."""
    out = taken.ledger.rejected_frame(taken.raw)
    row, fate, reason = out.columns[-3:]
    lost = taken.unlocated()
    kept = lost.iloc[:, 1:-1].set_axis(list(taken.raw.columns), axis=1)
    more = kept.assign(**{row: lost.iloc[:, 0].astype(str), fate: UNLOCATED, reason: lost.iloc[:, -1]})
    both = out if more.empty else pd.concat([out, more.astype("str")], ignore_index=True)
    order = both[row].astype(int).argsort(kind="stable").to_numpy()
    return both.iloc[order].reset_index(drop=True)


def rejects_csv(taken: Intake) -> bytes:
    """The same as CSV; text that a spreadsheet might run is made harmless."""
    text = safe_frame(rejects_table(taken)).to_csv(index=False, lineterminator="\r\n")
    return bytes(text.encode("utf-8-sig"))


def rejects_xlsx(taken: Intake) -> bytes:
    """The same as an Excel workbook, all of it text."""
    return table_xlsx(rejects_table(taken), "To fix")
