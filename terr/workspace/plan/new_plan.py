"""What a new plan starts from: the region, the measure and the number of territories to offer."""

from __future__ import annotations

from collections.abc import Sequence

from terr.boundaries.layers.catalog import LOWER48, STATES
from terr.model.accounts import Accounts
from terr.view.text import and_list
from terr.workspace.plan.snapshot import PlanSnapshot

LOWER, ALL = "Lower 48 states", "All 50 states and DC"

REGIONS = (LOWER, ALL, *STATES.values())
"""Regions to choose from, by name; several states can be chosen at once."""

_MONEY = ("potential", "revenue", "sales")


def region_codes(chosen: Sequence[str]) -> list[str]:
    """Codes of the states that the regions chosen stand for, all of them together."""
    codes = {name: [code] for code, name in STATES.items()} | {ALL: list(STATES), LOWER: list(LOWER48)}
    return sorted({code for name in chosen for code in codes[name]})


def one_meaning(before: Sequence[str], chosen: Sequence[str]) -> tuple[list[str], str]:
    """What a choice of regions means after a click, and what to say of it: a group of states and a state alone
    exclude each other, and the one that was added last stays.

    Args:
        before: what was chosen until now.
        chosen: what is chosen now.
    """
    added = [name for name in chosen if name not in before]
    groups = [name for name in chosen if name in (LOWER, ALL)]
    if not groups or len(chosen) < 2:
        return list(chosen), ""
    last = added[-1] if added else groups[-1]
    kept = [last] if last in (LOWER, ALL) else [name for name in chosen if name not in groups]
    gone = [name for name in chosen if name not in kept]
    return kept, f"{and_list(kept)} replaced {and_list(gone)}. To plan several states, choose only states."


def suggested_region(accounts: Accounts) -> str:
    """The one state nearly all accounts lie in, else the lower 48."""
    states = accounts.frame["state"]
    top = states[states != ""].value_counts(normalize=True)
    return STATES.get(str(top.index[0]), LOWER) if len(top) and top.iloc[0] > 0.8 else LOWER


def usable_measures(accounts: Accounts, *, keep: str = "") -> list[str]:
    """Measures a plan can balance: those that add up to more than zero, and the one in use."""
    return [m for m in accounts.measures if accounts.total(m) > 0 or m == keep]


def suggested_measure(names: Sequence[str]) -> int:
    """Position of the measure to offer first: potential or revenue if there is one."""
    for word in _MONEY:
        for i, name in enumerate(names):
            if word in name.casefold():
                return i
    return 0


def suggested_count(shown: PlanSnapshot) -> int:
    """How many territories to offer: those there are if more than one, else one per rep, else ten."""
    have = len(shown.plan.territories)
    reps = len(shown.team)
    count = have if have > 1 else reps if 1 < reps <= len(shown.units) else 10
    return min(500, len(shown.units), count)
