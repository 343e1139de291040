"""Rosters of reps, one for each data set."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from terr.errors import InputError
from terr.model.reps import Rep
from terr.store import schema as t
from terr.store.database import Database
from terr.store.repositories.datasets import Datasets
from terr.store.repositories.records import clean_text


class Reps:
    """The roster of each data set.

    Args:
        database: where they are.
        datasets: the data sets they belong to.
    """

    def __init__(self, database: Database, datasets: Datasets) -> None:
        self._db = database
        self._datasets = datasets

    def save(self, dataset_id: str, reps: Iterable[Rep]) -> None:
        """Put a roster in place of the earlier one.

        Raises:
            LocateError: if there is no such data set.
            InputError: if an id occurs twice.
        """
        self._datasets.get(dataset_id)
        rows = [
            {
                "dataset_id": dataset_id,
                "rep_id": clean_text(r.rep_id, "id of a rep", 120, needed=True),
                "name": clean_text(r.name, "name of a rep", 120),
                "home_zip": clean_text(r.home_zip, "home ZIP of a rep", 10),
                "capacity": float(r.capacity),
            }
            for r in reps
        ]
        seen: set[object] = set()
        for row in rows:
            if row["rep_id"] in seen:
                raise InputError(f'two reps have the id "{row["rep_id"]}"; give each its own')
            seen.add(row["rep_id"])
        with self._db.write() as c:
            c.execute(select(t.datasets.c.id).where(t.datasets.c.id == dataset_id).with_for_update())  # one at a time
            c.execute(delete(t.reps).where(t.reps.c.dataset_id == dataset_id))
            if rows:
                c.execute(insert(t.reps), rows)

    def of(self, dataset_id: str) -> tuple[Rep, ...]:
        """The roster of a data set by name, empty if none was saved."""
        with self._db.read() as c:
            rows = c.execute(select(t.reps).where(t.reps.c.dataset_id == dataset_id)).all()
        found = (Rep(rep_id=r.rep_id, name=r.name, home_zip=r.home_zip, capacity=r.capacity) for r in rows)
        return tuple(sorted(found, key=lambda r: (r.name, r.rep_id)))  # here: databases order letters differently
