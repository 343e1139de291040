"""Borders, perimeters and joins of pieces, on squares worked out by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.geometry.adjacency import (
    components,
    geodesic_km,
    perimeters,
    plane_km,
    segments,
    shared_borders,
)
from terr.boundaries.geometry.joining import join_components
from tests.helpers.effort import examples


def grid(side: int, step: float = 0.1) -> gpd.GeoDataFrame:
    """side x side squares, row by row."""
    boxes = [shapely.box(c * step, r * step, (c + 1) * step, (r + 1) * step) for r in range(side) for c in range(side)]
    return gpd.GeoDataFrame(geometry=boxes, crs="EPSG:4326")


def test_a_grid_has_rook_borders_and_no_corners():
    found = shared_borders(grid(4))
    want = {(r * 4 + c, r * 4 + c + 1) for r in range(4) for c in range(3)}
    want |= {(r * 4 + c, r * 4 + c + 4) for r in range(3) for c in range(4)}
    assert set(zip(found["i"], found["j"], strict=True)) == want
    # 0.1 degree of a meridian at the equator is 11.057 km, of the equator 11.132 km.
    sideways = found[found["j"] == found["i"] + 1]["border_km"]
    upwards = found[found["j"] == found["i"] + 4]["border_km"]
    assert sideways.to_numpy() == pytest.approx(11.0574, abs=1e-3)
    assert upwards.to_numpy() == pytest.approx(11.1319, abs=1e-3)


def test_borders_drawn_with_other_vertices_are_still_found():
    frame = gpd.GeoDataFrame(
        geometry=[
            shapely.box(0, 0, 0.1, 0.2),
            shapely.box(0.1, 0, 0.2, 0.1),
            shapely.box(0.1, 0.1, 0.2, 0.2),
            shapely.box(0.2, 0.2, 0.3, 0.3),
        ],
        crs="EPSG:4326",
    )
    found = shared_borders(frame)
    assert [tuple(p) for p in found[["i", "j"]].to_numpy()] == [(0, 1), (0, 2), (1, 2)]
    assert found["border_km"].iloc[0] == pytest.approx(11.0574, abs=1e-3)


def test_a_hole_counts_in_the_perimeter_and_as_a_border():
    ring = shapely.box(0, 0, 0.3, 0.3).difference(shapely.box(0.1, 0.1, 0.2, 0.2))
    frame = gpd.GeoDataFrame(geometry=[ring, shapely.box(0.1, 0.1, 0.2, 0.2)], crs="EPSG:4326")
    km = perimeters(frame.geometry.to_numpy())
    shared = shared_borders(frame)["border_km"].tolist()
    assert shared == [pytest.approx(km[1])]
    assert km[0] == pytest.approx(4 * km[1], rel=1e-4)


def test_segments_of_nothing_measure_nothing():
    assert geodesic_km(np.zeros((0, 4))).tolist() == []
    ends, owner = segments(np.array([shapely.box(0, 0, 1, 1)], dtype=object))
    assert ends.shape == (4, 4)
    assert owner.tolist() == [0, 0, 0, 0]
    assert (ends[:, :2] <= ends[:, 2:]).any(axis=1).all()


def test_pieces_are_joined_nearest_to_nearest():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [10.0, 0.0], [11.0, 0.0]])
    joins = join_components(np.array([0, 0, 1, 2, 2]), points, np.arange(5))
    assert joins == [(1, 2, 3.0), (2, 3, 6.0)]
    assert join_components(np.array([0, 0]), points[:2], np.arange(2)) == []
    assert join_components(np.array([], dtype=int), points[:0], np.array([], dtype=int)) == []


@examples(40)
@given(st.integers(1, 12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_joins_always_connect_with_one_join_less_than_pieces(n, kinds, random):
    _, label = np.unique([random.randrange(kinds) for _ in range(n)], return_inverse=True)
    points = np.array([[random.random(), random.random()] for _ in range(n)])
    joins = join_components(label, points, np.arange(n))
    assert len(joins) == label.max()
    same = [(a, b) for a in range(n) for b in range(n) if label[a] == label[b]]
    pairs = np.array([*same, *[(u, v) for u, v, _ in joins]])
    assert components(n, pairs[:, 0], pairs[:, 1]).max() == 0


def test_the_default_plane_keeps_distances_of_a_small_region():
    xy = plane_km(np.array([-180.05, -179.95]), np.array([52.0, 52.0]))
    assert np.hypot(*(xy[1] - xy[0])) == pytest.approx(6.867, abs=0.01)
    assert plane_km(np.zeros(0), np.zeros(0)).shape == (0, 2)
