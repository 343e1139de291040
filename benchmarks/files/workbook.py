"""The workbook of 250,000 accounts: seconds and memory, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.marks import Figure

ACCOUNTS = 250_000
_INSIDE = """
import json, resource, sys, time
import numpy as np, pandas as pd
from terr.report.accounts import accounts_xlsx
from tests.helpers.grids import grid_units, make_accounts, make_plan
n, rng = int(sys.argv[1]), np.random.default_rng(1)
units = grid_units(10, 10)
counties = [f"{i + 1:05d}" for i in rng.integers(0, 100, n)]
measures = {m: rng.lognormal(10, 1, n).round(2) for m in ("Revenue", "Potential")}
accounts = make_accounts(counties, **measures)
names = [f"Territory {i}" for i in range(20)]
plan = make_plan(units, np.repeat(np.arange(20), 5).tolist(), names)
table = pd.DataFrame({"code": range(20), "name": names, "rep": "", "accounts": 1, "load_Revenue": 1.0})
began, cpu = time.perf_counter(), time.process_time()
data = accounts_xlsx(accounts, units, plan, (), table)
print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "mb": len(data) / 1e6,
                  "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
"""


def run() -> list[Figure]:
    """Marks: 60 s and 1 GB."""
    done = subprocess.run(
        [sys.executable, "-c", _INSIDE, str(ACCOUNTS)], capture_output=True, text=True, check=True, timeout=900
    )
    found = json.loads(done.stdout)
    also = {"file": f"{found['mb']:.0f} MB", "processor": f"{found['cpu']:.0f} s"}
    case = f"workbook of {ACCOUNTS:,} accounts"
    return [
        Figure(case, "time", found["seconds"], "s", 60.0, also=also),
        Figure(case, "most memory", found["peak_gb"], "GB", 1.0),
    ]
