"""What the card of an account says of its facts."""

from __future__ import annotations

from pathlib import Path

from terr.model.accounts import Accounts
from terr.workspace.accounts import upload
from terr.workspace.batch.reading import read_accounts
from terr.workspace.facts import facts_upload
from terr.workspace.facts.account_facts import account_facts
from terr.workspace.facts.joined_facts import facts_of
from terr.workspace.facts.performance import FactSet
from terr.workspace.live.cards import account_card
from terr.workspace.plan import editing
from terr.workspace.workspace import Workspace
from tests.workspace.facts.test_performance import ACCOUNTS, file_of

ORDERS = (
    ("Order ID", "Account ID", "Order Date", "Sales", "Contact Name"),
    ("2", "A-1", "2025-06-30", "$20", "Ann Buyer"),
    ("1", "A-1", "2024-06-30", "$10", "Old Buyer"),
    ("2", "A-1", "2025-06-30", "$5", ""),
    ("3", "A-2", "", "$5", ""),
)
DEALS = (
    ("Opportunity ID", "Account ID", "Stage", "Amount", "Created Date", "Close Date"),
    ("1", "A-1", "Proposal", "$70", "2025-01-01", "2025-09-30"),
    ("2", "A-1", "Negotiation", "$400", "2025-01-01", "2025-08-31"),
    ("3", "A-1", "Closed Won", "$9000", "2025-01-01", "2025-02-01"),
)
CONTRACTS = (
    ("Contract ID", "Account ID", "Start Date", "End Date", "ARR"),
    ("1", "A-2", "2025-01-01", "2025-12-31", "90"),
)


def test_lines_of_a_card_by_hand() -> None:
    accounts: Accounts = read_accounts(file_of(ACCOUNTS), "accounts.csv").accounts
    files = {"orders": ORDERS, "opportunities": DEALS, "contracts": CONTRACTS}
    by_kind = {k: facts_of(file_of(r), "f.csv", accounts) for k, r in files.items()}
    facts = FactSet(by_kind, accounts.frame["owner"].to_numpy(dtype=object))
    assert account_facts(facts, 0) == [
        ("Latest order", "Jun 30, 2025, $25"),
        ("Open deals", "2 deals, $470"),
        ("Stage", "Negotiation, expected Aug 31, 2025"),
        ("Buyer", "Ann Buyer"),
    ]
    assert account_facts(facts, 1) == [("Latest contract", "90 a year, until Dec 31, 2025")]
    assert account_facts(facts, 2) == []


def test_the_point_s_card_has_them(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    found = upload.open_files(ws, [("crm.csv", file_of(ACCOUNTS)), ("orders.csv", file_of(ORDERS))])
    assert found.accounts is not None
    data = upload.import_file(ws, upload.suggested(found.accounts))
    facts_upload.import_facts(ws, data.info.id, upload.open_waiting(ws, data.info.id, found.waiting)[0])
    plan = editing.create(
        ws, dataset_id=data.info.id, level="state", region="TX,MA", measure="Revenue", tolerance=0.05, name="P"
    )
    fields = dict(account_card(ws, plan.id, 0)["fields"])
    assert fields["Latest order"] == "Jun 30, 2025, $25"
    assert fields["Buyer"] == "Ann Buyer"
