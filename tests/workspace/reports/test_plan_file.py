"""Plan files of other programs and people: read, mended and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.boundaries.layers.catalog import load_units
from terr.cli.main import main
from terr.errors import InputError
from terr.model.units import Units
from terr.workspace.reports.plan_file import read_plan_file
from tests.helpers.effort import examples
from tests.helpers.intakes import book_bytes

CASES = Path(__file__).resolve().parents[2] / "cases" / "plan_files"
DE = load_units("county", ("DE",))  # 10001 Kent, 10003 New Castle, 10005 Sussex
CT = load_units("county", ("CT",))
STATES = load_units("state", ("CT", "MA", "NH", "RI"))
ZIP3 = load_units("zip3", ("DE",))  # 197, 198, 199


def read(text: str | bytes, units: Units = DE, name: str = "plan.csv", **more: object) -> tuple[list[str], list[str]]:
    data = text.encode() if isinstance(text, str) else text
    found = read_plan_file(data, units, name, **more)  # type: ignore[arg-type]
    return list(found.names), list(found.notes)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("excel_resaved.csv", "excel_resaved.csv: lost zeros of 67 ids were restored (1001 is 01001)"),
        ("dra_header.csv", "dra_header.csv: 'GEOID20' was read as the county and 'District' as its territory"),
        ("plan.xlsx", "plan.xlsx: sheet 'Sheet' of an Excel workbook was read"),
    ],
)
def test_the_cases(capsys: pytest.CaptureFixture[str], name: str, told: str) -> None:
    where = ["--level", "county", "--region", "AL", "--measure", "revenue", "--json"]
    plans = ["--plan", str(CASES / "plan.csv"), "--plan", str(CASES / name)]
    assert main(["compare", str(CASES / "accounts.csv"), *plans, *where]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["moves"] == []
    assert found["b"]["unassigned_units"] == 0
    assert [e["message"] for e in found["b"]["explanations"] if e["code"] == "plan_file"] == [told]
    assert [e for e in found["a"]["explanations"] if e["code"] == "plan_file"] == []


def test_terrs_own_file_is_told_nothing() -> None:
    assert read("unit_id,territory\n10001,A\n10003,A\n10005,\n") == (["A", "A", ""], [])


@pytest.mark.parametrize(
    ("text", "units", "names", "said"),
    [
        ("unit_id,territory\n10001,A\n10003,B\n", DE, ["A", "B", ""], "1 of the region's 3 counties aren't in"),
        ("FIPS;Gebiet\n10001;Süd\n10003;Nord\n10005;Süd\n", DE, ["Süd", "Nord", "Süd"], "'FIPS' was read as"),
        ("County,Rep\nKent,Ann\nNew Castle County,Bob\nSussex,Ann\n", DE, ["Ann", "Bob", "Ann"], "written otherwise"),
        ("County,State,Territory\nKent,DE,A\nNew Castle,DE,B\nSussex,DE,A\n", DE, ["A", "B", "A"], "'County' was read"),
        ("GEOID,Name,District\n0500000US10001,K,1\n0500000US10003,N,2\n0500000US10005,S,2\n", DE, ["1", "2", "2"], ""),
        ("10001,A\n10003,B\n10005,A\n", DE, ["A", "B", "A"], ""),  # no header
        ("State,Territory\nConn.,A\nMass.,A\nN.H.,B\nRhode Island,B\n", STATES, ["A", "A", "B", "B"], "understood"),
        ("ZIP3,Territory\n197xx,A\n198,B\n199,B\n", ZIP3, ["A", "B", "B"], "understood"),
        ("Territory,ZIPs\nA,\"197, 198\"\nB,199\n", ZIP3, ["A", "A", "B"], "'ZIPs' was read"),
        ("Territory,ZIP Range\nA,197-198\nB,199\n", ZIP3, ["A", "A", "B"], ""),
        ("id,territory\n9110,A\n9120,A\n9130,B\n9140,B\n9150,B\n9160,A\n9170,B\n9180,B\n9190,A\n", CT,
         list("AABBBABBA"), "lost zeros of 9 ids"),
        ("unit_id,territory\n10001,Unassigned\n10003,A\n10005,n/a\n99999,A\n".replace("unit_id", "unit"), DE,
         ["", "A", ""], "1 id not in this region was left out"),
        ("unit,territory\n10001,A\n10003,a \n10005,B\n", DE, ["A", "A", "B"], "spelled a territory otherwise"),
        ("unit_id,territory\n10001.0,A\n10003.0,A\n10005.0,B\n", DE, ["A", "A", "B"], ""),
    ],
)  # fmt: skip
def test_files_of_others(text: str, units: Units, names: list[str], said: str) -> None:
    found, notes = read(text, units)
    assert found == names
    assert said in "; ".join(notes)
    assert notes


RI = load_units("zip", ("RI",))  # 02802 and on
ZIP3_CT = load_units("zip3", ("CT",))  # 060 to 069
_RI = [str(int(z)) for z in RI.ids]
_ZEROS = "lost zeros of 81 ids"
_CT = [str(int(z)) for z in ZIP3_CT.ids]


def _two(ids: list[str], row: str) -> str:
    return "".join(row.format(id=z, to="EW"[k % 2], n=k) for k, z in enumerate(ids))


@pytest.mark.parametrize(
    ("text", "units", "said"),
    [
        # eSpatial: one row for each ZIP with its sums and a total; colors; all ZIPs of a territory in one cell
        ('\ufeff"Territory Name","ZIP Code","Location Count","Sum of Revenue"\n'
         + _two(_RI, '"{to}","{id}","3","$1,200.00"\n') + '"Total","","243","$97,200.00"\n', RI, _ZEROS),
        ("Postcode;Territory;Territory Owner;Colour\n" + _two(_RI, "{id};{to};Ann;#ff0000\n"), RI, _ZEROS),
        ('Territory,ZIP\nEast,"' + "; ".join(_RI[::2]) + '"\nWest,"' + "; ".join(_RI[1::2]) + '"\n', RI, _ZEROS),
        # Salesforce ETM: assignment rules, and a report of accounts
        ("Territory2Name,ParentTerritory2Name,RuleName,Field,Operator,Value\n"
         + _two(_CT, "{to},US,R{n},Account.BillingPostalCode,startsWith,{id}\n"), ZIP3_CT, "lost zeros of 10 ids"),
        ("Territory Label,Territory Model,Account ID,Billing Zip/Postal Code\n"
         + _two(_RI, "{to},FY26,001{n},{id}\n"), RI, _ZEROS),
        # decimals, and zeros protected in two ways, under the pharmaceutical word
        ("3-digit ZIP,Territory\n" + _two(_CT, "{id}.0,{to}\n"), ZIP3_CT, "10 ids written otherwise"),
        ("ZIP3,Alignment,Alignment Code\n" + _two(_CT, '="0{id}",{to},{n}\n'), ZIP3_CT, "'Alignment' as its territory"),
        ("ZIP3\tTerritory\n" + _two(_CT, "'0{id}\t{to}\n"), ZIP3_CT, "'ZIP3' was read"),
    ],
)  # fmt: skip
def test_lost_zeros_in_exports_of_others(text: str, units: Units, said: str) -> None:
    names, notes = read(text, units)
    assert [name[:1] for name in names] == ["EW"[k % 2] for k in range(len(units))]
    assert said in "; ".join(notes)
    assert max(map(len, notes)) < 120


def test_windows_text_and_workbooks() -> None:
    names, notes = read("unit_id,territory\n10001,Süd\n10003,Nord\n10005,Süd\n".encode("cp1252"))
    assert names == ["Süd", "Nord", "Süd"]
    assert "isn't UTF-8 text" in notes[0]
    book = book_bytes({"Plan": [["FIPS", "Territory"], [10001, "A"], [10003, "B"], [10005, "A"]]})
    assert read(book, name="plan.xlsx")[0] == ["A", "B", "A"]


def test_text_of_another_encoding_is_judged_by_its_rows() -> None:
    names, notes = read("unit_id,territory\n10001,Süd\n10003,Nord\n99999,Süd\n".encode("cp1252"))
    assert names == ["Süd", "Nord", ""]
    assert "1 id not in this region was left out" in "; ".join(notes)


def test_an_export_of_accounts_with_territories() -> None:
    """As a report of Enterprise Territory Management has them: accounts by ZIP, several in one."""
    head = "Territory Label,Territory Model,Account ID,Account Name,Billing Zip/Postal Code"
    rows = ["East,FY26,001A,x,19701", "East,FY26,001B,y,19702", "West,FY26,001C,z,19703", "West,FY26,001D,q,19901"]
    names, notes = read("\n".join([head, *rows]), ZIP3)
    assert names == ["East", "", "West"]
    told = "; ".join(notes)
    assert "1 ZIP3 had rows of several territories; the one with most rows was used" in told
    assert "'Territory Label' as its territory" in told


def test_associations_of_accounts_stand_for_their_counties() -> None:
    text = (
        "ObjectId,Territory2Id,AssociationCause\n001A,0MI1,Territory2Manual\n001B,0MI2,Territory2Manual\n001C,0MI2,x\n"
    )
    names, notes = read(text, accounts={"001A": 0, "001B": 1, "001C": 2})
    assert names == ["0MI1", "0MI2", "0MI2"]
    assert "3 accounts stood for the counties they are in" in "; ".join(notes)


def test_levels_of_a_hierarchy_beside_the_territory() -> None:
    text = "ZIP3,Territory,Region,Division,Color\n197,T1,East,US,#DAF7A6\n198,T2,East,US,#DAF7A6\n199,T2,East,US,#000\n"
    assert read(text, ZIP3)[0] == ["T1", "T2", "T2"]


WIDE = "FIPS,Plan A,Plan B\n10001,N,E\n10003,N,E\n10005,S,W\n"
LONG = (
    "FIPS,Scenario,Territory\n10001,Current,N\n10003,Current,S\n10005,Current,S\n"
    "10001,Proposed,N\n10003,Proposed,N\n10005,Proposed,S\n"
)


@pytest.mark.parametrize(
    ("text", "name", "names", "said"),
    [
        (WIDE, "p.csv", ["N", "N", "S"], "the file has 2 plans ('Plan A', 'Plan B'); 'Plan A' was used"),
        (WIDE, "p.csv#Plan B", ["E", "E", "W"], "'Plan B' as its territory"),
        (LONG, "p.csv", ["N", "S", "S"], "the file has 2 plans ('Current', 'Proposed'); 'Current' was used"),
        (LONG, "p.csv#proposed", ["N", "N", "S"], "'Proposed' was used"),
    ],
)
def test_several_plans_in_one_file(text: str, name: str, names: list[str], said: str) -> None:
    found, notes = read(text, name=name)
    assert found == names
    assert said in "; ".join(notes)


def test_a_sheet_can_be_named() -> None:
    book = book_bytes(
        {
            "Today": [["FIPS", "Territory"], ["10001", "A"], ["10003", "A"], ["10005", "A"]],
            "Next": [["FIPS", "Territory"], ["10001", "A"], ["10003", "B"], ["10005", "B"]],
        }
    )
    assert read(book, name="p.xlsx#Next")[0] == ["A", "B", "B"]
    assert "name another as FILE#SHEET" in "; ".join(read(book, name="p.xlsx")[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the plan file is empty"),
        ("color,territory\nred,A\nblue,B\n", "has no column with the counties of this region"),
        ("unit,territory\n10001,A\n10003,A\n10005,A\n10001,B\n", r"10001 has two territories \(A, B\)"),
        ("unit_id,territory\n10001,A\n10003,A\n10005,A\n99999,A\n", 'area "99999" isn\'t in this region'),
        ("unit,territory\n10001," + "A" * 81 + "\n10003,A\n10005,A\n", "longer than 80 characters"),
    ],
)
def test_what_cant_be_understood(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text)


@pytest.mark.slow
@examples(60)
@given(
    st.one_of(st.binary(max_size=120), st.text(max_size=120).map(lambda t: b"FIPS,Territory\n10001,A\n" + t.encode()))
)
def test_hostile_files_end_in_a_plan_or_one_line(data: bytes) -> None:
    said, names = "", ["", "", ""]
    try:
        names = list(read_plan_file(data, DE, "x").names)
    except InputError as error:
        said = str(error)
    assert len(said.splitlines()) <= 1
    assert len(names) == 3
