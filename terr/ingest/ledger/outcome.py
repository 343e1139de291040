"""What became of a file: totals, repairs, the ledger of its rows, and the accounts that were accepted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.reading.files import RawTable
from terr.model.json_values import to_plain

FATES = ("accepted", "excluded", "rejected")
ISSUE_COLUMNS = ("row", "column", "value", "code", "message", "fate")
UNLOCATED = "unlocated"
NOT_COVERED = "not covered"
"""What stands as the fate of accepted rows without a known place, in a file of rows to mend."""
REJECT_COLUMNS = ("Row", "Status", "Reason")
"""What stands behind the file's own columns in a file of rejects."""

REPAIRS: Mapping[str, str] = MappingProxyType(
    {
        "trimmed_id": "Removed spaces around account IDs",
        "trimmed_text": "Removed spaces around text",
        "plain_marks": "Wrote digits of other scripts as 0 to 9, and removed invisible characters",
        "unwrapped_text": "Removed the apostrophes and equals signs that protect cells in Excel",
        "stripped_decimal": "Removed .0 from codes that Excel turned into numbers",
        "padded_zip": "Restored leading zeros in ZIP codes",
        "dashed_zip": "Wrote nine-digit ZIPs as ZIP+4",
        "parsed_money": "Read amounts with currency signs and separators",
        "decimal_comma": "Read commas as decimal marks",
        "negative_brackets": "Read amounts in parentheses, or with a minus behind them, as negative",
        "scaled_amount": "Wrote out amounts in thousands, millions or billions",
        "header_scale": "Multiplied amounts by the thousands or millions in their header",
        "range_end": "Read ranges as the end or the middle you chose",
        "blank_word": "Read words such as N/A as blank, not as 0",
        "iso_date": "Wrote dates year first",
        "day_number": "Wrote Excel's day numbers as dates",
        "split_place": "Took places in one cell apart: city, state, ZIP, or latitude and longitude",
        "read_degrees": "Read degrees with letters, minutes or seconds",
    }
)
"""Every repair there is, and what it does; each can be refused."""


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


@dataclass(frozen=True)
class Repair:
    """One kind of change made to cells of one column, or left out because the person refused it.

    Attributes:
        code: one of `REPAIRS`.
        column: of the file.
        count: cells changed; of a refused repair, cells left as they stood.
        money: measure -> its sum over the accepted rows that were changed; of a refused repair, over all it touches.
        examples: up to three (row of the file, before, after).
        refused: whether the cells were left as they stood.
    """

    code: str
    column: str
    count: int
    money: Mapping[str, float]
    examples: tuple[tuple[int, str, str], ...]
    refused: bool = False

    def __post_init__(self) -> None:
        if self.code not in REPAIRS or self.count < 1 or not self.examples:
            raise InputError(f"there is no repair '{self.code}' of {self.count} cells")
        object.__setattr__(self, "money", MappingProxyType(dict(self.money)))

    @property
    def title(self) -> str:
        """What the repair does, for a person."""
        return REPAIRS[self.code]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**to_plain(self), "title": self.title}


@dataclass(frozen=True, eq=False)
class Ledger:
    """What became of each row of a file.

    Attributes:
        rows_in: rows below the header; always rows_accepted + rows_excluded + rows_rejected.
        totals: measure -> its totals.
        issues: DataFrame `row` (1-based, of the file; the header's for a whole column), `column`, `value` (as it
            stood), `code`, `message`, `fate`; sorted by row. A row can have several.
        fates: one of `FATES` per row of the raw table. Read-only.
        repairs: what was changed in cells of accepted rows, most cells first, then what was refused.
    """

    rows_in: int
    rows_accepted: int
    rows_excluded: int
    rows_rejected: int
    totals: Mapping[str, MeasureTotals]
    issues: pd.DataFrame
    fates: NDArray[np.str_]
    repairs: tuple[Repair, ...] = ()

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_accepted + self.rows_excluded + self.rows_rejected or self.rows_in != len(
            self.fates
        ):
            raise InputError("the ledger's rows don't add up")
        self.fates.setflags(write=False)
        object.__setattr__(self, "totals", MappingProxyType(dict(self.totals)))

    def rejected_frame(self, raw: RawTable) -> pd.DataFrame:
        """Rows that were excluded or rejected, in the file's own layout, with "Row", "Fate" and "Reason" behind it.

        A column of the file that has one of these names keeps it; ours then gets " (2)". Mended and uploaded again,
        `terr.ingest.cleaning.corrections` knows it by these columns.
        """
        at = np.flatnonzero(self.fates != "accepted")
        out = raw.rows.iloc[at].reset_index(drop=True)
        bad = self.issues[self.issues["fate"] != "accepted"]
        reasons: dict[int, list[str]] = {}
        for row, column, message in zip(bad["row"], bad["column"], bad["message"], strict=True):
            reasons.setdefault(int(row), []).append(f"{column}: {message}" if column else message)
        rows = raw.source_rows[at]
        for name, values in zip(
            REJECT_COLUMNS,
            ([str(r) for r in rows], self.fates[at].tolist(), ["; ".join(reasons[int(r)]) for r in rows]),
            strict=True,
        ):
            free = name
            while free in out.columns:
                free += " (2)"
            out[free] = pd.Series(values, dtype="str")
        return out


@dataclass(frozen=True, eq=False)
class IngestResult:
    """The accounts of a file that were accepted, and the ledger of all its rows.

    Attributes:
        frame: RangeIndex; account_id, name, owner, zip, city, state, county (text, "" where unknown), lat, lon (float64
            degrees, NaN where unknown), source_row (int64), one float64 column per measure (NaN = blank), then the
            file's other columns as text.
        ledger: of all rows.
        measures: names of the measure columns.
        currency: measure -> ISO code, only where cells name one.
        countries: object (accounts,), two-letter code of the country, "" where the row doesn't say.
        account_of: int64 (rows of the file,), position of the account a row is part of, -1 for rows that weren't
            accepted; the rows of an account that has several, such as orders, are found by it.
        kind: what a row is: "accounts", "orders", "opportunities", "activities", "contracts" or "quotas".
    """

    frame: pd.DataFrame
    ledger: Ledger
    measures: tuple[str, ...]
    currency: Mapping[str, str]
    countries: NDArray[np.object_]
    account_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    kind: str = "accounts"
