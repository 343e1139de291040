"""Measures of a plan: balance, shape, disruption, and the registry that names them."""

from terr.metrics.registry import METRICS, Metric, Scorecard, score

__all__ = ["METRICS", "Metric", "Scorecard", "score"]
