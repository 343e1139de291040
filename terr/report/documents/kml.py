"""Territories and accounts as KML (OGC 12-007r2) and KMZ, for Google Earth and other map programs."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import shapely

from terr.model.progress import UNWATCHED, Progress
from terr.report.documents.content import AccountRows, PlanDocument, Table
from terr.report.documents.typst_pdf import clean

_DECIMALS = 5
_ROWS = 5_000


def plan_kml(document: PlanDocument, progress: Progress = UNWATCHED) -> bytes:
    """A folder of territories with their figures, and one of accounts where the document has them.

    Raises:
        StoppedError: if `progress` was stopped.
    """
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>',
        f"<name>{_text(document.title)}</name><description>{_text(document.source)}</description>",
    ]
    picture = document.map
    shapes = [] if picture is None else list(picture.shapes)
    section = document.section("territories")
    table = None if section is None else section.table
    for i, shape in enumerate(shapes):
        out.append(
            f'<Style id="t{i}"><LineStyle><color>ffffffff</color><width>1.2</width></LineStyle>'
            f"<PolyStyle><color>b0{_abgr(shape.color)}</color></PolyStyle></Style>"
        )
    out.append("<Folder><name>Territories</name>")
    for i, shape in enumerate(shapes):
        out.append(
            f"<Placemark><name>{_text(shape.name)}</name><styleUrl>#t{i}</styleUrl>"
            f"{_data(table, shape.number)}{_geometry(shape.geometry)}</Placemark>"
        )
    out.append("</Folder>")
    if document.accounts is not None:
        out += _accounts(document.accounts, progress)
    out.append("</Document></kml>")
    return "".join(out).encode("utf-8")


def plan_kmz(document: PlanDocument, progress: Progress = UNWATCHED) -> bytes:
    """The same in one compressed file."""
    out = io.BytesIO()
    made = document.made
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        entry = zipfile.ZipInfo("doc.kml", (made.year, made.month, made.day, made.hour, made.minute, made.second))
        entry.compress_type = zipfile.ZIP_DEFLATED
        parts.writestr(entry, plan_kml(document, progress))
    return out.getvalue()


def _accounts(rows: AccountRows, progress: Progress) -> list[str]:
    frame = rows.frame
    found = np.flatnonzero(np.isfinite(rows.lat) & np.isfinite(rows.lon))
    colors = sorted({str(c) for c in rows.color[found].tolist()})
    out = [
        f'<Style id="a{colors.index(c)}"><IconStyle><color>ff{_abgr(c)}</color><scale>0.6</scale></IconStyle>'
        "<LabelStyle><scale>0</scale></LabelStyle></Style>"
        for c in colors
    ]
    out.append("<Folder><name>Accounts</name><visibility>0</visibility>")
    names, owners, territories = (frame[c].astype(str).to_numpy(dtype=object) for c in ("name", "rep", "territory"))
    ids = frame["account_id"].astype(str).to_numpy(dtype=object)
    figures = {m: frame[m].to_numpy(dtype=np.float64) for m in rows.measures if m in frame.columns}
    for n, i in enumerate(found.tolist()):
        if n % _ROWS == 0:
            progress.tell(n / max(1, len(found)), "Writing the accounts")
        style = colors.index(str(rows.color[i]))
        more = "".join(_value(m, f"{v[i]:g}") for m, v in figures.items() if math.isfinite(v[i]))
        out.append(
            f"<Placemark><name>{_text(names[i] or ids[i])}</name><styleUrl>#a{style}</styleUrl>"
            f"<ExtendedData>{_value('Account', ids[i])}{_value('Territory', territories[i])}{_value('Rep', owners[i])}"
            f"{more}</ExtendedData><Point><coordinates>{rows.lon[i]:.{_DECIMALS}f},{rows.lat[i]:.{_DECIMALS}f}"
            "</coordinates></Point></Placemark>"
        )
    out.append("</Folder>")
    return out


def _data(table: Table | None, number: int) -> str:
    """The figures of the territory of a number as extended data."""
    if table is None or not 0 < number <= len(table.rows):
        return ""
    pairs = zip(table.columns, table.texts[number - 1], strict=True)
    return f"<ExtendedData>{''.join(_value(c.title, t) for c, t in pairs if c.title != '#')}</ExtendedData>"


def _value(name: str, value: str) -> str:
    return f'<Data name="{escape(clean(name), {chr(34): "&quot;"})}"><value>{_text(value)}</value></Data>'


def _geometry(geometry: Any) -> str:
    parts = [p for p in _polygons(geometry) if p.area > 0]
    drawn = "".join(_polygon(shapely.orient_polygons(p)) for p in parts)
    return drawn if len(parts) == 1 else f"<MultiGeometry>{drawn}</MultiGeometry>"


def _polygons(geometry: Any) -> Sequence[Any]:
    out: list[Any] = []
    for part in shapely.get_parts(geometry).tolist():
        out += [part] if part.geom_type == "Polygon" else _polygons(part) if part.geom_type.startswith("Multi") else []
    return out


def _polygon(polygon: Any) -> str:
    inner = "".join(f"<innerBoundaryIs>{_ring(r)}</innerBoundaryIs>" for r in polygon.interiors)
    outer = f"<outerBoundaryIs>{_ring(polygon.exterior)}</outerBoundaryIs>"
    return f"<Polygon><tessellate>1</tessellate>{outer}{inner}</Polygon>"


def _ring(ring: Any) -> str:
    points = " ".join(f"{x:.{_DECIMALS}f},{y:.{_DECIMALS}f}" for x, y in shapely.get_coordinates(ring).tolist())
    return f"<LinearRing><coordinates>{points}</coordinates></LinearRing>"


def _abgr(color: str) -> str:
    """KML's order of a color: blue, green, red."""
    return f"{color[5:7]}{color[3:5]}{color[1:3]}".lower()


def _text(text: str) -> str:
    return escape(clean(str(text)))
