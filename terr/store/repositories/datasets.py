"""Data sets and rosters of reps in the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update

from terr.errors import InputError, LocateError
from terr.model.reps import Rep
from terr.store import schema as t
from terr.store.database import Database
from terr.store.repositories.records import NOONE, DatasetInfo, Person, clean_text, dataset_info, now, to_json


class Datasets:
    """The part of the store that knows data sets and reps.

    Args:
        where: a path (SQLite), or the address of a PostgreSQL database.

    Attributes:
        notice: what happened on opening if the person should know, else "".
    """

    def __init__(self, where: str | Path) -> None:
        self._db = Database(where)
        self.notice = self._db.notice

    def close(self) -> None:
        """Close all connections."""
        self._db.close()

    def save_dataset(
        self,
        name: str,
        *,
        sha256: str,
        filename: str,
        mapping: Mapping[str, Any],
        summary: Mapping[str, Any],
        owner: Person = NOONE,
    ) -> DatasetInfo:
        """Record a data set; its files go to `DataFiles` under `sha256` and the new id.

        It belongs to `owner`; without a user id it is everybody's.

        Raises:
            InputError: for a name, mapping or summary that can't be stored.
            StoreError: if the database can't be written.
        """
        dataset_id = new_id()
        values = {
            "id": dataset_id,
            "name": clean_text(name, "name of the data set", 120, needed=True),
            "sha256": sha256,
            "filename": clean_text(filename, "file name", 255),
            "mapping_json": to_json(mapping, "column mapping"),
            "summary_json": to_json(summary, "summary"),
            "created_at": now(),
            "owner": clean_text(owner.user_id, "name of the user", 200),
        }
        with self._db.write() as c:
            c.execute(insert(t.datasets).values(values))
        return self.dataset(dataset_id)

    def update_dataset(
        self,
        dataset_id: str,
        *,
        name: str | None = None,
        mapping: Mapping[str, Any] | None = None,
        summary: Mapping[str, Any] | None = None,
    ) -> DatasetInfo:
        """Change what is given.

        Raises:
            LocateError: if there is no such data set.
            InputError: for a value that can't be stored.
        """
        values: dict[str, str] = {}
        if name is not None:
            values["name"] = clean_text(name, "name of the data set", 120, needed=True)
        if mapping is not None:
            values["mapping_json"] = to_json(mapping, "column mapping")
        if summary is not None:
            values["summary_json"] = to_json(summary, "summary")
        if values:
            with self._db.write() as c:
                c.execute(update(t.datasets).where(t.datasets.c.id == dataset_id).values(values))
        return self.dataset(dataset_id)

    def change_dataset(
        self, dataset_id: str, change: Callable[[DatasetInfo], tuple[Mapping[str, Any], Mapping[str, Any]]]
    ) -> DatasetInfo:
        """Make mapping and summary anew from the stored ones, so that of two people's changes none is lost.

        Args:
            dataset_id: whose.
            change: gets the data set as stored, gives its mapping and its summary; quick, for others wait. What it
                raises leaves everything as it is.

        Raises:
            LocateError: if there is no such data set.
            InputError: for a value that can't be stored.
        """
        d = t.datasets.c
        with self._db.write() as c:
            row = c.execute(select(t.datasets).where(d.id == dataset_id).with_for_update()).first()
            if row is None:
                raise LocateError("this data set isn't found; choose one from the list")
            mapping, summary = change(dataset_info(row))
            values = {
                "mapping_json": to_json(mapping, "column mapping"),
                "summary_json": to_json(summary, "summary"),
            }
            c.execute(update(t.datasets).where(d.id == dataset_id).values(values))
        return self.dataset(dataset_id)

    def dataset(self, dataset_id: str) -> DatasetInfo:
        """One data set.

        Raises:
            LocateError: if there is none with this id.
        """
        with self._db.read() as c:
            row = c.execute(select(t.datasets).where(t.datasets.c.id == dataset_id.replace("\0", "?"))).first()
        if row is None:
            raise LocateError("this data set isn't found; choose one from the list")
        return dataset_info(row)

    def list_datasets(self) -> tuple[DatasetInfo, ...]:
        """All data sets, newest first."""
        with self._db.read() as c:
            rows = c.execute(select(t.datasets).order_by(t.datasets.c.created_at.desc(), t.datasets.c.id)).all()
        return tuple(dataset_info(r) for r in rows)

    def save_reps(self, dataset_id: str, reps: Iterable[Rep]) -> None:
        """Put a roster in place of the earlier one.

        Raises:
            LocateError: if there is no such data set.
            InputError: if an id occurs twice.
        """
        self.dataset(dataset_id)
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

    def reps(self, dataset_id: str) -> tuple[Rep, ...]:
        """The roster of a data set by name, empty if none was saved."""
        with self._db.read() as c:
            rows = c.execute(select(t.reps).where(t.reps.c.dataset_id == dataset_id)).all()
        found = (Rep(rep_id=r.rep_id, name=r.name, home_zip=r.home_zip, capacity=r.capacity) for r in rows)
        return tuple(sorted(found, key=lambda r: (r.name, r.rep_id)))  # here: databases order letters differently


def new_id() -> str:
    """20 random hexadecimal digits: nobody guesses one, and it is safe in a URL and as a file name."""
    return secrets.token_hex(10)
