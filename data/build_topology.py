"""Turns a TopoJSON file of counties into a clean coverage, and a coverage into arcs for the browser.

Everything happens on a grid of whole numbers, so that two neighbours share every vertex exactly.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

FINER = 4
"""The source's columns are about 300 m wide; new vertices need a grid of its rows' 95 m."""


@dataclass(frozen=True)
class Grid:
    """Whole-number coordinates and the degrees they stand for."""

    scale_x: float
    scale_y: float
    off_x: float
    off_y: float

    def to_degrees(self, xy: NDArray[Any]) -> NDArray[np.float64]:
        """Grid points to longitude and latitude."""
        return np.asarray(xy, dtype=float) * [self.scale_x, self.scale_y] + [self.off_x, self.off_y]

    def to_grid(self, xy: NDArray[Any]) -> NDArray[np.float64]:
        """Longitude and latitude to the nearest grid point."""
        return np.round((np.asarray(xy, dtype=float) - [self.off_x, self.off_y]) / [self.scale_x, self.scale_y])


def decode(topology: dict[str, Any], keep: set[str]) -> tuple[Grid, list[str], list[str], list[Any], list[Any]]:
    """Counties of a TopoJSON on the finer grid.

    Positive longitudes (the far end of the Aleutians) move by -360 degrees, so that no county straddles the map's edge.

    Returns:
        grid, ids, names, polygons as drawn (perhaps invalid, perhaps empty), and all line work.
    """
    sx, sy = topology["transform"]["scale"]
    ox, oy = topology["transform"]["translate"]
    grid = Grid(sx / FINER, sy, ox, oy)
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


def cut_arcs(shapes: NDArray[np.object_]) -> tuple[list[NDArray[np.int64]], list[list[int]], list[Any]]:
    """Cuts a coverage at the points where more than two borders meet.

    Args:
        shapes: object (n,) of MultiPolygons on whole numbers, outer rings counter-clockwise.

    Returns:
        arcs (points), [left unit, right unit or -1] per arc seen along it, and per unit polygons -> rings -> arc
        references (`i` along the arc, `~i` against it).
    """
    rings: list[tuple[int, int, NDArray[np.int64]]] = []
    for unit, shape in enumerate(shapes):
        for p, polygon in enumerate(shapely.get_parts(shape)):
            for r in shapely.get_rings(polygon):
                rings.append((unit, p, np.rint(shapely.get_coordinates(r)).astype(np.int64)))
    links: dict[tuple[int, int], set[tuple[int, int]]] = {}
    closed = [[(int(x), int(y)) for x, y in points] for _, _, points in rings]
    for points in closed:
        for a, b in itertools.pairwise(points):
            links.setdefault(a, set()).add(b)
            links.setdefault(b, set()).add(a)

    arcs: list[NDArray[np.int64]] = []
    sides: list[list[int]] = []
    known: dict[tuple[tuple[int, int], tuple[int, int]], int] = {}
    units: list[Any] = [[] for _ in shapes]
    for (unit, p, _), points in zip(rings, closed, strict=True):
        body = points[:-1]
        nodes = [k for k, q in enumerate(body) if len(links[q]) != 2]
        start = nodes[0] if nodes else body.index(min(body))
        body = body[start:] + body[:start] + [body[start]]
        cuts = [k for k, q in enumerate(body) if len(links[q]) != 2] if nodes else [0, len(body) - 1]
        refs = []
        for lo, hi in itertools.pairwise(cuts):
            piece = body[lo : hi + 1]
            ref = known.get((piece[0], piece[1]))
            if ref is None:
                ref = len(arcs)
                known[piece[0], piece[1]] = ref
                known[piece[-1], piece[-2]] = ~ref
                arcs.append(np.array(piece, dtype=np.int64))
                sides.append([unit, -1])
            elif ref >= 0:
                raise SystemExit(f"arc {ref} lies left of two units: {sides[ref][0]} and {unit}")
            else:
                sides[~ref][1] = unit
            refs.append(ref)
        while len(units[unit]) <= p:
            units[unit].append([])
        units[unit][p].append(refs)
    return arcs, sides, units


def write_geometry(
    folder: Path, level: str, grid: Grid, shapes: NDArray[np.object_], units: dict[str, list[Any]]
) -> str:
    """Writes one browser geometry file under a name with the hash of its content, and returns the name."""
    arcs, sides, rings = cut_arcs(shapes)
    flat = [np.vstack([a[:1], np.diff(a, axis=0)]).ravel().tolist() for a in arcs]
    body = {
        "q": [grid.scale_x, grid.scale_y, grid.off_x, grid.off_y],
        "arcs": flat,
        "sides": sides,
        "units": {**units, "rings": rings},
    }
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    name = f"{level}-{hashlib.sha256(text).hexdigest()[:10]}.json"
    for old in folder.glob(f"{level}-*.json"):
        old.unlink()
    (folder / name).write_bytes(text)
    return name
