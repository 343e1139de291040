"""Files for a CRM, counted by hand on a 4 x 4 grid."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.report.crm import CAUSE, COLUMNS, FILES, crm_file, territory_id
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_accounts, make_plan

UNITS = grid_units(4, 4)
ANN, BO = "0051x000001AaBb", "0051x000001CcDdEEE"
REPS = (Rep(ANN, "Ann"), Rep(BO, "Bo"))
IDS = {0: "0MI1x0000000001", 1: "0MI1x0000000002AAA"}


def case(
    ids: list[str], owners: list[str], units: list[str], reps: tuple[str, str] = (ANN, BO)
) -> tuple[Accounts, Plan]:
    from dataclasses import replace

    made = make_accounts(units, revenue=[1.0] * len(units))
    accounts = replace(made, frame=made.frame.assign(account_id=ids, owner=owners))
    plan = make_plan(UNITS, [0] * 8 + [1] * 7 + [-1])
    return accounts, replace(
        plan, territories=tuple(replace(t, rep=r) for t, r in zip(plan.territories, reps, strict=True))
    )


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


SIX = ["001000000000001", "001000000000002AAA", "row-4", "001000000000004", "001000000000005", "001000000000006"]
PLACES = ["00001", "00009", "00002", "00016", "00010", ""]
OWNERS = ["Ann", "Ann", "", "", BO, ""]


def test_territories_for_salesforce() -> None:
    accounts, plan = case(SIX, OWNERS, PLACES)
    made = crm_file(FILES[0], accounts, UNITS, plan, REPS, territory_ids=IDS)
    assert rows(made.csv()) == [
        ["ObjectId", "Territory2Id", "AssociationCause"],
        [SIX[0], IDS[0], CAUSE],
        [SIX[1], IDS[1], CAUSE],
        [SIX[4], IDS[1], CAUSE],
    ]
    assert made.left_out == {"not in a territory": 2, "no valid Salesforce ID": 1}
    assert crm_file(FILES[0], accounts, UNITS, plan, REPS, territory_ids={0: IDS[0], 1: " "}).left_out == {
        "not in a territory": 2,
        "no valid Salesforce ID": 1,
        "its territory has no Salesforce ID yet": 2,
    }


def test_owners_for_salesforce_are_those_that_change() -> None:
    accounts, plan = case(SIX, OWNERS, PLACES)
    made = crm_file(FILES[1], accounts, UNITS, plan, REPS)
    assert rows(made.csv()) == [["Id", "OwnerId"], [SIX[1], BO]]  # Ann's stays hers, the fifth is Bo's by id
    assert made.left_out == {
        "not in a territory": 2,
        "no valid Salesforce ID": 1,
        "its owner is already correct": 2,
    }


def test_a_rep_without_an_id_of_the_crm_is_said() -> None:
    accounts, plan = case(SIX[:2], ["", ""], PLACES[:2], ("U-1", ""))
    made = crm_file(FILES[1], accounts, UNITS, plan, (Rep("U-1", "Ann"),))
    assert len(made.frame) == 0
    assert made.left_out == {
        "its rep's ID is not a Salesforce user ID (005...)": 1,
        "its territory has no rep": 1,
    }


def test_hubspot_takes_an_email_or_a_name_nobody_shares() -> None:
    accounts, plan = case(["101", "102", "x"], ["", "", ""], ["00001", "00009", "00001"], ("ann@example.com", "U-2"))
    reps = (Rep("ann@example.com", "Ann"), Rep("U-2", "Bo"))
    made = crm_file(FILES[2], accounts, UNITS, plan, reps)
    assert rows(made.csv()) == [["Record ID", "Company owner"], ["101", "ann@example.com"], ["102", "Bo"]]
    assert made.left_out == {"no valid HubSpot ID": 1}
    twice = crm_file(FILES[2], accounts, UNITS, plan, (*reps, Rep("U-3", "BO")))
    assert len(twice.frame) == 1
    assert "its rep has no email and no unique name" in twice.left_out
    risky = crm_file(FILES[2], accounts, UNITS, plan, (reps[0], Rep("U-2", "=Bo")))
    assert risky.frame["Company owner"].tolist() == ["ann@example.com"]


@pytest.mark.parametrize(
    "text", ["", "0MI", "0MI1x000000000", "0MI1x00000000011", "0011x0000000001", "=0MI1x000000000"]
)
def test_other_ids_are_no_territory(text: str) -> None:
    with pytest.raises(InputError, match="not a Salesforce territory ID"):
        territory_id(text)


def test_another_kind() -> None:
    accounts, plan = case(SIX, OWNERS, PLACES)
    with pytest.raises(InputError, match="not a CRM file"):
        crm_file("x.csv", accounts, UNITS, plan, REPS)


@examples(60)
@given(
    ids=st.lists(st.one_of(st.text(max_size=20), st.from_regex(r"001[A-Za-z0-9]{12}", fullmatch=True)), max_size=8),
    data=st.data(),
)
def test_every_account_is_written_or_counted(ids: list[str], data: st.DataObject) -> None:
    places = [data.draw(st.sampled_from(["00001", "00009", "00016", "", "99999"])) for _ in ids]
    owners = [data.draw(st.sampled_from(["", "Ann", ANN, "=1+1"])) for _ in ids]
    accounts, plan = case(ids, owners, places)
    for kind in FILES:
        made = crm_file(kind, accounts, UNITS, plan, REPS, territory_ids=IDS)
        assert len(made.frame) + sum(made.left_out.values()) == len(ids)
        table = rows(made.csv())
        assert table[0] == list(COLUMNS[kind])
        assert all(not cell.startswith(("=", "+", "-", "@")) for row in table for cell in row)
