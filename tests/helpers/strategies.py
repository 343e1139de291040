"""Instances for engine tests: grids with holes, islands on bridges, odd weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from terr.engine.arrays import pieces
from terr.model.problem import Problem


def csr(n: int, pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    e = np.array(sorted({(min(p), max(p)) for p in pairs}), np.int64).reshape(-1, 2)
    i, j = np.r_[e[:, 0], e[:, 1]], np.r_[e[:, 1], e[:, 0]]
    order = np.lexsort((j, i))
    return np.r_[0, np.cumsum(np.bincount(i, minlength=n))], j[order]


def grid(nx: int, ny: int, k: int, weights: Any = None, limit: Any = 0.1, **more: Any) -> Problem:
    """A grid of 10 km squares, all weights 1 unless given."""
    at = np.arange(nx * ny).reshape(ny, nx)
    pairs = [
        *zip(at[:, :-1].ravel(), at[:, 1:].ravel(), strict=True),
        *zip(at[:-1].ravel(), at[1:].ravel(), strict=True),
    ]
    ip, ix = csr(nx * ny, pairs)
    y, x = np.divmod(np.arange(nx * ny), nx)
    w = np.ones(nx * ny) if weights is None else np.asarray(weights, float)
    limits = limit if isinstance(limit, dict) else {"load": limit}
    names = [f"m{q}" for q in range(w.shape[1])] if w.ndim == 2 else ["load"]
    return Problem.from_arrays(
        w, names, np.c_[x, y] * 10.0, ip, ix, np.full(len(ix), 10.0), territories=k, limits=limits, **more
    )


def extra_pieces(problem: Problem, assign: np.ndarray) -> int:
    """Pieces beyond one per territory that has units."""
    a = np.asarray(assign, np.int64)
    assert (a >= 0).all()
    return pieces(problem.indptr, problem.indices, a)[0] - len(np.unique(a))


@st.composite
def problems(draw: st.DrawFn, *, locks: bool = True, start: bool = False) -> Problem:
    """Connected: a grid with units taken out, its islands joined by bridges; zero weights; perhaps one huge unit."""
    nx, ny = draw(st.integers(1, 7)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    full = np.arange(nx * ny).reshape(ny, nx)
    keep = rng.random(nx * ny) < draw(st.sampled_from([1.0, 0.8, 0.6]))
    keep[rng.integers(nx * ny)] = True
    code = np.cumsum(keep) - 1
    n = int(keep.sum())
    pairs = [
        (int(code[u]), int(code[v]))
        for u, v in [
            *zip(full[:, :-1].ravel(), full[:, 1:].ravel(), strict=True),
            *zip(full[:-1].ravel(), full[1:].ravel(), strict=True),
        ]
        if keep[u] and keep[v]
    ]
    ip, ix = csr(n, pairs)
    count, label = pieces(ip, ix, np.zeros(n, np.int8))
    for c in range(1, count):  # a bridge from each island to any unit before it
        there = np.flatnonzero(label == c)
        here = np.flatnonzero(label < c)
        pairs.append((int(rng.choice(here)), int(rng.choice(there))))
    ip, ix = csr(n, pairs)
    y, x = np.divmod(np.flatnonzero(keep), nx)
    w = rng.lognormal(0, 1, n)
    kind = draw(st.sampled_from(["plain", "zeros", "huge", "none"]))
    if kind == "zeros":
        w[rng.random(n) < 0.5] = 0
    elif kind == "huge":
        w[rng.integers(n)] = w.sum() * 3
    elif kind == "none":
        w[:] = 0
    k = draw(st.sampled_from(sorted({1, min(2, n), min(4, n), max(1, n // 2), n})))
    two = draw(st.booleans())
    weights = np.c_[w, rng.random(n)] if two else w[:, None]
    locked = np.full(n, -1)
    if locks and draw(st.booleans()):
        chosen = rng.permutation(n)[: min(k, draw(st.integers(1, 3)))]
        locked[chosen] = np.arange(len(chosen))  # one each: any two may be adjacent, none apart
    today = rng.integers(-1, k, n) if start else None
    return Problem.from_arrays(
        weights,
        ["a", "b"][: weights.shape[1]],
        np.c_[x, y] * 10.0,
        ip,
        ix,
        np.full(len(ix), 5.0),
        territories=k,
        limits={"a": draw(st.sampled_from([0.05, 0.3]))} | ({"b": (None, 0.5)} if two else {}),
        locked=locked,
        start=today,
    )


@st.composite
def sparse_problems(draw: st.DrawFn) -> Problem:
    """A grid with most units empty, in one piece or two; perhaps with locks, today's plan, or a largest distance."""
    nx, ny, k = draw(st.integers(6, 9)), draw(st.integers(6, 8)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    n = nx * ny
    w = np.where(
        rng.random(n) < draw(st.sampled_from([0.4, 0.6])), rng.lognormal(0, draw(st.sampled_from([1, 2])), n), 0
    )
    w[rng.permutation(n)[: 6 * k]] += 1.0
    weights = np.c_[w, w * rng.random(n)] if draw(st.booleans()) else w[:, None]
    gap = nx // 2 if draw(st.booleans()) else 0  # no unit of this column has a neighbor to the left
    at = np.arange(n).reshape(ny, nx)
    pairs = [(int(u), int(v)) for u, v in zip(at[:-1].ravel(), at[1:].ravel(), strict=True)]
    pairs += [(int(u), int(u) + 1) for u in at[:, :-1].ravel() if not gap or (u + 1) % nx != gap]
    ip, ix = csr(n, pairs)
    y, x = np.divmod(np.arange(n), nx)
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        locked = np.full(n, -1)
        chosen = rng.permutation(n)[:k]
        locked[chosen] = np.arange(k)
        more["locked"] = locked
    if draw(st.booleans()):
        more |= {"start": rng.integers(-1, k, n), "continuity": 0.5}
    if draw(st.booleans()):
        more |= {"centres": np.c_[x, y][rng.permutation(n)[:k]] * 10.0, "max_km": float(rng.integers(20, 120))}
    names = ["a", "b"][: weights.shape[1]]
    return Problem.from_arrays(
        weights,
        names,
        np.c_[x, y] * 10.0,
        ip,
        ix,
        np.full(len(ix), 5.0),
        territories=k,
        limits=dict.fromkeys(names, draw(st.sampled_from([0.05, 0.3]))),
        **more,
    )
