"""The reps' roster: joined on the id, never on the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.ingest.cleaning.clean import read_number, shorten
from terr.ingest.columns.dates import iso
from terr.ingest.columns.words import REP_ALIASES, REP_ALIASES_ABROAD, compact, tokens
from terr.ingest.ledger.ledger import ISSUE_COLUMNS
from terr.ingest.reading.files import RawTable
from terr.model.reps import MAX_LEVEL, HomeFields, Rep, home_fields
from terr.places.addresses import read_place
from terr.places.countries import HOME, country_code

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
_VACANCY = re.compile(r"(?:vacan(?:t|cy)|open (?:position|req(?:uisition)?|role)|to be hired|tbh)\b.*\w", re.IGNORECASE)
_SKILLS = re.compile(r"[;,|\n/]+")
_MOST_SKILLS = 50
_MILLIONS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?!\d)")
_DOTTED = re.compile(r"\D*\d{1,3}(?:\.\d{3})+(?:,\d+)?\D*")
_ROLE_WORDS = (
    ("SDR", re.compile(r"\b(sdr|bdr|ldr|sales development|business development rep\w*|inside sales dev\w*)\b", re.I)),
    ("manager", re.compile(r"\b(manager|director|vp|vice president|head|lead|chief|cro|president)\b", re.I)),
    ("specialist", re.compile(r"\b(specialist|overlay|engineer|architect|consultant|se|expert)\b", re.I)),
    ("partner", re.compile(r"\b(partner|channel|alliances?|reseller|distributor)\b", re.I)),
    ("support", re.compile(r"\b(support|service|csm|customer success|success|assistant|operations|admin)\b", re.I)),
    (
        "rep",
        re.compile(r"\b(rep|reps|representative|account executives?|ae|sales|seller|account manager|field)\b", re.I),
    ),
)
_LEVEL_WORDS = {"junior": 1, "entry": 1, "associate": 1, "mid": 2, "regular": 2, "senior": 3, "principal": 4, "lead": 4}


def rep_columns(raw: RawTable) -> dict[str, str]:
    """Field of the roster (rep_id, name, first, last, zip, capacity, active) -> column, as far as headers are known."""
    words: dict[str, str] = {}
    for column in raw.columns:
        words.setdefault(compact(column), column)
    out: dict[str, str] = {}
    for aliases in (REP_ALIASES, REP_ALIASES_ABROAD):
        for field, names in aliases.items():
            known = next((words[w] for w in names if w in words and words[w] not in out.values()), None)
            if known is not None:
                out.setdefault(field, known)
    return out


def _role(cell: str) -> tuple[str, str]:
    """What somebody does, of a role or a job title, and what was wrong with the cell."""
    if not cell:
        return "rep", ""
    if re.search(r"\baccount manager\b", cell, re.I):
        return "rep", ""
    for role, words in _ROLE_WORDS:
        if words.search(cell):
            return role, ""
    return "rep", f"the role '{shorten(cell)}' isn't known; taken as a rep who can own a territory"


def _day(cell: str, order: str) -> tuple[date | None, str]:
    """A day, and what was wrong with the cell."""
    if not cell:
        return None, ""
    text = iso(cell, order) or cell[:10]
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        pass
    for form in ("%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y"):
        try:
            return datetime.strptime(cell, form).date(), ""  # noqa: DTZ007 (a day has no time zone)
        except ValueError:
            continue
    return None, f"'{shorten(cell)}' isn't a date; write it as 2026-01-31. It is left open"


def _day_order(cells: list[str]) -> str:
    """How a column writes days: month first, unless one of its dates can only be day first."""
    first = [c for c in cells if c and iso(c, "mdy") is None and iso(c, "dmy") is not None]
    return "dmy" if first else "mdy"


def _without_thousands(cells: list[str]) -> list[str]:
    """Amounts of a column that writes thousands with dots ("1.200.000" beside "900.000"), without the dots."""
    if not any(_MILLIONS.search(c) for c in cells) and not all(_DOTTED.fullmatch(c) for c in cells if c):
        return cells
    return [c.replace(".", "") if _DOTTED.fullmatch(c) else c for c in cells]


def _amount(what: str, low: float, high: float) -> Callable[[str], tuple[float | None, str]]:
    def read_amount(cell: str) -> tuple[float | None, str]:
        if not cell:
            return None, ""
        value = read_number(cell).value
        if value is None or not low <= value <= high:
            return None, f"'{shorten(cell)}' isn't {what}; it is left open"
        return float(value), ""

    return read_amount


_HOURS = _amount("a number of hours a year up to 8,784", 1e-9, 8784)
_QUOTA = _amount("an amount of 0 or more", 0, 1e15)


def _level(cell: str) -> tuple[int | None, str]:
    """A seniority level of a number or a word."""
    if not cell:
        return None, ""
    word = next((n for w, n in _LEVEL_WORDS.items() if re.search(rf"\b{w}\b", cell, re.I)), None)
    figures = re.search(r"\d+", cell)
    value = int(figures[0]) if figures and len(figures[0]) < 4 else word
    if value is None or not 1 <= value <= MAX_LEVEL:
        return None, f"'{shorten(cell)}' isn't a seniority level from 1 (junior) to {MAX_LEVEL}; it is left open"
    return value, ""


def _skills(cell: str) -> tuple[str, ...]:
    out: dict[str, str] = {}
    for part in _SKILLS.split(cell):
        clean = " ".join(part.split())[:60]
        if clean:
            out.setdefault(clean.casefold(), clean)
    return tuple(out.values())[:_MOST_SKILLS]


def home_form(text: str) -> str:
    """Why a text can't be a home by its form, and what to write instead, for a reader; "" where it may be one."""
    place = read_place(text)
    if _ZIP.fullmatch(text) or place.state or place.point or (place.city and (place.country or place.zip)):
        return ""
    return f"'{shorten(text)}' isn't a ZIP, or a city with its state or country; enter 02116, or Boston, MA"


@dataclass(frozen=True)
class _Home:
    """A home told by some cells: its fields of a `Rep`, and which cell is wrong and why ("" if none)."""

    fields: HomeFields
    field: str = ""
    wrong: str = ""


def _home(cells: Mapping[str, str], problem: Callable[[str], str]) -> _Home:
    """The first of ZIP, whole home, and city with state or country that can be placed.

    Args:
        cells: of the fields zip, home, city, state, country; "" where blank.
        problem: why a home can't be placed, "" where it can.
    """
    zipped, address, city = re.sub(r"\.0+$", "", cells["zip"]), cells["home"], cells["city"]
    country = country_code(cells["country"])
    away = country not in ("", HOME)
    behind = cells["country"] if away else cells["state"]
    short = re.fullmatch(r"\d{3,4}", zipped) is not None
    code = "" if away else zipped.zfill(5) if short else zipped[:5] if _ZIP.fullmatch(zipped) else ""
    if zipped and city and not behind:  # 80331 is in Kentucky but for its city, München
        code, zipped = ("", f"{zipped} {city}") if not short else (code, zipped)
    inside = read_place(address)
    if inside.state and _ZIP.fullmatch(inside.zip) and not problem(inside.zip[:5]):
        address = inside.zip[:5]
    ways = (
        ("zip", code or ("" if city and behind else zipped)),
        ("home", f"{address}, {behind}" if address and behind and problem(address) else address),
        ("city", ", ".join(w for w in (city, behind) if w)),
    )
    told: tuple[str, str] | None = None
    for field, given in ways:
        if given and not (wrong := problem(given)):
            if told is None and field == "zip" and short:
                told = ("zip", f"'{cells['zip']}' lost its leading zero; {code} is used")
            elif told is not None:
                told = (told[0], f"{told[1]}. '{shorten(given)}' is used")
            return _Home(home_fields(given), *(told or ("", "")))
        if given and told is None:
            told = (field, wrong)
    first = next((given for _, given in ways if given), "")
    return _Home(home_fields(first), *(told or ("", "")))


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


def read_reps(
    raw: RawTable, columns: Mapping[str, str] | None = None, *, home_problem: Callable[[str], str] = home_form
) -> tuple[tuple[Rep, ...], pd.DataFrame]:
    """Reps of a roster, in the file's order.

    Inactive reps and queues ("House", "Integration User") are excluded, rows without an id or with one already used are
    rejected; each with its reason.

    Args:
        raw: the roster.
        columns: field -> column where the headers aren't known; see `rep_columns` for the fields.
        home_problem: why a home can't be placed, "" where it can; by default only its form is looked at.

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
    names: dict[str, str] = {}
    order = _day_order([*text.get("start", blank), *text.get("end", blank)])  # one program wrote both columns
    if "quota" in text:
        text["quota"] = _without_thousands(text["quota"])
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
        vacant = name.casefold() not in _QUEUES and _VACANCY.match(name) is not None
        if vacant:
            message = f"'{shorten(name)}' is a vacancy; it gets no territory until it is filled"
            issues.append((row, where.get("name", where.get("last", "")), name, "vacancy", message, "accepted"))
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
        home = _home({f: text.get(f, blank)[at] for f in ("zip", "home", "city", "state", "country")}, home_problem)
        if home.wrong:
            issues.append((row, where[home.field], text[home.field][at], home.field, home.wrong, "accepted"))
        cell = text.get("capacity", blank)[at]
        capacity, wrong = _capacity(cell, where.get("capacity", ""))
        if wrong:
            issues.append((row, where["capacity"], cell, "capacity", wrong, "accepted"))
        if capacity > 1:
            message = f"{capacity:.0%} of a full rep is over 100%; it is taken as given"
            issues.append((row, where["capacity"], cell, "over_full", message, "accepted"))
        if (before_name := names.get(name.casefold())) is not None:
            message = f"two people are called {shorten(name)}; they are told apart by id ({before_name} and {rep_id})"
            issues.append((row, where.get("name", where.get("last", "")), name, "same_name", message, "accepted"))
        names.setdefault(name.casefold(), rep_id)

        def value_of(kind: str, read_cell: Callable[[str], tuple[Any, str]], at: int = at, row: int = row) -> Any:
            given = text.get(kind, blank)[at]
            value, trouble = read_cell(given)
            if trouble:
                issues.append((row, where[kind], given, kind, trouble, "accepted"))
            return value

        start, end = (value_of(kind, partial(_day, order=order)) for kind in ("start", "end"))
        if start and end and end < start:
            message = f"the end ({end}) is before the start ({start}); the end is left open"
            issues.append((row, where["end"], text["end"][at], "end_before_start", message, "accepted"))
            end = None
        reps[rep_id] = Rep(
            rep_id,
            name or rep_id,
            home.fields["home_zip"],
            capacity,
            text.get("email", blank)[at][:200],
            value_of("role", _role),
            "",
            start,
            end,
            value_of("hours", _HOURS),
            _skills(text.get("skills", blank)[at]),
            value_of("level", _level),
            value_of("quota", _QUOTA),
            active=not vacant,
            home_place=home.fields["home_place"],
        )
        first[rep_id] = at
    if not reps:
        raise InputError(
            f"{raw.filename} has no active rep with an id; check the columns '{where['rep_id']}' and Active"
        )
    if "manager" in where:
        reps, told = _with_managers(reps, {i: text["manager"][at] for i, at in first.items()})
        for rep_id, message in told:
            at = first[rep_id]
            row = int(raw.source_rows[at])
            issues.append((row, where["manager"], text["manager"][at], "manager", message, "accepted"))
    frame = pd.DataFrame({c: [i[k] for i in issues] for k, c in enumerate(ISSUE_COLUMNS)})
    return tuple(reps.values()), frame.astype({"row": "int64"} | dict.fromkeys(ISSUE_COLUMNS[1:], "str"))


def _with_managers(reps: Mapping[str, Rep], given: Mapping[str, str]) -> tuple[dict[str, Rep], list[tuple[str, str]]]:
    """The reps with their managers by id, and what was wrong, by rep: somebody unknown, themselves, or a loop."""
    called: dict[str, str] = {}
    for r in reps.values():
        for word in (r.name, r.email, r.rep_id):  # an id beats an email, an email a name
            if word:
                called[word.casefold()] = r.rep_id
    over = {i: called.get(name.casefold(), "") for i, name in given.items() if name}
    told: list[tuple[str, str]] = []
    unknown: dict[str, list[str]] = {}
    for rep_id, manager in over.items():
        if not manager:
            unknown.setdefault(given[rep_id].casefold(), []).append(rep_id)
        elif manager == rep_id:
            told.append((rep_id, f"{shorten(reps[rep_id].name)} is their own manager; left without one"))
            over[rep_id] = ""
    for team in unknown.values():
        whose = f"of {len(team)} reps " if len(team) > 1 else ""
        told.append((team[0], f"the manager '{shorten(given[team[0]])}' {whose}isn't on the roster; add that row"))
    for rep_id in tuple(over):
        trail, at = [rep_id], over[rep_id]
        while at and at not in trail:
            trail.append(at)
            at = over.get(at, "")
        if at == rep_id:
            loop = " → ".join(shorten(reps[i].name) for i in (*trail, rep_id))
            told.append((rep_id, f"managers run in a circle: {loop}; {shorten(reps[rep_id].name)} is left without one"))
            over[rep_id] = ""
    return {i: replace(r, manager=over.get(i, "")) for i, r in reps.items()}, told
