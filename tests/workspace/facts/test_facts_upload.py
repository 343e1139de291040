"""Files of facts as they come: what is wrong with them is said, and rows and money are never lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest.facts.fact_rows import FactRows, read_facts
from terr.ingest.reading.files import read_table
from terr.workspace.accounts import dataset, next_extract, upload
from terr.workspace.facts import facts_upload
from terr.workspace.facts.facts_upload import FactsDraft
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.facts.next_facts import ADD, REPLACE, combined, compare_facts
from terr.workspace.workspace import Workspace
from tests.helpers.effort import examples
from tests.workspace.facts.test_performance import ACCOUNTS, file_of

Rows = Sequence[Sequence[str]]
ORDER = ("Order ID", "Customer ID", "Order Date", "Sales")
DEAL = ("Opportunity ID", "Account ID", "Stage", "Amount", "Created Date", "Close Date")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def imported(ws: Workspace, rows: Rows = ACCOUNTS, name: str = "crm.csv") -> dataset.Dataset:
    draft = upload.open_files(ws, [(name, file_of(rows))]).accounts
    assert draft is not None
    return upload.import_file(ws, upload.suggested(draft))


def drafted(ws: Workspace, data: dataset.Dataset, rows: Rows, name: str = "facts.csv") -> FactsDraft:
    return upload.open_files(ws, [(name, file_of(rows))], data.info.id).facts[0]


def codes(draft: FactsDraft) -> set[str]:
    assert draft.facts is not None
    return set(draft.facts.issues["code"])


def test_unknown_accounts_are_listed_with_their_money(ws: Workspace) -> None:
    draft = drafted(ws, imported(ws), (ORDER, ("1", "A-1", "2024-01-31", "5"), ("2", "X-9", "2024-01-31", "70")))
    assert draft.joined is not None
    assert draft.joined.unjoined().to_dict("records") == [{"key": "X-9", "name": "", "rows": 1, "amount": 70.0}]
    assert not draft.few_joined


def test_credit_notes_currencies_and_copies_are_told(ws: Workspace) -> None:
    rows = (
        ORDER,
        ("1", "A-1", "2024-01-31", "$100"),
        ("2", "A-1", "2024-02-29", "-$40"),
        ("3", "A-2", "2024-02-29", "€50"),
        ("4", "A-2", "2024-03-31", "$50"),
        ("4", "A-2", "2024-03-31", "$50"),
    )
    draft = drafted(ws, imported(ws), rows)
    table = facts_upload.issues_table(draft.facts).set_index("What")  # type: ignore[arg-type]
    assert table["Status"].to_dict() == {
        "Credit notes": "imported with a warning",
        "Amounts in another currency": "rejected",
        "Exact copies of another row": "skipped",
    }
    assert "the amount for Sales, '€50', is in EUR" in table.loc["Amounts in another currency", "Example"]
    line = facts_upload.ledger_table([("facts.csv", draft.joined)]).iloc[0]  # type: ignore[list-item]
    assert line[["Rows in", "Joined", "Not joined", "Skipped", "Rejected"]].tolist() == [5, 3, 0, 1, 1]
    assert line["Amount in"] == 210 == line["Amount joined"] + line["Amount skipped"] + line["Amount rejected"]


def test_deals_that_contradict_themselves_are_told(ws: Workspace) -> None:
    rows = (
        DEAL,
        ("1", "A-1", "Closed Won", "5", "2024-01-01", ""),
        ("2", "A-1", "Closed Lost", "5", "2024-02-01", "2024-01-15"),
        ("3", "A-1", "Closed Won", "5", "2024-02-01", "2024-03-15"),
        ("3", "A-1", "Closed Won", "6", "2024-02-01", "2024-03-15"),
    )
    assert codes(drafted(ws, imported(ws), rows)) == {"no_close_date", "closed_before_created", "id_used_twice"}


def test_stages_of_a_language_that_is_not_known_are_asked(ws: Workspace) -> None:
    data = imported(ws)
    rows = (
        DEAL,
        ("1", "A-1", "成約", "5", "2024-01-01", "2024-02-01"),
        ("2", "A-1", "失注", "5", "2024-02-01", "2024-03-15"),
    )
    draft = drafted(ws, data, rows)
    assert [q["key"] for q in draft.open] == ["stage:失注", "stage:成約"]
    with pytest.raises(InputError, match="Answer this first"):
        facts_upload.import_facts(ws, data.info.id, draft)
    answers = facts_upload.stage_answers(["失注", "成約"], ["lost", "won"])
    draft = facts_upload.changed_draft(ws, data.info.id, data.accounts, draft, answers=answers)
    assert draft.facts is not None
    assert draft.facts.frame["status"].tolist() == ["won", "lost"]
    facts_upload.import_facts(ws, data.info.id, draft)
    assert drafted(ws, data, rows).open == (), "the next extract is read with the same answers"
    german = (DEAL, ("1", "A-1", "Gewonnen", "5", "2024-01-01", "2024-02-01"), ("2", "A-1", "Perdu", "5", "", ""))
    known = drafted(ws, data, german).facts
    assert known is not None
    assert known.frame["status"].tolist() == ["won", "lost"]


def test_a_column_can_be_chosen_and_another_kind(ws: Workspace) -> None:
    data = imported(ws)
    rows = (("No", "Customer ID", "Booked", "Net", "Tax"), ("1", "A-1", "2024-01-31", "5", "1"))
    found = upload.open_files(ws, [("book.csv", file_of(rows))], data.info.id).accounts
    assert found is not None
    draft = upload.open_waiting(ws, data.info.id, [(found.data, found.raw)], kind="quotas")[0]
    assert draft.kind == "quotas"
    assert facts_upload.labels_of("orders")[:3] == ("Keep as attribute", "Account ID", "Account name")
    chosen = facts_upload.chosen_of({"No": "ID", "Customer ID": "Account ID", "Booked": "Date", "Net": "Amount"})
    draft = facts_upload.changed_draft(ws, data.info.id, data.accounts, draft, kind="orders", chosen=chosen)
    assert draft.facts is not None
    assert facts_upload.fields_of(draft) == {
        "No": "ID",
        "Customer ID": "Account ID",
        "Booked": "Date",
        "Net": "Amount",
        "Tax": "Keep as attribute",
    }
    assert draft.facts.money["in"] == 5
    with pytest.raises(InputError, match="marked as Amount"):
        facts_upload.chosen_of({"Net": "Amount", "Tax": "Amount"})


def test_an_older_extract_and_ids_of_another_column_are_warned_of(ws: Workspace) -> None:
    data = imported(ws)
    first = (ORDER, ("1", "A-1", "2024-01-20", "5"), ("2", "A-1", "2024-03-31", "6"))
    facts_upload.import_facts(ws, data.info.id, drafted(ws, data, first))
    older = drafted(ws, data, first[:2])
    assert older.change is not None
    assert (older.change.same, older.change.gone, older.change.older) == (1, 1, 71)
    assert "This file ends 71 days before the facts that are here" in older.change.warnings()[0]
    other = (("Invoice No", *ORDER[1:]), ("I-8", *first[1][1:]), ("I-9", *first[2][1:]))
    changed = drafted(ws, data, other)
    assert changed.change is not None
    assert "the IDs are in “Invoice No” now and were in “Order ID”" in changed.change.warnings()[0]


def test_the_lines_of_orders_that_made_the_accounts_stay_with_the_next_version(ws: Workspace) -> None:
    head = ("Order ID", "Order Date", "Customer ID", "Customer Name", "State", "ZIP", "Sales")
    rows = (head, ("O-1", "2024-01-15", "C-1", "Alpha", "TX", "78701", "100"))
    data = imported(ws, rows, "orders.csv")
    calls = (("Activity ID", "Account ID", "Activity Type", "Activity Date"), ("1", "C-1", "Call", "2024-01-20"))
    facts_upload.import_facts(ws, data.info.id, drafted(ws, data, calls, "calls.csv"))
    more = (*rows, ("O-2", "2024-02-15", "C-1", "Alpha", "TX", "78701", "60"))
    draft = upload.suggested(upload.open_file(ws, file_of(more), "orders.csv"))
    after = next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, data.info.id, draft))
    assert after.accounts.total("Sales") == 160
    assert {f.kind: f.rows for f in facts_kept(ws, after.info.id)} == {"orders": 2, "activities": 1}
    assert fact_set_of(ws, after.info.id, after.accounts).by_kind["activities"].account.tolist() == [0]


_IDS = st.lists(st.integers(1, 12), min_size=1, max_size=14)


def _orders(ids: list[int], step: int) -> FactRows:
    lines = [(str(i), "A-1", f"2024-0{1 + n % 9}-11", str(10 * i + step + n)) for n, i in enumerate(ids)]
    return read_facts(read_table(file_of((ORDER, *lines)), "orders.csv"), "orders")


@given(_IDS, _IDS)
@examples(20)
def test_rows_and_money_are_kept_from_extract_to_extract(old_ids: list[int], new_ids: list[int]) -> None:
    old, new = _orders(old_ids, 0), _orders(new_ids, 3)
    change = compare_facts(old, new)
    before, now = float(old.frame["amount"].sum()), float(new.frame["amount"].sum())
    assert before + change.money["new"] - change.money["gone"] + change.money["changed"] == pytest.approx(now)
    assert change.new + change.changed + change.same == len(set(new_ids))
    assert change.gone == len(set(old_ids) - set(new_ids))
    both = combined(old, new, ADD)
    assert len(both.fates) == len(old_ids) + len(new_ids)
    left = both.money["in"] - both.money["excluded"] - both.money["rejected"]
    assert left == pytest.approx(float(both.frame["amount"].sum()))
    assert set(both.frame["id"]) == {str(i) for i in {*old_ids, *new_ids}}
    assert compare_facts(both, new).changed == 0
    assert combined(old, new, REPLACE) is new
    with pytest.raises(InputError, match="can't follow"):
        compare_facts(dataclasses.replace(old, kind="activities"), new)
    assert np.isfinite(left)
