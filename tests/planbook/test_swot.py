"""A line of the SWOT stands only where an interval excludes the team's figure, and people's words stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.planbook.content import SwotEdit
from terr.planbook.swot import ComparedRate, draft_swot, with_edits
from tests.helpers.effort import examples

RETAIL = ComparedRate("win rate:Retail", "win rate in Retail", 0.41, 0.33, 0.49, 0.29, 40, 98)
CLOSE = ComparedRate("win rate:Food", "win rate in Food", 0.41, 0.28, 0.55, 0.29, 9, 20)
LOW = ComparedRate("win rate:Bank", "win rate in Bank", 0.10, 0.05, 0.17, 0.29, 5, 60)
MARKET = ComparedRate(
    "market:Health", "the whole team's win rate in Health", 0.5, 0.45, 0.55, 0.3, 100, 200, market=True, more="9 here"
)


def test_by_hand():
    found = draft_swot([CLOSE, LOW, RETAIL, MARKET])
    # (.45-.3)/.1 = 1.5; (.29-.17)/.12 = 1; (.33-.29)/.16 = .25; the interval of Food holds the team's figure
    assert [(f.quadrant, f.key) for f in found] == [
        ("opportunity", "market:Health"),
        ("weakness", "win rate:Bank"),
        ("strength", "win rate:Retail"),
    ]
    assert found[2].text == "Win rate in Retail 41%, team 29% (90% interval 33% to 49%; 40 of 98 deals)."
    assert found[0].text.endswith("all segments 30% (90% interval 45% to 55%; 100 of 200 deals); 9 here.")


def test_too_few_deals_say_nothing_and_an_interval_upside_down_is_refused():
    assert draft_swot([ComparedRate("k", "rate", 0.9, 0.8, 1.0, 0.2, 4, 4)]) == ()
    with pytest.raises(InputError, match="lies above its high end"):
        ComparedRate("k", "rate", 0.9, 0.8, 0.7, 0.2, 4, 4)


def test_edits_stay_when_figures_change():
    edits = [
        SwotEdit("strength", "win rate:Retail", "We own retail"),
        SwotEdit("weakness", "win rate:Bank", hidden=True),
        SwotEdit("threat", "", "A rival opens an office"),
    ]
    now = with_edits(draft_swot([RETAIL, LOW]), edits)
    assert [(one.quadrant, one.text, one.edited, one.hidden) for one in now] == [
        ("weakness", "Win rate in Bank 10%, team 29% (90% interval 5% to 17%; 5 of 60 deals).", False, True),
        ("strength", "We own retail", True, False),
        ("threat", "A rival opens an office", True, False),
    ]
    later = with_edits(draft_swot([CLOSE]), edits)  # Retail is no longer clear, nor is Bank
    assert [(one.text, one.unclear) for one in later] == [("We own retail", True), ("A rival opens an office", False)]


@examples(60)
@given(
    own=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).map(sorted),
    team=st.floats(0, 1),
    tried=st.integers(0, 100),
)
def test_a_line_stands_exactly_where_the_interval_excludes_the_team(own, team, tried):
    low, middle, high = own
    found = draft_swot([ComparedRate("k", "rate", middle, low, high, team, 0, tried)])
    assert bool(found) == (tried >= 5 and not low <= team <= high)
    if found:
        assert found[0].quadrant == ("strength" if low > team else "weakness")
