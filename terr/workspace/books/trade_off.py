"""Balance against change for books, and what was proven of them when they were generated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from terr.metrics import balance
from terr.model.json_values import readable
from terr.model.progress import UNWATCHED, Progress
from terr.view.text import percent
from terr.workspace.books.designing import (
    BOOK_PROOFS,
    KEEP,
    BookDesign,
    BookRequest,
    book_layers,
    book_task,
    solve,
    suggested_books,
)
from terr.workspace.plan.plan_settings import last_of, listed
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class TradePoint:
    """One of the plans a trade-off offers.

    Attributes:
        keep: how much today's books count, one of `KEEP`.
        design: the books.
        deviation: largest of the measure balanced, as a share; moved: share of it in another book than today.
        accounts: that change books; km: travel, each account once, to its book's middle or home.
    """

    keep: str
    design: BookDesign
    deviation: float
    moved: float
    accounts: int
    km: float


def usual_request(shown: PlanSnapshot) -> BookRequest | None:
    """What a trade-off asks where nothing was generated yet: the plan's measure and limit; None without books."""
    layers = book_layers(shown)
    if not layers:
        return None
    layer = next(iter(layers))
    return BookRequest(layer, suggested_books(shown, layer), shown.measure, shown.info.tolerance)


def trade_off(
    ws: Workspace, scenario_id: str, request: BookRequest, progress: Progress = UNWATCHED
) -> tuple[TradePoint, ...]:
    """The same request with today's books counting nothing, little, more and most.

    Raises:
        InputError: for a request that can't be met.
        StoppedError: if it was stopped before the first was found.
    """
    out = []
    for k, keep in enumerate(KEEP):
        task = book_task(ws, scenario_id, replace(request, keep=keep))
        part = progress.part(k / len(KEEP), (k + 1) / len(KEEP))
        out.append(_point(keep, solve(task, seconds=SECONDS, progress=part)))
    return tuple(out)


def _point(keep: str, design: BookDesign) -> TradePoint:
    problem, found = design.task.problem, design.result
    load = problem.loads(found.assign)[:, 0]
    changed = (problem.start >= 0) & (found.assign != problem.start)
    weight = problem.weights[:, 0]
    return TradePoint(
        keep,
        design,
        float(np.abs(balance.deviation(load, problem.targets[:, 0])).max(initial=0.0)),
        float(weight[changed].sum() / max(weight.sum(), 1e-300)),
        int(changed.sum()),
        float((found.km * problem.visits).sum()),
    )


def trade_rows(points: Sequence[TradePoint], measure: str, *, miles: bool) -> list[Mapping[str, str]]:
    """The points as rows of a table, for a person."""
    unit, far = ("mi", 1.609344) if miles else ("km", 1.0)
    return [
        {
            "Keep today's books": p.keep,
            "Max deviation": percent(100 * p.deviation),
            f"{measure} that moves": percent(100 * p.moved),
            "Accounts that move": f"{p.accounts:,}",
            f"Travel ({unit})": f"{p.km / far:,.0f}",
        }
        for p in points
    ]


@dataclass(frozen=True)
class BookProof:
    """What was proven of the books of a layer when they were generated.

    Attributes:
        sentence: for a person; layer: the layer's name.
        objective, bound: km of travel and prices; None where no bound was found.
        model, solver: what they belong to.
    """

    sentence: str = ""
    layer: str = ""
    objective: float | None = None
    bound: float | None = None
    model: str = ""
    solver: str = ""


def book_proof(ws: Workspace, shown: PlanSnapshot) -> tuple[BookProof | None, bool]:
    """The newest proof of books behind a plan, and whether the plan is still as it was proven."""
    kept = listed(shown.info.settings, BOOK_PROOFS)
    if not kept:
        return None, False
    at = last_of(ws, shown.info, set(kept))
    found = BookProof(**readable(BookProof, kept.get(str(at))))
    return (found if found.sentence else None), at == shown.info.head
