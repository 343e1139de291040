"""The pool of real worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from terr.engine import design
from terr.engine.executor import Threads
from terr.engine.pool import Job, Pool, Processes
from terr.engine.remote.calls import designed
from terr.errors import PlanError, SolveError
from terr.model.progress import Progress, ProgressUpdate
from tests.helpers.strategies import extra_pieces, grid


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    p = Pool(2)
    yield p
    p.shutdown()
    p.shutdown()  # twice does no harm


def wait(job: Job, what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if job.done() if what == "done" else job.progress() is not None and job.progress().assign is not None:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {what} in {seconds} s")


def test_same_answer_as_here(pool: Pool) -> None:
    p = grid(8, 8, 4, np.random.default_rng(0).lognormal(0, 1, 64))
    jobs = [pool.submit("design", p, seed=s) for s in (1, 2)]
    assert jobs[0].id != jobs[1].id
    for s, job in zip((1, 2), jobs, strict=True):
        r = job.result(60)
        assert job.done()
        assert np.array_equal(r.assign, design(p, seed=s).assign)
    wait(jobs[0], "progress")
    again = pool.submit("rebalance", grid(4, 4, 2, start=np.repeat([0, 1], 8))).result(60)
    assert again.status == "optimal"


def test_a_certificate_needs_a_plan(pool: Pool) -> None:
    p = grid(4, 4, 4, limit=0.01)
    plan = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
    assert pool.submit("certify", p, assign=plan).result(120).status == "optimal"
    with pytest.raises(SolveError, match="needs a plan"):
        pool.submit("certify", p)
    with pytest.raises(SolveError, match="takes no plan"):
        pool.submit("design", p, assign=plan)


def test_calls_of_a_run_give_the_same_as_threads(pool: Pool) -> None:
    p, seen = grid(6, 6, 4, np.random.default_rng(0).lognormal(0, 1, 36)), list[ProgressUpdate]()
    items = [(p, seed) for seed in (1, 2, 3)]
    one = partial(designed, None, 0.2)
    there, here = (
        e.run(one, items, progress=Progress(told), stage="Plan")
        for e, told in ((Processes(pool), seen.append), (Threads(), None))
    )
    assert all(np.array_equal(a.assign, b.assign) for a, b in zip(there, here, strict=True))
    assert seen[-1].fraction == 1
    assert seen[0].stage == "Plan 1 of 3"
    with pytest.raises(PlanError, match="or fewer"):
        Processes(pool).run(one, [(grid(2, 2, 5), 1)], progress=Progress())
    stopped = Progress(cancel=lambda: True)
    assert Processes(pool).run(one, [(p, 1)] * 9, progress=stopped)[2:] == [None] * 7


@pytest.mark.slow
def test_a_run_survives_a_dead_worker(pool: Pool) -> None:
    p, killed = grid(20, 20, 12, np.random.default_rng(0).lognormal(0, 1, 400)), threading.Event()

    def told(_: ProgressUpdate) -> None:
        if not killed.is_set():
            killed.set()
            os.kill(pool.worker_pids()[0], signal.SIGKILL)

    found = Processes(pool).run(partial(designed, None, 0.1), [(p, 1), (p, 2)], progress=Progress(told), stage="Plan")
    assert killed.is_set()
    assert np.array_equal(found[1].assign, design(p, seed=2, effort=0.1).assign)


def test_cancel_keeps_the_best_so_far(pool: Pool) -> None:
    p = grid(40, 40, 30, np.random.default_rng(0).lognormal(0, 1, 1600), limit=0.3)
    job = pool.submit("design", p)
    wait(job, "progress", 60)
    assert not job.done()
    job.cancel()
    r = job.result(60)
    assert r.status in {"stopped", "limit_broken"}
    assert extra_pieces(p, r.assign) == 0


def test_errors_come_back(pool: Pool) -> None:
    with pytest.raises(PlanError, match="or fewer"):
        pool.submit("design", grid(2, 2, 5)).result(60)
    with pytest.raises(SolveError, match="no job called"):
        pool.submit("guess", grid(2, 2, 2))


@pytest.mark.slow
def test_a_dead_worker_is_told_and_replaced(pool: Pool) -> None:
    p = grid(40, 40, 30, np.random.default_rng(0).lognormal(0, 1, 1600))
    job = pool.submit("design", p)
    for pid in pool.worker_pids():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(SolveError, match="start the job again"):
        job.result(60)
    assert pool.submit("design", grid(3, 3, 3)).result(60).status in {"feasible", "limit_broken"}


@pytest.mark.slow
def test_workers_do_not_run_the_main_script(tmp_path: Path) -> None:
    script = tmp_path / "app.py"  # without a guard, as a page of an app would be
    script.write_text(
        "import os, sys\n"
        "print('ran', flush=True)\n"
        "from terr.engine.pool import Pool\n"
        "pool = Pool(1)\n"
        "import numpy as np\n"
        "from tests.helpers.strategies import grid\n"
        "r = pool.submit('design', grid(3, 3, 3)).result(60)\n"
        "print(r.status, flush=True)\n"
        "pool.shutdown()\n"
    )
    here = Path(__file__).resolve().parents[2]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    out = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.split() == ["ran", "feasible"]


def test_shut_down_takes_no_jobs() -> None:
    p = Pool(1)
    p.shutdown()
    with pytest.raises(SolveError, match="shut down"):
        p.submit("design", grid(2, 2, 2))
