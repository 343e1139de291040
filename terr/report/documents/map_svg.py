"""A map of territories as SVG: one path for each, labels that never overlap; the same drawing for every document.

Drawn here and not by Vega-Lite's geoshape, which places labels without regard to each other. Projection: Lambert's
azimuthal equal-area around the middle of the map, so that areas compare (Snyder 1987, USGS Professional Paper 1395).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from terr.report.documents.content import PLAIN, MapPicture, MapShape
from terr.report.documents.typst_pdf import FONT, FONTS, clean

WIDTH, HEIGHT = 960, 560
"""Largest size in its own pixels; a map is as large as fits."""
_EDGE, _INK = "#FFFFFF", "#14171C"
_LONGEST = 24


@dataclass(frozen=True, eq=False)
class DrawnShape:
    """A territory in pixels, y downward: geometry, color, and where its label goes."""

    shape: MapShape
    geometry: Any
    label: str
    at: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """A map in pixels: its size, territories, and lines."""

    width: float
    height: float
    shapes: tuple[DrawnShape, ...]
    lines: Any


def drawn(picture: MapPicture, width: float = WIDTH, height: float = HEIGHT, size: float = 13.0) -> DrawnMap:
    """Lay a map out: project, fit, and find places for labels.

    Args:
        picture: what is shown.
        width, height: the most it may take, in pixels.
        size: of the labels, in pixels. A label is the name where it fits, else the number, else nothing.
    """
    shapes = [s for s in picture.shapes if s.geometry is not None and not s.geometry.is_empty]
    if not shapes:
        return DrawnMap(width, height / 4, (), None)
    to, wide, high = _fitted([s.geometry for s in shapes], width, height)
    flat = [_moved(s.geometry, to) for s in shapes]
    lines = None if picture.lines is None else _moved(picture.lines, to)
    labels = _labels(shapes, flat, size)
    return DrawnMap(
        wide,
        high,
        tuple(DrawnShape(s, g, *labels[i]) for i, (s, g) in enumerate(zip(shapes, flat, strict=True))),
        lines,
    )


def map_svg(picture: MapPicture, width: float = WIDTH, height: float = HEIGHT, size: float = 13.0) -> str:
    """The map as an SVG text; names are escaped. See `drawn`."""
    found = drawn(picture, width, height, size)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{found.width:.0f}" height="{found.height:.0f}" '
        f'viewBox="0 0 {found.width:.0f} {found.height:.0f}" role="img">',
        f"<title>{escape(clean(picture.title))}</title>",
    ]
    for one in found.shapes:
        out.append(
            f'<path d="{path(one.geometry)}" fill={quoteattr(one.shape.color)} fill-rule="evenodd" '
            f'stroke="{_EDGE}" stroke-width="1.1" stroke-linejoin="round">'
            f"<title>{escape(clean(one.shape.name))}</title></path>"
        )
    if found.lines is not None and not found.lines.is_empty:
        out.append(
            f'<path d="{path(found.lines)}" fill="none" stroke="{_INK}" stroke-opacity="0.28" stroke-width="0.6" '
            'stroke-linejoin="round"/>'
        )
    for one in found.shapes:
        if one.at is None:
            continue
        x, y = one.at
        words = escape(one.label)
        place = f'x="{x:.1f}" y="{y + 0.34 * size:.1f}" text-anchor="middle" font-size="{size:g}" font-weight="600"'
        face = f'font-family="{FONT}"'
        out.append(f'<text {place} {face} fill="none" stroke="#FFFFFF" stroke-width="3" stroke-opacity="0.85" '
                   f'stroke-linejoin="round" aria-hidden="true">{words}</text>')  # fmt: skip
        out.append(f'<text {place} {face} fill="{_INK}">{words}</text>')
    return "".join([*out, "</svg>"])


def path(geometry: Any) -> str:
    """An SVG path of polygons or lines in pixels, to a tenth of one."""
    parts = []
    for ring in rings(geometry):
        points = np.round(ring, 1)
        keep = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
        points = points[keep]
        if len(points) > 1:
            parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points.tolist()))
            if geometry.geom_type in ("Polygon", "MultiPolygon", "GeometryCollection"):
                parts.append("Z")
    return "".join(parts)


def rings(geometry: Any) -> list[NDArray[np.float64]]:
    """The rings of polygons, holes too, or the lines: float64 (m, 2) each."""
    out: list[NDArray[np.float64]] = []
    for part in shapely.get_parts(geometry).tolist():
        if part.geom_type == "Polygon":
            out += [shapely.get_coordinates(r) for r in (part.exterior, *part.interiors)]
        elif part.geom_type in ("LineString", "LinearRing"):
            out.append(shapely.get_coordinates(part))
        elif part.geom_type.startswith(("Multi", "Geometry")):
            out += rings(part)
    return out


def _fitted(shapes: Sequence[Any], width: float, height: float) -> tuple[Any, float, float]:
    """A function from degrees to pixels, and the size of the map."""
    xy = shapely.get_coordinates(np.array(shapes, dtype=object))
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    plane = _plane(round((west + east) / 2, 3), round((south + north) / 2, 3))
    flat = np.column_stack(plane.transform(xy[:, 0], xy[:, 1]))
    flat = flat[np.isfinite(flat).all(axis=1)]
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = np.maximum(high - low, 1.0)
    margin = 6.0
    scale = min((width - 2 * margin) / span[0], (height - 2 * margin) / span[1])

    def to(points: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.column_stack(plane.transform(points[:, 0], points[:, 1]))
        out = np.where(np.isfinite(out), out, low)
        placed: NDArray[np.float64] = (out - [low[0], high[1]]) * [scale, -scale] + margin
        return placed

    return to, float(span[0] * scale + 2 * margin), float(span[1] * scale + 2 * margin)


@lru_cache(maxsize=8)
def _plane(lon: float, lat: float) -> Transformer:
    return Transformer.from_crs("EPSG:4326", f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)


def _moved(geometry: Any, to: Any) -> Any:
    return shapely.transform(geometry, to)


def _labels(
    shapes: Sequence[MapShape], flat: Sequence[Any], size: float
) -> dict[int, tuple[str, tuple[float, float] | None]]:
    """By position: the label, and where its middle goes (None = nowhere). The larger territory chooses first."""
    out: dict[int, tuple[str, tuple[float, float] | None]] = dict.fromkeys(range(len(shapes)), ("", None))
    taken: list[tuple[float, float, float, float]] = []
    names = sum(1 for s in shapes if s.number) <= 30
    for i in sorted(range(len(shapes)), key=lambda i: -float(flat[i].area)):
        shape = shapes[i]
        if not shape.number or flat[i].area < 4:
            continue
        main = max(shapely.get_parts(flat[i]).tolist(), key=lambda p: p.area)
        center = _inside(main)
        name = clean(shape.name, 80)
        for words in ([name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"] if names else []) + [
            str(shape.number)
        ]:
            wide, high = text_width(words, size), size * 1.1
            fits = wide <= 1.15 * (main.bounds[2] - main.bounds[0]) or words == str(shape.number)
            box = (center[0] - wide / 2 - 2, center[1] - high / 2, center[0] + wide / 2 + 2, center[1] + high / 2)
            if fits and not any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken):
                taken.append(box)
                out[i] = (words, center)
                break
    return out


def _inside(polygon: Any) -> tuple[float, float]:
    """The middle if it lies inside, else the point farthest from the border (pole of inaccessibility)."""
    middle = polygon.centroid
    if not polygon.contains(middle):
        tolerance = max(1.0, float(np.sqrt(polygon.area)) / 20)
        middle = shapely.maximum_inscribed_circle(polygon, tolerance=tolerance).coords[0]
        return float(middle[0]), float(middle[1])
    return float(middle.x), float(middle.y)


def text_width(words: str, size: float) -> float:
    """Width of a text in the documents' font, in the unit of `size`."""
    return float(_face().getlength(words)) * size / 100.0


@lru_cache(maxsize=1)
def _face() -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(FONTS / "SourceSansPro-Semibold.otf"), 100)


def free_shape(geometry: Any) -> MapShape:
    """What belongs to no territory."""
    return MapShape("Unassigned", 0, PLAIN, geometry)
