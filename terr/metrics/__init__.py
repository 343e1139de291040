"""Measures of a plan: balance, shape, disruption, and the registry that names, computes and documents them."""

from terr.metrics.context import Context, UnitArrays
from terr.metrics.registry import METRICS, Metric, MetricValues, evaluate, markdown, version
from terr.metrics.scorecard import Scorecard, score, scorecard

__all__ = [
    "METRICS",
    "Context",
    "Metric",
    "MetricValues",
    "Scorecard",
    "UnitArrays",
    "evaluate",
    "markdown",
    "score",
    "scorecard",
    "version",
]
