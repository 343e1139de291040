"""What changed since somebody looked: one cheap question for windows that ask every two seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import Connection, select

from terr.edits.history import Effect, Visit
from terr.errors import LocateError
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import scenario_row
from terr.store.repositories.records import EditRecord, edit_record

_MOST = 500


@dataclass(frozen=True)
class Changes:
    """What happened after a revision and a count.

    Attributes:
        rev, seq: where the scenario is now; ask with these next time.
        head: the edit the plan stands at.
        visits: revisions after the one asked with, oldest first, at most the last 500.
        lines: what was done beside the plan, oldest first, at most the last 500.
    """

    rev: int
    seq: int
    head: int
    visits: tuple[Visit, ...] = ()
    lines: tuple[EditRecord, ...] = ()

    @property
    def topics(self) -> frozenset[str]:
        """What to read again."""
        return frozenset(one.topic for one in self.lines)


@dataclass(frozen=True)
class ChangeEvent:
    """One line of the whole story, for a reader.

    Attributes:
        at: UTC; who: name of the person; what: what was done; why: the reason, "" if none was given.
        rev: the revision, None for what was done beside the plan; edit_id: the edit, so that one can go there.
        action: edit, undo, redo, go, branch, or that of a `Line`; topic: "plan", or that of a `Line`.
        effect: on the balance, None where none was recorded.
    """

    at: datetime
    who: str
    what: str
    why: str
    rev: int | None
    edit_id: int | None
    action: str
    topic: str
    effect: Effect | None = None


_TRAVEL = {"undo": "Undid", "redo": "Redid", "go": "Went to", "branch": "Copied at"}


class ChangeFeed:
    """What is new on a plan, and the whole story of it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def since(self, scenario_id: str, rev: int, seq: int, *, told: bool = True) -> Changes:
        """What happened since revision `rev` and count `seq`; one indexed row is read if nothing did.

        Args:
            scenario_id: which scenario.
            rev: the revision known so far.
            seq: the count known so far.
            told: say what it was; False = only where the scenario stands now.

        Raises:
            LocateError: if the scenario isn't found.
        """
        s, h, j = t.scenarios.c, t.heads.c, t.journal.c
        now_at = select(s.rev, s.seq, s.head).where(s.id == scenario_id.replace("\0", "?"), s.deleted_at.is_(None))
        with self._db.read() as c:
            row = c.execute(now_at).first()
            if row is None:
                raise LocateError("this plan isn't found; choose one from the list")
            visits: tuple[Visit, ...] = ()
            lines: tuple[EditRecord, ...] = ()
            if told and row.rev != rev:
                later = select(t.heads).where(h.scenario_id == scenario_id, h.rev > rev)
                found = c.execute(later.order_by(h.rev.desc()).limit(_MOST)).all()
                visits = tuple(
                    Visit(r.rev, r.head, r.action, r.author, datetime.fromisoformat(r.at)) for r in reversed(found)
                )
            if told and row.seq != seq:
                later = select(t.journal).where(j.scenario_id == scenario_id, j.seq > seq)
                lines = tuple(
                    edit_record(r) for r in reversed(c.execute(later.order_by(j.seq.desc()).limit(_MOST)).all())
                )
        return Changes(row.rev, row.seq, row.head, visits, lines)

    def latest(self, scenario_id: str) -> tuple[int, int]:
        """Revision and count of changes beside the plan, in one indexed row.

        Raises:
            LocateError: if the scenario isn't found.
        """
        new = self._db.once(("latest", scenario_id), lambda: self.since(scenario_id, -1, -1, told=False))
        return new.rev, new.seq

    def timeline(
        self, scenario_id: str, *, limit: int = 200, before: datetime | None = None
    ) -> tuple[ChangeEvent, ...]:
        """The whole story, newest first: every edit, undo and redo, and all that was done beside the plan.

        Args:
            scenario_id: which scenario.
            limit: the most lines.
            before: only what is older, for the next part of a long story.

        Raises:
            LocateError: if the scenario isn't found.
        """
        until = before.isoformat() if before else "9"
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            told = [*self._of_plan(c, scenario_id, until, limit), *self._beside(c, scenario_id, until, limit)]
        return tuple(sorted(told, key=lambda e: (e.at, e.rev or 0), reverse=True)[:limit])

    def _of_plan(self, c: Connection, scenario_id: str, until: str, limit: int) -> list[ChangeEvent]:
        h, e = t.heads.c, t.edits.c
        both = t.heads.outerjoin(t.edits, (e.scenario_id == h.scenario_id) & (e.id == h.head))
        columns = (h.rev, h.head, h.action, h.author, h.at, h.measure, h.dev_before, h.dev_after, e.title, e.note)
        query = select(*columns).select_from(both).where(h.scenario_id == scenario_id, h.at < until)
        out = []
        rows = c.execute(query.order_by(h.rev.desc()).limit(limit + 1)).all()
        for r, older in zip_longest(rows[:limit], rows[1:]):
            title = r.title or "the empty plan"
            what, why = (title, r.note or "") if r.action == "edit" else (f"{_TRAVEL[r.action]}: {title}", "")
            if r.action == "undo":
                undone = (older.title if older is not None else "") or "a change"
                what = f"Undid: {undone[0].lower()}{undone[1:]}"
            at = datetime.fromisoformat(r.at)
            effect = None if r.measure is None else Effect(r.measure, r.dev_before, r.dev_after)
            out.append(ChangeEvent(at, r.author, what, why, r.rev, r.head, r.action, "plan", effect))
        return out

    def _beside(self, c: Connection, scenario_id: str, until: str, limit: int) -> list[ChangeEvent]:
        j = t.journal.c
        query = select(t.journal).where(j.scenario_id == scenario_id, j.at < until)
        found = [edit_record(r) for r in c.execute(query.order_by(j.seq.desc()).limit(limit))]
        return [ChangeEvent(x.at, _name(x.by), x.text, x.reason, None, None, x.action, x.topic) for x in found]


def _name(person: Person) -> str:
    return person.name or person.user_id
