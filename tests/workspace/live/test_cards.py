"""What the map's cards say, by hand: Delaware's three counties, 600 of revenue, two territories of 300 each."""

from __future__ import annotations

import csv
import io

import pytest

from terr.errors import LocateError
from terr.model.person import Person
from terr.workspace.accounts import dataset
from terr.workspace.live import cards
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start


@pytest.fixture
def sid(ws):
    made = start(ws).id
    more(ws, made, ["B", "C"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    editing.delete_territory(ws, made, ws.plan(made)[1], 2)
    return made


def says(card, to):
    return next(m["says"] for m in card["moves"] if m["to"] == to)


def test_a_move_tells_its_effect_before_it_is_made(ws, sid):
    card = cards.unit_card(ws, sid, KENT)
    first, *_ = says(card, 1)
    assert first.startswith("Max deviation 0.0")
    assert "33.3" in first
    assert "worse" in first
    assert [line.split(":")[0] for line in says(card, 1)[1:]] == ["Territory 1", "B"]
    assert "−33.3" in says(card, 1)[1]
    assert "+33.3" in says(card, 1)[2]
    assert card["money"] == "$100 Revenue and 1 account change hands."
    made = plan_snapshot(ws, sid)
    editing.paint(ws, sid, [KENT], 1)
    after = plan_snapshot(ws, sid)
    assert made.max_deviation == pytest.approx(0.0)
    assert after.max_deviation == pytest.approx(1 / 3), "as was told"


def test_what_it_says_of_the_way_back(ws, sid):
    editing.paint(ws, sid, [KENT], 1)
    assert "better" in says(cards.unit_card(ws, sid, KENT), 0)[0]


def test_neighbors_come_first_and_none_last(ws, sid):
    card = cards.unit_card(ws, sid, KENT)
    assert [(m["to"], m["near"]) for m in card["moves"]] == [(1, True), (-1, False)]
    assert [m["near"] for m in cards.unit_card(ws, sid, SUSSEX)["moves"]] == [False, False], "it touches Kent only"


def test_what_is_locked_says_so_and_nothing_goes_to_a_locked_territory(ws, sid):
    editing.lock_territory(ws, sid, ws.plan(sid)[1], 1, True)
    assert [m["to"] for m in cards.unit_card(ws, sid, KENT)["moves"]] == [-1]
    assert cards.unit_card(ws, sid, KENT)["stuck"] == ""
    assert cards.unit_card(ws, sid, NEW_CASTLE)["stuck"] == "B is locked. Unlock it first."
    editing.set_locks(ws, sid, [KENT], True)
    assert cards.unit_card(ws, sid, KENT)["stuck"] == "Kent, DE is locked. Unlock it first."


def test_accounts_of_a_county_the_largest_first(ws, sid):
    card = cards.unit_card(ws, sid, NEW_CASTLE)
    assert card["count"] == 2
    assert [(a["row"], a["name"], a["value"]) for a in card["accounts"]] == [
        (1, "Customer A-2", "$250"),
        (2, "Customer A-3", "$50"),
    ]


def test_an_account_has_every_field_of_its_file(ws):
    text = "Account ID,Name,County,State,Revenue,Buyer,Stage,Last Order\nA-1,Mill,Kent,DE,1250,Ann Poe,,2026-03-09\n"
    raw, columns = dataset.inspect(text.encode(), "a.csv")
    data = dataset.save(ws, text.encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))
    made = start(ws, data=data).id
    editing.paint(ws, made, [KENT], 0)
    card = cards.account_card(ws, made, 0)
    assert (card["name"], card["unit"]) == ("Mill", KENT)
    told = dict(card["fields"])
    assert (told["Revenue"], told["Buyer"], told["Last Order"], told["Territory"]) == (
        "$1,250",
        "Ann Poe",
        "Mar 9, 2026",
        "Territory 1",
    )
    assert "Stage" not in told, "blank"


@pytest.mark.parametrize("ask", [cards.unit_card, cards.account_card])
@pytest.mark.parametrize("place", [-1, 10_000])
def test_what_is_gone_is_said(ws, sid, ask, place):
    with pytest.raises(LocateError, match="any more"):
        ask(ws, sid, place)


def test_accounts_as_a_table_and_a_file(ws, sid):
    shown = plan_snapshot(ws, sid)
    table = cards.accounts_table(shown, cards.accounts_in(shown, territory=0))
    assert table["Account ID"].tolist() == ["A-1", "A-4"]
    assert table["Revenue"].sum() == 300.0
    assert set(table["Territory"]) == {"Territory 1"}
    assert cards.accounts_in(shown, unit=NEW_CASTLE).tolist() == [1, 2]
    lines = list(csv.DictReader(io.StringIO(cards.accounts_csv(table).decode("utf-8-sig"))))
    assert [line["Account name"] for line in lines] == ["Customer A-1", "Customer A-4"]


def test_an_exception_is_in_its_territorys_table(ws, sid):
    exceptions.enter(
        ws, sid, ["A-1"], kind="named", territory=1, rep="", until=None, reason="Headquarters", by=Person("", "Ann")
    )
    shown = plan_snapshot(ws, sid)
    assert cards.accounts_table(shown, cards.accounts_in(shown, territory=1))["Account ID"].tolist() == [
        "A-1",
        "A-2",
        "A-3",
    ]
    assert "0 accounts" in cards.unit_card(ws, sid, KENT)["money"], "what goes by name doesn't follow the county"
