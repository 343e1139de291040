"""What comes with the app: levels, shapes, neighbors, and regions by their names."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import shapely

from terr.boundaries.geometry.adjacency import (
    components,
    perimeters,
)
from terr.boundaries.layers import catalog
from terr.boundaries.layers import layer as layers
from terr.boundaries.layers.catalog import (
    LEVELS,
    LOWER48,
    STATES,
    US,
    areas,
    data_dir,
    declared_bridges,
    geometry_file,
    load_units,
    national_index,
    parse_region,
    pieces,
    region_label,
)
from terr.errors import LocateError

EXACT = ("state", "county")


def connected(units) -> bool:
    rows = np.repeat(np.arange(len(units)), np.diff(units.indptr))
    return int(components(len(units), rows, units.indices).max()) == 0


def test_there_are_as_many_areas_as_there_should_be():
    counties, states = areas("county"), areas("state")
    assert len(counties) == 3144
    assert int(counties["state"].isin(LOWER48).sum()) == 3109
    assert len(states) == 51 == len(STATES) == len(US)
    assert len(LOWER48) == 49
    assert set(counties["state"]) == set(states["state"]) == set(STATES)
    assert dict(zip(states["state"], states["name"], strict=True)) == STATES
    assert int((counties["state"] == "TX").sum()) == 254
    assert sorted(counties.loc[counties["state"] == "CT", "geoid"]) == [f"091{k}0" for k in range(1, 10)]


@pytest.mark.parametrize(("level", "key"), [("county", "geoid"), ("state", "state")])
def test_areas_are_a_valid_coverage_sorted_by_id(level, key):
    frame = areas(level)
    assert frame.crs.to_epsg() == 4326
    assert frame[key].is_unique
    assert frame[key].is_monotonic_increasing
    assert frame["label"].is_unique
    assert bool(frame.geometry.is_valid.all())
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}
    assert bool(shapely.coverage_is_valid(frame.geometry.to_numpy()))
    inside = shapely.points(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    assert bool(shapely.contains(frame.geometry.to_numpy(), inside).all())


def test_areas_of_counties_add_up_to_their_states():
    counties, states = areas("county"), areas("state").set_index("state")
    total = counties.groupby("state")["area_km2"].sum()
    assert (total / states["area_km2"]).to_numpy() == pytest.approx(1.0, abs=1e-4)
    # The Census Bureau gives Texas 695,662 km2 with its coastal waters, 676,653 of them land.
    assert 676_653 < total["TX"] < 695_662


def test_known_names():
    frame = areas("county").set_index("geoid")
    assert frame.loc["48453", ["name", "full_name", "label"]].tolist() == ["Travis", "Travis County", "Travis, TX"]
    assert frame.loc["22071", "full_name"] == "Orleans Parish"
    assert frame.loc["02063", "full_name"] == "Chugach Census Area"
    assert frame.loc["09110", "full_name"] == "Capitol Planning Region"
    assert frame.loc["35013", "label"] == "Doña Ana, NM"
    assert frame.loc["24510", "label"] == "Baltimore city, MD"
    assert frame.loc["24005", "label"] == "Baltimore, MD"


def test_falls_church_is_there_and_borders_its_neighbors():
    units = load_units("county", "VA")
    code = units.codes()["51610"]
    assert units.area_km2[code] == pytest.approx(5.3, abs=0.3)
    assert sorted(units.ids[k] for k in units.neighbors(code)) == ["51013", "51059"]


def test_the_aleutians_do_not_cross_the_map():
    west = areas("county").set_index("geoid").loc["02016"]
    low, _, high, _ = west.geometry.bounds
    assert -188 < low < -180 < high < -166
    assert -180 < west["lon"] < -166


@pytest.mark.parametrize("level", EXACT)
def test_edges_are_clean_and_borders_fit_the_perimeters(level):
    edges = pd.read_parquet(data_dir() / f"{level}_edges.parquet")
    assert (edges["a"] < edges["b"]).all()
    assert not edges.duplicated(["a", "b"]).any()
    assert (edges["border_km"] > 0).to_numpy().tolist() == (~edges["bridge"]).to_numpy().tolist()
    units = load_units(level, "us")
    inner = np.add.reduceat(np.append(units.border_km, 0.0), units.indptr[:-1])
    inner[np.diff(units.indptr) == 0] = 0.0
    perimeter = perimeters(units.frame.geometry.to_numpy())
    assert inner + units.outer_km == pytest.approx(perimeter, rel=0.01)
    assert inner.max() > 0


def test_no_bridge_leads_to_alaska_or_hawaii():
    bridges = declared_bridges("county")
    states = bridges[["a_name", "b_name"]].map(lambda name: name[-2:])
    assert (states["a_name"] == states["b_name"]).all()
    assert ("Cheboygan, MI", "Mackinac, MI") in set(zip(bridges["a_name"], bridges["b_name"], strict=True))
    assert len(bridges) < 20
    assert declared_bridges("state").empty


# --- regions ---


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("TX", ("TX",)),
        ("tx, ok", ("OK", "TX")),
        ("texas and Oklahoma", ("OK", "TX")),
        (["TX", "OK", "TX"], ("OK", "TX")),
        ("  new   mexico ", ("NM",)),
        ("lower48", LOWER48),
        ("US", US),
        ("lower48, AK, HI", US),
        ("district of columbia", ("DC",)),
    ],
)
def test_a_region_is_read_from_what_people_write(text, want):
    assert parse_region(text) == want


def test_parse_region_names_what_it_does_not_know():
    with pytest.raises(LocateError, match='"Texass" is not a state or region; the closest is Texas'):
        parse_region("TX, Texass")
    with pytest.raises(LocateError, match="no region is given"):
        parse_region(" , ")
    with pytest.raises(LocateError, match="closest"):
        parse_region("<script>alert(1)</script>" * 100)


def test_a_region_is_named_shortly():
    assert region_label("TX") == "Texas"
    assert region_label("tx,ok") == "Oklahoma and Texas"
    assert region_label(["ME", "NH", "VT"]) == "Maine, New Hampshire and Vermont"
    assert region_label("lower48") == "Lower 48 states"
    assert region_label("us") == "United States"
    assert region_label("ME,NH,VT,MA,CT,RI") == "6 states"


# --- units ---


def test_texas_has_its_counties_and_borders():
    units = load_units("county", "TX")
    assert len(units) == 254
    assert len(units.indices) == 2 * 661
    assert connected(units)
    assert pieces(units) == [list(range(254))]
    assert units.bridges == ()
    assert units.names[units.codes()["48453"]] == "Travis, TX"
    assert load_units("county", ["texas"]) is units


@pytest.mark.parametrize("code", sorted(STATES))
def test_each_state_is_connected_and_symmetric(code):
    units = load_units("county", code)
    assert connected(units)
    assert len(pieces(units)) == 1
    graph = units.graph()
    assert (graph != graph.T).nnz == 0
    assert graph.diagonal().sum() == 0
    assert (units.outer_km >= 0).all()


@pytest.mark.parametrize("level", LEVELS)
def test_lower_48_is_one_piece(level):
    units = load_units(level, "lower48")
    assert connected(units)
    assert len(pieces(units)) == 1
    rows = np.repeat(np.arange(len(units)), np.diff(units.indptr))
    weight = {(int(a), int(b)): k for a, b, k in zip(rows, units.indices, units.border_km, strict=True)}
    assert all(weight[b, a] == k for (a, b), k in weight.items())
    assert units.frame.isna().sum().sum() == 0


def test_a_region_in_pieces_is_joined_and_says_so():
    units = load_units("county", "AL, ME, WA")
    assert connected(units)
    found = pieces(units)
    assert [len(p) for p in found] == [67, 39, 16]
    assert sorted(c for p in found for c in p) == list(range(len(units)))
    declared = {tuple(p) for p in declared_bridges("county")[["a", "b"]].to_numpy()}
    added = [p for p in units.bridges if p not in declared]
    assert len(added) == 2
    assert len({units.version, load_units("county", "AL").version}) == 2


def test_the_plane_is_equal_area_for_every_region():
    units = load_units("county", "AK")
    spread = units.xy_km.max(axis=0) - units.xy_km.min(axis=0)
    assert (spread < 3000).all()


@pytest.mark.parametrize("bad", ["parish", "", "counties" * 50])
def test_unknown_levels_are_named(bad):
    with pytest.raises(LocateError, match="is not a level"):
        load_units(bad, "TX")


# --- geometry for the browser ---


@pytest.mark.parametrize("level", EXACT)
def test_geometry_file_follows_the_national_file(level):
    name = geometry_file(level)
    assert re.fullmatch(level + r"-[0-9a-f]{10}\.json", name)
    path = data_dir().parent / "static" / "geo" / name
    assert path.stat().st_size < 1_500_000
    geo = json.loads(path.read_text(encoding="utf-8"))
    units = load_units(level, "us")
    assert geo["units"]["id"] == units.ids
    assert geo["units"]["name"] == units.names
    assert geo["units"]["state"] == units.frame["state"].tolist()
    assert national_index(units).tolist() == list(range(len(units)))

    scale, offset = np.array(geo["q"][:2]), np.array(geo["q"][2:])
    arcs = [np.cumsum(np.array(a).reshape(-1, 2), axis=0) * scale + offset for a in geo["arcs"]]
    assert len(geo["sides"]) == len(arcs)

    def ring(refs):
        parts = [arcs[r] if r >= 0 else arcs[~r][::-1] for r in refs]
        for one, two in zip(parts, [*parts[1:], parts[0]], strict=True):
            assert (one[-1] == two[0]).all()
        return np.vstack([parts[0], *[p[1:] for p in parts[1:]]])

    drawn = [
        shapely.MultiPolygon([shapely.Polygon(ring(p[0]), [ring(h) for h in p[1:]]) for p in polygons])
        for polygons in geo["units"]["rings"]
    ]
    true = units.frame.geometry.to_numpy()
    assert shapely.area(drawn) == pytest.approx(shapely.area(true), rel=1e-9)
    assert shapely.area(drawn).min() > 0

    pairs = {tuple(sorted(s)) for s in geo["sides"] if s[1] >= 0}
    edges = pd.read_parquet(data_dir() / f"{level}_edges.parquet")
    code = units.codes()
    want = {(code[a], code[b]) for a, b, bridge in edges[["a", "b", "bridge"]].itertuples(index=False) if not bridge}
    assert pairs == want
    for arc, (left, right) in enumerate(geo["sides"]):
        assert left >= 0
        assert left != right, arc


def test_rows_of_a_region_point_into_the_national_file():
    units = load_units("county", "TX")
    rows = national_index(units)
    assert areas("county")["geoid"].iloc[rows].tolist() == units.ids


def far_joins(units) -> set[tuple[str, str]]:
    """Names of the units joined across states where one of the two is Alaska or Hawaii."""
    state, code, name = units.frame["state"].tolist(), units.codes(), units.names
    ends = [(code[a], code[b]) for a, b in units.bridges]
    return {(name[a], name[b]) for a, b in ends if state[a] != state[b] and {state[a], state[b]} & {"AK", "HI"}}


def test_alaska_and_hawaii_join_the_continent_and_never_one_another():
    assert far_joins(load_units("county", "us")) == {
        ("Ketchikan Gateway, AK", "Clallam, WA"),
        ("Mendocino, CA", "Hawaii, HI"),
    }
    assert far_joins(load_units("county", "AK, HI, TX")) == {
        ("Ketchikan Gateway, AK", "Dallam, TX"),
        ("Hawaii, HI", "El Paso, TX"),
    }
    assert len(far_joins(load_units("county", "AK, HI"))) == 1, "alone they have only one another"
    assert connected(load_units("county", "us"))


def test_plans_made_when_hawaii_was_joined_to_alaska_still_open(monkeypatch):
    now = load_units("county", "us")
    monkeypatch.setattr(layers, "_over_sea", lambda *_: [])
    before = layers.cut(catalog.layer("county"), now.region)
    assert before.bridges != now.bridges
    assert before.version == now.version
