"""Figures of facts per account, by hand: windows, filters, counts of orders rather than lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.workspace.accounts import dataset, upload
from terr.workspace.batch.inputs import BatchRequest
from terr.workspace.batch.prepare import prepare
from terr.workspace.batch.reading import read_accounts
from terr.workspace.facts import facts_upload
from terr.workspace.facts.fact_measures import figure_named, figure_values, usual_figures, with_figures
from terr.workspace.facts.joined_facts import facts_of
from terr.workspace.facts.performance import FactSet
from terr.workspace.workspace import Workspace
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, file_of

LINES = (
    ("Order ID", "Account ID", "Order Date", "Sales", "Category"),
    ("1", "A-1", "2024-06-30", "10", "Pumps"),
    ("1", "A-1", "2024-06-30", "5", "Hoses"),
    ("2", "A-1", "2025-06-30", "20", "Pumps"),
    ("3", "A-2", "2025-07-01", "30", "Pumps"),
    ("4", "A-2", "2026-06-30", "90", "pumps"),
)


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return read_accounts(file_of(ACCOUNTS), "accounts.csv").accounts


@pytest.fixture(scope="module")
def facts(accounts: Accounts) -> FactSet:
    by_kind = {k: facts_of(file_of(r), "f.csv", accounts) for k, r in (("orders", LINES), ("opportunities", DEALS))}
    return FactSet(by_kind, accounts.frame["owner"].to_numpy(dtype=object))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Sales, last 12 months", [0, 120, 0]),
        ("Sales, last 1 year", [0, 120, 0]),
        ("Sales, last 366 days", [20, 120, 0]),
        ("Sales, 2024", [15, 0, 0]),
        ("Sales, 2025 Q2", [20, 0, 0]),
        ("Sales, 2025-07", [0, 30, 0]),
        ("sales, 2024, category = hoses", [5, 0, 0]),
        ("Sales, last 5 years, Category = Pumps", [30, 120, 0]),
        ("Orders, 2024", [1, 0, 0]),
        ("Average order, 2024", [15, np.nan, np.nan]),
        ("Sales growth, 2026", [-1, 2, np.nan]),
        ("Days since last order", [365, 0, np.nan]),
        ("Open pipeline", [0, 0, 70]),
        ("Won, 2025", [120, 300, 0]),
        ("Deals lost, 2025", [1, 0, 0]),
    ],
)
def test_figures_by_hand(facts: FactSet, name: str, values: list[float]) -> None:
    """The newest fact is of June 30, 2026: the last 12 months begin on July 1, 2025. 2026 is compared with 2025."""
    wanted = figure_named(name)
    assert wanted is not None
    assert wanted.name.casefold() == name.casefold()
    np.testing.assert_allclose(figure_values(facts, wanted, 3), values)


@pytest.mark.parametrize(
    "name",
    ["Sales", "Sales, someday", "Potential, 2024", "Sales, 2024-13", "Sales, 2024, Pumps", "Open pipeline, 2024"],
)
def test_other_names_are_no_figures(name: str) -> None:
    assert figure_named(name) is None


def test_what_the_facts_lack_is_said(accounts: Accounts, facts: FactSet) -> None:
    wanted = [f for n in ("Profit, 2024", "Activities, 2024", "Sales, 2024, Color = red") if (f := figure_named(n))]
    made, notes = with_figures(accounts, facts, wanted)
    assert made.measures == accounts.measures
    assert "needs a column of profit" in notes[0]
    assert "needs activities; import them first" in notes[1]
    assert "have no column 'Color'" in notes[2].replace('"', "'")


def test_a_data_set_has_the_usual_figures_of_its_facts(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    found = upload.open_files(ws, [("crm.csv", file_of(ACCOUNTS)), ("orders.csv", file_of(LINES))])
    assert found.accounts is not None
    data = upload.import_file(ws, upload.suggested(found.accounts))
    assert data.accounts.measures == ("Revenue", "Number of accounts")
    draft = upload.open_waiting(ws, data.info.id, found.waiting)[0]
    facts_upload.import_facts(ws, data.info.id, draft)
    after = dataset.dataset(ws, data.info.id).accounts
    assert after.measures == ("Revenue", "Sales, last 12 months", "Orders, last 12 months", "Number of accounts")
    assert (after.total("Sales, last 12 months"), after.total("Orders, last 12 months")) == (120, 2)
    assert dict(after.currency)["Sales, last 12 months"] == "USD"
    facts_upload.save_figures(ws, data.info.id, ["Sales, 2024", "Days since last order"])
    more = dataset.dataset(ws, data.info.id).accounts
    assert more.frame["Sales, 2024"].tolist() == [15, 0, 0]
    with pytest.raises(InputError, match="is no figure of facts"):
        facts_upload.save_figures(ws, data.info.id, ["Sales, someday"])
    assert [f.name for f in usual_figures({"contracts"})] == ["Annual contract value"]


def test_measure_of_the_command_line_is_the_page_s() -> None:
    asked = BatchRequest(
        "state", "lower48", "sales, last 12 months", facts={"orders": ("orders.csv", file_of(LINES))}, territories=2
    )
    ground = prepare(file_of(ACCOUNTS), "crm.csv", asked)
    assert ground.measures == ("Sales, last 12 months",)
    assert float(ground.weights.sum()) == 120
    with pytest.raises(InputError, match="needs orders; name their file with --orders"):
        prepare(file_of(ACCOUNTS), "crm.csv", BatchRequest("state", "lower48", "Sales, 2024", territories=2))
