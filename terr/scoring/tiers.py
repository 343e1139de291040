"""The 80/20 curve of a measure, and tiers A, B, C cut from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring import columns

CUTS = (0.20, 0.50)
"""Tier A holds the largest 20% of the accounts, B those up to 50%, C the rest."""
SHARES_OF = ("accounts", "measure")
"""What a cut is a share of: all accounts, or the measure's sum."""
NAMES = ("A", "B", "C")


@dataclass(frozen=True)
class Cuts:
    """Where tiers are cut.

    Attributes:
        shares: rising shares, each above 0 and below 1; one fewer than there are tiers.
        names: of the tiers, the largest accounts first.
        of: what they are shares of, one of `SHARES_OF`.
    """

    shares: tuple[float, ...] = CUTS
    names: tuple[str, ...] = NAMES
    of: str = "accounts"

    def __post_init__(self) -> None:
        if self.of not in SHARES_OF:
            raise InputError(f"tiers are cut by a share of {' or '.join(SHARES_OF)}")
        if len(self.names) != len(self.shares) + 1:
            raise InputError(f"{len(self.shares) + 1} tiers need {len(self.shares) + 1} names")
        if not all(n.strip() for n in self.names) or len({n.casefold() for n in self.names}) < len(self.names):
            raise InputError("each tier needs its own name")
        if not all(0 < a < 1 for a in self.shares) or list(self.shares) != sorted(set(self.shares)):
            raise InputError("tier limits must increase, each between 0% and 100%")


@dataclass(frozen=True, eq=False)
class Tiers:
    """Tiers of all accounts.

    Attributes:
        codes: int16 (n_accounts,), position in `names`. Read-only.
        names: of the tiers.
        table: one row per tier: `tier`, `accounts`, `share of accounts`, the measure's sum as `sum`, `share of sum`
            (of the positive figures), `smallest` and `largest` figure (NaN for an empty tier).
        zero, negative, blank: accounts without a positive figure; all of them are in the last tier.
    """

    codes: NDArray[np.int16]
    names: tuple[str, ...]
    table: pd.DataFrame
    zero: int
    negative: int
    blank: int

    @property
    def labels(self) -> NDArray[np.object_]:
        """The tier's name of each account."""
        out: NDArray[np.object_] = np.array(self.names, dtype=object)[self.codes]
        return out

    def note(self) -> str:
        """What is said of accounts without a positive figure; "" if all have one."""
        parts = [(self.zero, "0"), (self.negative, "a negative amount"), (self.blank, "no amount")]
        told = [f"{count:,} with {what}" for count, what in parts if count]
        return f"Always in tier {self.names[-1]}: {', '.join(told)}." if told else ""


def tiers(accounts: Accounts, measure: str, cuts: Cuts | None = None) -> Tiers:
    """Cuts the accounts, ranked by a measure, where their running share of accounts (or of its sum) passes each cut.

    An account belongs to the first tier whose cut the accounts *before* it haven't reached yet. So A is the smallest
    group of the largest accounts that together reach 20% (of the accounts, or of the sum), and may pass it by its last
    one. Accounts with equal figures always share a tier, the better one. Shares of the sum are of the positive figures;
    an account without one is in the last tier.

    Raises:
        InputError: if there is no such column.
    """
    cuts = cuts or Cuts()
    amounts = columns.numbers(accounts, measure).amounts
    positive = np.where(amounts > 0, amounts, 0.0)  # NaN isn't above 0
    codes = np.full(len(amounts), len(cuts.shares), dtype=np.int16)
    order = np.argsort(-positive, kind="stable")
    ranked = positive[order]
    ranked = ranked[ranked > 0]
    if len(ranked):
        running = np.cumsum(ranked)
        first = np.searchsorted(-ranked, -ranked, side="left")  # of accounts with the same figure
        before = np.where(first > 0, running[np.maximum(first - 1, 0)], 0.0) / running[-1]
        if cuts.of == "accounts":
            before = first / len(amounts)
        # a hair's breadth below a cut is the cut: sums of decimals aren't exact
        at = np.searchsorted(np.array(cuts.shares), before + 1e-12, side="right")
        codes[order[: len(ranked)]] = at.astype(np.int16)
    table = _table(amounts, positive, codes, cuts)
    codes.setflags(write=False)
    negative, zero = int((amounts < 0).sum()), int((amounts == 0).sum())
    return Tiers(codes, cuts.names, table, zero, negative, int(np.isnan(amounts).sum()))


def _table(
    amounts: NDArray[np.float64], positive: NDArray[np.float64], codes: NDArray[np.int16], cuts: Cuts
) -> pd.DataFrame:
    rows = []
    n, whole = max(len(amounts), 1), float(positive.sum())
    for k, name in enumerate(cuts.names):
        mine = codes == k
        known = amounts[mine & ~np.isnan(amounts)]
        rows.append(
            {
                "tier": name,
                "accounts": int(mine.sum()),
                "share of accounts": float(mine.sum()) / n,
                "sum": float(known.sum()),
                "share of sum": float(positive[mine].sum()) / whole if whole else 0.0,
                "smallest": float(known.min()) if len(known) else np.nan,
                "largest": float(known.max()) if len(known) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def curve(accounts: Accounts, measure: str, points: int = 400) -> pd.DataFrame:
    """The 80/20 curve, for a chart.

    Args:
        accounts: the accounts.
        measure: a column of numbers.
        points: at most about this many rows; the curve's start, where it bends most, is kept densest.

    Returns:
        DataFrame `accounts` (how many of the largest), `share of accounts`, `share of sum` (both 0 to 1, rising) and
        `figure` of the last of them; the first row is 0, 0. Empty but for that row if no figure is positive.

    Raises:
        InputError: if there is no such column.
    """
    amounts = columns.numbers(accounts, measure).amounts
    ranked = -np.sort(-np.where(amounts > 0, amounts, 0.0))
    n = len(ranked)
    running = np.cumsum(ranked)
    if not n or not running[-1]:
        return pd.DataFrame({"accounts": [0], "share of accounts": [0.0], "share of sum": [0.0], "figure": [np.nan]})
    if n <= points:
        at = np.arange(1, n + 1)
    else:
        at = np.unique(np.r_[np.geomspace(1, n, points // 2).round(), np.linspace(1, n, points // 2).round()]).astype(
            int
        )
    share = np.minimum(running[at - 1] / running[-1], 1.0)
    return pd.DataFrame(
        {
            "accounts": np.r_[0, at],
            "share of accounts": np.r_[0.0, at / n],
            "share of sum": np.r_[0.0, share],
            "figure": np.r_[np.nan, ranked[at - 1]],
        }
    )


def headline(frame: pd.DataFrame, share: float = 0.8) -> tuple[int, float]:
    """How many accounts, and what share of them, bring a share of the sum, read off a curve (0, 0.0 if none do)."""
    reached = frame["share of sum"].to_numpy() >= share - 1e-12
    if not reached.any():
        return 0, 0.0
    k = int(np.argmax(reached))
    return int(frame["accounts"].iloc[k]), float(frame["share of accounts"].iloc[k])
