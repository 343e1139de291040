"""A territory plan as it is read: sections of figures, sentences and tables, for page, PDF and what is frozen."""

from __future__ import annotations

from dataclasses import dataclass

from terr.errors import InputError
from terr.planbook.cadence import Touch


@dataclass(frozen=True)
class PlanFigure:
    """One large figure: its label, its text and what stands below it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class PlanTable:
    """A table of texts.

    Attributes:
        columns: titles; rows: as many texts each.
        right: positions of columns of figures; wide: positions of columns of sentences.
        title: above it, "" = none.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    wide: tuple[int, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise InputError("each row of a table needs a text for each column")


@dataclass(frozen=True)
class PlanSection:
    """One section.

    Attributes:
        key, title: of the section.
        figures, sentences, tables: what it shows, in this order.
        warnings: what needs somebody; missing: which file would bring what it can't know.
        empty: said in place of all that, "" if there is something.
        picture: the map belongs here.
    """

    key: str
    title: str
    figures: tuple[PlanFigure, ...] = ()
    sentences: tuple[str, ...] = ()
    tables: tuple[PlanTable, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    empty: str = ""
    picture: bool = False


@dataclass(frozen=True)
class CalendarEntry:
    """A touch with what a calendar or a CRM needs of its account."""

    touch: Touch
    account: str
    buyer: str = ""
    email: str = ""
    place: str = ""
    reason: str = ""


@dataclass(frozen=True)
class PlanView:
    """One territory plan at one moment.

    Attributes:
        plan: name of the plan its territory is of; territory, rep, email: of the territory and who owns it.
        period, state: of the plan; frozen: when, "" if it is live; by: who froze it.
        as_of: the day of the newest fact, for a reader, "" without facts; made: the day of this view.
        sections: in the order of the template.
        entries: of the calendar.
        picture: SVG of the map, "" = none.
        sources: what it comes from, one line each.
    """

    plan: str
    territory: str
    rep: str
    email: str
    period: str
    state: str
    as_of: str
    made: str
    sections: tuple[PlanSection, ...]
    entries: tuple[CalendarEntry, ...] = ()
    picture: str = ""
    sources: tuple[str, ...] = ()
    frozen: str = ""
    by: str = ""
