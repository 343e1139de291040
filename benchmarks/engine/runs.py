"""One case or one peer of the engine's benchmark, run in child processes and written into a `Report`."""

from __future__ import annotations

import argparse
import math
import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import cases, isolated, ours, rivals
from benchmarks.engine.cases import Certificate, Design, Rebalance
from benchmarks.engine.instances import Instance
from benchmarks.engine.isolated import Outcome
from benchmarks.engine.judging import Quality, Row, best, judge, row
from benchmarks.engine.verdicts import design_figures, rebalance_figures
from benchmarks.marks import Figure

PEER_S, QUICK_PEER_S = 45.0, 10.0
METIS_S, QUICK_EXACT_S = 120.0, 20.0
REBALANCE_HEAD = (
    "Case",
    "Method",
    "Within",
    "Seeds",
    "Feasible",
    "First answer",
    "Seconds",
    "Deviation",
    "Moved load",
    "Bound",
    "Note",
)


@dataclass(frozen=True)
class Peer:
    """A library's way to make territories, and how many seeds of it are run; `graphs`: it partitions large graphs."""

    name: str
    make: Callable[..., Callable[[int], Any]]
    seeds: int
    graphs: bool = False


PEERS = (
    Peer("GerryChain, recursive tree", rivals.recursive_tree, 3),
    Peer("GerryChain, ReCom short bursts", rivals.recom_bursts, 3),
    Peer("spopt, AZP", rivals.azp, 3),
    Peer("spopt, Skater", rivals.skater, 1),
    Peer("spopt, max-p", rivals.max_p, 3),
    Peer("spopt, Ward", rivals.ward, 1),
    Peer("k-means by load (scikit-learn)", rivals.kmeans, 5),
    Peer("balanced k-means (POT)", rivals.balanced_kmeans, 5),
    Peer("KaHIP, KaFFPa eco", rivals.kaffpa, 10, graphs=True),
)


@dataclass
class Report:
    """What a run found; peers add to it from two threads."""

    figures: list[Figure] = field(default_factory=list)
    rows: list[tuple[str, int, Row]] = field(default_factory=list)
    rebalances: list[tuple[str, ...]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    metis: dict[str, float] = field(default_factory=dict)

    def add(self, order: int, made: Row, outcome: Outcome | None = None, plans: Sequence[Quality] = ()) -> None:
        """A row, and its seeds for the JSON."""
        with self.lock:
            self.rows.append((made.case, order, made))
            if outcome is not None:
                seeds = [
                    {"seed": t.seed, "seconds": round(t.seconds, 3), **vars(p), **_also(t.answer)}
                    for t, p in zip(outcome.tries, plans, strict=True)
                ]
                self.details.setdefault(made.case, {})[made.method] = seeds

    def ordered(self) -> list[Row]:
        """Rows by case, then ours, METIS and the others."""
        place = {name: i for i, name in enumerate(cases.NAMES)}
        return [r for _, _, r in sorted(self.rows, key=lambda t: (place[t[0]], t[1]))]


def _also(answer: Any) -> dict[str, Any]:
    return {k: plain(v) for k, v in answer[1].items()} if isinstance(answer, tuple) else {}


def _slots(answer: Any) -> Any:
    return answer[0] if isinstance(answer, tuple) else answer


def plain(value: Any) -> Any:
    """As JSON, which has no nan."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def note_of(outcome: Outcome) -> str:
    """Why seeds are missing, or ""."""
    if outcome.failed:
        return f"failed: {outcome.failed}"
    if outcome.late:
        return f"stopped after {outcome.limit_s:g} s" if outcome.tries else f"> {outcome.limit_s:g} s"
    return ""


def judged(instance: Instance, outcome: Outcome, locked: Any = None) -> list[Quality]:
    """Each finished seed's plan, by the same functions for all methods."""
    return [judge(instance, instance.weights, _slots(t.answer), instance.k, locked) for t in outcome.tries]


def run_design(case: Design, report: Report, options: argparse.Namespace) -> None:
    """Ours alone on the machine, then METIS."""
    instance = case.make()
    more = dict(case.more(instance))
    count = options.seeds or case.seeds
    args = (instance, case.within, case.seconds, more)
    mine = isolated.run(ours.designs, args, range(1, count + 1), 4 * case.seconds * count + 30)
    asked = case.metis_within
    metis = isolated.run(rivals.metis, (instance, asked), range(1, case.metis_seeds + 1), METIS_S)
    theirs, took = judged(instance, metis), [t.seconds for t in metis.tries]
    reference = None
    if theirs:
        top = best(theirs, asked)
        report.metis[case.name] = reference = top.moment
        name = f"METIS, best of {len(theirs)} seeds"
        note = note_of(metis) or (
            "knows no locks" if more else "balances the sum of the measures"[: 60 * (len(instance.measures) > 1)]
        )
        report.add(1, row(case.name, name, asked, [top], [sum(took)], reference, note))
        report.add(2, row(case.name, "METIS, seed by seed", asked, theirs, took, reference), metis, theirs)
    else:
        report.add(1, row(case.name, "METIS", asked, [], [], note=note_of(metis)))
    plans, seconds = judged(instance, mine, more.get("locked")), [t.seconds for t in mine.tries]
    report.add(0, row(case.name, "Terr", case.within, plans, seconds, reference, note_of(mine)), mine, plans)
    report.figures += design_figures(case, plans, seconds, reference, count)


def run_peer(peer: Peer, designs: Sequence[Design], report: Report, options: argparse.Namespace) -> None:
    """One peer on all instances, the smallest first; none as large as one it had no plan of in time."""
    limit = QUICK_PEER_S if options.quick else PEER_S
    too_large: int | None = None
    for case in sorted(designs, key=lambda c: len(c.make())):
        instance = case.make()
        order = 3 + PEERS.index(peer)
        if too_large is not None and len(instance) >= too_large:
            note = f"not tried: > {limit:g} s at {too_large:,} units"
            report.add(order, row(case.name, peer.name, case.metis_within, [], [], note=note))
            continue
        args = (instance, case.metis_within)
        outcome = isolated.run(peer.make, args, range(1, min(peer.seeds, options.seeds or 99) + 1), limit)
        plans = judged(instance, outcome)
        if outcome.late and not plans:
            too_large = len(instance)
        seconds = [t.seconds for t in outcome.tries]
        note = "; ".join(t for t in (note_of(outcome), _count_note(outcome, instance.k)) if t)
        made = row(case.name, peer.name, case.metis_within, plans, seconds, report.metis.get(case.name), note)
        report.add(order, made, outcome, plans)


def _count_note(outcome: Outcome, k: int) -> str:
    made = sorted({len(np.unique(_slots(t.answer))) for t in outcome.tries} - {k})
    return f"makes {' or '.join(map(str, made))} territories" if made else ""


def run_rebalance(case: Rebalance, options: argparse.Namespace) -> Outcome:
    """Ours alone on the machine."""
    instance, start = cases.shaken(case.make)
    count = options.seeds or cases.SEEDS
    args = (instance, case.within, case.seconds, start)
    return isolated.run(ours.rebalances, args, range(1, count + 1), 3 * case.seconds * count + 30)


def run_exact(case: Rebalance, options: argparse.Namespace) -> Outcome:
    """The exact model, which has much time."""
    instance, start = cases.shaken(case.make)
    limit = QUICK_EXACT_S if options.quick else case.exact_s
    return isolated.run(_exact, (instance, case.within, start, case.hops, limit), (1,), 2 * limit + 30)


def _exact(*args: Any) -> Callable[[int], Any]:
    from benchmarks.engine.exact import least_moved

    return least_moved(*args)


def _moved_pct(before: NDArray[Any], after: NDArray[Any], weights: NDArray[np.float64]) -> float:
    return float(100 * weights[before != after, 0].sum() / weights[:, 0].sum())


def report_rebalance(
    case: Rebalance, mine: Outcome, exact: Outcome, report: Report, options: argparse.Namespace
) -> None:
    """Figures, and rows of the plan before, ours and the exact model's."""
    instance, start = cases.shaken(case.make)
    before = judge(instance, instance.weights, start, instance.k)
    away = f"{before.deviation:,.2f}%"
    report.rebalances.append((case.name, "the plan before", f"{100 * case.within:g}%", *[""] * 4, away, *[""] * 3))
    told, plans, moved = {}, {}, {}
    for name, outcome in (("Terr", mine), ("exact model", exact)):
        told[name] = [_also(t.answer) for t in outcome.tries]
        plans[name] = judged(instance, outcome)
        moved[name] = [_moved_pct(start, _slots(t.answer), instance.weights) for t in outcome.tries]
        report.details.setdefault(case.name, {})[name] = [
            {"seed": t.seed, "seconds": round(t.seconds, 3), "moved_pct": m, **vars(p), **a}
            for t, m, p, a in zip(outcome.tries, moved[name], plans[name], told[name], strict=True)
        ]
        seconds = [t.seconds for t in outcome.tries]
        cells = row(case.name, name, case.within, plans[name], seconds, note=note_of(outcome)).cells()
        first = [a["first_s"] for a in told[name] if a.get("first_s") is not None]
        bounds = [a["bound"] for a in told[name] if a.get("bound")]
        report.rebalances.append(
            (
                *cells[:5],
                f"{statistics.median(first):.2f} s" if first else "",
                *cells[5:7],
                f"{statistics.median(moved[name]):.2f}%" if moved[name] else "",
                f"{100 * max(bounds):.2f}%" if bounds else "",
                cells[-1],
            )
        )
    first = [math.nan if a["first_s"] is None else a["first_s"] for a in told["Terr"]]
    least = min(moved["exact model"], default=math.nan)
    count = options.seeds or cases.SEEDS
    report.figures += rebalance_figures(case, plans["Terr"], first, moved["Terr"], least, count)


def run_certificate(case: Certificate, report: Report, options: argparse.Namespace) -> None:
    """The gap proven within the time."""
    limit = QUICK_EXACT_S if options.quick else case.seconds
    outcome = isolated.run(ours.certificates, (case.make(), case.within, limit), (1,), limit + 60)
    name = f"gap after {limit:g} s"
    if not outcome.tries:
        missing = "not there" if "cannot import name" in outcome.failed else note_of(outcome)
        report.figures.append(Figure(case.title, name, math.nan, "%", 100 * case.gap, also={"certificate": missing}))
        return
    told = _also(outcome.tries[0].answer)
    report.details[case.name] = told
    proof = f"{told['proof_s']:.0f} s"
    gap = math.nan if told["gap"] is None else 100 * told["gap"]
    report.figures.append(Figure(case.title, name, gap, "%", 100 * case.gap, also={"proof": proof}))
