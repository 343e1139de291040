"""Which account a customer of a file may be: IDs written otherwise, names, places."""

from __future__ import annotations

import csv
import io

from terr.matching.customers import CustomerCard, accounts_named, nearest_accounts
from terr.model.accounts import Accounts
from terr.workspace.batch.reading import read_accounts

ROWS = (
    ("Account ID", "Account Name", "ZIP", "City", "State", "Revenue"),
    ("A-0012", "Northwind Traders Inc.", "78701", "Austin", "TX", "1"),
    ("0015e00002ABcDeAAL", "Contoso", "02116", "Boston", "MA", "1"),
    ("B-1", "Lone Star Clinic 2", "78702", "Austin", "TX", "1"),
    ("B-2", "Fabrikam", "78702", "Austin", "TX", "1"),
    ("B-3", "Fabrikam", "02116", "Boston", "MA", "1"),
)


def accounts() -> Accounts:
    out = io.StringIO()
    csv.writer(out).writerows(ROWS)
    return read_accounts(out.getvalue().encode(), "accounts.csv").accounts


def of(*cards: CustomerCard) -> list[list[tuple[str, str]]]:
    every = accounts()
    ids = every.frame["account_id"].tolist()
    return [[(ids[m.account], m.why) for m in found] for found in nearest_accounts(cards, every)]


def test_ids_written_otherwise_go_first() -> None:
    assert of(CustomerCard("a 12", ""), CustomerCard("0015e00002ABcDe", "")) == [
        [("A-0012", "same ID but for signs and zeros")],
        [("0015e00002ABcDeAAL", "same Salesforce ID, written with 15 characters")],
    ]


def test_names_are_compared_without_legal_forms_and_other_numbers_are_other_companies() -> None:
    [first], second, third = of(
        CustomerCard("9", "Nortwind Traders Ltd"), CustomerCard("8", "Lone Star Clinic 3"), CustomerCard("7", "Zeta")
    )
    assert first[0] == "A-0012"
    assert first[1].startswith("name 97% alike")
    assert (second, third) == ([], [])


def test_the_place_tells_two_accounts_of_one_name_apart() -> None:
    [found] = of(CustomerCard("", "Fabrikam", zip="02116", state="MA"))
    assert found == [("B-3", "same name; same place"), ("B-2", "same name; another state")]


def test_accounts_are_found_by_id_or_by_part_of_the_name() -> None:
    every = accounts()
    assert [accounts_named(t, every, most=2)[:1] for t in ("b-2", "trader", " ")] == [[3], [0], []]
