"""How forecasts of orders did: made at each quarter from two years on, compared with what followed.

Run it with `python -m benchmarks.files.forecasts ORDERS COLUMN`, such as `orders.csv Region`; without arguments on the
demo's orders by rep. Nothing of a later day is known to a forecast, its choice of method or its interval.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from terr.facts.forecast import forecast, reconciled
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table

FIRST, STEP, YEAR = 24, 3, 12
HOLDS = (72.0, 88.0)
DEMO = Path(__file__).resolve().parents[2] / "data" / "demo_orders.parquet"


def monthly(table: pd.DataFrame, column: str) -> dict[str, np.ndarray]:
    """Sums of whole months by group."""
    month = table["date"].dt.to_period("M")
    every = pd.period_range(month.min(), month.max(), freq="M")
    return {
        str(key): part.groupby(month)["amount"].sum().reindex(every, fill_value=0.0).to_numpy()
        for key, part in table.groupby(table[column].astype(str))
    }


def tried(series: dict[str, np.ndarray], months: int) -> dict[str, list[list[float]]]:
    """Of groups and of the whole: scaled errors, the naive ones, and whether 80% and 95% intervals held."""
    out: dict[str, list[list[float]]] = {k: [[], [], [], []] for k in ("groups", "whole")}
    whole = np.sum(list(series.values()), axis=0)
    periods = YEAR // months

    def added(y: np.ndarray) -> np.ndarray:
        n = len(y) // months
        return np.asarray(y[: n * months].reshape(n, months).sum(axis=1))

    for end in range(FIRST, len(whole) - months + 1, STEP):
        made = {k: forecast(y[:end], YEAR, periods, months=months) for k, y in series.items()}
        parts, total = reconciled(made, forecast(whole[:end], YEAR, periods, months=months))
        for kind, one, y in (*(("groups", parts[k], y) for k, y in series.items()), ("whole", total, whole)):
            after, naive = added(y[end : end + YEAR]), added(y[end - YEAR : end])
            h = len(after)
            sums = np.convolve(y[:end], np.ones(months), mode="valid")
            scale = float(np.sqrt(np.mean((sums[YEAR:] - sums[:-YEAR]) ** 2))) or 1.0
            out[kind][0].append(float(np.abs(after - one.mean[:h]).mean()) / scale)
            out[kind][1].append(float(np.abs(after - naive[:h]).mean()) / scale)
            out[kind][2] += ((one.low80[:h] <= after) & (after <= one.high80[:h])).tolist()
            out[kind][3] += ((one.low95[:h] <= after) & (after <= one.high95[:h])).tolist()
    return out


def main() -> int:
    """Measure and say whether groups beat the naive forecast and 80% intervals hold 72% to 88%; 0 if so."""
    given = sys.argv[1:]
    path, column = (Path(given[0]), given[1]) if given else (DEMO, "rep")
    facts = read_facts(read_table(path.read_bytes(), path.name), "orders")
    series, met = monthly(facts.frame[facts.frame["date"].notna()], column), True
    for months, every in ((3, "quarter"), (1, "month")):
        for kind, (errors, naive, held, held95) in tried(series, months).items():
            share = 100 * float(np.mean(held))
            met &= float(np.mean(errors)) < float(np.mean(naive)) and HOLDS[0] <= share <= HOLDS[1]
            print(
                f"{path.name} by {column}, {every}, {kind}: error {np.mean(errors):.3f}, seasonal naive "
                f"{np.mean(naive):.3f}; 80% intervals held {share:.0f}%, 95% {100 * float(np.mean(held95)):.0f}%",
                flush=True,
            )
    print("marks met" if met else "marks not met")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
