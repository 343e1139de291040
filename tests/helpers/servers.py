"""The app in a process of its own, for tests that ask it as a browser does."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ("-m", "terr.ui.launch")
PATIENCE_S = 120.0
"""How long a server may take until it answers, on a machine that is busy with something else."""


def free_port() -> int:
    """A port of this machine that nothing listens on.

    It lies below those that systems give to outgoing connections, so that none of them takes it before the server
    does; two runs of the tests at once hardly ever draw the same.
    """
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass
class Server:
    """The app in a process of its own, on a folder of its own.

    Attributes:
        root: the data folder; the log is in it, too.
        port: where it listens.
        command: words after `python`, without the port.
        port_option: how the command names the port.
        base: path before all pages, "" or "/name".
        env: further variables of its environment.
    """

    root: Path
    port: int = field(default_factory=free_port)
    command: Sequence[str] = LAUNCH
    port_option: str = "--port"
    base: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base}"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    def start(self) -> None:
        """Returns when it answers.

        Raises:
            RuntimeError: with the end of its log, if it ended or doesn't answer in time.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command, self.port_option, str(self.port)],
                cwd=ROOT,
                env={**os.environ, "TERR_DATA_DIR": str(self.root), **self.env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=10):  # noqa: S310 (our own server)
                    return
            except OSError:
                time.sleep(0.1)
        self.kill()
        raise RuntimeError(self.log.read_text(encoding="utf-8", errors="replace")[-3000:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
