"""Plans with areas split into those inside them: what carries over, the way back, plan files, the command line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from shapely import from_geojson, get_parts

from terr.boundaries.layers.catalog import load_units
from terr.cli.main import main
from terr.edits import moves
from terr.errors import InputError, LocateError
from terr.model.person import Person
from terr.report.plan import plan_csv
from terr.store.repositories.exceptions import ExceptionRequest
from terr.workspace.accounts import dataset
from terr.workspace.batch.inputs import BatchRequest
from terr.workspace.batch.prepare import prepare
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.split_plan import offer, split_from, split_plan, undo_split, units_offer
from terr.workspace.design.splitting import closing_off, named_units, names_in, split_units, too_large
from terr.workspace.levels import heading
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.paste_units import in_plan
from terr.workspace.plan.rules import PlanRules, UnitGroup
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports import downloads
from terr.workspace.reports.plan_file import read_plan_file
from tests.helpers.grids import grid_units
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more

ME = Person("", "Ann")
ROWS = b"""Account ID,Name,ZIP,County,State,Revenue
A-1,One,19901,,DE,100
A-2,Two,19801,,DE,250
A-3,Three,19711,,DE,250
A-4,Four,19966,,DE,200
A-5,Five,,New Castle,DE,50
A-6,Six,02906,,RI,70
"""
"""Of Delaware: Kent 100, New Castle 550 (50 of it by county alone), Sussex 200; 70 outside."""


@pytest.fixture
def data(ws):
    raw, columns = dataset.inspect(ROWS, "accounts.csv")
    return dataset.save(ws, ROWS, dataset.intake(raw, columns, {"Revenue": "USD"}))


@pytest.fixture
def sid(ws, data):
    """Kent and Sussex in Territory 1, New Castle in North, locked; A-1 goes to North by name."""
    made = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    more(ws, made, ["North"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    editing.set_locks(ws, made, [NEW_CASTLE], True)
    ws.store.exceptions.add(made, [ExceptionRequest("A-1", "named", 1, reason="asked for")], by=ME)
    return made


def split_new_castle(ws, sid):
    shown = plan_snapshot(ws, sid)
    found = units_offer(shown.units, [NEW_CASTLE])
    assert found is not None
    return split_plan(ws, sid, found.level, by=ME)


def test_each_part_has_its_areas_territory_and_lock_and_the_plan_stays(ws, sid):
    plan, rev = ws.plan(sid)
    made = split_new_castle(ws, sid)
    units, (split, _) = ws.units(made.info), ws.plan(made.info.id)
    assert made.info.name == "Delaware by county (split)"
    assert heading(made.info) == "Delaware: Counties, New Castle, DE as ZIPs (approximate areas)"
    parts = [c for i, c in units.codes().items() if i.startswith("zip:")]
    assert len(parts) == len(units) - 2
    assert set(split.assign[parts]) == {1}
    assert split.locked_units[parts].all()
    assert split.territories == plan.territories
    assert split.assign[[units.codes()["county:10001"], units.codes()["county:10005"]]].tolist() == [0, 0]
    assert [e.what.account_id for e in ws.store.exceptions.of(made.info.id)] == ["A-1"]
    assert made.sentence == (
        f"Split New Castle, DE ({len(parts)} ZIPs). 1 account there has only a county: no part takes it."
    )
    again, same = ws.plan(sid)
    assert (again.same_as(plan), same) == (True, rev)


def test_loads_of_the_territories_carry_over(ws, data):
    made = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    more(ws, made, ["North"])
    editing.paint(ws, made, [KENT], 0)
    editing.paint(ws, made, [SUSSEX, NEW_CASTLE], 1)
    before = plan_snapshot(ws, made)
    split = split_plan(ws, made, "county+zip:10001,10005", by=ME)
    after = plan_snapshot(ws, split.info.id)
    assert split.sentence.endswith("are split.") or split.sentence.startswith("Split Kent, DE")
    assert after.table["load"].tolist() == before.table["load"].tolist() == [100.0, 750.0]
    assert after.units.level == "county+zip:10001,10005"


def test_the_way_back_is_exact_and_the_split_plan_goes_to_the_trash(ws, sid):
    plan, _ = ws.plan(sid)
    made = split_new_castle(ws, sid)
    assert split_from(ws, made.info) == ws.scenario(sid)
    back = undo_split(ws, made.info.id)
    assert back.id == sid
    assert ws.plan(sid)[0].same_as(plan)
    with pytest.raises(LocateError):
        ws.scenario(made.info.id)
    ws.store.scenarios.restore(made.info.id)
    with pytest.raises(InputError, match="isn't there any more"):
        undo_split(ws, sid)


def test_edits_of_the_parts_are_undone_exactly(ws, sid):
    info = split_new_castle(ws, sid).info
    units, (start, rev) = ws.units(info), ws.plan(info.id)
    zips = [c for i, c in units.codes().items() if i.startswith("zip:")]
    editing.set_locks(ws, info.id, zips, False)
    editing.paint(ws, info.id, zips[:3], 0)
    editing.paint(ws, info.id, zips[3:5], -1)
    assert ws.plan(info.id)[0].assign[zips[:5]].tolist() == [0, 0, 0, -1, -1]
    for _ in range(3):
        undo.undo(ws, info.id, ws.rev(info.id))
    assert ws.plan(info.id)[0].same_as(start)
    assert ws.rev(info.id) > rev


def test_a_split_may_be_split_again_and_rules_and_what_was_asked_come_along(ws, sid):
    group = UnitGroup("South", ("10001", "10005"))
    plan_settings.save_rules(ws, sid, ws.scenario(sid).head, PlanRules(groups=(group,), unassigned=0.1))
    kept = {"groups": [{"name": "South", "units": ["10001", "10005"]}], "starts": {"t": "10005", "u": "10003"}}
    plan_settings.save_setting(ws, sid, plan_settings.ASKED, kept)
    once = split_new_castle(ws, sid).info
    assert plan_settings.rules_of(ws, once).groups == (UnitGroup("South", ("county:10001", "county:10005")),)
    assert plan_settings.asked(once)["starts"] == {"t": "county:10005"}
    twice = split_plan(ws, once.id, "county+zip:10001,10003", by=ME).info
    units = ws.units(twice)
    kent = tuple(i for i in units.ids if i.startswith("zip:") and units.codes()[i] in in_kent(units))
    assert set(plan_settings.rules_of(ws, twice).groups[0].units) == {*kent, "county:10005"}
    assert twice.name == "Delaware by county (split)"
    with pytest.raises(InputError, match="don't lie inside"):
        split_plan(ws, twice.id, "county+zip:10001", by=ME)


def in_kent(units) -> set[int]:
    from terr.workspace.design.splitting import parts_inside

    return set(parts_inside(units)["county:10001"])


def test_a_plan_of_split_counties_comes_back_from_its_file(ws, sid):
    info = split_new_castle(ws, sid).info
    units, (plan, _) = ws.units(info), ws.plan(info.id)
    plan = moves.apply(plan, moves.lock_units(plan, range(len(plan)), False))
    plan = moves.apply(plan, moves.assign(plan, [len(plan) - 1, len(plan) - 4], 0).edit)
    body = plan_csv(plan, units)
    assert b"county:10001,Territory 1" in body
    assert b"zip:19801,North" in body
    names = {t.code: t.name for t in plan.territories}
    assert read_plan_file(body, units).names == tuple(names[c] for c in plan.assign.tolist())
    plain = b"\n".join(line.partition(b":")[2] or line for line in body.replace(b"\r", b"").split(b"\n"))
    assert b"\n19801,North" in plain
    assert read_plan_file(plain, units).names == read_plan_file(body, units).names, "one level is meant"


def test_the_file_of_the_counties_fits_the_split_plan_too():
    units = load_units("county+zip:10003", "DE")
    read = read_plan_file(b"unit_id,territory\n10001,A\n10003,B\n10005,A\n19801,C\n", units)
    by_id = dict(zip(units.ids, read.names, strict=True))
    assert (by_id.pop("county:10001"), by_id.pop("county:10005"), by_id.pop("zip:19801")) == ("A", "A", "C")
    assert set(by_id.values()) == {"B"}
    assert any("took the territory of the area around" in n for n in read.notes)


def test_ids_of_two_levels_never_stand_for_one_another():
    """06037 is Los Angeles County, and a ZIP of Connecticut (Berlin)."""
    county = "09110"
    units = load_units(f"county+zip:{county}", "CA, CT")
    assert {"county:06037", "zip:06037"} < set(units.ids)
    rows = [f"{i},{'West' if i.startswith('county:06') else 'East'}" for i in units.ids]
    body = "\n".join(["unit_id,territory", *rows]).encode()
    found = dict(zip(units.ids, read_plan_file(body, units).names, strict=True))
    assert (found["county:06037"], found["zip:06037"]) == ("West", "East")
    with pytest.raises(InputError, match="write county:06037 or zip:06037"):
        read_plan_file(body.replace(b"county:06037", b"06037"), units)
    split = load_units(f"county+zip:06037,{county}", "CA, CT")
    with pytest.raises(InputError, match="write county:06037 or zip:06037"):
        read_plan_file(b"unit_id,territory\n06037,West\n", split)


def test_pasted_codes_are_found_where_one_level_is_meant(ws, sid):
    info = split_new_castle(ws, sid).info
    shown = plan_snapshot(ws, info.id)
    read = in_plan(shown, "10001 zip:19801, 19711-1234\n06037\nSussex, DE")
    assert [shown.units.ids[u] for u in read.units] == ["county:10001", "county:10005", "zip:19711", "zip:19801"]
    assert read.unknown == ("06037",)


def test_areas_are_named_as_people_do():
    assert names_in("06037, 17031") == ("06037", "17031")
    assert names_in("Los Angeles, CA, Cook, IL") == ("Los Angeles, CA", "Cook, IL")
    assert names_in("CA,TX") == ("CA", "TX")
    units = load_units("county", "DE, RI")
    assert named_units(units, ("kent, de", "10003", "RI")) == ("10001", "10003", "RI")
    assert split_units(units, ["10001", "RI", "44001"]).level == "county+zip:10001,RI", "a state stands for all of it"
    with pytest.raises(InputError, match="isn't one of the counties here"):
        named_units(units, ("Atlantis",))
    with pytest.raises(InputError, match="can't be split"):
        named_units(load_units("zip", "DE"), ("19901",))


def test_what_is_larger_than_a_territory_may_be():
    loads = np.array([50.0, 106.0, 105.0, 39.0])  # three territories of 100
    assert too_large(loads, 3, 0.05).tolist() == [1]
    assert too_large(loads, 3, 0.0).tolist() == [1, 2]
    assert too_large(np.zeros(4), 3, 0.05).tolist() == []


def test_an_area_that_closes_off_less_than_a_territory_must_be_split():
    """A row of four, three territories of 100: beyond the third unit lie 80, and with it 120."""
    units = grid_units(1, 4)
    assert closing_off(units, np.array([100.0, 80.0, 40.0, 80.0]), 3, 0.05, 0.05).tolist() == [2]
    assert closing_off(units, np.array([100.0, 100.0, 25.0, 75.0]), 3, 0.05, 0.05).tolist() == []
    assert closing_off(units, np.array([100.0, 80.0, 40.0, 80.0]), 3, 0.25, 0.25).tolist() == []


def test_an_offer_names_what_is_too_large_and_its_parts(ws, data):
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    shown = plan_snapshot(ws, sid)
    found = offer(ws, shown, DesignRequest(territories=3, measure="Revenue", tolerance=0.2))
    assert found is not None
    assert found.level == "county+zip:10003"
    assert found.label.startswith("Split New Castle, DE into ")
    assert found.label.endswith(" ZIPs")
    assert offer(ws, shown, DesignRequest(territories=2, measure="Revenue", tolerance=0.5)) is None


def test_the_command_line_splits_by_name_and_by_itself(tmp_path, capsys):
    file, out = tmp_path / "accounts.csv", tmp_path / "plan.csv"
    file.write_bytes(ROWS.replace(b"A-5,Five,,New Castle", b"A-5,Five,19702,"))
    where = ["--level", "county", "--region", "DE", "--measure", "Revenue"]
    words = ["design", str(file), *where, "--territories", "3", "--limit", "Revenue=0.35", "--seed", "1"]
    assert main([*words, "--json"]) == 3, "New Castle alone is 194% of a territory"
    capsys.readouterr()
    assert main([*words, "--split", "auto", "--json", "--out", str(out)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["level"] == "county+zip:10003"
    assert any("New Castle, DE" in e["message"] and e["code"] == "split" for e in report["explanations"])
    total = sum(t["load"]["Revenue"] for t in report["territories"])
    assert total == 850
    assert main(["certify", str(file), *where, "--split", "New Castle, DE", "--plan", str(out), "--json"]) in (0, 3)
    again = json.loads(capsys.readouterr().out)
    assert [t["load"] for t in again["territories"]] == [t["load"] for t in report["territories"]]
    assert main(["certify", str(file), *where, "--split", "auto", "--plan", str(out)]) == 2
    assert "needs the number of territories" in capsys.readouterr().err
    where[1] = report["level"]
    assert main(["rebalance", str(file), *where, "--plan", str(out), "--limit", "Revenue=0.35", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"] == report["level"]


def test_loads_of_a_state_by_zip_and_by_split_counties_agree(data):
    request = BatchRequest("county", "DE", "Revenue", territories=3, split=("DE",))
    split = prepare(ROWS, "accounts.csv", request)
    plain = prepare(ROWS, "accounts.csv", BatchRequest("zip", "DE", "Revenue", territories=3))
    assert [i.removeprefix("zip:") for i in split.units.ids] == plain.units.ids
    assert np.array_equal(split.weights, plain.weights)
    assert np.array_equal(split.counts, plain.counts)


@pytest.mark.parametrize(("level", "unit", "zips"), [("city", "10003-wilmington", 8), ("zip3", "198", 8)])
def test_cities_and_zip3s_are_split_into_their_zips(ws, data, level, unit, zips):
    made = editing.create(ws, dataset_id=data.info.id, level=level, region="DE", measure="Revenue").id
    more(ws, made, ["North"])
    codes = plan_snapshot(ws, made).units.codes()
    editing.paint(ws, made, [c for c in codes.values() if c != codes[unit]], 0)
    editing.paint(ws, made, [codes[unit]], 1)
    before = plan_snapshot(ws, made)
    found = units_offer(before.units, [codes[unit]])
    assert found is not None
    info = split_plan(ws, made, found.level, by=ME).info
    after = plan_snapshot(ws, info.id)
    parts = [i for i in after.units.ids if i.startswith("zip:")]
    assert info.level == f"{level}+zip:{unit}"
    assert len(parts) >= zips
    assert len(after.units) == len(before.units) - 1 + len(parts)
    assert after.table["load"].tolist() == before.table["load"].tolist()
    assert before.table["load"].tolist()[1] == 250.0
    plan, _ = ws.plan(info.id)
    names = {t.code: t.name for t in plan.territories}
    read = read_plan_file(plan_csv(plan, after.units), after.units)
    assert read.names == tuple(names[c] for c in plan.assign.tolist())
    assert undo_split(ws, info.id).id == made


@pytest.mark.parametrize("level", ["city", "zip3"])
def test_a_state_whose_cities_or_zip3s_are_all_split_is_its_zips(data, level):
    whole, units = load_units("zip", "DE"), load_units(f"{level}+zip:DE", "DE")
    assert [i.removeprefix("zip:") for i in units.ids] == list(whole.ids)
    assert np.array_equal(units.indices, whole.indices)
    assert units.border_km == pytest.approx(whole.border_km)
    assert named_units(units, ["DE"]) == (f"{level}:DE",)


def test_files_of_a_split_plan_have_its_units_and_territories_without_slits(ws, sid):
    info = split_new_castle(ws, sid).info
    rows = downloads.export(ws, info.id, "accounts.csv").data.decode("utf-8-sig").splitlines()
    units = {r["account_id"]: r["unit_id"] for r in csv.DictReader(rows)}
    assert (units["A-2"], units["A-4"], units["A-5"]) == ("zip:19801", "county:10005", "")
    for plan in (sid, info.id):
        editing.set_locks(ws, plan, range(ws.scenario(plan).n_units), False)
        editing.paint(ws, plan, range(ws.scenario(plan).n_units), 0)
    whole, split = (
        from_geojson(json.dumps(json.loads(downloads.export(ws, plan, "territories.geojson").data)["features"][0]))
        for plan in (sid, info.id)
    )
    assert split.is_valid
    assert [len(p.interiors) for p in get_parts(split)] == [len(p.interiors) for p in get_parts(whole)]
    assert split.area == pytest.approx(whole.area, rel=1e-6)
