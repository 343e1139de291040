"""Why a plan drifts from one extract of its accounts to the next: new, gone, moved and changed accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.scenario import ScenarioInfo
from terr.view.text import and_list, short
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.accounts.next_extract import BY_ID, key_of
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.workspace import Workspace

CAUSES = ("New", "Gone", "Moved", "Changed")


@dataclass(frozen=True, eq=False)
class DriftCauses:
    """What changed the loads of a plan's territories.

    Attributes:
        measure: of the loads; currency: its ISO code, "" if it isn't money.
        table: one row per territory, in the plan's order: `Territory`, `Before`, one column for each of `CAUSES`, and
            `Now`; before + new + gone + moved + changed = now. "Moved" is what accounts took along that lie in another
            territory now; "Changed" is what others are worth more or less.
        accounts: cause -> how many accounts.
    """

    measure: str
    currency: str
    table: pd.DataFrame
    accounts: dict[str, int]

    def __post_init__(self) -> None:
        parts = self.table[["Before", *CAUSES]].sum(axis=1)
        if not np.allclose(parts, self.table["Now"], rtol=1e-9, atol=1e-6):
            raise InputError("the causes of a drift don't add up")

    def sentence(self, territory: str) -> str:
        """Why one territory is off, largest cause first: "+$120K from new accounts, -$40K from accounts that left"."""
        words = {
            "New": "from new accounts",
            "Gone": "from accounts that left",
            "Moved": "from accounts that moved",
            "Changed": "from changed amounts",
        }
        row = self.table.set_index("Territory").loc[territory, list(CAUSES)]
        told = [(float(v), words[str(c)]) for c, v in row.items() if round(float(v), 2)]
        told.sort(key=lambda one: -abs(one[0]))
        parts = [f"{'+' if v > 0 else '−'}{short(abs(v), self.currency)} {why}" for v, why in told]
        return and_list(parts) if parts else "no account of it changed"


def drift_causes(ws: Workspace, info: ScenarioInfo, old_id: str, new_id: str) -> DriftCauses:
    """Split what changed a plan's loads by cause, account by account.

    Args:
        ws: where.
        info: the plan, as it stands.
        old_id, new_id: the data sets before and now.

    Raises:
        InputError: if one of them lacks the plan's measure. PlanError: if its boundaries are gone.
    """
    old, new = dataset(ws, old_id), dataset(ws, new_id)
    plan, _ = ws.plan(info.id)
    for data in (old, new):
        if info.measure not in data.accounts.measures:
            raise InputError(f"{data.info.name} has no {info.measure}")
    ids = all("account_id" in d.info.mapping["fields"] for d in (old, new))
    key = key_of(old.accounts, new.accounts, ids)
    before, now = (_placed(ws, info, d, key) for d in (old, new))
    table, counts = split_by_cause(before, now, {t.code: t.name for t in plan.territories})
    return DriftCauses(info.measure, dict(new.accounts.currency).get(info.measure, ""), table, counts)


def split_by_cause(
    before: pd.DataFrame, now: pd.DataFrame, names: Mapping[int, str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Loads of territories before and now, and what lies between.

    Args:
        before, now: per account, by a key that is unique: `territory` (code, -1 = none) and `value` (no blanks).
        names: of the territories, by code.

    Returns:
        The table and the counts of `DriftCauses`.
    """
    keys = before.index.union(now.index, sort=False)
    was, is_in = keys.isin(before.index), keys.isin(now.index)
    old, new = before.reindex(keys), now.reindex(keys)
    v0, v1 = (one["value"].fillna(0.0).to_numpy(dtype=np.float64) for one in (old, new))
    t0, t1 = (one["territory"].fillna(-1).to_numpy(dtype=np.int64) for one in (old, new))
    stays = was & is_in
    moved = stays & (t0 != t1)
    slots = {code: k for k, code in enumerate(names)}

    def loads(at: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        slot = np.array([slots.get(int(c), -1) for c in at.tolist()], dtype=np.int64)
        inside = slot >= 0
        return np.bincount(slot[inside], weights=values[inside], minlength=len(slots)).astype(np.float64)

    table = pd.DataFrame(
        {
            "Territory": list(names.values()),
            "Before": loads(t0, v0),
            "New": loads(t1, np.where(is_in & ~was, v1, 0.0)),
            "Gone": -loads(t0, np.where(was & ~is_in, v0, 0.0)),
            "Moved": loads(t1, np.where(moved, v0, 0.0)) - loads(t0, np.where(moved, v0, 0.0)),
            "Changed": loads(t1, np.where(stays, v1 - v0, 0.0)),
            "Now": loads(t1, v1),
        }
    )
    counts = {
        "New": int((is_in & ~was).sum()),
        "Gone": int((was & ~is_in).sum()),
        "Moved": int(moved.sum()),
        "Changed": int((stays & ~np.isclose(v0, v1)).sum()),
    }
    return table, counts


def _placed(ws: Workspace, info: ScenarioInfo, data: Dataset, key: tuple[str, ...]) -> pd.DataFrame:
    """Per account, by its key: its territory's code (-1 = none) and its figure."""
    plan, _ = ws.plan(info.id)
    own = replace(info, dataset_id=data.info.id)
    territory = account_codes(data.accounts, ws.units(info), plan, held=overrides_of(ws, own, plan))
    frame = data.accounts.frame
    names = frame[list(key)].astype("str").agg("\x1f".join, axis=1) if key != BY_ID else frame["account_id"].astype(str)
    twice = names.groupby(names.to_numpy()).cumcount()  # rows that share a key are told apart by their order
    index = names.where(twice == 0, names + "\x1f" + twice.astype("str"))
    value = frame[info.measure].fillna(0.0).to_numpy(dtype=np.float64)
    return pd.DataFrame({"territory": territory.astype(np.int64), "value": value}, index=pd.Index(index, dtype="str"))
