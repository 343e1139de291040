"""The what-changed ledger: every account that moves between two plans, from, to, why, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measure_values, unit_codes
from terr.edits.history import ROOT, EditNode
from terr.model.accounts import Accounts
from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.report.workbook import workbook
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import register
from terr.workspace.reports.downloads import CSV, XLSX, Download, file_name, safe_csv
from terr.workspace.scenarios.comparison import PlanComparison, parting
from terr.workspace.workspace import Workspace

NOWHERE, NOBODY = "no territory", "no rep"
TEXTS = ("account_id", "account", "from", "to", "from_rep", "to_rep", "reason", "author")


@dataclass(frozen=True)
class _Cause:
    """Why something changed: words, who, when."""

    reason: str
    author: str
    at: pd.Timestamp | None


_UNKNOWN = _Cause("part of this plan from the start", "", None)


class LedgerKey(NamedTuple):
    """Both plans (point, edit, count of changes beside it), and what they are made of."""

    a: tuple[str, int, int]
    b: tuple[str, int, int]
    data: str
    reps: tuple[Rep, ...]


CHANGE_LEDGERS = CacheKind[LedgerKey, pd.DataFrame]("change ledgers", 64)


def ledger(ws: Workspace, found: PlanComparison) -> pd.DataFrame:
    """Every account whose territory or rep differs, in the order of the file. Kept in memory; don't change it.

    Returns:
        DataFrame with text columns `account_id, account, from, to, from_rep, to_rep, reason, author`, `time` (UTC, NaT
        = unknown), `territory_changed, rep_changed` (bool), and every measure (float64, blank = 0).

    Raises:
        LocateError: if a plan was deleted meanwhile.
    """
    a, b = ((side.point.key, side.edit_id, side.info.seq) for side in (found.a, found.b))
    return ws.caches[CHANGE_LEDGERS].get_or_make(LedgerKey(a, b, found.data, found.reps), lambda: _ledger(ws, found))


def _ledger(ws: Workspace, found: PlanComparison) -> pd.DataFrame:
    moved = found.inside & (found.changed | found.rep_changed)
    rows = np.flatnonzero(moved)
    causes, at = _causes(ws, found, rows)
    take = np.array([c.reason for c in causes], dtype=object), np.array([c.author for c in causes], dtype=object)
    times = pd.to_datetime(pd.Series([c.at for c in causes], dtype="datetime64[ns, UTC]"))
    out = changes_table(
        found.accounts,
        found.reps,
        (found.a.plan, found.a.codes),
        (found.b.plan, found.b.codes),
        rows,
        reasons=take[0][at],
        authors=take[1][at],
        times=times.to_numpy()[at] if len(rows) else None,
    )
    return out.assign(territory_changed=found.changed[rows], rep_changed=found.rep_changed[rows])


def changes_table(
    accounts: Accounts,
    reps: Sequence[Rep],
    before: tuple[Plan, NDArray[np.int16]],
    after: tuple[Plan, NDArray[np.int16]],
    rows: NDArray[np.int64],
    *,
    reasons: NDArray[np.object_],
    authors: NDArray[np.object_] | None = None,
    times: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """A ledger of some accounts, in the columns of `ledger`; of stored plans, or of plans that are only proposed.

    Args:
        accounts: of both plans; reps: their roster, for names.
        before, after: a plan, and int16 (n_accounts,) the territory of each account in it, -1 = none.
        rows: int64, positions of the accounts.
        reasons, authors, times: one for each row; nobody and unknown if not given.
    """
    frame, names = accounts.frame, {r.rep_id: r.name for r in reps}
    values = measure_values(accounts, accounts.figures)[rows]
    (a, was), (b, now) = before, after
    rep_was, rep_now = (_reps_by_code(p)[codes[rows]] for p, codes in ((a, was), (b, now)))
    out: dict[str, Any] = {
        "account_id": frame["account_id"].to_numpy(dtype=object)[rows],
        "account": frame["name"].to_numpy(dtype=object)[rows],
        "from": _named(a.territories, was[rows]),
        "to": _named(b.territories, now[rows]),
        "from_rep": _people(rep_was, names),
        "to_rep": _people(rep_now, names),
        "reason": reasons,
        "author": np.full(len(rows), "", dtype=object) if authors is None else authors,
        "time": pd.Series([pd.NaT] * len(rows), dtype="datetime64[ns]") if times is None else times,
        "territory_changed": was[rows] != now[rows],
        "rep_changed": rep_was != rep_now,
    }
    out["time"] = pd.to_datetime(pd.Series(out["time"]), utc=True)
    for j, measure in enumerate(accounts.figures):
        out[_column(measure)] = values[:, j]
    return pd.DataFrame(out)


def _reps_by_code(plan: Plan) -> NDArray[np.object_]:
    """object, rep id by code of a territory; the last one is picked by -1."""
    out = np.full(2**15 + 1, "", dtype=object)
    for t in plan.territories:
        out[t.code] = t.rep
    return out


def _column(measure: str) -> str:
    """A measure's column: its own name, unless the ledger has one of that name."""
    taken = (*TEXTS, "time", "territory_changed", "rep_changed")
    return f"{measure} (measure)" if measure in taken else measure


def filtered(
    table: pd.DataFrame,
    *,
    text: str = "",
    source: Sequence[str] = (),
    target: Sequence[str] = (),
    author: Sequence[str] = (),
    hands: str = "either",
) -> pd.DataFrame:
    """Rows of a ledger that fit everything given.

    Args:
        table: a ledger.
        text: part of an account's id or name, or of a reason.
        source, target: territories the account leaves and goes to; none = any.
        author: who changed it.
        hands: "territory" or "rep" for accounts that change this one, "either" for all.
    """
    keep = np.ones(len(table), dtype=np.bool_)
    wanted = " ".join(text.casefold().split())
    if wanted:
        hit = np.zeros(len(table), dtype=np.bool_)
        for column in ("account_id", "account", "reason"):
            hit |= table[column].astype(str).str.casefold().str.contains(wanted, regex=False).to_numpy(dtype=bool)
        keep &= hit
    for column, chosen in (("from", source), ("to", target), ("author", author)):
        if chosen:
            keep &= table[column].isin(list(chosen)).to_numpy(dtype=bool)
    if hands in ("territory", "rep"):
        keep &= table[f"{hands}_changed"].to_numpy(dtype=bool)
    return table[keep].reset_index(drop=True)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """A ledger with headings for people."""
    titles = {
        "account_id": "Account",
        "account": "Name",
        "from": "From",
        "to": "To",
        "from_rep": "From rep",
        "to_rep": "To rep",
        "reason": "Reason",
        "author": "By",
        "time": "Time",
    }
    return table.drop(columns=["territory_changed", "rep_changed"]).rename(columns=titles)


def download(table: pd.DataFrame, found: PlanComparison, kind: str) -> Download:
    """A ledger as "csv" or "xlsx", formulas neutralised, the time in UTC.

    Raises:
        InputError: if an Excel sheet can't hold it.
    """
    out = readable(table)
    out["Time"] = out["Time"].dt.strftime("%Y-%m-%d %H:%M:%S UTC").fillna("")
    stem = f"{found.a.info.name} to {found.b.info.name} changes"
    if kind == "csv":
        return Download(file_name(stem, "changes.csv"), CSV, safe_csv(out))
    return Download(file_name(stem, "changes.xlsx"), XLSX, workbook({"What changed": out}))


def _named(territories: Sequence[Territory], codes: NDArray[np.int16]) -> NDArray[np.object_]:
    names = np.full(2**15 + 1, NOWHERE, dtype=object)
    for t in territories:
        names[t.code] = t.name
    names[-1] = NOWHERE
    out: NDArray[np.object_] = names[codes]
    return out


def _people(ids: NDArray[np.object_], names: dict[str, str]) -> NDArray[np.object_]:
    known = {i: names.get(i, i) or NOBODY for i in set(ids.tolist())}
    return np.array([known[i] for i in ids.tolist()], dtype=object)


def _causes(ws: Workspace, found: PlanComparison, rows: NDArray[np.int64]) -> tuple[list[_Cause], NDArray[np.int64]]:
    """Causes, and which of them each row has.

    A unit changed with the last edit after the plans' last common one that gave it its territory: on the way to the
    second plan, else on the way to the first, where it is taken back. A rep changed with the territory's edit.
    """
    at = parting(
        ws.store.edits.history(found.a.info.id),
        found.a.edit_id,
        ws.store.edits.history(found.b.info.id),
        found.b.edit_id,
    )
    n = len(found.b.plan)
    causes = [_UNKNOWN]
    unit_cause = np.zeros(n, dtype=np.int64)
    rep_cause: dict[int, int] = {}
    ways = [(found.b, False)] if not found.same_units else [(found.a, True), (found.b, False)]
    for one, back in ways:
        history = ws.store.edits.history(one.info.id)
        steps = {s.id: s for s in history.steps}
        trail = history.trail(one.edit_id)
        for edit_id in trail[trail.index(at) + 1 if at != ROOT else 0 :]:
            edit = ws.store.edits.get(one.info.id, edit_id)
            number = len(causes)
            causes.append(_cause(steps[edit_id], back))
            unit_cause[edit.units] = number
            for old, new in edit.territories:
                if (old.rep if old else "") != (new.rep if new else ""):
                    rep_cause[(new or old).code] = number  # type: ignore[union-attr]
    unit = unit_codes(found.accounts, found.b.units)[rows]
    out = np.where(unit >= 0, unit_cause[np.maximum(unit, 0)], 0)
    only_rep = np.flatnonzero(~found.changed[rows] | (out == 0))
    for i in only_rep.tolist():
        out[i] = rep_cause.get(int(found.b.codes[rows[i]]), rep_cause.get(int(found.a.codes[rows[i]]), int(out[i])))
    _by_name(ws, found, rows, causes, out)
    return causes, out


def _cause(step: EditNode, back: bool) -> _Cause:
    words = f"{step.title}: {step.note}" if step.note else step.title
    return _Cause(f"Without: {words}" if back else words, step.author, pd.Timestamp(step.at))


def _by_name(
    ws: Workspace, found: PlanComparison, rows: NDArray[np.int64], causes: list[_Cause], out: NDArray[np.int64]
) -> None:
    """Accounts with an exception in either plan: that is the reason, the second plan's above the first's."""
    place = {int(r): i for i, r in enumerate(rows.tolist())}
    ids = found.accounts.frame["account_id"].astype(str)
    for one, words in ((found.a, "If the exception is removed"), (found.b, "Exception")):
        shown = register(ws, one.info, one.plan)
        if not len(shown.held):
            continue
        entries = {x.entry.what.account_id: x.entry for x in shown.of("active")}
        for row in shown.held.rows.tolist():
            if row in place:
                entry = entries[ids.iloc[row]]
                why = f"{words}: {entry.what.reason}" if entry.what.reason else words
                out[place[row]] = len(causes)
                causes.append(_Cause(why, entry.by.name or entry.by.user_id, pd.Timestamp(entry.at)))
