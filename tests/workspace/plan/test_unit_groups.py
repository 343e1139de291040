"""Whole counties and states: exactly the units that lie in them, and no kind that says nothing."""

from __future__ import annotations

from terr.boundaries.layers.catalog import layer, load_units
from terr.workspace.plan.unit_groups import groups


def test_zips_have_their_counties_and_states():
    units = load_units("zip", "DE, RI")
    found = groups(units)
    assert set(found["state"]) == {"Delaware", "Rhode Island"}
    assert {n for n in found["county"] if n.endswith(", DE")} == {"Kent, DE", "New Castle, DE", "Sussex, DE"}
    whole = layer("zip").areas.set_index("unit_id")
    ids = units.ids
    for name, code in (("Kent, DE", "10001"), ("Kent, RI", "44003")):
        lie = {i for i in ids if whole.loc[i, "county"] == code}
        assert {ids[u] for u in found["county"][name]} == lie
    assert sorted(u for units_of in found["county"].values() for u in units_of) == list(range(len(ids)))


def test_what_says_nothing_is_left_out():
    assert groups(load_units("county", "DE")) == {}
    assert list(groups(load_units("county", "DE, RI"))) == ["state"]
    assert groups(load_units("state", "DE, RI")) == {}
    assert list(groups(load_units("zip", "DE"))) == ["county"]
