"""The engine: a `Problem` in, a `Result` out."""

from terr.engine.books.dividing import design_books
from terr.engine.books.problem import BooksProblem
from terr.engine.books.result import BooksResult, Reason
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
    "BooksProblem",
    "BooksResult",
    "Cause",
    "Explanation",
    "FrontierPoint",
    "Move",
    "Problem",
    "Progress",
    "ProgressUpdate",
    "Reason",
    "Result",
    "cause_text",
    "causes",
    "certify",
    "design",
    "design_books",
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
