"""Which unit of a mixed level each account lies in: by the coarse area first, and where that is split, by its parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.mixing import MixedPart
from terr.locate.areas import Shapes
from terr.model.units import noun

Kind = TypeVar("Kind", bound=np.generic)


class MixedPlaces(NamedTuple):
    """Row in the mixed layer (-1 unlocated, -2 outside of all areas), way and note of each account."""

    row: NDArray[np.int32]
    by: NDArray[np.object_]
    note: NDArray[np.object_]


PlaceOn = Callable[[pd.DataFrame, Layer], MixedPlaces]
"""Places accounts on the areas of one plain layer."""


def place_on_parts(frame: pd.DataFrame, parts: tuple[MixedPart, ...], place_on: PlaceOn) -> MixedPlaces:
    """Places accounts on a mixed level.

    An account goes where the coarse level puts it. Only if that area is split, the finer level is asked: its answer
    counts if it lies in an area that is split, too. Else (the ZIP of another county beside coordinates in this one) the
    part at or nearest to the account's point is taken, so that splitting one area never gives its accounts to, or takes
    accounts from, areas that aren't split. What the finer level can't place, such as an account with a county alone,
    is unlocated and says why.

    Args:
        frame: accounts, as for `terr.locate.placing.place`.
        parts: of the mixed level, the coarsest first.
        place_on: `place` on a plain layer.
    """
    first = place_on(frame, parts[0].layer)
    by, note = np.array(first.by, copy=True), np.array(first.note, copy=True)
    at = first.row.astype(np.int64)  # row on the level looked at; its own answer, -1 or -2, where there is none
    out = np.where(at >= 0, _picked(parts[0].row, at), at)
    left = np.flatnonzero((at >= 0) & _picked(parts[0].split, at))
    for coarse, fine in itertools.pairwise(parts):
        if not len(left):
            break
        found = place_on(frame.iloc[left], fine.layer)
        now = found.row.astype(np.int64)
        now_by, now_note = np.array(found.by, copy=True), np.array(found.note, copy=True)
        parent = np.where(now >= 0, _picked(fine.parent, now), -1)
        elsewhere = (now != -1) & ((parent < 0) | ~_picked(coarse.split, parent))
        for k in np.flatnonzero(elsewhere).tolist():
            new = _nearest(frame, int(left[k]), fine, int(at[left[k]]))
            now_by[k], now_note[k] = by[left[k]], _told(now_note[k], fine.layer, int(now[k]), new)
            now[k] = new
        at[left], by[left], note[left] = now, now_by, now_note
        by[left[now < 0]] = "unlocated"
        out[left] = np.where(now >= 0, _picked(fine.row, now), -1)
        left = left[(now >= 0) & _picked(fine.split, now)]
    return MixedPlaces(out.astype(np.int32), by, note)


def _picked(values: NDArray[Kind], at: NDArray[np.int64]) -> NDArray[Kind]:
    """Values by position; those of positions below zero mean nothing."""
    return values[np.maximum(at, 0)]


def _nearest(frame: pd.DataFrame, account: int, fine: MixedPart, parent: int) -> int:
    """The part of an area that an account's point lies in, or is nearest to; -1 without a point."""
    inside = np.flatnonzero(fine.parent == parent)
    lat, lon = (float(frame[c].iloc[account]) for c in ("lat", "lon"))
    if not (np.isfinite(lat) and np.isfinite(lon)):
        return -1
    shapes = Shapes(fine.layer.areas.geometry.to_numpy()[inside])
    point = shapes.points(np.array([lat]), np.array([lon]))
    return int(inside[int(np.argmin(shapely.distance(shapes.geometry, point[0])))])


def _told(note: str, whole: Layer, found: int, used: int) -> str:
    names = whole.areas["label"]
    if used < 0:
        return note or f"no point is known that would say which {noun(whole.level, 1)} it is"
    if found < 0:
        return note
    more = f"its {noun(whole.level, 1)} {names.iloc[found]} lies elsewhere; {names.iloc[used]}, at its place, was used"
    return f"{note}; {more}" if note else more
