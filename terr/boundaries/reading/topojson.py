"""TopoJSON: shapes as lists of shared arcs, put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.errors import ShapelyError

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.raw import BoundaryFileLimits, RawAreas, as_objects, cell_value
from terr.errors import InputError

_NO_AREA = shapely.Point(0.0, 0.0)
_FEATURE_ID = "feature id"


def read_topology(top: dict[str, Any], filename: str, limits: BoundaryFileLimits, layer: str | None = None) -> RawAreas:
    """One object of a topology.

    Raises:
        InputError: no object with shapes, no such object, damaged arcs, or more than `limits` allow.
    """
    objects = top.get("objects")
    found = {str(k): v for k, v in objects.items() if isinstance(v, dict)} if isinstance(objects, dict) else {}
    names = tuple(found)[: limits.layers]
    if not names:
        raise InputError(f"{filename} is TopoJSON (a Topology) without objects; export it again")
    name = names[0] if layer is None else layer
    if name not in found:
        raise InputError(f'{filename} has no layer called "{str(layer)[:60]}"')
    members = found[name].get("geometries", [found[name]])
    if not isinstance(members, list) or len(members) > limits.rows:
        raise InputError(f"{filename} holds more than {limits.rows:,} shapes; keep one per area")
    arcs = _Arcs(top, filename, limits)
    shapes: list[Any] = []
    broken: list[int] = []
    rows: list[dict[str, Any]] = []
    for row, given in enumerate(members):
        member = given if isinstance(given, dict) else {}
        cells = member.get("properties")
        cells = dict(cells) if isinstance(cells, dict) else {}
        if isinstance(member.get("id"), str | int):
            cells.setdefault(_FEATURE_ID, member["id"])
        rows.append({str(k): cell_value(v) for k, v in cells.items()})
        try:
            shapes.append(arcs.shape(member))
        except InputError:
            raise
        except (IndexError, TypeError, ValueError, ShapelyError):
            shapes.append(None)
            broken.append(row)
    columns = list(dict.fromkeys(k for r in rows for k in r))
    notes = []
    if len(columns) > limits.columns:
        notes.append(Finding("columns", f"Only the first {limits.columns} columns of the file were read; it has more."))
    table = pd.DataFrame(
        {c: pd.Series([r.get(c) for r in rows], dtype=object) for c in columns[: limits.columns]},
        index=pd.RangeIndex(len(rows)),
    )
    where = CRS.from_epsg(4326)  # so says the format
    return RawAreas(
        "TopoJSON", names, name, table, as_objects(shapes), np.array(broken, dtype=np.int64), where, tuple(notes)
    )


class _Arcs:
    """The arcs of a topology, in degrees."""

    def __init__(self, top: dict[str, Any], filename: str, limits: BoundaryFileLimits) -> None:
        self.filename, self.left, self.most = filename, limits.points, limits.points
        transform = top.get("transform")
        try:
            scale, shift = (
                (np.array(transform["scale"], dtype=np.float64), np.array(transform["translate"], dtype=np.float64))
                if isinstance(transform, dict)
                else (None, None)
            )
            given = top.get("arcs")
            self.arcs = [self._arc(a, scale, shift) for a in (given if isinstance(given, list) else [])]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{filename} is TopoJSON with damaged arcs; export it again") from error

    @staticmethod
    def _arc(points: Any, scale: Any, shift: Any) -> NDArray[np.float64]:
        if not isinstance(points, list):
            raise TypeError("an arc is a list of points")
        xy = np.array([p[:2] for p in points], dtype=np.float64).reshape(-1, 2)
        return xy if scale is None else np.cumsum(xy, axis=0) * scale + shift

    def _ring(self, indices: Sequence[int]) -> NDArray[np.float64]:
        parts: list[NDArray[np.float64]] = []
        for k in indices:
            if not isinstance(k, int) or isinstance(k, bool):
                raise TypeError("arcs are named by whole numbers")
            arc = self.arcs[k] if k >= 0 else self.arcs[~k][::-1]
            self.left -= len(arc)
            if self.left < 0:  # a small file may name one long arc many times
                raise InputError(f"{self.filename} has more than {self.most:,} points; simplify the shapes")
            parts.append(arc[1:] if parts else arc)
        ring = np.concatenate(parts)
        if not np.isfinite(ring).all():
            raise ValueError("a point isn't a number")
        return ring

    def _polygon(self, rings: Sequence[Sequence[int]]) -> Any:
        lines = [self._ring(r) for r in rings]
        return shapely.Polygon(lines[0], lines[1:])

    def shape(self, member: dict[str, Any]) -> Any:
        """A member as a polygon or several; any point if it isn't an area; None if it has no shape."""
        kind, arcs = member.get("type"), member.get("arcs")
        if kind is None:
            return None
        if kind == "Polygon":
            return self._polygon(arcs)  # type: ignore[arg-type]
        if kind == "MultiPolygon":
            return shapely.MultiPolygon([self._polygon(p) for p in arcs])  # type: ignore[union-attr]
        return _NO_AREA
