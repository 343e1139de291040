"""Scenarios as entries of a list: made, named, copied, deleted and brought back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, literal, select, update

from terr.errors import InputError, LocateError
from terr.store import schema as t
from terr.store.datasets import Datasets, new_id
from terr.store.records import ScenarioInfo, clean_text, now, scenario_info, to_json

_NAME = "name of the scenario"


class Scenarios(Datasets):
    """The part of the store that knows scenarios, without their plans."""

    def create_scenario(
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
            tolerance: allowed relative deviation, 0.05 = 5 %.
            settings: other choices, a JSON object.

        Raises:
            InputError: for a value that can't be stored.
            LocateError: if the data set isn't found.
            StoreError: if the database can't be written.
        """
        if n_units < 1:
            raise InputError("a scenario needs at least one unit; choose a region")
        if any("," in code for code in region):
            raise InputError("a region is a list of state codes, such as TX and OK")
        if dataset_id:
            self.dataset(dataset_id)
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
            "settings_json": to_json(settings or {}, "settings"),
            "head": 0,
            "rev": 0,
            "next_code": 0,
            "created_at": at,
            "updated_at": at,
        }
        with self._db.write() as c:
            c.execute(insert(t.scenarios).values(values))
        return self.scenario(str(values["id"]))

    def list_scenarios(self, *, include_deleted: bool = False, dataset_id: str | None = None) -> list[ScenarioInfo]:
        """Scenarios, the one worked on last first."""
        query = select(t.scenarios).order_by(t.scenarios.c.updated_at.desc(), t.scenarios.c.id)
        if not include_deleted:
            query = query.where(t.scenarios.c.deleted_at.is_(None))
        if dataset_id is not None:
            query = query.where(t.scenarios.c.dataset_id == dataset_id)
        with self._db.read() as c:
            return [scenario_info(r) for r in c.execute(query)]

    def scenario(self, scenario_id: str) -> ScenarioInfo:
        """One scenario.

        Raises:
            LocateError: if there is none with this id, or it was deleted.
        """
        with self._db.read() as c:
            return self._info(c, scenario_id)

    def rev(self, scenario_id: str) -> int:
        """The newest revision; cheap enough to ask on every rerun.

        Raises:
            LocateError: if the scenario isn't found.
        """
        s = t.scenarios.c
        with self._db.read() as c:
            rev = c.execute(select(s.rev).where(s.id == scenario_id, s.deleted_at.is_(None))).scalar()
        if rev is None:
            raise _unknown()
        return int(rev)

    def taken(self, scenario_id: str, client: str) -> int:
        """Number of the last request of a client that was stored, 0 if none was."""
        h = t.heads.c
        with self._db.read() as c:
            found = c.execute(
                select(func.max(h.client_n)).where(h.scenario_id == scenario_id, h.client == client[:64])
            ).scalar()
        return int(found or 0)

    def others_since(self, scenario_id: str, rev: int, client: str) -> bool:
        """True if somebody but this client made a revision after `rev`."""
        h = t.heads.c
        with self._db.read() as c:
            found = c.execute(
                select(func.count()).where(h.scenario_id == scenario_id, h.rev > rev, h.client != client[:64])
            ).scalar()
        return bool(found)

    def rename(self, scenario_id: str, name: str) -> ScenarioInfo:
        """Give a scenario another name.

        Raises:
            LocateError: if it isn't found.
            InputError: if the name is empty or too long.
        """
        return self._change(scenario_id, {"name": clean_text(name, _NAME, 120, needed=True)})

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
            values["settings_json"] = to_json(settings, "settings")
        return self._change(scenario_id, values)

    def duplicate(self, scenario_id: str, name: str | None = None) -> ScenarioInfo:
        """Copy a scenario with its full history, so that undo, redo and every branch work in the copy too.

        Edits keep their ids, revisions and authors.

        Raises:
            LocateError: if it isn't found.
            InputError: if the name is empty or too long.
        """
        copy = new_id()
        with self._db.write() as c:
            info = self._info(c, scenario_id)
            given = (info.name[:110].rstrip() + " (copy)") if name is None else name
            at = now()
            changes = {"name": clean_text(given, _NAME, 120, needed=True), "created_at": at, "updated_at": at}
            _copy_rows(c, t.scenarios, "id", scenario_id, copy, changes)
            for table in (t.edits, t.heads, t.checkpoints):
                _copy_rows(c, table, "scenario_id", scenario_id, copy, {})
        return self.scenario(copy)

    def delete(self, scenario_id: str) -> None:
        """Take a scenario off the list; nothing is erased, and `restore` brings it back.

        Raises:
            LocateError: if it isn't found.
        """
        s = t.scenarios.c
        with self._db.write() as c:
            live = update(t.scenarios).where(s.id == scenario_id, s.deleted_at.is_(None))
            if c.execute(live.values(deleted_at=now())).rowcount != 1:
                raise _unknown()

    def restore(self, scenario_id: str) -> ScenarioInfo:
        """Bring a deleted scenario back; one that isn't deleted stays as it is.

        Raises:
            LocateError: if there never was one with this id.
        """
        with self._db.write() as c:
            c.execute(update(t.scenarios).where(t.scenarios.c.id == scenario_id).values(deleted_at=None))
        return self.scenario(scenario_id)

    def _change(self, scenario_id: str, values: dict[str, Any]) -> ScenarioInfo:
        with self._db.write() as c:
            self._info(c, scenario_id)
            c.execute(
                update(t.scenarios).where(t.scenarios.c.id == scenario_id).values({**values, "updated_at": now()})
            )
        return self.scenario(scenario_id)

    def _info(self, c: Connection, scenario_id: str) -> ScenarioInfo:
        s = t.scenarios.c
        row = c.execute(select(t.scenarios).where(s.id == scenario_id, s.deleted_at.is_(None))).first()
        if row is None:
            raise _unknown()
        return scenario_info(row)


def _copy_rows(c: Connection, table: Table, key: str, old: str, new: str, changes: Mapping[str, Any]) -> None:
    replaced = {key: new, **changes}
    columns = [literal(replaced[k.name]).label(k.name) if k.name in replaced else k for k in table.columns]
    names = [k.name for k in table.columns]
    c.execute(insert(table).from_select(names, select(*columns).where(table.c[key] == old)))


def _tolerance(value: float) -> float:
    if not math.isfinite(value) or not 0 <= value <= 10:
        raise InputError("the allowed deviation must lie between 0 and 1000 %")
    return float(value)


def _unknown() -> LocateError:
    return LocateError("this scenario isn't found; choose one from the list")
