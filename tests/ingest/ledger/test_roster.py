"""A roster with all its fields, and each thing that can be wrong with one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from terr.errors import InputError
from terr.ingest import read_reps, read_table
from terr.locate import home_points, home_problem
from terr.model.reps import Rep

HEADER = "User ID,Full Name,Email,Role,Manager,Home ZIP,Start Date,End Date,FTE,Hours a Year,Skills,Seniority,Quota"


def roster(*rows: str, header: str = HEADER) -> tuple[dict[str, Rep], list[tuple[int, str, str]]]:
    reps, issues = read_reps(read_table("\n".join((header, *rows)).encode(), "reps.csv"))
    told = issues[["row", "code", "message"]].itertuples(index=False)
    return {r.rep_id: r for r in reps}, [(int(row), code, message) for row, code, message in told]


def test_every_field_of_a_rep() -> None:
    reps, issues = roster(
        "U1,Ann Poe,ann@x.com,Regional Sales Manager,,02139,2020-01-06,,100%,,,,",
        "U2,Bob Ray,bob@x.com,Account Executive,ann@x.com,02116,1/15/2026,12/31/2026,80%,1400,"
        '"Med; Tax, med",Senior,"$1,200,000"',
        "U3,Cy Oh,,BDR,Ann Poe,2116,,,0.5,,,2,",
    )
    assert reps["U2"] == Rep(
        "U2", "Bob Ray", "02116", 0.8, "bob@x.com", "rep", "U1", date(2026, 1, 15), date(2026, 12, 31), 1400.0,
        ("Med", "Tax"), 3, 1_200_000.0,
    )  # fmt: skip
    assert (reps["U1"].role, reps["U1"].covers, reps["U3"].role, reps["U3"].level) == ("manager", False, "SDR", 2)
    assert reps["U3"].manager == "U1"
    assert [i[:2] for i in issues] == [(4, "zip")]


def test_a_day_first_column_is_read_day_first() -> None:
    reps, _ = roster("U1,A,,,,,13/02/2026,,,,,,", "U2,B,,,,,05/03/2026,,,,,,")
    assert (reps["U1"].start, reps["U2"].start) == (date(2026, 2, 13), date(2026, 3, 5))


def test_what_one_column_says_holds_for_the_other_and_for_its_cells() -> None:
    reps, _ = roster("U1,A,,,,,31/12/2025,,,,,,1.200.000", "U2,B,,,,,,01/06/2026,,,,,900.000")
    assert (reps["U2"].end, reps["U1"].quota, reps["U2"].quota) == (date(2026, 6, 1), 1_200_000.0, 900_000.0)
    reps, _ = roster("U1,A,,,,,,,,,,,12.5", "U2,B,,,,,,,,,,,900.000")
    assert (reps["U1"].quota, reps["U2"].quota) == (12.5, 900.0)


def test_a_home_may_be_an_address() -> None:
    header = "User ID,Full Name,Home Address"
    rows = ('U1,A,"12 Main St, Austin, TX 78701"', 'U2,B,"Austin, TX"', 'U3,C,"Toronto, Canada"', "U4,D,Austin")
    reps, issues = roster(*rows, header=header)
    assert [(r.home_zip, r.home_place) for r in reps.values()] == [
        ("78701", ""),
        ("", "Austin, TX"),
        ("", "Toronto, Canada"),
        ("", "Austin"),
    ]
    said = "'Austin' isn't a ZIP, or a city with its state or country; enter 02116, or Boston, MA"
    assert issues == [(5, "home", said)]


@pytest.mark.parametrize(
    ("row", "home", "said"),
    [
        ("78701,Austin,TX,", "78701", ""),
        (",Austin,TX,", "Austin, TX", ""),
        ("2116,Boston,MA,USA", "02116", "'2116' lost its leading zero; 02116 is used"),
        (
            "99999,Austin,TX,",
            "Austin, TX",
            "ZIP 99999 isn't known; correct it, or enter city and state. 'Austin, TX' is used",
        ),
        ("M5V 3L9,Toronto,ON,Canada", "Toronto, Canada", ""),
        ("80331,München,,", "80331 München", ""),
        ("10115,Berlin,,Germany", "Berlin, Germany", ""),
        (",Bostn,MA,", "Bostn, MA", "'Bostn, MA' isn't known; check the spelling, or enter a ZIP"),
        (
            "M5V 3L9,,,",
            "M5V 3L9",
            "'M5V 3L9' is a postal code of Canada; add the city and country, as in Toronto, Canada",
        ),
    ],
)
def test_a_home_is_told_by_the_columns_of_a_user_list(row: str, home: str, said: str) -> None:
    raw = read_table(f"User ID,Full Name,Zip/Postal Code,City,State/Province,Country\nU1,A,{row}\n".encode(), "u.csv")
    reps, issues = read_reps(raw, home_problem=home_problem)
    assert reps[0].home == home
    assert issues["message"].tolist() == ([said] if said else [])
    assert np.isfinite(home_points([reps[0].home])).all() == (not said or "is used" in said)


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ("U2,Ann Poe,,,,,,,,,,,", "same_name", "told apart by id (U1 and U2)"),
        ("U2,Bob,,,Zoe,,,,,,,,", "manager", "'Zoe' isn't on the roster"),
        ("U2,Bob,,,U2,,,,,,,,", "manager", "their own manager"),
        ("U2,Bob,,,,,2026-05-01,2026-04-01,,,,,", "end_before_start", "before the start (2026-05-01)"),
        ("U2,Bob,,,,,soon,,,,,,", "start", "isn't a date"),
        ("U2,Bob,,,,,,,150%,,,,", "over_full", "150% of a full rep is over 100%"),
        ("U2,Bob,,,,,,,,9999,,,", "hours", "up to 8,784"),
        ("U2,Bob,,,,,,,,,,99,", "level", "from 1 (junior) to 10"),
        ("U2,Bob,,,,,,,,,,,-5", "quota", "0 or more"),
        ("U2,Bob,,Wizard,,,,,,,,,", "role", "'Wizard' isn't known"),
        ("U2,Bob,,,,no,,,,,,,", "zip", "isn't a ZIP"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(row: str, code: str, said: str) -> None:
    reps, issues = roster("U1,Ann Poe,,,,02139,,,,,,,", row)
    assert set(reps) == {"U1", "U2"}
    assert [(i[0], i[1]) for i in issues] == [(3, code)]
    assert said in issues[0][2]


def test_managers_in_a_circle_are_broken_open() -> None:
    reps, issues = roster("U1,A,,,C,,,,,,,,", "U2,B,,,A,,,,,,,,", "U3,C,,,B,,,,,,,,")
    assert [code for _, code, _ in issues] == ["manager"]
    assert "in a circle: A → C → B → A" in issues[0][2]
    assert [reps[i].manager for i in ("U1", "U2", "U3")] == ["", "U1", "U2"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": "boss"}, "must be one of"),
        ({"start": date(2026, 2, 1), "end": date(2026, 1, 1)}, "before the start"),
        ({"hours": 0.0}, "hours a year"),
        ({"level": 0}, "seniority level"),
        ({"quota": -1.0}, "0 or more"),
        ({"manager": "U1"}, "their own manager"),
        ({"capacity": 0.0}, "capacity of Ann"),
    ],
)
def test_a_rep_checks_itself(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Rep("U1", "Ann", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "head",
    [
        "Mitarbeiter-ID;Vorname;Nachname;PLZ;Eintrittsdatum",
        "Matricule;Prénom;Nom;Code postal;Date d'embauche",
        "ID empleado;Nombre;Apellidos;Código postal;Fecha de alta",
    ],
)
def test_a_roster_in_another_language_is_read(head: str) -> None:
    raw = read_table(f"{head}\n17;Anna;Roth;19901;2024-05-01\n".encode(), "roster.csv")
    reps, issues = read_reps(raw)
    assert [(r.rep_id, r.name, r.home_zip) for r in reps] == [("17", "Anna Roth", "19901")]
    assert not len(issues)
