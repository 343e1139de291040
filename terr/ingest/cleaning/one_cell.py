"""A place that stands in one cell, taken apart into the fields an account is located by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.tidy import RefusedRepairs, RepairedCells
from terr.ingest.columns.columns import ColumnMap
from terr.places.addresses import NOWHERE, PlaceParts, read_place

CODE = "split_place"
_TEXT = ("city", "state", "zip", "county")


@dataclass(frozen=True, eq=False)
class SplitPlaces:
    """The cells of the column "place" taken apart.

    Attributes:
        fields: the text fields, those of columns of their own completed where they are blank.
        lat, lon: degrees, completed likewise.
        country: two letters per row, "" where the cell names none.
        fixed: what was read, to be told and refused.
    """

    fields: dict[str, pd.Series]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    country: NDArray[np.object_]
    fixed: list[RepairedCells]


def split_places(
    cmap: ColumnMap,
    cells: Mapping[str, pd.Series],
    fields: dict[str, pd.Series],
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    refused: RefusedRepairs,
) -> SplitPlaces:
    """Complete fields and points from the column that holds a whole place; nothing without such a column."""
    lat, lon = points
    column = cmap.fields.get("place")
    nothing = np.full(len(lat), "", dtype=object)
    if column is None:
        return SplitPlaces(fields, lat, lon, nothing, [])
    text = cells[column]
    code, words = pd.factorize(text)
    read = np.array([read_place(str(w)) for w in words] + [NOWHERE], dtype=object)
    of_row = read[code]
    at = np.flatnonzero(np.array([p is not NOWHERE and p.enough for p in read], dtype=np.bool_)[code])
    if not len(at):
        return SplitPlaces(fields, lat, lon, nothing, [])
    no = refused(CODE, column)
    fixed = [RepairedCells(CODE, column, at, lambda k: _told(of_row[k]), no)]
    if no:
        return SplitPlaces(fields, lat, lon, nothing, fixed)
    out = dict(fields)
    for name in _TEXT:
        said = np.array([getattr(p, name) for p in read], dtype=object)[code]
        own = out.get(name)
        filled = said if own is None else np.where(own == "", said, own.to_numpy(dtype=object))
        out[name] = pd.Series(filled, index=text.index, dtype="str")
    north = np.array([np.nan if p.point is None else p.point[0] for p in read])[code]
    east = np.array([np.nan if p.point is None else p.point[1] for p in read])[code]
    pointless = np.isnan(lat)
    country = np.array([p.country for p in read], dtype=object)[code]
    return SplitPlaces(out, np.where(pointless, north, lat), np.where(pointless, east, lon), country, fixed)


def _told(parts: PlaceParts) -> str:
    words = [f"{parts.city or parts.county}", f"{parts.state} {parts.zip}".strip(), parts.country]
    point = "" if parts.point is None else f"{parts.point[0]:g}, {parts.point[1]:g}"
    return ", ".join(w for w in (*words, point) if w)
