"""Whole counties and states of a plan: the units that lie in each, by the name a person picks."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from terr.boundaries.layers.catalog import layer, national_index
from terr.boundaries.layers.regions import STATES
from terr.model.books.book_units import BookUnits
from terr.model.units import Units


@lru_cache(maxsize=4)
def groups(units: Units) -> dict[str, dict[str, tuple[int, ...]]]:
    """Unit codes by "county" and by "state", each by name and in the order of names.

    A kind is left out where it says nothing: counties where the units are counties or larger, or have none; states
    where all units lie in one, or each is a state.
    """
    if isinstance(units, BookUnits):
        return {"state": _by(units.frame["state"].map(STATES).fillna(""))}
    areas = layer(units.level).areas.iloc[national_index(units)]
    out: dict[str, dict[str, tuple[int, ...]]] = {}
    if "county" in areas.columns and units.level not in {"county", "state"}:
        counties = layer("county").areas
        names = dict(zip(counties["unit_id"], counties["label"], strict=True))
        out["county"] = _by(areas["county"].map(names).fillna(""))
    out["state"] = _by(areas["state"].map(STATES).fillna(""))
    return {kind: found for kind, found in out.items() if 1 < len(found) < len(units)}


def _by(names: pd.Series) -> dict[str, tuple[int, ...]]:
    named = names.reset_index(drop=True)
    rows = named[named != ""].groupby(named).groups
    return {str(name): tuple(int(u) for u in rows[name]) for name in sorted(rows)}
