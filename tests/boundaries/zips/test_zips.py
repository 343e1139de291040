"""ZIP areas estimated from ZIP points: small cases by hand, properties, and the bundled layers."""

import gzip
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.geometry.topology import CoordinateGrid, point_numbers
from terr.boundaries.layers.bundled import city_people
from terr.boundaries.layers.catalog import (
    LEVELS,
    data_dir,
    declared_bridges,
    geometry_file,
    layer,
    load_units,
    national_index,
    pieces,
)
from terr.boundaries.zips.approximate import estimate, parts
from terr.boundaries.zips.dissolving import dissolve
from terr.errors import InputError
from tests.helpers.effort import examples

GRID = CoordinateGrid(0.001, 0.001, 0.0, 0.0)


def counties(*boxes: tuple[float, float, float, float], states: str = "") -> gpd.GeoDataFrame:
    """Counties 00001, 00002, ... of the given boxes; all of state XX unless letters say otherwise."""
    shapes = [shapely.box(*b) for b in boxes]
    names = [f"{k + 1:05d}" for k in range(len(boxes))]
    state = [2 * s for s in states] if states else ["XX"] * len(boxes)
    return gpd.GeoDataFrame({"geoid": names, "state": state}, geometry=shapes, crs="EPSG:4326")


def points(*rows: tuple[str, str, float, float, bool], state: str = "XX") -> pd.DataFrame:
    """Rows of (zip, county, lon, lat, has an area)."""
    table = pd.DataFrame(rows, columns=["zip", "county", "lon", "lat", "area"])
    return table.assign(city="Town", state=state)


TWO = counties((0, 0, 1, 1), (1, 0, 2, 1))
FOUR = points(
    ("10001", "00001", 0.25, 0.5, True),
    ("10002", "00001", 0.75, 0.5, True),
    ("10003", "00002", 1.5, 0.25, True),
    ("10004", "00002", 1.5, 0.75, True),
)


# --- by hand ---


def test_two_counties_with_two_zips_each():
    """The first county is halved from south to north, the second from west to east."""
    found = estimate(FOUR, TWO, GRID)
    want = [(0, 0, 0.5, 1), (0.5, 0, 1, 1), (1, 0, 2, 0.5), (1, 0.5, 2, 1)]
    assert found.frame["unit_id"].tolist() == ["10001", "10002", "10003", "10004"]
    assert found.frame["label"].tolist()[0] == "10001 Town, XX"
    assert found.frame["county"].tolist() == ["00001", "00001", "00002", "00002"]
    for shape, box in zip(found.frame.geometry, want, strict=True):
        assert shapely.area(shapely.symmetric_difference(shape, shapely.box(*box))) < 1e-6
    assert shapely.coverage_is_valid(found.raw)
    # The line of the second county ends in the side of 10002, which has a point there.
    assert [1.0, 0.5] in shapely.get_coordinates(found.frame.geometry[1]).round(6).tolist()
    zips, _ = parts(found, GRID, {})
    pairs = zips.edges[["i", "j"]].to_numpy().tolist()
    assert pairs == [[0, 1], [1, 2], [1, 3], [2, 3]]
    # Half a degree of a meridian at the equator is 55.29 km.
    assert zips.edges["border_km"].tolist() == pytest.approx([110.57, 55.29, 55.29, 111.32], abs=0.02)
    assert found.members.to_dict() == {z: z for z in FOUR["zip"]}


def test_zips_without_an_area_belong_to_the_one_they_lie_in():
    more = points(
        ("10009", "00001", 0.9, 0.9, False),  # in 10002
        ("10010", "00002", 1.9, 0.1, False),  # in 10003
        ("10011", "00002", 2.2, 0.9, False),  # off the coast of 10004
        ("09001", "", 0.5, 0.5, False),  # military
    )
    found = estimate(pd.concat([FOUR, more], ignore_index=True), TWO, GRID)
    assert found.members[["10009", "10010", "10011"]].tolist() == ["10002", "10003", "10004"]
    assert "09001" not in found.members.index
    assert len(found.members) == 7
    assert found.members.index.is_monotonic_increasing


def test_a_zip_without_an_area_stays_in_its_state():
    two = counties((0, 0, 1, 1), (1, 0, 2, 1), states="XY")
    rows = pd.concat(
        [
            points(("10001", "00001", 0.5, 0.5, True), ("10005", "00001", 1.1, 0.5, False), state="XX"),
            points(("20001", "00002", 1.5, 0.5, True), state="YY"),
        ],
        ignore_index=True,
    )
    assert estimate(rows, two, GRID).members["10005"] == "10001"


def test_the_point_decides_the_county_within_the_state():
    moved = points(
        ("10001", "00001", 0.5, 0.5, True), ("10002", "00001", 1.25, 0.5, True), ("10003", "00002", 1.75, 0.5, True)
    )
    found = estimate(moved, TWO, GRID).frame
    assert found["county"].tolist() == ["00001", "00002", "00002"]
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx([1.0, 0.5, 0.5], abs=1e-6)


def test_the_county_stated_keeps_its_only_zip_and_those_whose_point_is_in_no_county_of_the_state():
    stray = points(
        ("10001", "00001", 1.25, 0.5, True), ("10002", "00002", 1.75, 0.5, True), ("10003", "00002", 1.5, 1.4, True)
    )
    found = estimate(stray, TWO, GRID).frame
    assert found["county"].tolist() == ["00001", "00002", "00002"]
    assert shapely.area(found.geometry.to_numpy())[0] == pytest.approx(1.0)
    assert shapely.area(found.geometry.to_numpy())[1:].sum() == pytest.approx(1.0)
    assert shapely.area(found.geometry.to_numpy()).min() > 0.05


def test_zips_of_one_place_share_it_out():
    same = points(*[(f"1000{k}", "00001", 0.5, 0.5, True) for k in range(4)])
    found = estimate(same, counties((0, 0, 1, 1)), GRID).frame
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx([0.25] * 4, rel=0.02)


def test_a_county_without_zips_goes_to_its_nearest_neighbour():
    row = counties((0, 0, 1, 1), (1, 0, 2, 1), (2, 0, 3, 1))
    found = estimate(points(("10001", "00001", 0.6, 0.5, True), ("10003", "00003", 2.3, 0.5, True)), row, GRID).frame
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx([1.0, 2.0])
    assert found["county"].tolist() == ["00001", "00003"]
    assert found.geom_type.tolist() == ["Polygon", "Polygon"]


def test_an_island_county_without_zips_goes_to_the_nearest_zip_of_its_state():
    far = counties((0, 0, 1, 1), (1, 0, 2, 1), (8, 0, 9, 1), states="XYX")
    rows = points(("10001", "00001", 0.5, 0.5, True))
    rows = pd.concat([rows, points(("20001", "00002", 1.5, 0.5, True), state="YY")], ignore_index=True)
    found = estimate(rows, far, GRID).frame
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx([2.0, 1.0])
    assert found["state"].tolist() == ["XX", "YY"]


def test_zip3_areas_by_hand():
    frame = estimate(FOUR.assign(zip=["10001", "10002", "10101", "10102"]), TWO, GRID).frame
    frame["label"] = ["10001 Alpha, XX", "10002 Beta, XX", "10101 Gamma, YY", "10102 Delta, XX"]
    frame["state"] = ["XX", "XX", "YY", "XX"]
    frame["area_km2"] = [1.0, 1.0, 3.0, 1.0]
    known = pd.Series({"10001": "10001", "10199": "10002", "20000": "10002"})
    joined, members = dissolve(frame, known, people={"Beta, XX": 7, "Alpha, XX": 3, "Delta, XX": 9})
    assert joined["unit_id"].tolist() == ["100", "101"]
    assert joined["label"].tolist() == ["100 Beta, XX", "101 Gamma, YY"]
    assert joined["state"].tolist() == ["XX", "YY"]
    assert shapely.area(joined.geometry.to_numpy()) == pytest.approx([1.0, 1.0])
    assert members.to_dict() == {"10001": "100", "10199": "101", "20000": "100"}
    with pytest.raises(InputError, match='"ab" has no 3 digits'):
        dissolve(frame.assign(unit_id=["ab", "1", "2", "3"]))


# --- properties ---

BLOCK = counties((0, 0, 1, 1), (1, 0, 2, 1), (0, 1, 1, 2), (1, 1, 2, 2))


@st.composite
def places(draw: st.DrawFn) -> pd.DataFrame:
    """Points in and about four counties, some in one place, on their lines, far outside."""
    coarse = draw(st.booleans())
    where = st.integers(-2, 22).map(lambda v: v / 10) if coarse else st.floats(-0.2, 2.2).map(lambda v: round(v, 4))
    rows = draw(st.lists(st.tuples(st.sampled_from("1234"), where, where, st.booleans()), min_size=1, max_size=25))
    rows[0] = (*rows[0][:3], True)
    return points(*[(f"{10000 + k}", f"0000{c}", x, y, a) for k, (c, x, y, a) in enumerate(rows)])


@examples(60)
@given(places())
def test_areas_cover_the_counties_without_gaps_or_overlaps(table):
    found = estimate(table, BLOCK, GRID)
    own = table.loc[table["area"], "zip"].tolist()
    assert found.frame["unit_id"].tolist() == own
    assert shapely.is_valid(found.raw).all()
    assert shapely.coverage_is_valid(found.raw)
    area = shapely.area(found.frame.geometry.to_numpy())
    assert area.min() > 0
    assert area.sum() == pytest.approx(4.0, rel=1e-6)
    has = set(found.frame["county"])
    for k, geoid in enumerate(BLOCK["geoid"]):
        rest = [b for j, b in enumerate(BLOCK.geometry) if BLOCK["geoid"][j] not in has and j != k]
        mine = area[(found.frame["county"] == geoid).to_numpy()].sum()
        if geoid in has:
            assert 1 - 1e-6 < mine < 1 + len(rest) + 1e-6
    assert found.members.index.tolist() == table["zip"].tolist()
    assert set(found.members) <= set(own)
    assert (found.members[own] == own).all()


@examples(40)
@given(st.integers(1, 15), st.integers(0, 2**32 - 1))
def test_each_place_belongs_to_the_nearest_zip_of_its_county(n, seed):
    random = np.random.default_rng(seed)
    # One point per square of a grid, away from its sides, so that none has to be moved.
    cells = random.permutation(64)[:n]
    xy = np.column_stack([cells % 8, cells // 8]) / 4 + random.uniform(0.03, 0.22, (n, 2))
    county = lambda at: (np.floor(at[:, 0]) + 2 * np.floor(at[:, 1])).astype(int)  # noqa: E731
    rows = zip(county(xy) + 1, xy, strict=True)
    table = points(*[(f"{10000 + k}", f"0000{c}", x, y, True) for k, (c, (x, y)) in enumerate(rows)])
    found = estimate(table, BLOCK, GRID).frame
    asked = random.uniform(0, 2, (50, 2))
    for at in asked:
        mine = np.flatnonzero(county(xy) == county(at[None])[0])
        if not len(mine):
            continue
        # The plane of a county stretches by the latitude of its middle.
        lat = np.radians(np.floor(at[1]) + 0.5)
        wide, tall = 111.41288 * np.cos(lat) - 0.0935 * np.cos(3 * lat), 111.13292 - 0.55982 * np.cos(2 * lat)
        distance = np.hypot(*((xy[mine] - at) * [wide, tall]).T)
        inside = shapely.distance(found.geometry.to_numpy()[mine], shapely.Point(at)) < 1e-6
        assert distance[inside].min() == pytest.approx(distance.min(), abs=1e-3)


# --- the bundled layers ---


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return pd.read_parquet(data_dir() / "zip_points.parquet")


def test_every_zip_with_an_area_has_one(known):
    zips = layer("zip")
    assert LEVELS == ("state", "county", "zip3", "zip")
    assert zips.title == "ZIP areas, approximate"
    assert zips.approximate
    assert "GeoNames, CC BY 4.0" in zips.source
    assert len(zips) == 33_642 == int(known["area"].sum())
    assert zips.areas["unit_id"].tolist() == known.loc[known["area"], "zip"].tolist()
    assert zips.areas["area_km2"].min() > 0.005
    assert set(zips.areas["county"]) <= set(layer("county").areas["geoid"])
    state = layer("county").areas.set_index("geoid")["state"]
    assert (state[zips.areas["county"]].to_numpy() == zips.areas["state"].to_numpy()).all()
    row = zips.areas.set_index("unit_id").loc["02139"]
    assert [row["label"], row["state"], row["county"]] == ["02139 Cambridge, MA", "MA", "25017"]


def test_members_are_all_zips_but_military_and_overseas_ones(known):
    members = layer("zip").members
    assert len(members) == 40_977 == int((known["county"] != "").sum())
    assert set(members.index) == set(known.loc[known["county"] != "", "zip"])
    ids = layer("zip").areas["unit_id"]
    assert set(members) == set(ids)
    assert (members[ids].to_numpy() == ids.to_numpy()).all()
    assert members["60690"] in set(ids)
    # A ZIP stays in its state.
    state = layer("zip").areas.set_index("unit_id")["state"]
    stated = known.set_index("zip")["state"]
    assert (state[members.to_numpy()].to_numpy() == stated[members.index].to_numpy()).all()


def test_zip_areas_are_a_clean_coverage_of_the_counties():
    zips, counties_ = layer("zip").areas, layer("county").areas
    geometry = zips.geometry.to_numpy()
    assert shapely.is_valid(geometry).all()
    assert shapely.coverage_is_valid(geometry)
    inside = shapely.points(zips["lon"].to_numpy(), zips["lat"].to_numpy())
    assert shapely.contains(geometry, inside).all()
    area = np.bincount(pd.Index(counties_["geoid"]).get_indexer(zips["county"]), weights=shapely.area(geometry))
    want = shapely.area(counties_.geometry.to_numpy())
    assert area.sum() == pytest.approx(want.sum(), rel=1e-9)
    # Williamsburg VA has no ZIP of its own and belongs to one of James City.
    off = np.abs(area - want) > 1e-6 * want + 1e-7
    assert counties_["label"].to_numpy()[off].tolist() == ["James City, VA", "Williamsburg, VA"]


def test_county_points_are_points_of_the_zip_areas():
    ours = shapely.get_coordinates(layer("zip").areas.geometry.to_numpy())
    theirs = shapely.get_coordinates(layer("county").areas.geometry.to_numpy())
    number = point_numbers(np.vstack([ours, theirs]))
    there = np.isin(number[len(ours) :], number[: len(ours)])
    # All but those of the line between James City and Williamsburg VA, which have a ZIP in common.
    assert (~there).sum() < 40
    lost = theirs[~there]
    assert (np.abs(lost - [-76.7, 37.27]) < 0.12).all()


@pytest.mark.parametrize("state", ["DE", "CO"])
def test_the_bundled_areas_are_those_the_code_makes(known, state):
    whole = layer("county")
    few = whole.areas[whole.areas["state"] == state].reset_index(drop=True)
    grid = CoordinateGrid(*json.loads(whole.geometry.read_text(encoding="utf-8"))["q"])
    found = estimate(known, few, grid)
    zips, _ = parts(found, grid, city_people())
    want = layer("zip").areas
    want = want[want["state"] == state]
    assert zips.areas["unit_id"].tolist() == want["unit_id"].tolist()
    assert zips.areas["label"].tolist() == want["label"].tolist()
    assert zips.areas["area_km2"].to_numpy() == pytest.approx(want["area_km2"].to_numpy(), rel=1e-5, abs=1e-4)
    members = layer("zip").members
    assert members[found.members.index].tolist() == found.members.tolist()


def test_zip3_areas():
    zips, joined = layer("zip"), layer("zip3")
    assert joined.title == "ZIP3 areas, approximate"
    assert joined.approximate
    assert len(joined) == 891 == zips.areas["unit_id"].str[:3].nunique()
    assert shapely.coverage_is_valid(joined.areas.geometry.to_numpy())
    total = zips.areas.groupby(zips.areas["unit_id"].str[:3])["area_km2"].sum()
    assert joined.areas["area_km2"].to_numpy() == pytest.approx(total.to_numpy(), rel=1e-5)
    names = joined.areas.set_index("unit_id")["label"]
    assert names[["606", "021", "900"]].tolist() == ["606 Chicago, IL", "021 Boston, MA", "900 Los Angeles, CA"]
    assert set(joined.members.index) == set(zips.members.index)
    assert joined.members["60690"] == "606"
    assert set(joined.members) == set(joined.areas["unit_id"])


@pytest.mark.parametrize("level", ["zip", "zip3"])
def test_edges_fit_the_perimeters(level):
    edges, table = layer(level).edges, layer(level).areas
    assert (edges["i"] < edges["j"]).all()
    assert not edges.duplicated(["i", "j"]).any()
    assert ((edges["border_km"] > 0) == ~edges["bridge"]).all()
    inner = np.bincount(
        np.concatenate([edges["i"], edges["j"]]), weights=np.tile(edges["border_km"], 2), minlength=len(table)
    )
    assert (inner <= table["perimeter_km"].to_numpy() * (1 + 1e-6) + 1e-5).all()


def test_bridges_are_few_and_stay_in_their_state():
    bridges = declared_bridges("zip")
    assert len(bridges) < 40
    assert (bridges["a_name"].str[-2:] == bridges["b_name"].str[-2:]).all()
    assert ("02539", "02554") in set(zip(bridges["a"], bridges["b"], strict=True))  # Martha's Vineyard, Nantucket


def test_units_of_a_state():
    units = load_units("zip", "MA")
    code = units.codes()
    near = [units.ids[k] for k in units.neighbors(code["02139"])]
    assert {"02138", "02141"} <= set(near)
    assert len(pieces(units)) == 1
    assert [len(p) for p in pieces(load_units("zip", "us"))] == [33_300, 245, 97]
    assert (units.outer_km >= 0).all()
    assert load_units("zip3", "MA").names[0] == "010 Chicopee, MA"


@pytest.mark.parametrize(("level", "most", "packed"), [("zip", 10e6, 3.5e6), ("zip3", 1e6, 0.4e6)])
def test_the_browser_file_draws_every_area(level, most, packed):
    path = data_dir().parent / "static" / "geo" / geometry_file(level)
    text = path.read_bytes()
    assert len(text) <= most
    assert len(gzip.compress(text, 6)) <= packed
    geo = json.loads(text)
    table = layer(level).areas
    units = load_units(level, "us")
    assert national_index(units).tolist() == list(range(len(table)))
    assert geo["units"]["id"] == table["unit_id"].tolist()
    assert geo["units"]["name"] == table["label"].tolist()
    assert geo["units"]["state"] == table["state"].tolist()
    assert geo["units"].get("county") == (table["county"].tolist() if level == "zip" else None)
    assert np.array(geo["units"]["pt"]) == pytest.approx(table[["lon", "lat"]].to_numpy(), abs=1e-4)

    # The area that each unit's arcs enclose, by the sum over its sides.
    size = np.array([len(a) // 2 for a in geo["arcs"]])
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    steps = np.concatenate([np.array(a).reshape(-1, 2) for a in geo["arcs"]])
    xy = np.cumsum(steps, axis=0)
    xy = xy - np.repeat(xy[start] - steps[start], size, axis=0)
    cross = np.zeros(len(xy))
    cross[:-1] = xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]
    cross[start + size - 1] = 0
    arc = np.add.reduceat(cross, start) / 2 * geo["q"][0] * geo["q"][1]
    sides = np.array(geo["sides"])
    inner = sides[:, 1] >= 0
    drawn = np.bincount(sides[:, 0], weights=arc, minlength=len(table))
    drawn -= np.bincount(sides[inner, 1], weights=arc[inner], minlength=len(table))
    true = shapely.area(table.geometry.to_numpy())
    assert drawn.min() > 0
    assert drawn == pytest.approx(true, rel=5e-3, abs=2e-6)

    edges = layer(level).edges
    real = edges[~edges["bridge"]]
    want = set(zip(real["i"].tolist(), real["j"].tolist(), strict=True))
    assert {(min(a, b), max(a, b)) for a, b in sides[inner].tolist()} == want
