"""What every format is read into, and how much of it is let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from terr.boundaries.own.findings import Finding

CELL = 500
"""Characters of a cell that are kept."""


@dataclass(frozen=True)
class BoundaryFileLimits:
    """How much of a file is taken in.

    Attributes:
        bytes: of the file.
        rows: of a layer; several may join into one area, so this is more than `areas`.
        areas: of a finished layer.
        points: all corners of all shapes.
        corners: of one area.
        rings: of one area: its pieces and its holes.
        crossings: of one area's outline with itself.
        columns: of the table; more are passed over.
        unpacked: bytes a zip may unpack to.
        ratio: unpacked / packed size of a zip; honest shapes have 1.5 to 6.
        members: files in a zip.
        layers: of a file that are offered.
    """

    bytes: int = 200 * 2**20
    rows: int = 200_000
    areas: int = 40_000
    points: int = 12_000_000
    corners: int = 2_000_000
    rings: int = 20_000
    crossings: int = 20_000
    columns: int = 100
    unpacked: int = 600 * 2**20
    ratio: float = 100.0
    members: int = 64
    layers: int = 200


LIMITS = BoundaryFileLimits()


@dataclass(frozen=True, eq=False)
class RawAreas:
    """One layer of a file as it stands there; nothing is mended yet.

    Attributes:
        format: "GeoJSON", "TopoJSON", "Shapefile", "GeoPackage", "GeoParquet", "FlatGeobuf" or "KML".
        layers: all layers with areas the file has; one has the name "" if the format gives none.
        layer: the one that was read.
        table: one row per feature, RangeIndex, the columns as named in the file; cells are str, numbers, bool or None.
        geometry: object (n,), shapes in the file's own coordinates, two-dimensional; None where there is none, or where
            it can't be read (then the row is in `broken`). A shape that isn't an area is any point.
        broken: rows whose shape can't be read.
        crs: the coordinate system the file names, None if it names none.
        notes: what was found while reading.
        cut: (row, corners) of shapes that weren't read, since they have more corners than an area may have; an empty
            one stands for them in `geometry`.
    """

    format: str
    layers: tuple[str, ...]
    layer: str
    table: pd.DataFrame
    geometry: NDArray[np.object_]
    broken: NDArray[np.int64]
    crs: CRS | None
    notes: tuple[Finding, ...] = ()
    cut: tuple[tuple[int, int], ...] = ()


def as_objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """A list of shapes as an object array, never as an array of their coordinates."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def cell_value(value: Any) -> Any:
    """A cell as text, number, bool or None; text is cut to `CELL` characters, anything else is dropped."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, str):
        return value[:CELL]
    if isinstance(value, np.generic):
        return cell_value(value.item())
    return None
