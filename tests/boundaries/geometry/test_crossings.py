"""Crossings of outlines, counted by hand and against a look at all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.geometry.crossings import crossings
from tests.helpers.effort import examples
from tests.helpers.hostile_shapes import as_array, star


def edges(shape: shapely.Geometry) -> list[np.ndarray]:
    rings = [shapely.get_coordinates(r) for r in shapely.get_rings(shapely.get_parts(shape))]
    return [np.array(pair) for ring in rings for pair in itertools.pairwise(ring) if (pair[0] != pair[1]).any()]


def by_hand(shape: shapely.Geometry) -> int:
    """Pairs of edges that meet, but at no corner they share."""
    found, all_edges = 0, edges(shape)
    for i, one in enumerate(all_edges):
        for other in all_edges[i + 1 :]:
            shared = (one[:, None, :] == other[None, :, :]).all(axis=2).any()
            found += bool(not shared and shapely.intersects(shapely.LineString(one), shapely.LineString(other)))
    return found


@pytest.mark.parametrize("points", [5, 7, 9, 31])
def test_a_star_crosses_itself_as_often_as_it_must(points):
    """{n/k} with k = (n - 1) / 2: every edge crosses all but itself and the two it shares a corner with."""
    count, whole = crossings(as_array(star(points)))
    assert whole
    assert count.tolist() == [points * (points - 3) // 2]


def test_a_bow_tie_crosses_once_and_a_square_never():
    tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert crossings(as_array(tie, shapely.box(5, 5, 6, 6), None, shapely.Polygon()))[0].tolist() == [1, 0, 0, 0]


def test_two_squares_over_each_other_cross_twice_each_and_neighbors_never():
    assert crossings(as_array(shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)))[0].tolist() == [2, 2]
    assert crossings(as_array(shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)))[0].tolist() == [0, 0]


def test_the_look_ends_at_its_limit_and_says_so():
    count, whole = crossings(as_array(star(301)), most_pairs=1_000)
    assert not whole
    assert count[0] < 301 * 298 // 2


corner = st.tuples(st.integers(0, 12), st.integers(0, 12))


@examples(60)
@given(st.lists(st.lists(corner, min_size=3, max_size=14), min_size=1, max_size=3))
def test_it_counts_what_a_look_at_all_pairs_counts(outlines):
    shapes = [shapely.Polygon(outline) for outline in outlines]
    for shape in shapes:
        assert crossings(as_array(shape))[0].tolist() == [by_hand(shape)]
    whole = shapely.MultiPolygon(shapes)
    assert crossings(as_array(whole))[0].tolist() == [by_hand(whole)]
    assert crossings(as_array(shapely.GeometryCollection([whole])))[0].tolist() == [by_hand(whole)]
