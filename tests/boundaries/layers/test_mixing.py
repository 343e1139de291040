"""Mixed levels: areas of a level split into those inside them, as a value, as a layer, as a drawing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from terr.boundaries.geometry.inserting import with_corners
from terr.boundaries.layers import catalog
from terr.boundaries.layers.catalog import geometry_file, inside_of, layer, load_units
from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.mixed_level import parse_mixed, split_level
from terr.boundaries.layers.mixing import children, mix, mixed_parts
from terr.errors import LocateError
from tests.helpers.effort import examples
from tests.helpers.layers import layer_of

COUNTIES = layer_of(
    {"00001": box(0, 0, 2, 2), "00002": box(2, 0, 3, 2), "00003": box(3, 0, 4, 2)},
    level="county",
    title="Counties",
    states=["AA", "AA", "BB"],
)
"""West (two degrees wide), middle and east, side by side."""


def zips() -> Layer:
    """West in two halves, one above the other; middle and east in a ZIP each."""
    made = layer_of(
        {"00002": box(0, 0, 2, 1), "00010": box(0, 1, 2, 2), "00020": box(2, 0, 3, 2), "00030": box(3, 0, 4, 2)},
        level="zip",
        title="ZIP areas",
        states=["AA", "AA", "AA", "BB"],
        approximate=True,
    )
    made.areas["county"] = ["00001", "00001", "00002", "00003"]
    return made


ZIPS = zips()


def of(level: str) -> Layer:
    return {"county": COUNTIES, "zip": ZIPS}[level]


def borders(whole: Layer) -> dict[tuple[str, str], float]:
    ids = whole.areas["unit_id"].to_numpy()
    return {(ids[i], ids[j]): km for i, j, km in whole.edges[["i", "j", "border_km"]].itertuples(index=False)}


def test_a_split_area_gives_way_to_the_areas_inside_it():
    made = mix(split_level("county", ["00001"]), of)
    assert made.areas["unit_id"].tolist() == ["county:00002", "county:00003", "zip:00002", "zip:00010"]
    assert made.areas["county"].tolist() == ["00002", "00003", "00001", "00001"]
    km = borders(made)
    whole, parts = borders(COUNTIES), borders(ZIPS)
    assert km[("county:00002", "county:00003")] == whole[("00002", "00003")]
    assert km[("zip:00002", "zip:00010")] == parts[("00002", "00010")]
    assert km[("county:00002", "zip:00002")] == parts[("00002", "00020")]
    assert set(km) == {
        ("county:00002", "county:00003"),
        ("county:00002", "zip:00002"),
        ("county:00002", "zip:00010"),
        ("zip:00002", "zip:00010"),
    }
    assert km[("county:00002", "zip:00002")] + km[("county:00002", "zip:00010")] == pytest.approx(
        whole[("00001", "00002")], rel=1e-9
    )
    assert (made.level, made.title, made.approximate) == ("county+zip:00001", "Counties, Area 00001 as ZIPs", True)


def test_a_county_and_a_zip_of_the_same_five_digits_are_two_units():
    made = mix(split_level("county", ["00001"]), of)
    assert {"county:00002", "zip:00002"} < set(made.areas["unit_id"])
    assert children(mixed_parts(parse_mixed(made.level), of)) == {"county:00001": (2, 3)}


@given(st.sets(st.sampled_from(["00001", "00002", "00003"]), min_size=1))
@examples(20)
def test_whatever_is_split_the_land_and_its_outline_stay(wanted):
    made = mix(split_level("county", wanted), of)
    assert made.areas["area_km2"].sum() == pytest.approx(COUNTIES.areas["area_km2"].sum())
    outer = made.areas["perimeter_km"].sum() - 2 * made.edges["border_km"].sum()
    assert outer == pytest.approx(COUNTIES.areas["perimeter_km"].sum() - 2 * COUNTIES.edges["border_km"].sum())
    assert (made.edges["i"] < made.edges["j"]).all()
    assert not made.edges.duplicated(["i", "j"]).any()


def test_levels_are_written_and_read_back():
    text = "state+county:CA,TX+zip:06037"
    level = parse_mixed(text)
    assert level.text == text
    assert level.levels == ("state", "county", "zip")
    assert parse_mixed("county+zip:17031,06037,06037").text == "county+zip:06037,17031", "each once, in order"
    assert split_level("state+county:CA", ["county:06037", "state:TX"]).text == text
    assert split_level("county", ["06037"]).text == "county+zip:06037"
    assert split_level("county+zip:06037", ["county:17031"]).text == "county+zip:06037,17031"
    assert split_level("city", ["06037-los-angeles"]).text == "city+zip:06037-los-angeles"
    assert parse_mixed("zip3+zip:021,TX").splits[0].parents == ("021", "TX")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("county+zip:", "not a mixed level"),
        ("county+zip:6037", "no county to split"),
        ("zip+county:06037", "not a mixed level"),
        ("county+county:TX", "starts from states or counties"),
        ("state+zip:06037", "starts from states or counties"),
        ("county+zip:06037/../../etc", "not a mixed level"),
        ("city+county:TX", "starts from states or counties"),
        ("city+zip:06037", "no city to split"),
        ("city+zip:06037-no-such-city", "isn't one of the areas here"),
        ("zip3+zip:02139", "no ZIP3 to split"),
        ("county+zip:" + ",".join(["06037"] * 9_000), "not a mixed level"),
        ("county+zip:99999", "isn't one of the areas here"),
        ("state+county:CA+zip:48201", "isn't one of the areas here"),
        ("county+zip:ZZ", "isn't one of the areas here"),
    ],
)
def test_what_can_be_no_mixed_level_is_refused_in_words(text, words):
    with pytest.raises(LocateError, match=words):
        layer(text)


def test_a_zip_cannot_be_split():
    with pytest.raises(LocateError, match="can't be split"):
        split_level("zip", ["19901"])
    with pytest.raises(LocateError, match="can't be split"):
        split_level("county+zip:10001", ["zip:19901"])


def test_a_county_without_zips_of_its_own_cannot_be_split():
    filled = set(layer("zip").areas["county"])
    bare = [g for g in layer("county").areas["unit_id"] if g not in filled]
    for one in bare:
        with pytest.raises(LocateError, match=r"has no ZIPs of its own, so it can't be split"):
            layer(f"county+zip:{one}")


@pytest.mark.parametrize("state", ["DE", "RI", "TX"])
def test_all_counties_of_a_state_split_are_its_zips(state):
    split, plain = load_units(f"county+zip:{state}", state), load_units("zip", state)
    assert [i.removeprefix("zip:") for i in split.ids] == plain.ids
    assert split.names == plain.names
    for name in ("indptr", "indices", "border_km", "outer_km", "xy_km", "area_km2"):
        assert np.array_equal(getattr(split, name), getattr(plain, name)), name


def test_states_split_into_counties_and_those_into_zips():
    made = layer("state+county:DE+zip:10001")
    kinds = made.areas["unit_id"].str.partition(":")[0].value_counts()
    assert kinds.to_dict() == {"state": 50, "county": 2, "zip": int((layer("zip").areas["county"] == "10001").sum())}
    inside = inside_of(made.level)
    assert set(inside["county:10001"]) < set(inside["state:DE"])
    assert len(inside["state:DE"]) == kinds["county"] + kinds["zip"]
    units = load_units(made.level, "DE, MD, PA, NJ")
    label = catalog.components(len(units), np.repeat(np.arange(len(units)), np.diff(units.indptr)), units.indices)
    assert label.max() == 0


def test_the_drawing_is_made_once_and_has_every_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from terr.ui.routes import known_files, packed

    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    catalog._mixed.cache_clear()
    try:
        whole = layer("state+county:DE")
        name = geometry_file(whole.level)
        body = json.loads((whole.geometry).read_bytes())
        assert body["units"]["id"] == whole.areas["unit_id"].tolist()
        assert all(body["units"]["rings"])
        assert known_files()[name] == whole.geometry
        assert packed(name) == whole.geometry.with_name(f"{name}.gz").read_bytes()
        at = whole.geometry.stat().st_mtime_ns
        assert geometry_file(whole.level) == name
        assert whole.geometry.stat().st_mtime_ns == at
    finally:
        catalog._mixed.cache_clear()


def test_corners_of_finer_areas_are_put_into_the_borders_beside_them():
    square = np.array([box(0, 0, 2, 2)], dtype=object)
    made = with_corners(square, np.array([[1.0, -1e-6], [1.5, 0.001], [2.0, 2.0], [0.5, 0.0], [0.0, 1.0]]))[0]
    ring = [(round(x, 6), round(y, 6)) for x, y in made.exterior.coords]
    assert set(ring) == {(0, 0), (0.5, 0), (1, -1e-6), (2, 0), (2, 2), (0, 2), (0, 1)}, "not 111 m off, nor twice"
    assert len(ring) == 8
    assert made.is_valid
    holed = np.array([box(0, 0, 3, 3).difference(box(1, 1, 2, 2))], dtype=object)
    again = with_corners(holed, np.array([[1.5, 1.0]]))[0]
    assert (1.5, 1.0) in again.interiors[0].coords
    assert again.equals(holed[0])


@pytest.mark.parametrize("level", ["county+zip:06037", "state+county:CA+zip:06037", "county+zip:DE"])
def test_units_of_two_levels_share_every_point_of_their_border(level):
    whole = layer(level)
    shapes, kind = whole.areas.geometry.to_numpy(), whole.areas["unit_id"].str.partition(":")[0].to_numpy()
    i, j = whole.edges["i"].to_numpy(), whole.edges["j"].to_numpy()
    rows = np.unique(np.concatenate([i[kind[i] != kind[j]], j[kind[i] != kind[j]]]))
    assert len(rows) > 10
    assert shapely.coverage_is_valid(shapes[rows], 1e-4)
