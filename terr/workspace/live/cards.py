"""What the map's cards say: of a unit, of an account, and what a move would do before it is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes, unit_codes
from terr.edits.layers import territory_layers
from terr.errors import LocateError, TerrError
from terr.model.accounts import CORE, HIDDEN
from terr.model.books.book_units import BookUnits
from terr.model.units import UNASSIGNED
from terr.report.safe import safe_frame
from terr.view.text import SYMBOLS, and_list, count, date_text, full, percent, short
from terr.workspace.facts.account_facts import account_facts
from terr.workspace.facts.kept_facts import fact_set_of
from terr.workspace.overlays.coverage import cover_fields
from terr.workspace.plan.plan_settings import NO_WHYS, AccountWhys, whys_of
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.workspace import Workspace

_TITLES = {
    "account_id": "Account ID",
    "name": "Account name",
    "owner": "Owner",
    "zip": "ZIP",
    "city": "City",
    "state": "State",
}
_WHY_TITLES = {"why": "Why here", "second_best": "Second best"}
_MOST = 40
"""Accounts a unit's card lists; the table has all."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def unit_card(ws: Workspace, scenario_id: str, unit: int) -> dict[str, Any]:
    """What a unit's card says beside what the map knows itself, as the browser wants it.

    Returns:
        `unit`, `rev`; `count` and `accounts` (`row`, `name`, `value`), the largest first; `stuck`, why it can't be
        moved ("" = it can); `moves`, one per territory it could go to and one for none: `to`, `near` (it touches one
        of its units), `says` (lines on the balance); and `money`, what moves with it.

    Raises:
        LocateError: if the plan or the unit isn't found.
    """
    shown = plan_snapshot(ws, scenario_id)
    if not 0 <= unit < len(shown.units):
        raise LocateError("this place isn't in the plan any more; reload the page")
    frame = shown.accounts.frame
    rows = np.flatnonzero(unit_codes(shown.accounts, shown.units) == unit)
    rows = rows[np.argsort(-np.nan_to_num(frame[shown.measure].to_numpy()[rows]), kind="stable")]
    first = frame.iloc[rows[:_MOST]]
    return {
        "t": "card",
        "unit": unit,
        "rev": shown.rev,
        "count": len(rows),
        "accounts": [
            {"row": int(row), "name": _name(name, one), "value": short(float(np.nan_to_num(v)), shown.currency)}
            for row, name, one, v in zip(rows, first["name"], first["account_id"], first[shown.measure], strict=False)
        ],
        "stuck": _stuck(shown, unit),
        "moves": _moves(shown, unit),
        "money": _money(shown, rows),
    }


def account_card(ws: Workspace, scenario_id: str, row: int) -> dict[str, Any]:
    """Everything known of an account: `name`, `fields` ([title, text], blank ones left out) and its `unit`, -1 = none.

    Raises:
        LocateError: if the plan or the account isn't found.
    """
    shown = plan_snapshot(ws, scenario_id)
    if not 0 <= row < len(shown.accounts):
        raise LocateError("this account isn't in the data set any more; reload the page")
    table = accounts_table(shown, np.array([row]), whys_of(ws, shown.info))
    currency = dict(shown.accounts.currency)
    fields = []
    for title, value in table.iloc[0].items():
        text = _text(value, currency.get(str(title), ""))
        if text and title != _TITLES["name"]:
            fields.append([str(title), text])
    one = shown.accounts.frame.iloc[row]
    fields[3:3] = [[title, text] for title, text in (*cover_fields(ws, shown, row), *_facts(ws, shown, row))]
    return {
        "t": "account",
        "row": row,
        "name": _name(one["name"], one["account_id"]),
        "fields": fields,
        "unit": int(unit_codes(shown.accounts, shown.units)[row]),
    }


def _facts(ws: Workspace, shown: PlanSnapshot, row: int) -> list[tuple[str, str]]:
    """What orders, deals and other facts say of an account; nothing where they can't be read."""
    if not shown.info.dataset_id:
        return []
    with suppress(TerrError):
        return account_facts(fact_set_of(ws, shown.info.dataset_id, shown.accounts), row)
    return []


def accounts_in(shown: PlanSnapshot, *, unit: int = -1, territory: int = UNASSIGNED) -> NDArray[np.int64]:
    """Positions of the accounts in a unit, or else of those that belong to a territory, exceptions included."""
    if unit >= 0:
        return np.flatnonzero(unit_codes(shown.accounts, shown.units) == unit)
    return np.flatnonzero(account_codes(shown.accounts, shown.units, shown.plan, held=shown.held) == territory)


def accounts_table(
    shown: PlanSnapshot,
    rows: NDArray[np.int64],
    whys: AccountWhys = NO_WHYS,
    roles: Mapping[str, NDArray[np.object_]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Accounts as a person reads them: territory and rep, measures, then what else the file says.

    Numbers stay numbers. A column whose title is taken is called "<title> (file)". `whys`: of books Generate made;
    `roles`: who has each account in other roles (see `role_columns`).
    """
    frame = shown.accounts.frame.iloc[rows]
    codes = account_codes(shown.accounts, shown.units, shown.plan, held=shown.held)[rows]
    reps = {r.rep_id: r.name for r in shown.reps}
    of = {t.code: (t.name, reps.get(t.rep, t.rep)) for t in shown.plan.territories} | {UNASSIGNED: ("", "")}
    told = [of.get(int(c), ("", "")) for c in codes]
    columns: dict[str, Any] = {_TITLES[c]: frame[c].to_numpy() for c in ("name", "account_id")}
    columns |= {"Territory": [t for t, _ in told], "Rep": [r for _, r in told]}
    reasons = whys.columns(frame["account_id"], [t for t, _ in told])
    columns |= {title: values[rows] for title, values in roles.items()}
    columns |= {title: reasons[key] for key, title in _WHY_TITLES.items() if key in reasons}
    columns |= {m: frame[m].to_numpy() for m in shown.accounts.figures}
    taken = {c.casefold() for c in (*columns, *_TITLES.values())}
    others = [c for c in frame.columns if c not in (*CORE, *HIDDEN, *shown.accounts.measures)]
    columns |= {f"{c} (file)" if c.casefold() in taken else c: frame[c].to_numpy() for c in others}
    columns |= {_TITLES[c]: frame[c].to_numpy() for c in ("owner", "city", "state", "zip")}
    return pd.DataFrame(columns)


def accounts_csv(table: pd.DataFrame) -> bytes:
    """Such a table as a file that a spreadsheet opens as it is: UTF-8 with its mark, nothing in it runs."""
    text: str = safe_frame(table).to_csv(index=False)
    return text.encode("utf-8-sig")


def _name(name: object, account_id: object) -> str:
    return str(name or account_id)


def _text(value: object, currency: str) -> str:
    if isinstance(value, float | int | np.number):
        symbol = SYMBOLS.get(currency, f"{currency} " if currency else "")
        return symbol + full(float(value)) if np.isfinite(float(value)) else ""
    text = str(value).strip()
    if _DATE.fullmatch(text):
        try:
            return date_text(date.fromisoformat(text))
        except ValueError:
            return text
    return text


def _stuck(shown: PlanSnapshot, unit: int) -> str:
    """Why a unit can't be moved, "" if it can."""
    if shown.plan.locked_units[unit]:
        return f"{shown.units.names[unit]} is locked. Unlock it first."
    code = int(shown.plan.assign[unit])
    if code != UNASSIGNED and shown.plan.territory(code).locked:
        return f"{shown.plan.territory(code).name} is locked. Unlock it first."
    return ""


def _moves(shown: PlanSnapshot, unit: int) -> list[dict[str, Any]]:
    """What each move of a unit would do to the balance; those to its neighbors' territories and to the best come first.

    Nothing that can be moved changes a target, so only two loads differ.
    """
    table, here = shown.table, int(shown.plan.assign[unit])
    loads = dict(zip(table["code"], table["load"], strict=True))
    goals = dict(zip(table["code"], table["target"], strict=True))
    now = {c: _off(loads[c], goals[c]) for c in loads}
    weight, units = float(shown.loads[unit]), shown.units
    beside = shown.plan.assign[units.indices[units.indptr[unit] : units.indptr[unit + 1]]]
    near = {int(c) for c in beside}
    out: list[tuple[tuple[bool, bool, float], dict[str, Any]]] = []
    others = _other_layers(shown, unit)
    for to in (*(t.code for t in shown.plan.territories if not t.locked), UNASSIGNED):
        if to == here or to in others:
            continue
        after = dict(now)
        for code, change in ((here, -weight), (to, weight)):
            if code in after:
                after[code] = _off(loads[code] + change, goals[code])
        before_max, after_max = _largest(now), _largest(after)
        a, b = (percent(100 * d, limit=shown.limit) for d in (before_max, after_max))
        way = "" if a == b else " (better)" if after_max < before_max else " (worse)"
        says = [f"Max deviation {a} → {b}{way}"]
        says += [
            f"{shown.plan.territory(code).name}: {percent(100 * now[code], signed=True, limit=shown.limit)} → "
            f"{percent(100 * after[code], signed=True, limit=shown.limit)}"
            for code in (here, to)
            if code in after
        ]
        out.append(((to == UNASSIGNED, to not in near, after_max), {"to": to, "near": to in near, "says": says}))
    return [move for _, move in sorted(out, key=lambda pair: pair[0])]


def _other_layers(shown: PlanSnapshot, unit: int) -> set[int]:
    """Codes of the territories of other layers than a unit's."""
    units = shown.units
    if not isinstance(units, BookUnits):
        return set()
    mine = int(units.layer_of[unit])
    return {code for code, layer in territory_layers(units, shown.plan).items() if layer != mine}


def _off(load: float, goal: float) -> float:
    return load / goal - 1 if goal > 0 else np.nan


def _largest(off: dict[int, float]) -> float:
    known = [abs(d) for d in off.values() if np.isfinite(d)]
    return max(known, default=np.nan)


def _money(shown: PlanSnapshot, rows: NDArray[np.int64]) -> str:
    """What would change hands with a unit: the measure balanced, all money, and the accounts that follow geography."""
    rows = rows[~np.isin(rows, shown.held.rows)]
    currency, frame = dict(shown.accounts.currency), shown.accounts.frame
    names = dict.fromkeys((shown.measure, *(m for m in shown.accounts.measures if m in currency)))
    sums = [f"{short(float(np.nansum(frame[m].to_numpy()[rows])), currency.get(m, ''))} {m}" for m in names]
    return f"{and_list([*sums, count(len(rows), 'account')])} change hands."
