"""Look-ups made once from the bundled files: counties, ZIPs and cities by the names people write."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

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
    """Read-only look-ups made from the bundled files; each is made when it is first asked for, and kept.

    Attributes:
        areas: the counties, a row each: geoid, state, name, full_name, label, lat, lon, geometry (WKB).
        post: a row per ZIP: zip, city, state, county, lat, lon.
        folder: of the bundled files.
        row: county code (former ones too, where one county has all of their land) -> its row in `areas`.
    """

    areas: pd.DataFrame
    post: pd.DataFrame
    folder: Path
    row: dict[str, int]

    @cached_property
    def geoid(self) -> NDArray[np.object_]:
        """Object (n counties,): codes of five digits."""
        return np.asarray(self.areas["geoid"], dtype=object)

    @cached_property
    def label(self) -> NDArray[np.object_]:
        """Object (n counties,): name and state, for a reader."""
        return np.asarray(self.areas["label"], dtype=object)

    @cached_property
    def county_state(self) -> NDArray[np.object_]:
        """Object (n counties,): two letters."""
        return np.asarray(self.areas["state"], dtype=object)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """Float (n counties, 2): latitude and longitude in degrees."""
        return np.asarray(self.areas[["lat", "lon"]], dtype=np.float64)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The outlines of the counties, in the order of `areas`."""
        return shapely.STRtree(shapely.from_wkb(self.areas["geometry"].to_numpy()))

    @cached_property
    def counties(self) -> dict[tuple[str, str], int]:
        """State and `county_key` -> row in `areas`."""
        out: dict[tuple[str, str], int] = {}
        full, short = self.areas["full_name"].to_numpy(dtype=object), self.areas["name"].to_numpy(dtype=object)
        # Independent cities come last, so that a bare name means the county where both exist.
        for k in sorted(range(len(full)), key=lambda k: str(full[k]).endswith(" city")):
            for name in (str(full[k]), str(short[k])):
                out.setdefault((str(self.county_state[k]), county_key(name)), k)
        return out

    @cached_property
    def _county_of_zip(self) -> NDArray[np.int64]:
        """Int (n ZIPs,): row in `areas`, -1 = none."""
        return np.array([self.row.get(c, -1) for c in self.post["county"]])

    @cached_property
    def zips(self) -> dict[str, tuple[int, str, float, float]]:
        """ZIP -> row in `areas` (-1 = none), state, latitude, longitude."""
        post = self.post
        columns = (self._county_of_zip, post["state"], post["lat"], post["lon"])
        return dict(zip(post["zip"].tolist(), zip(*(c.tolist() for c in columns), strict=True), strict=True))

    @cached_property
    def cities(self) -> dict[tuple[str, str], tuple[int, float, float]]:
        """State and `city_key` -> row in `areas` of the county with most of its ZIPs, and their mean place."""
        post, of_zip = self.post, self._county_of_zip
        key_of = {c: city_key(c) for c in set(post["city"])}  # half the ZIPs share a city's name with another
        keys = pd.DataFrame({"state": post["state"], "city": [key_of[c] for c in post["city"]], "k": of_zip})
        keys = keys.assign(lat=post["lat"], lon=post["lon"], n=1)[of_zip >= 0]
        grouped = keys.groupby(["state", "city", "k"], as_index=False).agg({"n": "sum", "lat": "mean", "lon": "mean"})
        grouped = grouped.sort_values(["n", "k"], ascending=[True, False])  # the county of most ZIPs is written last
        out = {
            (str(s), str(c)): (int(k), float(a), float(o))
            for s, c, k, a, o in grouped[["state", "city", "k", "lat", "lon"]].itertuples(index=False)
        }
        towns = _plain_texts(self.folder / "cities.parquet")
        for s, c, county, a, o in towns[["state", "city", "county", "lat", "lon"]].itertuples(index=False):
            out.setdefault((str(s), city_key(c)), (self.row[county], float(a), float(o)))
        return out


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
    """The look-ups, read once and kept.

    Raises:
        LocateError: if the bundled files aren't there.
    """
    folder = Path(__file__).resolve().parents[2] / "data"
    if not (folder / "zip_points.parquet").is_file():
        raise LocateError("the bundled ZIP points are missing: run from a full checkout, with its folder data/")
    areas = _plain_texts(folder / "counties.parquet")
    row = {str(g): k for k, g in enumerate(areas["geoid"])}
    row.update({f.code: row[f.now] for f in FORMER if not f.divided})
    return Gazetteer(areas, _plain_texts(folder / "zip_points.parquet"), folder, row)


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
