"""Data sets: which file each came from, how its columns are read, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import false, insert, or_, select, update

from terr.errors import LocateError
from terr.model.json_values import to_text
from terr.model.person import NOONE, Person
from terr.model.scenario import DatasetInfo
from terr.store import schema as t
from terr.store.database import Database
from terr.store.repositories.records import clean_text, dataset_info, new_id, now


class Datasets:
    """Data sets, without their tables."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def save(
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
            "mapping_json": to_text(mapping, "the column mapping"),
            "summary_json": to_text(summary, "the summary"),
            "created_at": now(),
            "owner": clean_text(owner.user_id, "name of the user", 200),
        }
        with self._db.write() as c:
            c.execute(insert(t.datasets).values(values))
        return self.get(dataset_id)

    def update(
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
            values["mapping_json"] = to_text(mapping, "the column mapping")
        if summary is not None:
            values["summary_json"] = to_text(summary, "the summary")
        if values:
            with self._db.write() as c:
                c.execute(update(t.datasets).where(t.datasets.c.id == dataset_id).values(values))
        return self.get(dataset_id)

    def change(
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
                "mapping_json": to_text(mapping, "the column mapping"),
                "summary_json": to_text(summary, "the summary"),
            }
            c.execute(update(t.datasets).where(d.id == dataset_id).values(values))
        return self.get(dataset_id)

    def get(self, dataset_id: str) -> DatasetInfo:
        """One data set.

        Raises:
            LocateError: if there is none with this id.
        """
        return self._db.once(("dataset", dataset_id), lambda: self._get(dataset_id))

    def _get(self, dataset_id: str) -> DatasetInfo:
        with self._db.read() as c:
            row = c.execute(select(t.datasets).where(t.datasets.c.id == dataset_id.replace("\0", "?"))).first()
        if row is None:
            raise LocateError("this data set isn't found; choose one from the list")
        return dataset_info(row)

    def all(self) -> tuple[DatasetInfo, ...]:
        """All data sets, newest first."""
        with self._db.read() as c:
            rows = c.execute(select(t.datasets).order_by(t.datasets.c.created_at.desc(), t.datasets.c.id)).all()
        return tuple(dataset_info(r) for r in rows)

    def seen_by(self, user_id: str, *, everybodys: bool = False, only: str = "") -> tuple[DatasetInfo, ...]:
        """Data sets a user uploaded, and those of plans they have a role on, newest first.

        Args:
            user_id: who.
            everybodys: also those that belong to nobody.
            only: id of the one that is asked for, "" = all.
        """
        d, s, r = t.datasets.c, t.scenarios.c, t.roles.c
        planned = (
            select(s.dataset_id)
            .join(t.roles, r.scenario_id == s.id)
            .where(r.user_id == user_id, s.dataset_id.is_not(None), s.deleted_at.is_(None))
        )
        theirs = d.owner == user_id if user_id else false()
        wanted = or_(theirs, d.id.in_(planned), d.owner == "") if everybodys else or_(theirs, d.id.in_(planned))
        query = select(t.datasets).where(wanted).order_by(d.created_at.desc(), d.id)
        if only:
            query = query.where(d.id == only.replace("\0", "?"))
        with self._db.read() as c:
            return tuple(dataset_info(row) for row in c.execute(query))

    def give_to(self, dataset_id: str, user_id: str) -> DatasetInfo:
        """Make a data set somebody's.

        Raises:
            LocateError: if there is no such data set.
            InputError: for a name that can't be stored.
        """
        owner = clean_text(user_id, "name of the user", 200, needed=True)
        with self._db.write() as c:
            c.execute(update(t.datasets).where(t.datasets.c.id == dataset_id).values(owner=owner))
        return self.get(dataset_id)
