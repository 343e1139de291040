"""What dividing hands back: the books, how good they are and how that is known, and a reason for each account."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen
from terr.model.result import STATUSES, Explanation

REASONS = ("locked", "family", "only", "unable", "closest", "owner", "skill", "range", "limit", "tie")
"""Why an account is where it is:
locked: fixed by a person. family: goes with its family, which is there for the reason of the whole. only: no other rep
has the skills and is near enough. unable: no rep has the skills and is near enough, so this is the least bad. closest:
the least travel of all reps. owner: the owner of today, though another is nearer. skill: the nearer reps lack a skill.
range: the nearer reps are farther than allowed from it. limit: a nearer rep has no room, or this one needs more. tie:
nothing tells the reps apart (no place, no owner): it evens out the books."""


@dataclass(frozen=True)
class Reason:
    """Why one account is in its book, and who would be next.

    Attributes:
        code: one of `REASONS`.
        book: index of its book.
        rival: the book that would have been cheaper by travel, owner and skill alone, -1 = none.
        rival_km: how much nearer the rival is, km; 0 where the reason is another.
        row: with `limit`: position of the measure, m for the number of accounts; -1 otherwise.
        needs_more: with `limit`: True if this book needs more of it, False if the rival has no room.
        second: the second-best book, -1 if there is none.
        second_cost: what the plan would cost more with it there, km of travel, everything that has to make room
            included (by the prices of the limits).
        second_km: how much farther the second is from the account, km; below 0 if it is nearer.
    """

    code: str
    book: int
    rival: int = -1
    rival_km: float = 0.0
    row: int = -1
    needs_more: bool = False
    second: int = -1
    second_cost: float = 0.0
    second_km: float = 0.0


@dataclass(frozen=True, eq=False)
class BooksResult:
    """Books that were found. Arrays are read-only.

    Attributes:
        assign: int32 (n,), book of each account.
        status: one of `terr.model.result.STATUSES`.
        violation: sum over books and limits of how far they are outside, as shares of the target; 0 = within all.
            Accounts whose rep lacks a required skill or lives too far away count 1 each.
        objective: km: travel plus the prices of owner changes and missing skills, at `centers`.
        bound: a proven lower bound on `objective` for all books with these centers; None if no plan within the limits
            was found.
        centers: float64 (k, 2), where travel is measured to: homes, else the middle of the book, nan = nowhere.
        km: float64 (n,), distance of each account to its book's center; 0 = not known.
        changed: bool (n,), accounts taken from their owner of today.
        lacking: int16 (n,), skills asked for that the book's rep lacks.
        split: how many accounts the relaxation divided among books.
        columns: how many pairs of account and book the relaxation looked at.
        prices: float64 (k, m + 1), km by which one more unit of a measure (last: one more account) changes the best
            cost of a book: above 0 where it needs more, below 0 where it is full.
        code, rival, row, needs_more, second, second_cost: of each account, see `Reason` (`reason(i)`).
        explanations: what can't be held and why, and what was done.
        model, solver: what `objective` and `bound` belong to, in words.
        runtime_s, cpu_s: seconds on the clock, and of this process.
        trace: (seconds, violation, objective) each time the best improved.
    """

    assign: NDArray[np.int32]
    status: str
    violation: float
    objective: float
    bound: float | None
    centers: NDArray[np.float64]
    km: NDArray[np.float64]
    changed: NDArray[np.bool_]
    lacking: NDArray[np.int16]
    split: int
    columns: int
    prices: NDArray[np.float64]
    code: NDArray[np.int8]
    rival: NDArray[np.int32]
    rival_km: NDArray[np.float64]
    row: NDArray[np.int8]
    needs_more: NDArray[np.bool_]
    second: NDArray[np.int32]
    second_cost: NDArray[np.float64]
    second_km: NDArray[np.float64]
    explanations: tuple[Explanation, ...]
    model: str
    solver: str
    seed: int
    runtime_s: float
    cpu_s: float
    trace: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, f.name, frozen(value, value.dtype, value.ndim))
        if self.status not in STATUSES:
            raise PlanError(f'"{self.status}" is not a status a result can have')
        if self.status in {"optimal", "feasible"} and self.violation > 0:
            raise PlanError("books outside their limits can't be called feasible")

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective, 0 if both are 0, None without a bound."""
        if self.bound is None:
            return None
        return 0.0 if self.objective <= 0 else max(0.0, (self.objective - self.bound) / self.objective)

    def reason(self, i: int) -> Reason:
        """Why account i is where it is."""
        return Reason(
            REASONS[self.code[i]],
            int(self.assign[i]),
            int(self.rival[i]),
            float(self.rival_km[i]),
            int(self.row[i]),
            bool(self.needs_more[i]),
            int(self.second[i]),
            float(self.second_cost[i]),
            float(self.second_km[i]),
        )
