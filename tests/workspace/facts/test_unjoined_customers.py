"""Customers of facts without an account: matched, made accounts or left out, with every row and dollar, and undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.workspace.accounts import dataset, next_extract, review, upload
from terr.workspace.accounts.decisions_file import decisions_of, read_decisions
from terr.workspace.accounts.import_settings import ImportSettings
from terr.workspace.batch.facts_report import one_file
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept, joined_as_decided, keep_facts
from terr.workspace.facts.unjoined_customers import (
    KEY,
    CustomerDecision,
    decide_customers,
    undo_customers,
    unjoined_customers,
)
from terr.workspace.workspace import Workspace
from tests.helpers.effort import examples
from tests.workspace.facts.test_kept_facts import some_accounts
from tests.workspace.facts.test_performance import ACCOUNTS, file_of

LINES = (
    ("Beleg", "Kundennummer", "Kunde", "Datum", "Betrag", "Ort", "PLZ", "Rep"),
    ("1", "A-1", "Alpha", "2025-01-05", "100", "Austin", "78701", "Ann"),
    ("2", "X-7", "Betta LLC", "2025-02-05", "40", "Austin", "78702", "Ann"),
    ("3", "X-7", "Betta LLC", "2025-03-05", "60", "Austin", "78702", "Bob"),
    ("4", "X-8", "Delta", "2025-03-06", "500", "Boston", "02116", "Bob"),
    ("5", "", "Epsilon", "2025-03-07", "7", "Boston", "02116", "Bob"),
)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def data(ws: Workspace) -> dataset.Dataset:
    made = some_accounts(ws)
    content = file_of(LINES)
    facts = read_facts(read_table(content, "umsatz.csv"), "orders", chosen={"id": "Beleg"})
    keep_facts(ws, made.info.id, facts, "umsatz.csv", data=content)
    return dataset.dataset(ws, made.info.id)


def orders(ws: Workspace, dataset_id: str) -> JoinedFacts:
    return fact_set_of(ws, dataset_id, dataset.dataset(ws, dataset_id).accounts).by_kind["orders"]


def whole(joined: JoinedFacts) -> tuple[float, ...]:
    money = joined.money()
    assert money["in"] == pytest.approx(sum(money[k] for k in ("joined", "unjoined", "excluded", "rejected")))
    report = joined.report()
    assert report["rows_in"] == sum(report[f"rows_{k}"] for k in ("joined", "unjoined", "excluded", "rejected"))
    return tuple(money[k] for k in ("in", "joined", "unjoined", "excluded", "rejected"))


def test_customers_without_an_account_are_listed_with_money_place_and_newest_rep(ws: Workspace, data) -> None:
    found = unjoined_customers(fact_set_of(ws, data.info.id, data.accounts))
    assert [(u.key, u.name, dict(u.rows), dict(u.amounts)) for u in found] == [
        ("X-8", "Delta", {"orders": 1}, {"orders": 500.0}),
        ("X-7", "Betta LLC", {"orders": 2}, {"orders": 100.0}),
        ("", "Epsilon", {"orders": 1}, {"orders": 7.0}),
    ]
    assert dict(found[1].place) == {"city": "Austin", "zip": "78702", "owner": "Bob"}


def test_a_match_joins_and_undo_parts_again(ws: Workspace, data) -> None:
    before = orders(ws, data.info.id)
    assert whole(before) == (707, 100, 607, 0, 0)
    decide_customers(ws, data.info.id, [CustomerDecision("X-7", "Betta LLC", "match", "A-2")])
    after = orders(ws, data.info.id)
    assert whole(after) == (707, 200, 507, 0, 0)
    assert after.account.tolist() == [0, 1, 1, -1, -1]
    assert after.ways["your choice"] == 2
    undo_customers(ws, data.info.id, [("id", "X-7")])
    assert orders(ws, data.info.id).account.tolist() == before.account.tolist()


def test_customers_left_out_are_excluded_with_their_money_and_come_back(ws: Workspace, data) -> None:
    decisions = [CustomerDecision("X-8", "Delta", "leave_out"), CustomerDecision("", "Epsilon", "leave_out")]
    decide_customers(ws, data.info.id, decisions)
    after = orders(ws, data.info.id)
    assert whole(after) == (707, 100, 100, 507, 0)
    assert after.facts.issues["code"].tolist()[-2:] == ["left_out", "left_out"]
    assert facts_kept(ws, data.info.id)[0].rows == 5  # what is stored stays whole
    undo_customers(ws, data.info.id, [d.customer for d in decisions])
    assert whole(orders(ws, data.info.id)) == (707, 100, 607, 0, 0)


def test_customers_become_accounts_that_their_facts_find_and_undo_takes_them_away(ws: Workspace, data) -> None:
    found = unjoined_customers(fact_set_of(ws, data.info.id, data.accounts))
    taken = review.add_customers(ws, data.info.id, [u.account for u in found])
    assert (taken.ledger.rows_in, taken.ledger.rows_accepted) == (6, 6)
    now = dataset.dataset(ws, data.info.id)
    told = now.accounts.frame.set_index("account_id")
    assert told.loc["X-7", ["name", "zip", "owner", "located_by"]].tolist() == ["Betta LLC", "78702", "Bob", "zip"]
    assert now.accounts.total("Revenue") == data.accounts.total("Revenue")
    assert whole(orders(ws, data.info.id)) == (707, 707, 0, 0, 0)
    [step] = ImportSettings.of(now.info.mapping).steps
    assert step.kind == "customers"
    review.undo_correction(ws, data.info.id, step.id)
    assert whole(orders(ws, data.info.id)) == (707, 100, 607, 0, 0)
    assert len(dataset.dataset(ws, data.info.id).accounts) == 3


def test_an_account_is_made_once(ws: Workspace, data) -> None:
    with pytest.raises(InputError, match="has a row with the ID"):
        review.add_customers(ws, data.info.id, [{"account_id": "A-1", "name": "Alpha"}])


def test_a_match_follows_an_account_that_was_merged(ws: Workspace, data) -> None:
    merge = [{"accounts": ["A-2", "A-3"], "how": "sum", "keep": "A-3"}]
    decide_customers(ws, data.info.id, [CustomerDecision("X-7", "Betta LLC", "match", "A-2")])
    ws.store.datasets.change(data.info.id, lambda i: ({**i.mapping, "merges": merge}, i.summary))
    now = dataset.dataset(ws, data.info.id)
    ids = now.accounts.frame["account_id"].tolist()
    assert [ids[a] if a >= 0 else "" for a in orders(ws, data.info.id).account] == ["A-1", "A-3", "A-3", "", ""]


@pytest.mark.parametrize(("how", "account"), [("match", ""), ("leave_out", "A-1")])
def test_a_decision_that_says_two_things_is_refused(how, account) -> None:
    with pytest.raises(InputError):
        CustomerDecision("X-7", "", how, account)


_CHOICES = st.dictionaries(
    st.sampled_from([("A-1", ""), ("X-7", ""), ("X-8", ""), ("", "Epsilon"), ("gone", "")]),
    st.sampled_from(["", "A-1", "A-3", "not there"]),
)


@examples(30)
@given(chosen=_CHOICES)
def test_no_row_and_no_dollar_gets_lost_whatever_is_decided(chosen: dict[tuple[str, str], str]) -> None:
    from terr.model.json_values import to_plain
    from terr.workspace.batch.reading import read_accounts
    from tests.workspace.facts.test_performance import ACCOUNTS

    accounts = read_accounts(file_of(ACCOUNTS), "accounts.csv").accounts
    facts = read_facts(read_table(file_of(LINES), "umsatz.csv"), "orders", chosen={"id": "Beleg"})
    decisions = tuple(CustomerDecision(k, n, "match" if a else "leave_out", a) for (k, n), a in chosen.items())
    joined = joined_as_decided(facts, accounts, {KEY: to_plain(decisions)})
    assert whole(joined)[0] == 707


def test_what_was_decided_holds_for_the_next_extract_and_on_the_command_line(ws: Workspace, data, tmp_path) -> None:
    decide_customers(
        ws,
        data.info.id,
        [CustomerDecision("X-7", "Betta LLC", "match", "A-2"), CustomerDecision("X-8", "Delta", "leave_out")],
    )
    kept = decisions_of(ws, data.info.id)
    draft = upload.suggested(upload.open_file(ws, file_of(ACCOUNTS[:-1]), "accounts.csv"))
    later = next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, data.info.id, draft))
    assert whole(orders(ws, later.info.id)) == (707, 200, 7, 500, 0)
    (tmp_path / "a.csv").write_bytes(file_of(ACCOUNTS))
    (tmp_path / "umsatz.csv").write_bytes(file_of(LINES))
    said = read_decisions(kept)
    found = one_file(
        str(tmp_path / "umsatz.csv"), str(tmp_path / "a.csv"), "orders", {"id": "Beleg"}, {}, decisions=said
    )
    assert whole(found) == (707, 200, 7, 500, 0)
    assert found.account.tolist() == [0, 1, 1, -1]
