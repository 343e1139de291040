"""The row of a scenario, and the journal of what is done beside its plan; every repository writes both alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from terr.errors import LocateError
from terr.model.person import Person
from terr.model.scenario import ScenarioInfo
from terr.store import schema as t
from terr.store.repositories.records import made_by, scenario_info


def scenario_row(c: Connection, scenario_id: str, *, lock: bool = False) -> ScenarioInfo:
    """One scenario; `lock` lets others who want to change it wait.

    Raises:
        LocateError: if it isn't found.
    """
    s = t.scenarios.c
    query = select(t.scenarios).where(s.id == scenario_id.replace("\0", "?"), s.deleted_at.is_(None))
    row = c.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise unknown_scenario()
    return scenario_info(row)


def count_change(c: Connection, scenario_id: str, values: Mapping[str, Any] | None = None) -> int:
    """Count a change beside the plan; others who change something of the scenario wait until it is stored.

    Raises:
        LocateError: if the scenario isn't found.
    """
    s = t.scenarios.c
    live = update(t.scenarios).where(s.id == scenario_id, s.deleted_at.is_(None))
    seq = c.execute(live.values(seq=s.seq + 1, **(values or {})).returning(s.seq)).scalar()
    if seq is None:
        raise unknown_scenario()
    return int(seq)


def write_line(
    c: Connection,
    scenario_id: str,
    seq: int,
    topic: str,
    action: str,
    text: str,
    by: Person,
    *,
    ref: int = 0,
    reason: str = "",
) -> None:
    """Write what was done at one count into the journal (see `EditRecord`)."""
    row = {"scenario_id": scenario_id, "seq": seq, "topic": topic, "ref": ref, "action": action}
    c.execute(insert(t.journal).values(**row, text=text[:400], reason=reason, **made_by(by)))


def unknown_scenario() -> LocateError:
    """What is said of a scenario that isn't there, or that one has no role on."""
    return LocateError("this plan isn't found; choose one from the list")
