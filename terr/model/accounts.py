"""Accounts: cleaned once, located once; never re-read from the file after that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError

CORE = ("account_id", "name", "owner", "zip", "city", "state", "lat", "lon", "county", "located_by", "source_row")
"""Columns every accounts frame has. Text columns hold "" where nothing is known, never NaN; lat/lon are NaN then.
`county` is the 5-digit county code the account was located in ("" = unlocated); `state` its two-letter state;
`source_row` the 1-based row of the file; `located_by` one of LOCATED_BY."""

GIVEN_POINT = ("given_lat", "given_lon")
COUNTRY = "given_country"
HIDDEN = (*GIVEN_POINT, COUNTRY)
"""Columns a frame may have that aren't the file's own and are never shown: coordinates in degrees that were passed over
when the account was located by other means, as they lie outside the 50 states and DC, NaN elsewhere; and the two-letter
country as far as it is known, "" elsewhere."""

COUNT = "Number of accounts"
"""The measure that is 1 for every account."""

LOCATED_BY = ("lat_lon", "zip", "city_state", "county", "unlocated")


def countries_abroad(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Two letters of the country of accounts outside the USA, "" for the others."""
    if COUNTRY not in frame.columns:
        return np.full(len(frame), "", dtype=object)
    code, words = pd.factorize(frame[COUNTRY])
    known = np.array(["" if w == "US" else str(w) for w in words] + [""], dtype=object)
    return np.asarray(known[code], dtype=object)


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

    @property
    def figures(self) -> tuple[str, ...]:
        """Measures that say more of one account than that there is one: all but `COUNT`."""
        return tuple(m for m in self.measures if m != COUNT)

    def with_count(self) -> Accounts:
        """The same with the measure `COUNT` behind the others, unless a column bears that name."""
        if COUNT in self.frame.columns:
            return self
        return replace(self, frame=self.frame.assign(**{COUNT: 1.0}), measures=(*self.measures, COUNT))

    def total(self, measure: str) -> float:
        """Sum of one measure over all accepted accounts, in the measure's own unit."""
        return float(self.frame[measure].sum())
