"""Exceptions: accounts that go to a territory or rep by name. They win over geography wherever accounts are counted."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.model.accounts import Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.store import ExceptionEntry, ExceptionRequest
from terr.view.text import count, percent
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.workspace import Workspace

MANY = 0.10
"""Share of the accounts from which on exceptions are warned of."""

STATES = ("active", "starts later", "paused", "expired", "account not found", "no territory")
"""Paused = it stands, but one that was entered later, from a first day on, holds today."""


@dataclass(frozen=True)
class NamedAccountStatus:
    """An exception as it stands on a day.

    Attributes:
        entry: as it was entered.
        state: one of `STATES`; only the first moves its account.
        name: of the account, "" if it isn't found.
        to: the territory it goes to, for a person; "" if there is none.
    """

    entry: ExceptionEntry
    state: str
    name: str
    to: str


@dataclass(frozen=True, eq=False)
class ExceptionRegister:
    """All exceptions of a plan on a day.

    Attributes:
        held: those in force, by position of the account.
        lines: one per exception, in the order of the store.
        accounts: how many accounts there are in all.
    """

    held: Overrides
    lines: tuple[NamedAccountStatus, ...]
    accounts: int

    @property
    def share(self) -> float:
        """Exceptions in force, as a share of all accounts."""
        return len(self.held) / self.accounts if self.accounts else 0.0

    @property
    def warning(self) -> str:
        """What to say when there are too many, "" if there aren't."""
        if self.share <= MANY:
            return ""
        return (
            f"{count(len(self.held), 'account')} of {self.accounts:,} ({percent(100 * self.share)}) are exceptions. "
            f"Above {percent(100 * MANY, 0)} the map no longer shows who covers what; remove some, or change the "
            "territories so that fewer are needed."
        )

    def of(self, state: str) -> tuple[NamedAccountStatus, ...]:
        """The exceptions in one of `STATES`."""
        return tuple(one for one in self.lines if one.state == state)


def resolve(
    entries: Sequence[ExceptionEntry],
    accounts: Accounts,
    plan: Plan,
    day: date,
    geography: NDArray[np.int16],
    reps: Sequence[Rep] = (),
) -> ExceptionRegister:
    """Where each exception sends its account on a day.

    A rep with several territories takes the account into the one it lies in if that is theirs, else into their first.
    An id that several accounts bear moves all of them. Of several exceptions that hold on the day, the one entered last
    counts.

    Args:
        entries: those that stand.
        accounts: n accounts.
        plan: gives territories and who covers them.
        day: today, for those with a first or last day.
        geography: int16 (n,), territory of each account by its unit, -1 = none.
        reps: the roster, for names.
    """
    if not entries:
        return ExceptionRegister(NOBODY_HELD, (), len(accounts))
    names = {r.rep_id: r.name for r in reps}
    ids = accounts.frame["account_id"].astype(str)
    wanted = ids[ids.isin([e.what.account_id for e in entries])]
    rows_of: dict[str, list[int]] = {}
    for row, account in wanted.items():
        rows_of.setdefault(account, []).append(int(row))
    label = {t.code: t.name for t in plan.territories}
    theirs: dict[str, list[int]] = {}
    for t in plan.territories:
        theirs.setdefault(t.rep, []).append(t.code)
    in_force = {e.what.account_id: e for e in sorted(entries, key=lambda e: (e.id, e.n)) if e.holds_on(day)}
    lines, rows, codes = [], [], []
    for entry in entries:
        found = rows_of.get(entry.what.account_id, [])
        name = str(accounts.frame["name"].iloc[found[0]]) if found else ""
        choice = _choice(entry.what, theirs, label)
        goal = [int(geography[r]) if int(geography[r]) in choice else choice[0] for r in found] if choice else []
        state = STATES[0]
        if entry.begins_after(day):
            state = "starts later"
        elif not entry.holds_on(day):
            state = "expired"
        elif not found:
            state = "account not found"
        elif not choice:
            state = "no territory"
        elif in_force[entry.what.account_id] is not entry:
            state = "paused"
        else:
            rows += found
            codes += goal
        to = label[goal[0]] if goal else label[choice[0]] if choice else ""
        if entry.what.territory is None:
            who = names.get(entry.what.rep, entry.what.rep)
            to = f"{who} ({to})" if to else who
        lines.append(NamedAccountStatus(entry, state, name, to))
    held = Overrides(np.array(rows, dtype=np.int64), np.array(codes, dtype=np.int16))
    return ExceptionRegister(held, tuple(lines), len(accounts))


def _choice(what: ExceptionRequest, theirs: dict[str, list[int]], label: dict[int, str]) -> list[int]:
    """Codes of the territories an exception may lead to."""
    if what.territory is not None:
        return [what.territory] if what.territory in label else []
    return theirs.get(what.rep, [])


def today() -> date:
    """The day on this machine's clock."""
    return datetime.now().astimezone().date()


class RegisterKey(NamedTuple):
    """Exceptions, the accounts and reps they name, a plan (itself: it may be stored nowhere) and a day."""

    scenario_id: str
    entries: tuple[ExceptionEntry, ...]
    data: str
    reps: tuple[Rep, ...]
    plan: Plan
    day: date


REGISTERS = CacheKind[RegisterKey, ExceptionRegister]("exception registers", 32)
EXCEPTION_ENTRIES = CacheKind[tuple[str, int], tuple[ExceptionEntry, ...]]("exceptions", 8)
"""By scenario and count of changes beside the plan."""


def register(
    ws: Workspace, info: ScenarioInfo, plan: Plan | None = None, *, day: date | None = None
) -> ExceptionRegister:
    """The exceptions of a scenario; kept in memory until one is entered or ended, the plan changes, or the day ends.

    Args:
        ws: the workspace.
        info: whose.
        plan: another than the one stored, such as an earlier one.
        day: instead of today.

    Raises:
        LocateError: if the scenario isn't found.
    """
    when = day or today()
    entries = _entries(ws, info)
    data = dataset(ws, info.dataset_id)
    if not entries:
        return ExceptionRegister(NOBODY_HELD, (), len(data.accounts))
    now = ws.plan(info.id)[0] if plan is None else plan

    def make() -> ExceptionRegister:
        by_unit = account_codes(data.accounts, ws.units(info), now)
        return resolve(entries, data.accounts, now, when, by_unit, data.reps)

    return ws.caches[REGISTERS].get_or_make(RegisterKey(info.id, entries, data.key, data.reps, now, when), make)


def overrides_of(ws: Workspace, info: ScenarioInfo, plan: Plan | None = None, *, day: date | None = None) -> Overrides:
    """Which accounts go by name today; see `register`."""
    return register(ws, info, plan, day=day).held


def overrides_key(held: Overrides) -> str:
    """Names a set of exceptions, for keys of what is kept in memory."""
    return f"{zlib.crc32(held.rows.tobytes() + held.codes.tobytes()):08x}" if len(held) else ""


def _entries(ws: Workspace, info: ScenarioInfo) -> tuple[ExceptionEntry, ...]:
    key = info.id, ws.store.changes.latest(info.id)[1]
    return ws.caches[EXCEPTION_ENTRIES].get_or_make(key, lambda: ws.store.exceptions.of(info.id))
