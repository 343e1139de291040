"""GeoJSON, with the standard library's parser and nothing else: no driver that follows what a file points to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry import shape

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.crs import from_name
from terr.boundaries.reading.raw import BoundaryFileLimits, RawAreas, as_objects, cell_value
from terr.boundaries.reading.topojson import read_topology
from terr.errors import InputError

_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n\x1e\[\],;]*")
_SHAPES = frozenset(("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"))
_DECODER = json.JSONDecoder()
_FEATURE_ID = "feature id"
_COORDINATES = re.compile(rb'"coordinates"\s*:\s*(\[[\[\]\s\d.,eE+-]*\])')
_CORNER = re.compile(rb"\[\s*[-\d]")
_CUT = "corners"


def read_geojson(data: bytes, filename: str, limits: BoundaryFileLimits, layer: str | None = None) -> RawAreas:
    """Features of one collection, of several in a row, or one a line (with or without record separators); or TopoJSON.

    Raises:
        InputError: not JSON, not GeoJSON, or more than `limits` allow.
    """
    if data.count(b"[") > limits.points:
        raise InputError(
            f"{filename} has more than {limits.points:,} points; simplify the shapes, or save them as GeoPackage"
        )
    data = _within(data, limits.corners)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{filename} isn't UTF-8 text, as GeoJSON must be; save it again as UTF-8") from error
    rows = _Rows(filename, limits)
    try:
        reader = _Reader(text)
        while reader.more():
            top: dict[str, Any] = {}
            for feature in reader.document(top):
                rows.add(feature)
            if top.get("type") == "Topology":
                return read_topology(top, filename, limits, layer)
            rows.close(top)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{filename} isn't valid JSON: line {error.lineno:,}, character {error.colno:,}. It may be only half of a "
            "file; export it again"
        ) from error
    except RecursionError as error:
        raise InputError(f"{filename} nests brackets far deeper than GeoJSON does; export it again") from error
    except InputError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"{filename} holds a number that is too long to be one; export it again") from error
    return rows.finished()


def _within(data: bytes, most: int) -> bytes:
    """The text without shapes of more corners than an area may have, the number of these in their place: parsed, each
    corner takes a hundred times its share of the file's memory."""
    if data.count(b"[") <= most:
        return data
    out, end = [], 0
    for found in _COORDINATES.finditer(data):
        first, last = found.span(1)
        if data.count(b"[", first, last) > most:
            corners = sum(1 for _ in _CORNER.finditer(data, first, last))
            if corners > most:
                out += [data[end:first], b'{"%s": %d}' % (_CUT.encode(), corners)]
                end = last
    return b"".join([*out, data[end:]]) if out else data


class _Reader:
    """Documents of a text, one behind the other: on lines of their own, with record separators, or in a list."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def more(self) -> bool:
        """Whether another document follows."""
        self.at = _BETWEEN.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.at < len(self.text) or self.at == 0

    def _skip(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]

    def _expect(self, allowed: str) -> str:
        found = self.text[self.at : self.at + 1]
        if not found or found not in allowed:
            raise json.JSONDecodeError(f"expected {allowed}", self.text, self.at)
        self.at += 1
        self._skip()
        return found

    def _value(self) -> Any:
        value, self.at = _DECODER.raw_decode(self.text, self.at)
        self._skip()
        return value

    def document(self, top: dict[str, Any]) -> Iterator[Any]:
        """The members of `features`, one at a time so that a large file isn't in memory twice; the rest to `top`."""
        self._expect("{")
        if self.text[self.at : self.at + 1] == "}":
            self._expect("}")
            return
        while True:
            if self.text[self.at : self.at + 1] != '"':
                self._expect('"')
            key = self._value()
            self._expect(":")
            if key == "features" and self.text[self.at : self.at + 1] == "[":
                self._expect("[")
                while self.text[self.at : self.at + 1] != "]":
                    yield self._value()
                    if self.text[self.at : self.at + 1] != "]":
                        self._expect(",]")
                self._expect("]")
            else:
                top[key] = self._value()
            if self._expect(",}") == "}":
                return


class _Rows:
    """Features gathered one by one."""

    def __init__(self, filename: str, limits: BoundaryFileLimits) -> None:
        self.filename, self.limits = filename, limits
        self.columns: dict[str, list[Any]] = {}
        self.shapes: list[Any] = []
        self.broken: list[int] = []
        self.cut: list[tuple[int, int]] = []
        self.passed_over = 0
        self.collections = 0
        self.crs: Any = None

    def close(self, top: dict[str, Any]) -> None:
        """The end of a document, whose members without `features` are given."""
        kind = top.get("type")
        if kind == "Feature":
            self.add(top)
        elif kind in _SHAPES:
            self.add({"geometry": top})
        elif kind == "FeatureCollection":
            self.collections += 1
        else:
            named = f'its "type" is "{str(kind)[:40]}"' if kind is not None else 'it has no "type"'
            raise InputError(f"{self.filename} isn't a GeoJSON FeatureCollection: {named}; save the areas as GeoJSON")
        if self.crs is None:
            self.crs = top.get("crs")

    def add(self, feature: Any) -> None:
        """One more; whatever is wrong with it concerns it alone."""
        row = len(self.shapes)
        if row >= self.limits.rows:
            raise InputError(f"{self.filename} holds more than {self.limits.rows:,} features; keep one row per area")
        feature = feature if isinstance(feature, dict) else {}
        cells = feature.get("properties")
        # halves of characters that JSON allows are no text anywhere else
        cells = {k.encode("utf-8", "replace").decode(): v for k, v in cells.items()} if isinstance(cells, dict) else {}
        if isinstance(feature.get("id"), str | int) and _FEATURE_ID not in cells:
            cells[_FEATURE_ID] = feature["id"]
        for name, value in cells.items():
            if name not in self.columns:
                if len(self.columns) >= self.limits.columns:
                    self.passed_over += 1
                    continue
                self.columns[name] = [None] * row
            self.columns[name].append(cell_value(value))
        self.shapes.append(self._shape(row, feature.get("geometry")))
        for values in self.columns.values():
            if len(values) == row:
                values.append(None)

    def _shape(self, row: int, geometry: Any) -> Any:
        if geometry is None:
            return None
        cut = geometry.get("coordinates") if isinstance(geometry, dict) else None
        if isinstance(cut, dict) and isinstance(cut.get(_CUT), int):
            self.cut.append((row, cut[_CUT]))
            return shapely.Polygon()
        try:
            with np.errstate(all="ignore"):
                made = shapely.force_2d(shape(geometry))
            if made.is_empty or np.isfinite(shapely.get_coordinates(made)).all():
                return made
        except (ArithmeticError, AttributeError, LookupError, RecursionError, ShapelyError, TypeError, ValueError):
            pass  # it is listed below
        self.broken.append(row)
        return None

    def finished(self) -> RawAreas:
        """All of them."""
        notes, crs = [], self.crs
        if self.collections > 1:
            many = f"The file holds {self.collections:,} collections; all {len(self.shapes):,} areas of them were read."
            notes.append(Finding("collections", many))
        if self.passed_over:
            notes.append(
                Finding("columns", f"Only the first {self.limits.columns} columns of the file were read; it has more.")
            )
        system = CRS.from_epsg(4326) if crs is None else None  # so says the format
        if crs is not None:
            name = crs.get("properties", {}).get("name") if isinstance(crs, dict) and crs.get("type") == "name" else ""
            system = from_name(name if isinstance(name, str) else "")
            if system is None:
                notes.append(
                    Finding(
                        "crs_unread",
                        "The file's \"crs\" isn't a coordinate system known here and was ignored; what it points "
                        "to was not opened.",
                    )
                )
        return RawAreas(
            format="GeoJSON",
            layers=("",),
            layer="",
            table=pd.DataFrame(
                {k: pd.Series(v, dtype=object) for k, v in self.columns.items()}, index=pd.RangeIndex(len(self.shapes))
            ),
            geometry=as_objects(self.shapes),
            broken=np.array(self.broken, dtype=np.int64),
            crs=system,
            notes=tuple(notes),
            cut=tuple(self.cut),
        )
