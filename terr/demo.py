"""A company that doesn't exist: 5,000 accounts and 12 reps to try Terr with. The names are invented."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from terr.errors import InputError
from terr.model.reps import Rep

NUMBERS = ("Employees", "Latitude", "Longitude", "Annual Revenue", "Potential")
"""Columns that the workbook holds as numbers; "Last Order" is a date, everything else text."""


def _rep(rep_id: str, name: str, home: str, capacity: float, level: int, skills: str, quota: float, **more: Any) -> Rep:
    email = more.pop("email", name.lower().replace(" ", ".") + "@example.com")
    listed = tuple(skills.split(";")) if skills else ()
    fields = {
        "manager": "U-120",
        "start": dt.date(2021, 3, 1),
        "level": level,
        "skills": listed,
        "quota": quota,
        **more,
    }
    return Rep(rep_id, name, home, capacity, email, **fields)


_REPS = (
    _rep("U-101", "Hannah Lindqvist", "02116", 1.0, 3, "Healthcare;Education", 1_271_000),
    _rep("U-102", "Daniel Reyes", "10011", 1.0, 3, "Technology;Spanish", 3_925_000),
    _rep("U-103", "Priya Nair", "19103", 1.0, 2, "Healthcare;Technology", 3_482_000),
    _rep("U-104", "Jamal Porter", "30309", 1.0, 2, "Logistics", 2_952_000),
    _rep("U-105", "Elena Marsh", "33130", 0.8, 3, "Healthcare;Spanish", 1_994_000, end=dt.date(2027, 1, 31)),
    _rep("U-106", "Thomas Whitlock", "43215", 1.0, 4, "Manufacturing", 2_814_000),
    _rep("U-107", "Grace Tanaka", "73102", 1.0, 4, "Manufacturing;Healthcare", 4_815_000),
    _rep("U-108", "Owen Gallagher", "55401", 1.0, 2, "Food and Beverage", 1_364_000),
    _rep("U-109", "Maya Okafor", "75204", 1.0, 3, "Energy;Construction", 4_966_000),
    _rep("U-110", "Victor Almeida", "80205", 1.0, 1, "Construction;Spanish", 1_807_000, start=dt.date(2026, 10, 5)),
    _rep("U-111", "Sofia Brandt", "94107", 1.0, 4, "Technology;Healthcare", 4_028_000),
    _rep("U-112", "Marcus Hale", "98109", 0.6, 1, "Retail", 1_630_000, start=dt.date(2026, 8, 17)),
)
_FACTS = ("orders", "opportunities", "activities", "contracts", "quotas")
_OTHERS = (
    Rep(
        "U-120",
        "Laura Whitfield",
        "60606",
        email="laura.whitfield@example.com",
        role="manager",
        start=dt.date(2018, 5, 14),
        level=5,
    ),
    Rep(
        "U-121",
        "Nina Castellano",
        "78701",
        email="nina.castellano@example.com",
        role="SDR",
        manager="U-120",
        start=dt.date(2025, 2, 3),
        skills=("Technology", "Spanish"),
        level=1,
    ),
    Rep(
        "U-130",
        "Vacant: Phoenix",
        "85004",
        role="rep",
        manager="U-120",
        start=dt.date(2027, 2, 1),
        skills=("Construction",),
        level=2,
        active=False,
    ),
)
_WIDTHS = {
    "Account Name": 34,
    "Account Owner": 20,
    "Industry": 20,
    "City": 20,
    "Full Name": 20,
    "Email": 32,
    "Skills": 28,
}


def demo_accounts() -> pd.DataFrame:
    """The demo's accounts as a CRM exports them: 5,000 rows, every cell text, "" where nothing is known.

    Columns: Account ID, Account Name, Account Owner, Industry, Employees, City, State, ZIP, Latitude, Longitude,
    Annual Revenue, Potential (both USD), Last Order (ISO date). A few rows carry ordinary dirt (ZIP+4, a lost leading
    zero, swapped or missing coordinates); every row can be located.

    Raises:
        InputError: if the bundled file is missing.
    """
    path = Path(__file__).resolve().parents[1] / "data" / "demo_accounts.parquet"
    if not path.is_file():
        raise InputError("the demo accounts are missing: run from a full checkout, with its folder data/")
    return pd.read_parquet(path).astype(object)


def demo_reps() -> tuple[Rep, ...]:
    """The demo's 12 reps, whose names the accounts' owners go by, then their manager, an SDR and a vacancy.

    One of the reps leaves at the end of January 2027, and two started lately.
    """
    return (*_REPS, *_OTHERS)


def demo_plan() -> pd.DataFrame:
    """A finished plan of the demo: columns `unit_id` (each county of the lower 48 and DC), `territory`, `rep` (rep id).

    Raises:
        InputError: if the bundled file is missing.
    """
    path = Path(__file__).resolve().parents[1] / "data" / "demo_plan.parquet"
    if not path.is_file():
        raise InputError("the demo plan is missing: run from a full checkout, with its folder data/")
    return pd.read_parquet(path).astype(object)


def demo_facts() -> dict[str, pd.DataFrame]:
    """Three years of the demo accounts' facts, under the headers of a CRM: days as datetime64, figures as float64.

    Returns:
        "orders", "opportunities", "activities", "contracts" and "quotas" -> one row per fact.

    Raises:
        InputError: if a bundled file is missing.
    """
    folder = Path(__file__).resolve().parents[1] / "data"
    paths = {kind: folder / f"demo_{kind}.parquet" for kind in _FACTS}
    if not all(path.is_file() for path in paths.values()):
        raise InputError("the demo's facts are missing: run from a full checkout, with its folder data/")
    return {kind: pd.read_parquet(path) for kind, path in paths.items()}


ROSTER_COLUMNS = (
    *("User ID", "Full Name", "Email", "Role", "Manager", "Home ZIP", "Start Date", "End Date", "Capacity"),
    *("Skills", "Seniority", "Quota"),
)


def demo_roster() -> pd.DataFrame:
    """The reps as a CRM exports them, in `ROSTER_COLUMNS`; every cell text."""
    names = {r.rep_id: r.name for r in demo_reps()}
    rows = [
        (
            *(r.rep_id, r.name, r.email, r.role, names.get(r.manager, ""), r.home_zip),
            *(day.isoformat() if day else "" for day in (r.start, r.end)),
            f"{r.capacity:g}",
            "; ".join(r.skills),
            "" if r.level is None else str(r.level),
            "" if r.quota is None else f"{r.quota:.0f}",
        )
        for r in demo_reps()
    ]
    return pd.DataFrame(rows, columns=list(ROSTER_COLUMNS), dtype=object)


def write_demo(path: str | Path | BytesIO) -> None:
    """Writes the demo as a workbook with the sheets "Accounts" and "Reps"; the same bytes every time.

    Ids and ZIPs are text, money and coordinates numbers, dates dates.
    """
    options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path if isinstance(path, BytesIO) else str(path), options) as book:
        made = dt.datetime(2026, 7, 1, tzinfo=dt.UTC).replace(tzinfo=None)
        book.set_properties({"title": "Terr demo accounts", "created": made})
        formats = {
            "head": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        _sheet(book.add_worksheet("Accounts"), demo_accounts(), NUMBERS, formats)
        _sheet(book.add_worksheet("Reps"), demo_roster(), ("Capacity", "Seniority", "Quota"), formats)


def _sheet(sheet: Any, frame: pd.DataFrame, numbers: tuple[str, ...], formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for c, column in enumerate(frame.columns):
        sheet.set_column(c, c, _WIDTHS.get(str(column), 14))
        sheet.write_string(0, c, str(column), formats["head"])
        money = formats["money"] if column in ("Annual Revenue", "Potential", "Quota") else None
        for r, text in enumerate(frame[column], start=1):
            if text == "":
                continue
            if column in numbers:
                sheet.write_number(r, c, float(text), money)
            elif column in ("Last Order", "Start Date", "End Date"):
                day = dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).replace(tzinfo=None)
                sheet.write_datetime(r, c, day, formats["date"])
            else:
                sheet.write_string(r, c, text)
