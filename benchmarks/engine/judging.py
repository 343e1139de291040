"""How good a plan is, whoever made it, and what several seeds of a method come to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.metrics import Context, evaluate
from terr.metrics.tally import full_tally
from terr.model.problem import ROUNDING


@dataclass(frozen=True)
class Quality:
    """How good a plan is.

    Attributes:
        deviation: largest |load / target - 1| of all territories and measures, %.
        extra: connected components beyond one per territory.
        moment: load-weighted moment of inertia, km2.
        polsby: mean Polsby-Popper of its territories, 0 to 1.
        complete: it has as many territories as asked for, and every unit is in one.
        kept: locked units are where they are locked.
    """

    deviation: float
    extra: int
    moment: float
    polsby: float = 0.0
    complete: bool = True
    kept: bool = True

    def feasible(self, tolerance: float) -> bool:
        """In one piece each, within the tolerance (a share of the target), complete, locks kept."""
        return self.extra == 0 and self.deviation <= 100 * (tolerance + ROUNDING) and self.complete and self.kept

    def rank(self, tolerance: float) -> tuple[bool, int, float, float]:
        """Complete first, then in one piece, then within the tolerance, then compact; smaller is better."""
        beyond = self.deviation - 100 * tolerance
        return not (self.complete and self.kept), self.extra, beyond if beyond > 100 * ROUNDING else 0.0, self.moment


def judge(
    units: Any, weights: NDArray[np.float64], slots: NDArray[Any], k: int, locked: NDArray[Any] | None = None
) -> Quality:
    """Measures any plan alike, ours or a peer's.

    Args:
        units: graph, borders, areas and points, as `terr.metrics.Context` takes them.
        weights: (n, m) or (n,), loads; the first measure weighs distances. Targets are equal shares.
        slots: int (n,), territory 0..k-1 per unit; a peer may have made more, or left units out (-1).
        k: how many territories were asked for.
        locked: int (n,), territory a unit must be in, -1 = free.
    """
    slots = np.asarray(slots).astype(np.int64)
    weights = np.asarray(weights, np.float64).reshape(len(slots), -1)
    many = max(k, int(slots.max()) + 1)
    goal = np.tile(weights.sum(axis=0) / k, (many, 1))
    counted = full_tally(slots, tuple(range(many)), units, weights, np.zeros(len(slots), np.int64))
    context = Context(counted, tuple(str(q) for q in range(weights.shape[1])), goal)
    keys = ("max_deviation_pct", "extra_components", "moment_of_inertia_km2", "polsby_popper_mean")
    found = evaluate(context, keys).values
    on = np.zeros(len(slots), np.bool_) if locked is None else np.asarray(locked) >= 0
    return Quality(
        deviation=float(found["max_deviation_pct"].max()),
        extra=found["extra_components"],
        moment=found["moment_of_inertia_km2"],
        polsby=found["polsby_popper_mean"],
        complete=bool(many == k and (context.tally.size > 0).all() and not context.free.any()),
        kept=bool(locked is None or (slots[on] == np.asarray(locked)[on]).all()),
    )


def best(plans: Sequence[Quality], tolerance: float) -> Quality:
    """The best plan by `Quality.rank`."""
    return min(plans, key=lambda p: p.rank(tolerance))


def median_seed(plans: Sequence[Quality], tolerance: float) -> Quality:
    """The plan in the middle by `Quality.rank`; of an even number the worse of the middle two."""
    return sorted(plans, key=lambda p: p.rank(tolerance))[len(plans) // 2]


def ratio(moment: float, reference: float | None) -> float:
    """moment / reference; nan if there is no reference."""
    return moment / reference if reference else math.nan


@dataclass(frozen=True)
class Row:
    """A method on a case: shares and medians over its seeds, each figure by itself.

    Attributes:
        case, method: names; within: the tolerance it was asked for and is judged by, as a share of the target.
        seeds: how many plans there are.
        feasible: share of them that are, 0 to 1.
        seconds: median wall-clock time of a seed.
        deviation: median, %; extra: most components beyond one per territory of any seed.
        polsby: median of the plans' means; moment: median, km2; ratio: moment / that of METIS's best seed.
        note: why there is nothing, or what to know.
        slowest, worst_deviation, worst_moment: of any seed.
    """

    case: str
    method: str
    within: float
    seeds: int
    feasible: float = math.nan
    seconds: float = math.nan
    deviation: float = math.nan
    extra: float = math.nan
    polsby: float = math.nan
    moment: float = math.nan
    ratio: float = math.nan
    note: str = ""
    slowest: float = math.nan
    worst_deviation: float = math.nan
    worst_moment: float = math.nan

    def cells(self) -> tuple[str, ...]:
        """The cells of `HEAD`; a figure that isn't there is left out."""
        return (
            self.case,
            self.method,
            f"{100 * self.within:g}%",
            str(self.seeds),
            f"{round(self.feasible * self.seeds)} of {self.seeds}" if self.seeds else "",
            _number(self.seconds, "{:,.2f} s"),
            _number(self.slowest, "{:,.2f} s"),
            _number(self.deviation, "{:,.2f}%"),
            _number(self.worst_deviation, "{:,.2f}%"),
            _number(self.extra, "{:,.0f}"),
            _number(self.polsby, "{:.3f}"),
            _number(self.moment, "{:,.0f}"),
            _number(self.worst_moment, "{:,.0f}"),
            _number(self.ratio, "{:.3f}"),
            self.note,
        )

    def plain(self) -> dict[str, Any]:
        """As JSON, which has no nan."""
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(self).items()}


HEAD = (
    "Case",
    "Method",
    "Within",
    "Seeds",
    "Feasible",
    "Seconds",
    "Worst",
    "Deviation",
    "Worst",
    "Extra components",
    "Polsby-Popper",
    "Moment of inertia, km²",
    "Worst",
    "÷ METIS",
    "Note",
)


def row(
    case: str,
    method: str,
    within: float,
    plans: Sequence[Quality],
    seconds: Sequence[float],
    reference: float | None = None,
    note: str = "",
) -> Row:
    """What several seeds come to.

    Args:
        case: its name.
        method: its name.
        within: tolerance, a share of the target.
        plans: one per seed.
        seconds: one per seed.
        reference: moment of inertia to compare with, km2.
        note: see `Row`.
    """
    if not plans:
        return Row(case, method, within, 0, note=note)
    moment = statistics.median(p.moment for p in plans)
    return Row(
        case,
        method,
        within,
        len(plans),
        feasible=sum(p.feasible(within) for p in plans) / len(plans),
        seconds=statistics.median(seconds),
        deviation=statistics.median(p.deviation for p in plans),
        extra=max(p.extra for p in plans),
        polsby=statistics.median(p.polsby for p in plans),
        moment=moment,
        ratio=ratio(moment, reference),
        note=note,
        slowest=max(seconds),
        worst_deviation=max(p.deviation for p in plans),
        worst_moment=max(p.moment for p in plans),
    )


def _number(value: float, text: str) -> str:
    return "" if math.isnan(value) else text.format(value)
