"""Exceptions: accounts that go to a territory or rep by name. They win over geography wherever accounts are counted."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.held import NOBODY_HELD, Held
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.store import EXCEPTION_KINDS, Entry, Person, ScenarioInfo, Wanted
from terr.view.text import and_list, count, percent
from terr.workspace.core import Workspace
from terr.workspace.imports import dataset

MANY = 0.10
"""Share of the accounts from which on exceptions are warned of."""

STATES = ("in force", "expired", "account not found", "no territory")
KIND_WORDS = {"named": "Named account", "holdover": "Holdover", "override": "Override"}
_FOUND = 50


@dataclass(frozen=True)
class Standing:
    """An exception as it stands on a day.

    Attributes:
        entry: as it was entered.
        state: one of `STATES`; only the first moves its account.
        name: of the account, "" if it isn't found.
        to: the territory it goes to, for a person; "" if there is none.
    """

    entry: Entry
    state: str
    name: str
    to: str


@dataclass(frozen=True, eq=False)
class Register:
    """All exceptions of a plan on a day.

    Attributes:
        held: those in force, by position of the account.
        lines: one per exception, in the order of the store.
        accounts: how many accounts there are in all.
    """

    held: Held
    lines: tuple[Standing, ...]
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
            f"{count(len(self.held), 'account')} of {self.accounts:,} ({percent(100 * self.share)}) go by exception. "
            f"Above {percent(100 * MANY, 0)} the map no longer tells who covers what; end some, or draw the "
            "territories so that fewer are needed."
        )

    def of(self, state: str) -> tuple[Standing, ...]:
        """The exceptions in one of `STATES`."""
        return tuple(one for one in self.lines if one.state == state)


def resolve(
    entries: Sequence[Entry],
    accounts: Accounts,
    plan: Plan,
    day: date,
    geography: NDArray[np.int16],
    reps: Sequence[Rep] = (),
) -> Register:
    """Where each exception sends its account on a day.

    A rep with several territories takes the account into the one it lies in if that is theirs, else into their first.
    An id that several accounts bear moves all of them.

    Args:
        entries: those that stand.
        accounts: n accounts.
        plan: gives territories and who covers them.
        day: today, for holdovers.
        geography: int16 (n,), territory of each account by its unit, -1 = none.
        reps: the roster, for names.
    """
    if not entries:
        return Register(NOBODY_HELD, (), len(accounts))
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
    lines, rows, codes = [], [], []
    for entry in entries:
        found = rows_of.get(entry.what.account_id, [])
        name = str(accounts.frame["name"].iloc[found[0]]) if found else ""
        choice = _choice(entry.what, theirs, label)
        goal = [int(geography[r]) if int(geography[r]) in choice else choice[0] for r in found] if choice else []
        state = STATES[0]
        if not entry.holds_on(day):
            state = STATES[1]
        elif not found:
            state = STATES[2]
        elif not choice:
            state = STATES[3]
        else:
            rows += found
            codes += goal
        to = label[goal[0]] if goal else label[choice[0]] if choice else ""
        if entry.what.territory is None:
            who = names.get(entry.what.rep, entry.what.rep)
            to = f"{who} ({to})" if to else who
        lines.append(Standing(entry, state, name, to))
    held = Held(np.array(rows, dtype=np.int64), np.array(codes, dtype=np.int16))
    return Register(held, tuple(lines), len(accounts))


def _choice(what: Wanted, theirs: dict[str, list[int]], label: dict[int, str]) -> list[int]:
    """Codes of the territories an exception may lead to."""
    if what.territory is not None:
        return [what.territory] if what.territory in label else []
    return theirs.get(what.rep, [])


def today() -> date:
    """The day on this machine's clock."""
    return datetime.now().astimezone().date()


def register(ws: Workspace, info: ScenarioInfo, plan: Plan | None = None, *, day: date | None = None) -> Register:
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
        return Register(NOBODY_HELD, (), len(data.accounts))
    now = ws.plan(info.id)[0] if plan is None else plan
    key = ("register", info.id, entries, data.accounts, data.reps, now, when)
    known = ws.scores.get(key)
    if known is None:
        by_unit = account_codes(data.accounts, ws.units(info), now)
        known = ws.scores.put(key, resolve(entries, data.accounts, now, when, by_unit, data.reps))
    return known  # type: ignore[no-any-return]


def held_of(ws: Workspace, info: ScenarioInfo, plan: Plan | None = None, *, day: date | None = None) -> Held:
    """Which accounts go by name today; see `register`."""
    return register(ws, info, plan, day=day).held


def held_mark(held: Held) -> str:
    """Names a set of exceptions, for keys of what is kept in memory."""
    return f"{zlib.crc32(held.rows.tobytes() + held.codes.tobytes()):08x}" if len(held) else ""


def _entries(ws: Workspace, info: ScenarioInfo) -> tuple[Entry, ...]:
    seq = ws.store.stand(info.id)[1]
    known = ws.scores.get(("exceptions", info.id, seq))
    if known is None:
        known = ws.scores.put(("exceptions", info.id, seq), ws.store.exceptions(info.id))
    return known  # type: ignore[no-any-return]


def search(ws: Workspace, dataset_id: str, text: str, measure: str = "") -> pd.DataFrame:
    """Accounts a text names, by id or part of the name, largest first; columns `account_id, name, owner, value`.

    Raises:
        LocateError: if the data set isn't found.
    """
    data = dataset(ws, dataset_id)
    frame = data.accounts.frame
    wanted = " ".join(text.casefold().split())
    if not wanted:
        return pd.DataFrame({"account_id": [], "name": [], "owner": [], "value": []})
    ids, names = frame["account_id"].astype(str), frame["name"].astype(str)
    hit = ids.str.casefold().str.startswith(wanted) | names.str.casefold().str.contains(wanted, regex=False)
    value = frame[measure] if measure in data.accounts.measures else pd.Series(0.0, index=frame.index)
    found = pd.DataFrame({"account_id": ids, "name": names, "owner": frame["owner"].astype(str), "value": value})[hit]
    exact = (found["account_id"].str.casefold() == wanted).astype(int)
    order = found.assign(exact=exact).sort_values(
        ["exact", "value"], ascending=False, kind="stable", na_position="last"
    )
    return order.drop(columns="exact").head(_FOUND).reset_index(drop=True)


def enter(
    ws: Workspace,
    scenario_id: str,
    accounts: Sequence[str],
    *,
    kind: str,
    territory: int | None = None,
    rep: str = "",
    until: date | None = None,
    reason: str = "",
    by: Person,
    day: date | None = None,
) -> str:
    """Enter one exception for each account.

    Returns:
        One line for the person.

    Raises:
        InputError: for an unknown account, kind, territory or rep, or a last day that is past.
        LocateError: if the scenario isn't found.
    """
    info = ws.store.scenario(scenario_id)
    data, plan = dataset(ws, info.dataset_id), ws.plan(scenario_id)[0]
    if kind not in EXCEPTION_KINDS:
        raise InputError(f'"{kind}" is no kind of exception; choose {", ".join(EXCEPTION_KINDS)}')
    chosen = list(dict.fromkeys(a.strip() for a in accounts if a.strip()))
    known = set(data.accounts.frame["account_id"].astype(str))
    if unknown := [a for a in chosen if a not in known]:
        raise InputError(f"{and_list(unknown)} isn't among the accounts; search by name or paste ids as in the file")
    if territory is not None and territory not in plan.codes:
        raise InputError("this territory isn't in the plan any more; choose another one")
    if territory is None and rep and rep not in {t.rep for t in plan.territories}:
        raise InputError("this rep covers no territory of the plan; give them one first, or choose a territory")
    if until is not None and until < (day or today()):
        raise InputError(f"{until:%b %d, %Y} is past; give a last day from today on")
    gone = ws.store.add_exceptions(scenario_id, [Wanted(a, kind, territory, rep, until, reason) for a in chosen], by=by)
    said = f"{count(len(chosen), 'exception')} entered."
    return said if not gone else f"{said} {count(gone, 'earlier one')} of the same accounts gave way."


def table(shown: Register) -> pd.DataFrame:
    """The register as a table for people; one row per exception, those not in force last."""
    rows: list[dict[str, Any]] = [
        {
            "Account": one.entry.what.account_id,
            "Name": one.name,
            "Kind": KIND_WORDS[one.entry.what.kind],
            "Goes to": one.to or "–",
            "State": one.state,
            "Until": f"{one.entry.what.until:%b %d, %Y}" if one.entry.what.until else "no end",
            "Reason": one.entry.what.reason,
            "By": one.entry.by.name or one.entry.by.user_id,
            "Entered": one.entry.at,
        }
        for state in STATES
        for one in shown.of(state)
    ]
    return pd.DataFrame(rows)
