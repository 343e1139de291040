"""Quotas: a company target divided over territories or reps, every quota with its parts.

    wanted = target x (w1 history + w2 trend + w3 potential + w4 equal) x ramp, rescaled to the target

Each of the four is a share that adds up to 1; the weights do too. Floors and caps against the last period, rounding to
a step and the correction for workload are parts of their own, so that every quota is the sum of its parts to the cent.
The blend is the one of Zoltners, Sinha and Zoltners, The Complete Guide to Accelerating Sales Force Performance (2001),
chapter 9, where goals follow history, trend and market potential.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.people.apportion import CENTS, Floats, cents, largest_remainder, rounded, within_limits

PARTS = ("history", "trend", "potential", "equal")
CORRECTIONS = ("ramp", "workload", "limits", "rounding")
MONTHS = 12


@dataclass(frozen=True)
class QuotaWeights:
    """How much each method counts; only their proportions matter. 0 or more, not all 0."""

    history: float = 0.4
    trend: float = 0.2
    potential: float = 0.4
    equal: float = 0.0

    def __post_init__(self) -> None:
        for name in PARTS:
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise InputError(f"the weight of {name} must be 0 or more, such as 0.4 or 40%")
        if not any(getattr(self, name) for name in PARTS):
            raise InputError("at least one weight must be above 0: history, trend, potential or equal")

    def shares(self) -> dict[str, float]:
        """The weights scaled to add up to 1."""
        whole = sum(getattr(self, name) for name in PARTS)
        return {name: getattr(self, name) / whole for name in PARTS}


@dataclass(frozen=True)
class QuotaRules:
    """What a division is held to.

    Attributes:
        floor, cap: least and most of a quota as a share of the last period, None = none.
        step: quotas are multiples of it, in money; 0.01 = to the cent.
        workload: how much a high workload lowers a quota, 0 = not at all, 1 = in full proportion.
    """

    floor: float | None = None
    cap: float | None = None
    step: float = 0.01
    workload: float = 0.0

    def __post_init__(self) -> None:
        for name in ("floor", "cap"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 100:
                raise InputError(f"the {name} is a share of the last period, such as 0.9 or 90%; {value:g} isn't")
        if self.floor is not None and self.cap is not None and self.floor > self.cap:
            raise InputError(
                f"the floor ({self.floor:.0%} of last period) is above the cap ({self.cap:.0%}); swap them"
            )
        if not 0.01 <= self.step <= 1e9:
            raise InputError("quotas are rounded to an amount of 0.01 or more, such as 1,000")
        if not 0 <= self.workload <= 1:
            raise InputError("the correction for workload must lie between 0 (off) and 1 (in full)")


@dataclass(frozen=True, eq=False)
class QuotaBasis:
    """What is known of those who get a quota; k keys, and float64 (k,) each with NaN where nothing is known.

    Attributes:
        keys: territories or reps, each once.
        last: revenue of the last period; None = no history.
        before: of the period before that; None = no trend.
        potential: None = unknown.
        ramp: capacity as a share of a full rep's in the period, 0 or more; None = all full.
        hours: workload needed; None = unknown.
    """

    keys: tuple[str, ...]
    last: Floats | None = None
    before: Floats | None = None
    potential: Floats | None = None
    ramp: Floats | None = None
    hours: Floats | None = None

    def __post_init__(self) -> None:
        if not self.keys:
            raise InputError("there is nobody to give a quota to; add territories or reps")
        if len(set(self.keys)) != len(self.keys):
            twice = next(k for k in self.keys if self.keys.count(k) > 1)
            raise InputError(f"{twice} occurs twice; each territory or rep gets one quota a period")
        for name in ("last", "before", "potential", "ramp", "hours"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != (len(self.keys),):
                raise InputError(f"{name} needs one figure for each of the {len(self.keys)} quotas")
        if self.ramp is not None and (not np.isfinite(self.ramp).all() or (self.ramp < 0).any()):
            raise InputError("the capacity of each rep must be a share of 0 or more")


@dataclass(frozen=True)
class QuotaRow:
    """One quota. Money in the target's currency.

    Attributes:
        key: territory or rep; quota: what is asked; share: of the target.
        parts: history, trend, potential, equal, and what ramp, workload, limits and rounding added; they add up to
            `quota` to the cent.
        floor, cap: least and most allowed, None = no limit; last: the period before, None = unknown.
    """

    key: str
    quota: float
    share: float
    parts: Mapping[str, float]
    floor: float | None
    cap: float | None
    last: float | None


@dataclass(frozen=True)
class Quotas:
    """A divided target: `rows` add up to `target` to the cent.

    Attributes:
        target: money; weights: as used, adding up to 1.
        rows: in the basis' order; notes: what was taken for granted, in sentences.
    """

    target: float
    weights: Mapping[str, float]
    rows: tuple[QuotaRow, ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """The sum of the quotas; the target to the cent."""
        return sum(cents(r.quota) for r in self.rows) / CENTS


def divide(
    target: float, basis: QuotaBasis, weights: QuotaWeights | None = None, rules: QuotaRules | None = None
) -> Quotas:
    """Divide a target.

    Args:
        target: above 0, money.
        basis: who gets a quota and what is known of them.
        weights, rules: the usual ones if not given.

    Raises:
        InputError: a target that isn't one; floors that add up to more than the target, or caps to less (the message
            names both sums).
    """
    rules = rules or QuotaRules()
    total = cents(target)
    if total <= 0:
        raise InputError("the target must be above 0; enter what the company is to sell in the period")
    used, notes = _usable((weights or QuotaWeights()).shares(), basis)
    blend = sum((used[name] * _shares(name, basis) for name in PARTS if used[name] > 0), np.zeros(len(basis.keys)))
    ramp = np.ones(len(basis.keys)) if basis.ramp is None else np.asarray(basis.ramp, dtype=np.float64)
    if not (blend * ramp).sum() > 0:
        raise InputError("nobody has capacity in the period; check start dates, end dates and FTE of the roster")
    ramped = _rescaled(blend * ramp, total)
    eased = ramped
    if rules.workload > 0:
        factor, told = _workload_factor(basis, rules.workload)
        notes += told
        eased = _rescaled(blend * ramp * factor, total)
    low, high, told = _limits(basis, rules, total)
    notes += told
    held = within_limits(
        eased, float(total), np.array(low, float), np.array([np.inf if h is None else h for h in high])
    )
    final = rounded(held, total, low, high, cents(rules.step))
    if total % cents(rules.step):
        notes.append(f"The target isn't a multiple of {rules.step:,.0f}; one quota takes the difference")
    parts = _parts(used, basis, total, ramped, eased, held, final)
    if not sum(final) == total:
        raise InputError("the quotas can't add up to the target within their floors and caps; loosen one of them")
    rows = tuple(
        QuotaRow(key, q / CENTS, q / total, part, _money(lo) if lo else None, _money(hi), _known(basis.last, k))
        for k, (key, q, part, lo, hi) in enumerate(zip(basis.keys, final, parts, low, high, strict=True))
    )
    return Quotas(total / CENTS, used, rows, tuple(notes))


def _money(value: int | None) -> float | None:
    return None if value is None else value / CENTS


def _known(values: Floats | None, k: int) -> float | None:
    return None if values is None or not np.isfinite(values[k]) else float(values[k])


def _rescaled(weights: Floats, total: int) -> Floats:
    out: Floats = weights / weights.sum() * total
    return out


def _usable(wanted: dict[str, float], basis: QuotaBasis) -> tuple[dict[str, float], list[str]]:
    """The weights of what is known, and what fell away."""
    missing = {
        "history": ("no revenue of a last period is known", basis.last),
        "trend": ("two periods of revenue are needed and aren't known", basis.before),
        "potential": ("no potential is known", basis.potential),
    }
    used, notes = dict(wanted), []
    for name, (why, values) in missing.items():
        known = values is not None and bool(np.nansum(np.clip(values, 0, None)) > 0)
        if name == "trend":
            known = known and basis.last is not None and float(_trend(basis).sum()) > 0
        if wanted[name] > 0 and not known:
            used[name] = 0.0
            notes.append(f"The weight of {name} is 0: {why}")
    whole = sum(used.values())
    if whole <= 0:
        notes.append("Nothing is known to divide by, so all quotas are equal before capacity")
        return dict.fromkeys(PARTS, 0.0) | {"equal": 1.0}, notes
    return {name: value / whole for name, value in used.items()}, notes


def _trend(basis: QuotaBasis) -> Floats:
    """Last period plus its change against the one before, at least 0; without one before, the last one."""
    last = np.clip(np.nan_to_num(basis.last), 0, None)  # type: ignore[arg-type]
    before = np.where(np.isfinite(basis.before), basis.before, last)  # type: ignore[arg-type]
    out: Floats = np.clip(2 * last - before, 0, None)
    return out


def _shares(name: str, basis: QuotaBasis) -> Floats:
    if name == "equal":
        return np.full(len(basis.keys), 1 / len(basis.keys))
    values = {"history": basis.last, "potential": basis.potential}.get(name)
    known = _trend(basis) if name == "trend" else np.clip(np.nan_to_num(values), 0, None)  # type: ignore[arg-type]
    out: Floats = known / known.sum()
    return out


def _workload_factor(basis: QuotaBasis, strength: float) -> tuple[Floats, list[str]]:
    """What a quota is multiplied by: (mean hours / own hours) ^ strength; 1 where hours aren't known."""
    hours = basis.hours
    known = np.zeros(len(basis.keys), bool) if hours is None else np.isfinite(hours) & (np.nan_to_num(hours) > 0)
    if hours is None or not known.any():
        return np.ones(len(basis.keys)), ["Quotas aren't lowered for workload: no hours are known"]
    factor = np.ones(len(basis.keys))
    factor[known] = (hours[known].mean() / hours[known]) ** strength
    return factor, []


def _limits(basis: QuotaBasis, rules: QuotaRules, total: int) -> tuple[list[int], list[int | None], list[str]]:
    """Floor and cap of each quota in cents; those without a last period have none."""
    n = len(basis.keys)
    notes: list[str] = []
    low: list[int] = [0] * n
    high: list[int | None] = [None] * n
    if rules.floor is None and rules.cap is None:
        return low, high, notes
    known = [k for k in range(n) if (_known(basis.last, k) or 0) > 0]
    if len(known) < n:
        who = "nobody has" if not known else f"{n - len(known)} of {n} have no"
        notes.append(f"Floors and caps are shares of the last period; {who} {'one' if not known else 'last period'}")
    for k in known:
        last = basis.last[k]  # type: ignore[index]
        if rules.floor is not None:
            low[k] = math.ceil(last * rules.floor * CENTS - 1e-6)
        if rules.cap is not None:
            most = math.floor(last * rules.cap * CENTS + 1e-6)
            high[k], low[k] = most, min(low[k], most)
    if sum(low) > total:
        raise InputError(
            f"the floors add up to {sum(low) / CENTS:,.2f}, more than the target of {total / CENTS:,.2f}; lower the "
            f"floor of {rules.floor:.0%} or raise the target"
        )
    if all(h is not None for h in high) and (most := sum(h or 0 for h in high)) < total:
        raise InputError(
            f"the caps add up to {most / CENTS:,.2f}, less than the target of {total / CENTS:,.2f}; raise the cap of "
            f"{rules.cap:.0%} or lower the target"
        )
    return low, high, notes


def _parts(
    used: Mapping[str, float],
    basis: QuotaBasis,
    total: int,
    ramped: Floats,
    eased: Floats,
    held: Floats,
    final: Sequence[int],
) -> list[dict[str, float]]:
    """The parts of each quota, whole cents that add up to it: what is rounded away is the part "rounding"."""
    of = {name: used[name] * total * _shares(name, basis) if used[name] > 0 else None for name in PARTS}
    blend = sum((v for v in of.values() if v is not None), np.zeros(len(basis.keys)))
    of |= {"ramp": ramped - blend, "workload": eased - ramped, "limits": held - eased}
    out = []
    for k, quota in enumerate(final):
        parts = {name: 0 if v is None else round(float(v[k])) for name, v in of.items()}
        parts["rounding"] = quota - sum(parts.values())
        out.append({name: value / CENTS for name, value in parts.items()})
    return out


@dataclass(frozen=True)
class ManagerQuota:
    """A manager's quota.

    Attributes:
        manager: name or id; reps: who is under.
        street: the sum of the reps' quotas; quota: the manager's own, `street / over`.
    """

    manager: str
    reps: tuple[str, ...]
    street: float
    quota: float


def manager_levels(quotas: Quotas, managers: Sequence[str], over: float = 1.0) -> tuple[ManagerQuota, ...]:
    """The quotas of managers, where reps together are asked for more than managers are (over-assignment).

    Args:
        quotas: of the reps.
        managers: of each row of `quotas`, "" = nobody's.
        over: street quota / manager's quota, 1 or more; 1.05 = reps together are asked for 5% more.

    Returns:
        One each, by name; their quotas add up to the quotas of their reps / `over` to the cent.

    Raises:
        InputError: over-assignment below 1.
    """
    if not 1 <= over <= 10:
        raise InputError("over-assignment is the street quota divided by the target, 1 or more, such as 1.05")
    names = sorted({m for m in managers if m})
    if not names:
        return ()
    team = [[r for r, m in zip(quotas.rows, managers, strict=True) if m == name] for name in names]
    street = [sum(cents(r.quota) for r in rows) for rows in team]
    own = largest_remainder(np.array(street, float), round(sum(street) / over)) if sum(street) else [0] * len(names)
    return tuple(
        ManagerQuota(name, tuple(r.key for r in rows), s / CENTS, q / CENTS)
        for name, rows, s, q in zip(names, team, street, own, strict=True)
    )


def season_shares(monthly: Floats) -> tuple[Floats, str]:
    """Share of a year's revenue that falls in each month, from whole years of history.

    Args:
        monthly: float64 (m,), revenue by month, the newest last, the first one a January. Months behind the last whole
            year are left out.

    Returns:
        float64 (12,) adding up to 1, and a note ("" if there is history): less than a season gives equal months.
    """
    years = len(monthly) // MONTHS
    table = np.clip(np.nan_to_num(monthly[: years * MONTHS]), 0, None).reshape(years, MONTHS)
    table = table[table.sum(axis=1) > 0]
    if not len(table):
        return np.full(MONTHS, 1 / MONTHS), "Less than a year of history: every month gets the same share"
    shares = (table / table.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares, ""


def in_periods(quota: float, shares: Floats) -> tuple[float, ...]:
    """A quota split over periods by their shares, adding up to it to the cent."""
    return tuple(c / CENTS for c in largest_remainder(shares, cents(quota)))


def raised(quotas: Quotas, key: str, quota: float) -> Quotas:
    """The quotas with one of them set by hand; the change is its part "set by hand", and nothing else moves.

    Raises:
        InputError: an unknown key or an amount below 0.
    """
    if quota < 0 or key not in {r.key for r in quotas.rows}:
        raise InputError(
            f"a quota of {quota:,.2f} can't be set for {key}; choose one of the rows and an amount of 0 up"
        )
    rows = []
    for r in quotas.rows:
        if r.key == key:
            change = (cents(quota) - cents(r.quota)) / CENTS
            by_hand = r.parts.get("set by hand", 0.0) + change
            parts = {**r.parts, "set by hand": by_hand}
            rows.append(replace(r, quota=cents(quota) / CENTS, share=quota / quotas.target, parts=parts))
        else:
            rows.append(r)
    return replace(quotas, rows=tuple(rows))


def fair_band(values: NDArray[np.float64], width: float = 0.2) -> NDArray[np.bool_]:
    """Who lies outside a fair band: farther from the median than `width` of it; NaN is never outside."""
    known = values[np.isfinite(values)]
    if len(known) < 2 or np.median(known) == 0:
        return np.zeros(len(values), dtype=np.bool_)
    out: NDArray[np.bool_] = np.abs(np.nan_to_num(values, nan=float(np.median(known))) / np.median(known) - 1) > width
    return out
