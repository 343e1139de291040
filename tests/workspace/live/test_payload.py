"""What a browser says is read by types: what our own script sends fits them, and anything else is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.workspace.live import payload
from terr.workspace.live.payload import (
    Active,
    CardMessage,
    Codes,
    Edit,
    EditsMessage,
    Find,
    Hello,
    Lock,
    Look,
    Message,
    NameMessage,
    Numbered,
    Paint,
    Points,
    Propose,
    Ranges,
    Redo,
    Runs,
    Tiles,
    Undo,
    ViewMessage,
    Wish,
)
from tests.helpers.effort import examples


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"t":"edits","s":"a~","events":[{"n":1},5]}', EditsMessage("a~", [{"n": 1}, 5])),
        (
            '{"t":"view","view":{"to":-1,"box":[0,0,1.5,null]},"presenting":true}',
            ViewMessage({"to": -1, "box": [0, 0, 1.5, None]}, True),
        ),
        ('{"t":"view","view":{}}', ViewMessage({}, False)),
        ('{"t":"name","name":"Zoë"}', NameMessage("Zoë")),
        ('{"t":"card","unit":3}', CardMessage(3, -1)),
        ('{"t":"card","row":7}', CardMessage(-1, 7)),
    ],
)
def test_messages_of_our_script(text: str, message: Message) -> None:
    assert payload.said(text, Message) == message


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "NaN",
        "{}",
        '{"t":"plan"}',
        '{"t":["edits"]}',
        '{"t":"edits","s":"a~"}',
        '{"t":"edits","s":"a~","events":{}}',
        '{"t":"edits","s":"a\\n","events":[]}',
        '{"t":"edits","s":"%s","events":[]}' % ("a" * 65),
        '{"t":"view","presenting":1}',
        '{"t":"name","name":5}',
        '{"t":"name","name":"\\ud800"}',
        "\ud800",
        "[" * DEEP,
        '{"a":' * DEEP,
        '{"t":"edits","s":"a~","events":' + "[" * DEEP,
        '{"t":"name","name":"x","more":' + "[" * DEEP + "]" * DEEP + "}",
        '{"t":"edits","s":"a~","events":[' + "9" * 5000 + "]}",
    ],
    ids=range(21),
)
def test_anything_else_is_no_message(text: str) -> None:
    assert payload.said(text, Message) is None
    assert payload.said(text, Hello) is None


def test_a_line_begins_with_a_token() -> None:
    assert payload.said('{"token":"x","view":{"to":1}}', Hello) == Hello("x", {"to": 1})
    assert payload.said('{"token":5}', Hello) is None


@pytest.mark.parametrize(
    ("event", "edit"),
    [
        ({"k": "paint", "units": [3], "to": -1, "seen": [2], "rev": 7}, Paint([3], -1, [2], 7)),
        (
            {"k": "paint", "units": {"short": "3-5,9"}, "to": 1, "seen": {"short": "4*3,-1*1"}},
            Paint(Ranges("3-5,9"), 1, {"short": "4*3,-1*1"}),
        ),
        ({"k": "lock", "units": [], "on": True}, Lock([], True)),
        ({"k": "undo", "rev": 3}, Undo(3)),
        ({"k": "redo"}, Redo(-1)),
        ({"k": "propose", "units": [1], "codes": [2], "why": "near"}, Propose([1], [2], "near")),
        ({"k": "active", "to": 1}, None),
        ({"k": "paint", "units": {"short": "3-"}, "to": 1}, None),
        ({"k": "paint", "units": {"short": "3\n"}, "to": 1}, None),
        ({"k": "paint", "units": {"short": "³"}, "to": 1}, None),
        ({"k": "paint", "units": {"short": 3}, "to": 1}, None),
        ({"k": "paint", "units": [1] * 100_001, "to": 1}, None),
        ({"k": "paint", "units": [1], "to": 2**31}, None),
        ({"k": "propose", "units": [1], "codes": None}, None),
        ({"k": "lock", "units": [1], "on": "yes"}, None),
    ],
)
def test_edits(event: dict[str, Any], edit: Edit | None) -> None:
    assert payload.fitting(event, Edit) == edit


@pytest.mark.parametrize(
    ("event", "wish"),
    [
        ({"k": "active", "to": 4}, Active(4)),
        ({"k": "look", "to": "measure:Visits"}, Look("measure:Visits")),
        ({"k": "find", "text": "Kent"}, Find("Kent")),
        ({"k": "points"}, Points()),
        ({"k": "tiles", "on": True}, Tiles(True)),
        ({"k": "tiles", "on": 1}, None),
        ({"k": "hello"}, None),
        ({"k": "paint", "units": [1], "to": 1}, None),
    ],
)
def test_wishes(event: dict[str, Any], wish: Wish | None) -> None:
    assert payload.fitting(event, Wish) == wish


def test_many_codes_in_short() -> None:
    assert payload.units_of(Ranges("3-5,9")) == [3, 4, 5, 9]
    assert payload.units_of([7, 1]) == [7, 1]
    assert payload.codes_of(payload.fitting({"short": "4*3,-1*1"}, Codes)) == [4, 4, 4, -1]
    assert payload.codes_of(payload.fitting({"short": "4*"}, Codes)) is None
    assert payload.codes_of(None) is None
    assert len(payload.units_of(Ranges("0-99999")) or ()) == 100_000
    for many in ("0-100000", "5-3", "1,0-99999"):
        assert payload.units_of(Ranges(many)) is None
    assert payload.codes_of(Runs("1*99999,2*2")) is None
    assert payload.codes_of(Runs("1*9999999")) is None


KEYS = [*"tkspn", *"rev to on seen units codes short events view name token have got".split()]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["paint", "edits", "view", "a~", "3-5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=15,
)


@examples(300)
@given(JSON)
def test_any_json_is_read_or_passed_over(value: Any) -> None:
    text = json.dumps(value)
    for kind in (Message, Hello):
        payload.said(text, kind)
    for kind in (Numbered, Edit, Wish):
        payload.fitting(value, kind)
        payload.fitting({"s": "a~", "n": 1, "k": "paint", "units": value, "to": value, "seen": value}, kind)
