"""Boundaries of one's own: kept, listed, renamed, removed, and never taken from a plan that uses them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from terr.boundaries.layers.catalog import areas, layer
from terr.boundaries.zips import census
from terr.errors import InputError, LocateError, PlanError
from terr.workspace import boundary_library
from tests.helpers.geofiles import (
    CENSUS_ROWS,
    census_of_delaware,
    census_parts,
    geojson,
    geopackage,
    shapefile,
    squares,
    zipped,
)
from tests.helpers.misbehaving import serving
from tests.helpers.spaces import keep_boundaries, plan_on_level

HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) **b**"


pytestmark = pytest.mark.usefixtures("no_proxy")


def test_what_ships_with_the_app_is_listed_first(ws):
    listed = boundary_library.at_hand(ws)
    assert [s.level for s in listed[:2]] == ["state", "county"]
    assert [s.count for s in listed[:2]] == [51, 3144]
    for shown in listed:
        assert shown.count == len(layer(shown.level))
        assert shown.approximate == layer(shown.level).approximate
        assert shown.title == layer(shown.level).title
        assert not shown.own


def test_own_boundaries_are_kept_listed_renamed_and_removed(ws):
    level = keep_boundaries(ws, geojson(squares([*"abc"])), "  Sales \n regions ")
    shown = boundary_library.at_hand(ws)[-1]
    assert (shown.level, shown.title, shown.count, shown.own, shown.approximate) == (
        level,
        "Sales regions",
        3,
        True,
        False,
    )
    assert shown.source == "from the file areas.geojson"
    kept = layer(level)
    assert kept.areas["unit_id"].tolist() == ["a", "b", "c"]
    boundary_library.rename_boundaries(ws, level, "Regions of 2027")
    assert boundary_library.at_hand(ws)[-1].title == "Regions of 2027"
    assert layer(level).title == "Regions of 2027"
    boundary_library.remove_boundaries(ws, level)
    assert not any(s.own for s in boundary_library.at_hand(ws))
    with pytest.raises(LocateError):
        layer(level)


def test_the_same_file_takes_its_own_place_and_other_choices_another(ws):
    first = keep_boundaries(ws, geojson(squares([*"abc"])), "One")
    assert keep_boundaries(ws, geojson(squares([*"abc"])), "One again") == first
    assert [s.title for s in boundary_library.at_hand(ws) if s.own] == ["One again"]
    assert keep_boundaries(ws, geojson(squares([*"abc"])), "Filled", filled=True) != first
    assert keep_boundaries(ws, geojson(squares([*"abd"])), "Other") != first


@pytest.mark.parametrize(
    ("title", "words"), [("", "give"), (" \n\x00 ", "give"), ("x" * 121, "121 characters"), ("counties", "already")]
)
def test_names_that_cannot_be_used(ws, title, words):
    with pytest.raises(InputError, match=words):
        keep_boundaries(ws, geojson(squares(["a"])), title)
    level = keep_boundaries(ws, geojson(squares(["a"])), "Mine")
    with pytest.raises(InputError, match=words):
        boundary_library.rename_boundaries(ws, level, title)
    assert boundary_library.at_hand(ws)[-1].title == "Mine"
    boundary_library.rename_boundaries(ws, level, "MINE")


def test_boundaries_that_plans_use_are_not_removed(ws):
    level = keep_boundaries(ws, geojson(squares([*"abc"])), "Regions")
    info = plan_on_level(ws, level)
    assert boundary_library.at_hand(ws)[-1].plans == (info.name,)
    with pytest.raises(PlanError, match=r"Regions is used by .*; delete that plan first"):
        boundary_library.remove_boundaries(ws, level)
    assert boundary_library.at_hand(ws)[-1].level == level


def test_what_comes_with_the_app_stays(ws):
    for level in ("county", "own-000000000000", "../x", "zip-2020"):
        with pytest.raises(LocateError):
            boundary_library.remove_boundaries(ws, level)


def test_removing_the_exact_zips_removes_their_file(ws):
    with serving(zipped(census_parts(census_of_delaware()))) as server:
        added = boundary_library.install_census(base=server.base, rows=CENSUS_ROWS)
    assert added.levels == ("zip-2020", "zip3-2020")
    assert boundary_library.has_census(ws)
    assert census.fetched() is not None
    boundary_library.remove_boundaries(ws, "zip-2020")
    boundary_library.remove_boundaries(ws, "zip3-2020")
    assert not boundary_library.has_census(ws)
    assert census.fetched() is None


def test_own_zips_are_filled_and_know_their_point_zips(ws):
    frame = census_of_delaware().query("id != '00601'")
    level = keep_boundaries(ws, geopackage(frame), "Delaware ZIPs", filled=True)
    kept = layer(level)
    assert kept.members is not None
    assert "19901" in kept.members.index
    assert len(kept.fills) > 0
    land = shapely.union_all(np.asarray(areas("county").query("state == 'DE'").geometry, dtype=object))
    covered = shapely.union_all(np.asarray(kept.areas.geometry, dtype=object))
    assert shapely.area(shapely.difference(land, covered)) < 0.002 * shapely.area(land)


def test_areas_of_another_country_make_a_level(ws):
    level = keep_boundaries(ws, shapefile(squares(["10115", "10117"], west=13.3, south=52.5).to_crs(25833)), "Berlin")
    assert set(layer(level).areas["state"]) == {""}
    assert layer(level).areas["area_km2"].tolist() == pytest.approx([75.5, 75.5], abs=1.0)
