"""`design`: the whole way from a problem to a plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.engine.centring import polish, transport
from terr.engine.check import FATAL, precheck
from terr.engine.construct import FEW, metis_labels, power_labels, ready, whole
from terr.engine.improve import Clock, improve, moment, rank
from terr.engine.work import Work, pieces, too_many_pieces
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.result import Explanation, Progress, Result

Labels = NDArray[np.int64]
LARGE = 10_000
"""Above so many units the power diagram misses the balance and METIS alone starts."""
MODEL = "contiguous territories, least load-weighted moment of inertia within the limits"


def design(
    problem: Problem,
    *,
    seed: int = 1,
    time_limit_s: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
) -> Result:
    """Draws territories: contiguous, locks kept, within the limits if possible, then as compact as possible.

    Starts from balanced power diagrams and METIS, refines the best by a PuLP transportation model, improves each by
    recombination and annealing, and polishes the best by a PuLP mixed-integer model with contiguity cuts.

    Args:
        problem: what to design.
        seed: same problem, seed and effort give the same plan unless the time limit stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: called with a `Progress` a few times a second.
        cancel: asked often; True ends the work with the best plan so far.
        effort: multiplies the number of steps.

    Raises:
        PlanError: if no plan can exist, e.g. more territories than units.
        SolveError: if no solver can run.
    """
    notes = precheck(problem)
    for note in notes:
        if note.code in FATAL:
            raise PlanError(note.message)
    clock = Clock(problem, time_limit_s, progress, cancel)
    work = ready(problem)
    rng = np.random.default_rng(seed)
    trace: list[tuple[float, float, float]] = []
    best: Labels | None = None
    top = (np.inf, np.inf, np.inf)

    def keep(plan: Labels) -> None:
        nonlocal best, top
        new = rank(work, plan)
        if best is None or new < top:
            best, top = plan, new
            deviation = float(np.abs(problem.deviations(plan)[:, 0]).max())
            trace.append((clock.seconds(), deviation, moment_km2(problem, plan)))

    clock.tell("Looking at the map", None, 0.0, force=True)
    count = 1 if work.k in (1, work.n) else 3 if work.n <= 6000 else 1
    starts = _starts(problem, work, rng, seed, count, clock)
    for s, raw in enumerate(starts):
        plan = whole(work, raw)
        keep(plan)
        if clock.over():
            break
        clock.tell(f"Improving draft {s + 1} of {len(starts)}", best, 0.1 + 0.7 * s / len(starts))
        keep(improve(work, plan, seed * 1000 + s, clock, effort=effort))
    if best is None:
        raise PlanError("there is nothing to start from")
    extra = 0
    while top[0] > 0 and extra < 3 and work.k > 1 and not clock.over():
        clock.tell("Bringing loads within their limits", best, 0.8)
        keep(improve(work, best, seed * 1000 + 500 + extra, clock, effort=effort, rounds=1, warm_start=extra > 0))
        extra += 1
    solver = ""
    if not clock.over():
        clock.tell("Polishing with the exact model", best, 0.85, force=True)
        better, solver = polish(
            work,
            best,
            clock,
            lambda p: clock.tell("Polishing with the exact model", p, 0.9),
            rounds=3 if work.n <= 1500 else 1,
        )
        keep(better)
    best = relabel(problem, work, best)
    clock.tell("Done", best, 1.0, force=True)
    return finish(problem, work, best, clock, notes, tuple(trace), solver)


def _starts(
    problem: Problem, work: Work, rng: np.random.Generator, seed: int, count: int, clock: Clock
) -> list[Labels]:
    """Different first labellings, best first: power diagrams refined by the transportation model, and METIS's best.

    A diagram whose cells are compact but unbalanced is worth little, so they compete after the model balanced them.
    """
    if work.k == 1:
        return [np.zeros(work.n, np.int64)]
    drafts: list[tuple[float, int, Labels]] = []
    if work.n <= LARGE:
        near, rounds = 6, 2
        for z in range(1 if problem.seeds is not None else 2 * count):
            if drafts and (clock.over() or clock.past(0.35)):
                break
            clock.tell("Placing centres", None, 0.05 * z / count)
            raw = transport(work, power_labels(work, rng, problem.seeds, outer=12), rounds, near, clock)
            drafts.append((moment(work, whole(work, raw)), z, raw))
        drafts.sort(key=lambda t: t[:2])
        for z, (_, number, raw) in enumerate(drafts[:count]):
            if clock.over() or clock.past(0.5):
                break
            drafts[z] = (0.0, number, transport(work, raw, 2, near, clock))
    cuts: list[tuple[tuple[float, float, float], int, Labels]] = []
    for z in range(4 * count if work.n >= FEW * work.k or not drafts else 0):
        if (drafts or cuts) and (clock.over() or clock.past(0.5)):
            break
        raw = metis_labels(work, seed * 100 + z, 30)
        cuts.append((rank(work, whole(work, raw)), z, raw))
    cuts.sort(key=lambda t: t[:2])
    out = [d[2] for d in drafts[:count]]
    return out + [c[2] for c in cuts[:1]] if cuts and (problem.seeds is None or not out) else out


def relabel(problem: Problem, work: Work, plan: Labels) -> Labels:
    """Renames territories that are alike in target and hold no lock so that they match `start` or the seeds."""
    if problem.start is None and problem.seeds is None:
        return plan
    k = work.k
    gain = np.zeros((k, k))
    if problem.start is not None:
        on = problem.start >= 0
        np.add.at(gain, (plan[on], problem.start[on]), work.g[on])
    elif problem.seeds is not None:
        s, m = problem.xy_km[problem.seeds], problem.xy_km
        for j in range(k):
            inside = plan == j
            c = np.average(m[inside], axis=0, weights=work.g[inside]) if inside.any() else m.mean(axis=0)
            gain[j] = -((s - c) ** 2).sum(axis=1)
    else:
        return plan
    kind = np.column_stack([problem.targets, work.lo, work.hi])
    held = np.isin(np.arange(k), work.locked)
    alike = (np.abs(kind[:, None] - kind[None]).max(axis=2) <= 1e-9 * np.abs(kind).max()) & ~held[:, None] & ~held[None]
    np.fill_diagonal(alike, val=True)
    old, new = linear_sum_assignment(np.where(alike, -gain, 1e18))
    name = np.zeros(k, np.int64)
    name[old] = new
    return name[plan]


def moment_km2(problem: Problem, plan: NDArray[np.int64]) -> float:
    """Load-weighted moment of inertia of the first measure, km2: sum w d^2 / sum w to each territory's own centre.

    Every unit weighs 1 if the measure is 0 everywhere.
    """
    w = problem.weights[:, 0]
    if w.sum() <= 0:
        w = np.ones(len(w))
    xy = problem.xy_km - problem.xy_km.mean(axis=0)
    total = np.bincount(plan, w, problem.territories)
    safe = np.where(total > 0, total, 1.0)
    c = np.c_[[np.bincount(plan, w * xy[:, d], problem.territories) / safe for d in (0, 1)]].T
    return float((w * ((xy - c[plan]) ** 2).sum(axis=1)).sum() / w.sum())


def limit_notes(problem: Problem, plan: NDArray[np.int64]) -> list[Explanation]:
    """One explanation per territory and measure outside its limits, the worst first, ten at most."""
    over = problem.excess(plan)
    deviation = problem.deviations(plan)
    out = []
    for j, q in sorted(np.argwhere(over > 0).tolist(), key=lambda p: -over[p[0], p[1]])[:10]:
        inside = np.flatnonzero(plan == j)
        units = tuple(int(u) for u in inside[np.argsort(-problem.weights[inside, q], kind="stable")][:3])
        d = deviation[j, q]
        side, allowed = ("above", problem.high[q]) if d > 0 else ("below", problem.low[q])
        largest = f"; its largest units are {', '.join(problem.name(u) for u in units)}" if units else ""
        out.append(
            Explanation(
                "limit_broken",
                f"territory {j + 1} is {100 * abs(d):.1f} % {side} its target for {problem.measures[q]}, "
                f"the limit is {100 * allowed:g} %{largest}",
                units,
            )
        )
    return out


def finish(
    problem: Problem,
    work: Work,
    plan: Labels,
    clock: Clock,
    notes: tuple[Explanation, ...],
    trace: tuple[tuple[float, float, float], ...],
    solver: str,
    *,
    objective: float | None = None,
    bound: float | None = None,
    model: str = MODEL,
) -> Result:
    """Judges a plan against the problem itself, not against the working limits or links.

    A territory in pieces breaks the one limit every plan has: its status says so even where each load is within its
    own, and `violation`, which is about loads, is 0.
    """
    violation = float(problem.excess(plan).sum())
    told = [*notes, *limit_notes(problem, plan)]
    if clock.late or clock.hurried:
        told.append(
            Explanation(
                "time_limit", f"{clock.limit:g} seconds were too short for all drafts; more time may find a better plan"
            )
        )
    value = moment_km2(problem, plan) if objective is None else objective
    empty = np.setdiff1d(np.arange(work.k), plan)
    used = work.k - len(empty)
    torn = pieces(problem.indptr, problem.indices, plan)[0] > used
    status = "limit_broken" if violation > 0 or torn else "stopped" if clock.stopped else "feasible"
    if status == "feasible" and bound is not None and value <= bound + 1e-9:
        status = "optimal"
    if len(empty):
        told.append(
            Explanation("empty_territory", f"territory {int(empty[0]) + 1} has no unit: locked units leave it no room")
        )
    if torn and not too_many_pieces(problem) and all(n.code != "locked_apart" for n in told):
        told.append(Explanation("locked_apart", "locked units keep a territory from being in one piece; unlock some"))
    return Result(
        assign=plan.astype(np.int16),
        status=status,
        violation=violation,
        objective=value,
        bound=bound,
        runtime_s=clock.seconds(),
        trace=trace,
        explanations=tuple(told),
        model=model,
        solver="annealing and recombination" + (f", PuLP with {solver}" if solver else ""),
        max_deviation=tuple(float(v) for v in np.abs(problem.deviations(plan)).max(axis=0)),
    )
