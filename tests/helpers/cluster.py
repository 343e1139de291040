"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.helpers.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
OTHER_VERSION = "import terr; terr.__version__ = '0.0.1'; from distributed.cli.dask_worker import main; main()"


class LoopbackCluster:
    """A scheduler and its workers; whoever dies can be started anew.

    Args:
        folder: for its logs.
        tls: files of the authority, the certificate and its key.
        nice: by how much workers stand back behind others, as those of this machine's pool do.
    """

    def __init__(self, folder: Path, tls: Sequence[str] = (), nice: int = 0) -> None:
        self.folder = folder
        self._nice = ["nice", "-n", str(nice)] if nice else []
        self._tls = [
            arg
            for name, path in zip(("--tls-ca-file", "--tls-cert", "--tls-key"), tls, strict=False)
            for arg in (name, path)
        ]
        self.port = free_port()
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, command: Sequence[str], name: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
        with open(self.folder / f"{name}-{time.monotonic_ns()}.log", "wb") as log:
            return subprocess.Popen(
                [*before, sys.executable, *command, *self._tls], stdout=log, stderr=log, env=env, cwd=self.folder
            )

    def start_scheduler(self) -> None:
        command = ["-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--no-show"]
        host = ["--host", self.address.rpartition(":")[0], "--port", str(self.port)]
        self.scheduler = self._start([*command, *host], "scheduler")

    def start_worker(self, *, other_version: bool = False) -> subprocess.Popen[bytes]:
        begin = ["-c", OTHER_VERSION] if other_version else ["-m", "distributed.cli.dask_worker"]
        rest = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        worker = self._start([*begin, *rest], "worker", self._nice)
        self.workers.append(worker)
        return worker

    def ready(self, workers: int = 2) -> str:
        """The address, once the scheduler and so many workers are there."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self.start_scheduler()
        self.workers = [w for w in self.workers if w.poll() is None]
        while len(self.workers) < workers:
            self.start_worker()
        self.wait_for(workers)
        return self.address

    def wait_for(self, workers: int) -> None:
        """Waits until the logs of so many living workers say that they are registered."""
        from terr.engine.remote.cluster import _Line

        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                line = _Line(self.address)
            except OSError:
                time.sleep(0.2)
                continue
            line.client.wait_for_workers(workers, timeout=60)
            line.client.close()
            return
        logs = "\n".join(p.read_text()[-800:] for p in self.folder.glob("*.log"))
        raise AssertionError(f"no cluster in a minute\n{logs}")

    def kill(self, process: subprocess.Popen[bytes] | None) -> None:
        """kill -9."""
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def close(self) -> None:
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            if process.poll() is None:
                process.kill()
            process.wait(10)
