"""What a shape may cost, judged by cheap counts before any work that takes its time for each corner or crossing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.own.findings import few
from terr.boundaries.reading.raw import BoundaryFileLimits
from terr.errors import InputError

Excess = tuple[NDArray[np.bool_], str, str, list[str], str]
"""Which rows are over a limit; a code and words for it; how much each row has; what to do."""
PLAIN = 200
"""Crossings up to which an outline is repaired line by line; beyond that it is put together from its loops."""
MOST_CROSSED = 20_000_000
"""Sum over areas of (crossings of its outline with others) squared, by which the time to part them grows."""


def ring_counts(geometry: NDArray[np.object_]) -> NDArray[np.int64]:
    """Rings of each shape, int64 (n,)."""
    parts, of_part = shapely.get_parts(geometry, return_index=True)
    polygons, of_polygon = shapely.get_parts(parts, return_index=True)
    rings = np.where(shapely.get_type_id(polygons) == 3, 1 + shapely.get_num_interior_rings(polygons), 0)
    return np.bincount(of_part[of_polygon], weights=rings, minlength=len(geometry)).astype(np.int64)


def over_corners(
    geometry: NDArray[np.object_], limits: BoundaryFileLimits, cut: Sequence[tuple[int, int]] = ()
) -> Excess:
    """Shapes with too many corners; those of `cut`, (row, corners), weren't even read."""
    count = shapely.get_num_coordinates(geometry)
    for row, corners in cut:
        count[row] = corners
    said = [f"{n:,} corners" for n in count.tolist()]
    advice = f"simplify to {limits.corners:,} corners at most"
    return count > limits.corners, "corners", "had too many corners", said, advice


def over_rings(geometry: NDArray[np.object_], limits: BoundaryFileLimits) -> Excess:
    """Shapes with too many pieces and holes."""
    count = ring_counts(geometry)
    said = [f"{n:,} pieces and holes" for n in count.tolist()]
    advice = f"drop the small ones, {limits.rings:,} are the most"
    return count > limits.rings, "rings", "had too many pieces and holes", said, advice


def over_crossings(
    geometry: NDArray[np.object_], rows: NDArray[np.bool_], limits: BoundaryFileLimits
) -> tuple[Excess, NDArray[np.int64]]:
    """Of some rows those that cross themselves too often, and how often each crosses itself, int64 (n,)."""
    count, least = np.zeros(len(geometry), dtype=np.int64), np.zeros(len(geometry), dtype=bool)
    for row in np.flatnonzero(rows).tolist():
        from terr.boundaries.geometry.crossings import crossings  # late: its loops load a compiler

        found, whole = crossings(geometry[row : row + 1])
        count[row], least[row] = found[0], not whole
    said = [
        "more crossings than can be counted" if more else f"{n:,} crossings of its own outline"
        for n, more in zip(count.tolist(), least.tolist(), strict=True)
    ]
    advice = f"repair the outline where the file was made, {limits.crossings:,} crossings are the most"
    return ((count > limits.crossings) | least, "crossings", "had too many crossings", said, advice), count


def check_crossed(geometry: NDArray[np.object_], names: Sequence[str]) -> None:
    """Refuse areas whose outlines cross each other so often that they couldn't be parted within reason.

    Args:
        geometry: valid polygons whose borders don't match.
        names: of them.

    Raises:
        InputError: naming the worst.
    """
    from terr.boundaries.geometry.crossings import crossings  # late: its loops load a compiler

    count, whole = crossings(geometry)
    if whole and float((count.astype(np.float64) ** 2).sum()) <= MOST_CROSSED:
        return
    worst = np.argsort(-count, kind="stable")[: max(1, int((count > 0).sum()))]
    named = few([f"{names[r]} ({count[r]:,} times)" for r in worst.tolist()], 3)
    least = "" if whole else "at least "
    raise InputError(
        f"the outlines of areas cross those of others too often, {least}{int(count.sum()) // 2:,} times in all: "
        f"{named}. They can't lie side by side; repair the overlaps where the file was made, or "
        "leave these areas out"
    )
