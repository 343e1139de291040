"""A data folder made beforehand, and the app in a process of its own on it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine.peers import metis
from terr.workspace import Workspace
from terr.workspace.accounts import demo
from terr.workspace.design import apply_result
from terr.workspace.plan import editing

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
MEASURE = "Potential"
_STARTS_WITHIN_S = 90


def prepare(root: Path, territories: int = 50) -> str:
    """A plan of the lower 48 by county with the demo's accounts, drawn by METIS; returns the scenario's id."""
    ws = Workspace(root)
    try:
        data = demo.demo_dataset(ws)
        info = editing.create(ws, dataset_id=data.info.id, level="county", region="lower48", measure=MEASURE)
        units = ws.units(info)
        slots = metis(units, apply_result.measure_loads(ws, info.id, MEASURE), territories, 0.05, 1)
        editing.place_by_name(ws, info.id, info.rev, [f"Territory {s + 1}" for s in slots.tolist()])
    finally:
        ws.close()
    return info.id


def kept(root: Path, scenario_id: str) -> tuple[int, int]:
    """(revision, edits in the history) as the database has them, read afresh."""
    ws = Workspace(root)
    try:
        return ws.store.scenarios.rev(scenario_id), len(ws.store.edits.history(scenario_id).steps)
    finally:
        ws.close()


@dataclass(frozen=True)
class App:
    """A running app: its address, seconds from starting the process until it answered, and the process's number."""

    url: str
    boot_s: float
    pid: int = 0

    def memory_mb(self) -> float:
        """Megabytes of memory the server's process has in use now; 0 where the system doesn't say."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.is_file():
            return 0.0
        line = next(x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def served(root: Path) -> Iterator[App]:
    """The app on a data folder; it is stopped at the end."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    url = f"http://{HOST}:{port}"
    started = time.perf_counter()
    with (root / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "terr.ui.launch", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "TERR_DATA_DIR": str(root)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(url, process, root / "server.log")
        yield App(url, time.perf_counter() - started, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310 (our own server)
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the app did not start:\n{log.read_text()[-3000:]}")
