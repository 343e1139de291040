"""Look-ups made once from the bundled files: counties, ZIPs and cities by the names people write."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.errors import LocateError
from terr.locate.former_counties import FORMER

_KINDS = (
    " city and borough",
    " census area",
    " planning region",
    " municipality",
    " municipio",
    " borough",
    " county",
    " parish",
    " co",
)
_SHORT = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt", "heights": "hts", "township": "", "twp": ""}
_COMPASS = {"n": "north", "s": "south", "e": "east", "w": "west"}


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Read-only look-ups made once from the bundled files."""

    geoid: NDArray[np.object_]
    label: NDArray[np.object_]
    county_state: NDArray[np.object_]
    tree: shapely.STRtree
    row: dict[str, int]
    counties: dict[tuple[str, str], int]
    zips: dict[str, tuple[int, str, float, float]]
    cities: dict[tuple[str, str], tuple[int, float, float]]
    points: NDArray[np.float64]


def normalized_name(text: str) -> str:
    """Lower case, no accents, no punctuation, single blanks."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", flat.replace("'", "")).split())


def city_key(text: str) -> str:
    """A city's name with its usual short forms levelled: "Saint Paul" and "St. Paul" are one."""
    words = normalized_name(text).split()
    if words and words[0] in _COMPASS and len(words) > 1:
        words[0] = _COMPASS[words[0]]
    return "".join(_SHORT.get(w, w) for w in words)


def county_key(text: str) -> str:
    """A county's name without its kind: "Travis County" is "travis"; a "city" keeps its kind."""
    key = normalized_name(text)
    for kind in _KINDS:
        if key.endswith(kind):
            key = key[: -len(kind)]
            break
    return re.sub(r"\bsaint\b", "st", re.sub(r"\bsainte\b", "ste", key)).replace(" ", "")


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The look-ups, read once (about half a second) and kept.

    Raises:
        LocateError: if the bundled files aren't there.
    """
    folder = Path(__file__).resolve().parents[2] / "data"
    if not (folder / "zip_points.parquet").is_file():
        raise LocateError("the bundled ZIP points are missing: run from a full checkout, with its folder data/")
    areas = gpd.read_parquet(folder / "counties.parquet")
    zips = _plain_texts(folder / "zip_points.parquet")

    geoid = areas["geoid"].to_numpy(dtype=object)
    state = areas["state"].to_numpy(dtype=object)
    row = {str(g): k for k, g in enumerate(geoid)}
    row.update({f.code: row[f.now] for f in FORMER if not f.divided})

    counties: dict[tuple[str, str], int] = {}
    full, short = areas["full_name"].to_numpy(dtype=object), areas["name"].to_numpy(dtype=object)
    # Independent cities come last, so that a bare name means the county where both exist.
    for k in sorted(range(len(areas)), key=lambda k: str(full[k]).endswith(" city")):
        for name in (str(full[k]), str(short[k])):
            counties.setdefault((str(state[k]), county_key(name)), k)

    of_zip = np.array([row.get(c, -1) for c in zips["county"]])
    lat, lon = zips["lat"].to_numpy(dtype=np.float64), zips["lon"].to_numpy(dtype=np.float64)
    by_zip = {
        str(z): (int(k), str(s), float(a), float(o))
        for z, k, s, a, o in zip(zips["zip"], of_zip, zips["state"], lat, lon, strict=True)
    }
    key_of = {c: city_key(c) for c in set(zips["city"])}  # half the ZIPs share a city's name with another
    keys = pd.DataFrame({"state": zips["state"], "city": [key_of[c] for c in zips["city"]], "k": of_zip})
    keys = keys.assign(lat=lat, lon=lon, n=1)[of_zip >= 0]
    grouped = keys.groupby(["state", "city", "k"], as_index=False).agg({"n": "sum", "lat": "mean", "lon": "mean"})
    grouped = grouped.sort_values(["n", "k"], ascending=[True, False])  # the county of most ZIPs is written last
    cities = {
        (str(s), str(c)): (int(k), float(a), float(o))
        for s, c, k, a, o in grouped[["state", "city", "k", "lat", "lon"]].itertuples(index=False)
    }
    towns = _plain_texts(folder / "cities.parquet")
    for s, c, county, a, o in towns[["state", "city", "county", "lat", "lon"]].itertuples(index=False):
        cities.setdefault((str(s), city_key(c)), (row[county], float(a), float(o)))
    return Gazetteer(
        geoid=geoid,
        label=areas["label"].to_numpy(dtype=object),
        county_state=state,
        tree=shapely.STRtree(areas.geometry.to_numpy()),
        row=row,
        counties=counties,
        zips=by_zip,
        cities=cities,
        points=areas[["lat", "lon"]].to_numpy(dtype=np.float64),
    )


def _plain_texts(file: Path) -> pd.DataFrame:
    """A table whose texts are Python's, which a loop reads several times faster than Arrow's."""
    table = pd.read_parquet(file)
    return table.astype({c: object for c in table.columns if pd.api.types.is_string_dtype(table[c].dtype)})


def clean_zip(text: str) -> tuple[str, bool]:
    """Five digits and whether leading zeros were lost; ("", False) if the text is no US ZIP."""
    word = text.strip().strip("'\"")
    word = word[:-2] if re.fullmatch(r"\d+\.0", word) else word
    found = re.fullmatch(r"(\d{3,5})(?:[-\s]\s*(\d{4})?)?", word)
    if found:
        return found[1].zfill(5), len(found[1]) < 5
    if re.fullmatch(r"\d{7,9}", word):
        return word.zfill(9)[:5], len(word) < 9
    return "", False
