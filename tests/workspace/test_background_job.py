"""Work in a thread: its progress, its end when it is told to stop, and its error."""

from __future__ import annotations

import time

import pytest
from terr.workspace.background_job import BackgroundJob

from terr.errors import StoppedError


def test_work_tells_stops_and_carries_its_error():
    def body(progress):
        for i in range(1000):
            progress.tell(i / 1000, f"step {i}")
            time.sleep(0.005)

    work = BackgroundJob(body)
    while work.progress().fraction < 0.01:
        time.sleep(0.005)
    assert not work.done()
    with pytest.raises(TimeoutError):
        work.result(0.01)
    work.cancel()
    with pytest.raises(StoppedError):
        work.result(5)
    assert work.done()
    assert BackgroundJob(lambda _: 7).result(5) == 7
    with pytest.raises(ZeroDivisionError):
        BackgroundJob(lambda _: 1 / 0).result(5)
