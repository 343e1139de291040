"""The register of exceptions as page Scenarios shows it: searched, entered, listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.model.person import Person
from terr.store import EXCEPTION_KINDS, ExceptionRequest
from terr.view.text import and_list, count, date_text
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan.named_accounts import STATES, ExceptionRegister, today
from terr.workspace.workspace import Workspace

KIND_WORDS = {"named": "Named account", "holdover": "Holdover", "override": "Override"}


_FOUND = 50


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
    since: date | None = None,
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
    info = ws.store.scenarios.get(scenario_id)
    data, plan = dataset(ws, info.dataset_id), ws.plan(scenario_id)[0]
    if kind not in EXCEPTION_KINDS:
        raise InputError(f'"{kind}" is not a kind of exception; choose {", ".join(EXCEPTION_KINDS)}')
    chosen = list(dict.fromkeys(a.strip() for a in accounts if a.strip()))
    known = set(data.accounts.frame["account_id"].astype(str))
    if unknown := [a for a in chosen if a not in known]:
        raise InputError(f"{and_list(unknown)} isn't among the accounts; search by name or paste IDs as in the file")
    if territory is not None and territory not in plan.codes:
        raise InputError("this territory is no longer in the plan; choose another one")
    if territory is None and rep and rep not in {t.rep for t in plan.territories}:
        raise InputError("this rep has no territory in the plan; assign one first, or choose a territory")
    if until is not None and until < (day or today()):
        raise InputError(f"{date_text(until)} is in the past; choose today or a later date")
    gone = ws.store.exceptions.add(
        scenario_id, [ExceptionRequest(a, kind, territory, rep, until, reason, since) for a in chosen], by=by
    )
    said = f"{count(len(chosen), 'exception')} saved."
    if since is not None and since > (day or today()):
        said = f"{count(len(chosen), 'exception')} saved, from {date_text(since)} on."
    return said if not gone else f"{said} {count(gone, 'earlier exception')} for the same accounts replaced."


def end(ws: Workspace, scenario_id: str, accounts: Sequence[str], *, reason: str = "", by: Person) -> int:
    """End the exceptions of some accounts: from now on they go where the map sends them.

    Returns:
        How many there were.

    Raises:
        LocateError: if the scenario isn't found.
        InputError: for a reason that can't be stored.
    """
    return ws.store.exceptions.end(scenario_id, accounts, reason=reason, by=by)


def table(shown: ExceptionRegister) -> pd.DataFrame:
    """The register as a table for people; one row per exception, those not in force last."""
    rows: list[dict[str, Any]] = [
        {
            "Account": one.entry.what.account_id,
            "Name": one.name,
            "Kind": KIND_WORDS[one.entry.what.kind],
            "Assign to": one.to or "–",
            "State": one.state,
            "From": date_text(one.entry.what.since) if one.entry.what.since else "at once",
            "Until": date_text(one.entry.what.until) if one.entry.what.until else "no end date",
            "Reason": one.entry.what.reason,
            "By": one.entry.by.name or one.entry.by.user_id,
            "Entered": one.entry.at,
        }
        for state in STATES
        for one in shown.of(state)
    ]
    return pd.DataFrame(rows)
