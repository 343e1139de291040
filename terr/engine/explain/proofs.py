"""Proofs without a model: what by itself already shows that no plan can keep every limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import locked_parts
from terr.engine.check import precheck
from terr.engine.explain.bounds import Bounds, amount, names
from terr.engine.explain.dead_ends import dead_ends
from terr.engine.full_territories import pieces
from terr.model.problem import ROUNDING, Problem
from terr.model.result import Explanation
from terr.model.wording import miles_and_km

Ints = NDArray[np.int64]
LARGE = 5
"""Units too large by themselves that are told of at most, per measure."""


def proofs(
    problem: Problem, bounds: Bounds, first: Ints, over: Callable[[], bool]
) -> tuple[list[Explanation], list[int]]:
    """Everything that alone shows that no plan keeps all limits.

    Codes: too_many_territories, locked_apart, locked_far, out_of_reach, unit_too_large, locked_too_heavy,
    caps_too_small, floors_too_large, piece_misfit, dead_end.

    Args:
        problem: what was asked.
        bounds: of the problem.
        first: units in the order in which dead ends are looked for.
        over: True once time is up.

    Returns:
        The explanations, and a unit of each dead end.
    """
    out = [e for e in precheck(problem) if e.code == "too_many_territories"]
    if out:
        return out, []
    for j, groups in locked_parts(problem, bounds.ip, bounds.ix):
        units = [int(g[0]) for g in groups]
        text = f"territory {j + 1} can't be in one piece: {names(problem, units)} are locked to it and can't be joined"
        out.append(Explanation("locked_apart", f"{text}; unlock what lies between, or one side", tuple(units)))
    out += _far(problem, bounds)
    out += _heavy(problem, bounds)
    out += _sums(problem, bounds)
    out += _misfits(problem, bounds)
    if out:
        return out, []
    return dead_ends(problem, bounds, first, over)


def _far(problem: Problem, bounds: Bounds) -> list[Explanation]:
    out = []
    homes = problem.homes_km
    lost = np.flatnonzero(~bounds.may.any(axis=1))
    for j in np.unique(problem.locked[lost[problem.locked[lost] >= 0]]).astype(int).tolist():
        units = lost[problem.locked[lost] == j]
        km = np.sqrt(((problem.xy_km[units] - homes[j]) ** 2).sum(axis=1))
        units = units[np.argsort(-km, kind="stable")]
        upto = "up to " if len(units) > 1 else ""
        out.append(
            Explanation(
                "locked_far",
                f"territory {j + 1} can't keep both its distance of {miles_and_km(problem.max_km[j])} and the lock on "
                f"{names(problem, units)}, {upto}{miles_and_km(km.max())} from its home; unlock or allow a longer "
                "distance",
                tuple(int(u) for u in units),
            )
        )
    free = lost[problem.locked[lost] < 0]
    share = problem.shares()
    if len(free) and (bounds.must[free].any() or share[free].sum() > problem.remainder + ROUNDING):
        free = free[np.argsort(-share[free], kind="stable")]
        u = int(free[0])
        km = np.sqrt(((homes - problem.xy_km[u]) ** 2).sum(axis=1))
        spare = f"; at most {100 * problem.remainder:g}% may stay without a territory" if problem.remainder else ""
        out.append(
            Explanation(
                "out_of_reach",
                f"no territory may reach {names(problem, free)}: the nearest home is {miles_and_km(np.nanmin(km))} "
                f"from {problem.name(u)}{spare}; allow longer distances, another home, or more without a territory",
                tuple(int(v) for v in free),
            )
        )
    return out


def _heavy(problem: Problem, bounds: Bounds) -> list[Explanation]:
    out: list[Explanation] = []
    w = problem.weights
    for q in range(w.shape[1]):
        name = problem.measures[q]
        top = np.where(bounds.may, bounds.hi[:, q], -np.inf).max(axis=1)
        large = np.flatnonzero(bounds.must & (w[:, q] > top) & bounds.may.any(axis=1))
        large = large[np.argsort(-w[large, q], kind="stable")]
        for u in large[:LARGE].tolist():
            j = int(np.where(bounds.may[u], bounds.hi[:, q], -np.inf).argmax())
            goal, most = problem.targets[j, q], problem.highest[j, q]
            if goal > 0 and most == goal * (1 + problem.high[q]):
                has, than = f"{100 * w[u, q] / goal:.0f}% of a territory's {name}", f"{100 * most / goal:g}% allowed"
            else:
                has, than = f"{amount(w[u, q])} of {name}", f"{amount(most)} its territory may have"
            text = f"{problem.name(u)} alone holds {has}, more than the {than}; split it into smaller areas"
            out.append(Explanation("unit_too_large", f"{text}, ask for fewer territories or allow more", (u,)))
        for j in np.unique(problem.locked[problem.locked >= 0]).astype(int).tolist():
            units = np.flatnonzero(problem.locked == j)
            total = w[units, q].sum()
            if total > bounds.hi[j, q] and w[units, q].max() <= bounds.hi[j, q]:
                units = units[np.argsort(-w[units, q], kind="stable")]
                out.append(
                    Explanation(
                        "locked_too_heavy",
                        f"territory {j + 1} may have {amount(problem.highest[j, q])} of {name}, but the areas locked "
                        f"to it ({names(problem, units)}) already have {amount(total)}; unlock some or allow more",
                        tuple(int(u) for u in units),
                    )
                )
    return list(dict.fromkeys(out))


def _sums(problem: Problem, bounds: Bounds) -> list[Explanation]:
    out = []
    total = problem.weights.sum(axis=0)
    for q, name in enumerate(problem.measures):
        spare = problem.remainder + ROUNDING if problem.remainder > 0 else 0.0
        kept = total[q] * (1 - spare) if q == 0 or spare == 0 else -np.inf
        most, least = bounds.hi[:, q].sum(), bounds.lo[:, q].sum()
        if most < kept:
            out.append(
                Explanation(
                    "caps_too_small",
                    f"the most {name} each territory may have adds up to {amount(problem.highest[:, q].sum())}, less "
                    f"than the {amount(total[q])} there is; allow more or ask for more territories",
                )
            )
        if least > total[q]:
            out.append(
                Explanation(
                    "floors_too_large",
                    f"the least {name} each territory must have adds up to {amount(problem.lowest[:, q].sum())}, more "
                    f"than the {amount(total[q])} there is; ask for less or for fewer territories",
                )
            )
    return out


def _misfits(problem: Problem, bounds: Bounds) -> list[Explanation]:
    """Parts of the region that no whole number of territories can fill."""
    if problem.remainder > 0:
        return []
    k = problem.territories
    count, label = pieces(bounds.ip, bounds.ix, np.zeros(len(problem), np.int8))
    few_all = 0
    for c in range(count):
        units = np.flatnonzero(label == c)
        few, many, worst = 1, k, -1
        for q in range(len(problem.measures)):
            load = problem.weights[units, q].sum()
            top, low = bounds.hi[:, q].max(), bounds.lo[:, q].min()
            if np.isfinite(top) and load > 0:
                few = max(few, int(np.ceil(load / top)) if top > 0 else k + 1)
            if low > 0:
                many = min(many, int(load / low))
            if few > many:
                worst = q
                break
        few_all += few
        if worst >= 0 and count > 1:
            heavy = units[np.argsort(-problem.weights[units, worst], kind="stable")]
            load, name = problem.weights[units, worst].sum(), problem.measures[worst]
            goal = problem.targets[:, worst].mean()
            return [
                Explanation(
                    "piece_misfit",
                    f"{names(problem, heavy)} share no border with the rest and have {amount(load)} of {name}, "
                    f"{load / goal:.2f} of a territory's: no whole number of territories within the limits fits there; "
                    "join them to the rest or allow more",
                    tuple(int(u) for u in heavy),
                )
            ]
    if count > 1 and few_all > k:
        return [
            Explanation(
                "piece_misfit",
                f"the region is in {count} pieces that share no border and together need at least {few_all} "
                f"territories within the limits; ask for {few_all} or more, or join them",
            )
        ]
    return []
