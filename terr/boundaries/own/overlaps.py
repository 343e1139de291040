"""Areas that lie over each other, told and taken apart, so that all of them form one clean sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import GEOD
from terr.boundaries.own.budget import check_crossed
from terr.boundaries.own.findings import Finding, by_number, count_of_areas, few, finding
from terr.errors import InputError
from terr.model.wording import area_text

LARGE = 0.01
"""Share of the smaller area from which an overlap is told by name; below that it comes from drawing or simplifying."""
MOST_PAIRS = 1_000_000
"""Pairs of pieces whose boxes meet, at most; 40,000 areas side by side have a quarter of that."""
_CROWDED = 20
"""Corners of all pairs whose boxes meet, to all corners: areas side by side have 6 or so."""
_BATCH = 64
SLIVER = 2e-5
"""Degrees, about two meters: gaps narrower than this are closed."""


def overlapping(geometry: NDArray[np.object_]) -> pd.DataFrame:
    """Pairs whose insides meet.

    Args:
        geometry: valid polygons in degrees.

    Returns:
        DataFrame with int64 `i < j`, float64 `km2` (of the overlap) and `share` (of the smaller of the two), sorted.

    Raises:
        InputError: if more than `MOST_PAIRS` lie near each other.
    """
    wrong = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))
    suspects = geometry[wrong]
    left, right = _near(suspects)
    if len(left):
        both = shapely.intersects(suspects[left], suspects[right])
        left, right = left[both], right[both]
        both = shapely.relate_pattern(suspects[left], suspects[right], "T********")
        left, right = left[both], right[both]
    shared = shapely.intersection(suspects[left], suspects[right]) if len(left) else np.zeros(0, dtype=object)
    km2 = np.array([_km2(s) for s in shared], dtype=np.float64)
    size = {int(r): _km2(suspects[r]) for r in np.unique(np.concatenate([left, right]))} if len(left) else {}
    smaller = np.array([min(size[int(a)], size[int(b)]) for a, b in zip(left, right, strict=True)], dtype=np.float64)
    share = np.divide(km2, smaller, out=np.ones_like(km2), where=smaller > 0)
    out = pd.DataFrame({"i": wrong[left], "j": wrong[right], "km2": km2, "share": np.minimum(share, 1.0)})
    return out.astype({"i": np.int64, "j": np.int64}).sort_values(["i", "j"], ignore_index=True)


def _near(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs i < j whose boxes meet.

    Raises:
        InputError: if there are so many that it is no map of areas side by side, before they fill the memory.
    """
    tree = shapely.STRtree(shapes)
    found: list[NDArray[np.int64]] = [np.zeros((2, 0), dtype=np.int64)]
    many = 0
    for start in range(0, len(shapes), _BATCH):
        i, j = tree.query(shapes[start : start + _BATCH])
        i = i + start
        found.append(np.vstack([i, j])[:, i < j])
        many += found[-1].shape[1]
        if many > MOST_PAIRS:
            raise InputError(
                f"the areas lie over each other in more than {MOST_PAIRS:,} places; a plan needs areas side by side, "
                "so that each place belongs to one"
            )
    left, right = np.hstack(found)
    return left, right


def one_sheet(geometry: NDArray[np.object_], names: Sequence[str]) -> tuple[NDArray[np.object_], tuple[Finding, ...]]:
    """Areas without overlaps, whose common borders have the same corners.

    What two areas both cover goes to the smaller one, so that a town drawn over its county stays whole. An area of
    which nothing is left comes back empty.

    Args:
        geometry: valid polygons in degrees.
        names: of the areas, for the findings.

    Returns:
        object (n,) of valid polygons in the same order, and what was found.

    Raises:
        InputError: if they lie over each other too often.
    """
    parts = shapely.get_parts(geometry)
    left, right = _near(parts)  # first of all: what follows takes its time for each pair
    corners = shapely.get_num_coordinates(parts)
    if int((corners[left] + corners[right]).sum()) > _CROWDED * int(corners.sum()):
        check_crossed(geometry, names)
    wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(geometry))
    if not wrong.any():
        return geometry, ()
    check_crossed(geometry[wrong], np.asarray(names, dtype=object)[wrong].tolist())
    pairs = overlapping(geometry)
    clean = np.asarray(shapely.coverage_clean(geometry, gap_width=SLIVER, merge_strategy="min_area"), dtype=object)
    found: list[Finding] = []
    large = pairs[pairs["share"] >= LARGE]
    if len(large):
        said = [
            f"{names[i]} and {names[j]}: {_percent(s)} of the smaller"
            for i, j, s in large.sort_values("share", ascending=False)[["i", "j", "share"]].itertuples(index=False)
        ]
        text = (
            f"{len(large):,} pair{'' if len(large) == 1 else 's'} of areas lie over each other by 1% or more "
            f"({few(said, 3)}); what both cover was given to the smaller of the two."
        )
        found.append(finding("overlap", text, said, "mended"))
    small = pairs[pairs["share"] < LARGE]
    if len(small):
        said = [f"{names[i]} and {names[j]}" for i, j in small[["i", "j"]].itertuples(index=False)]
        text = (
            f"{len(small):,} pair{'' if len(small) == 1 else 's'} of neighbors lie over each other by less than 1% "
            f"({area_text(float(small['km2'].sum()))} in all); these slivers were given to one of the two."
        )
        found.append(finding("sliver", text, said, "mended"))
    gone = shapely.is_empty(clean) & ~shapely.is_empty(geometry)
    if gone.any():
        lost = [str(names[r]) for r in np.flatnonzero(gone).tolist()]
        of = by_number(len(lost), "it", "them")
        text = f"{count_of_areas(len(lost))} lay wholly under smaller ones, so nothing of {of} is left: {few(lost)}."
        found.append(finding("covered", text, lost, "left out"))
    if not found:
        found.append(
            Finding("borders", "Borders of neighbors that didn't meet exactly were drawn as one.", fate="mended")
        )
    return clean, tuple(found)


def _km2(shape: object) -> float:
    return float(abs(GEOD.geometry_area_perimeter(shape)[0])) / 1e6


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.095 else f"{100 * share:.1f}%"
