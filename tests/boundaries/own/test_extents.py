"""Areas of every extent anywhere on earth: at the poles and around them, across the 180th meridian, tiny, the whole."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from terr.boundaries.geometry.shaping import one_side
from terr.boundaries.layers.building import make
from terr.boundaries.layers.layer import cut
from terr.boundaries.layers.regions import EVERYWHERE
from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.finishing import prepare_areas
from terr.boundaries.own.upload import inspect
from terr.errors import InputError
from tests.helpers.effort import examples
from tests.helpers.hostile_shapes import as_array, feature_collection

EARTH_KM2 = 510_065_621.7


def planned(shapes: list[shapely.Geometry], *, filled: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Areas in km2 and places in km of what becomes units of a plan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries, on numbers near none
        done = clean(inspect(feature_collection(shapes), "areas.geojson"), "id")
        made = prepare_areas(done, filled=filled)
        layer = make(made.frame, level="own-0123456789ab", title="x", fills=made.fills).layer(Path("x"))
        units = cut(layer, EVERYWHERE)
    return units.frame["area_km2"].to_numpy(), units.frame[["x_km", "y_km"]].to_numpy()


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize(
    ("shape", "km2"),
    [
        (shapely.box(-180, -90, 180, 90), EARTH_KM2),
        (shapely.box(0, -90, 360, 90), EARTH_KM2),
        (shapely.box(-180, 0, 180, 90), EARTH_KM2 / 2),
        (shapely.box(-180, -90, 180, -60), 34_415_851),  # Antarctica, about
        (shapely.box(-180, -10, 180, 10), 88_191_000),
        (shapely.Polygon([(-180, -90), (-180, -70), (0, -65), (180, -70), (180, -90)]), 19_700_000),
    ],
)
def test_what_goes_round_the_earth_keeps_its_size(shape, km2, filled):
    area, place = planned([shape], filled=filled)
    assert area == pytest.approx([km2], rel=0.01)
    assert np.isfinite(place).all()


def test_what_only_crosses_the_edge_of_the_map_still_comes_together():
    fiji = shapely.Polygon([(179, -18), (-179, -18), (-179, -17), (179, -17)])
    moved, rows, _ = one_side(as_array(fiji, shapely.box(170, -40, 175, -35)))
    assert rows.tolist() == [0]
    assert shapely.area(moved[0]) == pytest.approx(2.0)


longitude = st.one_of(st.sampled_from([-180.0, -179.999, 0.0, 179.999, 180.0, 360.0]), st.floats(-180, 360, width=32))
latitude = st.one_of(st.sampled_from([-90.0, -89.999999, 0.0, 89.999999, 90.0]), st.floats(-90, 90, width=32))
width = st.one_of(st.sampled_from([1e-12, 1e-9, 1e-6, 1.0, 90.0, 180.0, 360.0]), st.floats(1e-9, 360))


@st.composite
def anywhere(draw: st.DrawFn) -> shapely.Geometry:
    if draw(st.booleans()):
        x, y, w, h = draw(longitude), draw(latitude), draw(width), draw(width)
        return shapely.box(x, y, min(360.0, x + w), min(90.0, y + h))
    return shapely.Polygon([(draw(longitude), draw(latitude)) for _ in range(draw(st.integers(3, 6)))])


@examples(60)
@example([shapely.Polygon([(0, 90), (10, 80), (20, 90)]), shapely.box(0, 70, 10, 80)], True)
@example([shapely.box(-180, -90, 180, -60), shapely.box(-10, 0, 10, 10)], False)
@example([shapely.box(-180, 80, 180, 90), shapely.box(-180, -90, 180, -80)], True)
@example([shapely.box(-1, -1, 1, 1), shapely.box(179, -1, 181, 1)], True)
@example([shapely.Polygon([(180, -90), (180, -89.999999), (179.999, -89.999999)])], False)
@given(st.lists(anywhere(), min_size=1, max_size=3), st.booleans())
def test_areas_anywhere_become_units_or_words(shapes, filled):
    try:
        area, place = planned(shapes, filled=filled)
    except InputError as error:
        assert len(str(error)) > 20  # noqa: PT017
        return
    assert np.isfinite(area).all()
    assert (area >= 0).all()
    assert area.sum() <= EARTH_KM2 * 1.001
    assert np.isfinite(place).all()
