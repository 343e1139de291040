"""A real PostgreSQL for tests and benchmarks, started from the binaries of the package pgserver."""

from __future__ import annotations

import importlib.util
import itertools
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

START = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    # else each process takes a second to start
    START.set_forkserver_preload(["benchmarks.workshop.storm", "psycopg", "alembic.command"])
_NAMES = itertools.count(1)
_NOBODY = 65534


class Postgres:
    """A server on a socket in a folder of its own. PostgreSQL refuses to run as root, so root hands it to nobody."""

    def __init__(self, *settings: str) -> None:
        found = importlib.util.find_spec("pgserver")
        assert found is not None
        assert found.submodule_search_locations
        self._bin = Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin"
        self.folder = Path(tempfile.mkdtemp(prefix="terr-pg-"))
        self._free: list[str] = []
        self._as = {"user": _NOBODY, "group": _NOBODY} if os.geteuid() == 0 else {}
        if self._as:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        own = [
            "listen_addresses = ''",
            f"unix_socket_directories = '{self.folder}'",
            "max_connections = 200",
            "shared_buffers = '32MB'",
            *settings,
        ]
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write("\n".join(["", *own, ""]))
        self.start()

    def _run(self, program: str, *words: str) -> None:
        with tempfile.TemporaryFile() as said:
            command = [str(self._bin / program), "-D", str(self.folder / "data"), *words]
            done = subprocess.run(
                command, check=False, stdout=said, stderr=said, cwd=self.folder, timeout=60, **self._as
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode(errors="replace")

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """As after a power cut: no process of the server is asked."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        server = psutil.Process(pid)
        everyone = [server, *server.children(recursive=True)]
        for process in everyone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(everyone, timeout=10)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database's address; emptied and used again afterwards, which is quicker than making one."""
        if self._free:
            name = self._free.pop()
        else:
            name = f"t{os.getpid()}_{next(_NAMES)}"
            with psycopg.connect(self.url(), autocommit=True) as c:
                c.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url(name), autocommit=True) as c:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
                c.execute(others, (name, c.info.backend_pid))
                c.execute("DROP SCHEMA public CASCADE")
                c.execute("CREATE SCHEMA public")
            self._free.append(name)

    def close(self) -> None:
        try:
            self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
