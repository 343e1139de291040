"""Segments and tiers as filters: which accounts of a plan are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.scores.recipe import AppliedRecipe
from terr.workspace.scores.segments import Segments
from terr.workspace.scores.tiers import TiersBy


@dataclass(frozen=True, eq=False)
class SegmentFilter:
    """Some accounts of a data set.

    Attributes:
        title: such as "Size: Large"; short: such as "Large".
        mask: bool (n_accounts,).
    """

    title: str
    short: str
    mask: NDArray[np.bool_]


def titles(data: Dataset) -> list[str]:
    """Every segment and tier that can be looked at by itself, in the order in which they were defined."""
    recipe = data.scored.recipe if data.scored else None
    broken = {s.definition.name for s in data.scored.broken} if data.scored else set()
    out = []
    for one in recipe.kept if recipe else ():
        if one.name not in broken:
            out += [f"{one.name}: {part}" for part in _parts(one)]
    return out


def _parts(one: object) -> tuple[str, ...]:
    if isinstance(one, Segments):
        return tuple(p.name for p in one.parts)
    return one.cuts.names if isinstance(one, TiersBy) else ()


def filtered(found: AppliedRecipe | None, title: str) -> SegmentFilter | None:
    """The accounts of a title; None if it isn't there any more."""
    for step in found.steps if found else ():
        one, made = step.definition, step.made
        if made is None or step.problem:
            continue
        for k, part in enumerate(_parts(one)):
            if title != f"{one.name}: {part}":
                continue
            mask = made.detail[0][k].mask if isinstance(one, Segments) else made.detail.codes == k
            return SegmentFilter(title, part, mask)
    return None


def per_territory(shown: PlanSnapshot, only: SegmentFilter) -> pd.DataFrame:
    """One row per territory in plan order: `accounts` of the filter and their `load` of the plan's measure."""
    codes = account_codes(shown.accounts, shown.units, shown.plan, held=shown.held)
    values = np.nan_to_num(shown.accounts.frame[shown.measure].to_numpy(dtype=np.float64))
    rows = [only.mask & (codes == t.code) for t in shown.plan.territories]
    return pd.DataFrame(
        {"accounts": [int(r.sum()) for r in rows], "load": [float(values[r].sum()) for r in rows]},
    )


def column_titles(only: SegmentFilter, measure: str) -> tuple[str, str]:
    """Titles of the two columns of `per_territory` in a table."""
    return f"Accounts · {only.short}", f"{measure} · {only.short}"


__all__ = ["SegmentFilter", "column_titles", "filtered", "per_territory", "titles"]
