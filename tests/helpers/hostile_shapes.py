"""Shapes that cost far more than their size says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

WEST, SOUTH = -97.0, 31.0


def as_array(*shapes: shapely.Geometry | None) -> NDArray[np.object_]:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


def feature_collection(shapes: Sequence[shapely.Geometry]) -> bytes:
    """GeoJSON of shapes called a0, a1, ..., without a look at what they are."""
    rows = (
        f'{{"type":"Feature","properties":{{"id":"a{i}"}},"geometry":{shapely.to_geojson(s)}}}'
        for i, s in enumerate(shapes)
    )
    return f'{{"type":"FeatureCollection","features":[{",".join(rows)}]}}'.encode()


def star(points: int, west: float = WEST, south: float = SOUTH, size: float = 0.5) -> shapely.Polygon:
    """A star of an odd number of points whose edges all cross each other."""
    turn = 2 * np.pi * np.arange(points) * ((points - 1) // 2) / points
    return shapely.Polygon(np.column_stack([west + size * np.cos(turn), south + size * np.sin(turn)]))


def round_area(corners: int, west: float = WEST, south: float = SOUTH, size: float = 0.5) -> shapely.Polygon:
    turn = 2 * np.pi * np.arange(corners) / corners
    far = size + 0.002 * size * np.sin(50 * turn)
    return shapely.Polygon(np.column_stack([west + far * np.cos(turn), south + far * np.sin(turn)]))


def combs(count: int, teeth: int = 200) -> list[shapely.Polygon]:
    """Combs over each other, each a little further: every tooth crosses those of the others."""
    out = []
    for i in range(count):
        x, y = WEST + i * 1e-4, SOUTH + i * 1e-4
        outline = [(x, SOUTH)]
        for t in range(teeth):
            at = x + t * 0.005
            up = SOUTH + 0.5
            outline += [(at, up + i % 7 * 0.01), (at + 0.002, up), (at + 0.002, y + 0.01), (at + 0.004, SOUTH + 0.01)]
        out.append(shapely.Polygon([*outline, (x + teeth * 0.005, SOUTH - 0.1)]))
    return out


def with_holes(count: int) -> shapely.Polygon:
    """A square with square holes in rows."""
    side = int(np.ceil(count**0.5))
    x, y = WEST + (np.arange(count) % side + 0.25) / side, SOUTH + (np.arange(count) // side + 0.25) / side
    half = 0.5 / side
    rings = np.stack([np.stack([x, y], 1), np.stack([x + half, y], 1), np.stack([x + half, y + half], 1)], 1)
    return shapely.Polygon(shapely.box(WEST, SOUTH, WEST + 1, SOUTH + 1).exterior, list(rings))


def pieces(count: int) -> shapely.MultiPolygon:
    """Small squares that touch nothing."""
    side = int(np.ceil(count**0.5))
    x, y = WEST + (np.arange(count) % side) / side, SOUTH + (np.arange(count) // side) / side
    return shapely.MultiPolygon(shapely.box(x, y, x + 0.5 / side, y + 0.5 / side).tolist())


def nested_rings(count: int) -> shapely.MultiPolygon:
    """Square rings, each inside the next: every one has its box in those of all around it."""
    step = 0.5 / count
    out = []
    for i in range(count):
        outer, inner = i * step, (i + 0.5) * step
        hole = shapely.box(WEST + inner, SOUTH + inner, WEST + 1 - inner, SOUTH + 1 - inner)
        out.append(
            shapely.Polygon(
                shapely.box(WEST + outer, SOUTH + outer, WEST + 1 - outer, SOUTH + 1 - outer).exterior, [hole.exterior]
            )
        )
    return shapely.MultiPolygon(out)
