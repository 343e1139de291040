"""Garbage: searched for after windows drew, not after each of them."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from terr.ui.session import garbage


class Circle:
    """Refers to itself, so that only a search finds that nobody needs it."""

    def __init__(self) -> None:
        self.me = self


def test_what_only_a_search_can_free_is_freed_soon_after_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "GARBAGE_S", 0.05)
    gone = threading.Event()
    gc.disable()  # no search but the one that is asked for
    try:
        one = Circle()
        weakref.finalize(one, gone.set)
        del one
        assert not gone.wait(0.1)
        garbage.GarbageSearch().ask()
        assert gone.wait(20)
    finally:
        gc.enable()


def test_many_runs_ask_for_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "GARBAGE_S", 0.2)
    searched = threading.Semaphore(0)
    search = garbage.GarbageSearch(searched.release)
    for _ in range(50):
        search.ask()
    assert searched.acquire(timeout=20)
    assert not searched.acquire(timeout=0.5)


def test_streamlit_does_not_search_by_itself() -> None:
    from streamlit import config

    config.get_config_options(force_reparse=True)
    assert config.get_option("runner.postScriptGC") is False
