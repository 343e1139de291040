"""Suggested moves between books: few accounts, each the one that evens out most, within their layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.edits.layers import territory_layers
from terr.model.books.book_units import BookUnits
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.units import UNASSIGNED
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

MOST_MOVES = 60
MOST_FREE = 300
"""Accounts without a territory that are given away one by one; more are a case for Generate."""
_FAR = 1e-9


@dataclass(frozen=True)
class BookMove:
    """One suggested move.

    Attributes:
        unit: code of the account's unit; account: its name.
        source, to: codes of the territories, -1 = unassigned; origin, target: their names.
        load: what it takes along, in the measure's own unit.
    """

    unit: int
    account: str
    source: int
    origin: str
    to: int
    target: str
    load: float


@dataclass(frozen=True, eq=False)
class BookMoves:
    """What is suggested.

    Attributes:
        moves: in the order they were found; rev: of the plan they are for.
        before, after: largest deviation of the books, as a share; after = once all are made.
        free: accounts without a territory that are too many to give away one by one.
    """

    moves: tuple[BookMove, ...]
    rev: int
    before: float
    after: float
    free: int = 0


def suggested(shown: PlanSnapshot) -> BookMoves | None:
    """The fewest moves found that bring the books within the plan's limit, or nearer to it; None without two books.

    An account goes to another territory of its own layer that isn't locked. Of those that would even out two books
    alike, the one nearest to the other book's middle is taken.
    """
    units, plan = shown.units, shown.plan
    if not isinstance(units, BookUnits):
        return None
    layers = territory_layers(units, plan)
    area_layer = int(units.layer_of[0]) if units.n_areas else -1
    codes = [t.code for t in plan.territories if not t.locked and layers.get(t.code, -2) != area_layer]
    if len(codes) < 2:
        return None
    of = np.array([layers.get(c, -1) for c in codes])
    at = {c: j for j, c in enumerate(codes)}
    rows = shown.table.set_index("code").loc[codes]
    work = _Work(
        slot=np.array([at.get(int(c), -1) for c in plan.assign], dtype=np.int64),
        movable=units.loose & ~plan.fixed(),
        layer=units.layer_of.astype(np.int64),
        of=of,
        load=rows["load"].to_numpy(dtype=np.float64, copy=True),
        goal=rows["target"].to_numpy(dtype=np.float64),
        weight=shown.loads,
        xy=units.xy_km,
    )
    before = work.worst()
    free = np.flatnonzero(work.movable & (plan.assign == UNASSIGNED))
    given = work.give_away(free) if len(free) <= MOST_FREE else []
    found = [*given, *work.even_out(shown.info.tolerance)]
    last: dict[int, int] = dict(found)  # an account that moved twice goes where it went last
    names = {t.code: t.name for t in plan.territories} | {UNASSIGNED: "unassigned"}
    moves = tuple(
        BookMove(
            u,
            units.names[u],
            int(plan.assign[u]),
            names[int(plan.assign[u])],
            codes[j],
            names[codes[j]],
            float(shown.loads[u]),
        )
        for u, j in last.items()
        if codes[j] != int(plan.assign[u])
    )
    return BookMoves(moves, shown.rev, before, work.worst(), len(free) if len(free) > MOST_FREE else 0)


@dataclass(eq=False)
class _Work:
    """Books while moves are looked for; arrays per unit, or per open territory."""

    slot: NDArray[np.int64]
    movable: NDArray[np.bool_]
    layer: NDArray[np.int64]
    of: NDArray[np.int64]
    load: NDArray[np.float64]
    goal: NDArray[np.float64]
    weight: NDArray[np.float64]
    xy: NDArray[np.float64]

    def off(self) -> NDArray[np.float64]:
        safe = np.where(self.goal > 0, self.goal, 1.0)
        return np.where(self.goal > 0, self.load / safe - 1.0, 0.0)

    def worst(self) -> float:
        return float(np.abs(self.off()).max(initial=0.0))

    def move(self, unit: int, to: int) -> tuple[int, int]:
        was = int(self.slot[unit])
        if was >= 0:
            self.load[was] -= self.weight[unit]
        self.load[to] += self.weight[unit]
        self.slot[unit] = to
        if self.of[to] < 0:
            self.of[to] = self.layer[unit]
        return unit, to

    def give_away(self, free: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Accounts without a territory, the largest first, each to the book of its layer that is furthest below."""
        out = []
        for u in free[np.argsort(-self.weight[free], kind="stable")].tolist():
            fits = np.flatnonzero((self.of == self.layer[u]) | (self.of < 0))
            if len(fits):
                out.append(self.move(u, int(fits[np.argmin(self.off()[fits])])))
        return out

    def even_out(self, tolerance: float) -> list[tuple[int, int]]:
        out: list[tuple[int, int]] = []
        tried: set[tuple[int, int]] = set()
        while len(out) < MOST_MOVES:
            off = self.off()
            if np.abs(off).max(initial=0.0) <= tolerance + _FAR:
                break
            pair = self._pair(off, tried)
            if pair is None:
                break
            best = self._account(*pair, off)
            if best is None:
                tried.add(pair)
                continue
            tried.clear()
            out.append(self.move(best, pair[1]))
        return out

    def _pair(self, off: NDArray[np.float64], tried: set[tuple[int, int]]) -> tuple[int, int] | None:
        """The book that gives and the one that takes: the two farthest apart of one layer not tried in vain."""
        for a in np.argsort(-np.abs(off), kind="stable").tolist():
            others = np.flatnonzero((self.of == self.of[a]) & (np.arange(len(off)) != a))
            ranked = others[np.argsort(off[others] if off[a] > 0 else -off[others], kind="stable")]
            for b in ranked.tolist():
                pair = (a, b) if off[a] > 0 else (b, a)
                if pair not in tried and off[pair[0]] > off[pair[1]]:
                    return pair
        return None

    def _account(self, give: int, take: int, off: NDArray[np.float64]) -> int | None:
        mine = np.flatnonzero((self.slot == give) & self.movable & (self.weight > 0))
        if not len(mine):
            return None
        w = self.weight[mine]
        after = np.maximum(
            np.abs((self.load[give] - w) / max(self.goal[give], _FAR) - 1),
            np.abs((self.load[take] + w) / max(self.goal[take], _FAR) - 1),
        )
        was = max(abs(off[give]), abs(off[take]))
        if not after.min() < was - 1e-6:
            return None
        near = np.flatnonzero(after <= after.min() + 0.1 * (was - after.min()))
        theirs = self.slot == take
        if not theirs.any():
            return int(mine[near[np.argmin(after[near])]])
        far = np.hypot(*(self.xy[mine[near]] - self.xy[theirs].mean(axis=0)).T)
        return int(mine[near[np.argmin(far)]])


def apply(ws: Workspace, scenario_id: str, found: BookMoves, *, author: str = "") -> EditOutcome:
    """Make the moves as one edit, which one undo takes back.

    Raises:
        ConflictError: if the plan changed since they were found.
    """
    units = np.array([m.unit for m in found.moves], dtype=np.int32)
    to = np.array([m.to for m in found.moves], dtype=np.int16)

    def make(plan: Plan, _code: int) -> Edit:
        return Edit(kind="rebalance", units=units, before=plan.assign[units], after=to, author=author)

    return edit(ws, scenario_id, found.rev, make)
