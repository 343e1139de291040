"""Whether the engine keeps its marks: figures of designs and rebalances, judged on the median seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks import marks
from benchmarks.engine.cases import Design, Rebalance
from benchmarks.engine.judging import Quality, median_seed, ratio
from benchmarks.marks import Figure


def design_figures(
    case: Design, plans: Sequence[Quality], seconds: Sequence[float], reference: float | None, least_n: int
) -> list[Figure]:
    """The marks of a design.

    Args:
        case: what is promised.
        plans: one per seed.
        seconds: one per seed.
        reference: moment of inertia of METIS's best seed, km2.
        least_n: seeds that must have ended.
    """
    if not plans:
        return [Figure(case.title, "seeds that ended", 0, "", least_n, exact=True)]
    promised, count = case.promised, {"n": len(plans)}
    counted = {**count, "least_n": least_n if promised else 1}
    middle = median_seed(plans, case.within)
    share = 100 * sum(p.feasible(case.within) for p in plans) / len(plans)
    worst = marks.amount(max(p.deviation for p in plans), "%")
    value = 100 * ratio(middle.moment, reference)
    compared = {"km²": f"{middle.moment:,.0f}", "METIS": "none" if reference is None else f"{reference:,.0f}"}
    return [
        marks.timed(
            case.title,
            "time",
            seconds,
            "s",
            case.seconds if promised else None,
            by="max" if case.every else "p50",
            least_n=counted["least_n"],
        ),
        Figure(
            case.title,
            "seeds in one piece, within the tolerance",
            share,
            "%",
            100.0 if case.every else None,
            exact=True,
            **(counted if case.every else count),
        ),
        Figure(
            case.title,
            "extra components, median seed",
            middle.extra,
            "",
            0 if promised else None,
            exact=True,
            **counted,
        ),
        Figure(
            case.title,
            "deviation, median seed",
            middle.deviation,
            "%",
            100 * case.within if promised else None,
            **counted,
            also={"max": worst},
        ),
        Figure(
            case.title,
            "moment of inertia / METIS, median seed",
            value,
            "%",
            None if case.least_ratio is None else 100 * case.least_ratio,
            **(count if case.least_ratio is None else counted),
            also=compared,
        ),
    ]


def rebalance_figures(
    case: Rebalance,
    plans: Sequence[Quality],
    first: Sequence[float],
    moved: Sequence[float],
    least: float,
    least_n: int,
) -> list[Figure]:
    """The marks of a rebalance.

    Args:
        case: what is promised.
        plans: one per seed.
        first: seconds until a first answer within the limits, nan without one.
        moved: % of the load, one per seed.
        least: % of the load the exact model moves, nan if it found nothing.
        least_n: seeds that must have ended.
    """
    if not plans:
        return [Figure(case.title, "seeds that ended", 0, "", least_n, exact=True)]
    share = 100 * sum(p.feasible(case.within) for p in plans) / len(plans)
    waited = [math.inf if math.isnan(f) else f for f in first]
    middle = sorted(moved)[len(moved) // 2]
    also = {"moved": marks.amount(middle, "%"), "exact model": marks.amount(least, "%")}
    return [
        marks.timed(case.title, "first answer within the limits", waited, "s", case.first_s, by="p50", least_n=least_n),
        Figure(case.title, "seeds in one piece, within the tolerance", share, "%", n=len(plans)),
        Figure(
            case.title,
            "moved load / exact model's, median seed",
            100 * middle / least,
            "%",
            100 * case.beyond,
            n=len(plans),
            least_n=least_n,
            also=also,
        ),
    ]
