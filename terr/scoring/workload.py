"""Workload: hours a year per account = calls a year x (minutes per call + travel minutes), a measure like any other.

How far a rep drives is estimated in `terr.scoring.travel`, which states the formula and its sources. Accounts that are
called on twelve, four and one time a year are seen in rounds: one over all of them, three over those that are called on
four times or more, eight over the rest. Kilometres as the crow flies x road factor / speed give the hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.wording import count
from terr.scoring import columns, travel
from terr.scoring.travel import Floats

MOST_TIERS = 30
_LANDMARKS, _SAMPLE = 300, 10_000


@dataclass(frozen=True)
class Tier:
    """How accounts of a tier are called on.

    Attributes:
        name: the tier, as the accounts have it; without case.
        calls: a year, 0 to 1,000.
        minutes: per call, 0 to 1,440.
    """

    name: str
    calls: float
    minutes: float

    def __post_init__(self) -> None:
        if not 0 <= self.calls <= 1000:
            raise InputError(f"calls a year in tier {columns.shown(self.name)} must lie between 0 and 1,000")
        if not 0 <= self.minutes <= 1440:
            raise InputError(f"minutes per call in tier {columns.shown(self.name)} must lie between 0 and 1,440")


@dataclass(frozen=True)
class Effort:
    """How the work is done.

    Attributes:
        tiers: each with its calls and minutes; accounts of other tiers aren't called on.
        calls_a_day: how many calls fit into a day on the road, 1 to 50.
        road_factor: km by road per km as the crow flies, 1 to 3. 1.2 is usual in the USA (R. H. Ballou, H. Rahardja,
            N. Sakai, "Selected country circuity factors for road travel distance estimation", Transportation Research
            A 36, 2002).
        speed_kmh: mean speed with stops, 5 to 150.
        least_km: between two calls at least so far as the crow flies, 0 to 50: parking, and finding the door.
    """

    tiers: tuple[Tier, ...] = (Tier("A", 12, 60), Tier("B", 4, 45), Tier("C", 1, 30))
    calls_a_day: float = 6.0
    road_factor: float = 1.2
    speed_kmh: float = 50.0
    least_km: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= len({t.name.casefold() for t in self.tiers}) == len(self.tiers) <= MOST_TIERS:
            raise InputError(f"workload needs 1 to {MOST_TIERS} tiers of different names")
        for what, value, low, high in (
            ("calls a day", self.calls_a_day, 1, 50),
            ("the road factor", self.road_factor, 1, 3),
            ("the speed", self.speed_kmh, 5, 150),
            ("the least distance", self.least_km, 0, 50),
        ):
            if not low <= value <= high:
                raise InputError(f"{what} must lie between {low} and {high}")


@dataclass(frozen=True, eq=False)
class Workload:
    """Hours a year.

    Attributes:
        hours: float64 (n_accounts,), calls and travel. Read-only.
        call_hours: float64 (n_accounts,). Read-only.
        travel_hours: float64 (n_accounts,). Read-only.
        km: float64 (n_accounts,), by road. Read-only.
        table: one row per territory (one in all before there are territories): `territory` (code), `accounts`, `calls`,
            `days`, `km`, `call hours`, `travel hours`, `hours`; sums of its accounts.
        notes: what was taken for granted, in sentences.
    """

    hours: Floats
    call_hours: Floats
    travel_hours: Floats
    km: Floats
    table: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Stops:
    """Accounts as stops: their points, whether these are exact, and calls a year."""

    points: Floats
    exact: NDArray[np.bool_]
    calls: Floats
    minutes: Floats


def _stops(accounts: Accounts, labels: Sequence[str] | NDArray[np.object_], effort: Effort) -> _Stops:
    if len(labels) != len(accounts):
        raise InputError("workload needs the tier of each account")
    f = accounts.frame
    codes, words = pd.factorize(np.asarray(labels, dtype=object))
    by_name = {t.name.casefold(): t for t in effort.tiers}
    known = [by_name.get(str(w).strip().casefold(), Tier("", 0, 0)) for w in words.tolist()] + [Tier("", 0, 0)]
    calls, minutes = (np.array([getattr(t, a) for t in known], dtype=np.float64)[codes] for a in ("calls", "minutes"))
    points = travel.xyz(f["lat"].to_numpy(dtype=np.float64), f["lon"].to_numpy(dtype=np.float64))
    return _Stops(points, (f["located_by"] == "lat_lon").to_numpy(dtype=np.bool_), calls, minutes)


def _driven(
    stops: _Stops, rows: NDArray[np.intp], from_home: Floats, effort: Effort, trips: int
) -> tuple[Floats, float]:
    """Km a year as the crow flies for each of the rows, and days on the road; rows have points and are called on."""
    km, days = np.zeros(len(rows)), 0.0
    calls = stops.calls[rows]
    below = 0.0
    for level in np.unique(calls).tolist():
        mine = np.flatnonzero(calls >= level)
        at = rows[mine]
        one = travel.one_round(
            stops.points[at], stops.exact[at], from_home[mine], effort.calls_a_day, effort.least_km, trips
        )
        km[mine] += (level - below) * (one.between + one.home)
        days += (level - below) * one.days
        below = level
    return km, days


def before_territories(
    accounts: Accounts,
    labels: Sequence[str] | NDArray[np.object_],
    effort: Effort | None = None,
    *,
    homes: Floats | None = None,
    territories: int = 1,
) -> Workload:
    """Workload before there are territories, from how densely accounts lie around each.

    Args:
        accounts: the accounts.
        labels: the tier of each, such as `Tiers.labels` or any column's texts.
        effort: how the work is done.
        homes: float64 (reps, 2) latitude and longitude of the reps' homes; each account is reached from the nearest.
            Without them, a rep is taken to live amid the accounts of a territory: the mean distance is two thirds of
            the radius that holds 1 / territories of all accounts.
        territories: how many there will be; each is a trip of its own in every round. With homes, their number.

    Raises:
        InputError: if the labels don't fit, or there is no home or territory.
    """
    effort = effort or Effort()
    stops = _stops(accounts, labels, effort)
    there = ~np.isnan(stops.points[:, 0])
    notes: list[str] = []
    if homes is not None:
        known = homes[~np.isnan(homes).any(axis=1)]
        if not len(known):
            raise InputError("no rep has a known home")
        if len(known) < len(homes):
            notes.append(f"{count(len(homes) - len(known), 'rep has', 'reps have')} no known home and are skipped.")
        territories = len(known)
    if territories < 1:
        raise InputError("there must be at least one territory")
    rows = np.flatnonzero(there & (stops.calls > 0))
    from_home = np.zeros(len(rows))
    if len(rows) and homes is not None:
        chord = cKDTree(travel.xyz(known[:, 0], known[:, 1])).query(stops.points[rows])[0]
        from_home = travel.along(chord)
    elif len(rows):
        from_home = _amid(stops.points[rows], territories)
        notes.append("No homes are known, so travel assumes reps live in the middle of their accounts.")
    km = np.full(len(stops.calls), np.nan)
    driven, days = _driven(stops, rows, from_home, effort, territories) if len(rows) else (np.zeros(0), 0.0)
    km[rows] = driven
    group = np.zeros(len(km), dtype=np.int64)
    return _worked(stops, km, group, np.array([days]), [0], effort, notes)


def _amid(points: Floats, territories: int) -> Floats:
    """Two thirds of the radius around each point that holds 1 / territories of all points, read at landmarks."""
    rng = np.random.default_rng(0)
    few = points if len(points) <= _SAMPLE else points[rng.choice(len(points), _SAMPLE, replace=False)]
    marks = few if len(few) <= _LANDMARKS else few[rng.choice(len(few), _LANDMARKS, replace=False)]
    k = max(round(len(few) / territories), 1)
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a b, all of them on one sphere
    square = 2.0 * (travel.EARTH_KM**2 - marks @ few.T)
    far = np.sqrt(np.maximum(np.partition(square, k - 1, axis=1)[:, k - 1], 0.0))
    nearest = cKDTree(marks).query(points)[1]
    out: Floats = travel.along(far)[nearest] * 2.0 / 3.0
    return out


def with_territories(
    accounts: Accounts,
    labels: Sequence[str] | NDArray[np.object_],
    territory: NDArray[np.integer],
    homes: Floats,
    effort: Effort | None = None,
) -> Workload:
    """Workload of given territories.

    Args:
        accounts: the accounts.
        labels: the tier of each.
        territory: int (n_accounts,), code of each account's territory, -1 for none.
        homes: float64 (territories, 2), latitude and longitude of the rep's home by code; NaN where it isn't known:
            then the middle of the accounts stands for it.
        effort: how the work is done.

    Raises:
        InputError: if labels or codes don't fit.
    """
    effort = effort or Effort()
    stops = _stops(accounts, labels, effort)
    if np.shape(territory) != (len(accounts),) or np.max(territory, initial=-1) >= len(homes):
        raise InputError("each account needs the code of its territory, and each territory a row of homes")
    home_at = travel.xyz(homes[:, 0], homes[:, 1])
    km, days = np.full(len(accounts), np.nan), np.zeros(len(homes))
    there = ~np.isnan(stops.points[:, 0]) & (stops.calls > 0)
    order = np.argsort(territory, kind="stable")
    bounds = np.searchsorted(territory[order], np.arange(len(homes) + 1))
    guessed = 0
    for code in range(len(homes)):
        rows = np.sort(order[bounds[code] : bounds[code + 1]])
        rows = rows[there[rows]]
        if not len(rows):
            continue
        home = home_at[code]
        if np.isnan(home[0]):
            guessed += 1
            middle = (stops.points[rows] * stops.calls[rows, None]).sum(axis=0)
            home = middle * travel.EARTH_KM / np.linalg.norm(middle)
        km[rows], days[code] = _driven(stops, rows, travel.distance(stops.points[rows], home), effort, 1)
    notes = []
    if guessed:
        notes.append(
            f"{count(guessed, 'territory has', 'territories have')} no known home; the middle of their accounts is "
            "used."
        )
    codes = np.where(territory >= 0, territory, len(homes)).astype(np.int64)
    return _worked(stops, km, codes, days, list(range(len(homes))), effort, notes)


def _worked(
    stops: _Stops,
    crow_km: Floats,
    group: NDArray[np.int64],
    days: Floats,
    codes: Sequence[int],
    effort: Effort,
    notes: list[str],
) -> Workload:
    """Hours from km; accounts without a point get the mean km per call of their group."""
    n = len(codes) + 1  # the last group is no territory
    called = stops.calls > 0
    known = ~np.isnan(crow_km) & called
    calls_known = np.bincount(group[known], weights=stops.calls[known], minlength=n)
    km_known = np.bincount(group[known], weights=crow_km[known], minlength=n)
    per_call = np.divide(km_known, calls_known, out=np.zeros(n), where=calls_known > 0)
    lost = called & ~known & (group < len(codes))
    if lost.any():
        notes.append(
            f"{count(int(lost.sum()), 'account without a location gets', 'accounts without a location get')} the "
            "average travel per call of "
            "the others."
        )
    outside = called & (group >= len(codes))
    if outside.any():
        left = int(outside.sum())
        notes.append(f"{left:,} {'account' if left == 1 else 'accounts'} in no territory: not in this table.")
    crow = np.where(known, crow_km, np.where(called, per_call[group] * stops.calls, 0.0))
    # days on the road grow with the calls on accounts whose place isn't known
    extra = np.bincount(group[lost], weights=stops.calls[lost], minlength=n)[: len(codes)]
    days = days + np.divide(
        days * extra, calls_known[: len(codes)], out=np.zeros(len(codes)), where=calls_known[: len(codes)] > 0
    )
    km = crow * effort.road_factor
    call_hours = stops.calls * stops.minutes / 60.0
    travel_hours = km / effort.speed_kmh
    hours = call_hours + travel_hours
    sums = [
        np.bincount(group, weights=v, minlength=n)[: len(codes)]
        for v in (np.ones(len(group)), stops.calls, km, call_hours, travel_hours, hours)
    ]
    table = pd.DataFrame(
        {
            "territory": list(codes),
            "accounts": sums[0].astype(np.int64),
            "calls": sums[1],
            "days": days,
            "km": sums[2],
            "call hours": sums[3],
            "travel hours": sums[4],
            "hours": sums[5],
        }
    )
    for a in (hours, call_hours, travel_hours, km):
        a.setflags(write=False)
    return Workload(hours, call_hours, travel_hours, km, table, tuple(notes))
