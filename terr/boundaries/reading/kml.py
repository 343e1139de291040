"""KML and KMZ: the placemarks of a document; what it links to is never opened."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import pandas as pd
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from numpy.typing import NDArray
from pyproj import CRS
from shapely.errors import ShapelyError

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.raw import CELL, BoundaryFileLimits, RawAreas, as_objects
from terr.boundaries.reading.zipped import members
from terr.errors import InputError

_START = re.compile(rb"<(?:\w+:)?kml[\s>]")
_NO_AREA = shapely.Point(0.0, 0.0)
_DEEPEST = 100
_TEXT = frozenset(("name", "description", "address"))


def is_kml(start: bytes) -> bool:
    """Whether a file begins as KML does."""
    return bool(_START.search(start))


def read_kml(
    data: bytes, filename: str, limits: BoundaryFileLimits, names: tuple[str, ...] = ("",), name: str = ""
) -> RawAreas:
    """All placemarks of a document.

    Raises:
        InputError: broken or hostile XML, or more than `limits` allow.
    """
    marks = _Placemarks(filename, limits)
    try:
        depth = 0
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > _DEEPEST:
                raise InputError(f"{filename} nests its folders far deeper than KML does; export it again")
            marks.see(event, element)
    except DefusedXmlException as error:
        raise InputError(f"{filename} has definitions (DTD) that KML has no use for; export it again") from error
    except ParseError as error:
        line, at = error.position
        raise InputError(
            f"{filename} isn't valid XML: line {line:,}, character {at + 1:,}. It may be only half of a file; export "
            "it again"
        ) from error
    except (LookupError, UnicodeDecodeError) as error:
        raise InputError(f"{filename} is in an encoding that can't be read; save it as UTF-8") from error
    return marks.finished(names, name)


def read_kmz(data: bytes, filename: str, limits: BoundaryFileLimits, layer: str | None = None) -> RawAreas:
    """One document of a KMZ, which is a zip of them; doc.kml by default.

    Raises:
        InputError: a broken or hostile zip, none or no such document in it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [i for i in members(archive, len(data), filename, limits) if i.filename.lower().endswith(".kml")]
            infos.sort(key=lambda i: (i.filename.lower() != "doc.kml", i.filename))
            names = tuple(i.filename for i in infos)[: limits.layers]
            info = next((i for i in infos if layer in {None, i.filename}), None)
            text = b""
            if info is not None:
                with archive.open(info) as member:
                    text = member.read(info.file_size + 1)
    except InputError:  # already in words; a ValueError too, so it goes first
        raise
    # NotImplementedError is how zipfile refuses a packing it doesn't know, RuntimeError how it asks for a password
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{filename} is a broken KMZ, or only half of one; export or download it again") from error
    if info is None:
        raise InputError(f'{filename} has no document called "{str(layer)[:60]}"')
    return read_kml(text, f"{info.filename[-80:]} in {filename}", limits, names, info.filename)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


class _Placemarks:
    """Placemarks gathered one by one; each is forgotten when it ends, so that a long file doesn't fill the memory."""

    def __init__(self, filename: str, limits: BoundaryFileLimits) -> None:
        self.filename, self.limits, self.points = filename, limits, 0
        self.folders: list[str] = []
        self.inside = 0
        self.rows: list[dict[str, str]] = []
        self.shapes: list[Any] = []
        self.broken: list[int] = []
        self.linked = 0

    def see(self, event: str, element: Element) -> None:
        """The start or end of an element."""
        kind = _local(element)
        if event == "start":
            self.inside += kind == "Placemark"
            if kind == "Folder":
                self.folders.append("")
            return
        if kind == "Placemark":
            self.inside -= 1
            if not self.inside:
                self._add(element)
                element.clear()
        elif kind == "Folder":
            self.folders.pop()
            element.clear()
        elif kind == "name" and not self.inside and self.folders and not self.folders[-1]:
            self.folders[-1] = _words(element)
        elif kind in {"Style", "StyleMap", "Schema", "GroundOverlay", "ScreenOverlay"} and not self.inside:
            element.clear()
        elif kind == "NetworkLink":
            self.linked += 1
            element.clear()

    def _add(self, element: Element) -> None:
        row = len(self.rows)
        if row >= self.limits.rows:
            raise InputError(f"{self.filename} holds more than {self.limits.rows:,} placemarks; keep one per area")
        cells: dict[str, str] = {}
        for child in element:
            if _local(child) in _TEXT:
                cells[_local(child)] = _words(child)
            elif _local(child) == "ExtendedData":
                cells |= _data(child)
        if self.folders and any(self.folders):
            cells.setdefault("folder", " / ".join(f for f in self.folders if f)[:CELL])
        self.rows.append({k: v for k, v in cells.items() if v})
        try:
            self.shapes.append(self._shape(element))
        except InputError:
            raise
        except (ValueError, ShapelyError):
            self.shapes.append(None)
            self.broken.append(row)

    def _shape(self, element: Element) -> Any:
        polygons = [e for e in element.iter() if _local(e) == "Polygon"]
        if not polygons:
            drawn = any(_local(e) in {"Point", "LineString", "LinearRing", "Model", "Track"} for e in element.iter())
            return _NO_AREA if drawn else None
        made = [self._polygon(p) for p in polygons]
        return made[0] if len(made) == 1 else shapely.MultiPolygon(made)

    def _polygon(self, element: Element) -> Any:
        outer: list[NDArray[np.float64]] = []
        holes: list[NDArray[np.float64]] = []
        for side in element:
            into = {"outerBoundaryIs": outer, "innerBoundaryIs": holes}.get(_local(side))
            if into is not None:
                into += [self._ring(c.text or "") for c in side.iter() if _local(c) == "coordinates"]
        if len(outer) != 1:
            raise ValueError("a polygon has one outer ring")
        return shapely.Polygon(outer[0], holes)

    def _ring(self, text: str) -> NDArray[np.float64]:
        tuples = re.sub(r"\s*,\s*", ",", text).split()
        self.points += len(tuples)
        if self.points > self.limits.points:
            raise InputError(f"{self.filename} has more than {self.limits.points:,} points; simplify the shapes")
        ring = np.array([[float(v) for v in t.split(",")[:2]] for t in tuples], dtype=np.float64).reshape(-1, 2)
        if not np.isfinite(ring).all():
            raise ValueError("a point isn't a number")
        return ring

    def finished(self, names: tuple[str, ...], name: str) -> RawAreas:
        """All of them."""
        if not self.rows:
            raise InputError(f"{self.filename} is KML (XML) without placemarks; export the areas again")
        columns = list(dict.fromkeys(k for r in self.rows for k in r))
        notes = []
        if len(columns) > self.limits.columns:
            most = self.limits.columns
            notes.append(Finding("columns", f"Only the first {most} columns of the file were read; it has more."))
        if self.linked:
            notes.append(Finding("links", "The file links to other files or addresses, which were not opened."))
        table = pd.DataFrame(
            {c: pd.Series([r.get(c) for r in self.rows], dtype=object) for c in columns[: self.limits.columns]},
            index=pd.RangeIndex(len(self.rows)),
        )
        broken, degrees = np.array(self.broken, dtype=np.int64), CRS.from_epsg(4326)  # so says the format
        return RawAreas("KML", names, name, table, as_objects(self.shapes), broken, degrees, tuple(notes))


def _words(element: Element) -> str:
    return " ".join((element.text or "").split())[:CELL]


def _data(extended: Element) -> dict[str, str]:
    """The cells of a placemark: `Data` with its `value`, or `SimpleData` of a schema."""
    out: dict[str, str] = {}
    for child in extended.iter():
        key = child.get("name", "")
        if _local(child) == "SimpleData" and key:
            out[key[:80]] = _words(child)
        elif _local(child) == "Data" and key:
            out[key[:80]] = next((_words(v) for v in child if _local(v) == "value"), "")
    return out
