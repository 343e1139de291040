"""By what facts are grouped: territory, rep, manager, account type, a column of the accounts or of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.columns.words import compact
from terr.model.reps import Rep
from terr.report.safe import shown
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import NOBODY

SEGMENT = "segment:"
TERRITORY, REP, MANAGER, TYPE, ALL = "territory", "rep", "manager", "type", "all"
_TYPES = ("type", "accounttype", "customertype", "category", "industry")
_MANAGERS = ("manager", "salesmanager", "managername", "ownermanager", "repmanager", "teamlead", "salesteam", "team")


def own_column(by_kind: Mapping[str, JoinedFacts], by: str) -> str:
    """The column of the facts' own files that `segment:COLUMN` names; "" if they have none of that name."""
    wanted = by.removeprefix(SEGMENT).strip().casefold() if by.startswith(SEGMENT) else ""
    names: dict[str, str] = {}  # as the file has it, or by the field it is
    for joined in by_kind.values():
        names |= {str(c).casefold(): str(c) for c in joined.facts.frame.columns}
        names |= {column.casefold(): f for f, column in joined.facts.fields.items()}
    return names.get(wanted, "") if wanted else ""


def usual_column(frame: pd.DataFrame, by: str) -> str:
    """The accounts' column of managers or of types, by its header; "" if they have none."""
    words = {MANAGER: _MANAGERS, TYPE: _TYPES}.get(by, ())
    found = {compact(str(c)): str(c) for c in reversed(list(frame.columns))}
    return next((found[w] for w in words if w in found and found[w] not in {"account_id", "name"}), "")


def managers_of(reps: Sequence[Rep]) -> dict[str, str]:
    """Owner in small letters, by ID and by name -> name of the manager; only those the roster gives one."""
    names = {r.rep_id: r.name for r in reps}
    out: dict[str, str] = {}
    for rep in reps:
        if rep.manager:
            boss = names.get(rep.manager, rep.manager)
            out |= {rep.rep_id.casefold(): boss, rep.name.strip().casefold(): boss}
    return out


def account_groups(
    frame: pd.DataFrame,
    by: str,
    by_kind: Mapping[str, JoinedFacts],
    territories: NDArray[np.object_],
    managers: Mapping[str, str] = MappingProxyType({}),
) -> NDArray[np.object_]:
    """The group of each account.

    Args:
        frame: of the accounts.
        by: "territory", "rep", "manager", "type", "segment:COLUMN" or "all".
        by_kind: the facts; a column of theirs goes before one of the accounts, and then an account has no group.
        territories: object (accounts,), name of each account's territory; empty without a plan.
        managers: owner as the accounts have it, in small letters -> name of the manager, from a roster; used where the
            accounts have no column of managers.

    Returns:
        object (accounts,), `NOBODY` where an account has no group; empty for "all".

    Raises:
        InputError: no plan to take territories from, no column of that name.
    """
    if by == ALL:
        return np.zeros(0, dtype=object)
    if own_column(by_kind, by):
        return np.full(len(frame), NOBODY, dtype=object)
    if by == TERRITORY:
        if not len(territories):
            raise InputError("--by territory needs a plan: --plan PLAN.csv with --level and --region")
        return territories
    if by == REP:
        return _filled(frame["owner"])
    wanted = by.removeprefix(SEGMENT) if by.startswith(SEGMENT) else ""
    if by in {MANAGER, TYPE}:
        wanted = usual_column(frame, by)
        if not wanted and by == MANAGER and managers:
            owners = frame["owner"].astype(str).str.strip().str.casefold()
            return _filled(owners.map(lambda owner: managers.get(owner, "")))
        if not wanted:
            raise InputError(f"the accounts have no column of {by}s; name one with --by segment:COLUMN")
    column = next((c for c in frame.columns if str(c).casefold() == wanted.strip().casefold()), None)
    if column is None or not wanted:
        some = ", ".join(shown(str(c)) for c in frame.columns if str(c) not in {"lat", "lon", "source_row"})
        raise InputError(
            f"--by takes territory, rep, manager, type, all or segment:COLUMN, and the accounts have no column "
            f"{shown(wanted or by)}; they have {some}"
        )
    return _filled(frame[column])


def _filled(texts: pd.Series) -> NDArray[np.object_]:
    names = texts.astype(str).to_numpy(dtype=object)
    return np.asarray(np.where((names == "") | texts.isna().to_numpy(), NOBODY, names), dtype=object)
