"""Windows: a few neighbouring territories taken out of a plan, drawn anew and put back where that is better."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from terr.engine.arrays import WorkArrays

Labels = NDArray[np.int64]
NOWHERE = -9
"""Stands for a home outside the window."""


def neighbors_of(work: WorkArrays, plan: Labels) -> NDArray[np.bool_]:
    """bool (k, k), territories that share a border."""
    rows = work.rows()
    on = (plan[rows] < work.k) & (plan[work.ix] < work.k)
    out = np.zeros((work.k, work.k), bool)
    out[plan[rows[on]], plan[work.ix[on]]] = True
    np.fill_diagonal(out, val=False)
    return out


def around(near: NDArray[np.bool_], first: int, size: int, rng: np.random.Generator) -> Labels:
    """Territory `first` and neighbors of it or of each other, `size` in all, nearest rings first, ties at random."""
    chosen = [first]
    ring = near[first].copy()
    seen = near[first].copy()
    seen[first] = True
    while len(chosen) < size and ring.any():
        order = rng.permutation(np.flatnonzero(ring))
        chosen += order[: size - len(chosen)].tolist()
        ring = near[order].any(axis=0) & ~seen
        seen |= ring
    return np.sort(np.array(chosen, np.int64))


def cut_out(work: WorkArrays, plan: Labels, group: Labels) -> tuple[WorkArrays, NDArray[np.int64], Labels]:
    """The working arrays of some territories alone.

    Args:
        work: the working arrays.
        plan: int64 (n,).
        group: territories of the window, sorted.

    Returns:
        The window's arrays, its units' positions in `work`, and its part of the plan in its own numbers.
    """
    local = np.full(work.k + 1, NOWHERE, np.int64)
    local[group] = np.arange(len(group))
    units = np.flatnonzero(local[plan] >= 0)
    whole = csr_matrix((work.bw + 1.0, work.ix, work.ip), shape=(work.n, work.n))
    part: Any = whole[units][:, units]
    part.sort_indices()
    old = work.arena
    outside = np.ones(work.n, bool)
    outside[units] = False
    moved = float(old.share[outside & (plan != old.home)].sum())
    none = float(old.left[outside & (plan == work.k)].sum())
    rows = np.append(group, work.k)
    ip, ix, bw = part.indptr.astype(np.int64), part.indices.astype(np.int64), part.data - 1.0
    xy, g, w = work.xy[units], work.g[units], np.ascontiguousarray(work.w[units])
    home = np.where(old.home[units] == work.k, len(group), local[np.minimum(old.home[units], work.k)])
    locked = np.where(work.locked[units] >= 0, local[work.locked[units]], -1)
    arena = old._replace(
        xy=xy,
        g=g,
        w=w,
        ip=ip,
        ix=ix,
        bw=bw,
        lo=old.lo[rows],
        hi=old.hi[rows],
        sc=old.sc[rows],
        goal=old.goal[rows],
        centre=old.centre[rows],
        far=np.ascontiguousarray(old.far[units][:, rows]) if len(old.far) else old.far,
        locked=locked,
        home=home,
        toll=old.toll[units],
        share=old.share[units],
        part=old.part[units],
        left=old.left[units],
        most_moved=old.most_moved - moved,
        most_none=old.most_none - none,
    )
    small = replace(
        work,
        xy=xy,
        g=g,
        w=w,
        ip=ip,
        ix=ix,
        bw=bw,
        lo=work.lo[group],
        hi=work.hi[group],
        sc=work.sc[group],
        locked=locked,
        fixed=locked >= 0,
        aim=work.aim[group] / work.aim[group].sum(),
        links=(),
        too_large=(),
        arena=arena,
    )
    return small, units, local[plan[units]]
