"""Measures of a plan: balance, shape, disruption, and the registry that names, computes and documents them."""

from terr.metrics.context import Context, UnitArrays
from terr.metrics.registry import METRICS, Measured, Metric, evaluate, markdown, version
from terr.metrics.scorecard import Scorecard, score, scorecard

__all__ = [
    "METRICS",
    "Context",
    "Measured",
    "Metric",
    "Scorecard",
    "UnitArrays",
    "evaluate",
    "markdown",
    "score",
    "scorecard",
    "version",
]
