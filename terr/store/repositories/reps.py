"""Rosters of reps, one for each data set, with every roster it had before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, func, insert, select

from terr.errors import InputError, LocateError, StoreError
from terr.model.json_values import parse, read, to_text
from terr.model.person import NOONE, Person
from terr.model.reps import Rep
from terr.store import schema as t
from terr.store.database import Database
from terr.store.repositories.datasets import Datasets
from terr.store.repositories.records import clean_text, made_by

T = TypeVar("T")
_MOST_KEPT = 200
"""Earlier rosters of a data set; the oldest give way."""


@dataclass(frozen=True)
class RosterVersion:
    """One roster a data set has had: its number, what was done, who did it, and when (UTC)."""

    id: int
    note: str
    by: Person
    at: datetime


class Reps:
    """The roster of each data set.

    Args:
        database: where they are.
        datasets: the data sets they belong to.
    """

    def __init__(self, database: Database, datasets: Datasets) -> None:
        self._db = database
        self._datasets = datasets

    def save(self, dataset_id: str, reps: Iterable[Rep], *, by: Person = NOONE, note: str = "") -> None:
        """Put a roster in place of the earlier one, which stays in the history.

        Raises:
            LocateError: if there is no such data set.
            InputError: if an id occurs twice, or a text can't be stored.
        """
        self._datasets.get(dataset_id)
        kept = [_clean(r) for r in reps]
        seen: set[str] = set()
        for r in kept:
            if r.rep_id in seen:
                raise InputError(f'two reps have the id "{r.rep_id}"; give each its own')
            seen.add(r.rep_id)
        rows = [
            {
                "dataset_id": dataset_id,
                "rep_id": r.rep_id,
                "name": r.name,
                "home_zip": r.home_zip,
                "capacity": float(r.capacity),
                "details": to_text(r, "a rep"),
            }
            for r in kept
        ]
        text = clean_text(note, "note", 400)
        with self._db.write() as c:
            c.execute(select(t.datasets.c.id).where(t.datasets.c.id == dataset_id).with_for_update())  # one at a time
            c.execute(delete(t.reps).where(t.reps.c.dataset_id == dataset_id))
            if rows:
                c.execute(insert(t.reps), rows)
            v = t.rosters.c
            newest = c.execute(select(func.max(v.id)).where(v.dataset_id == dataset_id)).scalar() or 0
            one = {"dataset_id": dataset_id, "id": newest + 1, "note": text, "payload": to_text(kept, "a roster")}
            c.execute(insert(t.rosters).values(**one, **made_by(by)))
            c.execute(delete(t.rosters).where(v.dataset_id == dataset_id, v.id <= newest + 1 - _MOST_KEPT))

    def of(self, dataset_id: str) -> tuple[Rep, ...]:
        """The roster of a data set by name, empty if none was saved."""
        with self._db.read() as c:
            rows = c.execute(select(t.reps).where(t.reps.c.dataset_id == dataset_id)).all()
        return tuple(
            sorted(map(_rep, rows), key=lambda r: (r.name, r.rep_id))
        )  # here: databases order letters otherwise

    def history(self, dataset_id: str) -> tuple[RosterVersion, ...]:
        """Every roster the data set has had, the newest first."""
        v = t.rosters.c
        query = select(v.id, v.note, v.user_id, v.author, v.at).where(v.dataset_id == dataset_id).order_by(v.id.desc())
        with self._db.read() as c:
            rows = c.execute(query).all()
        made = (RosterVersion(r.id, r.note, Person(r.user_id, r.author), datetime.fromisoformat(r.at)) for r in rows)
        return tuple(made)

    def at(self, dataset_id: str, version: int) -> tuple[Rep, ...]:
        """The roster as one version had it.

        Raises:
            LocateError: if that version isn't kept.
        """
        with self._db.read() as c:
            return self._version(c, dataset_id, version)

    def _version(self, c: Connection, dataset_id: str, version: int) -> tuple[Rep, ...]:
        v = t.rosters.c
        found = c.execute(select(v.payload).where(v.dataset_id == dataset_id, v.id == version)).scalar()
        if found is None:
            raise LocateError("this version of the roster isn't kept any more; choose another one")
        return _stored(tuple[Rep, ...], found)


def _clean(rep: Rep) -> Rep:
    return replace(
        rep,
        rep_id=clean_text(rep.rep_id, "id of a rep", 120, needed=True),
        name=clean_text(rep.name, "name of a rep", 120),
        home_zip=clean_text(rep.home_zip, "home ZIP of a rep", 10),
        home_place=clean_text(rep.home_place, "home of a rep", 200),
        email=clean_text(rep.email, "email of a rep", 200),
        manager=clean_text(rep.manager, "manager of a rep", 120),
        skills=tuple(clean_text(s, "skill", 60, needed=True) for s in rep.skills),
    )


def _rep(row: Row[Any]) -> Rep:
    if not row.details:  # of a format before
        return Rep(rep_id=row.rep_id, name=row.name, home_zip=row.home_zip, capacity=row.capacity)
    return _stored(Rep, row.details)


def _stored(kind: type[T], text: str) -> T:
    try:
        return read(kind, parse(text, "a stored roster"), "a stored roster")
    except InputError as error:
        raise StoreError(f"{error}; restore the database from a backup") from error
