"""Looks through the binary form of shapes before a library reads it: only polygons, and only as deep as they go."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.reading.raw import as_objects

_NO_AREA = shapely.Point(0.0, 0.0)


class _Broken(Exception):  # noqa: N818 (never leaves this file)
    pass


def areas(blobs: Sequence[bytes | None]) -> tuple[NDArray[np.object_], NDArray[np.int64], int]:
    """Shapes from their binary form.

    A library would follow collections nested a million deep until the process dies, so that only a polygon or several
    polygons are handed to it, after their counts were compared with the bytes there are.

    Returns:
        object (n,) of two-dimensional shapes (None where there is none; a point where it isn't an area), the rows that
        can't be read, and the number of points of all.
    """
    good: list[bytes | None] = [None] * len(blobs)
    other: list[int] = []
    broken: list[int] = []
    points = 0
    for row, blob in enumerate(blobs):
        if blob is None:
            continue
        try:
            seen = _count(blob)
        except (_Broken, struct.error):
            broken.append(row)
            continue
        if seen is None:
            other.append(row)
        else:
            good[row], points = blob, points + seen
    with np.errstate(all="ignore"):
        flat = shapely.force_2d(shapely.from_wkb(as_objects(good), on_invalid="ignore"))
    flat[other] = _NO_AREA
    lost = np.array([g is not None for g in good]) & np.array([s is None for s in flat])
    owner = shapely.get_coordinates(flat, return_index=True)
    lost[owner[1][~np.isfinite(owner[0]).all(axis=1)]] = True
    flat[lost] = None
    return flat, np.array(sorted({*broken, *np.flatnonzero(lost).tolist()}), dtype=np.int64), points


def _count(blob: bytes) -> int | None:
    """Number of points of a polygon or multipolygon; None for another kind of shape."""
    order, kind, dims, at = _head(blob, 0)
    if kind == 3:
        points, at = _polygon(blob, at, order, dims)
    elif kind == 6:
        (parts,) = struct.unpack_from(order + "I", blob, at)
        at, points = at + 4, 0
        if parts * 9 > len(blob):
            raise _Broken
        for _ in range(parts):
            order, kind, dims, at = _head(blob, at)
            if kind != 3:
                raise _Broken
            n, at = _polygon(blob, at, order, dims)
            points += n
    else:
        return None
    return points


def _head(blob: bytes, at: int) -> tuple[str, int, int, int]:
    if at >= len(blob) or blob[at] > 1:
        raise _Broken
    order = "<" if blob[at] else ">"
    (kind,) = struct.unpack_from(order + "I", blob, at + 1)
    dims = 2 + bool(kind & 0x80000000) + bool(kind & 0x40000000)
    skip = 4 if kind & 0x20000000 else 0
    kind &= 0x0FFFFFFF
    dims = {0: dims, 1: 3, 2: 3, 3: 4}.get(kind // 1000, 0)
    if not dims:
        raise _Broken
    return order, kind % 1000, dims, at + 5 + skip


def _polygon(blob: bytes, at: int, order: str, dims: int) -> tuple[int, int]:
    (rings,) = struct.unpack_from(order + "I", blob, at)
    at, points = at + 4, 0
    if rings * 4 > len(blob):
        raise _Broken
    for _ in range(rings):
        (n,) = struct.unpack_from(order + "I", blob, at)
        at, points = at + 4 + 8 * dims * n, points + n
        if at > len(blob):
            raise _Broken
    return points, at


def unwrap_gpkg(value: Any) -> bytes | None:
    """The binary shape inside a GeoPackage's own wrapper; None if there is none, b"" if the wrapper is damaged."""
    if value is None:
        return None
    if not isinstance(value, bytes) or len(value) < 8 or value[:2] != b"GP":
        return b""
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get((value[3] >> 1) & 7, -1)
    if envelope < 0:
        return b""
    if value[3] & 0x10:
        return None  # marked as empty
    return value[8 + envelope :]
