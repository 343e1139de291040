"""A plan as a small picture: each unit filled with its territory's color, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pyproj import Transformer

_FINER = 2
"""Drawn so many times larger, then reduced, so that borders have no steps."""
_DOT, _MANY_DOTS = 3.0, 2_000
"""Radius of an account in pixels of that drawing, and above how many it is half."""


def plan_picture(
    shapes: Sequence[shapely.Geometry] | NDArray[np.object_],
    fills: Sequence[str],
    size: tuple[int, int],
    *,
    free: str = "#D5D8DC",
    edge: str = "#FFFFFF",
) -> bytes:
    """PNG with a transparent background, the shapes centered in it.

    Args:
        shapes: polygons in degrees (EPSG:4326), one per unit; points for accounts, drawn above them.
        fills: hex color per unit, "" = unassigned.
        size: width and height in pixels.
        free: fill of what is unassigned.
        edge: color of the thin lines between units; drawn only where there are few.
    """
    width, height = size[0] * _FINER, size[1] * _FINER
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    polygons = shapely.get_type_id(parts) == 3
    spots = shapely.get_type_id(parts) == 0
    points, whose = parts[spots], owner[spots]
    parts, owner = parts[polygons], owner[polygons]
    if len(parts) or len(points):
        rings = shapely.get_exterior_ring(parts)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        every = _placed(_projected(np.concatenate([xy, shapely.get_coordinates(points)])), width, height)
        at, dots = every[: len(xy)], every[len(xy) :]
        draw = ImageDraw.Draw(image)
        ends = np.flatnonzero(np.diff(ring)) + 1
        few = len(fills) <= 600
        for rows, unit in zip(np.split(at, ends), owner.tolist(), strict=True):
            if len(rows) > 2:
                color = fills[unit] or free
                draw.polygon([tuple(p) for p in rows.tolist()], fill=color, outline=edge if few else color)
        r = _DOT if len(dots) < _MANY_DOTS else _DOT / 2
        for (x, y), unit in zip(dots.tolist(), whose.tolist(), strict=True):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=fills[unit] or free)
    out = BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _projected(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees in an equal-area projection around their middle."""
    lon, lat = (xy.max(axis=0) + xy.min(axis=0)) / 2
    to = Transformer.from_crs("EPSG:4326", f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)
    x, y = to.transform(xy[:, 0], xy[:, 1])
    out = np.column_stack([x, y])
    return np.where(np.isfinite(out), out, 0.0)


def _placed(xy: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Pixels of projected points: as large as fits, centered, north up."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    scale = 0.96 * min(width / span[0], height / span[1])
    middle = (low + high) / 2
    out: NDArray[np.float64] = (xy - middle) * [scale, -scale] + [width / 2, height / 2]
    return out
