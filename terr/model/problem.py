"""Problem: units, loads, graph, limits and locks of one design, checked once so that the engine needn't."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError, PlanError
from terr.model.arrays import frozen

Limit = float | tuple[float | None, float | None]
MAX_K = 500
SMALLEST_LIMIT = 0.0001
ROUNDING = 1e-6
"""Share of the target by which a limit may be passed through rounding, here and in solvers."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything `design` and `rebalance` need. Build it with `from_arrays`. Picklable.

    Attributes:
        weights: float64 (n, m), load of each unit in each measure.
        measures: m names; the first is the one whose load the shape and the moves are weighed by.
        xy_km: float64 (n, 2), points in km in an equal-area projection.
        indptr, indices: int32 CSR of the symmetric border graph, bridges included.
        border_km: float64 (nnz,), shared border per entry; 0 for a bridge.
        area_km2, outer_km: float64 (n,), or None.
        territories: k.
        low, high: float64 (m,), how far a load may be below and above its target, as a share of it; inf = no limit.
        targets: float64 (k, m), what each territory's load should be.
        locked: int16 (n,), territory index the unit is fixed to, -1 = free.
        start: int16 (n,), the plan to stay close to, -1 = unassigned; or None.
        seeds: int64 (k,), codes of the units territories start around; or None.
        unit_names: n names for explanations; or None.
    """

    weights: NDArray[np.float64]
    measures: tuple[str, ...]
    xy_km: NDArray[np.float64]
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    border_km: NDArray[np.float64]
    area_km2: NDArray[np.float64] | None
    outer_km: NDArray[np.float64] | None
    territories: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    targets: NDArray[np.float64]
    locked: NDArray[np.int16]
    start: NDArray[np.int16] | None
    seeds: NDArray[np.int64] | None
    unit_names: tuple[str, ...] | None

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, f.name, frozen(value, value.dtype, value.ndim))

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)  # pickling forgets it
            object.__setattr__(self, name, value)

    @classmethod
    def from_arrays(
        cls,
        weights: Any,
        measures: Sequence[str],
        xy_km: Any,
        indptr: Any,
        indices: Any,
        border_km: Any,
        area_km2: Any = None,
        outer_km: Any = None,
        *,
        territories: int,
        limits: Mapping[str, Limit],
        targets: Any = None,
        locked: Any = None,
        start: Any = None,
        seeds: Any = None,
        unit_names: Sequence[str] | None = None,
    ) -> Problem:
        """A checked problem.

        Args:
            weights: (n, m) or, for one measure, (n,); finite, >= 0.
            measures: m distinct names.
            xy_km: (n, 2), equal-area, km.
            indptr: CSR row pointers of the border graph.
            indices: CSR neighbours; symmetric, no unit its own neighbour.
            border_km: per CSR entry, km, >= 0.
            area_km2: (n,), or None.
            outer_km: (n,), border with the outside in km, or None.
            territories: how many, k.
            limits: measure -> share of the target a load may be off on both sides, or (below, above), where None
                means no limit on that side. Measures not named have none.
            targets: (k, m), > 0 where the measure is limited; equal shares of each measure's total if None.
            locked: (n,), territory index a unit is fixed to, -1 = free.
            start: (n,), territory index today, -1 = unassigned.
            seeds: (k,), distinct unit codes territories start around, e.g. the reps' homes.
            unit_names: n names.

        Raises:
            InputError: all faults of loads, limits and targets.
            PlanError: all faults of the graph, locks, seeds or start, if the former have none.
        """
        names = tuple(str(m) for m in measures)
        bad: list[str] = []  # of what a person gave
        worse: list[str] = []  # of what was built around it
        w = _array(weights, np.float64, bad, "the loads")
        if w.ndim == 1:
            w = w[:, None]
        n, m = (w.shape[0], w.shape[1]) if w.ndim == 2 else (0, 0)
        k = int(territories)
        if w.ndim != 2 or n == 0:
            bad.append("there are no units to assign; choose a region with units")
        elif m != len(names) or m == 0 or len(set(names)) != m:
            bad.append(f"{m} columns of loads need as many different measure names, got {len(names)}")
        if w.size and not np.isfinite(w).all():
            bad.append("a unit's load isn't a number; clean that measure first")
        elif w.size and (w < 0).any():
            q = int(np.argwhere(w < 0)[0][1])
            bad.append(
                f"{_at(names, q)} is below zero in {int((w[:, q] < 0).sum())} unit(s), first in "
                f"{_name(unit_names, int(np.argmax(w[:, q] < 0)))}; exclude returns and credits or use another measure"
            )
        if not 1 <= k <= MAX_K:
            bad.append(f"choose between 1 and {MAX_K} territories, not {k}")
            k = 1
        low, high = _limits(limits, names, bad)
        goal = _targets(targets, w, k, low, high, names, bad) if w.ndim == 2 else np.ones((k, max(m, 1)))
        xy = _array(xy_km, np.float64, worse, "the points")
        if xy.shape != (n, 2) or not np.isfinite(xy).all():
            worse.append("every unit needs a point (x, y) in km")
        ip, ix = _array(indptr, np.int32, worse, "the graph"), _array(indices, np.int32, worse, "the graph")
        bk = _array(border_km, np.float64, worse, "the border lengths")
        _graph(ip, ix, bk, n, worse)
        codes = {
            "locks": _codes(locked, n, k, "locks", worse),
            "start": _codes(start, n, k, "plan to start from", worse),
        }
        areas = {}
        for label, value in (("areas", area_km2), ("outer borders", outer_km)):
            areas[label] = None if value is None else _array(value, np.float64, worse, label)
            got = areas[label]
            if got is not None and (got.shape != (n,) or not np.isfinite(got).all() or (got < 0).any()):
                worse.append(f"{label} must be {n} numbers, none below zero")
        sd = None
        if seeds is not None:
            sd = _array(seeds, np.int64, worse, "the seeds")
            if sd.shape != (k,) or len(np.unique(sd)) != k or (sd.size and (sd.min() < 0 or sd.max() >= n)):
                worse.append(f"seeds must be {k} different units of the region")
        if unit_names is not None and len(unit_names) != n:
            worse.append(f"{len(unit_names)} unit names don't fit {n} units")
        if bad:
            raise InputError("; ".join(bad + worse))
        if worse:
            raise PlanError("; ".join(worse))
        return cls(
            weights=w,
            measures=names,
            xy_km=xy,
            indptr=ip,
            indices=ix,
            border_km=bk,
            area_km2=areas["areas"],
            outer_km=areas["outer borders"],
            territories=k,
            low=low,
            high=high,
            targets=goal,
            locked=np.full(n, -1, np.int16) if codes["locks"] is None else codes["locks"],
            start=codes["start"],
            seeds=sd,
            unit_names=None if unit_names is None else tuple(str(u) for u in unit_names),
        )

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def limited(self) -> NDArray[np.bool_]:
        """bool (m,), measures that have a limit on either side."""
        return np.isfinite(self.low) | np.isfinite(self.high)

    def name(self, unit: int) -> str:
        """Name of a unit for a message."""
        return _name(self.unit_names, unit)

    def loads(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m), sums per territory; units with -1 count nowhere."""
        a = np.asarray(assign)
        on = a >= 0
        out = np.zeros((self.territories, len(self.measures)))
        for q in range(len(self.measures)):
            out[:, q] = np.bincount(a[on], self.weights[on, q], self.territories)
        return out

    def deviations(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m), load / target - 1; 0 where the target is 0."""
        goal = np.where(self.targets > 0, self.targets, 1.0)
        out: NDArray[np.float64] = np.where(self.targets > 0, self.loads(assign) / goal - 1.0, 0.0)
        return out

    def excess(self, assign: NDArray[Any]) -> NDArray[np.float64]:
        """float64 (k, m), how far each deviation lies outside its limits, as a share of the target."""
        d = self.deviations(assign)
        out = np.maximum(np.maximum(-self.low - d, d - self.high), 0.0)
        out[out < ROUNDING] = 0.0
        return out


def _at(names: tuple[str, ...], q: int) -> str:
    return names[q] if q < len(names) else f"measure {q + 1}"


def _name(names: Sequence[str] | None, unit: int) -> str:
    return f"unit {unit}" if names is None or unit >= len(names) else str(names[unit])


def _array(value: Any, dtype: Any, faults: list[str], what: str) -> NDArray[Any]:
    try:
        out = np.array(value, dtype=np.float64, order="C")
        with np.errstate(invalid="ignore"):
            exact = out.astype(dtype)
    except (TypeError, ValueError):
        faults.append(f"{what} must be numbers")
        return np.zeros(0, dtype)
    if np.issubdtype(dtype, np.integer) and not np.array_equal(exact, out):
        faults.append(f"{what} must be whole numbers")
    return exact


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float | np.number) else math.nan


def _limits(
    limits: Mapping[str, Limit], names: tuple[str, ...], faults: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sides = np.full((2, max(len(names), 1)), np.inf)
    for name, limit in limits.items():
        if name not in names:
            faults.append(f'there is no measure "{name}" to limit; choose from {", ".join(names)}')
            continue
        both: Sequence[float | None] = limit if isinstance(limit, tuple) else (limit, limit)
        if len(both) != 2:
            faults.append(f"the limit on {name} needs one share, or two: below and above")
            continue
        for side, share in enumerate(both):
            if share is None:
                continue
            if isinstance(share, bool) or math.isnan(_number(share)):
                faults.append(f"the limit on {name} must be a share such as 0.05")
            elif share < SMALLEST_LIMIT:
                faults.append(
                    f"the limit on {name} is {100 * share:g} %, but units can't be split; "
                    f"allow at least {100 * SMALLEST_LIMIT:g} %, 5 % is usual"
                )
            else:
                sides[side, names.index(name)] = float(share)
    return sides[0], sides[1]


def _targets(
    targets: Any,
    w: NDArray[np.float64],
    k: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    names: tuple[str, ...],
    faults: list[str],
) -> NDArray[np.float64]:
    m = w.shape[1]
    if targets is None:
        return np.tile(w.sum(axis=0) / k, (k, 1))
    goal = _array(targets, np.float64, faults, "targets")
    if goal.ndim == 1 and m == 1:
        goal = goal[:, None]
    if goal.shape != (k, m) or not np.isfinite(goal).all() or (goal < 0).any():
        faults.append(f"targets must be {k} rows of {m} number(s), none below zero")
        return np.ones((k, m))
    if len(low) == m:
        for q in np.flatnonzero(np.isfinite(low) | np.isfinite(high)):
            if (goal[:, q] <= 0).any() and w[:, q].sum() > 0:
                faults.append(f"{_at(names, int(q))} is limited, so every territory needs a target above zero for it")
    return goal


def _graph(ip: NDArray[Any], ix: NDArray[Any], bk: NDArray[Any], n: int, faults: list[str]) -> None:
    if ip.shape != (n + 1,) or ip[0] != 0 or ip[-1] != len(ix) or (np.diff(ip) < 0).any():
        faults.append("the graph's row pointers don't fit the units")
        return
    if ix.ndim != 1 or (ix.size and (ix.min() < 0 or ix.max() >= n)):
        faults.append("the graph names a neighbour that isn't a unit")
        return
    rows = np.repeat(np.arange(n, dtype=np.int64), np.diff(ip))
    there, back = rows * n + ix, ix.astype(np.int64) * n + rows
    if (rows == ix).any() or len(np.unique(there)) != len(there):
        faults.append("a unit can't border itself, nor another one twice")
    elif not np.array_equal(np.sort(there), np.sort(back)):
        faults.append("the graph isn't symmetric: some unit borders another that doesn't border it")
    if bk.shape != ix.shape or not np.isfinite(bk).all() or (bk < 0).any():
        faults.append("every border needs a length in km, not below zero")


def _codes(value: Any, n: int, k: int, what: str, faults: list[str]) -> NDArray[np.int16] | None:
    if value is None:
        return None
    out = _array(value, np.int64, faults, f"the {what}")
    if out.shape != (n,) or (out.size and (out.min() < -1 or out.max() >= k)):
        faults.append(f"the {what} must give each of {n} units a territory from 0 to {k - 1}, or -1")
        return None
    return out.astype(np.int16)
