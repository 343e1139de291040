"""Measures of a plan: balance, shape, and the registry that names, computes and documents them."""

from terr.metrics.context import Context
from terr.metrics.registry import METRICS, Metric, MetricValues, columns, each_measure, evaluate, markdown, shown_in

__all__ = [
    "METRICS",
    "Context",
    "Metric",
    "MetricValues",
    "columns",
    "each_measure",
    "evaluate",
    "markdown",
    "shown_in",
]
