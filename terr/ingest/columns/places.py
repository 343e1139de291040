"""The column that holds a whole place in one cell, in a table that has none of its parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.words import compact
from terr.ingest.reading.files import RawTable
from terr.places.addresses import read_place

_HEADER = re.compile(
    r"(?:billing|shipping|mailing|billto|shipto|hq|headquarters?|company|account|customer|client|site|store|facility"
    r"|office|business|primary|physical|full|complete|street|main|home|work|delivery|property|formatted|geo|gps|map"
    r"|service|location|venue|branch)*"
    r"(?:address(?:line|text|block|full|1)?|addr|adresse|anschrift|direccion|indirizzo|endereco|location|place|standort"
    r"|coordinates?|coords?|koordinaten|latlo?ng?|latitudelongitude|longlat|lnglat|point|position|geometry|geom|thegeom"
    r"|wkt|geojson|geopoint|geolocation|geocode|gps|citystate(?:zip|zipcode|country|province)?|csz|cityandstate"
    r"|citycommastate|where|headquarters?|hq|metro|market|region|area|city|town|ort|ville|ciudad)"
)
_LIKELY, _SURE = 0.5, 0.8


def places_known(fields: Mapping[str, str]) -> bool:
    """Whether the mapped fields say where an account is."""
    return "latitude" in fields or "zip" in fields or "county" in fields or {"city", "state"} <= set(fields)


def place_column(free: Sequence[str], cells_of: Callable[[str], Sequence[str]]) -> str | None:
    """The column whose cells hold whole places: by its header and most of its cells, or by nearly all of its cells.

    Without a header that says so, cells must have a ZIP or a point: "Smith, MD" is no town in Maryland.

    Args:
        free: columns that may be it.
        cells_of: filled cells of a column, a sample.
    """
    best, most = None, 0.0
    for column in free:
        cells = list(dict.fromkeys(cells_of(column)))[:400]
        if not cells:
            continue
        read = [read_place(c) for c in cells]
        named = bool(_HEADER.fullmatch(compact(re.sub(r" \(\d+\)$", "", column))))
        good = [p.enough if named else (p.point is not None or bool(p.zip and p.state)) for p in read]
        share = sum(good) / len(good)
        if share >= (_LIKELY if named else _SURE) and share + named > most:
            best, most = column, share + named
    return best


def no_place(raw: RawTable) -> str:
    """What to say of a table in which nothing tells where accounts are, with the column that comes nearest to it."""
    usual = f"{raw.filename} has no column that says where an account is; name one for zip, county, latitude and"
    usual += " longitude, or city and state"
    for column in raw.columns:
        if not _HEADER.fullmatch(compact(re.sub(r" \(\d+\)$", "", column))):
            continue
        cells = raw.rows[column].str.strip()
        at = next((k for k, c in enumerate(cells.tolist()) if c), None)
        if at is None:
            continue
        return (
            f"{usual}. '{shorten(column, 40)}' may hold the places, but most of its cells can't be read as one (row "
            f"{raw.source_rows[at]}: '{shorten(cells.iloc[at], 40)}'); split it into City, State and ZIP, or Latitude "
            "and Longitude (in Excel: Data > Text to Columns)"
        )
    return usual
