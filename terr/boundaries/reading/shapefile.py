"""A Shapefile's areas and table from bytes, by the published layout of .shp and .dbf."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.reading.crs import from_wkt
from terr.boundaries.reading.raw import CELL, BoundaryFileLimits, RawAreas, as_objects
from terr.boundaries.reading.zipped import ShapefileParts, open_zip
from terr.errors import InputError

MAGIC = b"\x00\x00\x27\x0a"
_AREAS = frozenset({5, 15, 25})
_OTHERS = frozenset({1, 3, 8, 11, 13, 18, 21, 23, 28, 31})
_NO_AREA = shapely.Point(0.0, 0.0)
_ENCODINGS = re.compile(
    r"utf-?8|(?:cp|windows-?|ansi ?|iso-?)?(125[0-8])|(?:iso[- ]?)?8859[-_]?(\d{1,2})|latin-?1|ascii"
    r"|(?:cp|oem ?)?(437|850|852|866|932|936|949|950)|shift[-_]?jis|gbk|gb18030|big5|euc-?kr",
    re.I,
)
_BY_LANGUAGE = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x57: "cp1252",
    0x58: "cp1252",
    0x59: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
}


def read_shapefile(data: bytes, filename: str, limits: BoundaryFileLimits, layer: str | None = None) -> RawAreas:
    """One Shapefile of a zip.

    Args:
        data: the zip.
        filename: for messages.
        limits: what is let in.
        layer: which, if there are several; the first by default.

    Raises:
        InputError: a broken or hostile zip, a damaged Shapefile, no such layer.
    """
    found = open_zip(data, filename, limits)
    names = tuple(sorted(found))[: limits.layers]
    name = names[0] if layer is None else layer
    if name not in found:
        raise InputError(f'{filename} has no Shapefile called "{str(layer)[:60]}"')
    return read_parts(found[name], f"{name[-80:]}.shp in {filename}", limits, names, name)


def read_parts(
    parts: ShapefileParts, where: str, limits: BoundaryFileLimits, names: tuple[str, ...], name: str
) -> RawAreas:
    """The files of one Shapefile.

    Raises:
        InputError: if they are damaged or don't belong together.
    """
    shapes, broken = _shapes(parts.shp, where, limits)
    if parts.dbf:
        table, kept = _table(parts.dbf, parts.cpg, where, limits)
        if len(kept) != len(shapes):
            raise InputError(
                f"{where} has {len(shapes):,} shapes but {len(kept):,} rows in its table (.dbf); they don't belong "
                "together, export the Shapefile again"
            )
    else:
        table, kept = pd.DataFrame(index=pd.RangeIndex(len(shapes))), np.ones(len(shapes), dtype=bool)
    place = np.cumsum(kept) - 1
    crs = from_wkt(parts.prj.decode("utf-8", "replace").strip("\ufeff\x00 \r\n")) if parts.prj else None
    return RawAreas(
        format="Shapefile",
        layers=names,
        layer=name,
        table=table,
        geometry=as_objects(shapes)[kept],
        broken=np.array([place[b] for b in broken if kept[b]], dtype=np.int64),
        crs=crs,
    )


def _shapes(shp: bytes, where: str, limits: BoundaryFileLimits) -> tuple[list[Any], list[int]]:
    short = InputError(f"{where} is cut short; it may be only half of a download, load it again")
    if len(shp) < 100 or shp[:4] != MAGIC:
        raise InputError(f"{where} isn't a Shapefile")
    shapes: list[Any] = []
    broken: list[int] = []
    at, points = 100, 0
    end = min(len(shp), 2 * struct.unpack_from(">i", shp, 24)[0])
    if end < 2 * struct.unpack_from(">i", shp, 24)[0]:
        raise short
    while at + 8 <= end:
        size = 2 * struct.unpack_from(">i", shp, at + 4)[0]
        at += 8
        if size < 4 or at + size > end:
            raise short
        if len(shapes) >= limits.rows:
            raise InputError(f"{where} holds more than {limits.rows:,} shapes; keep one row per area")
        (kind,) = struct.unpack_from("<i", shp, at)
        shape: Any = None
        if kind in _AREAS:
            shape, n = _area(shp, at, size)
            points += n
        elif kind in _OTHERS:
            shape = _NO_AREA
        if kind != 0 and shape is None:
            broken.append(len(shapes))
        if points > limits.points:
            raise InputError(f"{where} has more than {limits.points:,} points; simplify the shapes")
        shapes.append(shape)
        at += size
    return shapes, broken


def _area(shp: bytes, at: int, size: int) -> tuple[Any, int]:
    """The polygon of one record, None if it can't be read, and its number of points."""
    if size < 44:
        return None, 0
    parts, points = struct.unpack_from("<ii", shp, at + 36)
    if parts < 0 or points < 0 or 44 + 4 * parts + 16 * points > size:
        return None, 0
    starts = np.frombuffer(shp, dtype="<i4", count=parts, offset=at + 44)
    xy = np.frombuffer(shp, dtype="<f8", count=2 * points, offset=at + 44 + 4 * parts).reshape(-1, 2)
    if points == 0 or parts == 0:
        return shapely.Polygon(), 0
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > points or not np.isfinite(xy).all():
        return None, points
    rings = [r for r in np.split(xy, starts[1:]) if len(r) >= 4]
    if not rings:
        return shapely.Polygon(), points
    return _nested([shapely.linearrings(r) for r in rings]), points


def _nested(rings: list[Any]) -> Any:
    """Rings to a polygon: those drawn clockwise are outer ones, the others holes of the smallest one around them.

    A hole that lies in no outer ring is taken as an outer one, because some programs draw every ring the other way.
    """
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    hole = shapely.is_ccw(np.array(rings, dtype=object))
    faces = np.array([shapely.Polygon(r) for r in rings], dtype=object)
    outer = np.flatnonzero(~hole)
    outer = outer[np.argsort(shapely.area(faces[outer]), kind="stable")]
    holes: dict[int, list[Any]] = {int(i): [] for i in outer}
    alone = []
    boxes = shapely.box(*shapely.bounds(faces).T)
    for h in np.flatnonzero(hole).tolist():
        near = outer[shapely.covers(boxes[outer], boxes[h])] if len(outer) else outer
        point = shapely.get_point(rings[h], 0)
        at = next((int(o) for o in near if len(outer) == 1 or shapely.intersects(faces[o], point)), None)
        if at is None:
            alone.append(faces[h])
        else:
            holes[at].append(rings[h])
    whole = [shapely.Polygon(rings[i], holes[i]) for i in sorted(holes)] + alone
    return whole[0] if len(whole) == 1 else shapely.MultiPolygon(whole)


def _table(dbf: bytes, cpg: bytes, where: str, limits: BoundaryFileLimits) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Columns of the rows that aren't deleted, and which those are."""
    damaged = InputError(f"the table (.dbf) of {where} is damaged; export the Shapefile again")
    if len(dbf) < 33:
        raise damaged
    rows, start, width = struct.unpack_from("<IHH", dbf, 4)
    if rows > limits.rows or width < 1 or start < 33 or start + rows * width > len(dbf):
        raise damaged
    lines = np.frombuffer(dbf, dtype=np.uint8, count=rows * width, offset=start).reshape(rows, width)
    kept = lines[:, 0] != ord("*")
    lines = lines[kept]
    encoding = _encoding(cpg, dbf[29])
    columns: dict[str, pd.Series] = {}
    at, left = 32, 1
    while at + 32 <= start and dbf[at] != 0x0D:
        kind, length, decimals = chr(dbf[at + 11]), dbf[at + 16], dbf[at + 17]
        name = _text(dbf[at : at + 11].split(b"\x00")[0], encoding).strip() or f"column {len(columns) + 1}"
        if left + length > width:
            raise damaged
        if len(columns) < limits.columns and length:
            while name in columns:
                name += " (2)"
            raw = np.ascontiguousarray(lines[:, left : left + length]).view(f"S{length}").ravel()
            columns[name] = _cells(raw, kind, decimals, encoding)
        left, at = left + length, at + 32
    return pd.DataFrame(columns, index=pd.RangeIndex(int(kept.sum()))), kept


def _cells(raw: NDArray[np.bytes_], kind: str, decimals: int, encoding: str) -> pd.Series:
    if kind in "NF":
        number = pd.to_numeric(pd.Series(np.char.strip(raw).astype(object)).map(lambda b: _text(b, "ascii")), "coerce")
        whole = decimals == 0 and number.notna().all() and bool((number.abs() < 2**53).all())
        return number.astype(np.int64) if whole else number.astype(np.float64)
    cells = [_text(b, encoding).rstrip("\x00").strip()[:CELL] for b in raw.tolist()]
    return pd.Series([c or None for c in cells], dtype=object)


def _encoding(cpg: bytes, language: int) -> str:
    named = cpg[:40].decode("ascii", "ignore").strip()
    found = _ENCODINGS.fullmatch(named)
    if not found:
        return _BY_LANGUAGE.get(language, "utf-8")
    page = found[1] or found[3]
    return f"cp{page}" if page else f"iso8859-{found[2]}" if found[2] else named


def _text(value: bytes, encoding: str) -> str:
    try:
        return value.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return value.decode("cp1252", "replace")
