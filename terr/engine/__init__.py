"""The engine: a `Problem` in, a `Result` out."""

from terr.engine.causing import Cause, causes, told
from terr.engine.changes import moved_share, moves
from terr.engine.check import precheck
from terr.engine.designing import design
from terr.engine.explaining import PROOFS, explain
from terr.engine.rebalancing import rebalance
from terr.engine.warmup import warm
from terr.model.problem import Problem
from terr.model.result import Explanation, Move, Progress, Result

__all__ = [
    "PROOFS",
    "Cause",
    "Explanation",
    "Move",
    "Problem",
    "Progress",
    "Result",
    "causes",
    "design",
    "explain",
    "moved_share",
    "moves",
    "precheck",
    "rebalance",
    "told",
    "warm",
]
