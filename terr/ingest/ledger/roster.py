"""The reps' roster: joined on the id, never on the name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from terr.errors import InputError
from terr.ingest.cleaning.clean import read_number, shorten
from terr.ingest.columns.words import REP_ALIASES, compact, tokens
from terr.ingest.ledger.ledger import ISSUE_COLUMNS
from terr.ingest.reading.files import RawTable
from terr.model.reps import Rep

ROSTER = re.compile(r"\b(reps?|roster|users?|sales ?(team|people|reps?))\b", re.IGNORECASE)
"""What a sheet of reps is called."""

_INACTIVE = frozenset(
    (
        "false",
        "no",
        "n",
        "0",
        "0.0",
        "inactive",
        "terminated",
        "left",
        "former",
        "disabled",
        "deactivated",
        "nein",
        "non",
        "falsch",
        "frozen",
    )
)
_QUEUES = frozenset(
    (
        "house",
        "house account",
        "house accounts",
        "integration user",
        "integration",
        "api user",
        "queue",
        "unassigned",
        "no owner",
        "system",
        "admin",
        "system administrator",
        "automated process",
        "platform integration user",
        "data loader",
        "tbd",
        "vacant",
        "open",
        "open territory",
    )
)
_ZIP = re.compile(r"\d{5}(?:-?\d{4})?")


def rep_columns(raw: RawTable) -> dict[str, str]:
    """Field of the roster (rep_id, name, first, last, zip, capacity, active) -> column, as far as headers are known."""
    words: dict[str, str] = {}
    for column in raw.columns:
        words.setdefault(compact(column), column)
    out: dict[str, str] = {}
    for field, names in REP_ALIASES.items():
        known = next((words[w] for w in names if w in words and words[w] not in out.values()), None)
        if known is not None:
            out[field] = known
    return out


def _capacity(cell: str, header: str) -> tuple[float, str]:
    """A rep's capacity as a share of a full territory, and what was wrong with the cell ("" if nothing)."""
    percent = cell.endswith("%") or bool({"percent", "pct"} & set(tokens(header))) or "%" in header
    number = read_number(cell.rstrip("% "))
    if not cell or (number.value is None and number.problem is None):
        return 1.0, ""
    value = number.value / 100 if number.value is not None and percent else number.value
    if value is None or not 0 < value <= 10:
        return 1.0, f"'{shorten(cell)}' isn't a share of a full territory (1 = a full one, 50% = half); 1 is used"
    return value, ""


def _zip(cell: str) -> tuple[str, str]:
    """A home ZIP in five digits, and what was wrong with the cell."""
    digits = re.sub(r"\.0+$", "", cell)
    if not digits:
        return "", ""
    if re.fullmatch(r"\d{3,4}", digits):
        return digits.zfill(5), f"'{digits}' lost its leading zero; {digits.zfill(5)} is used"
    if _ZIP.fullmatch(digits):
        return digits[:5], ""
    return "", f"'{shorten(cell)}' isn't a ZIP code; the rep's home is left open"


def read_reps(raw: RawTable, columns: Mapping[str, str] | None = None) -> tuple[tuple[Rep, ...], pd.DataFrame]:
    """Reps of a roster, in the file's order.

    Inactive reps and queues ("House", "Integration User") are excluded, rows without an id or with one already used are
    rejected; each with its reason.

    Args:
        raw: the roster.
        columns: field -> column where the headers aren't known; see `rep_columns` for the fields.

    Returns:
        The reps, and the issues with the columns of a `Ledger`'s.

    Raises:
        InputError: no column for the id or for the name, an unknown column, or no rep left.
    """
    where = rep_columns(raw) | dict(columns or {})
    for field, column in where.items():
        if field not in REP_ALIASES or column not in raw.columns:
            raise InputError(
                f"{raw.filename} has no column '{shorten(column)}' for {shorten(field)}; choose one of its columns"
            )
    if "rep_id" not in where:
        raise InputError(
            f"{raw.filename} has no column with the reps' ids (User ID); reps are joined on it, since names repeat"
        )
    if "name" not in where and not {"first", "last"} <= set(where):
        raise InputError(
            f"{raw.filename} has no column with the reps' names; name one Full Name, or First Name and Last Name"
        )
    text = {field: raw.rows[column].str.strip().tolist() for field, column in where.items()}
    n = len(raw.rows)
    blank = [""] * n
    reps: dict[str, Rep] = {}
    first: dict[str, int] = {}
    issues: list[tuple[int, str, str, str, str, str]] = []
    filled = (raw.rows != "").to_numpy().any(axis=1)
    for at in range(n):
        row = int(raw.source_rows[at])
        rep_id = text["rep_id"][at]
        joined = f"{text.get('first', blank)[at]} {text.get('last', blank)[at]}".strip()
        name = (text.get("name", blank)[at] or joined)[:80]
        if not filled[at]:
            issues.append((row, "", "", "blank_row", "the row is blank", "excluded"))
            continue
        if not rep_id:
            message = "the rep has no id; fill it in"
            issues.append((row, where["rep_id"], name, "missing_id", message, "rejected"))
            continue
        active = text.get("active", blank)[at]
        if active.casefold() in _INACTIVE:
            message = f"{shorten(name)} is not active ({shorten(active)})"
            issues.append((row, where["active"], active, "inactive", message, "excluded"))
            continue
        if name.casefold() in _QUEUES:
            message = f"'{shorten(name)}' is a queue or a program, not a person"
            issues.append((row, where.get("name", ""), name, "queue", message, "excluded"))
            continue
        if rep_id in first:
            before = first[rep_id]
            same = raw.rows.iloc[at].equals(raw.rows.iloc[before])
            message = f"the rep's id is already used in row {raw.source_rows[before]}" + (
                "" if same else ", with other cells"
            )
            code, fate = ("duplicate_row", "excluded") if same else ("duplicate_id", "rejected")
            issues.append((row, where["rep_id"], rep_id, code, message, fate))
            continue
        home, wrong = _zip(text.get("zip", blank)[at])
        if wrong:
            issues.append((row, where["zip"], text["zip"][at], "zip", wrong, "accepted"))
        cell = text.get("capacity", blank)[at]
        capacity, wrong = _capacity(cell, where.get("capacity", ""))
        if wrong:
            issues.append((row, where["capacity"], cell, "capacity", wrong, "accepted"))
        reps[rep_id] = Rep(rep_id, name or rep_id, home, capacity)
        first[rep_id] = at
    if not reps:
        raise InputError(
            f"{raw.filename} has no active rep with an id; check the columns '{where['rep_id']}' and Active"
        )
    frame = pd.DataFrame({c: [i[k] for i in issues] for k, c in enumerate(ISSUE_COLUMNS)})
    return tuple(reps.values()), frame.astype({"row": "int64"} | dict.fromkeys(ISSUE_COLUMNS[1:], "str"))
