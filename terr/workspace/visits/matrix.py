"""A matrix of drive times of one's own: a file with the columns from, to and minutes, each pair of places a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.cleaning.clean import read_column
from terr.ingest.reading.files import read_table
from terr.report.safe import shown
from terr.scoring.columns import normalized_header

HOME = "home"
_FROM, _TO, _MINUTES, _MILES = ("from", "origin"), ("to", "destination"), ("minutes", "min", "duration"), ("miles",)


@dataclass(frozen=True)
class DriveTimes:
    """Minutes, and miles where they are given, from place to place: account ids, or "home".

    Attributes:
        name: of the file. minutes, miles: (from, to) -> number; a pair that is given one way stands for both.
    """

    name: str
    minutes: Mapping[tuple[str, str], float]
    miles: Mapping[tuple[str, str], float]

    def laid_over(
        self, ids: list[str], miles: NDArray[np.float64], minutes: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
        """The estimates with what is known put in their place, and how many pairs are still estimated.

        Args:
            ids: of places, home first. miles, minutes: float64 (n, n), estimates.
        """
        miles, minutes = miles.copy(), minutes.copy()
        left = 0
        for a, one in enumerate(ids):
            for b, other in enumerate(ids):
                if a == b:
                    continue
                key = (one, other) if (one, other) in self.minutes else (other, one)
                if key in self.minutes:
                    minutes[a, b] = self.minutes[key]
                    miles[a, b] = self.miles.get(key, miles[a, b])
                else:
                    left += 1
        return miles, minutes, left


def read_matrix(data: bytes, filename: str) -> DriveTimes:
    """Read a file of drive times.

    Raises:
        InputError: if a column is missing or a row can't be used.
    """
    raw = read_table(data, filename)
    at = {normalized_header(str(c)): k for k, c in enumerate(raw.columns)}

    def column(words: tuple[str, ...]) -> list[str]:
        found = next((at[w] for w in words if w in at), None)
        if found is None:
            raise InputError(f"{filename} has no column {words[0]}; drive times need from, to and minutes")
        return [str(v).strip() for v in raw.rows.iloc[:, found].tolist()]

    origin, target, text = column(_FROM), column(_TO), column(_MINUTES)
    amounts = read_column(text).amounts
    ways = read_column(column(_MILES)).amounts if _MILES[0] in at else None
    minutes: dict[tuple[str, str], float] = {}
    miles: dict[tuple[str, str], float] = {}
    for k, (a, b) in enumerate(zip(origin, target, strict=True)):
        if not a or not b:
            raise InputError(f"{filename}, row {k + 2}: a drive time needs from and to")
        if not (np.isfinite(amounts[k]) and 0 <= amounts[k] <= 14_400):
            raise InputError(f"{filename}, row {k + 2}: {shown(text[k])} isn't minutes from 0 to 14,400")
        key = (HOME if a.casefold() == HOME else a, HOME if b.casefold() == HOME else b)
        minutes[key] = float(amounts[k])
        if ways is not None and np.isfinite(ways[k]) and ways[k] >= 0:
            miles[key] = float(ways[k])
    return DriveTimes(filename, minutes, miles)
