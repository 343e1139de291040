"""Which country each row lies in, as far as the file says."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.words import compact
from terr.ingest.reading.files import RawTable
from terr.places.countries import HOME, TERRITORIES, country_code

_PREFIX = (
    r"billing|billto|bill|shipping|shipto|ship|mailing|mail|address1|address|addr|hq|headquarters?|company|account|acct"
    r"|customer|cust|client|physical|primary|street|site|location|loc|home|main|business|corporate|corp|invoice|delivery|default|store"
    r"|facility|office|legal|registered|sold|soldto|partner|organization|organisation|org|contact|installation|service"
)
_CORE = (
    r"country(?:s?(?:name|code|iso|iso2|iso3|id|key|region|territory|abbr|abbreviation|2|3|full|label|text))*"
    r"|iso(?:alpha)?[23]?(?:country)(?:code)?|ctry|cntry|nation|land|landcode|landercode|lander|landname|land1|landkz"
    r"|lkz|staat|pays|codepays|paysregion|pais|codigopais|paisregion|paese|nazione|codicepaese|maa|kraj|zeme|orszag"
    r"|ulke|tara|quocgia|countries"
)
_HEADER = re.compile(rf"(?P<prefix>(?:{_PREFIX})*)(?P<core>{_CORE})")
_PLACES = ("zip", "city", "state", "latitude", "county")
_MOST = 0.5


def country_column(raw: RawTable, cmap: ColumnMap) -> str | None:
    """The column that names an account's country: as mapped, or by its header and contents.

    Of several ("Billing Country", "Shipping Country") the one that belongs to the mapped ZIP or city is taken. Most of
    its cells must be countries, so that a "Country" full of counties isn't one.
    """
    if "country" in cmap.fields:
        return cmap.fields["country"]
    taken = {*cmap.fields.values(), *cmap.measures.values()}
    found = {c: m for c in raw.columns if c not in taken and (m := _HEADER.fullmatch(compact(_plain(c))))}
    places = [compact(_plain(cmap.fields[f])) for f in _PLACES if f in cmap.fields]

    def rank(column: str) -> tuple[bool, bool, int]:
        prefix = found[column]["prefix"]
        beside = bool(prefix) and any(p.startswith(prefix) for p in places)
        return (not beside, bool(prefix), raw.columns.index(column))

    return next((c for c in sorted(found, key=rank) if _names_countries(raw, c)), None)


def _plain(column: str) -> str:
    return re.sub(r" \(\d+\)$", "", column)


def _names_countries(raw: RawTable, column: str) -> bool:
    counted = raw.rows[column].iloc[:20_000].str.strip().value_counts()
    filled = {str(k): int(n) for k, n in counted.items() if str(k)}
    known = sum(n for k, n in filled.items() if country_code(k))
    return known > 0 and known >= _MOST * sum(filled.values())


def row_countries(raw: RawTable, cmap: ColumnMap, cells: Mapping[str, pd.Series]) -> NDArray[np.object_]:
    """The two-letter code of each row's country; "" where it is blank, can't be read, or no column names it."""
    column = country_column(raw, cmap)
    if column is None:
        return np.full(len(raw.rows), "", dtype=object)
    index, words = pd.factorize(cells[column])
    codes = np.array([country_code(str(w)) for w in words] + [""], dtype=object)
    return np.asarray(codes[index], dtype=object)


def rows_at_home(raw: RawTable, cmap: ColumnMap, cells: Mapping[str, pd.Series]) -> tuple[NDArray[np.bool_], ...]:
    """Rows that say they are in the USA or one of its territories, and rows that say nothing of a country."""
    column = country_column(raw, cmap)
    if column is None:
        return np.zeros(len(raw.rows), dtype=np.bool_), np.ones(len(raw.rows), dtype=np.bool_)
    index, words = pd.factorize(cells[column])
    home = np.array([country_code(str(w)) in {HOME, *TERRITORIES} for w in words] + [False], dtype=np.bool_)
    blank = np.array([str(w) == "" for w in words] + [True], dtype=np.bool_)
    return home[index], blank[index]
