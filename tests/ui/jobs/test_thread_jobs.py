"""Work beside the page: waited for, stopped, and never silent when it fails."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest

from terr.errors import InputError
from terr.workspace.background_job import BackgroundJob


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


def _page() -> None:
    import streamlit as st

    from terr.errors import InputError
    from terr.ui.jobs import thread_jobs
    from terr.ui.session import state
    from terr.workspace.background_job import BackgroundJob

    def fails(kind: str) -> None:
        raise InputError("no such column") if kind == "ours" else RuntimeError("account 7 of Acme")

    for kind in ("ours", "unforeseen", "good"):
        if st.button(kind, key=kind):
            body = (lambda _: 5) if kind == "good" else (lambda _, k=kind: fails(k))
            thread_jobs.quick("w", lambda b=body: BackgroundJob(b), lambda made: state.put("made", made), wait_s=30)
    thread_jobs.show_thread_job("w", lambda made: state.put("made", made))
    st.markdown(f"made {state.get('made')}")


def test_what_fails_at_once_is_told_like_longer_work() -> None:
    window = AppTest.from_function(_page, default_timeout=30).run()
    window.button(key="ours").click().run()
    assert [e.value for e in window.error] == ["no such column"]
    window.button(key="unforeseen").click().run()
    assert len(window.error) == 1
    assert "Something went wrong" in window.error[0].value
    assert "Acme" not in window.error[0].value
    window.button(key="good").click().run()
    assert not window.error
    assert window.markdown[-1].value == "made 5"
