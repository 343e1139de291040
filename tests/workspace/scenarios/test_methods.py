"""Methods compared on accounts whose every sum can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from terr.errors import InputError
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.scenarios import methods
from terr.workspace.scenarios.methods import attributes, compare_methods, open_method
from tests.helpers.spaces import more
from tests.workspace.books.plans import accounts_data
from tests.workspace.situations.places import COUNTIES

KINDS = ("Health", "Retail", "")


@pytest.fixture
def shown(ws: Workspace) -> PlanSnapshot:
    """63 accounts of 10 in New Jersey, three in each county, one of each industry; four territories, two with areas."""
    rows = [(f"N-{i}-{n}", c, "NJ", kind, 10.0) for i, c in enumerate(COUNTIES) for n, kind in enumerate(KINDS)]
    data = accounts_data(ws, rows)
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="NJ", measure="Revenue")
    more(ws, info.id, ["B", "C", "D"])
    editing.paint(ws, info.id, range(10), 0)
    editing.paint(ws, info.id, range(10, 21), 1)
    return plan_snapshot(ws, info.id)


def test_every_method_divides_all_accounts_into_as_many_territories(ws: Workspace, shown: PlanSnapshot) -> None:
    assert "Industry" in attributes(shown)
    found = compare_methods(ws, shown, ["Industry"])
    assert [p.key for p in found.plans] == ["geography", "column:Industry", "size", "hybrid"]
    for one in found.plans:
        assert len(one.names) == len(set(one.names)) == 4
        assert (one.territory >= 0).all()
        assert set(one.territory.tolist()) == set(range(4))
        assert np.bincount(one.territory).sum() == 63


def test_a_columns_values_are_never_mixed(ws: Workspace, shown: PlanSnapshot) -> None:
    one = compare_methods(ws, shown, ["Industry"]).plans[1]
    words = shown.accounts.frame["Industry"].fillna("").astype(str).to_numpy()
    for j, name in enumerate(one.names):
        kinds = set(words[one.territory == j].tolist())
        assert len(kinds) == 1
        assert name.startswith(kinds.pop() or "(blank)")
    # 21 accounts of each value in four territories: one value has two, of 11 and 10
    assert sorted(np.bincount(one.territory).tolist()) == [10, 11, 21, 21]


def test_the_table_says_what_is_best_in_words(ws: Workspace, shown: PlanSnapshot) -> None:
    table = compare_methods(ws, shown, ["Industry"]).table.set_index("")
    assert table.loc["Max deviation of Revenue", "Industry"] == "36.5%"  # 10 accounts against a mean of 15.75
    assert "by" in table.loc["Hours a year", "Best"] or table.loc["Hours a year", "Best"] == "the same"
    assert table.loc["Proven within", "Geography"] == "not proven"
    assert table.loc["Proven within", "Industry"].endswith("%")
    assert {"Travel hours a year", "Accounts that change hands", "Spread of Revenue per rep"} <= set(table.index)


def test_any_method_opens_as_a_scenario_of_books(ws: Workspace, shown: PlanSnapshot) -> None:
    for one in compare_methods(ws, shown, ["Industry"]).plans:
        info = open_method(ws, shown, one)
        plan, _ = ws.plan(info.id)
        assert sorted(t.name for t in plan.territories) == sorted(one.names)
        sizes = sorted(int((plan.assign == t.code).sum()) for t in plan.territories)
        assert sizes == sorted(np.bincount(one.territory).tolist())


def test_what_cannot_be_compared_is_said(ws: Workspace, shown: PlanSnapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "MOST_VALUES", 2)
    with pytest.raises(InputError, match="Industry has more than 2 values"):
        compare_methods(ws, shown, ["Industry"])
