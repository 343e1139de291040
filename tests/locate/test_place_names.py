"""Territories named by place: what a person would call them, unique, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.layers.catalog import load_units
from terr.locate.place_names import city_shares, place_names
from terr.model.units import Units
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units


def parted(units: Units, *groups: set[str]) -> np.ndarray:
    """Slot of each unit by county id; -1 for the rest."""
    out = np.full(len(units), -1)
    for slot, ids in enumerate(groups):
        out[[units.codes()[i] for i in ids]] = slot
    return out


def test_cities_states_and_sides_by_hand() -> None:
    units = load_units("county", "TX,OK")
    state = units.frame["state"].to_numpy()
    slots = np.where(state == "OK", 0, -1)
    slots[[units.codes()[c] for c in ("48201", "48157", "48339")]] = 1  # Harris, Fort Bend, Montgomery
    slots[units.codes()["48141"]] = 2  # El Paso
    west = [units.codes()[c] for c in ("48301", "48243", "48377")]  # Loving, Jeff Davis, Presidio: no city
    slots[west] = 3
    assert place_names(units, slots, 4) == ["Oklahoma", "Houston", "El Paso", "West Texas"]


def test_parts_of_one_city_are_told_apart_by_the_compass() -> None:
    units = load_units("zip", "TX")
    lat, lon = units.lat_lon.T
    houston = np.array([n.startswith("77") and "Houston" in n for n in units.names])
    slots = np.where(houston & (lon < -95.4), 0, np.where(houston, 1, -1))
    assert place_names(units, slots, 2) == ["Houston West", "Houston East"]
    slots = np.where(houston & (lat > 29.76), 0, np.where(houston & (lon < -95.4), 1, np.where(houston, 2, -1)))
    three = place_names(units, slots, 3)
    assert len(set(three)) == 3
    assert all(n.startswith("Houston ") for n in three)


def test_names_others_have_are_left_to_them() -> None:
    units = load_units("county", "TX")
    slots = parted(units, {"48201"}, {"48113"})
    assert place_names(units, slots, 2) == ["Houston", "Dallas"]
    named = place_names(units, slots, 2, taken=["HOUSTON", "Houston–Pasadena"])
    assert named[1] == "Dallas"
    assert named[0].startswith("Houston–")
    assert named[0] != "Houston–Pasadena"


def test_where_nothing_is_known_of_a_place_it_has_a_side_or_a_number() -> None:
    units = grid_units(6, 6)
    slots = np.repeat([0, 1], 18)
    assert len(set(place_names(units, slots, 3))) == 3
    assert place_names(units, np.full(36, -1), 2, taken=["Territory 1"]) == ["Territory 2", "Territory 3"]


@pytest.mark.parametrize(("level", "region"), [("county", "CA,NV"), ("zip3", "FL"), ("state", "lower48")])
@examples(15)
@given(st.integers(1, 40), st.integers(0, 10_000))
def test_any_parting_gets_unique_names_twice_the_same(level: str, region: str, k: int, seed: int) -> None:
    units = load_units(level, region)
    slots = np.random.default_rng(seed).integers(-1, k, len(units))
    shares = city_shares(units)
    names = place_names(units, slots, k, shares=shares, taken=["Los Angeles"])
    assert len({n.casefold() for n in [*names, "Los Angeles"]}) == k + 1
    assert all(n.strip() == n and 0 < len(n) <= 80 for n in names)
    assert names == place_names(units, slots, k, shares=shares, taken=["Los Angeles"])


def test_people_are_counted_once() -> None:
    units = load_units("county", "lower48")
    shares = city_shares(units)
    for name, state in (("Houston", "TX"), ("Chicago", "IL"), ("Kansas City", "MO")):
        at = next(
            i for i, (n, s) in enumerate(zip(shares.names, shares.states, strict=True)) if (n, s) == (name, state)
        )
        assert shares.people[shares.city == at].sum() > 100_000
    assert shares.people.sum() <= 260e6
