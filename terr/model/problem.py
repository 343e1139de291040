"""Problem: units, loads, graph, limits and locks of one design, checked once so that the engine needn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError, PlanError
from terr.model.arrays import ReadOnlyArrays
from terr.model.problem_checks import (
    Limit,
    as_array,
    check_graph,
    home_points,
    limit_sides,
    measure_name,
    per_measure,
    per_territory,
    price,
    target_loads,
    territory_codes,
    unit_name,
)
from terr.model.wording import count

MAX_K = 500
ROUNDING = 1e-6
"""Share of the target by which a limit may be passed through rounding, here and in solvers."""


@dataclass(frozen=True, eq=False)
class Problem(ReadOnlyArrays):
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
        seeds: int64 (k,), codes of the units territories start around, -1 = none; or None.
        unit_names: n names for explanations; or None.
        floor, cap: float64 (k, m), least and most load whatever the target is; -inf, inf = none.
        balance: float64 (m,), price of the mean |load / target - 1| of each measure, also within its limits.
        continuity: price of the share of the first measure's load that leaves its territory of `start`.
        max_moved: most of that share that may leave it; inf = no limit.
        centres: float64 (k, 2), km: a territory's moment of inertia is taken about this point; nan = its own centre.
        max_km: float64 (k,), how far a unit's point may be from the territory's home; inf = no limit.
        homes: float64 (k, 2), km: where that distance is measured from; nan = from the fixed centre, else the seed.
        groups: int64 (n,), units of one number stay together; -1 = alone.
        remainder: most of the first measure's load, as a share, that may stay without a territory.
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
    floor: NDArray[np.float64]
    cap: NDArray[np.float64]
    balance: NDArray[np.float64]
    continuity: float
    max_moved: float
    centres: NDArray[np.float64]
    max_km: NDArray[np.float64]
    homes: NDArray[np.float64]
    groups: NDArray[np.int64]
    remainder: float

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
        floors: Mapping[str, Any] | None = None,
        caps: Mapping[str, Any] | None = None,
        balance: Mapping[str, float] | None = None,
        continuity: float = 0.0,
        max_moved: float | None = None,
        centres: Any = None,
        max_km: Any = None,
        homes: Any = None,
        groups: Any = None,
        remainder: float = 0.0,
    ) -> Problem:
        """A checked problem.

        Args:
            weights: (n, m) or, for one measure, (n,); finite, >= 0.
            measures: m distinct names.
            xy_km: (n, 2), equal-area, km.
            indptr: CSR row pointers of the border graph.
            indices: CSR neighbors; symmetric, no unit its own neighbour.
            border_km: per CSR entry, km, >= 0.
            area_km2: (n,), or None.
            outer_km: (n,), border with the outside in km, or None.
            territories: how many, k.
            limits: measure -> share of the target a load may be off on both sides, or (below, above), where None
                means no limit on that side. Measures not named have none.
            targets: (k, m), > 0 where the measure is limited; equal shares of each measure's total if None.
            locked: (n,), territory index a unit is fixed to, -1 = free.
            start: (n,), territory index today, -1 = unassigned.
            seeds: (k,), distinct unit codes territories start around, e.g. the reps' homes; -1 = none.
            unit_names: n names.
            floors: measure -> least load in the measure's own unit, one number or k; beside `limits`.
            caps: measure -> most load, as `floors`.
            balance: measure -> price of an uneven share, 0 = none, 1 = as dear as all of the shape. A measure may have
                a limit and a price.
            continuity: price of taking load from today's territory, on the same scale; needs `start`.
            max_moved: most of the first measure's load, as a share, that may leave its territory of `start`;
                None = any.
            centres: (k, 2) km, fixed centres such as reps' homes; nan = the territory's own.
            max_km: how far a unit's point may be from its territory's home, one number or k; None = any.
            homes: (k, 2) km, homes for that; nan = the fixed centre, else the seed.
            groups: (n,), units with the same number >= 0 share a territory; -1 = alone.
            remainder: most of the first measure's load, as a share, that may stay unassigned.

        Raises:
            InputError: all faults of loads, limits and targets.
            PlanError: all faults of the graph, locks, seeds or start, if the former have none.
        """
        names = tuple(str(m) for m in measures)
        bad: list[str] = []  # of what a person gave
        worse: list[str] = []  # of what was built around it
        w = as_array(weights, np.float64, bad, "the measures")
        if w.ndim == 1:
            w = w[:, None]
        n, m = (w.shape[0], w.shape[1]) if w.ndim == 2 else (0, 0)
        k = int(territories)
        if w.ndim != 2 or n == 0:
            bad.append("there are no areas to assign; choose a region with areas")
        elif m != len(names) or m == 0 or len(set(names)) != m:
            bad.append(f"{m} columns need as many different measure names, got {len(names)}")
        if w.size and not np.isfinite(w).all():
            bad.append("a measure isn't a number in some area; clean that measure first")
        elif w.size and (w < 0).any():
            q = int(np.argwhere(w < 0)[0][1])
            bad.append(
                f"{measure_name(names, q)} is below zero in {count(int((w[:, q] < 0).sum()), 'area')}, first in "
                f"{unit_name(unit_names, int(np.argmax(w[:, q] < 0)))}; exclude returns and credits or use another "
                "measure"
            )
        if not 1 <= k <= MAX_K:
            bad.append(f"choose between 1 and {MAX_K} territories, not {k}")
            k = 1
        low, high = limit_sides(limits, names, bad)
        goal = target_loads(targets, w, k, low, high, names, bad) if w.ndim == 2 else np.ones((k, max(m, 1)))
        xy = as_array(xy_km, np.float64, worse, "the points")
        if xy.shape != (n, 2) or not np.isfinite(xy).all():
            worse.append("every area needs a point (x, y) in km")
        ip, ix = as_array(indptr, np.int32, worse, "the graph"), as_array(indices, np.int32, worse, "the graph")
        bk = as_array(border_km, np.float64, worse, "the border lengths")
        check_graph(ip, ix, bk, n, worse)
        codes = {
            "locks": territory_codes(locked, n, k, "locks", worse),
            "start": territory_codes(start, n, k, "plan to start from", worse),
        }
        areas = {}
        for label, value in (("areas", area_km2), ("outer borders", outer_km)):
            areas[label] = None if value is None else as_array(value, np.float64, worse, label)
            got = areas[label]
            if got is not None and (got.shape != (n,) or not np.isfinite(got).all() or (got < 0).any()):
                worse.append(f"{label} must be {n} numbers, none below zero")
        sd = None
        if seeds is not None:
            sd = as_array(seeds, np.int64, worse, "the seeds")
            used = sd[sd >= 0]
            if sd.shape != (k,) or len(np.unique(used)) != len(used) or (sd.size and (sd.min() < -1 or sd.max() >= n)):
                worse.append(f"seeds must be {k} different areas of the region, or -1")
        points, lives = (home_points(p, k, w, worse) for p, w in ((centres, "centres"), (homes, "homes")))
        reach = per_territory(max_km, k, np.inf, "the largest distance", bad)
        if np.isfinite(reach).any():
            lost = np.isfinite(reach) & np.isnan(points[:, 0]) & np.isnan(lives[:, 0])
            if sd is not None and sd.shape == (k,):
                lost[sd >= 0] = False
            if lost.any():
                bad.append("a largest distance needs a home: give the territory one, or a center or a seed")
        bundles = np.full(n, -1, np.int64) if groups is None else as_array(groups, np.int64, worse, "the groups")
        if bundles.shape != (n,):
            worse.append(f"groups must give each of {n} areas a number, or -1")
        least = per_measure(floors, names, k, -np.inf, "minimum", bad)
        most = per_measure(caps, names, k, np.inf, "maximum", bad)
        if (least > most).any():
            bad.append("a minimum is above the maximum; swap them")
        if (max_moved is not None or continuity) and codes["start"] is None:
            bad.append("keeping close to today's plan needs today's plan")
        if unit_names is not None and len(unit_names) != n:
            worse.append(f"{len(unit_names)} names don't fit {n} areas")
        soft = {q: price((balance or {}).get(q, 0.0), f"the price of an uneven {q}", bad) for q in names}
        bad += [f'there is no measure "{q}" to balance' for q in balance or {} if q not in names]
        keep = price(continuity, "the price of change", bad)
        moved = np.inf if max_moved is None else price(max_moved, "the share that may move", bad, most=1.0)
        rest = price(remainder, "the share without a territory", bad, most=1.0)
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
            floor=least,
            cap=most,
            balance=np.array([soft[q] for q in names]),
            continuity=keep,
            max_moved=moved,
            centres=points,
            max_km=reach,
            homes=lives,
            groups=bundles,
            remainder=rest,
        )

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def limited(self) -> NDArray[np.bool_]:
        """bool (m,), measures that have a limit on either side."""
        return np.asarray(np.isfinite(self.lowest).any(axis=0) | np.isfinite(self.highest).any(axis=0), np.bool_)

    def name(self, unit: int) -> str:
        """Name of a unit for a message."""
        return unit_name(self.unit_names, unit)

    @property
    def scale_km2(self) -> float:
        """What prices are measured in: the moment of inertia of the whole region about its centre, divided by k."""
        w = self.weights[:, 0] if self.weights[:, 0].sum() > 0 else np.ones(len(self))
        xy = self.xy_km - np.average(self.xy_km, axis=0, weights=w)
        return float((w * (xy**2).sum(axis=1)).sum() / w.sum()) / self.territories

    @property
    def lowest(self) -> NDArray[np.float64]:
        """float64 (k, m), the least load each territory may have, -inf = no limit."""
        with np.errstate(invalid="ignore"):
            share = np.where(np.isfinite(self.low), self.targets * (1 - self.low), -np.inf)
        return np.maximum(share, self.floor)

    @property
    def highest(self) -> NDArray[np.float64]:
        """float64 (k, m), the most load each territory may have, inf = no limit."""
        with np.errstate(invalid="ignore"):
            share = np.where(np.isfinite(self.high), self.targets * (1 + self.high), np.inf)
        return np.minimum(share, self.cap)

    @property
    def homes_km(self) -> NDArray[np.float64]:
        """float64 (k, 2), where distances are measured from: homes, else fixed centres, else seeds; nan = nowhere."""
        out = np.where(np.isnan(self.homes), self.centres, self.homes)
        if self.seeds is not None:
            free = np.isnan(out[:, 0]) & (self.seeds >= 0)
            out[free] = self.xy_km[self.seeds[free]]
        return out

    def too_far(self) -> NDArray[np.bool_]:
        """bool (n, k), pairs of unit and territory beyond `max_km`."""
        out = np.zeros((len(self), self.territories), bool)
        homes = self.homes_km
        for j in np.flatnonzero(np.isfinite(self.max_km)):
            out[:, j] = ((self.xy_km - homes[j]) ** 2).sum(axis=1) > self.max_km[j] ** 2 * (1 + ROUNDING)
        return out

    def shares(self) -> NDArray[np.float64]:
        """float64 (n,), each unit's share of the first measure's load; all alike if it is 0 everywhere."""
        w = self.weights[:, 0] if self.weights[:, 0].sum() > 0 else np.ones(len(self))
        out: NDArray[np.float64] = w / w.sum()
        return out

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
        """float64 (k, m), how far each load lies outside its limits, as a share of the target (of the measure's mean
        load per territory where the target is 0)."""
        load = self.loads(assign)
        even = np.maximum(self.weights.sum(axis=0) / self.territories, 1e-300)
        goal = np.where(self.targets > 0, self.targets, even)
        out = np.maximum(np.maximum(self.lowest - load, load - self.highest) / goal, 0.0)
        out[out < ROUNDING] = 0.0
        return out

    def excesses(self, assign: NDArray[Any]) -> dict[str, float]:
        """How far a plan is outside each kind of limit, as shares; 0 = within.

        Keys: "load" (the sum of `excess`), "moved", "unassigned" (shares beyond the most allowed), "far" and "parted"
        (share of the load in units too far from their territory's home, and in groups that are not together).
        """
        a = np.asarray(assign).astype(np.int64)
        share = self.shares()
        out = {"load": float(self.excess(a).sum()), "moved": 0.0, "unassigned": 0.0, "far": 0.0, "parted": 0.0}
        if self.start is not None and np.isfinite(self.max_moved):
            out["moved"] = max(0.0, float(share[a != self.start].sum()) - self.max_moved)
        out["unassigned"] = max(0.0, float(share[a < 0].sum()) - self.remainder)
        if (a < 0).any() and self.remainder <= 0:
            out["unassigned"] = max(out["unassigned"], ROUNDING)
        if np.isfinite(self.max_km).any():
            on = np.flatnonzero(a >= 0)
            far = on[self.too_far()[on, a[on]]]
            out["far"] = max(float(share[far].sum()), ROUNDING if len(far) else 0.0)
        inside = np.flatnonzero(self.groups >= 0)
        if len(inside):
            first: dict[int, int] = {}
            for i in inside:
                first.setdefault(int(self.groups[i]), int(a[i]))
            torn = {int(self.groups[i]) for i in inside if a[i] != first[int(self.groups[i])]}
            apart = np.isin(self.groups, list(torn))
            out["parted"] = max(float(share[apart].sum()), ROUNDING if torn else 0.0)
        return {kind: v if v >= ROUNDING / 2 else 0.0 for kind, v in out.items()}
