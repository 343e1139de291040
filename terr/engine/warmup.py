"""Compiling and loading everything once, so that the first person to press a button needn't wait."""

from __future__ import annotations

import numpy as np

from terr.engine.books.dividing import design_books
from terr.engine.books.problem import BooksProblem
from terr.engine.certificate.certifying import certify
from terr.engine.designing import design
from terr.engine.explain.causes import causes
from terr.engine.explain.explaining import explain
from terr.engine.rebalancing import rebalance
from terr.engine.visits.planning import plan_visits
from terr.engine.visits.problem import VisitProblem
from terr.model.problem import Problem


def warm() -> None:
    """Runs each once on a tiny problem. A second or two where the compiled loops are on disk, else about 30."""
    side = 6
    at = np.arange(side * side).reshape(side, side)
    pairs = np.r_[np.c_[at[:, :-1].ravel(), at[:, 1:].ravel()], np.c_[at[:-1].ravel(), at[1:].ravel()]]
    rows, cols = np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]]
    order = np.lexsort((cols, rows))
    y, x = np.divmod(np.arange(side * side), side)
    start = ((x >= 2) * 1 + (x >= 3) * 1).astype(np.int16)
    problem = Problem.from_arrays(
        np.ones(side * side),
        ["load"],
        np.c_[x, y] * 1.0,
        np.r_[0, np.cumsum(np.bincount(rows))],
        cols[order],
        np.ones(len(order)),
        territories=3,
        limits={"load": 0.1},
        start=start,
    )
    design(problem, seed=1, effort=0.01)
    rebalance(problem, seed=1, effort=0.01)
    causes(problem, start)
    explain(problem, start, time_limit_s=1.0)
    certify(problem, start, time_limit_s=1.0)
    points = np.c_[x, y] * 1.0
    uneven = np.exp(np.random.default_rng(1).normal(size=side * side))  # nothing to exchange where all are alike
    for homes in (points[[0, 20, 33]], None):
        books = BooksProblem.from_arrays(uneven, ["load"], books=3, xy_km=points, homes=homes, limits={"load": 0.02})
        design_books(books, effort=0.01)
    ways = 1 - np.eye(3, dtype=np.int64)
    two = np.arange(2)
    none, every = two[:, None] * 0, np.full((2, 1), 1_440)
    plan_visits(
        VisitProblem(ways, ways, two, none, every, two[:1], 480, 960, two, two * 0, two * 0, two * 0 + 1, two * 0 + 1)
    )
