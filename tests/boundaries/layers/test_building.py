"""From polygons to a layer: arcs, matching of borders, measures, neighbors, shapes for the browser."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from terr.boundaries.geometry.adjacency import GEOD, matched_borders, perimeters, shared_borders
from terr.boundaries.geometry.drawing import Drawing, draw, simplified
from terr.boundaries.geometry.ellipsoid import ellipsoid_km2
from terr.boundaries.geometry.joining import join_components
from terr.boundaries.geometry.topology import CoordinateGrid, areas, cut_arcs, quantised
from terr.boundaries.layers.building import make, matched
from terr.boundaries.layers.catalog import areas as bundled_areas
from terr.errors import InputError
from tests.helpers.effort import examples


def frame_of(shapes, ids=None, state="") -> gpd.GeoDataFrame:
    ids = [f"u{k:04d}" for k in range(len(shapes))] if ids is None else ids
    return gpd.GeoDataFrame({"unit_id": ids, "label": ids, "state": state}, geometry=list(shapes), crs="EPSG:4326")


def squares(side: int, step: float = 0.1) -> np.ndarray:
    boxes = [shapely.box(c * step, r * step, (c + 1) * step, (r + 1) * step) for r in range(side) for c in range(side)]
    return shapely.orient_polygons(np.array(boxes, dtype=object))


def shapes_of(text: bytes) -> list[shapely.Geometry]:
    """What the browser draws, decoded as static/map/geometry.js does it."""
    geo = json.loads(text)
    scale, offset = np.array(geo["q"][:2]), np.array(geo["q"][2:])
    arcs = [np.cumsum(np.array(a).reshape(-1, 2), axis=0) * scale + offset for a in geo["arcs"]]

    def ring(refs):
        parts = [arcs[r] if r >= 0 else arcs[~r][::-1] for r in refs]
        for one, two in zip(parts, [*parts[1:], parts[0]], strict=True):
            assert (one[-1] == two[0]).all()
        return np.vstack([parts[0], *[p[1:] for p in parts[1:]]])

    return [
        shapely.MultiPolygon([shapely.Polygon(ring(p[0]), [ring(h) for h in p[1:]]) for p in polygons])
        for polygons in geo["units"]["rings"]
    ]


# --- arcs ---


def test_two_squares_have_three_arcs_and_share_one():
    found = cut_arcs(
        shapely.orient_polygons(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object))
    )
    assert len(found) == 3
    assert sorted(map(tuple, found.sides.tolist())) == [(0, -1), (0, 1), (1, -1)]
    shared = found.sides.tolist().index([0, 1])
    assert found.points[found.starts[shared] : found.starts[shared + 1]].tolist() == [[1.0, 0.0], [1.0, 1.0]]
    assert shared in found.rings[0][0][0]
    assert ~shared in found.rings[1][0][0]
    assert areas(found).tolist() == [1.0, 1.0]


def test_an_area_in_another_one_shares_a_closed_arc():
    inner = shapely.box(1, 1, 2, 2)
    outer = shapely.box(0, 0, 3, 3).difference(inner)
    found = cut_arcs(shapely.orient_polygons(np.array([outer, inner], dtype=object)))
    assert sorted(map(tuple, found.sides.tolist())) == [(0, -1), (0, 1)]
    assert len(found.rings[0][0]) == 2
    assert found.rings[1][0][0] == [~found.rings[0][0][1][0]]
    assert areas(found).tolist() == [8.0, 1.0]


def test_areas_that_overlap_keep_arcs_of_their_own():
    found = cut_arcs(shapely.orient_polygons(np.array([shapely.box(0, 0, 2, 1)] * 3, dtype=object)))
    assert found.sides.tolist() == [[0, -1], [1, -1], [2, -1]]
    assert areas(found).tolist() == [2.0, 2.0, 2.0]


def test_nothing_has_no_arcs():
    assert len(cut_arcs(np.array([], dtype=object))) == 0


@examples(40)
@given(st.integers(1, 6), st.integers(1, 5), st.randoms(use_true_random=False))
def test_arcs_draw_each_area_of_a_random_coverage(side, kinds, random):
    """Squares of a board dissolved at random: holes, corners that touch, areas in pieces."""
    board = squares(side, 1.0)
    owner = np.array([random.randrange(kinds) for _ in board])
    shapes = np.array([shapely.coverage_union_all(board[owner == k]) for k in np.unique(owner)], dtype=object)
    shapes = shapely.orient_polygons(shapes)
    found = cut_arcs(shapes)
    assert areas(found) == pytest.approx(shapely.area(shapes))
    pairs = {tuple(sorted(s)) for s in found.sides.tolist() if s[1] >= 0}
    borders = shapely.intersection(shapes[:, None], shapes[None, :])
    want = {(i, j) for i in range(len(shapes)) for j in range(i) if shapely.length(borders[i, j]) > 0}
    assert pairs == {(j, i) for i, j in want}
    for k, polygons in enumerate(found.rings):
        assert len(polygons) == len(shapely.get_parts(shapes[k]))
    lengths = np.diff(found.starts)
    assert lengths.min() >= 2
    outline = np.hypot(*np.diff(found.points, axis=0).T)
    outline[found.starts[1:-1] - 1] = 0.0
    inner = shapely.length(shapes).sum() - shapely.length(shapely.coverage_union_all(board))
    assert outline.sum() == pytest.approx(shapely.length(shapes).sum() - inner / 2)


def test_points_that_fall_together_on_a_grid_leave_every_arc():
    tiny = shapely.orient_polygons(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 1.001, 1)], dtype=object))
    found = quantised(cut_arcs(tiny), CoordinateGrid(0.5, 0.5, 0.0, 0.0))
    assert len(found) == 3
    assert np.diff(found.starts).min() >= 2
    assert areas(found).tolist() == [4.0, 0.0]


# --- matching ---


def test_areas_that_only_touch_get_the_missing_points():
    shapes = np.array([shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)], dtype=object)
    found = matched(shapely.orient_polygons(shapes))
    assert shapely.coverage_is_valid(found)
    assert shapely.area(found).tolist() == [2.0, 1.0, 1.0]
    assert [1.0, 1.0] in shapely.get_coordinates(found[0]).tolist()


def test_areas_far_from_a_mended_one_stay_as_they_are():
    good = squares(4)
    loose = shapely.orient_polygons(np.array([shapely.box(1, 0, 2, 2), shapely.box(2, 0, 3, 1)], dtype=object))
    found = matched(np.concatenate([good, loose]))
    assert all(a is b for a, b in zip(found[:16], good, strict=True))
    assert shapely.coverage_is_valid(found)


def test_an_area_that_lies_wholly_under_another_keeps_its_shape():
    twice = np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    found = matched(shapely.orient_polygons(twice))
    assert shapely.area(found).tolist() == [1.0, 1.0, 1.0]
    made = make(frame_of(twice), level="own-000000000000", title="Twice")
    assert set(zip(made.edges["i"], made.edges["j"], strict=True)) == {(0, 1), (1, 2)}
    assert [round(s.area, 6) for s in shapes_of(made.drawn)] == [1.0, 1.0, 1.0]


# --- measures ---


def test_areas_on_the_ellipsoid():
    shapes = shapely.orient_polygons(bundled_areas("county").geometry.to_numpy()[::60])
    want = [GEOD.geometry_area_perimeter(shapely.segmentize(s, 0.002))[0] / 1e6 for s in shapes]
    assert ellipsoid_km2(shapes) == pytest.approx(want, rel=1e-6)
    small = shapely.box(-100, 40, -99.99, 40.01)
    assert ellipsoid_km2(np.array([small], dtype=object))[0] == pytest.approx(
        GEOD.geometry_area_perimeter(small)[0] / 1e6, rel=1e-6
    )
    # GRS80's surface is 510,065,621.7 km2.
    earth = shapely.orient_polygons(np.array([shapely.segmentize(shapely.box(-180, -90, 180, 90), 0.5)], dtype=object))
    assert ellipsoid_km2(earth)[0] == pytest.approx(510_065_621.7, rel=1e-9)


def test_fast_borders_are_those_measured_before():
    counties = bundled_areas("county")
    counties = counties[counties["state"].isin(["VA", "MD", "DC"])].reset_index(drop=True)
    want = shared_borders(counties)
    found, perimeter = matched_borders(shapely.orient_polygons(counties.geometry.to_numpy()))
    assert found[["i", "j"]].equals(want[["i", "j"]])
    assert found["border_km"].to_numpy() == pytest.approx(want["border_km"].to_numpy(), rel=1e-9)
    assert perimeter == pytest.approx(perimeters(counties.geometry.to_numpy()), rel=1e-9)


def test_the_point_of_an_area_lies_inside():
    bow = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.9, 1), (0.9, 0.1), (0.1, 0.1), (0.1, 1), (0, 1)])
    made = make(frame_of([bow]), level="own-000000000000", title="Bow").areas
    assert shapely.contains_properly(bow, shapely.Point(made["lon"].iloc[0], made["lat"].iloc[0]))


# --- shapes for the browser ---


def test_many_points_are_simplified_and_borders_stay_shared():
    turn = np.linspace(0, 40 * np.pi, 20_001)
    middle = np.column_stack([np.linspace(0, 1, 20_001), 0.5 + 0.05 * np.sin(turn)])
    lower = shapely.Polygon([*middle, (1, 0), (0, 0)])
    upper = shapely.Polygon([*middle, (1, 1), (0, 1)])
    shapes = shapely.orient_polygons(np.array([lower, upper], dtype=object))
    simple, tolerance = simplified(shapes, 500)
    assert shapely.get_num_coordinates(simple).sum() <= 1012
    assert 0 < tolerance < 0.05
    assert shapely.coverage_is_valid(simple)
    drawn = draw(shapes, 500)
    assert drawn.topology.sides.tolist().count([0, 1]) + drawn.topology.sides.tolist().count([1, 0]) == 1
    assert areas(drawn.topology) * drawn.grid.scale_x**2 == pytest.approx([0.5, 0.5], abs=0.01)
    untouched, none = simplified(shapes, 50_000)
    assert untouched is shapes
    assert none == 0.0


def test_no_area_vanishes_from_the_browser_file():
    wide = squares(10)
    dot = shapely.box(0.05, 0.05, 0.05 + 3e-6, 0.05 + 3e-6)
    wide[0] = shapely.orient_polygons(wide[0].difference(dot))
    made = make(frame_of([*wide, dot]), level="own-000000000000", title="Dot")
    shapes = shapes_of(made.drawn)
    assert shapes[-1].area == pytest.approx(dot.area, rel=0.5)
    assert min(s.area for s in shapes) > 0


def test_the_browser_file_holds_names_counties_points_and_fills():
    frame = frame_of(squares(2), ids=["d", "b", "a", "c"], state="TX").assign(county="48453")
    fills = gpd.GeoSeries([shapely.box(0.02, 0.02, 0.05, 0.05), shapely.Polygon()], crs="EPSG:4326")
    made = make(frame, level="own-000000000000", title="Four", fills=fills)
    geo = json.loads(made.drawn)
    assert geo["units"]["id"] == ["a", "b", "c", "d"] == made.areas["unit_id"].tolist()
    assert geo["units"]["state"] == ["TX"] * 4
    assert geo["units"]["county"] == ["48453"] * 4
    assert geo["units"]["pt"][0] == pytest.approx([0.05, 0.15])
    assert len(made.fills) == len(geo["fills"]) == 1
    ring = np.cumsum(np.array(geo["fills"][0]).reshape(-1, 2), axis=0) * geo["q"][:2] + geo["q"][2:]
    assert shapely.Polygon(ring).area == pytest.approx(0.0009)
    assert "fills" not in json.loads(make(frame, level="own-000000000000", title="Four").drawn)


def test_a_drawing_made_elsewhere_is_used():
    grid = CoordinateGrid(0.05, 0.05, 0.0, 0.0)
    frame = frame_of(squares(2))
    made = make(
        frame, level="zip", title="Four", drawing=Drawing(grid, quantised(cut_arcs(frame.geometry.to_numpy()), grid))
    )
    assert json.loads(made.drawn)["q"] == [0.05, 0.05, 0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="label"), "lack label"),
        (lambda f: f.iloc[:0], "has no areas"),
        (lambda f: f.assign(unit_id="x"), '"x" is there twice'),
        (lambda f: f.set_geometry(f.geometry.boundary), '"u0000" of Mine has no surface'),
        (lambda f: f.set_geometry([shapely.Polygon()] * len(f), crs=4326), "has no surface"),
    ],
)
def test_what_makes_no_layer_is_named(change, words):
    with pytest.raises(InputError, match=words):
        make(change(frame_of(squares(2))), level="own-000000000000", title="Mine")


# --- joining of pieces ---


def joined_slowly(label, points, owner):
    """All pairs of components, then Kruskal: what `join_components` must find, in quadratic time."""
    count = int(label.max()) + 1
    of_point = label[owner]
    found = []
    for a in range(count):
        for b in range(a + 1, count):
            mine, theirs = np.flatnonzero(of_point == a), np.flatnonzero(of_point == b)
            distance, nearest = cKDTree(points[theirs]).query(points[mine])
            best = int(np.argmin(distance))
            u, v = int(owner[mine[best]]), int(owner[theirs[int(nearest[best])]])
            found.append((float(distance[best]), min(u, v), max(u, v), a, b))
    group = np.arange(count)
    joins = []
    for km, u, v, a, b in sorted(found):
        if group[a] != group[b]:
            group[group == group[b]] = group[a]
            joins.append((u, v, km))
    return joins


@examples(150)
@given(st.integers(2, 60), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_joins_are_those_of_all_pairs(n, kinds, seed):
    random = np.random.default_rng(seed)
    label = np.unique(random.integers(0, kinds, n), return_inverse=True)[1]
    owner = np.concatenate([np.arange(n), random.integers(0, n, 3 * n)])
    points = random.random((len(owner), 2)) * 100
    found = join_components(label, points, owner)
    assert [(u, v) for u, v, _ in found] == [(u, v) for u, v, _ in joined_slowly(label, points, owner)]
    assert [d for *_, d in found] == pytest.approx([d for *_, d in joined_slowly(label, points, owner)])


@examples(60)
@given(st.integers(2, 40), st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_joins_of_points_on_a_grid_are_as_short_as_those_of_all_pairs(n, kinds, seed):
    random = np.random.default_rng(seed)
    label = np.unique(random.integers(0, kinds, n), return_inverse=True)[1]
    points = random.integers(0, 6, (n, 2)).astype(float)
    found = join_components(label, points, np.arange(n))
    want = joined_slowly(label, points, np.arange(n))
    assert sorted(d for *_, d in found) == pytest.approx(sorted(d for *_, d in want))


def test_a_component_without_points_is_left_alone():
    assert join_components(np.array([0, 1, 2]), np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([0, 1])) == [(0, 1, 5.0)]
