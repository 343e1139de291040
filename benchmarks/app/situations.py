"""A rep leaves, two are hired: 5,000 accounts and 30 reps, three options in 5 s. On areas and on books of accounts.

Run it with `python -m benchmarks.app.situations [OUT.json]`. Seconds on the clock mean something on an idle machine
only; CPU seconds stand beside them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from terr.edits import moves
from terr.engine import design
from terr.engine.books.dividing import design_books
from terr.engine.books.problem import BooksProblem
from terr.model.books.plan_layers import PlanLayer
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.accounts import demo
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.apply_result import apply_design
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solve_task import design_task
from terr.workspace.plan import editing
from terr.workspace.reps.assignment import assign_reps
from terr.workspace.reps.roster import set_reps
from terr.workspace.situations.answers import options
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.questions import Coverage, Question, RepLeaves, RepsHired, Split

REPS, MARK_S = 30, 5.0
MEASURE = "Potential"
HOMES = ("75201", "60601", "10001", "90012", "30303", "98101", "80202", "02108", "33130", "55401")


def on_areas(ws: Workspace, dataset_id: str) -> str:
    """A plan of 30 territories of the counties of the lower 48 states."""
    info = editing.create(ws, dataset_id=dataset_id, level="county", region="lower48", measure=MEASURE)
    task = design_task(ws, info.id, DesignRequest(REPS, MEASURE, 0.05))
    apply_design(ws, task, design(task.problem, time_limit_s=30.0), ws.rev(info.id))
    return info.id


def on_books(ws: Workspace, dataset_id: str) -> str:
    """A plan of 30 books of the same accounts."""
    info = editing.create_layers(ws, dataset_id=dataset_id, layers=(PlanLayer("Accounts"),), measure=MEASURE)
    units = ws.units(info)
    amounts = dict(
        zip(
            *(dataset(ws, dataset_id).accounts.frame[c].tolist() for c in ("account_id", MEASURE)),
            strict=True,
        )
    )
    weights = np.nan_to_num([amounts[i] for i in units.account_ids])  # type: ignore[attr-defined]
    problem = BooksProblem.from_arrays(weights, (MEASURE,), books=REPS, xy_km=units.xy_km, limits={MEASURE: 0.05})
    slots = design_books(problem).assign.astype(np.int16)

    def make(plan: Plan, code: int) -> Edit:
        codes = np.full(REPS, -1, dtype=np.int64)
        codes[0] = plan.codes[0]
        return moves.adopt(plan, slots, next_code=code, kind="design", k=REPS, codes=codes)

    editing.edit(ws, info.id, ws.rev(info.id), make)
    return info.id


def with_reps(ws: Workspace, scenario_id: str) -> SituationGround:
    """The ground of a plan each of whose territories has a rep with a home."""
    plan, rev = ws.plan(scenario_id)
    assign_reps(ws, scenario_id, rev, {c: f"B-{j}" for j, c in enumerate(plan.codes)})
    return ground_of(ws, scenario_id)


def measured(ground: SituationGround, asked: Question) -> list[dict[str, Any]]:
    """Seconds until all options are there with their figures and accounts, and what they are."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = options(ground, asked)
    for one in found:
        _ = one.figures, one.changes
    seconds = {"wall_s": round(time.perf_counter() - wall, 2), "cpu_s": round(time.process_time() - cpu, 2)}
    return [
        {
            "option": one.title,
            **seconds,
            "accounts": one.figures.accounts,
            "between": one.figures.between,
            "share_pct": round(100 * one.figures.share, 2),
            "deviation_pct": round(100 * one.figures.deviation, 2),
            "pieces": len(one.broken),
        }
        for one in found
    ]


def run() -> dict[str, Any]:
    """All cases, the first of each kind twice: once to compile, once to measure."""
    out: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        data = demo.demo_dataset(ws)
        homes = [HOMES[j % len(HOMES)] for j in range(REPS)]
        set_reps(ws, data.info.id, tuple(Rep(f"B-{j}", f"Rep {j}", homes[j]) for j in range(REPS)))
        for kind, make in (("areas", on_areas), ("books", on_books)):
            ground = with_reps(ws, make(ws, data.info.id))
            day, code = ground.today, ground.plan.codes[3]
            new = tuple(Rep(f"N-{j}", f"New {j}", home, start=day) for j, home in enumerate(("75201", "60601")))
            cases: dict[str, Question] = {
                "a rep leaves": RepLeaves(code, day),
                "covered for 60 days": Coverage(code, day, day + timedelta(days=60)),
                "two are hired": RepsHired(new, day),
                "split in two": Split(code, day),
            }
            measured(ground, cases["a rep leaves"])
            for name, asked in cases.items():
                out[f"{kind}: {name}"] = measured(ground, asked)
        ws.close()
    return out


def main() -> None:
    """Print the table, and write the JSON if a file is named."""
    found = run()
    print(f"{date.today()}: 5,000 accounts, {REPS} reps, mark {MARK_S:g} s")  # noqa: DTZ011
    for case, rows in found.items():
        print(f"{case}: {rows[0]['wall_s']} s, {rows[0]['cpu_s']} s CPU")
        for r in rows:
            print(
                f"  {r['option']}: {r['accounts']:,} accounts ({r['share_pct']}%), {r['between']:,} between others, "
                f"max deviation {r['deviation_pct']}%, {r['pieces']} territories in pieces"
            )
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
