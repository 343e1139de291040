"""Accounts to measures per unit, and the totals that prove no row and no money is lost on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import layer
from terr.errors import InputError, PlanError
from terr.locate.areas import beside
from terr.locate.placing import OUTSIDE, UNLOCATED, PlacedAccounts, in_region, place
from terr.model.accounts import GIVEN_POINT, Accounts
from terr.model.books.book_units import BookUnits
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.units import UNASSIGNED, Units

__all__ = [
    "OUTSIDE",
    "UNLOCATED",
    "AggregatePart",
    "PlanTotals",
    "Totals",
    "account_codes",
    "drawn_points",
    "measure_values",
    "measures_per_unit",
    "override_loads",
    "placed",
    "plan_totals",
    "same_places",
    "totals",
    "unit_codes",
]

UNCOVERED_NOTE = "this overlay doesn't cover it"
_known: WeakKeyDictionary[Accounts, dict[tuple[str, tuple[str, ...]], PlacedAccounts]] = WeakKeyDictionary()
_lock = Lock()


def placed(accounts: Accounts, units: Units) -> PlacedAccounts:
    """Which unit each account lies in, how that is known, and why some have none.

    Worked out once for these accounts and units, and kept as long as the accounts are: neither ever changes.

    Raises:
        LocateError: if the units' level isn't known.
    """
    key = (units.version, units.region)
    with _lock:
        known = _known.get(accounts, {}).get(key)
    if known is None:
        known = _place(accounts, units)
        with _lock:
            _known.setdefault(accounts, {})[key] = known
    return known


def same_places(accounts: Accounts, other: Accounts) -> None:
    """Say that other accounts are these with further columns, so that they needn't be placed again."""
    with _lock:
        found = _known.setdefault(accounts, {})
        _known[other] = found  # one for both: what is found for either is known for both


def drawn_points(accounts: Accounts, units: Units) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude of each account as the units are drawn, float64 (n,) in degrees, NaN where unknown.

    An account placed by coordinates abroad lies there, and not at the point of a ZIP that looks like its postcode.
    """
    frame = accounts.frame
    lat, lon = (frame[c].to_numpy(dtype=np.float64) for c in ("lat", "lon"))
    if GIVEN_POINT[0] in frame.columns:
        given = [frame[c].to_numpy(dtype=np.float64) for c in GIVEN_POINT]
        own = (placed(accounts, units).by == "lat_lon") & np.isfinite(given[0])
        lat, lon = np.where(own, given[0], lat), np.where(own, given[1], lon)
    west, _, east, _ = units.frame.total_bounds.tolist()
    return lat, beside(lon, west, east)


def _place(accounts: Accounts, units: Units) -> PlacedAccounts:
    if isinstance(units, BookUnits):
        return _place_by_layer(accounts, units)
    if units.level in ("county", "state"):
        return place(accounts.frame, units)
    whole = layer(units.level)  # the search for areas is the long part, and one for all regions of a layer
    key = (whole.geometry.name, ())
    with _lock:
        found = _known.get(accounts, {}).get(key)
    if found is None:
        found = place(accounts.frame, whole)
        with _lock:
            _known.setdefault(accounts, {})[key] = found
    return in_region(accounts.frame, found, whole, units)


def _place_by_layer(accounts: Accounts, units: BookUnits) -> PlacedAccounts:
    """Accounts that are units are there themselves; the others lie in the areas, if the plan has any."""
    known = units.account_codes
    own = accounts.frame["account_id"].astype(str).map(known).fillna(-1).to_numpy(dtype=np.int32)
    if units.areas is None:
        new = np.full(len(accounts), "it isn't in the books of this plan", dtype=object)
        codes, by, note = np.full(len(accounts), UNLOCATED, dtype=np.int32), np.full(len(accounts), "unlocated"), new
    else:
        lies = placed(accounts, units.areas)
        codes, by, note = lies.codes, lies.by, lies.note
    if units.uncovered:
        out = accounts.frame["account_id"].astype(str).isin(units.uncovered).to_numpy()
        codes = np.where(out, OUTSIDE, codes)
        by, note = np.where(out, "outside", by), np.where(out, UNCOVERED_NOTE, note)
    mine = own >= 0
    return PlacedAccounts(
        np.where(mine, own, codes).astype(np.int32),
        np.where(mine, "id", by).astype(object),
        np.where(mine, "", note).astype(object),
    )


def unit_codes(accounts: Accounts, units: Units) -> NDArray[np.int32]:
    """Which unit each account lies in; see `placed`.

    Returns:
        int32 (n_accounts,): row position in `units`, `UNLOCATED` (-1) or `OUTSIDE` (-2). Read-only.

    Raises:
        LocateError: if the units' level isn't known.
    """
    return placed(accounts, units).codes


def account_codes(
    accounts: Accounts,
    units: Units,
    plan: Plan,
    *,
    codes: NDArray[np.int32] | None = None,
    held: Overrides = NOBODY_HELD,
) -> NDArray[np.int16]:
    """Territory of each account: that of its unit, but for those that go elsewhere by name.

    Args:
        accounts: the accounts.
        units: the units.
        plan: a plan on these units.
        codes: `unit_codes(accounts, units)` if it is at hand.
        held: accounts that go to a territory by name, wherever they lie.

    Returns:
        int16 (n_accounts,): territory code, -1 where the account is unassigned, outside or unlocated.

    Raises:
        PlanError: if the plan was made on other map areas.
    """
    _same_units(units, plan)
    codes = unit_codes(accounts, units) if codes is None else codes
    # -1 and -2 pick the two cells appended here
    out: NDArray[np.int16] = np.append(plan.assign, [UNASSIGNED] * 2).astype(np.int16)[codes]
    out[held.rows] = held.codes
    return out


def measure_values(accounts: Accounts, measures: Sequence[str]) -> NDArray[np.float64]:
    """float64 (n_accounts, m): the measures, with 0 where a cell is blank.

    Raises:
        InputError: if a measure isn't one of the accounts' measures.
    """
    unknown = [m for m in measures if m not in accounts.measures]
    if unknown:
        raise InputError(
            f'there is no measure "{unknown[0]}"; the accounts have {", ".join(accounts.measures) or "no measures"}'
        )
    out = np.zeros((len(accounts), len(measures)), dtype=np.float64)
    for j, measure in enumerate(measures):
        column = accounts.frame[measure].to_numpy(dtype=np.float64)
        out[:, j] = np.where(np.isnan(column), 0.0, column)
    return out


def measures_per_unit(
    accounts: Accounts,
    units: Units,
    measures: Sequence[str],
    *,
    codes: NDArray[np.int32] | None = None,
    held: Overrides = NOBODY_HELD,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums of the accounts' measures in each unit.

    Args:
        accounts: the accounts.
        units: the units.
        measures: m names of measures.
        codes: `unit_codes(accounts, units)` if it is at hand.
        held: accounts that go to a territory by name; they are left out here (see `held_loads`).

    Returns:
        float64 (n_units, m) sums, each in its measure's own unit, a blank cell counting as 0; and int64 (n_units,)
        numbers of accounts. Accounts outside the region and unlocated ones are in neither (see `totals`).

    Raises:
        InputError: if a measure isn't known. LocateError: if the level isn't known.
    """
    codes = unit_codes(accounts, units) if codes is None else codes
    inside = codes >= 0
    inside[held.rows] = False
    rows = codes[inside]
    values = measure_values(accounts, measures)[inside]
    n = len(units)
    sums = np.zeros((n, len(measures)), dtype=np.float64)
    for j in range(len(measures)):
        sums[:, j] = np.bincount(rows, weights=values[:, j], minlength=n)
    return sums, np.bincount(rows, minlength=n).astype(np.int64)


def main_owners(accounts: Accounts, units: Units, owners: NDArray[np.integer], measure: str) -> NDArray[np.int32]:
    """int32 (n_units,), who has most of a measure in each unit; -1 = nobody has, or it has no accounts.

    Args:
        accounts: n accounts.
        units: n_units units.
        owners: (n,), whose each account is, -1 = nobody's.
        measure: counted where it is above zero; in a unit without any of it the accounts are counted.
    """
    at = unit_codes(accounts, units)
    there = at >= 0
    load = np.clip(np.nan_to_num(measure_values(accounts, (measure,))[:, 0]), 0.0, None)
    rows = pd.DataFrame({"unit": at[there], "owner": np.asarray(owners)[there], "load": load[there], "n": 1})
    sums = rows.groupby(["unit", "owner"], as_index=False).sum()
    best = sums.sort_values(["unit", "load", "n", "owner"], ascending=[True, False, False, True]).drop_duplicates(
        "unit"
    )
    out = np.full(len(units), -1, dtype=np.int32)
    out[best["unit"].to_numpy()] = best["owner"].to_numpy()
    return out


def override_loads(
    accounts: Accounts, plan: Plan, measures: Sequence[str], held: Overrides
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What each territory has by name: float64 (k, m) sums in plan order, and int64 (k,) numbers of accounts.

    Raises:
        InputError: if a measure isn't known. PlanError: if an exception names a territory the plan doesn't have.
    """
    k = len(plan.territories)
    slot = {code: j for j, code in enumerate(plan.codes)}
    if missing := [c for c in held.codes.tolist() if c not in slot]:
        plan.territory(missing[0])
    at = np.array([slot[c] for c in held.codes.tolist()], dtype=np.int64)
    values = measure_values(accounts, measures)[held.rows]
    sums = np.zeros((k, len(measures)), dtype=np.float64)
    for j in range(len(measures)):
        sums[:, j] = np.bincount(at, weights=values[:, j], minlength=k)
    return sums, np.bincount(at, minlength=k).astype(np.int64)


@dataclass(frozen=True)
class AggregatePart:
    """A set of accounts: how many, and the sum of each measure.

    Attributes:
        rows: number of accounts.
        loads: sums in the order of the totals' measures, each in its measure's own unit.
    """

    rows: int
    loads: tuple[float, ...]


@dataclass(frozen=True)
class Totals:
    """accepted = in_region + outside + unlocated, in rows and in each measure; checked when made.

    Attributes:
        measures: names, in the order of every part's loads.
        accepted, in_region, outside, unlocated: the whole and its parts.
    """

    measures: tuple[str, ...]
    accepted: AggregatePart
    in_region: AggregatePart
    outside: AggregatePart
    unlocated: AggregatePart

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise PlanError unless the parts add up to what was accepted."""
        _conserved(self.measures, self.accepted, (self.in_region, self.outside, self.unlocated))


@dataclass(frozen=True)
class PlanTotals:
    """accepted = assigned + unassigned + outside + unlocated, in rows and in each measure; checked when made.

    Attributes:
        measures: names, in the order of every part's loads.
        accepted, assigned, unassigned, outside, unlocated: the whole and its parts.
    """

    measures: tuple[str, ...]
    accepted: AggregatePart
    assigned: AggregatePart
    unassigned: AggregatePart
    outside: AggregatePart
    unlocated: AggregatePart

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise PlanError unless the parts add up to what was accepted."""
        _conserved(self.measures, self.accepted, (self.assigned, self.unassigned, self.outside, self.unlocated))

    def load(self, part: str, measure: str) -> float:
        """Sum of one measure over one part, e.g. `load("outside", "revenue")`."""
        chosen: AggregatePart = getattr(self, part)
        return chosen.loads[self.measures.index(measure)]


def totals(accounts: Accounts, units: Units) -> Totals:
    """What lies in the region, outside it and nowhere, over all measures of the accounts.

    Raises:
        LocateError: if the level isn't known.
    """
    codes = unit_codes(accounts, units)
    part = _parter(accounts)
    return Totals(
        measures=accounts.measures,
        accepted=part(np.ones(len(accounts), dtype=np.bool_)),
        in_region=part(codes >= 0),
        outside=part(codes == OUTSIDE),
        unlocated=part(codes == UNLOCATED),
    )


def plan_totals(accounts: Accounts, units: Units, plan: Plan, held: Overrides = NOBODY_HELD) -> PlanTotals:
    """What the plan assigns, leaves unassigned, and can't reach, over all measures of the accounts.

    An account that goes to a territory by name is assigned, wherever it lies.

    Raises:
        PlanError: if the plan was made on other map areas. LocateError: if the level isn't known.
    """
    codes = unit_codes(accounts, units)
    assigned = account_codes(accounts, units, plan, codes=codes, held=held) != UNASSIGNED
    part = _parter(accounts)
    return PlanTotals(
        measures=accounts.measures,
        accepted=part(np.ones(len(accounts), dtype=np.bool_)),
        assigned=part(assigned),
        unassigned=part((codes >= 0) & ~assigned),
        outside=part((codes == OUTSIDE) & ~assigned),
        unlocated=part((codes == UNLOCATED) & ~assigned),
    )


def _same_units(units: Units, plan: Plan) -> None:
    if plan.units_version != units.version or len(plan) != len(units):
        raise PlanError("the plan was made on other map areas; open it with its own level and region")


def _parter(accounts: Accounts) -> Any:
    values = measure_values(accounts, accounts.measures)

    def part(mask: NDArray[np.bool_]) -> AggregatePart:
        # fsum is exact before its one rounding, so parts add up whatever the order of the rows
        return AggregatePart(int(mask.sum()), tuple(math.fsum(column) for column in values[mask].T.tolist()))

    return part


def _conserved(measures: tuple[str, ...], whole: AggregatePart, parts: tuple[AggregatePart, ...]) -> None:
    if any(len(p.loads) != len(measures) for p in (whole, *parts)):
        raise PlanError("totals need one sum for each measure")
    rows = sum(p.rows for p in parts)
    if rows != whole.rows:
        raise PlanError(f"{whole.rows:,} accounts were accepted, but {rows:,} are accounted for")
    for j, measure in enumerate(measures):
        loads = [p.loads[j] for p in parts]
        scale = max(1.0, *(abs(v) for v in loads), abs(whole.loads[j]))
        if not abs(math.fsum(loads) - whole.loads[j]) <= 1e-9 * scale:
            raise PlanError(
                f"{measure}: {whole.loads[j]:,.2f} was accepted, but {math.fsum(loads):,.2f} is accounted for"
            )
