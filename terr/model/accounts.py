"""Accounts: cleaned once, located once; never re-read from the file after that."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from terr.errors import InputError

CORE = ("account_id", "name", "owner", "zip", "city", "state", "lat", "lon", "county", "located_by", "source_row")
"""Columns every accounts frame has. Text columns hold "" where nothing is known, never NaN; lat/lon are NaN then.
`county` is the 5-digit county code the account was located in ("" = unlocated); `state` its two-letter state;
`source_row` the 1-based row of the file; `located_by` one of LOCATED_BY."""

HIDDEN = ("given_lat", "given_lon")
"""Columns a frame may have that aren't the file's own and are never shown: coordinates in degrees that were passed over
when the account was located by other means, as they lie outside the 50 states and DC; NaN elsewhere."""

LOCATED_BY = ("lat_lon", "zip", "city_state", "county", "unlocated")


@dataclass(frozen=True, eq=False)
class Accounts:
    """Accepted accounts of one data set.

    Attributes:
        frame: DataFrame with a RangeIndex, the columns of `CORE`, one float64 column per measure, and attributes.
        measures: names of the measure columns; a blank cell is NaN ("unknown"), and counts as 0 in sums.
        currency: measure -> ISO currency code, only for measures that are money.
    """

    frame: pd.DataFrame
    measures: tuple[str, ...]
    currency: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in (*CORE, *self.measures) if c not in self.frame.columns]
        if missing:
            raise InputError(f"accounts lack the column(s) {', '.join(missing)}")
        bad = set(self.frame["located_by"].unique()) - set(LOCATED_BY)
        if bad:
            raise InputError(f"unknown way of locating: {', '.join(sorted(bad))}")

    def __len__(self) -> int:
        return len(self.frame)

    def total(self, measure: str) -> float:
        """Sum of one measure over all accepted accounts, in the measure's own unit."""
        return float(self.frame[measure].sum())
