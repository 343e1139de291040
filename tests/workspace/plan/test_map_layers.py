"""What the map asks for beside the plan: measures, changes against the start or another plan, places by name."""

from __future__ import annotations

import numpy as np
import pytest

from terr.edits import moves
from terr.model.person import Person
from terr.workspace.accounts import dataset
from terr.workspace.live.edit_queue import apply_queue
from terr.workspace.live.map_events import WindowState, apply_events
from terr.workspace.plan import editing, map_layers, search
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, csv_of, data_set, more, start


@pytest.fixture
def sid(ws) -> str:
    made = start(ws).id
    more(ws, made, ["B"])
    return made


def imported(ws, sid: str) -> None:
    """Kent and New Castle to one territory, Sussex to another, as an import would place them."""
    _, rev = ws.plan(sid)
    editing.place_by_name(ws, sid, rev, ["North", "North", "South"])


def test_without_other_measures_accounts_can_be_counted(ws, sid):
    assert [c["id"] for c in map_layers.choices(ws, plan_snapshot(ws, sid))] == ["measure:Number of accounts"]


def test_changes_since_the_start_are_told_by_what_each_unit_was(ws, sid):
    imported(ws, sid)
    plan, _ = ws.plan(sid)
    south = plan.assign[SUSSEX]
    editing.paint(ws, sid, [KENT], int(south))
    shown = plan_snapshot(ws, sid)
    assert [c["id"] for c in map_layers.choices(ws, shown)] == ["measure:Number of accounts", map_layers.START]
    told = map_layers.piece(ws, shown, map_layers.START)
    was = [told["codes"][s] if s >= 0 else -1 for s in told["slots"]]
    assert was == plan.assign.tolist()
    assert [told["names"][s] for s in told["slots"]] == ["North", "North", "South"]
    assert [u for u in range(3) if was[u] != shown.plan.assign[u]] == [KENT]


def test_a_territory_that_is_gone_was_none_of_those_there_are(ws, sid):
    imported(ws, sid)
    plan, rev = ws.plan(sid)
    gone = int(plan.assign[SUSSEX])
    editing.edit(ws, sid, rev, lambda p, _: moves.delete(p, gone))
    told = map_layers.piece(ws, plan_snapshot(ws, sid), map_layers.START)
    assert told["codes"][told["slots"][SUSSEX]] == -2
    assert told["names"][told["slots"][SUSSEX]] == "South"


def test_another_plan_is_matched_by_what_its_territories_hold(ws):
    data = data_set(ws)
    one, other = start(ws, data=data).id, start(ws, data=data).id
    for sid, names in ((one, ["A", "A", "B"]), (other, ["Y", "X", "X"])):
        editing.place_by_name(ws, sid, ws.plan(sid)[1], names)
    shown = plan_snapshot(ws, one)
    wanted = next(c["id"] for c in map_layers.choices(ws, shown) if c["id"] == f"change:{other}")
    told = map_layers.piece(ws, shown, wanted)
    # X (New Castle 300, Sussex 200) shares most with A through New Castle; what is left of Y shares nothing with B
    was = [told["codes"][s] for s in told["slots"]]
    a, b = shown.plan.assign[NEW_CASTLE], shown.plan.assign[SUSSEX]
    assert was[NEW_CASTLE] == was[SUSSEX] == a
    assert was[KENT] in {-2, b}
    assert was[KENT] != shown.plan.assign[KENT]


def test_what_is_no_choice_is_not_answered(ws, sid):
    shown = plan_snapshot(ws, sid)
    for wanted in ("measure:Nothing", "change:start", "change:../x", "measure:Revenue", "x", "change:" + "0" * 20):
        assert map_layers.piece(ws, shown, wanted) is None


def test_another_measure_per_unit(ws):
    rows = [("A-1", "Kent", "DE", 100.0), ("A-2", "Sussex", "DE", 50.5)]
    text = (
        csv_of(rows).decode().replace("Revenue", "Revenue,Visits").replace(",100", ",100,3").replace(",50.5", ",50.5,4")
    )
    raw, columns = dataset.inspect(text.encode(), "a.csv")
    data = dataset.save(ws, text.encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))
    sid = start(ws, data=data).id
    shown = plan_snapshot(ws, sid)
    assert [c["id"] for c in map_layers.choices(ws, shown)] == ["measure:Visits", "measure:Number of accounts"]
    told = map_layers.piece(ws, shown, "measure:Visits")
    assert told["values"] == [3, 0, 4]
    assert told["currency"] == ""
    assert told["version"] == map_layers.piece(ws, shown, "measure:Visits")["version"]


def test_numbers_are_sent_short():
    assert map_layers.figures(np.array([1.0, 2.344, np.nan, 1e9 + 0.5])) == [1, 2.34, 0, 1e9 + 0.5]


def test_cities_zips_and_accounts_are_found_in_the_region_only(ws, sid):
    shown = plan_snapshot(ws, sid)
    found = search.find(ws, shown, "dover")
    assert found[0]["kind"] == "City"
    assert found[0]["label"] == "Dover, DE"
    assert 38 < found[0]["lat"] < 40
    assert all(h["label"].endswith(", DE") for h in found if h["kind"] == "City")
    assert search.find(ws, shown, "Dover, oh") == []
    zipped = search.find(ws, shown, "19901")[0]
    assert (zipped["kind"], zipped["label"]) == ("ZIP", "19901, DE")
    assert search.find(ws, shown, "78701") == []
    one = {"kind": "Account", "label": "Customer A-2", "row": 1, "units": [NEW_CASTLE]}
    assert search.find(ws, shown, " customer   a-2 ") == [one]
    assert search.find(ws, shown, "a-6") == [{"kind": "Account, not located", "label": "Customer A-6", "row": 5}]
    by_load = [h["label"] for h in search.find(ws, shown, "customer")]
    assert by_load == ["Customer A-2", "Customer A-4", "Customer A-1", "Customer A-5", "Customer A-3", "Customer A-6"]
    for nothing in ("", " ", "x", "(((", "%", "\\", ".*"):
        assert search.find(ws, shown, nothing) == []


def told(sid: str, n: int, kind: str, **more) -> dict:
    return {"s": "s1", "n": n, "k": kind, "p": sid, **more}


def test_what_the_map_asks_for_is_remembered_until_it_is_made_anew(ws, sid):
    seen = WindowState(rev=ws.plan(sid)[1], active=0)
    events = [
        told(sid, 1, "look", to="measure:Visits", have="v", got=["a", "b"], holds="h"),
        told(sid, 2, "points"),
        told(sid, 3, "find", text=" dover "),
        told(sid, 4, "tiles", on=True, have="v", got=["a", "b"], holds="h"),
    ]
    seen = apply_events(ws, sid, seen, {"events": events})
    assert (seen.look, seen.points, seen.find, seen.tiles) == ("measure:Visits", True, "dover", True)
    assert (seen.have, seen.got, seen.holds) == ("v", ("a", "b"), "h")
    assert ws.plan(sid)[1] == seen.rev
    again = apply_events(ws, sid, seen, {"events": [{"s": "s2", "n": 1, "k": "hello", "p": ""}]})
    assert (again.look, again.points, again.find, again.got, again.holds) == ("", False, "", (), "")
    assert again.tiles, "the street map stays on for as long as the window is open"


@pytest.mark.parametrize("on", [1, "true", None, [True], {}])
def test_only_a_plain_yes_turns_the_street_map_on(ws, sid, on):
    seen = apply_events(ws, sid, WindowState(rev=1, active=0), {"events": [told(sid, 1, "tiles", on=on)]})
    assert not seen.tiles


def sent(ws, sid, n, kind, **more):
    """As the map sends an edit by its line."""
    return apply_queue(ws, sid, "m~", [{**told(sid, n, kind, **more), "s": "m~"}], Person("", "me"))


def test_many_units_come_as_ranges(ws, sid):
    sent(ws, sid, 1, "paint", units={"short": "0-2"}, to=0, seen={"short": "-1*3"})
    assert ws.plan(sid)[0].assign.tolist() == [0, 0, 0]
    done = sent(ws, sid, 2, "paint", units={"short": "0,2"}, to=1, seen={"short": "0*1,1*1"})  # Sussex was never in 1
    assert ws.plan(sid)[0].assign.tolist() == [1, 0, 0]
    assert [c.units for c in done.clashes] == [(SUSSEX,)]
    sent(ws, sid, 3, "lock", units={"short": "1-1"}, on=True)
    assert ws.plan(sid)[0].locked_units.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "short",
    [
        "",
        "0-",
        "-1",
        "2-0",
        "0,,1",
        "0-9999999",
        "0-99,0-99999,0-99999",
        "a",
        "0 1",
        "٣",
        "1e3",
        "0x1",
        ["0"],
        None,
        5,
        "0" * 2_000_000,
    ],
    ids=range(16),
)
def test_crafted_ranges_change_nothing(ws, sid, short):
    before, rev = ws.plan(sid)
    for n, kind in enumerate(("paint", "lock"), 1):
        assert sent(ws, sid, n, kind, units={"short": short}, to=0, on=True).n == n
    after, same = ws.plan(sid)
    assert same == rev
    assert (after.assign == before.assign).all()


@pytest.mark.parametrize("runs", ["0*9999999", "0*", "*3", "0*2", "99999999*3", "0*3,", None, 3])
def test_a_crafted_memory_of_what_stood_there_is_no_memory(ws, sid, runs):
    sent(ws, sid, 1, "paint", units={"short": "0-2"}, to=0, seen={"short": runs})
    assert ws.plan(sid)[0].assign.tolist() == [0, 0, 0]


def test_points_are_colored_by_any_column_of_few_words_with_shares(ws):
    lines = ["Account ID,Name,County,State,Revenue,Stage,Note,Owner"]
    stages = ["Won"] * 5 + ["Open"] * 3 + [""] * 2
    lines += [f"A-{i},N{i},Kent,DE,10,{s},Remark {i},{'Ann' if i % 2 else 'Bob'}" for i, s in enumerate(stages)]
    lines += [f"B-{i},M{i},Kent,DE,10,Lost,Remark b{i},Ann" for i in range(40)]
    text = "\n".join(lines).encode()
    raw, columns = dataset.inspect(text, "a.csv")
    data = dataset.save(ws, text, dataset.intake(raw, columns, {"Revenue": "USD"}))
    shown = plan_snapshot(ws, start(ws, data=data).id)
    titles = [c["title"] for c in map_layers.point_columns(ws, shown)]
    assert {"Stage", "Owner"} <= set(titles)
    assert "Note" not in titles, "fifty different remarks are no colors"
    told = map_layers.account_points(shown, None, "Stage")
    assert [(g["name"], g["text"]) for g in told["groups"]] == [
        ("Lost", "40 · 80%"),
        ("Won", "5 · 10%"),
        ("Open", "3 · 6%"),
        ("(blank)", "2 · 4%"),
    ]
    assert told["groups"][0]["title"].startswith("$400 Revenue, 80.0%")
    assert len({g["color"] for g in told["groups"]}) == 4
    assert [told["groups"][k]["name"] for k in told["of"]] == [
        *["Won"] * 5,
        *["Open"] * 3,
        *["(blank)"] * 2,
        *["Lost"] * 40,
    ]
    assert "groups" not in map_layers.account_points(shown)


def test_cities_of_the_region_the_largest_first(ws, sid):
    told = search.place_names(plan_snapshot(ws, sid))
    assert told["names"][0] == "Wilmington"
    assert "Dover" in told["names"]
    assert told["people"] == sorted(told["people"], reverse=True)
    assert all(38.4 < lat < 39.9 for lat in told["lat"])
    assert all(-75.9 < lon < -75.0 for lon in told["lon"])
