"""A Shapefile's areas and table from bytes, read by pyshp in a process of its own (see `terr.trial`)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.reading.crs import from_wkt
from terr.boundaries.reading.raw import CELL, BoundaryFileLimits, RawAreas
from terr.boundaries.reading.zipped import ShapefileParts, open_zip
from terr.errors import InputError
from terr.trial import AREA, BROKEN, OTHER, shapefile_parts

MAGIC = b"\x00\x00\x27\x0a"
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
    if len(parts.shp) < 100 or parts.shp[:4] != MAGIC:
        raise InputError(f"{where} isn't a Shapefile")
    encoding = _encoding(parts.cpg, parts.dbf[29] if len(parts.dbf) > 29 else 0)
    read = shapefile_parts(
        parts.shp, parts.dbf, encoding, rows=limits.rows, points=limits.points, columns=limits.columns
    )
    if read is None:
        raise InputError(f"{where} can't be read within reason; it is damaged, or has far too much in it")
    told, arrays = read
    if "refused" in told:
        raise InputError(
            {
                "short": f"{where} is cut short; it may be only half of a download; download it again",
                "rows": f"{where} holds more than {limits.rows:,} shapes; keep one row per area",
                "points": f"{where} has more than {limits.points:,} points; simplify the shapes",
                "table": f"the table (.dbf) of {where} is damaged; export the Shapefile again",
            }[told["refused"]]
        )
    kinds, counts, sizes, corners = arrays
    kept = np.ones(len(kinds), dtype=bool) if told["kept"] is None else np.array(told["kept"], dtype=bool)
    if len(kept) != len(kinds):
        raise InputError(
            f"{where} has {len(kinds):,} shapes but {len(kept):,} rows in its table (.dbf); they don't belong "
            "together, export the Shapefile again"
        )
    crs = from_wkt(parts.prj.decode("utf-8", "replace").strip("\ufeff\x00 \r\n")) if parts.prj else None
    return RawAreas(
        format="Shapefile",
        layers=names,
        layer=name,
        table=_table(told["columns"], int(kept.sum())),
        geometry=_shapes(kinds, counts, sizes, corners)[kept],
        broken=np.flatnonzero(kinds[kept] == BROKEN),
        crs=crs,
    )


def _shapes(
    kinds: NDArray[np.int8], counts: NDArray[np.int64], sizes: NDArray[np.int64], corners: NDArray[np.float64]
) -> NDArray[np.object_]:
    rings = shapely.linearrings(corners, indices=np.repeat(np.arange(len(sizes)), sizes))
    out = np.full(len(kinds), None, dtype=object)
    out[kinds == OTHER] = _NO_AREA
    first = np.cumsum(counts) - counts
    for at in np.flatnonzero(kinds == AREA).tolist():
        out[at] = _nested(rings[first[at] : first[at] + counts[at]])
    return out


def _nested(rings: NDArray[np.object_]) -> Any:
    """Rings to a polygon: those drawn clockwise are outer ones, the others holes of the smallest one around them.

    A hole that lies in no outer ring is taken as an outer one, because some programs draw every ring the other way.
    """
    if len(rings) < 2:
        return shapely.Polygon(*rings)
    hole = shapely.is_ccw(rings)
    faces = shapely.polygons(rings)
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


def _table(columns: list[tuple[str, str, int, list[Any]]], rows: int) -> pd.DataFrame:
    out: dict[str, pd.Series] = {}
    for given, kind, decimals, cells in columns:
        name = given.strip() or f"column {len(out) + 1}"
        while name in out:
            name += " (2)"
        out[name] = _cells(cells, kind, decimals)
    return pd.DataFrame(out, index=pd.RangeIndex(rows))


def _cells(cells: list[Any], kind: str, decimals: int) -> pd.Series:
    if kind in {"N", "F"}:
        number = pd.Series(cells, dtype=np.float64)
        whole = decimals == 0 and number.notna().all() and bool((number.abs() < 2**53).all())
        return number.astype(np.int64) if whole else number
    return pd.Series([c.strip()[:CELL] or None if isinstance(c, str) else c for c in cells], dtype=object)


def _encoding(cpg: bytes, language: int) -> str:
    named = cpg[:40].decode("ascii", "ignore").strip()
    found = _ENCODINGS.fullmatch(named)
    if not found:
        return _BY_LANGUAGE.get(language, "utf-8")
    page = found[1] or found[3]
    return f"cp{page}" if page else f"iso8859-{found[2]}" if found[2] else named
