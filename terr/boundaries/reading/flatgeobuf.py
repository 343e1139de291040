"""FlatGeobuf, read byte by byte after its published layout (flatgeobuf.org, version 3): no driver, no other file."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.errors import ShapelyError

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.crs import from_name, from_wkt
from terr.boundaries.reading.raw import BoundaryFileLimits, RawAreas, as_objects, cell_value
from terr.errors import InputError

MAGIC = b"fgb\x03fgb"
_NO_AREA = shapely.Point(0.0, 0.0)
_POLYGON, _MULTIPOLYGON = 3, 6
_PLAIN = {0: "<b", 1: "<B", 2: "<?", 3: "<h", 4: "<H", 5: "<i", 6: "<I", 7: "<q", 8: "<Q", 9: "<f", 10: "<d"}
_STRING, _JSON, _DATE, _BINARY = 11, 12, 13, 14
_LONGEST_HEADER = 10_000_000


class _Damaged(Exception):  # noqa: N818 (never leaves this file)
    pass


class _Table:
    """A table of a flatbuffer: fields by their number, each looked up with its bounds."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.fields = at - self._read("<i", at)
        self.size = self._read("<H", self.fields)

    def _read(self, form: str, at: int) -> Any:
        if at < 0 or at + struct.calcsize(form) > len(self.data):
            raise _Damaged
        return struct.unpack_from(form, self.data, at)[0]

    def _place(self, field: int) -> int:
        slot = 4 + 2 * field
        offset = self._read("<H", self.fields + slot) if slot + 2 <= self.size else 0
        return self.at + offset if offset else 0

    def value(self, field: int, form: str, otherwise: Any) -> Any:
        """A number."""
        place = self._place(field)
        return self._read(form, place) if place else otherwise

    def _vector(self, field: int) -> tuple[int, int]:
        """(where it begins, how many), (0, 0) if there is none."""
        place = self._place(field)
        if not place:
            return 0, 0
        start = place + self._read("<I", place)
        return start + 4, self._read("<I", start)

    def text(self, field: int) -> str:
        """A string."""
        start, n = self._vector(field)
        return self.data[start : start + min(n, 20_000)].decode("utf-8", "replace")

    def numbers(self, field: int, form: str, most: int) -> NDArray[Any]:
        """A list of numbers, at most so many."""
        start, n = self._vector(field)
        dtype = np.dtype(form)
        if n > most or start + n * dtype.itemsize > len(self.data):
            raise _Damaged
        return np.frombuffer(self.data, dtype, n, start)

    def bytes(self, field: int) -> bytes:
        """A list of bytes."""
        start, n = self._vector(field)
        if start + n > len(self.data):
            raise _Damaged
        return self.data[start : start + n]

    def table(self, field: int) -> _Table | None:
        """A table."""
        place = self._place(field)
        return _Table(self.data, place + self._read("<I", place)) if place else None

    def tables(self, field: int, most: int) -> list[_Table]:
        """A list of tables, at most so many."""
        start, n = self._vector(field)
        if n > most:
            raise _Damaged
        return [_Table(self.data, k + self._read("<I", k)) for k in range(start, start + 4 * n, 4)]


def _root(data: bytes, at: int, most: int) -> tuple[_Table, int]:
    """A table with its size in front, and where it ends."""
    if at + 8 > len(data):
        raise _Damaged
    (size,) = struct.unpack_from("<I", data, at)
    if size > most or at + 4 + size > len(data) or size < 8:
        raise _Damaged
    body = data[at + 4 : at + 4 + size]
    return _Table(body, struct.unpack_from("<I", body)[0]), at + 4 + size


def read_flatgeobuf(data: bytes, filename: str, limits: BoundaryFileLimits) -> RawAreas:
    """The features of a file.

    Raises:
        InputError: a damaged file, or more than `limits` allow.
    """
    try:
        return _read(data, filename, limits)
    except (_Damaged, struct.error, OverflowError) as error:
        raise InputError(
            f"{filename} is a damaged FlatGeobuf, or only half of one; export or download it again"
        ) from error


def _read(data: bytes, filename: str, limits: BoundaryFileLimits) -> RawAreas:
    head, at = _root(data, 8, _LONGEST_HEADER)
    columns = [(c.text(0) or f"column {k + 1}", c.value(1, "<B", 0)) for k, c in enumerate(head.tables(7, 10_000))]
    count, node = head.value(8, "<Q", 0), head.value(9, "<H", 16)
    if count > limits.rows:
        raise InputError(f"{filename} holds more than {limits.rows:,} features; keep one row per area")
    at += _index_bytes(count, node)
    kind = head.value(2, "<B", 0)
    gathered = _Features(filename, limits, kind, columns)
    while at < len(data):
        feature, at = _root(data, at, len(data))
        gathered.add(feature)
    crs = head.table(10)
    return gathered.finished(_system(crs))


def _index_bytes(count: int, node: int) -> int:
    """Bytes of the index between header and features, which isn't needed."""
    if not count or node < 2:
        return 0
    nodes = n = count
    while n != 1:
        n = -(-n // node)
        nodes += n
    return int(nodes * 40)


def _system(crs: _Table | None) -> CRS | None:
    if crs is None:
        return None
    code = crs.value(1, "<i", 0)
    named = from_name(f"{crs.text(0) or 'EPSG'}:{code}") if code else None
    return named or from_wkt(crs.text(4))


class _Features:
    """Features gathered one by one."""

    def __init__(self, filename: str, limits: BoundaryFileLimits, kind: int, columns: list[tuple[str, int]]) -> None:
        self.filename, self.limits, self.kind = filename, limits, kind
        self.columns = columns
        self.left = limits.points
        self.rows: list[dict[int, Any]] = []
        self.shapes: list[Any] = []
        self.broken: list[int] = []

    def add(self, feature: _Table) -> None:
        """One more; a shape that is damaged concerns it alone."""
        row = len(self.rows)
        if row >= self.limits.rows:
            raise InputError(f"{self.filename} holds more than {self.limits.rows:,} features; keep one row per area")
        own = feature.tables(2, 10_000)
        columns = [(c.text(0), c.value(1, "<B", 0)) for c in own] or self.columns
        self.rows.append(_cells(feature.bytes(1), columns))
        geometry = feature.table(0)
        try:
            self.shapes.append(None if geometry is None else self._shape(geometry))
        except InputError:
            raise
        except (ValueError, ShapelyError):
            self.shapes.append(None)
            self.broken.append(row)

    def _shape(self, geometry: _Table) -> Any:
        kind = geometry.value(6, "<B", 0) or self.kind
        if kind == _POLYGON:
            return self._polygon(geometry)
        if kind == _MULTIPOLYGON:
            parts = geometry.tables(7, self.limits.points)
            return shapely.MultiPolygon([self._polygon(p) for p in parts])
        return _NO_AREA

    def _polygon(self, geometry: _Table) -> Any:
        flat = geometry.numbers(1, "<f8", 2 * self.limits.points)
        self.left -= len(flat) // 2 + 1
        if self.left < 0:  # parts of a hostile file may all point to one list
            raise InputError(f"{self.filename} has more than {self.limits.points:,} points; simplify the shapes")
        xy = flat[: len(flat) // 2 * 2].reshape(-1, 2)
        if not np.isfinite(xy).all():
            raise ValueError("a point isn't a number")
        ends = geometry.numbers(0, "<u4", self.limits.points).tolist() or [len(xy)]
        if ends != sorted(ends) or ends[-1] > len(xy):
            raise ValueError("rings end beyond their points")
        rings = [xy[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        return shapely.Polygon(rings[0], rings[1:])

    def finished(self, crs: CRS | None) -> RawAreas:
        """All of them."""
        chosen = self.columns[: self.limits.columns]
        table: dict[str, pd.Series] = {}
        for k, (name, _) in enumerate(chosen):
            free = name
            while free in table:
                free += " (2)"
            table[free] = pd.Series([r.get(k) for r in self.rows], dtype=object)
        notes = (
            (Finding("columns", f"Only the first {len(chosen)} columns were read; it has {len(self.columns)}."),)
            if len(self.columns) > len(chosen)
            else ()
        )
        return RawAreas(
            "FlatGeobuf",
            ("",),
            "",
            pd.DataFrame(table, index=pd.RangeIndex(len(self.rows))),
            as_objects(self.shapes),
            np.array(self.broken, dtype=np.int64),
            crs,
            notes,
        )


def _cells(data: bytes, columns: list[tuple[str, int]]) -> dict[int, Any]:
    """A feature's cells by the number of their column; what stands behind a damaged one is left out."""
    out: dict[int, Any] = {}
    at = 0
    while at + 2 <= len(data):
        (k,) = struct.unpack_from("<H", data, at)
        at += 2
        if k >= len(columns):
            break
        kind = columns[k][1]
        if kind in _PLAIN:
            if at + struct.calcsize(_PLAIN[kind]) > len(data):
                break
            (value,) = struct.unpack_from(_PLAIN[kind], data, at)
            at += struct.calcsize(_PLAIN[kind])
        elif kind in {_STRING, _JSON, _DATE, _BINARY} and at + 4 <= len(data):
            (n,) = struct.unpack_from("<I", data, at)
            value = None if kind == _BINARY else data[at + 4 : at + 4 + n].decode("utf-8", "replace")
            at += 4 + n
        else:
            break
        out[k] = cell_value(value)
    return out
