"""The store under load, on SQLite and on a real PostgreSQL.

`python -m benchmarks --only store`, or `python -m benchmarks.store.store --long`:
150 kills and two minutes of a workshop.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from benchmarks import marks
from benchmarks.marks import Figure
from benchmarks.store.postgres import Postgres
from benchmarks.workshop import storm
from terr.errors import StoreError
from terr.model.person import Person
from terr.store import WindowPresence, open_store
from terr.store.repositories.files import SharedFiles

UNITS, WINDOWS, EVERY_S = 3109, 50, 0.5
QUICK = {"kills": 20, "seconds": 30.0}
LONG = {"kills": 150, "seconds": 120.0}


def run(*, long: bool = False) -> list[Figure]:
    """All figures of both stores."""
    wanted = LONG if long else QUICK
    kills, seconds = int(wanted["kills"]), float(wanted["seconds"])
    out: list[Figure] = []
    server = Postgres()
    try:
        for store, programs in (("SQLite", 1), ("PostgreSQL", 2)):
            for part in (_single, _race, _kills):
                with _empty(store, server) as address:
                    out += part(store, address, kills)
            with _empty(store, server) as address, tempfile.TemporaryDirectory() as root:
                out += _workshop(store, address, Path(root), programs, seconds)
        out += _away(server)
    finally:
        server.close()
    return out


@contextmanager
def _empty(store: str, server: Postgres) -> Iterator[str]:
    if store == "PostgreSQL":
        with server.database() as address:
            yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        yield str(Path(folder) / "terr.db")


def _single(store: str, address: str, _kills: int) -> list[Figure]:
    """One person alone, at 3,109 units."""
    case = f"{store}, one person"
    with closing(open_store(address)) as opened:
        sid = storm.make(opened, UNITS)
        here = WindowPresence("w", Person("", "Ann"), 1)
        out = [
            marks.timed(case, name, _times(act), "ms", mark, by="p50", least_n=100)
            for name, mark, act in (
                ("append an edit", 20.0, lambda: storm.flip(opened, sid, 5, "Ann")),
                ("change in turn", 20.0, lambda: storm.flip(opened, sid, 5, "Ann", wait=True)),
                ("ask what changed", 5.0, lambda: opened.changes.since(sid, 243, 0)),
                ("say that one is here", 10.0, lambda: opened.presence.seen(sid, here)),
            )
        ]
        if opened._db.path is None:
            content = np.random.default_rng(1).bytes(50 * 2**20)
            files = SharedFiles(opened._db)
            begun = time.perf_counter()
            sha = files.save(content)
            saved = time.perf_counter()
            assert files.read(sha) == content
            out.append(marks.shown(case, "store an upload of 50 MB", [saved - begun], "s"))
            out.append(marks.shown(case, "read it back", [time.perf_counter() - saved], "s"))
    return out


def _times(act: Callable[[], object], n: int = 120) -> list[float]:
    act()
    out = []
    for _ in range(n):
        begun = time.perf_counter()
        act()
        out.append(1000 * (time.perf_counter() - begun))
    return out


def _race(store: str, address: str, _kills: int) -> list[Figure]:
    took, late = storm.race(address, 8, 200)
    return [
        Figure(f"{store}, 8 writers x 200", "edits lost", 0, "", 0, exact=True, n=1600, also={"refused": late}),
        Figure(f"{store}, 8 writers x 200", "time", took, "s", also={"edits a second": round(1600 / took)}),
    ]


def _kills(store: str, address: str, kills: int) -> list[Figure]:
    said = storm.kill_often(address, kills)
    also = {"acknowledged": said}
    return [Figure(f"{store}, {kills} kills", "acknowledged edits lost", 0, "", 0, exact=True, n=kills, also=also)]


def _away(server: Postgres) -> list[Figure]:
    """How soon a person is told that the database can't be reached."""
    took = []
    with closing(open_store(server.url())) as opened:
        sid = storm.make(opened)
        server.stop()
        for _ in range(20):
            begun = time.perf_counter()
            with suppress(StoreError):
                storm.flip(opened, sid, 0, "Ann")
                raise AssertionError("an edit was stored in a database that is away")
            took.append(time.perf_counter() - begun)
        server.start()
    return [marks.timed("PostgreSQL, away", "an edit is refused", took, "s", 6.0, by="max", least_n=20)]


def _workshop(store: str, address: str, root: Path, programs: int, seconds: float) -> list[Figure]:
    held = storm.workshop(
        address, root, windows=WINDOWS, programs=programs, seconds=seconds, every=EVERY_S, n_units=UNITS
    )
    case = f"{store}, {WINDOWS} windows in {programs} program{'s' if programs > 1 else ''}, {seconds:.0f} s"

    def p95(values: np.ndarray) -> float:
        return float(np.quantile(values, 0.95))

    pairs = {"p50": f"{np.median(held.seen_s):.2f} s", "max": f"{held.seen_s.max():.2f} s"}
    return [
        Figure(case, "edits lost or not seen", held.lost + held.failed + held.unseen, "", 0, exact=True, n=held.edits),
        Figure(case, "stored to seen by others, p95", p95(held.seen_s), "s", 1.0, n=len(held.seen_s), also=pairs),
        Figure(case, "click to seen by others, p95", p95(held.from_click_s), "s", 1.0, n=len(held.from_click_s)),
        Figure(case, "click to stored, p95", 1000 * p95(held.save_s), "ms", n=len(held.save_s)),
        Figure(case, "a look, p95", 1000 * p95(held.poll_s), "ms", n=len(held.poll_s), also={"here": held.here}),
    ]


def main() -> int:
    """Exit code 0, also with marks missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store.store", description="The store under load.")
    parser.add_argument("--long", action="store_true", help="150 kills, two minutes of a workshop")
    figures = run(long=parser.parse_args().long)
    print(", ".join(f"{k} {v}" for k, v in marks.machine(("SQLAlchemy", "psycopg", "pgserver")).items()))
    print(f"\n{marks.table(figures)}\n\n{marks.summary(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
