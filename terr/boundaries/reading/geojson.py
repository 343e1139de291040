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
from terr.errors import InputError

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_FEATURE_ID = "feature id"


def read_geojson(data: bytes, filename: str, limits: BoundaryFileLimits) -> RawAreas:
    """A FeatureCollection or a Feature.

    Raises:
        InputError: not JSON, not GeoJSON, or more than `limits` allow.
    """
    if data.count(b"[") > limits.points:
        raise InputError(
            f"{filename} has more than {limits.points:,} points; simplify the shapes, or save them as GeoPackage"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{filename} isn't UTF-8 text, as GeoJSON must be; save it again as UTF-8") from error
    top: dict[str, Any] = {}
    rows = _Rows(filename, limits)
    try:
        for feature in _features(text, top):
            rows.add(feature)
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
    kind = top.get("type")
    if kind == "Feature":
        rows.add(top)
    elif kind != "FeatureCollection":
        named = f'its "type" is "{str(kind)[:40]}"' if kind is not None else 'it has no "type"'
        raise InputError(f"{filename} isn't a GeoJSON FeatureCollection: {named}; save the areas as GeoJSON")
    return rows.finished(top.get("crs"))


def _features(text: str, top: dict[str, Any]) -> Iterator[Any]:
    """The members of `features`, one at a time so that a large file isn't in memory twice; the rest goes to `top`."""

    def skip(at: int) -> int:
        return _SPACE.match(text, at).end()  # type: ignore[union-attr]

    def expect(at: int, allowed: str) -> str:
        found = text[at : at + 1]
        if not found or found not in allowed:
            raise json.JSONDecodeError(f"expected {allowed}", text, at)
        return found

    at = skip(0)
    expect(at, "{")
    at = skip(at + 1)
    if text[at : at + 1] == "}":
        return
    while True:
        expect(at, '"')
        key, at = _DECODER.raw_decode(text, at)
        at = skip(at)
        expect(at, ":")
        at = skip(at + 1)
        if key == "features" and text[at : at + 1] == "[":
            at = skip(at + 1)
            while text[at : at + 1] != "]":
                feature, at = _DECODER.raw_decode(text, at)
                yield feature
                at = skip(at)
                if expect(at, ",]") == ",":
                    at = skip(at + 1)
            at += 1
        else:
            top[key], at = _DECODER.raw_decode(text, at)
        at = skip(at)
        if expect(at, ",}") == "}":
            return
        at = skip(at + 1)


class _Rows:
    """Features gathered one by one."""

    def __init__(self, filename: str, limits: BoundaryFileLimits) -> None:
        self.filename, self.limits = filename, limits
        self.columns: dict[str, list[Any]] = {}
        self.shapes: list[Any] = []
        self.broken: list[int] = []
        self.passed_over = 0

    def add(self, feature: Any) -> None:
        """One more; whatever is wrong with it concerns it alone."""
        row = len(self.shapes)
        if row >= self.limits.rows:
            raise InputError(f"{self.filename} holds more than {self.limits.rows:,} features; keep one row per area")
        feature = feature if isinstance(feature, dict) else {}
        cells = feature.get("properties")
        cells = dict(cells) if isinstance(cells, dict) else {}
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
        try:
            with np.errstate(all="ignore"):
                made = shapely.force_2d(shape(geometry))
            if made.is_empty or np.isfinite(shapely.get_coordinates(made)).all():
                return made
        except (ArithmeticError, AttributeError, LookupError, RecursionError, ShapelyError, TypeError, ValueError):
            pass  # it is listed below
        self.broken.append(row)
        return None

    def finished(self, crs: Any) -> RawAreas:
        """All of them."""
        notes = []
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
                        "The file's \"crs\" isn't a coordinate system known here and was passed over; what it points "
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
        )
