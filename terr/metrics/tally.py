"""Tally: what a plan adds up to, territory by territory, so that an edit measures again only what it touches.

Sums of a territory are always made anew over its own units, in their order, and never by adding and taking away: a
tally carried through any number of edits is equal, to the last bit, to one made at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from terr.metrics import balance
from terr.model.plan import Plan

F = NDArray[np.float64]
Ints = NDArray[np.int64]
Piece = tuple[int, ...]


class UnitArrays(Protocol):
    """What is measured of n units: `terr.model.units.Units` has it."""

    @property
    def indptr(self) -> NDArray[Any]:
        """CSR row pointers of the border graph."""
        ...

    @property
    def indices(self) -> NDArray[Any]:
        """CSR neighbors."""
        ...

    @property
    def border_km(self) -> NDArray[Any]:
        """Per CSR entry, km."""
        ...

    @property
    def outer_km(self) -> NDArray[Any]:
        """(n,), km."""
        ...

    @property
    def area_km2(self) -> NDArray[Any]:
        """(n,), km2."""
        ...

    @property
    def xy_km(self) -> NDArray[Any]:
        """(n, 2), km."""
        ...


@dataclass(frozen=True, eq=False)
class Tally:
    """The territories of a plan, measured; arrays (k,) in the order of its territories.

    Attributes:
        units, loads, counts: what it was made with: n units, float64 (n,) or (n, m) and int64 (n,) per unit.
        assign: int (n,), the plan's codes, -1 = unassigned.
        codes: of the k territories.
        load: float64 (k, m), sums of `loads`; accounts: int64, sum of `counts`; size: int64, number of units.
        area_km2: float64; around_km: float64, borders with other territories or unassigned units, and the outer border.
        pieces: int64, connected pieces by shared borders and bridges, 0 without units; units that touch nothing and
            need not (`loose` of `terr.model.books.book_units.BookUnits`) are no pieces.
        strays: per territory the unit codes of each piece but its heaviest (ties: most units, lowest code), heaviest
            first.
    """

    units: UnitArrays
    loads: F
    counts: Ints
    assign: NDArray[Any]
    codes: tuple[int, ...]
    load: F
    accounts: Ints
    size: Ints
    area_km2: F
    around_km: F
    pieces: Ints
    strays: tuple[tuple[Piece, ...], ...]

    @property
    def polsby_popper(self) -> F:
        """float64 (k,), 4 pi area / perimeter^2; 0 for a territory without units, NaN for one of accounts alone."""
        around = np.where(self.around_km > 0, self.around_km, 1.0)
        out: F = np.where(self.around_km > 0, 4 * np.pi * self.area_km2 / around**2, 0.0)
        shapeless = (self.size > 0) & (self.area_km2 <= 0)
        return np.where(shapeless, np.nan, out) if getattr(self.units, "loose", None) is not None else out


def tally(plan: Plan, units: UnitArrays, loads: F, counts: Ints, before: Tally | None = None) -> Tally:
    """Measure a plan.

    Args:
        plan: on `units`.
        units: n units.
        loads: float64 (n,) or (n, m), measures per unit; the first decides which piece of a territory is heaviest.
        counts: int64 (n,), accounts per unit.
        before: the tally of an earlier plan; used if it was made with the same units, loads and counts. Only
            territories with other units than there are measured.
    """
    codes = plan.codes
    if before is None or before.units is not units or before.loads is not loads or before.counts is not counts:
        return full_tally(plan.assign, codes, units, loads, counts)
    differs = plan.assign != before.assign
    touched = {*np.unique(plan.assign[differs]).tolist(), *np.unique(before.assign[differs]).tolist()}
    at = {code: slot for slot, code in enumerate(before.codes)}
    again = tuple(c for c in codes if c in touched or c not in at)
    if not again and codes == before.codes:
        return replace(before, assign=plan.assign)
    made = full_tally(plan.assign, again, units, loads, counts)
    new = {code: slot for slot, code in enumerate(again)}
    # positions in what was measured just now, followed by what is taken over
    take = np.array([new[c] if c in new else len(again) + at[c] for c in codes], dtype=np.int64)

    def join(name: str) -> Any:
        return np.concatenate([getattr(made, name), getattr(before, name)])[take]

    both = (*made.strays, *before.strays)
    return replace(
        made,
        codes=codes,
        load=join("load"),
        accounts=join("accounts"),
        size=join("size"),
        area_km2=join("area_km2"),
        around_km=join("around_km"),
        pieces=join("pieces"),
        strays=tuple(both[t] for t in take.tolist()),
    )


def full_tally(assign: NDArray[Any], codes: tuple[int, ...], units: UnitArrays, loads: F, counts: Ints) -> Tally:
    """The tally of the territories `codes` only, in their order; for the arrays see `Tally`."""
    k = len(codes)
    slot_of = np.full(2**15 + 1, -1, dtype=np.int64)
    slot_of[np.array(codes, dtype=np.int64)] = np.arange(k)
    slots = slot_of[assign]  # -1 picks the last cell, which no code reaches
    rows = np.flatnonzero(slots >= 0)
    at = slots[rows]
    weights = loads[rows] if loads.ndim == 2 else loads[rows, None]
    degree = np.diff(units.indptr)[rows].astype(np.int64)
    local = np.repeat(np.arange(len(rows)), degree)
    edge = np.repeat(units.indptr[rows] - np.concatenate([[0], np.cumsum(degree)[:-1]]), degree) + np.arange(len(local))
    to = units.indices[edge]
    same = slots[to] == at[local]
    border = _sums(at[local[~same]], units.border_km[edge[~same]], k)

    loose = getattr(units, "loose", None)
    whole = rows if loose is None else rows[~loose[rows]]  # accounts stand behind the areas, and have no borders
    number = np.full(len(assign), -1, dtype=np.int64)
    number[whole] = np.arange(len(whole))
    ends = np.concatenate([[0], np.cumsum(np.bincount(local[same], minlength=len(rows))[: len(whole)])])
    graph = csr_matrix((np.ones(int(same.sum()), np.int8), number[to[same]], ends), shape=(len(whole), len(whole)))
    found, label = connected_components(graph, directed=False)
    owner = np.zeros(found, dtype=np.int64)
    owner[label] = at[: len(whole)]
    pieces = np.bincount(owner, minlength=k)
    return Tally(
        units=units,
        loads=loads,
        counts=counts,
        assign=assign,
        codes=codes,
        load=balance.loads(at, weights, k),
        accounts=np.bincount(at, counts[rows], k).astype(np.int64),
        size=np.bincount(at, minlength=k),
        area_km2=_sums(at, units.area_km2[rows], k),
        around_km=border + _sums(at, units.outer_km[rows], k),
        pieces=pieces if loose is None else np.maximum(pieces, np.bincount(at, minlength=k) > 0),
        strays=_strays(whole, label, owner, pieces, weights[: len(whole), 0]),
    )


def _sums(at: Ints, values: F, k: int) -> F:
    return np.bincount(at, values, k).astype(np.float64)


def _strays(
    rows: Ints, label: NDArray[np.int32], owner: Ints, pieces: Ints, weight: F
) -> tuple[tuple[Piece, ...], ...]:
    out: list[tuple[Piece, ...]] = [()] * len(pieces)
    torn = np.flatnonzero(pieces > 1)
    if not len(torn):
        return tuple(out)
    load, size = np.bincount(label, weight), np.bincount(label)
    order = np.argsort(label, kind="stable")  # units of a piece in their order
    starts = np.concatenate([[0], np.cumsum(size)])
    first = rows[order[starts[:-1]]]
    ranked = np.lexsort((first, -size, -load, owner))
    for j in torn.tolist():
        mine = ranked[np.searchsorted(owner[ranked], j) :][: pieces[j]]
        out[j] = tuple(tuple(rows[order[starts[c] : starts[c + 1]]].tolist()) for c in mine[1:].tolist())
    return tuple(out)
