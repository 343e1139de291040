"""The register of exceptions: accounts that go to a territory or rep against geography, why, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from terr.errors import InputError
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, made_by, moment, now, who

EXCEPTION_KINDS = ("named", "holdover", "override")
"""A named account; one its incumbent keeps until a date; any other override by a person."""

_AT_ONCE = 500


@dataclass(frozen=True)
class ExceptionRequest:
    """An exception to enter.

    Attributes:
        account_id: which account; kind: one of `EXCEPTION_KINDS`.
        territory: code of the territory it goes to, None if a rep is named instead; rep: id of the rep, or "".
        until: last day it holds, None = until it is ended; a holdover has one.
        reason: why, up to 1,000 characters.
        since: first day it holds, None = at once. What holds before that day holds again after the last one.
    """

    account_id: str
    kind: str
    territory: int | None = None
    rep: str = ""
    until: date | None = None
    reason: str = ""
    since: date | None = None

    def __post_init__(self) -> None:
        name = clean_text(self.account_id, "id of an account", 200, needed=True)
        if self.kind not in EXCEPTION_KINDS:
            raise InputError(f'"{self.kind}" is not a kind of exception; choose {", ".join(EXCEPTION_KINDS)}')
        if self.territory is None and not self.rep.strip():
            raise InputError(f"say where account {name} goes: to a territory or a rep")
        if self.kind == "holdover" and self.until is None:
            raise InputError(f"a holdover ends some day; give the last day for account {name}")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError(f"the exception for account {name} ends before it begins; correct one of the dates")


@dataclass(frozen=True)
class ExceptionEntry:
    """An exception in the register.

    Attributes:
        id, n: unique together in its scenario.
        what: the exception.
        by: who entered it; at: UTC.
        ended_at: None while it stands; ended_by, ended_reason: who ended it, for a reader, and why.
    """

    id: int
    n: int
    what: ExceptionRequest
    by: Person
    at: datetime
    ended_at: datetime | None
    ended_by: str
    ended_reason: str

    def holds_on(self, day: date) -> bool:
        """True if it stands, has begun, and its last day isn't past."""
        begun = self.what.since is None or self.what.since <= day
        return self.ended_at is None and begun and (self.what.until is None or self.what.until >= day)

    def begins_after(self, day: date) -> bool:
        """True if it stands and its first day is still ahead."""
        return self.ended_at is None and self.what.since is not None and self.what.since > day


class Exceptions:
    """The register of exceptions of each plan."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, scenario_id: str, wanted: Sequence[ExceptionRequest], *, by: Person) -> int:
        """Enter exceptions. An account that has one gets the new one; the earlier one is ended and kept.

        One with a first day ends only others with a first day that hold on some of its days: whatever stands without
        one goes before and comes after it.

        Returns:
            How many earlier ones gave way.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: if nothing is given, an account is given twice, or a text can't be stored.
        """
        if not wanted:
            raise InputError("there is nothing to enter; choose an account")
        rows: dict[str, dict[str, Any]] = {}
        for n, one in enumerate(wanted):
            account = clean_text(one.account_id, "id of an account", 200, needed=True)
            if account in rows:
                raise InputError(f"account {account} is given twice; give it once")
            rows[account] = {
                "n": n,
                "account_id": account,
                "kind": one.kind,
                "territory": one.territory,
                "rep": clean_text(one.rep, "id of a rep", 120),
                "until": one.until.isoformat() if one.until else None,
                "since": one.since.isoformat() if one.since else None,
                "reason": clean_text(one.reason, "reason", 1000),
                "ended_by": "",
                "ended_reason": "",
            }
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            ended = self._give_way(c, scenario_id, list(rows.values()), by)
            common = {"scenario_id": scenario_id, "id": seq, **made_by(by)}
            c.execute(insert(t.exceptions), [{**row, **common} for row in rows.values()])
            first = wanted[0]
            what = f"account {first.account_id}" if len(rows) == 1 else f"{len(rows):,} accounts"
            write_line(
                c,
                scenario_id,
                seq,
                "exception",
                "made",
                f"Exception for {what}",
                by,
                ref=seq,
                reason=first.reason if len(rows) == 1 else "",
            )
        return ended

    def end(self, scenario_id: str, accounts: Sequence[str], *, reason: str = "", by: Person) -> int:
        """End the exceptions of some accounts; they stay in the register.

        Returns:
            How many there were.

        Raises:
            LocateError: if the scenario isn't found.
            InputError: for a reason that can't be stored.
        """
        why = clean_text(reason, "reason", 1000)
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            ended = self._end(c, scenario_id, list(accounts), by, why)
            what = f"account {accounts[0]}" if len(accounts) == 1 else f"{ended:,} accounts"
            write_line(c, scenario_id, seq, "exception", "ended", f"Ended the exception for {what}", by, reason=why)
        return ended

    def of(self, scenario_id: str, *, history: bool = False) -> tuple[ExceptionEntry, ...]:
        """Exceptions that stand, expired ones included (see `ExceptionEntry.holds_on`), by account; ended too if asked.

        Raises:
            LocateError: if the scenario isn't found.
        """
        e = t.exceptions.c
        query = select(t.exceptions).where(e.scenario_id == scenario_id)
        if not history:
            query = query.where(e.ended_at.is_(None))
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            rows = c.execute(query).all()
        return tuple(sorted(map(_entry, rows), key=lambda x: (x.what.account_id, x.id, x.n)))

    def _give_way(self, c: Connection, scenario_id: str, rows: Sequence[dict[str, Any]], by: Person) -> int:
        e = t.exceptions.c
        by_days: dict[tuple[str | None, str | None], list[str]] = {}
        for row in rows:
            days = (row["since"], row["until"]) if row["since"] else (None, None)
            by_days.setdefault(days, []).append(row["account_id"])
        ended = 0
        for (since, until), accounts in by_days.items():
            only: list[ColumnElement[bool]] = []
            if since:
                only = [e.since.is_not(None), or_(e.until.is_(None), e.until >= since)]
                only += [e.since <= until] if until else []
            ended += self._end(c, scenario_id, accounts, by, "another one took its place", *only)
        return ended

    def _end(
        self,
        c: Connection,
        scenario_id: str,
        accounts: Sequence[str],
        by: Person,
        reason: str,
        *only: ColumnElement[bool],
    ) -> int:
        e = t.exceptions.c
        values = {"ended_at": now(), "ended_by": clean_text(by.name, "author", 200), "ended_reason": reason}
        ended = 0
        for start in range(0, len(accounts), _AT_ONCE):
            some = [a.replace("\0", "?") for a in accounts[start : start + _AT_ONCE]]
            standing = update(t.exceptions).where(
                e.scenario_id == scenario_id, e.ended_at.is_(None), e.account_id.in_(some), *only
            )
            ended += c.execute(standing.values(values)).rowcount
        return ended


def _entry(r: Row[Any]) -> ExceptionEntry:
    until = date.fromisoformat(r.until) if r.until else None
    since = date.fromisoformat(r.since) if r.since else None
    what = ExceptionRequest(r.account_id, r.kind, r.territory, r.rep, until, r.reason, since)
    at = datetime.fromisoformat(r.at)
    return ExceptionEntry(r.id, r.n, what, who(r), at, moment(r.ended_at), r.ended_by, r.ended_reason)
