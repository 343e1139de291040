"""Facts kept with a data set: what comes back is what was kept, joined as the command line joins it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terr.errors import InputError, LocateError, RoleError
from terr.ingest.facts.fact_rows import read_facts, typed_facts
from terr.ingest.reading.files import read_table
from terr.matching.duplicates import DuplicateDecision
from terr.model.json_values import to_plain
from terr.model.person import Person
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import dataset, demo
from terr.workspace.accounts.intake import guess_money, inspect, intake
from terr.workspace.facts.joined_facts import facts_of
from terr.workspace.facts.kept_facts import (
    FACT_ROWS,
    KeptFacts,
    drop_facts,
    fact_set_of,
    facts_kept,
    joined_facts_of,
    keep_facts,
)
from terr.workspace.workspace import Workspace
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, ORDERS, file_of

ANA, EVE = Person("ana@example.com", "Ana"), Person("eve@example.com", "Eve")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def some_accounts(ws: Workspace) -> dataset.Dataset:
    data = file_of(ACCOUNTS)
    raw, columns = inspect(data, "accounts.csv")
    return dataset.save(ws, data, intake(raw, columns, guess_money(columns)))


def kept(ws: Workspace, data: dataset.Dataset, rows: object, filename: str = "orders.csv") -> KeptFacts:
    content = file_of(rows)  # type: ignore[arg-type]
    facts = read_facts(read_table(content, filename))
    return keep_facts(ws, data.info.id, facts, filename, data=content)


def test_kept_facts_are_those_of_the_command_line(ws: Workspace, tmp_path: Path) -> None:
    data = some_accounts(ws)
    assert facts_kept(ws, data.info.id) == ()
    assert joined_facts_of(ws, data.info.id, "orders", data.accounts) is None
    told = kept(ws, data, ORDERS)
    assert (told.kind, told.rows_in, told.rows, told.kept_money) == ("orders", 8, 8, 1315.0)
    assert (told.first_date, told.last_date, told.extracts) == ("2024-03-01", "2025-07-02", ("orders.csv",))
    kept(ws, data, DEALS, "deals.csv")
    wanted = [facts_of(file_of(r), "f.csv", data.accounts).report() for r in (ORDERS, DEALS)]
    other = Workspace(tmp_path)  # another process, with nothing in memory
    assert [f.kind for f in facts_kept(other, data.info.id)] == ["orders", "opportunities"]
    again = dataset.dataset(other, data.info.id)
    for one in (ws, other):
        found = fact_set_of(one, data.info.id, again.accounts).by_kind
        assert [found[k].report() for k in ("orders", "opportunities")] == wanted
    pd.testing.assert_series_equal(
        fact_set_of(ws, data.info.id, again.accounts).by_kind["orders"].facts.frame["amount"],
        fact_set_of(other, data.info.id, again.accounts).by_kind["orders"].facts.frame["amount"],
    )


def test_facts_are_read_once_and_joined_anew_for_other_accounts(ws: Workspace) -> None:
    data = some_accounts(ws)
    told = kept(ws, data, ORDERS)
    first = joined_facts_of(ws, data.info.id, "orders", data.accounts)
    assert joined_facts_of(ws, data.info.id, "orders", dataset.dataset(ws, data.info.id).accounts) is first
    fewer = dataclasses.replace(data.accounts, frame=data.accounts.frame.iloc[:2].reset_index(drop=True))
    other = joined_facts_of(ws, data.info.id, "orders", fewer)
    assert first is not None
    assert other is not None
    assert other.facts is first.facts
    assert other.account.tolist() == [0, 0, 1, 1, -1, -1, -1, -1]
    assert ws.caches[FACT_ROWS].get((data.info.id, told.revision)) is first.facts


def test_facts_follow_an_account_that_was_merged(ws: Workspace) -> None:
    data = some_accounts(ws)
    kept(ws, data, ORDERS)
    merge = to_plain([DuplicateDecision(("A-1", "A-3"), "sum", "A-3")])
    ws.store.datasets.change(data.info.id, lambda info: ({**info.mapping, "merges": merge}, info.summary))
    accounts = dataset.dataset(ws, data.info.id).accounts
    found = joined_facts_of(ws, data.info.id, "orders", accounts)
    assert found is not None
    ids = accounts.frame["account_id"].tolist()
    assert [ids[a] if a >= 0 else "" for a in found.account] == ["A-3", "A-3", "A-2", "A-2", "A-3", "A-3", "", "A-3"]
    assert found.money()["joined"] == 315


def test_facts_take_the_place_of_those_of_their_kind_and_can_go(ws: Workspace) -> None:
    data = some_accounts(ws)
    first = kept(ws, data, ORDERS)
    second = kept(ws, data, ORDERS[:3], "newer.csv")
    assert facts_kept(ws, data.info.id) == (second,)
    assert (second.rows, second.before) == (2, first.revision)
    assert kept(ws, data, ORDERS[:3], "newer.csv").revision == second.revision
    drop_facts(ws, data.info.id, "orders")
    assert facts_kept(ws, data.info.id) == ()
    assert dataset.dataset(ws, data.info.id).accounts.frame["account_id"].tolist() == ["A-1", "A-2", "A-3"]


def test_facts_are_seen_and_changed_by_those_who_may(ws: Workspace) -> None:
    ws.sign_in = True
    ana, eve = for_person(ws, ANA), for_person(ws, EVE)
    data = some_accounts(ana)
    told = kept(ana, data, ORDERS)
    assert np.isfinite(told.money["in"])
    facts = read_facts(read_table(file_of(ORDERS), "orders.csv"))
    for act in (
        lambda: facts_kept(eve, data.info.id),
        lambda: joined_facts_of(eve, data.info.id, "orders", data.accounts),
        lambda: eve.store.files.read_facts(data.info.id, told.revision),
        lambda: eve.store.files.has_facts(data.info.id, told.revision),
        lambda: eve.caches[FACT_ROWS].get((data.info.id, told.revision)),
        lambda: keep_facts(eve, data.info.id, facts, "orders.csv"),
        lambda: drop_facts(eve, data.info.id, "orders"),
    ):
        with pytest.raises((LocateError, RoleError)):
            act()
    assert facts_kept(ana, data.info.id) == (told,)


def test_the_demo_keeps_three_years_of_facts(ws: Workspace) -> None:
    data = demo.demo_dataset(ws)
    found = {f.kind: f for f in facts_kept(ws, data.info.id)}
    assert list(found) == ["orders", "opportunities", "activities", "contracts", "quotas"]
    assert (found["orders"].rows, found["orders"].currency) == (48_910, "USD")
    facts = fact_set_of(ws, data.info.id, data.accounts)
    assert all(k == "quotas" or (j.account >= 0).all() for k, j in facts.by_kind.items())
    period = facts.usual_period()  # an open deal is expected to close in 2027; the year ends with what happened
    assert (str(period.start), str(period.end)) == ("2025-07-01", "2026-06-30")
    drop_facts(ws, data.info.id, "orders")
    assert next(f.kind for f in facts_kept(ws, demo.demo_dataset(ws).info.id)) == "opportunities"


def test_typed_facts_must_be_typed() -> None:
    table = pd.DataFrame({"Order ID": ["1"], "Account ID": ["A-1"], "Order Date": ["2024-01-01"], "Amount": [2.0]})
    with pytest.raises(InputError, match="Order Date isn't typed as a day"):
        typed_facts(table, "orders")
    table["Order Date"] = table["Order Date"].astype("datetime64[s]")
    assert typed_facts(table, "orders", "EUR").money == {"in": 2.0, "excluded": 0.0, "rejected": 0.0}
