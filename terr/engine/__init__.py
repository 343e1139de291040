"""The engine: a `Problem` in, a `Result` out."""

from terr.engine.changes import moved_share, moves
from terr.engine.check import precheck
from terr.engine.designing import design
from terr.engine.frontier import FrontierPoint, frontier
from terr.engine.objective import moment_km2, objective_km2
from terr.engine.rebalancing import rebalance
from terr.engine.warmup import warm
from terr.model.problem import Problem
from terr.model.result import Explanation, Move, Progress, Result

__all__ = [
    "Explanation",
    "FrontierPoint",
    "Move",
    "Problem",
    "Progress",
    "Result",
    "design",
    "frontier",
    "moment_km2",
    "moved_share",
    "moves",
    "objective_km2",
    "precheck",
    "rebalance",
    "warm",
]
