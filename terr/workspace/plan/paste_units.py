"""Units by list: what a person pastes out of a spreadsheet, and which units of the plan it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from terr.boundaries.layers.catalog import inside_of, is_mixed, layer
from terr.locate.gazetteer import clean_zip
from terr.model.units import ACCOUNT, Units, area_level, has_accounts
from terr.workspace.plan.snapshot import PlanSnapshot

MOST_TO_PICK = 3_500
"""Units a list to pick from may have; a longer one makes the browser wait, and a pasted list does the same."""

_LONGEST = 2_000_000
_MOST = 200_000
_ZIP_LEVELS = ("zip", "zip-2020")
_CODE = 5
"""Digits of a county's and a ZIP's code."""
_TWO_LEVELS = -2
_HEADS = frozenset(
    {
        "zip",
        "zips",
        "zipcode",
        "zipcodes",
        "zip code",
        "zip codes",
        "postal code",
        "county",
        "counties",
        "state",
        "states",
        "fips",
        "geoid",
        "id",
        "unit_id",
        "unit",
    }
)
_PLUS4 = re.compile(r"\d{5}-\d{4}|\d{9}")


@dataclass(frozen=True)
class PastedUnits:
    """What a pasted list names.

    Attributes:
        units: codes of the units found, ascending, each once.
        entries: how many entries were read.
        repeated: entries that named a unit named before.
        mended: entries whose lost zeros were put back, or whose ZIP+4 was cut to five digits.
        elsewhere: entries that are known (a ZIP that has no area of its own) and went to the area they lie in.
        unknown: entries that name no unit of this plan, as written, each once.
    """

    units: tuple[int, ...] = ()
    entries: int = 0
    repeated: int = 0
    mended: int = 0
    elsewhere: int = 0
    unknown: tuple[str, ...] = ()


def in_plan(shown: PlanSnapshot, text: str) -> PastedUnits:
    """What a pasted list names among the units of a plan; see `read`."""
    members = members_of(shown.units)
    return read(text, shown.info.level, shown.units.ids, shown.units.names, members)


def members_of(units: Units) -> pd.Series | None:
    """For areas that are ZIPs: each known ZIP -> id of the area it belongs to."""
    return layer(units.level).members if area_level(units.level) else None


def read(
    text: str, level: str, ids: Sequence[str], names: Sequence[str], members: pd.Series | None = None
) -> PastedUnits:
    """Find the units a pasted text names.

    Cells are separated by line ends, tabs and semicolons, and by commas and blanks too where that gives known ids:
    "Travis, TX" stays one entry, "75001, 75002 75003" are three. A head line is passed over. Digits that lost their
    leading zeros get them back.

    Args:
        text: what was pasted; anything beyond two million characters is left out.
        level: level of the units.
        ids, names: of the units, in the order of their codes.
        members: for layers of ZIPs: each known ZIP -> id of the area it belongs to.
    """
    index, width = _index(ids, names, level)
    found: set[int] = set()
    unknown: dict[str, None] = {}
    entries = repeated = mended = elsewhere = 0
    for entry in _entries(text, index, width):
        code, how = _one(entry, level, index, width, members)
        if code < 0 and not entries and entry.casefold() in _HEADS:
            continue
        entries += 1
        if code < 0:
            unknown.setdefault(entry[:40])
            continue
        repeated += code in found
        mended += how == "mended"
        elsewhere += how == "elsewhere"
        found.add(code)
    return PastedUnits(tuple(sorted(found)), entries, repeated, mended, elsewhere, tuple(unknown))


def unit_named(
    level: str, ids: Sequence[str], names: Sequence[str], members: pd.Series | None = None
) -> Callable[[str], tuple[int, str]]:
    """Finds the unit one entry names: (code or -1, "" | "mended" | "elsewhere"); see `read`."""
    index, width = _index(ids, names, level)
    return lambda entry: _one(entry, level, index, width, members)


def _index(ids: Sequence[str], names: Sequence[str], level: str) -> tuple[dict[str, int], int]:
    """Code by id or name whatever its case, and the length of ids that are digits only, else 0.

    Units of a mixed level are known by their plain ids too, "48453" for "county:48453"; those of two levels aren't.
    """
    named = {n.casefold(): i for i, n in reversed(list(enumerate(names)))}
    if is_mixed(level):
        plain: dict[str, int] = {}
        for i, d in enumerate(ids):
            bare = plain_id(d)
            plain[bare] = _TWO_LEVELS if bare in plain else i
        plain |= {bare: _TWO_LEVELS for bare in map(plain_id, inside_of(level)) if bare in plain}
        return {**named, **plain, **{d.casefold(): i for i, d in enumerate(ids)}}, _CODE
    if has_accounts(level):  # accounts by their own id, unless an area or another account has that name
        own = {d.removeprefix(ACCOUNT).casefold(): i for i, d in enumerate(ids) if d.startswith(ACCOUNT)}
        twice = {n for n, k in Counter(n.casefold() for n in names).items() if k > 1}
        named = {n: i for n, i in named.items() if n not in twice}
        return {**named, **own, **{d.casefold(): i for i, d in enumerate(ids)}}, 0
    width = max((len(d) for d in ids), default=0) if all(d.isdigit() for d in ids) else 0
    return {**named, **{d.casefold(): i for i, d in enumerate(ids)}}, width


def plain_id(unit: str) -> str:
    """The id of a mixed level's unit as it is on its own level, in lower case: "06037" of "county:06037"."""
    return unit.rpartition(":")[2].casefold()


def two_levels(units: Sequence[str], level: str) -> frozenset[str]:
    """Plain ids of a mixed level that are those of areas of two levels, one of which may be split."""
    if not is_mixed(level):
        return frozenset()
    every = [plain_id(u) for u in (*units, *inside_of(level))]
    return frozenset(i for i, n in Counter(every).items() if n > 1)


def _one(entry: str, level: str, index: dict[str, int], width: int, members: pd.Series | None) -> tuple[int, str]:
    """(code or -1, "" | "mended" | "elsewhere")."""
    code = index.get(entry.casefold(), -1)
    if code >= 0:
        return code, ""
    if code == _TWO_LEVELS:
        return -1, ""
    if width and re.fullmatch(r"\d+(?:\.0)?", entry):
        code = index.get(entry.removesuffix(".0").zfill(width), -1)
        if code >= 0:
            return code, "mended"
    if level in _ZIP_LEVELS or members is not None:
        zipped, _ = clean_zip(entry)
        code = index.get(zipped, -1) if zipped else -1
        if code >= 0:
            return code, "mended"
        area = "" if members is None or not zipped else str(members.get(zipped, ""))
        if area in index:
            return index[area], "elsewhere"
    return -1, ""


def _entries(text: str, index: dict[str, int], width: int) -> list[str]:
    out: list[str] = []
    for cell in re.split(r"[\r\n\t;|\u2028\u2029]+", text[:_LONGEST]):
        whole = _tidy(cell)
        if not whole:
            continue
        if whole.casefold() in index or not re.search(r"[,\s]", whole):
            out.append(whole)
        else:
            out.extend(_apart(whole, index, width))
        if len(out) >= _MOST:
            break
    return out[:_MOST]


def _apart(cell: str, index: dict[str, int], width: int) -> list[str]:
    """A cell with commas or blanks: its parts if all look like ids, else those between commas, else whole."""
    parts = [_tidy(p) for p in re.split(r"[,\s]+", cell)]
    parts = [p for p in parts if p]

    def looks_like_id(part: str) -> bool:
        digits = bool(_PLUS4.fullmatch(part)) or (part.isdigit() and len(part) <= max(width, 5))
        return part.casefold() in index or digits

    if all(looks_like_id(p) for p in parts):
        return parts
    between = [_tidy(p) for p in cell.split(",") if _tidy(p)]
    if any(p.casefold() in index for p in between):
        return between
    return [cell]


def _tidy(cell: str) -> str:
    return (
        re.sub(r"\s+", " ", cell.replace("\ufeff", "").replace("\u00a0", " ")).strip().strip("\"'").strip().rstrip(",")
    )
