"""Who is here: one row per open window, soon stale, cheap to write."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from terr.errors import InputError
from terr.model.json_values import to_text
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.repositories.records import clean_text, stored_object

HERE_S = 20.0
"""Somebody not seen for so many seconds is gone."""

_FORGET_S = 120.0
_VIEW = 4_000


@dataclass(frozen=True)
class WindowPresence:
    """One window that shows a plan.

    Attributes:
        session: of the window, unique.
        who: the person.
        territory: code of the territory they have selected, None = none.
        presenting: the others may follow their view.
        view: what else they look at, such as the part of the map and the selected units (a small JSON object).
        seen_at: seconds since 1970, by the clock of the machine that wrote it.
    """

    session: str
    who: Person
    territory: int | None = None
    presenting: bool = False
    view: Mapping[str, Any] = field(default_factory=dict)
    seen_at: float = 0.0


class Presence:
    """Who has a plan open now."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def seen(self, scenario_id: str, here: WindowPresence, *, at: float | None = None) -> None:
        """Say that a window shows a plan, in place of what it said before. Call it each 5 s, and at a change.

        Not waited for on disk: what is lost by a crash would be stale when the machine is up again.

        Args:
            scenario_id: which plan.
            here: the window; its `seen_at` is left out.
            at: seconds since 1970; now if not given.

        Raises:
            InputError: for a view that is too large or can't be stored.
            StoreError: if there is no such scenario, or the database can't be written.
        """
        view = to_text(here.view, "the view")
        if len(view) > _VIEW:
            raise InputError(f"a view has {len(view):,} characters, more than {_VIEW:,}; leave something out")
        moment = time.time() if at is None else at
        row = {
            "scenario_id": scenario_id,
            "session": clean_text(here.session, "window", 64, needed=True),
            "user_id": clean_text(here.who.user_id, "name of the user", 200),
            "name": clean_text(here.who.name, "author", 200),
            "territory": here.territory,
            "presenting": int(here.presenting),
            "view_json": view,
            "seen_at": moment,
        }
        put = insert(t.presence).values(row)  # SQLite reads the same words
        changes = {k: put.excluded[k] for k in row if k not in {"scenario_id", "session"}}
        p = t.presence.c
        with self._db.write(lasting=False) as c:
            c.execute(put.on_conflict_do_update(index_elements=["scenario_id", "session"], set_=changes))
            c.execute(delete(t.presence).where(p.scenario_id == scenario_id, p.seen_at < moment - _FORGET_S))

    def left(self, scenario_id: str, session: str) -> None:
        """Say that a window was closed."""
        p = t.presence.c
        with self._db.write(lasting=False) as c:
            c.execute(delete(t.presence).where(p.scenario_id == scenario_id, p.session == session[:64]))

    def here(self, scenario_id: str, *, at: float | None = None) -> tuple[WindowPresence, ...]:
        """Windows seen within `HERE_S`, by name."""
        p = t.presence.c
        since = (time.time() if at is None else at) - HERE_S
        query = select(t.presence).where(p.scenario_id == scenario_id, p.seen_at >= since)
        with self._db.read() as c:
            rows = c.execute(query).all()
        found = (
            WindowPresence(
                r.session,
                Person(r.user_id, r.name),
                r.territory,
                bool(r.presenting),
                stored_object(r.view_json),
                r.seen_at,
            )
            for r in rows
        )
        return tuple(sorted(found, key=lambda h: (h.who.name, h.who.user_id, h.session)))


def same_view(a: WindowPresence, b: WindowPresence) -> bool:
    """True if nothing but the time differs, so that it need not be written at once."""
    return replace(a, seen_at=b.seen_at) == b
