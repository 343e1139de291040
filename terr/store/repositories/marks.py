"""Named versions, tags and notes, on points of the history or on the scenario as a whole; reviews and ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from terr.errors import InputError, LocateError
from terr.model.json_values import to_text
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.edit_tree import depth_of
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, made_by, moment, now, stored_object, who

KINDS = {"version": 120, "tag": 60, "note": 4000}
"""Kinds of marks and the most characters of each."""
REVIEW, RATING, COACHING = "review", "rating", "coaching"
MOST = {REVIEW: 16_000, RATING: 2_000, COACHING: 2_000}
"""Kinds of records and the most characters of each."""


@dataclass(frozen=True)
class Mark:
    """A named version, a tag or a note.

    Attributes:
        id: unique in its scenario.
        kind: one of `KINDS`; text: the name, the tag, the note.
        edit_id: the point of the history it stands at (0 = the empty plan), None = the scenario as a whole.
        by: who; at: UTC.
        archived_at: None while it is in use; archived_by: who put it away, for a reader.
    """

    id: int
    kind: str
    text: str
    edit_id: int | None
    by: Person
    at: datetime
    archived_at: datetime | None
    archived_by: str


class Marks:
    """Versions, tags and notes on plans."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, scenario_id: str, kind: str, text: str, *, edit_id: int | None = None, by: Person) -> Mark:
        """Name a version, or put a tag or a note on a point of the history or on the scenario.

        Args:
            scenario_id: which scenario.
            kind: "version", "tag" or "note".
            text: name, tag or note.
            edit_id: the point of the history; None = the scenario as a whole, not for a version.
            by: who does it.

        Raises:
            LocateError: if the scenario or the edit isn't found.
            InputError: for a kind or text that can't be, or a name another version bears.
        """
        if kind not in KINDS:
            raise InputError(f'"{kind}" is no kind of mark; choose {", ".join(KINDS)}')
        if kind == "version" and edit_id is None:
            raise InputError("a version stands at a point of the history; choose one")
        clean = clean_text(text, f"text of the {kind}", KINDS[kind], needed=True)
        m = t.marks.c
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            if edit_id is not None:
                depth_of(c, scenario_id, edit_id)  # is it there?
            live = [m.scenario_id == scenario_id, m.kind == kind, m.text == clean, m.archived_at.is_(None)]
            if kind == "tag":
                live.append(m.edit_id.is_(None) if edit_id is None else m.edit_id == edit_id)
            if kind != "note" and c.execute(select(m.id).where(*live)).first() is not None:
                raise InputError(f'there is a {kind} "{clean}" already; choose another name')
            row = {"scenario_id": scenario_id, "id": seq, "kind": kind, "edit_id": edit_id, "text": clean}
            c.execute(insert(t.marks).values(**row, archived_by="", **made_by(by)))
            said = {"version": "Named a version", "tag": "Tagged", "note": "Noted"}[kind]
            write_line(c, scenario_id, seq, kind, "made", f"{said}: {clean}", by, ref=seq)
            return self._mark(c, scenario_id, seq)

    def archive(self, scenario_id: str, mark_id: int, *, by: Person, on: bool = True) -> Mark:
        """Put a version, tag or note away, or fetch it back; nothing is erased.

        Raises:
            LocateError: if the scenario or the mark isn't found.
        """
        values = {"archived_at": now() if on else None, "archived_by": clean_text(by.name, "author", 200) if on else ""}
        m = t.marks.c
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            before = self._mark(c, scenario_id, mark_id)
            c.execute(update(t.marks).where(m.scenario_id == scenario_id, m.id == mark_id).values(values))
            said = f"{'Archived' if on else 'Restored'} the {before.kind} {before.text}"
            write_line(c, scenario_id, seq, before.kind, "archived" if on else "fetched", said, by, ref=mark_id)
            return self._mark(c, scenario_id, mark_id)

    def of(self, scenario_id: str, kind: str = "", *, include_archived: bool = False) -> tuple[Mark, ...]:
        """Versions, tags and notes, oldest first; of one kind if given.

        Raises:
            LocateError: if the scenario isn't found.
        """
        m = t.marks.c
        query = select(t.marks).where(m.scenario_id == scenario_id).order_by(m.id)
        query = query.where(m.kind == kind) if kind else query.where(m.kind.in_(KINDS))
        if not include_archived:
            query = query.where(m.archived_at.is_(None))
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return tuple(_mark(r) for r in c.execute(query))

    def _mark(self, c: Connection, scenario_id: str, mark_id: int) -> Mark:
        m = t.marks.c
        row = c.execute(select(t.marks).where(m.scenario_id == scenario_id, m.id == mark_id)).first()
        if row is None:
            raise LocateError("this mark isn't found; look again")
        return _mark(row)


def _mark(r: Row[Any]) -> Mark:
    at = datetime.fromisoformat(r.at)
    return Mark(r.id, r.kind, r.text, r.edit_id, who(r), at, moment(r.archived_at), r.archived_by)


@dataclass(frozen=True)
class PlanRecord:
    """A review, a rating of a territory, or a change of a coaching note.

    Attributes:
        id: unique in its scenario.
        kind: "review", "rating" or "coaching".
        edit_id: the point of the history it is about.
        told: what it says, as JSON; figures in it are those of then, and never made again.
        by: who; at: UTC.
    """

    id: int
    kind: str
    edit_id: int
    told: Mapping[str, Any]
    by: Person
    at: datetime


class Reviews:
    """Reviews, ratings and coaching notes of plans."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, scenario_id: str, told: Mapping[str, Any], line: str, *, by: Person) -> PlanRecord:
        """Record a review of the plan as it stands.

        Args:
            scenario_id: which plan.
            told: what it says, as JSON.
            line: the same for the journal.
            by: who did it.

        Raises:
            LocateError: if the plan isn't found. InputError: if it is too long.
        """
        return self._add(scenario_id, REVIEW, told, line, by)

    def rate(self, scenario_id: str, told: Mapping[str, Any], line: str, *, by: Person) -> PlanRecord:
        """Record a rating of a territory; see `add`."""
        return self._add(scenario_id, RATING, told, line, by)

    def coach(self, scenario_id: str, told: Mapping[str, Any], line: str, *, by: Person) -> PlanRecord:
        """Record what a coaching note says from now on; see `add`."""
        return self._add(scenario_id, COACHING, told, line, by)

    def of(self, scenario_id: str, kind: str) -> tuple[PlanRecord, ...]:
        """Reviews, ratings or changes of coaching notes of a plan, oldest first.

        Raises:
            LocateError: if the plan isn't found.
        """
        m = t.marks.c
        query = select(t.marks).where(m.scenario_id == scenario_id, m.kind == kind, m.archived_at.is_(None))
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return tuple(_record(r) for r in c.execute(query.order_by(m.id)))

    def _add(self, scenario_id: str, kind: str, told: Mapping[str, Any], line: str, by: Person) -> PlanRecord:
        text = to_text(told, f"the {kind}")
        if len(text) > MOST[kind]:
            raise InputError(f"the {kind} has {len(text):,} characters; shorten it to {MOST[kind]:,}")
        said = clean_text(line, f"line of the {kind}", 4_000, needed=True)
        m = t.marks.c
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            head = _head(c, scenario_id)
            row = {"scenario_id": scenario_id, "id": seq, "kind": kind, "edit_id": head, "text": text}
            c.execute(insert(t.marks).values(**row, archived_by="", **made_by(by)))
            write_line(c, scenario_id, seq, kind, "made", said, by, ref=seq)
            found = c.execute(select(t.marks).where(m.scenario_id == scenario_id, m.id == seq)).one()
            return _record(found)


def _head(c: Connection, scenario_id: str) -> int:
    return int(c.execute(select(t.scenarios.c.head).where(t.scenarios.c.id == scenario_id)).scalar_one())


def _record(r: Row[Any]) -> PlanRecord:
    return PlanRecord(r.id, r.kind, r.edit_id or 0, stored_object(r.text), who(r), datetime.fromisoformat(r.at))
