"""The demo as a finished plan, and recent plans as cards."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from terr.workspace.home.demo_plan import demo_picture, open_demo_plan
from terr.workspace.home.recent_plans import cards_of, next_step, recent
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import start


def test_the_demo_plan_is_balanced_covered_and_in_one_piece_each(ws):
    info = open_demo_plan(ws, author="Dana")
    shown = plan_snapshot(ws, info.id)
    assert (len(shown.plan.territories), len(shown.units)) == (12, 3109)
    assert shown.max_deviation <= 0.05
    assert (shown.plan.assign >= 0).all()
    assert shown.strays == ()
    assert len({t.rep for t in shown.plan.territories} & {r.rep_id for r in shown.reps}) == 12
    assert len(set(shown.table["color"])) == 12
    assert not [t.name for t in shown.plan.territories if t.name.startswith("Territory")]


def test_it_is_made_once_and_found_again_as_its_people_left_it(ws):
    info = open_demo_plan(ws)
    editing.paint(ws, info.id, [0], -1)
    again = open_demo_plan(ws)
    assert again.id == info.id
    assert again.rev == info.rev + 1
    ws.store.scenarios.delete(info.id)
    assert open_demo_plan(ws).id != info.id


def test_the_next_step_follows_from_what_there_is(ws):
    assert next_step(ws).page == "accounts"
    sid = start(ws).id
    assert next_step(ws).button == "Open Plan"
    editing.paint(ws, sid, [0, 1, 2], 0)
    assert next_step(ws).page == "scenarios"
    start(ws)
    assert "Generate" in next_step(ws).text or "compare" in next_step(ws).text


def test_cards_come_newest_first_with_a_picture_each_and_one_that_cant_be_read_costs_no_other(ws, monkeypatch):
    first, second = start(ws).id, start(ws).id
    editing.paint(ws, first, [0, 1], 0)
    cards = cards_of(ws, recent(ws))
    assert [c.info.id for c in cards] == [first, second]
    for card in cards:
        with Image.open(BytesIO(card.picture)) as image:
            assert image.size == (480, 300)
    assert cards[0].picture != cards[1].picture
    monkeypatch.setattr(type(ws.store.datasets), "get", _gone)
    assert [(c.figures, c.picture) for c in cards_of(ws, recent(ws))] == [("", b"")] * 2


def _gone(self, dataset_id):
    from terr.errors import LocateError

    raise LocateError("gone")


@pytest.mark.parametrize("size", [(1080, 420), (200, 300)])
def test_the_picture_of_the_demo_has_its_size_and_its_colors(size):
    with Image.open(BytesIO(demo_picture(size))) as image:
        assert image.size == size
        assert len({c for n, c in image.convert("RGB").getcolors(1 << 20) if n > 50}) >= 8
