"""Gaps between areas: small cases by hand, then properties: nothing lost, nothing twice, every border still fits."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.geometry.adjacency import shared_borders
from terr.boundaries.layers.catalog import areas
from terr.boundaries.own import filling
from terr.boundaries.own.filling import FilledAreas, fill, land_of
from terr.errors import StoppedError
from terr.model.progress import Progress
from tests.helpers.effort import examples
from tests.helpers.geofiles import squares


def sheet(shapes: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"unit_id": [str(i) for i in range(len(shapes))], "state": "", "county": ""}, geometry=shapes, crs="EPSG:4326"
    )


def shapes_of(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(frame.geometry.to_numpy(), dtype=object)


def sound(before: gpd.GeoDataFrame, done: FilledAreas) -> None:
    """What holds for every fill."""
    old, new = shapes_of(before), shapes_of(done.frame)
    fills = np.asarray(done.fills.to_numpy(), dtype=object)
    assert shapely.is_valid(new).all()
    assert shapely.coverage_is_valid(new)
    assert shapely.area(new).sum() == pytest.approx(shapely.area(old).sum() + shapely.area(fills).sum(), rel=1e-9)
    assert shapely.area(shapely.difference(old, new)) == pytest.approx(np.zeros(len(old)), abs=1e-12)
    assert shapely.area(shapely.union_all(new)) == pytest.approx(shapely.area(new).sum(), rel=1e-9)
    assert len(done.owner) == len(fills)
    for part, owner in zip(fills, done.owner.tolist(), strict=True):
        assert shapely.area(shapely.difference(part, new[owner])) == pytest.approx(0.0, abs=1e-12)


def pairs(frame: gpd.GeoDataFrame) -> set[tuple[int, int]]:
    found = shared_borders(frame)
    return set(zip(found["i"].tolist(), found["j"].tolist(), strict=True))


def test_a_hole_between_four_squares_is_cut_in_four():
    """A cross of four areas round a square hole: each gets the triangle at its side, and opposite ones meet nowhere."""
    ring = [
        shapely.Polygon([(0, 0), (3, 0), (2, 1), (1, 1)]),
        shapely.Polygon([(3, 0), (3, 3), (2, 2), (2, 1)]),
        shapely.Polygon([(3, 3), (0, 3), (1, 2), (2, 2)]),
        shapely.Polygon([(0, 3), (0, 0), (1, 1), (1, 2)]),
    ]
    before = sheet(ring)
    done = fill(before)
    sound(before, done)
    assert done.gaps == 1
    assert sorted(done.owner.tolist()) == [0, 1, 2, 3]
    assert shapely.area(np.asarray(done.fills)) == pytest.approx([0.25] * 4, abs=0.08)
    assert shapely.union_all(shapes_of(done.frame)).equals(shapely.box(0, 0, 3, 3))


def test_a_hole_in_one_area_goes_to_it_whole():
    before = sheet([shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2)), shapely.box(3, 0, 4, 3)])
    done = fill(before)
    sound(before, done)
    assert done.owner.tolist() == [0]
    assert shapely.equals(done.frame.geometry[0], shapely.box(0, 0, 3, 3))


def test_an_island_in_a_lake_stays_what_it_is():
    lake = shapely.box(0, 0, 5, 5).difference(shapely.box(1, 1, 4, 4))
    before = sheet([lake, shapely.box(2, 2, 3, 3)])
    done = fill(before)
    sound(before, done)
    assert shapely.union_all(shapes_of(done.frame)).equals(shapely.box(0, 0, 5, 5))
    assert pairs(before) == set()
    assert pairs(done.frame) == {(0, 1)}


def test_two_areas_across_a_gap_become_neighbors():
    """A river of 0.2 degrees between two banks that meet at both ends."""
    south = shapely.Polygon([(0, 0), (4, 0), (4, 1), (3, 0.9), (1, 0.9), (0, 1)])
    north = shapely.Polygon([(0, 1), (1, 1.1), (3, 1.1), (4, 1), (4, 2), (0, 2)])
    before = sheet([south, north])
    assert pairs(before) == set()
    done = fill(before)
    sound(before, done)
    assert pairs(done.frame) == {(0, 1)}
    assert shapely.area(np.asarray(done.fills)) == pytest.approx([0.3, 0.3], rel=0.05)


def test_the_sea_is_not_filled():
    """A bay is open to the sea; only a slit narrower than a hundred metres is a gap."""
    bay = shapely.Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    assert len(fill(sheet([bay, shapely.box(3, 0, 4, 3)])).fills) == 0
    below = shapely.Polygon([(0, -1), (2, -1), (2, 0), (1.0004, 0), (1, 0), (0, 0)])
    slit = sheet([shapely.box(0, 0, 1, 1), shapely.box(1.0004, 0, 2, 1), below])
    done = fill(slit)
    sound(slit, done)
    assert (0, 1) in pairs(done.frame)
    assert fill(sheet([shapely.box(0, 0, 1, 1), shapely.box(1.01, 0, 2, 1)])).gaps == 0


def test_a_narrow_inlet_of_one_area_is_left():
    inlet = shapely.box(0, 0, 1, 1).difference(shapely.box(0.5, 0.5, 0.5004, 1))
    assert len(fill(sheet([inlet, shapely.box(2, 0, 3, 1)])).fills) == 0


def test_nothing_to_fill_changes_nothing():
    before = sheet(squares([*"abc"]).geometry.to_list())
    done = fill(before)
    assert done.frame is before
    assert (done.gaps, len(done.fills), len(done.owner)) == (0, 0, 0)


def test_land_without_areas_goes_to_the_nearest():
    """Land of 4 x 1; areas at both ends, the middle is given half to each."""
    before = sheet([shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1)])
    done = fill(before, land=shapely.box(0, 0, 4, 1))
    sound(before, done)
    assert shapely.area(shapes_of(done.frame)) == pytest.approx([2, 2], rel=0.1)
    assert pairs(done.frame) == {(0, 1)}


def test_an_island_of_the_land_goes_to_the_nearest_area():
    before = sheet([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    land = shapely.MultiPolygon([shapely.box(0, 0, 2, 1), shapely.box(2.2, 0, 2.4, 0.2)])
    done = fill(before, land=land)
    assert done.owner.tolist() == [1]
    assert shapely.get_num_geometries(done.frame.geometry[1]) == 2


def test_a_coarser_coast_leaves_no_strips():
    """Land that reaches 0.002 degrees (200 m) further than the areas."""
    before = sheet([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    assert len(fill(before, land=shapely.box(0, -0.002, 2, 1)).fills) == 0
    assert len(fill(before, land=shapely.box(0, -0.02, 2, 1)).fills) == 2


def test_a_coast_that_crosses_a_border_leaves_it_whole():
    """The land ends in the middle of both areas' outer edges."""
    before = sheet([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    land = shapely.Polygon([(0.3, 0.5), (1.7, 0.5), (1.713, 1.337), (0.317, 1.291)])
    done = fill(before, land=land)
    sound(before, done)
    assert shapely.area(shapely.difference(land, shapely.union_all(shapes_of(done.frame)))) == pytest.approx(
        0, abs=1e-12
    )


def test_land_is_the_counties_the_areas_lie_in():
    texas = areas("county").query("state == 'TX'").reset_index(drop=True)
    three = texas.iloc[[0, 1, 2]]
    frame = gpd.GeoDataFrame({"state": "TX", "county": three["geoid"]}, geometry=three.geometry, crs="EPSG:4326")
    land = land_of(frame)
    assert shapely.area(land) == pytest.approx(shapely.area(np.asarray(three.geometry)).sum())
    most = texas.iloc[:200]
    frame = gpd.GeoDataFrame({"state": "TX", "county": most["geoid"]}, geometry=most.geometry, crs="EPSG:4326")
    assert shapely.area(land_of(frame)) == pytest.approx(shapely.area(np.asarray(texas.geometry)).sum())
    assert land_of(sheet([shapely.box(10, 50, 11, 51)])) is None


def test_the_filled_counties_of_a_state_cover_it():
    """Every third county of Texas is taken out; the others are given its land and make one piece."""
    texas = areas("county").query("state == 'TX'").reset_index(drop=True)
    left = texas[texas.index % 3 != 0].reset_index(drop=True)
    before = gpd.GeoDataFrame(
        {"unit_id": left["geoid"], "state": "TX", "county": left["geoid"]},
        geometry=left.geometry.to_numpy(),
        crs="EPSG:4326",
    )
    land = shapely.coverage_union_all(np.asarray(texas.geometry.to_numpy(), dtype=object))
    done = fill(before, land=land)
    sound(before, done)
    rest = shapely.get_parts(shapely.difference(land, shapely.union_all(shapes_of(done.frame))))
    assert shapely.is_empty(shapely.buffer(rest, -0.0025)).all()
    assert shapely.area(rest).sum() < 1e-4 * shapely.area(land)


def test_it_can_be_stopped():
    with pytest.raises(StoppedError):
        fill(sheet([shapely.box(0, 0, 1, 1)]), progress=Progress(cancel=lambda: True))


@given(st.data())
@examples(80)
def test_a_grid_with_squares_taken_out_is_whole_again(data):
    """Any squares taken out of any grid whose land is known: all of it is covered, once, and every border fits."""
    side = data.draw(st.integers(2, 6))
    cells = [(c, r) for r in range(side) for c in range(side)]
    out = data.draw(st.sets(st.sampled_from(cells), max_size=len(cells) - 1))
    jitter = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(-0.3, 0.3, (side + 1, side + 1, 2))
    at = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) + jitter
    squared = {(c, r): shapely.Polygon([at[c, r], at[c + 1, r], at[c + 1, r + 1], at[c, r + 1]]) for c, r in cells}
    land = shapely.coverage_union_all(np.array(list(squared.values()), dtype=object))
    before = sheet([s for k, s in squared.items() if k not in out])
    done = fill(before, land=land)
    sound(before, done)
    assert shapely.area(shapes_of(done.frame)).sum() == pytest.approx(land.area, rel=1e-9)
    assert pairs(before) <= pairs(done.frame)


@given(st.integers(0, 10_000), st.integers(3, 25))
@examples(60)
def test_any_hole_is_cut_without_loss(seed, corners):
    """A hole of any star shape in a sheet of Voronoi cells."""
    rng = np.random.default_rng(seed)
    points = shapely.multipoints(rng.uniform(0, 10, (8, 2)))
    frame = shapely.box(0, 0, 10, 10)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame)), frame)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    if np.diff([*angle, angle[0] + 2 * np.pi]).max() > np.pi:
        return
    reach = rng.uniform(0.5, 4.5, corners)
    hole = shapely.Polygon(np.column_stack([5 + reach * np.cos(angle), 5 + reach * np.sin(angle)]))
    left = shapely.coverage_clean(shapely.difference(cells, hole))
    before = sheet([s for s in left if not shapely.is_empty(s) and shapely.area(s) > 1e-6])
    done = fill(before)
    sound(before, done)
    covered = shapely.area(shapes_of(done.frame)).sum()
    assert covered == pytest.approx(shapely.area(shapely.union_all([hole, *shapes_of(before)])), rel=1e-6)


def test_a_gap_of_too_many_holes_is_left_open_and_counted(monkeypatch):
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(1, 1, 8, 8))
    islands = [shapely.box(2 + 2 * i, 2, 3 + 2 * i, 3) for i in range(3)]
    before = sheet([ring, *islands])
    assert (fill(before).gaps, fill(before).left) == (1, 0)
    monkeypatch.setattr(filling, "_MOST_HOLES", 2)
    done = fill(before)
    assert (done.gaps, done.left) == (0, 1)
    assert shapely.equals(shapes_of(done.frame), shapes_of(before)).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 0.05))
def test_a_gap_probed_as_wide_is_one_that_moving_its_outline_inward_leaves_something_of(seed, width):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 12))
    gap = shapely.make_valid(shapely.Polygon(np.column_stack([np.cos(turn), width * np.sin(turn)])))
    if shapely.get_type_id(gap) == 3 and filling._wide(gap):
        assert not shapely.is_empty(shapely.buffer(gap, -filling.SHORE))
    assert filling._wide(shapely.box(0, 0, 1, 1))
    assert not filling._wide(shapely.box(0, 0, 1, 2 * filling.SHORE))
