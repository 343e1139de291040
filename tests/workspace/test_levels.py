"""Plans on ZIPs, ZIP3s and areas of one's own, from the first look to the files that leave."""

from __future__ import annotations

import io
import json
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from terr.aggregate import placed
from terr.boundaries.layers import library
from terr.boundaries.layers.catalog import LEVELS, layer, load_units
from terr.errors import ConflictError, InputError, LocateError, PlanError
from terr.workspace import Workspace, levels
from terr.workspace.accounts import dataset
from terr.workspace.batch.own_boundaries import own_boundaries
from terr.workspace.caches import Caches
from terr.workspace.design import apply_result, preview_text
from terr.workspace.design.request import DesignRequest
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot, totals
from terr.workspace.reports.downloads import KINDS, export
from tests.helpers import shapes
from tests.helpers.effort import examples

ROWS = """Account ID,Name,ZIP,City,State,County,Latitude,Longitude,Revenue
A-1,Dover Supply,19901,,DE,,,,100
A-2,Box 12,19905,,DE,,,,20
A-3,Wilmington Works,19801,,DE,,,,130
A-4,By point,,,DE,,39.15,-75.52,30
A-5,By city,,Newark,DE,,,,50
A-6,By county,,,DE,Kent,,,7
A-7,Elsewhere,75201,,TX,,,,1000
A-8,Nowhere,,,,,,,3
"""
BOXES = {"N": (-76.0, 39.4, -75.0, 40.0), "M": (-76.0, 38.9, -75.0, 39.4), "S": (-76.0, 38.4, -75.0, 38.9)}


def geojson(boxes: dict[str, tuple[float, float, float, float]] = BOXES) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"code": name},
            "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
        }
        for name, (w, s, e, n) in boxes.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


ABROAD = {"A": (10.0, 50.0, 11.0, 51.0), "B": (11.0, 50.0, 12.0, 51.0), "C": (12.0, 50.0, 13.0, 51.0)}


@pytest.fixture
def data(ws):
    raw, columns = dataset.inspect(ROWS.encode(), "accounts.csv")
    return dataset.save(ws, ROWS.encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))


def started(ws, data, level: str, region: str | None):
    return editing.create(ws, dataset_id=data.info.id, level=level, region=region, measure="Revenue")


# ---- the levels there are


def test_levels_at_hand_and_their_titles(ws):
    assert [c.level for c in levels.choices()] == [*LEVELS, "city"]
    titles = {c.level: c.title for c in levels.choices()}
    assert titles["county"] == "Counties"
    assert titles["zip"] == "ZIP areas, approximate"
    level, _ = own_boundaries(geojson(), "my districts.geojson")
    own = next(c for c in levels.choices() if c.level == level)
    assert (own.title, own.approximate) == ("my districts.geojson", False)


def test_a_region_is_asked_only_where_there_are_states(ws):
    assert levels.settled_region("zip", "TX, ok") == ("OK", "TX")
    with pytest.raises(LocateError, match="no region is given"):
        levels.settled_region("zip", "")
    home, _ = own_boundaries(geojson(), "a.geojson")
    away, _ = own_boundaries(geojson(ABROAD), "b.geojson")
    assert (levels.has_states("zip"), levels.has_states(home), levels.has_states(away)) == (True, True, False)
    assert levels.settled_region(home, None) == levels.settled_region(away, []) == ("*",)
    assert levels.settled_region(home, ["DE"]) == ("DE",)
    with pytest.raises(InputError, match=r"b\.geojson have no states"):
        levels.settled_region(away, "DE")


def test_what_a_plan_would_start_with_is_told_before(ws, data):
    seen = levels.plan_outlook(data.accounts, "zip", "DE")
    n = len(load_units("zip", "DE"))
    assert seen.line == (
        f"{n} ZIPs. Accounts: 1 by latitude and longitude, "
        "3 by ZIP, 1 by city and state; 1 account outside the region, 2 not located."
    )
    assert "1: a county alone doesn't say which ZIP it is" in seen.reasons
    assert len(seen.hints) == 1
    assert "approximate" in seen.hints[0]
    many = levels.plan_outlook(data.accounts, "zip", "us")
    assert "are many" in many.hints[1]
    assert levels.plan_outlook(data.accounts, "county", "DE").hints == ()


# ---- plans


def test_a_plan_on_zips(ws, data):
    info = started(ws, data, "zip", "DE")
    assert info.name == "Delaware by ZIP"
    assert info.settings["boundaries"]["approximate"] is True
    assert levels.heading(info) == "Delaware by ZIP (approximate areas)"
    one = plan_snapshot(ws, info.id)
    assert one.loads.sum() == 330
    codes = one.units.codes()
    assert one.loads[codes["19901"]] == 150  # 100 + a PO box + one by its point
    whole = totals(ws, info.id)
    assert (whole.unassigned.rows, whole.outside.rows, whole.unlocated.rows) == (5, 1, 2)
    assert whole.load("unlocated", "Revenue") == 10
    editing.paint(ws, info.id, [codes["19901"], codes["19801"]], 0)
    assert ws.store.edits.history(info.id).steps[-1].title == "Moved 2 ZIPs to Territory 1"
    assert plan_snapshot(ws, info.id).table["load"].tolist() == [280.0]
    words = preview_text.what_will_happen(
        plan_snapshot(ws, info.id), ask := DesignRequest(2, "Revenue", 0.3), apply_result.foresee(ws, info.id, ask)
    )
    assert words[0].startswith(f"Terr will divide {len(one.units)} ZIPs of Delaware into 2 territories")


def test_a_plan_on_zip3s(ws, data):
    info = started(ws, data, "zip3", "DE,MD")
    assert info.name == "Delaware and Maryland by ZIP3"
    assert plan_snapshot(ws, info.id).loads.sum() == 330


def test_a_plan_on_a_file_of_ones_own(ws, data):
    level, _ = own_boundaries(geojson(), "my districts.geojson")
    info = started(ws, data, level, None)
    assert (info.name, info.region) == ("my districts.geojson", ("*",))
    assert levels.heading(info) == "my districts.geojson"
    one = plan_snapshot(ws, info.id)
    assert one.units.ids == ["M", "N", "S"]
    assert one.loads.tolist() == [150.0, 180.0, 0.0]  # by point; else by the point of the ZIP or city
    found = placed(one.accounts, one.units)
    assert found.ways()["zip"] == 3
    assert found.reasons()["a county alone doesn't say which area it is"] == 1
    editing.paint(ws, info.id, [0, 1, 2], 0)
    ask = DesignRequest(2, "Revenue", 0.3)
    assert (
        "3 areas of my districts.geojson"
        in preview_text.what_will_happen(plan_snapshot(ws, info.id), ask, apply_result.foresee(ws, info.id, ask))[0]
    )
    part = started(ws, data, level, "DE")
    assert levels.heading(part) == "Delaware by area of my districts.geojson"


def test_a_plan_whose_file_is_gone_says_which_to_add_and_opens_again(ws, data, tmp_path):
    level, _ = own_boundaries(geojson(), "my districts.geojson")
    info = started(ws, data, level, None)
    editing.paint(ws, info.id, [0, 1], 0)
    before = plan_snapshot(ws, info.id).table
    library.remove_layer(level)
    again = Workspace(ws.root)
    try:
        with pytest.raises(PlanError) as raised:
            plan_snapshot(again, info.id)
        said = str(raised.value)
        assert "my districts.geojson" in said
        assert "Add that file again on the Settings page" in said
        assert "the plan is kept" in said
        assert again.store.scenarios.get(info.id).rev == ws.store.scenarios.get(info.id).rev
        with pytest.raises(PlanError, match="my districts"):
            export(again, info.id, "plan.csv")
        assert own_boundaries(geojson(), "my districts.geojson")[0] == level
        pd.testing.assert_frame_equal(plan_snapshot(again, info.id).table, before)
    finally:
        again.close()


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_a_plan_on_approximate_areas_say_so(ws, data, kind, tmp_path):
    info = started(ws, data, "zip", "DE")
    editing.paint(ws, info.id, range(20), 0)
    made = export(ws, info.id, kind).data
    if kind == "accounts.xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_name("Notes").to_python()
        told = {(r[0], r[1]): r[2] for r in rows}
        assert told["Boundaries", "ZIP areas, approximate"] == ""
        assert any(k[0] == "Boundaries are approximate" for k in told)
        assert told["Accounts placed", "by ZIP"] == 3
        assert told["Accounts placed", "not located"] == 2
        assert told["Accounts not located", "a county alone doesn't say which ZIP it is"] == 1
    elif kind == "accounts.csv":
        table = pd.read_csv(io.BytesIO(made), dtype=str, keep_default_na=False).set_index("account_id")
        assert table.loc["A-2", ["unit_id", "located_by", "located_note"]].tolist() == ["19901", "zip", ""]
        assert table.loc["A-6", "located_note"] == "a county alone doesn't say which ZIP it is"
        assert table.loc["A-6", "status"] == "unlocated"
    elif kind == "territories.geojson":
        assert json.loads(made)["boundaries"]["approximate"] is True
    elif kind.endswith((".gpkg", ".zip")):
        (kept := tmp_path / kind).write_bytes(made)
        assert set(gpd.read_file(kept)["boundaries"]) == {"ZIP areas, approximate"}
    else:
        assert made.startswith(b"unit_id,territory\r\n")


def test_an_unknown_level_is_named(ws, data):
    with pytest.raises(InputError, match="choose state, county"):
        started(ws, data, "block", "DE")
    with pytest.raises(InputError, match="own-0123456789ab"):
        started(ws, data, "own-0123456789ab", None)
    assert not ws.store.scenarios.find()


def test_accounts_are_placed_once_for_all_edits_and_windows(ws, data, monkeypatch):
    info = started(ws, data, "zip", "DE")
    plan_snapshot(ws, info.id)
    monkeypatch.setattr("terr.aggregate.place", None)
    monkeypatch.setattr("terr.aggregate.in_region", None)
    editing.paint(ws, info.id, [3], 0)
    plan_snapshot(ws, info.id)
    totals(ws, info.id)
    export(ws, info.id, "accounts.csv")
    undo.undo(ws, info.id, ws.store.scenarios.rev(info.id))
    plan_snapshot(ws, info.id)


def test_the_whole_country_is_placed():
    units = load_units("zip", "us")
    rng = np.random.default_rng(3)
    n = 50_000
    at = rng.integers(0, len(units), n)
    whole = layer("zip").areas
    ids = whole["unit_id"].to_numpy(dtype=object)[at]
    half = rng.random(n) < 0.5
    frame = pd.DataFrame(
        {
            "zip": np.where(half, ids, ""),
            "city": "",
            "state": whole["state"].to_numpy(dtype=object)[at],
            "county": whole["county"].to_numpy(dtype=object)[at],
            "located_by": np.where(half, "zip", "lat_lon"),
            "lat": whole["lat"].to_numpy()[at] + rng.normal(0, 1e-4, n),
            "lon": whole["lon"].to_numpy()[at] + rng.normal(0, 1e-4, n),
        }
    )
    from terr.locate.placing import place

    got = place(frame, units)
    assert (got.codes >= 0).all()
    assert (got.codes[half] == units.frame["unit_id"].searchsorted(ids[half])).all()


# ---- the board after any edits is the board made afresh

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("paint"), st.sets(st.integers(0, 40), min_size=1, max_size=6), st.integers(-1, 3)),
        st.tuples(st.just("new"), st.just(0), st.just(0)),
        st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("undo"), st.just(0), st.just(0)),
        st.tuples(st.just("redo"), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=12,
)


@examples(12)
@given(STEPS)
def test_a_board_carried_through_edits_is_the_one_made_afresh(tmp_path_factory, steps):
    from terr.edits import moves

    root = tmp_path_factory.mktemp("carried")
    ws = Workspace(root)
    fresh = Workspace(root)
    try:
        raw, columns = dataset.inspect(ROWS.encode(), "accounts.csv")
        data = dataset.save(ws, ROWS.encode(), dataset.intake(raw, columns))
        sid = started(ws, data, "zip", "DE").id
        n = len(ws.units(ws.store.scenarios.get(sid)))
        for kind, a, b in steps:
            rev = ws.store.scenarios.rev(sid)
            try:
                if kind == "paint":
                    editing.paint(ws, sid, [u % n for u in a], b)
                elif kind == "undo":
                    undo.undo(ws, sid, rev)
                elif kind == "redo":
                    undo.redo(ws, sid, rev)
                else:
                    make = {
                        "new": lambda p, c: moves.new_territory(p, next_code=c),
                        "merge": lambda p, _, a=a, b=b: moves.merge(p, a, b),
                        "delete": lambda p, _, a=a: moves.delete(p, a),
                    }[kind]
                    editing.edit(ws, sid, rev, make)
            except (PlanError, ConflictError):
                continue
            one = plan_snapshot(ws, sid)
            fresh.caches = Caches()
            other = plan_snapshot(fresh, sid)
            pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
            assert one.strays == other.strays
            assert (one.rev, one.within, one.unassigned_load) == (other.rev, other.within, other.unassigned_load)
            slots, k = one.plan.slots(), len(one.plan.territories)
            pieces = shapes.components(slots, one.units.indptr, one.units.indices, k)
            assert one.table["components"].tolist() == pieces.tolist()
    finally:
        ws.close()
        fresh.close()
        shutil.rmtree(root)
