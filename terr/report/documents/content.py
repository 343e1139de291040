"""What a document about a plan says, before anybody decides whether it is a page, a slide or a sheet.

Every figure stands here twice: as the number, for files that go on calculating, and as the text a person reads, so that
all files of one plan say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.wording import USUAL, language_of

KINDS = ("text", "count", "amount", "share", "change", "number")
"""Of a column: text; a whole number; a sum of a measure, money if the column says so; a share (0.05 = 5%); a share
with a sign; any other number."""
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
ACCENT = "#0B6E75"
PLAIN = "#D5D8DC"
"""Fill of what belongs to no territory."""
LOGO_BYTES = 2_000_000


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: for a person; kind: one of `KINDS`; currency: ISO code where an amount is money.
        adds_up: the total below is the sum of the rows.
        bar: a spreadsheet draws bars in its cells.
    """

    title: str
    kind: str = "text"
    currency: str = ""
    adds_up: bool = False
    bar: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f'"{self.kind[:20]}" is no kind of column; choose {", ".join(KINDS)}')

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers."""
        return self.kind != "text"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of values, and the same as texts.

    Attributes:
        columns: c of them; rows: tuples of c values: str, int, float or None; texts: tuples of c texts.
        total, total_texts: the last row, () without one.
        colors: a hex color for each row, () without any.
        short: positions of the columns a page or a slide has room for; () = all. A spreadsheet has all.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    total: tuple[Any, ...] = ()
    total_texts: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    short: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        wide = {len(self.columns), *(len(r) for r in (*self.rows, *self.texts))}
        wide |= {len(r) for r in (self.total, self.total_texts) if r}
        if len(wide) > 1 or len(self.rows) != len(self.texts) or len(self.colors) not in (0, len(self.rows)):
            raise InputError("the rows of a document's table don't fit its columns")

    def brief(self) -> Table:
        """The same with the columns there is room for on a page."""
        if not self.short:
            return self

        def of(row: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(row[j] for j in self.short) if row else ()

        return Table(
            of(self.columns),
            tuple(of(r) for r in self.rows),
            tuple(of(t) for t in self.texts),
            of(self.total),
            of(self.total_texts),
            self.colors,
        )


@dataclass(frozen=True)
class Figure:
    """A figure on a card: what it is, its text, and a word on it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """A territory against its target.

    Attributes:
        name, color: of the territory; percent: load in percent of target; text: its deviation ("+4.1%").
        inside: within the limit.
    """

    name: str
    color: str
    percent: float
    text: str
    inside: bool


@dataclass(frozen=True, eq=False)
class BarChart:
    """Territories against their targets, with the band of the limit in percent of target (None = open)."""

    bars: tuple[Bar, ...]
    low: float | None
    high: float | None
    measure: str


@dataclass(frozen=True, eq=False)
class Series:
    """One row of values of a chart: a name, and a number or None for each category."""

    name: str
    values: tuple[float | None, ...]
    color: str = ACCENT


@dataclass(frozen=True, eq=False)
class ColumnChart:
    """Values of several series by category, such as before and after by territory; `currency` as for a column."""

    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    currency: str = ""

    def __post_init__(self) -> None:
        if any(len(s.values) != len(self.categories) for s in self.series):
            raise InputError("the series of a chart don't fit its categories")

    def most_different(self, most: int) -> tuple[int, ...]:
        """Positions of the categories whose series differ most, in their order; the largest of a single series."""

        def size(j: int) -> float:
            found = [tuple(s.values)[j] or 0.0 for s in self.series]
            return -(max(found) - min(found) if len(found) > 1 else abs(found[0]))

        return tuple(sorted(sorted(range(len(self.categories)), key=size)[:most]))


@dataclass(frozen=True, eq=False)
class MapShape:
    """A territory on a map.

    Attributes:
        name: of the territory; number: as in the tables, 0 = none; color: hex.
        geometry: shapely, in degrees (EPSG:4326), simplified.
    """

    name: str
    number: int
    color: str
    geometry: Any

    def __post_init__(self) -> None:
        if not _COLOR.fullmatch(self.color):
            raise InputError("a territory's color must be written as #RRGGBB")


@dataclass(frozen=True, eq=False)
class MapPicture:
    """A map of territories.

    Attributes:
        title: above it; shapes: territories, first what lies below; lines: shapely lines in degrees, such as borders of
            states.
    """

    title: str
    shapes: tuple[MapShape, ...]
    lines: Any = None


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a document; what is () or None isn't there.

    Attributes:
        key: stable word for programs; title: for a person.
        sentences: paragraphs; points: a list.
        missing: what can't be told, and the file that would bring it.
        note: below the table, such as what a figure means.
    """

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    maps: tuple[MapPicture, ...] = ()
    bars: BarChart | None = None
    chart: ColumnChart | None = None
    table: Table | None = None
    points: tuple[str, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Brand:
    """A company's looks: its name, its color, its logo (PNG or JPEG, b"" = none), and the language of its numbers."""

    company: str = ""
    accent: str = ACCENT
    logo: bytes = b""
    numbers: str = USUAL

    def __post_init__(self) -> None:
        if not _COLOR.fullmatch(self.accent):
            raise InputError("the company's color must be written as #RRGGBB, such as #0B6E75")
        language_of(self.numbers)
        if len(self.company) > 120:
            raise InputError("the company's name has more than 120 characters; shorten it")
        if len(self.logo) > LOGO_BYTES:
            raise InputError("the logo has more than 2 MB; save it smaller")


@dataclass(frozen=True, eq=False)
class AccountRows:
    """The accounts of a document, for files that may show them.

    Attributes:
        frame: of `terr.report.accounts.accounts_table`; lat, lon: float64 (n,), degrees, NaN where unknown.
        color: object (n,), hex, that of the territory.
        measures: columns of the frame that are measures; currency: measure -> ISO code.
    """

    frame: pd.DataFrame
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    color: NDArray[np.object_]
    measures: tuple[str, ...]
    currency: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PlanDocument:
    """What a document about a plan says.

    Attributes:
        title, subtitle: of its first page; sections: in order.
        source: one line on each page: the files, the map's boundaries; date: text; made: UTC.
        brand: of the company; accounts: None where they may not be shown.
        territories: the table of territories, as in section "territories".
        parts: accepted, assigned, unassigned, outside the region, unlocated; by measure and "accounts".
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    source: str
    date: str
    made: datetime
    measure: str
    brand: Brand = field(default_factory=Brand)
    accounts: AccountRows | None = None
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [s.key for s in self.sections]
        if len(set(keys)) != len(keys):
            raise InputError("two sections of a document have the same key")

    def section(self, key: str) -> Section | None:
        """The section of a key, None if the document has none."""
        return next((s for s in self.sections if s.key == key), None)

    @property
    def map(self) -> MapPicture | None:
        """The map of the plan as it is."""
        found = self.section("map")
        return found.maps[-1] if found is not None and found.maps else None

    def without_accounts(self) -> PlanDocument:
        """The same for people who may not see single accounts."""
        return replace(self, accounts=None)
