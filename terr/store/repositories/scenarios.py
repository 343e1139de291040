"""Scenarios as entries of a list: made, named, copied, deleted and brought back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, insert, literal, or_, select, update

from terr.errors import ConflictError, InputError
from terr.model.json_values import to_text
from terr.model.person import NOONE, Person
from terr.model.scenario import ScenarioInfo
from terr.store import schema as t
from terr.store.database import Database
from terr.store.edit_tree import depth_of
from terr.store.journal import count_change, scenario_row, unknown_scenario, write_line
from terr.store.repositories.datasets import Datasets
from terr.store.repositories.records import clean_text, made_by, new_id, now, scenario_info

_NAME = "name of the scenario"


class Scenarios:
    """Scenarios, without their plans.

    Args:
        database: where they are.
        datasets: the data sets they are made from.
    """

    def __init__(self, database: Database, datasets: Datasets) -> None:
        self._db = database
        self._datasets = datasets

    def create(
        self,
        name: str,
        *,
        dataset_id: str,
        level: str,
        region: Sequence[str],
        units_version: str,
        n_units: int,
        measure: str,
        tolerance: float,
        settings: Mapping[str, Any] | None = None,
        owner: Person = NOONE,
    ) -> ScenarioInfo:
        """Start a scenario on the empty plan.

        Args:
            name: display name, 1 to 120 characters; need not be unique.
            dataset_id: of a stored data set, "" for none.
            level: level of the units.
            region: state codes of the region.
            units_version: `Units.version`.
            n_units: number of units.
            measure: the measure to balance.
            tolerance: allowed relative deviation, 0.05 = 5%.
            settings: other choices, a JSON object.
            owner: whose it is; without a user id it is everybody's.

        Raises:
            InputError: for a value that can't be stored.
            LocateError: if the data set isn't found.
            StoreError: if the database can't be written.
        """
        if n_units < 1:
            raise InputError("a scenario needs at least one area; choose a region")
        if any("," in code for code in region):
            raise InputError("a region is a list of state codes, such as TX and OK")
        if dataset_id:
            self._datasets.get(dataset_id)
        at = now()
        values = {
            "id": new_id(),
            "name": clean_text(name, _NAME, 120, needed=True),
            "dataset_id": dataset_id or None,
            "level": level,
            "region": ",".join(region),
            "units_version": units_version,
            "n_units": int(n_units),
            "measure": clean_text(measure, "measure", 120),
            "tolerance": _tolerance(tolerance),
            "settings_json": to_text(settings or {}, "the settings"),
            "head": 0,
            "rev": 0,
            "next_code": 0,
            "created_at": at,
            "updated_at": at,
        }
        with self._db.write() as c:
            c.execute(insert(t.scenarios).values(values))
            _own(c, str(values["id"]), owner)
        return self.get(str(values["id"]))

    def find(
        self,
        *,
        include_deleted: bool = False,
        include_archived: bool = False,
        dataset_id: str | None = None,
        user_id: str | None = None,
        everybodys: bool = True,
    ) -> list[ScenarioInfo]:
        """Scenarios, the one worked on last first.

        Args:
            include_deleted: those taken off the list too.
            include_archived: those put away too.
            dataset_id: only those of one data set.
            user_id: only those where this user has a role, and those that are everybody's.
            everybodys: False leaves out those on which nobody holds a role.
        """
        query = select(t.scenarios).order_by(t.scenarios.c.updated_at.desc(), t.scenarios.c.id)
        if not include_deleted:
            query = query.where(t.scenarios.c.deleted_at.is_(None))
        if not include_archived:
            query = query.where(t.scenarios.c.archived_at.is_(None))
        if dataset_id is not None:
            query = query.where(t.scenarios.c.dataset_id == dataset_id)
        if user_id is not None:
            held = select(t.roles.c.role).where(t.roles.c.scenario_id == t.scenarios.c.id)
            mine = exists(held.where(t.roles.c.user_id == user_id))
            query = query.where(or_(~exists(held), mine) if everybodys else mine)
        with self._db.read() as c:
            return [scenario_info(r) for r in c.execute(query)]

    def get(self, scenario_id: str) -> ScenarioInfo:
        """One scenario.

        Raises:
            LocateError: if there is none with this id, or it was deleted.
        """
        return self._db.once(("scenario", scenario_id), lambda: self._get(scenario_id))

    def _get(self, scenario_id: str) -> ScenarioInfo:
        with self._db.read() as c:
            return scenario_row(c, scenario_id)

    def rev(self, scenario_id: str) -> int:
        """The newest revision; cheap enough to ask on every rerun.

        Raises:
            LocateError: if the scenario isn't found.
        """
        return self._db.once(("rev", scenario_id), lambda: self._rev(scenario_id))

    def _rev(self, scenario_id: str) -> int:
        s = t.scenarios.c
        with self._db.read() as c:
            safe = scenario_id.replace("\0", "?")
            rev = c.execute(select(s.rev).where(s.id == safe, s.deleted_at.is_(None))).scalar()
        if rev is None:
            raise unknown_scenario()
        return int(rev)

    def rename(self, scenario_id: str, name: str, *, by: Person = NOONE) -> ScenarioInfo:
        """Give a scenario another name.

        Raises:
            LocateError: if it isn't found.
            InputError: if the name is empty or too long.
        """
        clean = clean_text(name, _NAME, 120, needed=True)
        return self._change(scenario_id, {"name": clean}, f"Renamed to {clean}", by)

    def update_settings(
        self,
        scenario_id: str,
        *,
        measure: str | None = None,
        tolerance: float | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> ScenarioInfo:
        """Change what is given; the plan and its revision stay. `settings` takes the place of the earlier object.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for a value that can't be stored.
        """
        values: dict[str, Any] = {}
        if measure is not None:
            values["measure"] = clean_text(measure, "measure", 120)
        if tolerance is not None:
            values["tolerance"] = _tolerance(tolerance)
        if settings is not None:
            values["settings_json"] = to_text(settings, "the settings")
        return self._change(scenario_id, values)

    def change_settings(
        self, scenario_id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> ScenarioInfo:
        """Make the settings anew from the earlier ones, so that two people who change two of them both succeed.

        Args:
            scenario_id: whose settings.
            change: gets the settings as stored, gives the new ones; quick, for others wait.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for a value that can't be stored.
        """
        with self._db.write() as c:
            before = scenario_row(c, scenario_id, lock=True).settings
            values = {"settings_json": to_text(change(before), "the settings"), "updated_at": now()}
            count_change(c, scenario_id, values)
        return self.get(scenario_id)

    def use_dataset(
        self,
        scenario_id: str,
        dataset_id: str,
        *,
        expected: str,
        settings: Mapping[str, Any],
        units: tuple[str, int] | None = None,
        note: str = "",
        by: Person = NOONE,
    ) -> ScenarioInfo:
        """Give a scenario other accounts, such as the next extract of the same ones; plan and history stay.

        Args:
            scenario_id: whose.
            dataset_id: of the data set it has from now on.
            expected: of the data set the person saw it with.
            settings: put into the scenario's settings, beside what is there.
            units: version and number of its units from now on, which are those it has with others behind them; None =
                they stay.
            note: what else is to be written into the journal.
            by: who does it.

        Raises:
            LocateError: if the scenario or the data set isn't found.
            ConflictError: if it has another data set by now.
            InputError: if it would have fewer units.
        """
        name = self._datasets.get(dataset_id).name
        with self._db.write() as c:
            info = scenario_row(c, scenario_id, lock=True)
            if info.dataset_id != expected:
                raise ConflictError(f'"{info.name}" was given other accounts meanwhile; look at it again')
            values: dict[str, Any] = {
                "dataset_id": dataset_id,
                "settings_json": to_text({**info.settings, **settings}, "the settings"),
                "updated_at": now(),
            }
            if units is not None:
                if units[1] < info.n_units:
                    raise InputError("a plan keeps the areas and accounts it has")
                values |= {"units_version": units[0], "n_units": units[1]}
            seq = count_change(c, scenario_id, values)
            text = f"Now with the accounts of {name}. {note}".rstrip(". ")
            write_line(c, scenario_id, seq, "scenario", "changed", text, by)
            return scenario_row(c, scenario_id)

    def archive(self, scenario_id: str, on: bool = True, *, by: Person = NOONE) -> ScenarioInfo:
        """Put a scenario away, so that lists leave it out unless asked, or fetch it back; nothing is erased or expires.

        Raises:
            LocateError: if it isn't found.
        """
        text = "Archived" if on else "Restored"
        return self._change(scenario_id, {"archived_at": now() if on else None}, text, by)

    def duplicate(self, scenario_id: str, name: str | None = None, *, owner: Person = NOONE) -> ScenarioInfo:
        """Copy a scenario with its full history, so that undo, redo and every branch work in the copy too.

        Edits keep their ids, revisions and authors; named versions, tags, notes and exceptions come along; comments,
        proposals and roles don't.

        Raises:
            LocateError: if it isn't found.
            InputError: if the name is empty or too long.
        """
        with self._db.write() as c:
            return scenario_row(c, self._copy(c, scenario_id, name, owner))

    def branch(self, scenario_id: str, edit_id: int, name: str, *, by: Person) -> ScenarioInfo:
        """A new scenario that stands at any edit of this one's history, with all of that history.

        Raises:
            LocateError: if the scenario or the edit isn't found.
            InputError: if the name is empty or too long.
        """
        with self._db.write() as c:
            depth_of(c, scenario_id, edit_id)
            copy = self._copy(c, scenario_id, name, by)
            info = scenario_row(c, copy)
            s, h = t.scenarios.c, t.heads.c
            changes = {"head": edit_id, "rev": info.rev + 1, "origin_edit": edit_id}
            c.execute(update(t.scenarios).where(s.id == copy).values(changes))
            who_when = made_by(by)
            row = {h.scenario_id: copy, h.rev: info.rev + 1, h.head: edit_id, h.action: "branch"}
            c.execute(insert(t.heads).values({**row, h.author: who_when["author"], h.at: who_when["at"]}))
            return scenario_row(c, copy)

    def _copy(self, c: Connection, scenario_id: str, name: str | None, owner: Person) -> str:
        """Id of a copy with the whole history."""
        copy = new_id()
        info = scenario_row(c, scenario_id, lock=True)
        given = (info.name[:110].rstrip() + " (copy)") if name is None else name
        at = now()
        changes = {
            "name": clean_text(given, _NAME, 120, needed=True),
            "created_at": at,
            "updated_at": at,
            "archived_at": None,
            "origin_id": scenario_id,
            "origin_edit": info.head,
        }
        _copy_rows(c, t.scenarios, "id", scenario_id, copy, changes)
        for table in (t.edits, t.heads, t.checkpoints, t.marks, t.exceptions):
            _copy_rows(c, table, "scenario_id", scenario_id, copy, {})
        _own(c, copy, owner)
        return copy

    def delete(self, scenario_id: str) -> None:
        """Take a scenario off the list; `restore` brings it back, until `purge` erases it.

        Raises:
            LocateError: if it isn't found.
        """
        s = t.scenarios.c
        with self._db.write() as c:
            live = update(t.scenarios).where(s.id == scenario_id, s.deleted_at.is_(None))
            if c.execute(live.values(deleted_at=now())).rowcount != 1:
                raise unknown_scenario()

    def purge(self, before: datetime) -> int:
        """Erase for good what was deleted before a time, with its history; how many scenarios."""
        s = t.scenarios.c
        with self._db.write() as c:
            return c.execute(delete(t.scenarios).where(s.deleted_at < before.astimezone(UTC).isoformat())).rowcount

    def restore(self, scenario_id: str) -> ScenarioInfo:
        """Bring a deleted scenario back; one that isn't deleted stays as it is.

        Raises:
            LocateError: if there never was one with this id.
        """
        with self._db.write() as c:
            c.execute(update(t.scenarios).where(t.scenarios.c.id == scenario_id).values(deleted_at=None))
        return self.get(scenario_id)

    def _change(self, scenario_id: str, values: dict[str, Any], text: str = "", by: Person = NOONE) -> ScenarioInfo:
        with self._db.write() as c:
            seq = count_change(c, scenario_id, {**values, "updated_at": now()})
            if text:
                write_line(c, scenario_id, seq, "scenario", "changed", text, by)
            return scenario_row(c, scenario_id)


def _own(c: Connection, scenario_id: str, owner: Person) -> None:
    if owner.user_id:
        by = made_by(owner)
        row = {"scenario_id": scenario_id, "user_id": by["user_id"], "role": "owner"}
        c.execute(insert(t.roles).values(**row, given_by=by["author"], at=by["at"]))


def _copy_rows(c: Connection, table: Table, key: str, old: str, new: str, changes: Mapping[str, Any]) -> None:
    replaced = {key: new, **changes}
    columns = [literal(replaced[k.name], k.type).label(k.name) if k.name in replaced else k for k in table.columns]
    names = [k.name for k in table.columns]
    c.execute(insert(table).from_select(names, select(*columns).where(table.c[key] == old)))


def _tolerance(value: float) -> float:
    if not math.isfinite(value) or not 0 <= value <= 10:
        raise InputError("the allowed deviation must lie between 0 and 1000%")
    return float(value)
