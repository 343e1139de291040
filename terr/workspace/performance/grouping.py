"""What the Performance page can be read by, for one data set: territories of a plan, reps, managers, types, columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.facts.groups import (
    ALL,
    MANAGER,
    REP,
    SEGMENT,
    TERRITORY,
    TYPE,
    account_groups,
    managers_of,
    own_column,
    usual_column,
)
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import NOBODY, FactSet
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.scores.suggestions import grouping
from terr.workspace.workspace import Workspace

_MOST_VALUES = 40
_FIGURE = re.compile(r"[-+$€£(]*[\d.,]+ ?[%)]?")
_SKIPPED = ("account", "account_name", "id", "date", "created", "closed", "start", "end", "period", "source_row")


@dataclass(frozen=True, eq=False)
class Grouping:
    """How facts are grouped.

    Attributes:
        by: as on the command line: "territory", "rep", "segment:Industry" ...
        groups: object (accounts,), group of each account; empty for all together.
        column: of the facts' own files; "" = they go by their account.
        plan: id of the plan whose territories they are, "" for none.
    """

    by: str
    groups: NDArray[np.object_]
    column: str = ""
    plan: str = ""

    @property
    def named(self) -> bool:
        """Whether there are groups at all."""
        return self.by != ALL


def choices(accounts: Accounts, facts: FactSet, plans: int, reps: Sequence[Rep] = ()) -> dict[str, str]:
    """What a person can choose -> its title; territories only if there is a plan."""
    frame = accounts.frame
    out = {TERRITORY: "Territory"} if plans else {}
    if (frame["owner"].astype(str) != "").any():
        out[REP] = "Rep"
    elif any("rep" in j.facts.frame for k, j in facts.by_kind.items() if k != "quotas"):
        out[f"{SEGMENT}rep"] = "Rep"
    used = set()
    for by, title in ((MANAGER, "Manager"), (TYPE, "Account type")):
        column = usual_column(frame, by)
        if column and not own_column(facts.by_kind, f"{SEGMENT}{column}"):  # what orders say goes by order
            out[by] = f"{title} ({column})" if column.casefold() != title.casefold() else title
            used.add(column)
        elif by == MANAGER and REP in out and managers_of(reps):
            out[by] = title
    for column in grouping(accounts):
        if column not in {*used, "owner", "county"}:  # a county is a number here
            out.setdefault(f"{SEGMENT}{column}", column[:1].upper() + column[1:])
    for kind, joined in facts.by_kind.items():
        for column in _own_columns(joined) if kind != "quotas" else ():
            titled = joined.facts.fields.get(column, column)
            out[f"{SEGMENT}{column}"] = f"{titled} ({kind})"
    return out | {ALL: "All accounts"}


def _own_columns(joined: JoinedFacts) -> list[str]:
    """Columns of a file of facts with a handful of different texts."""
    frame = joined.facts.frame
    head = frame.head(20_000)
    out = []
    for column in frame.columns:
        name = str(column)
        if name in _SKIPPED or name == "rep" or head[column].dtype.kind in "fM":
            continue
        if not 2 <= head[column].nunique() <= _MOST_VALUES:
            continue
        words = frame[column].astype(str).unique()
        if 2 <= len(words) <= _MOST_VALUES and not all(_FIGURE.fullmatch(w) for w in words if w):
            out.append(name)
    return out


def group_by(ws: Workspace, data: Dataset, facts: FactSet, by: str, plan: ScenarioInfo | None = None) -> Grouping:
    """The grouping a person chose.

    Raises:
        InputError: territories without a plan, a column that isn't there.
        PlanError: if the plan's boundaries are gone.
    """
    territories = np.zeros(0, dtype=object) if plan is None else territories_of(ws, data, plan)
    groups = account_groups(data.accounts.frame, by, facts.by_kind, territories, managers_of(data.reps))
    return Grouping(by, groups, own_column(facts.by_kind, by), plan.id if plan is not None and by == TERRITORY else "")


def territories_of(ws: Workspace, data: Dataset, plan: ScenarioInfo) -> NDArray[np.object_]:
    """object (accounts,), name of the territory each account is in today, exceptions included; `NOBODY` in none."""
    stored, _ = ws.plan(plan.id)
    codes = account_codes(data.accounts, ws.units(plan), stored, held=overrides_of(ws, plan, stored))
    names: Mapping[int, str] = {t.code: t.name for t in stored.territories}
    return np.array([names.get(int(c), NOBODY) for c in codes], dtype=object)
