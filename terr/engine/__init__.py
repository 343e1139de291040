"""The engine: a `Problem` in, a `Result` out."""

from terr.engine.certificate.certifying import certify
from terr.engine.changes import moved_share, moves
from terr.engine.check import precheck
from terr.engine.designing import design
from terr.engine.explain.causes import Cause, cause_text, causes
from terr.engine.explain.explaining import PROOFS, explain
from terr.engine.frontier import FrontierPoint, frontier
from terr.engine.objective import moment_km2, objective_km2
from terr.engine.rebalancing import rebalance
from terr.engine.warmup import warm
from terr.model.problem import Problem
from terr.model.progress import Progress, ProgressUpdate
from terr.model.result import Explanation, Move, Result

__all__ = [
    "PROOFS",
    "Cause",
    "Explanation",
    "FrontierPoint",
    "Move",
    "Problem",
    "Progress",
    "ProgressUpdate",
    "Result",
    "cause_text",
    "causes",
    "certify",
    "design",
    "explain",
    "frontier",
    "moment_km2",
    "moved_share",
    "moves",
    "objective_km2",
    "precheck",
    "rebalance",
    "warm",
]
