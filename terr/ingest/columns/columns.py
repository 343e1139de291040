"""Which column is what: recognised from headers and contents, confirmed by the person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.ingest.cleaning.clean import ParsedNumbers, read_column, shorten
from terr.ingest.cleaning.header_scales import doubtful, header_scale
from terr.ingest.columns.day_numbers import day_numbers, speaks_of_dates
from terr.ingest.columns.headers import numbers_its_rows, usual_field
from terr.ingest.columns.places import no_place, place_column, places_known
from terr.ingest.columns.words import ALIASES, FIELDS, MEASURE_WORDS, MONEY_WORDS, NOT_MEASURES, compact, tokens
from terr.ingest.reading.files import RawTable
from terr.model.accounts import CORE, HIDDEN
from terr.places.points import read_degrees
from terr.places.states import state_code

RESERVED = frozenset((*CORE, *HIDDEN, "unit"))
"""Names that Terr's own columns have; a measure can't take them."""

_SAMPLE = 2_000
_ZIP = re.compile(
    r"\d{3,5}(?:[- ]?\d{4})?(?:\.0+)?|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d|(?=.*\d)[A-Za-z0-9][A-Za-z0-9 -]{2,9}"
)
_LETTERS = re.compile(r".*[^\W\d_].*", re.DOTALL)
_RATES = frozenset(("percent", "percentage", "pct", "rate", "ratio", "rating", "stars", "probability", "likelihood"))
_SHARES = frozenset(
    ("discount", "margin", "share", "growth", "churn", "penetration", "conversion", "utilization", "mix")
)
_GROUPS = frozenset(
    "territory region district zone route division segment cluster class category type group sector tier level"
    " priority status phase grade".split()
)
"""Words of a header whose whole numbers tell groups apart."""
_SCORES = frozenset("score nps csat satisfaction grade quartile decile percentile latency temperature".split())
"""Words of a header whose figures say how good a row is."""
_LIKELY = 0.5
_NUMERIC = 0.8


@dataclass(frozen=True)
class ColumnMap:
    """What each column stands for.

    Attributes:
        fields: field (one of `FIELDS`) -> column.
        measures: measure -> column.
        decimal: the decimal mark of all measures, or "auto" to decide per column.
    """

    fields: Mapping[str, str]
    measures: Mapping[str, str] = field(default_factory=dict)
    decimal: Literal["auto", ".", ","] = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        object.__setattr__(self, "measures", MappingProxyType(dict(self.measures)))
        unknown = [f for f in self.fields if f not in FIELDS]
        if unknown:
            raise InputError(f"there is no field '{shorten(unknown[0])}'; the fields are {', '.join(FIELDS)}")
        if self.decimal not in {"auto", ".", ","}:
            raise InputError(
                f"the decimal mark must be auto, a point or a comma, not '{shorten(str(self.decimal), 10)}'"
            )


@dataclass(frozen=True)
class _Look:
    """What a sample of a column's cells shows. Shares are of the filled cells."""

    filled: int
    numeric: float
    amounts: np.ndarray[tuple[int], np.dtype[np.float64]]
    cells: tuple[str, ...]

    def share(self, pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(c)) for c in self.cells) / max(1, len(self.cells))

    def within(self, low: float, high: float) -> float:
        return (
            float(np.mean((self.amounts >= low) & (self.amounts <= high))) * self.numeric if len(self.amounts) else 0.0
        )


def _look(raw: RawTable, column: str) -> _Look:
    cells = raw.rows[column]
    step = max(1, len(cells) // _SAMPLE)
    sample = cells.iloc[::step].str.strip()
    typed = raw.numeric.get(column)
    keep = (sample != "").to_numpy(dtype=np.bool_)
    sample = sample[keep]
    read = read_column(sample, "auto", None if typed is None else typed[::step][keep])
    values = read.amounts[~np.isnan(read.amounts)]
    known = len(sample) - sum(n.code == "unknown_word" for n in read.odd.values())
    return _Look(len(sample), len(values) / known if known else 0.0, values, tuple(sample.tolist()))


def _fits(name: str, look: _Look) -> bool:
    """Whether a column's contents can be what its header says. An empty column fits nothing."""
    if not look.filled:
        return False
    if name == "zip":
        bare = tuple(re.sub(r'^(?:="([^"]*)"|\'(.*))$', r"\1\2", c) for c in look.cells)  # as some tools protect a zero
        return replace(look, cells=bare).share(_ZIP) >= _LIKELY
    if name in {"latitude", "longitude"}:  # a file may have swapped the two, which the place finds out
        degrees = sum(read_degrees(c, latitude=name == "latitude") is not None for c in look.cells)
        return look.within(-180, 180) >= _LIKELY or degrees >= _LIKELY * look.filled
    if name == "state" and sum(bool(state_code(c)) for c in look.cells) >= _NUMERIC * look.filled:
        return True  # numbers of states are states too
    if name in {"city", "state", "name"}:
        return look.share(_LETTERS) >= _LIKELY
    return True


def _looks(raw: RawTable) -> dict[str, _Look]:
    return {c: _look(raw, c) for c in raw.columns}


def recognise(raw: RawTable) -> ColumnMap:
    """The likely meaning of each column: headers of Salesforce, HubSpot, Dynamics and plain words, checked by content.

    Every numeric column that isn't an id, a place, a phone number, a date or a year becomes a measure named as its
    header. A field nobody recognised is left out; the person adds it.
    """
    return _recognise(raw, _looks(raw))


def _recognise(raw: RawTable, looks: Mapping[str, _Look]) -> ColumnMap:
    plain = {c: re.sub(r" \(\d+\)$", "", c) for c in raw.columns}
    by_word: dict[str, list[str]] = {}
    for column in raw.columns:
        if not numbers_its_rows(plain[column]):  # "Customer #" isn't the customer's name
            by_word.setdefault(compact(plain[column]), []).append(column)
    usual: dict[str, list[tuple[int, str]]] = {}
    for column in raw.columns:
        known = usual_field(plain[column])
        if known is not None:
            usual.setdefault(known[0], []).append((known[1], column))
    fields: dict[str, str] = {}
    taken: set[str] = set()
    for name in FIELDS:
        # An address that goods or letters go to is taken only where no other is there.
        first = [w for w in ALIASES.get(name, ()) if not w.startswith(("shipping", "mailing"))]
        named: Iterable[str] = (c for word in first for c in by_word.get(word, ()))
        named = chain(named, (c for _, c in sorted(usual.get(name, ()), key=lambda found: found[0])))
        if name == "zip":
            hints = ("zip", "postal", "postcode")
            named = (c for group in (named, (c for c in raw.columns if set(tokens(c)) & set(hints))) for c in group)
        found = next((c for c in named if c not in taken and _fits(name, looks[c])), None)
        if found is not None:
            fields[name] = found
            taken.add(found)
    if "latitude" not in fields or "longitude" not in fields:  # one without the other is no place
        fields.pop("latitude", None)
        fields.pop("longitude", None)
    if not places_known(fields):
        free = [c for c in raw.columns if c not in taken or c == fields.get("city")]
        place = place_column(free, lambda c: looks[c].cells)
        if place is not None:
            fields = {**{f: c for f, c in fields.items() if c != place}, "place": place}
            taken.add(place)
    measures: dict[str, str] = {}
    for column in raw.columns:
        if column not in taken and _measurelike(plain[column], looks[column]):
            name = _without_scale(column, looks[column], {*raw.columns, *measures})
            measures[f"{name} (measure)" if name in RESERVED else name] = column
    return ColumnMap(fields, measures)


def _without_scale(column: str, look: _Look, taken: Collection[str]) -> str:
    """A measure's name: its header without "(in thousands)", since the figures are then multiplied."""
    scale = header_scale(column)
    if scale is None or scale.name in taken or doubtful(scale, look.amounts, np.zeros(0, dtype=np.bool_)):
        return column
    return scale.name


def _measurelike(header: str, look: _Look) -> bool:
    """Whether a column is a quantity that may be summed over accounts."""
    words = tuple(w.rstrip("0123456789") or w for w in tokens(header))
    short = compact(header)
    # "Number of Employees" counts, "Account Number" doesn't.
    barred = set(words) & (NOT_MEASURES - {"number", "no", "num"} if "of" in words else NOT_MEASURES)
    if any(w in short for w in MONEY_WORDS) or "per" in words:
        barred -= {"year"}  # "Current Year Revenue", "Visits per Year"
    if not look.filled or any(short in names for names in ALIASES.values()) or barred or usual_field(header):
        return False
    meant = any(w in short for w in MEASURE_WORDS)
    if _rate(header, words, look) or (not meant and (_labels(words, look) or _dated(header, look))):
        return False
    if look.numeric < (_LIKELY if meant else _NUMERIC):
        return False
    values = look.amounts
    whole = bool(np.all(values == np.floor(values)))
    if not meant and whole and len(values) >= 3:
        if bool(np.all((values >= 1900) & (values <= 2100))):
            return False  # years
        digits = {len(c.strip("+-")) for c in look.cells}
        if len(digits) == 1 and min(digits) >= 8 and len(set(look.cells)) == len(look.cells):
            return False  # ids and phone numbers
        if any(c.startswith("0") and c.isdigit() and len(c) > 1 for c in look.cells):
            return False  # codes with leading zeros
    return True


def _rate(header: str, words: tuple[str, ...], look: _Look) -> bool:
    """Whether a column holds shares, rates or ratings, whose sum over accounts means nothing."""
    if "%" in header or set(words) & _RATES:
        return True
    values = look.amounts
    return bool(set(words) & _SHARES and len(values) and np.all(np.abs(values) <= 1.0) and np.any(values % 1.0 != 0))


def _labels(words: tuple[str, ...], look: _Look) -> bool:
    """Whether a column numbers groups, such as regions, routes and priorities, or scores its rows."""
    whole = bool(np.all(look.amounts == np.floor(look.amounts)))
    return bool(set(words) & _SCORES) or (whole and bool(words) and (words[-1] in _GROUPS or words[0] in _GROUPS))


def _dated(header: str, look: _Look) -> bool:
    """Whether a column counts days as Excel does, and its header speaks of dates."""
    return speaks_of_dates(header) and day_numbers(pd.Series(look.cells, dtype="str"), header)


def candidates(raw: RawTable) -> pd.DataFrame:
    """Each column for the confirmation table.

    Returns:
        DataFrame with `column`, `role` (a field, "measure" or "attribute"), `samples` (up to three different cells),
        `filled` and `numeric` (shares 0 to 1; numeric of the filled cells). Shares come from up to 2,000 rows.
    """
    looks = _looks(raw)
    guess = _recognise(raw, looks)
    role = {c: f for f, c in guess.fields.items()} | dict.fromkeys(guess.measures.values(), "measure")
    step = max(1, len(raw.rows) // _SAMPLE)
    seen = len(range(0, len(raw.rows), step))
    return pd.DataFrame(
        [
            {
                "column": c,
                "role": role.get(c, "attribute"),
                "samples": ", ".join(shorten(v, 30) for v in list(dict.fromkeys(looks[c].cells))[:3]),
                "filled": looks[c].filled / seen,
                "numeric": looks[c].numeric,
            }
            for c in raw.columns
        ]
    )


def check_map(
    raw: RawTable, cmap: ColumnMap, read: Mapping[str, ParsedNumbers] | bool = True, *, placed: bool = True
) -> None:
    """Whether a map can be used with a table. No measure at all is fine: accounts are then planned by their count.

    Args:
        raw: the table.
        cmap: which column is what.
        read: the measures' columns if they have been read already; True reads them here, False leaves the figures out.
        placed: whether a row needs a place; a fact lies where its account does.

    Raises:
        InputError: an unknown column, one column for two fields, no column that says where accounts are, a measure
            whose column has no number in it or whose name Terr needs itself.
    """
    for what, column in (*cmap.fields.items(), *cmap.measures.items()):
        if column not in raw.columns:
            near = [c for c in raw.columns if c.casefold().strip() == column.casefold().strip()]
            hint = f"did you mean '{near[0]}'" if near else "it has " + ", ".join(f"'{c}'" for c in raw.columns[:30])
            raise InputError(f"{raw.filename} has no column '{shorten(column)}' for {shorten(what)}; {hint}")
    used: dict[str, str] = {}
    for what, column in cmap.fields.items():
        if column in used:
            raise InputError(
                f"column '{column}' can't be both {used[column]} and {what}; choose another for one of them"
            )
        used[column] = what
    f = cmap.fields
    pair = ("latitude" in f) + ("longitude" in f)
    if pair == 1:
        missing = "longitude" if "latitude" in f else "latitude"
        raise InputError(f"{raw.filename}: a place needs both latitude and longitude; name the column for {missing}")
    if placed and not (places_known(f) or "place" in f):
        raise InputError(no_place(raw))
    for measure, column in cmap.measures.items():
        if measure in RESERVED or not measure.strip():
            raise InputError(f"a measure can't be called '{measure}', a name Terr uses itself; choose another name")
        if read is False:
            continue
        cells = raw.rows[column]
        own = read[measure] if isinstance(read, Mapping) else None
        figures = own or read_column(cells, cmap.decimal, raw.numeric.get(column))
        if np.isnan(figures.amounts).all():
            at = next((i for i, n in figures.odd.items() if n.problem), None)
            shown = (
                f"every cell is blank (first in row {raw.source_rows[0]})"
                if at is None
                else f"row {raw.source_rows[at]} holds '{shorten(cells.iloc[at])}'"
            )
            raise InputError(
                f"column '{column}' for the measure '{shorten(measure)}' has no number in it: {shown}; choose another"
                " column or correct the cells"
            )


def header_key(raw: RawTable) -> str:
    """A hash of the header's layout, the same for each export of one report, so that answers can be remembered."""
    text = "\x1f".join(" ".join(c.casefold().split()) for c in raw.columns)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
