"""The user's own boundaries, step one: what is in the file, and which columns could be the id and the name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from terr.boundaries.own.findings import Finding, few
from terr.boundaries.own.placement import Placement, place
from terr.boundaries.reading import LIMITS, BoundaryFileLimits, RawAreas, read
from terr.boundaries.reading.crs import label
from terr.boundaries.zips.zips import padded, share_known
from terr.errors import InputError

ROW_NUMBER = ""
"""As id column: the areas are numbered as they come."""
LONGEST_ID = 80
ALL_LAYERS = "All layers"
"""As layer: every one with areas, joined."""
_MOST_LAYERS = 60
_INSIDE = 0.05
"""Share of a layer's areas that may lie in areas of another one cut from the same whole."""

_ID = re.compile(
    r"zcta5?(?:ce)?(?:\d\d)?|zip|zip_?code|postal_?code|post_?code|postal|plz|cap|(?:unit|area|territory|region)_?id"
    r"|id|code|key|geoid\d*|geo_?id|fips|ags|nuts_?id|lau_?id|iso(?:_?\w\w?)?|gid|feature id",
    re.I,
)
_NAME = re.compile(
    r"namelsad\d*|names?|full_?name|label|title|bezeichnung|nom|nombre|nome|naam|nazwa|gen|nuts_?name"
    r"|area_?name|name_?\w{0,4}|city|place|town|county|region|territory|district",
    re.I,
)


@dataclass(frozen=True)
class AreaColumn:
    """A column of the file's table.

    Attributes:
        name: as in the file.
        examples: up to three different values as text.
        filled: rows that have a value.
        different: how many different values.
        unique: every row has a value of its own.
        longest: characters of the longest value.
        zips: share of the values that are known US ZIPs, 0 to 1.
    """

    name: str
    examples: tuple[str, ...]
    filled: int
    different: int
    unique: bool
    longest: int
    zips: float = 0.0


@dataclass(frozen=True, eq=False)
class InspectedFile:
    """A file looked into; nothing is mended yet.

    Attributes:
        filename: for display only.
        sha256: of the file, hexadecimal.
        raw: the layer that was read.
        columns: of its table.
        id_column: the one to suggest; `ROW_NUMBER` if none would do.
        name_column: the one to suggest, "" if none would do.
        placement: how the numbers of the coordinates will be read, unless a person says otherwise.
        extent: west, south, east, north in degrees if that is known, else in the file's numbers; None without shapes.
    """

    filename: str
    sha256: str
    raw: RawAreas
    columns: tuple[AreaColumn, ...]
    id_column: str
    name_column: str
    placement: Placement
    extent: tuple[float, float, float, float] | None

    @property
    def count(self) -> int:
        """Rows of the layer."""
        return len(self.raw.table)

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers of the file; ("",) if the format knows none."""
        return self.raw.layers

    @property
    def crs_label(self) -> str:
        """The coordinate system the file names, "" if none."""
        return label(self.raw.crs)

    @property
    def needs_crs(self) -> bool:
        """Whether a person has to say which coordinate system the numbers are in."""
        return self.placement.crs is None

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What was found while reading."""
        return (*self.raw.notes, *self.placement.notes)


def inspect(
    data: bytes, filename: str, *, layer: str | None = None, limits: BoundaryFileLimits = LIMITS
) -> InspectedFile:
    """Look into a file of boundaries.

    Args:
        data: GeoJSON, a zipped Shapefile, GeoPackage or GeoParquet; told apart by its bytes.
        filename: for messages.
        layer: which one, if the file has several, or `ALL_LAYERS`; by default all, if they have the same columns and
            lie side by side, else the first with areas. What was read and what wasn't is told.
        limits: what is let in.

    Raises:
        InputError: if the file can't be used, saying why and how to mend it.
    """
    raw = _layers(data, filename, layer, limits)
    if not len(raw.table):
        raise InputError(f"{filename[-120:]} holds no areas; export it again")
    kinds = shapely.get_type_id(raw.geometry)
    if not np.isin(kinds, (3, 6, 7)).any():
        what = "points or lines" if (kinds >= 0).any() else "rows without a shape"
        raise InputError(f"{filename[-120:]} holds only {what}; areas (polygons) are needed")
    columns = tuple(_column(str(c), raw.table[c]) for c in raw.table.columns)
    ids, name = suggested(columns)
    placement = place(raw.geometry, raw.crs, texts(raw.table[ids]) if ids else ())
    return InspectedFile(
        filename[-120:], hashlib.sha256(data).hexdigest(), raw, columns, ids, name, placement, _extent(raw, placement)
    )


def _layers(data: bytes, filename: str, layer: str | None, limits: BoundaryFileLimits) -> RawAreas:
    """The layer that is wanted, all of them, or the one to take without a word."""
    raw = read(data, filename, limits=limits)
    if layer is not None and layer not in (*raw.layers, ALL_LAYERS):
        them = few([f'"{n}"' for n in raw.layers]) if any(raw.layers) else "no layers with names"
        raise InputError(f'{filename[-120:]} has no layer called "{layer[:60]}"; it has {them}')
    if layer is not None and layer not in {raw.layer, ALL_LAYERS}:
        raw = read(data, filename, layer=layer, limits=limits)
    if len(raw.layers) < 2:
        return raw
    offered = (*raw.layers, ALL_LAYERS)
    if layer is not None and layer != ALL_LAYERS:
        return replace(raw, layers=offered)
    parts = [p for p in (raw, *_others(data, filename, raw, limits)) if _has_areas(p)] or [raw]
    if layer == ALL_LAYERS or (len(parts) > 1 and _side_by_side(parts)):
        return replace(_joined(parts, filename, limits), layers=offered, layer=ALL_LAYERS)
    one = parts[0]
    others = few([f'"{n}"' for n in raw.layers if n != one.layer])
    read_one = f'The file has {len(raw.layers)} layers: "{one.layer}" was read, {others} not.'
    text = f"{read_one} Choose another (--boundaries-layer)."
    return replace(one, layers=offered, notes=(*one.notes, Finding("layers", text)))


def _others(data: bytes, filename: str, raw: RawAreas, limits: BoundaryFileLimits) -> list[RawAreas]:
    out = []
    for name in raw.layers[:_MOST_LAYERS]:
        if name != raw.layer:
            try:
                out.append(read(data, filename, layer=name, limits=limits))
            except InputError:  # said when it is asked for
                continue
    return out


def _has_areas(raw: RawAreas) -> bool:
    return bool(np.isin(shapely.get_type_id(raw.geometry), (3, 6)).any())


def _side_by_side(parts: Sequence[RawAreas]) -> bool:
    """Whether layers look like one that was cut: the same columns and system, and nothing of one lies in another."""
    first = parts[0]
    if any(list(p.table.columns) != list(first.table.columns) or p.crs != first.crs for p in parts):
        return False
    for part in parts:
        tree = shapely.STRtree([g for other in parts if other is not part for g in other.geometry if g is not None])
        inner = shapely.point_on_surface(part.geometry[:: 1 + len(part.geometry) // 200])
        inner = inner[~(shapely.is_missing(inner) | shapely.is_empty(inner))]
        if len(set(tree.query(inner, predicate="within")[0].tolist())) > _INSIDE * len(inner):
            return False
    return True


def _joined(parts: Sequence[RawAreas], filename: str, limits: BoundaryFileLimits) -> RawAreas:
    first = parts[0]
    if any(p.crs != first.crs for p in parts):
        raise InputError(f"the layers of {filename[-120:]} are in different coordinate systems; choose one of them")
    rows = sum(len(p.table) for p in parts)
    if rows > limits.rows:
        raise InputError(f"the layers of {filename[-120:]} hold {rows:,} rows, more than {limits.rows:,}; choose one")
    before = np.cumsum([0, *(len(p.table) for p in parts[:-1])])
    names = few([f'"{p.layer}"' for p in parts])
    told = Finding("layers", f"The file has {len(parts)} layers with areas; all were read: {names}.")
    return replace(
        first,
        table=pd.concat([p.table for p in parts], ignore_index=True),
        geometry=np.concatenate([p.geometry for p in parts]),
        broken=np.concatenate([p.broken + n for p, n in zip(parts, before.tolist(), strict=True)]),
        notes=(*dict.fromkeys(n for p in parts for n in p.notes), told),
    )


def suggested(columns: Sequence[AreaColumn]) -> tuple[str, str]:
    """The columns to offer as id and as name, "" for none."""
    usable = [c for c in columns if c.filled and c.longest <= LONGEST_ID]

    def rank(c: AreaColumn) -> tuple[bool, bool, bool, int]:
        return (c.zips >= 0.9 and c.different > 0.9 * c.filled, c.unique, bool(_ID.fullmatch(c.name)), -c.longest)

    good = [c for c in usable if c.unique or (_ID.fullmatch(c.name) and c.different > 1) or rank(c)[0]]
    whole = [c for c in good if not any("." in e for e in c.examples) or _ID.fullmatch(c.name)]
    ids = max(whole, key=rank).name if whole else ROW_NUMBER
    named = [c for c in columns if c.name != ids and _NAME.fullmatch(c.name) and c.different > 0.5 * c.filled > 0]
    words = [c for c in named if not all(e.replace(".", "").replace("-", "").isdigit() for e in c.examples)]
    return ids, min(words, key=lambda c: (-c.different, c.name)).name if words else ""


def texts(column: pd.Series) -> list[str]:
    """Cells as text: whole numbers without ".0", blanks as ""."""
    out = []
    for value in column.tolist():
        if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            out.append("")
        elif isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            out.append(str(int(value)))
        else:
            out.append(" ".join("".join(c if c.isprintable() else " " for c in str(value)).split()))
    return out


def _column(name: str, cells: pd.Series) -> AreaColumn:
    values = [t for t in texts(cells) if t]
    different = list(dict.fromkeys(values))
    return AreaColumn(
        name=name,
        examples=tuple(v[:60] for v in different[:3]),
        filled=len(values),
        different=len(different),
        unique=len(different) == len(cells),
        longest=max(map(len, values), default=0),
        zips=share_known(padded(different)),
    )


def _extent(raw: RawAreas, placement: Placement) -> tuple[float, float, float, float] | None:
    from terr.boundaries.reading.crs import points_to_degrees

    bounds = shapely.total_bounds(raw.geometry)
    if not np.isfinite(bounds).all():
        return None
    west, south, east, north = bounds.tolist()
    corners = np.array([(x, y) for x in np.linspace(west, east, 9) for y in np.linspace(south, north, 9)])
    if placement.swapped:
        corners = corners[:, ::-1]
    if placement.crs is not None:
        corners = points_to_degrees(corners, placement.crs)
        corners = corners[np.isfinite(corners).all(axis=1)]
    if not len(corners):
        return None
    low, high = corners.min(axis=0), corners.max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
