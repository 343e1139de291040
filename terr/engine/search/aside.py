"""Territories that one unit fills by itself are set aside before the search; the others are searched as if alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays, pieces
from terr.engine.search.windows import cut_out

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OpenPart:
    """What is left to search.

    Attributes:
        work: its working arrays, the territories numbered anew.
        units: int64, the unit of the whole that each of its units is.
        group: int64, the territory of the whole that each of its territories is.
        base: int64 (n,), the whole plan: territories that are set aside, and -1.
    """

    work: WorkArrays
    units: Labels
    group: Labels
    base: Labels
    rest: int

    def joined(self, plan: Labels) -> Labels:
        """int64 (n,), the whole plan."""
        out = self.base.copy()
        out[self.units] = np.append(self.group, self.rest)[plan]
        return out

    def seeds(self, seeds: Labels | None) -> Labels | None:
        """Seeds of its territories, in its own numbers; -1 where that unit isn't part of it."""
        if seeds is None:
            return None
        place = np.full(len(self.base) + 1, -1, np.int64)
        place[self.units] = np.arange(len(self.units))
        return np.asarray(place[seeds[self.group]], np.int64)


def open_part(work: WorkArrays) -> OpenPart:
    """The part of a problem without the territories that are full, and the pockets that only they border.

    All of it where none is full, where a full territory's locked units are apart, or where what is left would be in
    more pieces than it has territories.
    """
    everything = OpenPart(work, np.arange(work.n), np.arange(work.k), np.full(work.n, -1, np.int64), work.k)
    full = np.unique([j for _, _, j in work.too_large])
    rest = np.setdiff1d(np.arange(work.k), full)
    if not len(full) or not len(rest):
        return everything
    base = np.where(np.isin(work.locked, full), work.locked, -1)
    count, _ = pieces(work.ip, work.ix, base)
    if count - int((base < 0).sum()) > len(full):
        return everything
    count, label = pieces(work.ip, work.ix, np.where(base < 0, 0, -1))
    open_ = base < 0
    heavy = np.bincount(label, np.where(open_, work.g, 0.0), count)
    size = np.bincount(label[open_], minlength=count)
    even = work.g[open_].sum() / len(rest)
    main = int(heavy.argmax())
    has_locks = np.bincount(label[open_ & work.fixed], minlength=count) > 0
    pocket = (size > 0) & (heavy < even / 2) & ~has_locks
    pocket[main] = False
    if int(((size > 0) & ~pocket).sum()) > len(rest) or size[~pocket].sum() < len(rest):
        return everything
    load = np.bincount(base[~open_], work.g[~open_], work.k)
    rows = work.rows()
    for c in np.flatnonzero(pocket).tolist():
        inside = label == c
        near: Any = np.unique(base[work.ix[inside[rows]]])
        near = near[near >= 0]
        if not len(near):
            return everything
        j = int(near[load[near].argmin()])
        base[inside] = j
        load[j] += heavy[c]
    if len(work.arena.far) and work.arena.far[np.flatnonzero(base >= 0), base[base >= 0]].any():
        return everything
    small, units, _ = cut_out(work, np.where(base >= 0, base, rest[0]), rest)
    return OpenPart(small, units, rest, base, work.k)
