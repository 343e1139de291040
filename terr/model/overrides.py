"""Held: accounts that go to a territory by name, whatever unit they lie in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen


def _no_rows() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


def _no_codes() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, eq=False)
class Overrides:
    """Which accounts leave geography, and where each goes.

    Attributes:
        rows: int64 (h,), positions in the accounts, each once. Read-only.
        codes: int16 (h,), the territory each goes to. Read-only.

    Raises:
        PlanError: if they don't fit each other, or a row comes twice.
    """

    rows: NDArray[np.int64] = field(default_factory=_no_rows)
    codes: NDArray[np.int16] = field(default_factory=_no_codes)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", frozen(self.rows, np.int64))
        object.__setattr__(self, "codes", frozen(self.codes, np.int16))
        if len(self.rows) != len(self.codes):
            raise PlanError("each account with an exception needs one territory")
        if len(np.unique(self.rows)) != len(self.rows):
            raise PlanError("an account has two exceptions; end one of them")
        if len(self.codes) and self.codes.min() < 0:
            raise PlanError("an exception sends its account to a territory")

    def __len__(self) -> int:
        return len(self.rows)


NOBODY_HELD = Overrides()
"""Every account follows geography."""
