"""Likely duplicates and families."""

from __future__ import annotations

from terr.workspace.imports import Dataset


def part(data: Dataset, measure: str) -> None:
    """Draw it."""
