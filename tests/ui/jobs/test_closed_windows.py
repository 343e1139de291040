"""Work that nobody waits for any more is ended; work of an open window never is."""

from __future__ import annotations

import time

import numpy as np

from terr.engine.pool import Pool
from terr.ui.jobs.closed_windows import GRACE_S, cancel_closed
from terr.ui.jobs.watched_job import WatchedJob
from tests.helpers.strategies import grid


def test_a_closed_windows_job_ends_and_an_open_ones_goes_on() -> None:
    w = np.random.default_rng(1).lognormal(0, 1, 400)
    problem = grid(20, 20, 8, w, limit=0.001)
    pool = Pool(workers=2)
    try:
        gone, here = (pool.submit("certify", problem, assign=np.repeat(np.arange(8), 50), seed=1) for _ in range(2))
        jobs = [WatchedJob(gone, window="closed", seen=0.0), WatchedJob(here, window="open", seen=0.0)]
        assert len(cancel_closed(jobs, lambda w: w == "open", GRACE_S)) == 2  # a reload takes a moment
        (left,) = cancel_closed(jobs, lambda w: w == "open", GRACE_S + 1)
        assert (left.job, left.seen) == (here, GRACE_S + 1)
        gone.result(timeout=60)
        assert not here.done()
        here.cancel()
        here.result(timeout=60)
        assert cancel_closed([left], lambda _: True, time.monotonic()) == []
    finally:
        pool.shutdown()
