"""Whether a plan changed: many windows of one process ask often, the database is asked a few times a second."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from terr.workspace.workspace import Workspace

EVERY_S = 0.2
"""The database is asked about a plan at most this often, however many windows show it."""

_MOST = 256


@dataclass(frozen=True)
class Beat:
    """Where a plan stood.

    Attributes:
        rev: its revision; seq: the count of changes beside the plan (see `terr.store.Changes`).
        at: when the database was asked, by `time.monotonic`.
    """

    rev: int
    seq: int
    at: float


class Pulse:
    """Answers "did anything change?" from memory. Safe to share among threads.

    Args:
        ws: the workspace.
        every_s: how old an answer may be, in seconds.
    """

    def __init__(self, ws: Workspace, *, every_s: float = EVERY_S) -> None:
        self._ws = ws
        self._every = every_s
        self._beats: dict[str, Beat] = {}
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    def now(self, scenario_id: str) -> Beat:
        """Where the plan stands, at most `every_s` ago.

        Raises:
            LocateError: if the scenario isn't found.
            StoreError: if the database can't be read.
        """
        with self._lock:
            beat = self._beats.get(scenario_id)
            asking = self._asking.setdefault(scenario_id, threading.Lock())
        if beat is not None and time.monotonic() - beat.at < self._every:
            return beat
        with asking:  # one asks, the others take its answer
            with self._lock:
                beat = self._beats.get(scenario_id)
            if beat is not None and time.monotonic() - beat.at < self._every:
                return beat
            at = time.monotonic()  # before the question: what is stored during it may be missing in the answer
            rev, seq = self._ws.store.changes.latest(scenario_id)
            beat = Beat(rev, seq, at)
            with self._lock:
                if len(self._beats) >= _MOST:
                    self._beats.clear()
                    self._asking = {scenario_id: asking}
                self._beats[scenario_id] = beat
        return beat
