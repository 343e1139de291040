"""A hundred territory plans as PDF in one zip: 60 seconds, and nothing is left where it is stopped.

Run it with `python -m benchmarks.files.territory_plans [TERRITORIES]`; it works on the demo's accounts and facts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from terr.edits import moves
from terr.errors import StoppedError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan
from terr.model.progress import Progress
from terr.workspace import Workspace
from terr.workspace.accounts.demo import demo_dataset
from terr.workspace.plan import editing
from terr.workspace.territory_plans import files, plans

MARK_S = 60.0
ME = Person("", "me")


def planned(ws: Workspace, k: int) -> str:
    """The demo's accounts in k territories of counties in a row, with a rep of the roster as far as there are some."""
    data = demo_dataset(ws)
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="lower48", measure="Potential")
    units = ws.units(info)
    slots = (np.arange(len(units)) * k // len(units)).astype(np.int16)
    reps = [r.rep_id for r in data.reps if r.covers]

    def make(plan: Plan, code: int) -> Edit:
        names = [f"Territory {n}" for n in range(k)]
        made = moves.adopt(plan, slots, next_code=code, kind="design", k=k, names=names, author="me")
        pairs = zip(made.territories, [*reps, *[""] * k][:k], strict=True)
        return replace(
            made, territories=tuple((old, replace(new, rep=rep) if new else new) for (old, new), rep in pairs)
        )

    editing.edit(ws, info.id, info.rev, make)
    return info.id


def main(k: int = 100) -> int:
    """Prints the figures as JSON; 1 if the mark is missed."""
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        sid = planned(ws, k)
        began = time.perf_counter()
        plans.begin(ws, sid, [t.code for t in ws.plan(sid)[0].territories], str(plans.today().year + 1), by=ME)
        drafted = time.perf_counter() - began
        began, busy = time.perf_counter(), time.process_time()
        made = files.all_files(ws, sid)
        zipped, busy = time.perf_counter() - began, time.process_time() - busy
        stop_at, stopped = time.perf_counter() + 2.0, ""
        try:
            files.all_files(ws, sid, progress=Progress(lambda _: None, lambda: time.perf_counter() > stop_at))
        except StoppedError:
            stopped = f"{time.perf_counter() - stop_at:.2f} s after Stop"
        ws.close()
    figures = {"plans": k, "drafted_s": drafted, "zip_s": zipped, "zip_processor_s": busy, "mark_s": MARK_S}
    more = {"megabytes": len(made.data) / 1e6, "stopped": stopped}
    sys.stdout.write(json.dumps({**figures, **more}, indent=2) + "\n")
    return int(zipped > MARK_S)


if __name__ == "__main__":
    raise SystemExit(main(*(int(a) for a in sys.argv[1:2])))
