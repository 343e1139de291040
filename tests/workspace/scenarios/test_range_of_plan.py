"""What a range means for a plan: worst-case balance, and chances that are those of the sums."""

from __future__ import annotations

import numpy as np
import pytest

from terr.errors import InputError
from terr.scoring.ranges import FigureRange
from terr.workspace.plan import editing
from terr.workspace.scenarios.range_of_plan import range_of_plan
from terr.workspace.scores import recipe
from terr.workspace.scores.ranges import RangeBy
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

ROWS = (
    ("A-1", "Kent", "DE", 100.0),
    ("A-2", "New Castle", "DE", 100.0),
    ("A-3", "Sussex", "DE", 200.0),
)


def test_a_plan_that_is_even_as_likely_is_judged_where_all_are_low_and_high(ws) -> None:
    data = data_set(ws, ROWS)
    sid = start(ws, data=data).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0)
    editing.paint(ws, sid, [SUSSEX], 1)
    likely = data.accounts.frame["Revenue"].to_numpy(dtype=np.float64)
    figures = FigureRange(likely * [0.5, 0.5, 1.0], likely.copy(), likely * [1.0, 1.0, 2.0])
    told = range_of_plan(ws, sid, data, figures, 0.5)
    assert told.table["likely"].tolist() == [200, 200]
    assert told.table["low"].tolist() == [100, 200]
    assert told.table["high"].tolist() == [200, 400]
    assert told.worst == pytest.approx({"low": 1 / 3, "likely": 0.0, "high": 1 / 3})
    assert told.table["target"].tolist() == [200, 200]
    assert told.table["chance"][0] < 0.2
    assert told.table["chance"][1] > 0.8
    with pytest.raises(InputError, match="other accounts"):
        range_of_plan(ws, sid, data, FigureRange(likely[:1].copy(), likely[:1].copy(), likely[:1].copy()), 0.5)


def test_a_kept_range_makes_two_measures_that_plans_can_balance(ws) -> None:
    data = data_set(ws, ROWS)
    recipe.change(ws, data.info.id, lambda r: r.with_one(RangeBy("Sales", "Revenue", below=0.1, above=0.3)))
    from terr.workspace.accounts.dataset import dataset

    made = dataset(ws, data.info.id).accounts
    assert set(made.measures) >= {"Revenue (low)", "Revenue (high)"}
    assert made.frame["Revenue (low)"].tolist() == pytest.approx([90, 90, 180])
    assert made.frame["Revenue (high)"].tolist() == pytest.approx([130, 130, 260])
    assert dict(made.currency)["Revenue (low)"] == dict(made.currency)["Revenue"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"how": "guess"}, "choose columns, share or misses"),
        ({"how": "columns"}, "choose the column of the low figure"),
        ({"how": "misses", "periods": ("a", "b")}, "three or more past periods"),
        ({"below": 2.0}, "0% to 100% below"),
        ({"together": 1.5}, "0% to 100%"),
        ({"name": " "}, "needs a name"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_in_words(more, said) -> None:
    with pytest.raises(InputError, match=said):
        RangeBy(**{"name": "Sales", "likely": "Revenue", **more})
