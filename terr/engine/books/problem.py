"""What to divide: accounts with their measures and places, books with their homes, skills and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.arrays import ReadOnlyArrays
from terr.model.problem import ROUNDING
from terr.model.problem_checks import (
    Limit,
    as_array,
    as_number,
    home_points,
    limit_sides,
    measure_name,
    per_measure,
    per_territory,
    target_loads,
)
from terr.model.wording import count

MOST_BOOKS = 2_000
MOST_PAIRS = 200_000_000
"""Accounts times books at most: 1.6 GB of costs."""
COUNT_ROW = "accounts"
"""What messages call the number of accounts of a book."""
EARTH_KM = 25_000.0


@dataclass(frozen=True, eq=False)
class BooksProblem(ReadOnlyArrays):
    """Accounts to be divided into books. Made and checked by `from_arrays`; arrays are read-only.

    The cost of account i in book j, in kilometers of travel (distance times visits):
    `visits[i] * distance(i, j) + keep[i] * (j is not the owner of today) + misfit * (skills that j lacks)`.

    Attributes:
        weights: float64 (n, m), each account's measures.
        measures: m names.
        xy_km: float64 (n, 2), equal-area, km; nan = the account's place isn't known, it costs no travel.
        visits: float64 (n,), how often somebody travels there.
        books: k.
        low, high: float64 (m,), how far below and above its target a book may be, as a share; inf = no limit.
        targets: float64 (k, m).
        floor, cap: float64 (k, m), least and most of a measure, -inf and inf = no limit.
        fewest, most: float64 (k,), how many accounts a book may have; 0 and inf = no limit.
        homes: float64 (k, 2), km; nan = distances are to the middle of the book's own accounts.
        max_km: float64 (k,), farthest an account may be; inf = any.
        families: int64 (n,), accounts of one number >= 0 stay together; -1 = alone.
        locked: int32 (n,), book the account is fixed to, -1 = free.
        start: int32 (n,), owner of today, -1 = none.
        keep: float64 (n,), km: price of taking the account from its owner of today.
        needs: bool (n, s), skills an account asks for; has: bool (k, s), those a book's rep has.
        skills: s names.
        misfit: km per skill that is lacking; inf = an account goes only to reps who have what it asks for.
        account_names, book_names: for messages; None = numbers.
    """

    weights: NDArray[np.float64]
    measures: tuple[str, ...]
    xy_km: NDArray[np.float64]
    visits: NDArray[np.float64]
    books: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    targets: NDArray[np.float64]
    floor: NDArray[np.float64]
    cap: NDArray[np.float64]
    fewest: NDArray[np.float64]
    most: NDArray[np.float64]
    homes: NDArray[np.float64]
    max_km: NDArray[np.float64]
    families: NDArray[np.int64]
    locked: NDArray[np.int32]
    start: NDArray[np.int32]
    keep: NDArray[np.float64]
    needs: NDArray[np.bool_]
    has: NDArray[np.bool_]
    skills: tuple[str, ...]
    misfit: float
    account_names: tuple[str, ...] | None
    book_names: tuple[str, ...] | None

    @classmethod
    def from_arrays(
        cls,
        weights: Any,
        measures: Sequence[str],
        *,
        books: int,
        xy_km: Any = None,
        visits: Any = None,
        limits: Mapping[str, Limit] | None = None,
        targets: Any = None,
        floors: Mapping[str, Any] | None = None,
        caps: Mapping[str, Any] | None = None,
        accounts_range: tuple[Any, Any] | None = None,
        homes: Any = None,
        max_km: Any = None,
        families: Any = None,
        locked: Any = None,
        start: Any = None,
        keep_price: Any = 0.0,
        needs: Any = None,
        has: Any = None,
        skills: Sequence[str] = (),
        misfit_price: float | None = None,
        account_names: Sequence[str] | None = None,
        book_names: Sequence[str] | None = None,
    ) -> BooksProblem:
        """A checked problem.

        Args:
            weights: (n, m) or, for one measure, (n,); finite, >= 0.
            measures: m distinct names.
            books: how many, k; may be more than there are accounts (some then stay empty, which is said).
            xy_km: (n, 2), equal-area, km, nan where a place isn't known; None = nowhere, so that nobody travels.
            visits: (n,), >= 0, how often somebody travels to each; 1 if None.
            limits: measure -> share of the target a book may be off on both sides, or (below, above), None = no limit
                on that side. Measures not named have none.
            targets: (k, m); equal shares of each measure's total if None.
            floors, caps: measure -> least and most in the measure's own unit, one number or k.
            accounts_range: fewest and most accounts of a book, each one number, k, or None.
            homes: (k, 2), km; nan = the middle of the book's own accounts. None = for all.
            max_km: farthest an account may be from home (or that middle), one number or k; None = any.
            families: (n,), accounts of one number >= 0 stay together.
            locked: (n,), book an account is fixed to, -1 = free.
            start: (n,), owner of today, -1 = none.
            keep_price: km of travel that are accepted rather than take an account from its owner; one number or n.
            needs: bool (n, s), skills each account asks for.
            has: bool (k, s), skills of each book's rep.
            skills: s names.
            misfit_price: km of travel that are accepted rather than lack one skill; None = skills are required.
            account_names, book_names: for messages.

        Raises:
            InputError: all faults at once.
        """
        names = tuple(str(m) for m in measures)
        bad: list[str] = []
        w = as_array(weights, np.float64, bad, "the measures")
        if w.ndim == 1:
            w = w[:, None]
        n, m = (w.shape[0], w.shape[1]) if w.ndim == 2 else (0, 0)
        k = int(books)
        if w.ndim != 2 or n == 0:
            bad.append("there are no accounts to divide; import accounts, or widen the rule that chooses them")
        elif m != len(names) or m == 0 or len(set(names)) != m:
            bad.append(f"{m} columns need as many different measure names, got {len(names)}")
        if w.size and not np.isfinite(w).all():
            bad.append("a measure isn't a number for some account; clean that measure first")
        elif w.size and (w < 0).any():
            q = int(np.argwhere(w < 0)[0][1])
            bad.append(
                f"{measure_name(names, q)} is below zero for {count(int((w[:, q] < 0).sum()), 'account')}; "
                "exclude returns and credits or use another measure"
            )
        if not 1 <= k <= MOST_BOOKS:
            bad.append(f"choose between 1 and {MOST_BOOKS:,} territories, not {k:,}")
            k = 1
        if n * k > MOST_PAIRS:
            bad.append(f"{n:,} accounts and {k:,} territories are too many at once; divide part of the accounts")
            raise InputError("; ".join(bad))
        low, high = limit_sides(limits or {}, names, bad)
        goal = target_loads(targets, w, k, low, high, names, bad) if w.ndim == 2 else np.ones((k, max(m, 1)))
        xy = np.full((n, 2), np.nan) if xy_km is None else as_array(xy_km, np.float64, bad, "the points")
        if xy.shape != (n, 2) or np.isinf(xy).any():
            bad.append("every account needs a point (x, y) in km, or nan")
            xy = np.full((n, 2), np.nan)
        xy = np.where(np.isnan(xy).any(axis=1, keepdims=True), np.nan, xy)
        trips = _per_account(1.0 if visits is None else visits, n, "the visits", bad)
        keep = _per_account(keep_price, n, "the price of changing an owner", bad)
        least = per_measure(floors, names, k, -np.inf, "minimum", bad)
        most = per_measure(caps, names, k, np.inf, "maximum", bad)
        if (least > most).any():
            bad.append("a minimum is above the maximum; swap them")
        few, many = (None, None) if accounts_range is None else accounts_range
        fewest = per_territory(few, k, 0.0, "the fewest accounts of a territory", bad)
        largest = per_territory(many, k, np.inf, "the most accounts of a territory", bad)
        if (fewest > largest).any():
            bad.append("the fewest accounts of a territory are more than the most; swap them")
        codes = {
            what: _book_codes(value, n, k, what, bad) for what, value in (("locks", locked), ("owners of today", start))
        }
        bundles = np.full(n, -1, np.int64) if families is None else as_array(families, np.int64, bad, "the families")
        if bundles.shape != (n,):
            bad.append(f"families must give each of {n:,} accounts a number, or -1")
            bundles = np.full(n, -1, np.int64)
        wants, able = _skills(needs, has, skills, n, k, bad)
        price = np.inf if misfit_price is None else as_number(misfit_price)
        if not price >= 0:
            bad.append("the price of a missing skill must be a number from 0 up, or None where skills are required")
            price = np.inf
        for given, many_of, what in ((account_names, n, "accounts"), (book_names, k, "territories")):
            if given is not None and len(given) != many_of:
                bad.append(f"{len(given):,} names don't fit {many_of:,} {what}")
        if not bad:
            bad += _torn(bundles, codes["locks"], account_names)
        if bad:
            raise InputError("; ".join(bad))
        return cls(
            weights=w,
            measures=names,
            xy_km=xy,
            visits=trips,
            books=k,
            low=low,
            high=high,
            targets=goal,
            floor=least,
            cap=most,
            fewest=np.ceil(fewest - ROUNDING),
            most=np.floor(largest + ROUNDING),
            homes=home_points(homes, k, "homes", bad),
            max_km=per_territory(max_km, k, np.inf, "the largest distance", bad),
            families=bundles,
            locked=codes["locks"],
            start=codes["owners of today"],
            keep=keep,
            needs=wants,
            has=able,
            skills=tuple(str(s) for s in skills),
            misfit=float(price),
            account_names=None if account_names is None else tuple(str(v) for v in account_names),
            book_names=None if book_names is None else tuple(str(v) for v in book_names),
        )

    def __len__(self) -> int:
        return len(self.weights)

    def account(self, i: int) -> str:
        """Name of an account for a message."""
        return f"account {i + 1}" if self.account_names is None else self.account_names[i]

    def book(self, j: int) -> str:
        """Name of a book for a message."""
        return f"Territory {j + 1}" if self.book_names is None else self.book_names[j]

    @property
    def lowest(self) -> NDArray[np.float64]:
        """float64 (k, m), the least each book may have, -inf = no limit."""
        with np.errstate(invalid="ignore"):
            share = np.where(np.isfinite(self.low), self.targets * (1 - self.low), -np.inf)
        return np.maximum(share, self.floor)

    @property
    def highest(self) -> NDArray[np.float64]:
        """float64 (k, m), the most each book may have, inf = no limit."""
        with np.errstate(invalid="ignore"):
            share = np.where(np.isfinite(self.high), self.targets * (1 + self.high), np.inf)
        return np.minimum(share, self.cap)

    @property
    def scale(self) -> NDArray[np.float64]:
        """float64 (k, m), what a deviation is a share of: the target, or a mean book where the target is 0."""
        even = np.maximum(self.weights.sum(axis=0) / self.books, 1e-300)
        return np.where(self.targets > 0, self.targets, even)

    def loads(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m), sums per book."""
        out = np.zeros((self.books, len(self.measures)))
        for q in range(len(self.measures)):
            out[:, q] = np.bincount(assign, self.weights[:, q], self.books)
        return out

    def deviations(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m), load / target - 1; 0 where the target is 0."""
        goal = np.where(self.targets > 0, self.targets, 1.0)
        return np.where(self.targets > 0, self.loads(assign) / goal - 1.0, 0.0)

    def excess(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m + 1), how far each book is outside its limits, as a share of the target; last the number of
        accounts, as a share of the mean number."""
        load = self.loads(assign)
        out = np.zeros((self.books, len(self.measures) + 1))
        out[:, :-1] = np.maximum(np.maximum(self.lowest - load, load - self.highest) / self.scale, 0.0)
        size = np.bincount(assign, minlength=self.books)
        out[:, -1] = np.maximum(np.maximum(self.fewest - size, size - self.most), 0.0) / (len(self) / self.books)
        out[out < ROUNDING] = 0.0
        return out

    def lacking(self) -> NDArray[np.int16]:
        """int16 (n, k), how many of the skills an account asks for a book's rep lacks."""
        out: NDArray[np.int16] = (self.needs.astype(np.int16) @ (~self.has).astype(np.int16).T).astype(np.int16)
        return out

    def distances(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 (n, k) km from each account to each center; 0 where either isn't known."""
        out = np.zeros((len(self), self.books))
        for j in range(self.books):  # one book at a time: no array of n * k * 2
            out[:, j] = np.hypot(self.xy_km[:, 0] - centers[j, 0], self.xy_km[:, 1] - centers[j, 1])
        np.nan_to_num(out, copy=False, nan=0.0)
        return out


def _per_account(value: Any, n: int, what: str, faults: list[str]) -> NDArray[np.float64]:
    """float64 (n,) of one number or n, finite, >= 0."""
    out = as_array(value, np.float64, faults, what)
    if out.shape not in {(), (n,)} or not np.isfinite(out).all() or (out < 0).any():
        faults.append(f"{what} must be one number or {n:,}, none below zero")
        return np.ones(n)
    return np.broadcast_to(out, (n,)).copy()


def _book_codes(value: Any, n: int, k: int, what: str, faults: list[str]) -> NDArray[np.int32]:
    """int32 (n,), -1 = none."""
    if value is None:
        return np.full(n, -1, np.int32)
    out = as_array(value, np.int64, faults, f"the {what}")
    if out.shape != (n,) or (out.size and (out.min() < -1 or out.max() >= k)):
        faults.append(f"the {what} must give each of {n:,} accounts a territory from 0 to {k - 1}, or -1")
        return np.full(n, -1, np.int32)
    return out.astype(np.int32)


def _skills(
    needs: Any, has: Any, skills: Sequence[str], n: int, k: int, faults: list[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What accounts need and books have, bool (n, s) and (k, s)."""
    s = len(skills)
    wants = np.zeros((n, s), bool) if needs is None else np.asarray(needs, bool)
    able = np.zeros((k, s), bool) if has is None else np.asarray(has, bool)
    if wants.shape != (n, s) or able.shape != (k, s):
        faults.append(f"{s} skills need a yes or no for each of {n:,} accounts and {k:,} territories")
        return np.zeros((n, 0), bool), np.zeros((k, 0), bool)
    return wants, able


def _torn(families: NDArray[np.int64], locked: NDArray[np.int32], names: Sequence[str] | None) -> list[str]:
    """Families whose accounts are locked to different books."""
    on = np.flatnonzero((families >= 0) & (locked >= 0))
    order = on[np.lexsort((locked[on], families[on]))]
    same = families[order[1:]] == families[order[:-1]]
    torn = np.flatnonzero(same & (locked[order[1:]] != locked[order[:-1]]))
    if not len(torn):
        return []
    a, b = (int(order[torn[0] + d]) for d in (0, 1))
    pair = f"{names[a]} and {names[b]}" if names is not None else f"accounts {a + 1} and {b + 1}"
    more = len(np.unique(families[order[torn]])) - 1
    others = f" ({more:,} more families like it)" if more else ""
    return [f"{pair} belong to one family but are locked to different territories{others}; unlock one of them"]
