"""A plan as a plain-text file: `unit_id,territory`, one row for each area of the region."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping

from terr.errors import InputError, PlanError
from terr.model.plan import MAX_TERRITORIES, Plan
from terr.model.units import UNASSIGNED, Units
from terr.model.wording import count
from terr.report.safe import is_formula, shown

HEADER = ("unit_id", "territory")
MAX_BYTES = 20_000_000
MAX_ROWS = 200_000
"""Several times the ZIPs of the country; a file of blank lines ends here and not in memory."""
NAMED = 5
"""How many faults one message names."""
_NAME_LENGTH = 80


def plan_csv(plan: Plan, units: Units) -> bytes:
    """The plan as UTF-8 CSV without a byte-order mark; territories by name, an empty one = unassigned.

    A name that a spreadsheet would run as a formula gets an apostrophe in front; `read_plan_csv` takes it off again.

    Raises:
        PlanError: if the plan was made on other map areas.
    """
    if plan.units_version != units.version or len(plan) != len(units):
        raise PlanError("the plan was made on other map areas; open it with its own level and region")
    names = {t.code: _guard(t.name) for t in plan.territories} | {UNASSIGNED: ""}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(zip(units.ids, (names[c] for c in plan.assign.tolist()), strict=True))
    return out.getvalue().encode("utf-8")


def read_plan_csv(data: bytes, units: Units) -> list[str]:
    """Territory names from a plan file.

    Commas are expected; semicolons and tabs, which spreadsheets write in some countries, are taken too.

    Args:
        data: the file.
        units: the units the plan is for.

    Returns:
        One name for each unit in code order, "" = unassigned.

    Raises:
        InputError: in one message, everything that is wrong with the file: not UTF-8, empty, another header, rows
            that aren't a unit and a territory, units that are unknown, repeated or missing, unusable names.
    """
    rows = _rows(data)
    codes = units.codes()
    faults: list[str] = []
    names: list[str | None] = [None] * len(units)
    first_row = [0] * len(units)
    spelled: dict[str, str] = {}
    for number, row in rows:
        if len(row) != len(HEADER):
            faults.append(f"row {number} has {count(len(row), 'cell')} instead of 2")
            continue
        unit_id, name = row[0].strip(), _unguard(row[1].strip())
        code = codes.get(unit_id)
        if code is None:
            faults.append(f"row {number}: area {shown(unit_id)} isn't in this region{_hint(unit_id, codes)}")
        elif first_row[code]:
            faults.append(f"area {shown(unit_id)} is in row {first_row[code]} and again in row {number}")
        elif len(name) > _NAME_LENGTH:
            faults.append(f"row {number}: territory {shown(name)} is longer than {_NAME_LENGTH} characters")
            first_row[code], names[code] = number, ""
        elif spelled.setdefault(name.casefold(), name) != name:
            faults.append(f"row {number}: territory {shown(name)} is spelled {shown(spelled[name.casefold()])} before")
            first_row[code], names[code] = number, ""
        else:
            first_row[code], names[code] = number, name
    missing = [u for u, name in zip(units.ids, names, strict=True) if name is None]
    if missing:
        some = ", ".join(missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
        faults.insert(0, f"{len(missing):,} of the region's {len(units):,} areas are missing ({some})")
    if len(spelled.keys() - {""}) > MAX_TERRITORIES:
        faults.append(f"it has more than {MAX_TERRITORIES} territories")
    if faults:
        more = f"; and {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
        raise InputError(f"the plan file doesn't fit: {'; '.join(faults[:NAMED])}{more}")
    return [name or "" for name in names]


def _rows(data: bytes) -> list[tuple[int, list[str]]]:
    """Rows below the header that aren't blank, each with its 1-based row as a spreadsheet counts."""
    if len(data) > MAX_BYTES:
        raise InputError(f"the plan file is larger than {MAX_BYTES // 1_000_000} MB; it needs only unit_id,territory")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f'the plan file isn\'t UTF-8 text (line {line}); save it as "CSV UTF-8"') from error
    if not text.strip():
        raise InputError("the plan file is empty; it needs the header unit_id,territory and a row for each area")
    head = text.split("\n", 1)[0]
    delimiter = next((d for d in (",", ";", "\t") if d in head), ",")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = list(itertools.islice(reader, MAX_ROWS + 1))
    except csv.Error as error:
        raise InputError(
            "the plan file can't be read as CSV; check for a quotation mark that isn't closed or a very long cell"
        ) from error
    if len(rows) > MAX_ROWS:
        raise InputError(f"the plan file has more than {MAX_ROWS:,} rows; it needs one row for each area")
    header = [cell.strip().casefold() for cell in rows[0]]
    if tuple(header) != HEADER:
        raise InputError(
            f"the plan file begins with {shown(head)}; its header must be unit_id,territory"
            " with those two columns and no others"
        )
    return [(i, row) for i, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)]


def _hint(unit_id: str, codes: Mapping[str, int]) -> str:
    width = len(next(iter(codes), ""))
    padded = unit_id.zfill(width)
    if unit_id.isascii() and unit_id.isdigit() and padded != unit_id and padded in codes:
        return f" (a spreadsheet may have dropped the zero of {padded}; format the column as text)"
    return ""


def _guard(name: str) -> str:
    # apostrophes that stand in front already are looked through, so that reading takes off exactly what was put on
    return "'" + name if is_formula(name.lstrip("'")) else name


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and is_formula(cell.lstrip("'")) else cell
