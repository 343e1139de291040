"""The pool of real worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from terr.engine import design
from terr.engine.pool import Job, Pool
from terr.errors import PlanError, SolveError
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


def test_a_dead_worker_is_told_and_replaced(pool: Pool) -> None:
    p = grid(40, 40, 30, np.random.default_rng(0).lognormal(0, 1, 1600))
    job = pool.submit("design", p)
    for pid in pool.worker_pids():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(SolveError, match="start the job again"):
        job.result(60)
    assert pool.submit("design", grid(3, 3, 3)).result(60).status in {"feasible", "limit_broken"}


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
