"""Draws the demo's finished plan with the engine: `python data/build_demo_plan.py`. The same file every time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from terr.engine import design
from terr.workspace import Workspace
from terr.workspace.accounts.demo import demo_dataset
from terr.workspace.design import apply_result
from terr.workspace.home.demo_plan import LEVEL, LIMIT, MEASURE, REGION
from terr.workspace.plan import editing

OUT = Path(__file__).with_name("demo_plan.parquet")
SEED = 1


def demo_plan_table() -> pd.DataFrame:
    """One row per county: `unit_id`, `territory`, `rep`. Equal territories, one per rep, nearest to the homes.

    Raises:
        RuntimeError: if the engine finds no plan within the limit.
    """
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        try:
            data = demo_dataset(ws)
            info = editing.create(
                ws, dataset_id=data.info.id, level=LEVEL, region=REGION, measure=MEASURE, tolerance=LIMIT
            )
            reps = [r for r in data.reps if r.covers]
            request = apply_result.DesignRequest(territories=len(reps), measure=MEASURE, tolerance=LIMIT)
            task = apply_result.design_task(ws, info.id, request)
            result = design(task.problem, seed=SEED, time_limit_s=600)
            if result.status != "feasible":
                raise RuntimeError(f"no plan within the limit: {result.status}")
            slots = apply_result.result_territories(task, result, ws.plan(info.id)[0])
            units = ws.units(info)
            loads = apply_result.measure_loads(ws, info.id, MEASURE)
            near = apply_result.nearest_reps(units, slots, len(reps), reps, loads)
            names = apply_result.place_names(units, slots, len(reps))
            return pd.DataFrame(
                {
                    "unit_id": units.ids,
                    "territory": [names[s] for s in slots],
                    "rep": [near[s].rep_id for s in slots],  # type: ignore[union-attr]
                }
            )
        finally:
            ws.close()


if __name__ == "__main__":
    table = demo_plan_table()
    table.to_parquet(OUT, index=False, compression="zstd")
    print(table.groupby(["territory", "rep"]).size())
