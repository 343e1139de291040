"""Plan files as people have them: Terr's own, those of other programs, and lists of accounts with their territories.

Terr's own file is read as it is. Any other is understood column by column; what was mended or left out is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from terr.boundaries.layers.catalog import inside_of, is_mixed, layer
from terr.errors import InputError
from terr.ingest import RawTable, read_table
from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.words import compact, tokens
from terr.locate.former_counties import BY_CODE
from terr.locate.gazetteer import county_key
from terr.locate.town_names import county_words, split_state
from terr.model.plan import MAX_TERRITORIES
from terr.model.units import Units
from terr.places.states import state_code
from terr.report.plan import MAX_BYTES, read_plan_csv
from terr.report.safe import is_formula, shown
from terr.view.text import count, unit_noun
from terr.workspace.plan.paste_units import members_of, plain_id, two_levels, unit_named

_NAME_LENGTH = 80
_LIKELY, _MOST_CELLS = 0.5, 20_000
_NOBODY = frozenset(
    ("unassigned", "none", "na", "null", "nil", "blank", "noterritory", "unallocated", "notassigned", "nobody", "open")
)
_TERRITORY = (
    *("territory", "territoryname", "territorylabel", "territory2name", "territory2label", "assignedterritory", "terr"),
    *("salesterritory", "territoryassignment", "territorydescription", "newterritory", "district", "districtname"),
    *("assignment", "territoryid", "territory2id", "territorycode", "zone", "patch", "gebiet", "bezirk", "cluster"),
    *("salesregion", "regionname", "region", "team", "group", "salesrep", "rep", "repname", "owner", "accountowner"),
    *("territoryowner", "assignedto", "manager", "alignment", "alignmentname", "name"),
)
_PLANS = re.compile(
    r"plan|scenario|option|version|alignment|proposed|proposal|current|draft|before|after|new|old|20\d\d"
)
_WHICH = frozenset(("plan", "planname", "scenario", "scenarioname", "version", "alignment", "alignmentname", "option"))
_LISTS = re.compile(r"\s*[,;|\n]\s*")
_RANGE = re.compile(r"(\d{3,5})\s*(?:-|–|to|thru|through|bis)\s*(\d{3,5})")


class TwoLevelsError(InputError):
    """A plain id in the file of a mixed level that may be of either of two levels."""


@dataclass(frozen=True)
class PlanFileRead:
    """A plan file understood.

    Attributes:
        names: one territory name for each unit in code order, "" = unassigned.
        notes: what was mended, chosen or left out, in sentences.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_plan_file(
    data: bytes, units: Units, filename: str = "", accounts: Mapping[str, int] | None = None
) -> PlanFileRead:
    """A plan file for some units.

    Args:
        data: the file.
        units: the units the plan is for.
        filename: for messages; behind a "#" it names the plan or the sheet of a file that has several.
        accounts: account id -> code of its unit, for lists of accounts with their territories.

    Raises:
        InputError: if the file can't be understood, saying what is wrong with it.
    """
    try:
        return PlanFileRead(tuple(read_plan_csv(data, units)))
    except InputError as error:
        strict = error
    if len(data) > MAX_BYTES:
        raise strict
    name, _, wanted = filename.partition("#")
    odd_text = isinstance(strict.__cause__, UnicodeDecodeError)  # then nothing of its rows was judged yet
    try:
        return _understood(_table(data, name, wanted), units, wanted, accounts or {}, None if odd_text else strict)
    except TwoLevelsError:
        raise
    except InputError as error:
        raise (strict if _is_ours(data) and not odd_text else error) from error


def _is_ours(data: bytes) -> bool:
    """Whether there is nothing but Terr's own header to go by: what is said of such a file is said more exactly."""
    head = data[:400].removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    return not head or bool(re.fullmatch(rb"\W*unit_id\W+territory\W*", head, re.I)) or b"\x00" in head[:8]


def _table(data: bytes, name: str, wanted: str) -> RawTable:
    try:
        raw = read_table(data, name or "the plan file")
    except InputError:  # nothing in it looks like a header: its first row is taken as one, and looked at below
        raw = read_table(data, name or "the plan file", header_row=1)
    sheet = next((s for s in raw.sheets if s.casefold() == wanted.strip().casefold()), None) if wanted else None
    return raw if sheet is None else read_table(data, name or "the plan file", sheet=sheet)


def _bare(cell: str) -> str:
    """A cell without the marks that keep its zeros: ="060", '060."""
    return cell.strip().removeprefix("=").strip("'\"").strip()


def _understood(
    raw: RawTable, units: Units, wanted: str, accounts: Mapping[str, int], strict: InputError | None
) -> PlanFileRead:
    named = unit_named(units.level, units.ids, units.names, members_of(units))
    finder = _Finder(units, named)
    rows = [[_bare(str(c)) for c in r] for r in raw.rows.itertuples(index=False)]
    head = list(raw.columns)
    if finder.code(head[0])[0] >= 0 and len(head) <= 3:  # without a header: its first row is data
        rows, head = [list(head), *rows], [f"column {k + 1}" for k in range(len(head))]
    notes: list[str] = []
    if raw.sheet is not None:
        more = "; name another as FILE#SHEET" if len(raw.sheets) > 1 else ""
        notes.append(f"sheet '{raw.sheet}' of an Excel workbook was read{more}")
    elif raw.encoding and not raw.encoding.startswith(("utf-8", "ascii")):
        notes.append(f"it isn't UTF-8 text and was read as {raw.encoding}")
    rows = _one_plan(head, rows, wanted, notes)
    at, find = _unit_column(head, rows, finder, accounts)
    if at < 0:
        raise InputError(
            f"{raw.filename} has no column with the {unit_noun(units.level, 2)} of this region (ids look like "
            f"{units.ids[0]}); a plan file needs unit_id,territory"
        )
    to = _territory_column(head, rows, at, wanted, notes)
    if to < 0:
        raise InputError(f"{raw.filename} has no column that names territories; a plan file needs unit_id,territory")
    if (compact(head[at]), compact(head[to])) != ("unitid", "territory"):
        notes.append(f"'{head[at]}' was read as the {unit_noun(units.level, 1)} and '{head[to]}' as its territory")
    return _assigned(units, [(r[at], r[to]) for r in rows], find, notes, strict if _exact(head) else None)


def _exact(head: Sequence[str]) -> bool:
    return [h.strip().casefold() for h in head] == ["unit_id", "territory"]


class _Finder:
    """Finds the unit a cell names."""

    def __init__(self, units: Units, named: Callable[[str], tuple[int, str]]) -> None:
        self.units, self.named = units, named
        self.codes = units.codes()
        self.level = units.level.split("-", 1)[0]
        states = units.frame["state"].tolist()
        self.alone = states[0] if len(set(states)) == 1 else ""
        self.counties: dict[tuple[str, str], int] = {}
        self.mixed = is_mixed(units.level)
        self.inside = _inside(units)
        self.torn = two_levels(units.ids, units.level)
        if self.level == "county" or self.mixed:
            for code, (unit, name, state) in enumerate(zip(units.ids, units.names, states, strict=True)):
                if self.mixed and not unit.startswith("county:"):
                    continue
                self.counties.setdefault((str(state), county_key(name.rpartition(",")[0] or name)), code)
        self.seen: dict[str, tuple[int, str]] = {}

    def code(self, cell: str) -> tuple[int, str]:
        """(code or -1, what was done to read it)."""
        if cell not in self.seen:
            self.seen[cell] = self._code(cell)
        return self.seen[cell]

    def _code(self, cell: str) -> tuple[int, str]:
        if not cell:
            return -1, ""
        if cell.casefold() in self.torn:
            raise TwoLevelsError(
                f"{shown(cell)} is the id of a county and of a ZIP here; write county:{cell} or zip:{cell} in the file"
            )
        code, how = self.named(cell)
        if code >= 0:
            return code, "zeros" if how == "mended" and cell.isdigit() else how
        found = re.fullmatch(r"(?:\w*US|FIPS[ :]*|ZIP[ :]*|ZCTA5?[ :]*)(\d{2,5})", cell, re.I)
        if found and found[1] in self.codes:
            return self.codes[found[1]], "written"
        if self.level == "zip3" and (found := re.fullmatch(r"(\d{3})(?:\d\d(?:-\d{4})?|xx|\*+|--)?", cell, re.I)):
            return self.codes.get(found[1], -1), "written"
        if self.level == "state":
            return self.codes.get(state_code(cell), -1), "written"
        if self.level == "county" or self.mixed:
            former = BY_CODE.get(cell.zfill(5))
            if former is not None and not former.divided and former.now in self.codes:
                return self.codes[former.now], "written"
            name, state = split_state(cell)
            key = (state or self.alone, county_key(county_words(name)))
            return self.counties.get(key, -1), "written"
        return -1, ""

    def several(self, cell: str) -> list[tuple[int, str]]:
        """The units of a cell that holds a list ("75001, 75002") or a range ("75001-75009"); [] if it doesn't."""
        if (found := _RANGE.fullmatch(cell)) and len(found[1]) == len(found[2]) == len(self.units.ids[0]):
            low, high = found[1], found[2]
            return [(c, "written") for i, c in self.codes.items() if low <= i <= high]
        parts = [p for p in _LISTS.split(cell) if p]
        if len(parts) < 2:
            return []
        out: list[tuple[int, str]] = []
        for part in parts:
            out += self.several(part) if _RANGE.fullmatch(part) else [self.code(part)]
        return out

    def all(self, cell: str) -> list[tuple[int, str]]:
        """Every unit a cell names; [(-1, "")] if it names none."""
        one = self.code(cell)
        if one[0] < 0 and (parts := self.inside.get(cell.casefold())):
            return [(code, _INSIDE) for code in parts]
        return [one] if one[0] >= 0 else self.several(cell) or [one]


_INSIDE = "inside"
"""How a unit was found that only the area it lies inside is named of."""


def _inside(units: Units) -> dict[str, tuple[int, ...]]:
    """Codes of the units inside each area of a mixed level that is split, by its id, plain or whole, and its name."""
    if not is_mixed(units.level):
        return {}
    ids, codes = layer(units.level).areas["unit_id"].tolist(), units.codes()
    out: dict[str, tuple[int, ...]] = {}
    for parent, rows in inside_of(units.level).items():
        kind, _, plain = parent.partition(":")
        table = layer(kind).areas
        name = str(table["label"].iloc[int((table["unit_id"] == plain).to_numpy().argmax())])
        parts = tuple(codes[ids[r]] for r in rows if ids[r] in codes)
        out |= {key: parts for key in (parent.casefold(), plain_id(parent), name.casefold()) if parts}
    return out


Find = Callable[[str], list[tuple[int, str]]]


def _unit_column(
    head: Sequence[str], rows: Sequence[Sequence[str]], finder: _Finder, accounts: Mapping[str, int]
) -> tuple[int, Find]:
    """The column with most units in it, and how its cells are read; (-1, ...) if no column has them."""

    def of_account(cell: str) -> list[tuple[int, str]]:
        code = accounts.get(cell, accounts.get(cell[:15], -1))
        return [(code, "account")] if code >= 0 else [(-1, "")]

    best: tuple[float, int, Find] = (0.0, -1, finder.all)
    for at in range(len(head)):
        cells = [r[at] for r in rows[:_MOST_CELLS] if r[at]]
        some = list(dict.fromkeys(cells))[:2_000]
        for find, worth in ((finder.all, 1.0), (of_account, 0.9)):
            good = sum(any(code >= 0 for code, _ in find(c)) for c in some)
            # of two columns of ids the one with more different ones is meant: a state stands beside its counties
            share = good / max(1, len(some))
            if share >= _LIKELY and worth * share + 1e-6 * len(some) > best[0]:
                best = (worth * share + 1e-6 * len(some), at, find)
    return best[1], best[2]


def _one_plan(head: Sequence[str], rows: list[list[str]], wanted: str, notes: list[str]) -> list[list[str]]:
    """The rows of one plan, where a column names several."""
    at = next((k for k, h in enumerate(head) if compact(h) in _WHICH), -1)
    plans = list(dict.fromkeys(r[at] for r in rows if r[at])) if at >= 0 else []
    rest = [tuple(c for k, c in enumerate(r) if k != at) for r in rows]
    keys = Counter(r[0] if r else "" for r in rest)
    if not 2 <= len(plans) <= 50 or max(keys.values(), default=0) < 2:
        return rows
    chosen = next((p for p in plans if p.casefold() == wanted.strip().casefold()), plans[0])
    notes.append(_several(plans, chosen))
    return [r for r in rows if r[at] == chosen]


def _several(plans: Sequence[str], chosen: str) -> str:
    listed = ", ".join(f"'{p}'" for p in plans[:6])
    return f"the file has {len(plans)} plans ({listed}); '{chosen}' was used, name another as FILE#NAME"


def _territory_column(
    head: Sequence[str], rows: Sequence[Sequence[str]], unit: int, wanted: str, notes: list[str]
) -> int:
    """The column that names territories; of several plans the wanted one, or the first, which is told."""
    rest = [k for k in range(len(head)) if k != unit and any(r[k] for r in rows)]
    words = {k: compact(head[k]) for k in rest}
    if wanted and (k := next((k for k in rest if head[k].strip().casefold() == wanted.strip().casefold()), -1)) >= 0:
        return k
    plans = [k for k in rest if _plan_like(head[k], [r[k] for r in rows])]
    if "territory" not in words.values() and len(plans) > 1:
        notes.append(_several([head[k] for k in plans], head[plans[0]]))
        return plans[0]
    for word in _TERRITORY:
        if (k := next((k for k in rest if words[k] == word), -1)) >= 0:
            return k
    for word in ("territory", "district", "zone", "rep", "owner"):
        if (k := next((k for k in rest if word in tokens(head[k])), -1)) >= 0:
            return k
    return rest[0] if len(rest) == 1 else plans[0] if plans else -1


def _plan_like(header: str, cells: Sequence[str]) -> bool:
    filled = [c for c in cells if c]
    return bool(_PLANS.search(header.casefold())) and 0 < len(set(filled)) <= max(2, len(filled) // 2)


def _assigned(
    units: Units,
    pairs: Sequence[tuple[str, str]],
    find: Find,
    notes: list[str],
    strict: InputError | None,
) -> PlanFileRead:
    """Each unit's territory, from rows of unit and territory.

    `strict` is what Terr's own reader said of a file with Terr's own header: unknown units, units with two territories
    and names spelled in two ways are errors there.
    """
    votes: dict[int, Counter[str]] = {}
    inherited: dict[int, str] = {}
    spelled: dict[str, str] = {}
    unknown: dict[str, None] = {}
    how_often: Counter[str] = Counter()
    example: dict[str, str] = {}
    respelled = 0
    for cell, territory in pairs:
        if not cell:
            continue
        name = _name(territory)
        if len(name) > _NAME_LENGTH:
            raise strict or InputError(f"territory {shown(name)} is longer than {_NAME_LENGTH} characters")
        same = spelled.setdefault(name.casefold(), name)
        respelled += same != name
        for code, how in find(cell):
            if code < 0:
                unknown.setdefault(cell)
                continue
            if how == _INSIDE:
                inherited[code] = same
                continue
            how_often[how] += 1
            example.setdefault(how, f"{shorten(cell, 24)} is {units.ids[code]}")
            votes.setdefault(code, Counter())[same] += 1
    parts = {c: name for c, name in inherited.items() if c not in votes}
    votes |= {c: Counter([name]) for c, name in parts.items()}
    torn = [c for c, names in votes.items() if len(names) > 1]
    level = units.level
    if strict is not None and (unknown or respelled or torn):
        raise strict
    if not votes:
        raise InputError(f"no row names one of the {unit_noun(level, 2)} of this region; ids look like {units.ids[0]}")
    tied = [c for c in torn if len({n for _, n in votes[c].most_common(2)}) == 1]
    if tied and len(pairs) < 1.5 * len(votes):
        both = ", ".join(sorted(votes[tied[0]]))
        raise InputError(
            f"{units.ids[tied[0]]} has two territories ({both}); keep one row for each {unit_noun(level, 1)}"
        )
    if len(spelled.keys() - {""}) > MAX_TERRITORIES:
        raise InputError(f"the plan file has more than {MAX_TERRITORIES} territories")
    if n := how_often["zeros"]:
        notes.append(f"lost zeros of {count(n, 'id')} were restored ({example['zeros']})")
    if n := how_often["account"]:
        notes.append(f"{count(n, 'account')} stood for the {unit_noun(level, 2)} they are in")
    if n := how_often["written"] + how_often["mended"] + how_often["elsewhere"]:
        first = next(example[h] for h in ("written", "mended", "elsewhere") if h in example)
        notes.append(f"{count(n, 'id')} written otherwise {'was' if n == 1 else 'were'} understood ({first})")
    if parts:
        notes.append(
            f"{count(len(parts), unit_noun(level, 1), unit_noun(level, 2))} took the territory of the area around"
        )
    if respelled:
        notes.append(f"{count(respelled, 'row')} spelled a territory otherwise than the first of its name")
    if torn:
        notes.append(
            f"{count(len(torn), unit_noun(level, 1), unit_noun(level, 2))} had rows of several territories; the one "
            "with most rows was used"
        )
    if unknown:
        some = ", ".join(shown(u) for u in list(unknown)[:3])
        notes.append(
            f"{count(len(unknown), 'id')} not in this region {'was' if len(unknown) == 1 else 'were'} left out ({some})"
        )
    names = [max(votes[c].items(), key=lambda v: v[1])[0] if c in votes else "" for c in range(len(units))]
    if missing := len(units) - len(votes):
        notes.append(f"{missing:,} of the region's {len(units):,} {unit_noun(level, 2)} aren't in the file: unassigned")
    return PlanFileRead(tuple(names), tuple(notes))


def _name(cell: str) -> str:
    text = " ".join(cell.split())
    text = text[1:] if text.startswith("'") and is_formula(text.lstrip("'")) else text
    text = re.sub(r"^(\d+)\.0$", r"\1", text)
    return "" if "".join(c for c in text.casefold() if c.isalnum()) in {"", *_NOBODY} else text
