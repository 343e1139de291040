"""Jobs beside the page: waited for, stopped, never silent when they fail; threads and solvers have one bar and Stop."""

from __future__ import annotations

import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from terr.errors import InputError, StoppedError
from terr.ui.jobs.background_job import BackgroundJob


def test_waiting_says_whether_it_is_done_and_raises_nothing() -> None:
    go = threading.Event()

    def body(_: object) -> int:
        go.wait(30)
        raise InputError("no such column")

    work = BackgroundJob(body)
    assert not work.wait(0.01)
    with pytest.raises(TimeoutError):
        work.result(0.01)
    go.set()
    assert work.wait(30)
    with pytest.raises(InputError, match="no such column"):
        work.result()


def test_work_tells_stops_and_carries_its_error() -> None:
    def body(progress) -> None:
        for i in range(1000):
            progress.tell(i / 1000, f"step {i}")
            time.sleep(0.005)

    work = BackgroundJob(body)
    while work.progress().fraction < 0.01:
        time.sleep(0.005)
    assert not work.done()
    work.cancel()
    with pytest.raises(StoppedError):
        work.result(5)
    assert work.done()
    assert BackgroundJob(lambda _: 7).result(5) == 7
    with pytest.raises(ZeroDivisionError):
        BackgroundJob(lambda _: 1 / 0).result(5)


def _page() -> None:
    import streamlit as st

    from terr.errors import InputError
    from terr.ui.jobs import window_jobs
    from terr.ui.session import state

    def fails(kind: str) -> None:
        raise InputError("no such column") if kind == "ours" else RuntimeError("account 7 of Acme")

    for kind in ("ours", "unforeseen", "good"):
        if st.button(kind, key=kind):
            body = (lambda _: 5) if kind == "good" else (lambda _, k=kind: fails(k))
            window_jobs.quick("w", body, lambda made: state.put("made", made), wait_s=30)
    window_jobs.follow("w", lambda made: state.put("made", made))
    st.markdown(f"made {state.get('made')}")


def test_what_fails_at_once_is_told_like_longer_work() -> None:
    window = AppTest.from_function(_page, default_timeout=30).run()
    window.button(key="ours").click().run()
    assert [e.value for e in window.error] == [r"No such column\."]
    window.button(key="unforeseen").click().run()
    assert len(window.error) == 1
    assert "Something went wrong" in window.error[0].value
    assert "Acme" not in window.error[0].value
    window.button(key="good").click().run()
    assert not window.error
    assert window.markdown[-1].value == "made 5"


def _both() -> None:
    import time

    import numpy as np
    import streamlit as st

    from terr.ui.jobs import window_jobs
    from terr.ui.jobs.watched_job import WatchedJob
    from terr.ui.session import state
    from tests.helpers.strategies import grid

    def body(progress) -> None:
        for i in range(60_000):  # until it is stopped
            progress.tell(i / 60_000, f"step {i}")
            time.sleep(0.01)

    if st.button("thread", key="thread"):
        window_jobs.begin_thread("a", body)
    if st.button("solver", key="solver"):
        weights = np.random.default_rng(1).lognormal(0, 1, 1600)
        window_jobs.begin("b", state.pool().submit("design", grid(40, 40, 30, weights, limit=0.3)))
    window_jobs.follow("a")
    run: WatchedJob | None = state.get("b")
    if run is not None:
        window_jobs.collect(run)
    if not window_jobs.show("b", stop="Stop and use the best so far") and run is not None:
        st.markdown(f"{run.result.status}, {len(run.result.assign)} units")


def _wait(window: AppTest, for_it) -> AppTest:
    end = time.monotonic() + 400
    while not for_it(window):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
        window.run()
    assert not window.exception
    return window


@pytest.mark.usefixtures("_worker_processes")
def test_threads_and_solvers_have_the_same_bar_and_the_same_button() -> None:
    def bars(window: AppTest) -> list[str]:
        return [p.proto.text for p in window.get("progress")]

    window = AppTest.from_function(_both, default_timeout=60).run()
    window.button(key="thread").click().run()
    window.button(key="solver").click().run()
    _wait(window, lambda w: any("Step" in b for b in bars(w)) and any("best so far" in b for b in bars(w)))
    assert {b.label for b in window.button if b.key.endswith("_stop")} == {"Stop", "Stop and use the best so far"}
    window.button(key="a_stop").click()
    window.run()
    _wait(window, lambda w: w.info)
    assert [i.value for i in window.info] == [r"Stopped; nothing was kept\."]
    window.button(key="b_stop").click().run()
    _wait(window, lambda w: w.markdown)
    assert window.markdown[-1].value in {"stopped, 1600 units", "limit_broken, 1600 units"}
    assert not bars(window)


def _slow_page() -> None:
    import streamlit as st

    from terr.errors import StoppedError
    from terr.ui.jobs import window_jobs

    go, stopped = st.session_state["go"], st.session_state["stopped"]

    def body(progress) -> str:
        while not go.wait(0.01):
            try:
                progress.tell(0.4, "comparing 7 accounts")
            except StoppedError:
                stopped.set()
                raise
        return f"result of {which}"

    which = st.selectbox("Which", ["first", "second"], key="which")
    found = window_jobs.worked_out("slow", which, body)
    st.markdown("waiting" if found is None else found)


def test_what_a_page_shows_is_worked_out_beside_it_and_can_be_stopped_and_begun_again() -> None:
    go, stopped = threading.Event(), threading.Event()
    window = AppTest.from_function(_slow_page, default_timeout=60)
    window.session_state["go"], window.session_state["stopped"] = go, stopped
    window.run()
    _wait(window, lambda w: [p.proto.text for p in w.get("progress")] == ["Comparing 7 accounts"])
    assert window.markdown[-1].value == "waiting"
    window.button(key="slow_stop").click().run()
    assert stopped.wait(60)
    _wait(window, lambda w: w.info)
    assert [b.label for b in window.button] == ["Try again"]
    window.button(key="slow_again").click().run()
    _wait(window, lambda w: w.get("progress"))
    go.set()
    _wait(window, lambda w: w.markdown[-1].value == "result of first")
    assert not window.button
    window.selectbox(key="which").set_value("second").run()
    _wait(window, lambda w: w.markdown[-1].value == "result of second")
