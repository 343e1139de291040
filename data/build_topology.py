"""Turns a TopoJSON file of counties into a clean coverage.

Everything happens on a grid of whole numbers, so that two neighbours share every vertex exactly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.topology import CoordinateGrid
from terr.boundaries.layers.layer_files import hashed

FINER = 4
"""The source's columns are about 300 m wide; new vertices need a grid of its rows' 95 m."""


def decode(
    topology: dict[str, Any], keep: set[str]
) -> tuple[CoordinateGrid, list[str], list[str], list[Any], list[Any]]:
    """Counties of a TopoJSON on the finer grid.

    Positive longitudes (the far end of the Aleutians) move by -360 degrees, so that no county straddles the map's edge.

    Returns:
        grid, ids, names, polygons as drawn (perhaps invalid, perhaps empty), and all line work.
    """
    sx, sy = topology["transform"]["scale"]
    ox, oy = topology["transform"]["translate"]
    grid = CoordinateGrid(sx / FINER, sy, ox, oy)
    turn = round(360.0 / grid.scale_x)
    arcs = []
    for raw in topology["arcs"]:
        arc = np.cumsum(np.asarray(raw, dtype=np.int64), axis=0) * [FINER, 1]
        arc[:, 0] = np.where(grid.to_degrees(arc)[:, 0] > 0, arc[:, 0] - turn, arc[:, 0])
        arcs.append(arc)

    def ring(refs: list[int]) -> NDArray[np.int64]:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in refs]
        return np.vstack([parts[0], *[p[1:] for p in parts[1:]]])

    ids, names, shapes, lines = [], [], [], []
    for item in sorted(topology["objects"]["counties"]["geometries"], key=lambda g: g["id"]):
        if item["id"][:2] not in keep:
            continue
        groups = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        rings = [[ring(r) for r in group] for group in groups]
        polygons = [
            shapely.Polygon(group[0], [h for h in group[1:] if len(h) > 3]) for group in rings if len(group[0]) > 3
        ]
        ids.append(item["id"])
        names.append(item["properties"]["name"])
        shapes.append(shapely.make_valid(shapely.MultiPolygon(polygons)))
        lines.extend(shapely.LineString(r) for group in rings for r in group if len(r) > 3)
    return grid, ids, names, shapes, lines


def clean_coverage(shapes: list[Any], lines: list[Any], first: dict[int, Any]) -> NDArray[np.object_]:
    """A coverage without overlaps: every face of the line work goes to one owner.

    Args:
        shapes: polygons on the grid, perhaps overlapping.
        lines: their line work.
        first: row -> shape that goes before all others where it lies (Falls Church).

    Returns:
        object (n,) of valid MultiPolygons with whole-number coordinates.
    """
    work = shapely.union_all(np.array([*lines, *[g.exterior for g in first.values()]], dtype=object), grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(work)))
    inside = shapely.point_on_surface(faces)
    drawn = np.array(shapes, dtype=object)
    face, owner = shapely.STRtree(drawn).query(inside, predicate="intersects")
    owners = np.full(len(faces), -1)
    for f, o in sorted(zip(face.tolist(), owner.tolist(), strict=True), reverse=True):
        owners[f] = o
    for row, shape in first.items():
        owners[shapely.intersects(shape, inside)] = row
    out = []
    for row in range(len(shapes)):
        mine = faces[owners == row]
        if not len(mine):
            raise SystemExit(f"row {row} has no face left")
        whole = shapely.union_all(mine, grid_size=1)
        out.append(shapely.orient_polygons(shapely.MultiPolygon(shapely.get_parts(whole).tolist())))
    return np.array(out, dtype=object)


def write_geometry(folder: Path, level: str, content: bytes) -> str:
    """Writes one browser geometry file under a name with the hash of its content, and returns the name."""
    name = hashed(level, ".json", content)
    for old in folder.glob(f"{level}-*.json"):
        old.unlink()
    (folder / name).write_bytes(content)
    return name
