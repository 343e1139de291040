"""What a person is told of the books beside each account's reason: what can't be held, and why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.engine.books.items import Costs, Items
from terr.engine.books.problem import BooksProblem
from terr.engine.books.relaxation import Relaxed
from terr.model.result import Explanation
from terr.model.wording import count

Ints = NDArray[np.int64]
MOST_LINES = 10


def _some(problem: BooksProblem, accounts: Ints) -> str:
    """Up to three names."""
    return ", ".join(problem.account(int(i)) for i in accounts[:3])


def told_before(problem: BooksProblem, items: Items, costs: Costs) -> list[Explanation]:
    """What is known before anything is divided: accounts nobody can serve, accounts too large, too few accounts."""
    out = []
    hopeless = costs.wrong.min(axis=1) > 0
    stuck = np.flatnonzero(hopeless[items.node])
    if len(stuck):
        why = "the skills they ask for, near enough" if np.isfinite(problem.max_km).any() else "the skills they ask for"
        why = why if problem.needs.shape[1] else "a home near enough"
        families = " (families count as one)" if (items.size[items.node[stuck]] > 1).any() else ""
        out.append(
            Explanation(
                "nobody_fits",
                f"no rep has {why}: {count(len(stuck), 'account')}{families}, such as {_some(problem, stuck)}; "
                "they are where the fewest fail",
                tuple(int(i) for i in stuck[:MOST_LINES]),
            )
        )
    forced = np.flatnonzero((problem.locked >= 0) & ~hopeless[items.node])
    if len(forced):
        at = items.node[forced]
        against = forced[costs.wrong[at, items.locked[at]] > 0]
        if len(against):
            out.append(
                Explanation(
                    "lock_against_rule",
                    f"{count(len(against), 'account is', 'accounts are')} locked to a rep who lacks a skill or is too "
                    f"far away ({_some(problem, against)}); the lock was followed",
                    tuple(int(i) for i in against[:MOST_LINES]),
                )
            )
    for q in range(len(items.row)):
        most = items.hi[:, q].max()
        large = np.flatnonzero(items.w[:, q] > most * (1 + 1e-6) + 1e-12)
        if len(large) and items.row[q] < len(problem.measures):
            large = large[np.argsort(-items.w[large, q], kind="stable")]
            names = _some(problem, np.array([int(np.flatnonzero(items.node == i)[0]) for i in large[:3]]))
            times = items.w[large[0], q] * items.unit[q] / problem.scale[:, items.row[q]].max()
            out.append(
                Explanation(
                    "account_too_large",
                    f"{names} alone {'has' if len(large) == 1 else 'have'} more {problem.measures[items.row[q]]} than "
                    f"any territory may (the largest is {100 * times:.0f}% of a target); allow more, use fewer "
                    "territories, or name such accounts in a layer of their own",
                )
            )
    if items.n < items.k:
        short = count(items.n, "account or family", "accounts and families")
        out.append(Explanation("too_few_accounts", f"{items.k:,} territories but only {short}; some stay empty"))
    homeless = np.flatnonzero(np.isnan(problem.homes[:, 0]))
    if 0 < len(homeless) < items.k:
        some = ", ".join(problem.book(int(j)) for j in homeless[:3])
        out.append(
            Explanation(
                "home_missing",
                f"{count(len(homeless), 'rep has', 'reps have')} no home ({some}); "
                "travel is measured from the middle of their own accounts",
            )
        )
    lost = np.flatnonzero(np.isnan(problem.xy_km[:, 0]))
    if len(lost) and (problem.visits[lost] > 0).any():
        out.append(
            Explanation(
                "no_place",
                f"{count(len(lost), 'account has', 'accounts have')} no known place ({_some(problem, lost)}); "
                "no travel is counted for them",
            )
        )
    return out


def cant_hold(problem: BooksProblem, items: Items, relaxed: Relaxed, assign: NDArray[np.int32]) -> list[Explanation]:
    """The limits these books break, the worst first, and whether any books could keep them.

    Args:
        problem: what was divided; items: of it.
        relaxed: of the last solve; where even shares of accounts break limits, no books can hold them.
        assign: int32 (n,).
    """
    over = problem.excess(assign)
    if not over.any():
        return []
    out = []
    slack = np.argwhere(relaxed.slack > 1e-7)
    if len(slack):
        named = sorted({int(items.row[r]) for _, r in slack})
        which = " and ".join(problem.measures[q] if q < len(problem.measures) else "number of accounts" for q in named)
        why = _causes(problem)
        out.append(
            Explanation(
                "limits_conflict",
                f"no division can keep the limits on {which}, not even with accounts shared between reps{why}; "
                "these books break them as little as was found",
            )
        )
    load, size = problem.loads(assign), np.bincount(assign, minlength=problem.books)
    for j, q in sorted(np.argwhere(over > 0).tolist(), key=lambda p: -over[p[0], p[1]])[:MOST_LINES]:
        inside = np.flatnonzero(assign == j)
        if q == len(problem.measures):
            few = size[j] < problem.fewest[j]
            limit = problem.fewest[j] if few else problem.most[j]
            side = "fewer" if few else "more"
            text = f"{problem.book(j)} has {count(int(size[j]), 'account')}, {side} than {limit:,.0f}"
            out.append(Explanation("limit_broken", text))
            continue
        name, goal = problem.measures[q], problem.targets[j, q]
        above = load[j, q] > problem.highest[j, q]
        bound = problem.highest[j, q] if above else problem.lowest[j, q]
        off = (
            f"{100 * abs(load[j, q] / goal - 1):.1f}% {'above' if above else 'below'} its target"
            if goal > 0
            else (f"at {load[j, q]:,.0f}")
        )
        inside = inside[np.argsort(-problem.weights[inside, q], kind="stable")]
        largest = f"; its largest accounts are {_some(problem, inside)}" if len(inside) and above else ""
        out.append(
            Explanation(
                "limit_broken",
                f"{problem.book(j)} is {off} for {name}; the {'most' if above else 'least'} allowed is "
                f"{bound:,.0f}{largest}",
                tuple(int(i) for i in inside[:3]) if above else (),
            )
        )
    return out


def _causes(problem: BooksProblem) -> str:
    """What beside the limits ties accounts to books."""
    tied = [
        (bool((problem.locked >= 0).any()), "locks"),
        (problem.needs.any() and problem.misfit == np.inf, "required skills"),
        (bool(np.isfinite(problem.max_km).any()), "the farthest distance"),
        (bool((problem.families >= 0).any()), "families kept together"),
    ]
    found = [name for holds, name in tied if holds]
    if not found:
        return ""
    return f", because of {' and '.join(found) if len(found) < 3 else ', '.join(found[:-1]) + ' and ' + found[-1]}"
