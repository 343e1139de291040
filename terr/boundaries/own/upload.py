"""The user's own boundaries, step one: what is in the file, and which columns could be the id and the name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from terr.boundaries.own.findings import Finding
from terr.boundaries.own.placement import Placement, place
from terr.boundaries.reading import LIMITS, BoundaryFileLimits, RawAreas, read
from terr.boundaries.reading.crs import label
from terr.boundaries.zips.zips import padded, share_known
from terr.errors import InputError

ROW_NUMBER = ""
"""As id column: the areas are numbered as they come."""
LONGEST_ID = 80

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
        layer: which one, if the file has several; the first by default.
        limits: what is let in.

    Raises:
        InputError: if the file can't be used, saying why and how to mend it.
    """
    raw = read(data, filename, layer=layer, limits=limits)
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
