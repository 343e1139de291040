"""What a shape may cost: counted before the work, told with the area's name; one costly area never costs the others."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import shapely

from terr.boundaries.own.cleaning import CleanedAreas, clean
from terr.boundaries.own.overlaps import one_sheet
from terr.boundaries.own.upload import inspect
from terr.boundaries.reading import LIMITS, BoundaryFileLimits
from terr.errors import InputError
from tests.helpers.hostile_shapes import as_array, combs, feature_collection, pieces, round_area, star, with_holes

BESIDE = shapely.box(-90, 31, -89, 32)


def cleaned(*shapes: shapely.Geometry, **most: int) -> CleanedAreas:
    limits: BoundaryFileLimits = dataclasses.replace(LIMITS, **most)
    return clean(inspect(feature_collection(shapes), "areas.geojson", limits=limits), "id", limits=limits)


@pytest.mark.parametrize(
    ("shape", "most", "said"),
    [
        (
            round_area(5_000),
            {"corners": 4_000},
            "1 area had too many corners and was left out: a0 (5,001 corners); simplify to 4,000 corners at most.",
        ),
        (
            with_holes(60),
            {"rings": 50},
            "1 area had too many pieces and holes and was left out: a0 (61 pieces and holes); drop the small ones, 50 "
            "are the most.",
        ),
        (
            pieces(60),
            {"rings": 50},
            "1 area had too many pieces and holes and was left out: a0 (60 pieces and holes); drop the small ones, 50 "
            "are the most.",
        ),
        (
            star(41),
            {"crossings": 700},
            "1 area had too many crossings and was left out: a0 (779 crossings of its own outline); repair the outline "
            "where the file was made, 700 crossings are the most.",
        ),
    ],
)
def test_an_area_over_its_budget_is_left_out_by_name_and_the_others_stay(shape, most, said):
    got = cleaned(shape, BESIDE, **most)
    assert got.frame["unit_id"].tolist() == ["a1"]
    assert [f.message for f in got.findings] == [said]
    with pytest.raises(InputError) as refused:
        cleaned(shape, **most)
    assert said in str(refused.value)


@pytest.mark.parametrize("shape", [round_area(5_000), with_holes(60), pieces(60)])
def test_an_area_at_its_budget_stays_as_it_is(shape):
    most = {"corners": shapely.get_num_coordinates(shape), "rings": 61}
    got = cleaned(shape, BESIDE, **most)
    assert got.findings == ()
    assert shapely.equals(got.frame.geometry.iloc[0], shape)


def test_an_outline_that_crosses_itself_often_is_repaired_and_keeps_what_it_encloses():
    """779 crossings: beyond what is repaired line by line."""
    shape = star(41)
    got = cleaned(shape, BESIDE)
    assert [f.code for f in got.findings] == ["invalid"]
    kept = got.frame.geometry.iloc[0]
    assert shapely.is_valid(kept)
    assert 0 < shapely.area(kept) <= shapely.area(shapely.convex_hull(shape))


def test_areas_whose_outlines_cross_each_other_too_often_are_refused_by_name():
    shapes = as_array(*combs(8))
    with pytest.raises(InputError) as refused:
        one_sheet(shapes, [f"comb {i}" for i in range(8)])
    assert str(refused.value).startswith("the outlines of areas cross those of others too often, ")
    assert "comb " in str(refused.value)
    assert "and 5 more" in str(refused.value)


def test_a_few_slivers_are_no_crossing_too_many():
    west, east = np.linspace(0, 1, 200), np.linspace(1, 0, 200)
    wave = np.column_stack([0.5 + 0.0001 * np.sin(west * 500), west])
    left = shapely.Polygon([(0, 0), *wave.tolist(), (0, 1)])
    right = shapely.Polygon([(1, 1), *np.column_stack([np.full(200, 0.5), east]).tolist(), (1, 0)])
    whole, found = one_sheet(as_array(left, right), ["left", "right"])
    assert [f.code for f in found] == ["sliver"]
    assert shapely.coverage_is_valid(whole)


def test_a_geojson_shape_over_its_budget_is_not_even_parsed_and_said_with_its_corners():
    """Whatever stands around it: spaces, a text that says "coordinates", elevations, halves of a MultiPolygon."""
    many = shapely.MultiPolygon([round_area(40), round_area(30, west=-80)])
    body = json.loads(feature_collection([many, BESIDE]))
    body["features"][0]["properties"]["note"] = '"coordinates": [[1,2],[3,4]]'
    for text in (json.dumps(body), json.dumps(body, indent=2), json.dumps(body, separators=(",", ":"))):
        limits = dataclasses.replace(LIMITS, corners=60)
        seen = inspect(text.encode(), "areas.geojson", limits=limits)
        assert seen.raw.cut == ((0, 72),)
        assert shapely.is_empty(seen.raw.geometry[0])
        got = clean(seen, "id", limits=limits)
        assert got.frame["unit_id"].tolist() == ["a1"]
        assert [f.message for f in got.findings] == [
            "1 area had too many corners and was left out: a0 (72 corners); simplify to 60 corners at most."
        ]
    whole = inspect(json.dumps(body).encode(), "areas.geojson", limits=dataclasses.replace(LIMITS, corners=72))
    assert whole.raw.cut == ()
    assert len(clean(whole, "id").frame) == 2
