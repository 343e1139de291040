"""The solver's processes, which all windows of the program share."""

from __future__ import annotations

from terr.engine.pool import Pool as SolverPool

__all__ = ["SolverPool", "start_pool"]


def start_pool() -> SolverPool:
    """Two processes, started and warmed so that the first click need not wait."""
    return SolverPool(workers=2)
