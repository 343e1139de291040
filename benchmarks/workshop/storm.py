"""Many at once on one plan, and what they must not lose: writers, programs that are killed, windows of a workshop."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np

from benchmarks.store.postgres import START
from terr.edits import moves
from terr.errors import ConflictError, TerrError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan
from terr.store import Store, WindowPresence, open_store
from terr.workspace import Workspace
from terr.workspace.plan import editing


def make(store: Store, n_units: int = 64) -> str:
    """A plan of two territories at revision 2."""
    sid = store.scenarios.create(
        "Base",
        dataset_id="",
        level="county",
        region=("TX",),
        units_version="u",
        n_units=n_units,
        measure="revenue",
        tolerance=0.05,
    ).id
    for code in (0, 1):
        store.edits.append(sid, moves.new_territory(store.plans.load(sid)[0], next_code=code), code)
    return sid


def flip(store: Store, sid: str, unit: int, author: str, *, wait: bool = False) -> tuple[int, bool]:
    """Move one unit to the other territory: on the revision seen, or else (or if `wait`) in its turn.

    The revision, and whether somebody else was first.
    """

    def other(plan: Plan, _next: int = 0) -> Edit:
        return moves.assign(plan, [unit], int(plan.assign[unit] != 1), author=author).edit

    if wait:
        return store.edits.change(sid, other).rev, False
    plan, rev = store.plans.load(sid)
    try:
        return store.edits.append(sid, other(plan), rev), False
    except ConflictError:
        return store.edits.change(sid, other).rev, True


def write_many(address: str, sid: str, writer: int, each: int, lost: Synchronized[int]) -> None:
    with closing(open_store(address)) as store:
        times = sum(flip(store, sid, writer, f"w{writer}", wait=n % 4 > 0)[1] for n in range(each))
    with lost.get_lock():
        lost.value += times


def race(address: str, writers: int, each: int) -> tuple[float, int]:
    """Processes that all write on one plan, and lose no edit: the seconds it took, and how many edits were late."""
    with closing(open_store(address)) as store:
        sid = make(store)
    late = START.Value("i", 0)
    people = [START.Process(target=write_many, args=(address, sid, w, each, late)) for w in range(writers)]
    begun = time.perf_counter()
    for p in people:
        p.start()
    for p in people:
        p.join(300)
    took = time.perf_counter() - begun
    assert [p.exitcode for p in people] == [0] * writers
    check_all_there(address, sid, writers, each)
    return took, late.value


def check_all_there(address: str, sid: str, writers: int, each: int) -> None:
    """Each writer's edits are in the history, in a row, and the plan is where they lead."""
    with closing(open_store(address)) as store:
        story = store.edits.history(sid)
        assert store.scenarios.rev(sid) == 2 + writers * each
        assert [v.rev for v in story.visits] == list(range(1, 3 + writers * each))
        by = [s.author for s in story.steps]
        assert all(by.count(f"w{w}") == each for w in range(writers))
        plan = store.plans.load(sid)[0]
        assert plan.assign[:writers].tolist() == [each % 2] * writers  # the first flip leads to 1, the second to 0


def write_until_killed(address: str, sid: str, pipe: Connection) -> None:
    store = open_store(address)
    while True:
        pipe.send(flip(store, sid, 0, "victim")[0])


def kill_often(address: str, kills: int, then: Callable[[int], None] = lambda _n: None) -> int:
    """Kill a program that writes, again and again; each edit it acknowledged must be there. Returns how many it was."""
    with closing(open_store(address)) as store:
        sid = make(store)
    rng = np.random.default_rng(7)
    acknowledged = 0
    for n in range(kills):
        here, there = START.Pipe(duplex=False)
        victim = START.Process(target=write_until_killed, args=(address, sid, there))
        victim.start()
        there.close()
        assert here.poll(30)
        time.sleep(float(rng.uniform(0.0, 0.05)))
        victim.kill()
        victim.join(10)
        try:
            while here.poll(0):
                acknowledged = here.recv()
        except EOFError:
            pass
        here.close()
        then(n)
        check_killed(address, sid, acknowledged)
    return acknowledged


def check_killed(address: str, sid: str, acknowledged: int) -> None:
    with closing(open_store(address)) as store:
        assert store.notice == ""
        plan, rev = store.plans.load(sid)
        assert acknowledged <= rev <= acknowledged + 1  # one may be saved and not yet said
        assert len(store.edits.history(sid).steps) == rev
        assert plan.assign[0] == ((rev - 2) % 2 if rev > 2 else -1)


@dataclass(frozen=True)
class Seat:
    """What one window of a workshop did and saw.

    Attributes:
        unit: which unit it paints.
        edits: revision, click and confirmation of each own edit, in seconds of `time.monotonic`.
        views: revision on the screen, and since when.
        polls: seconds each question took; failed: messages of edits that weren't taken.
    """

    unit: int
    edits: tuple[tuple[int, float, float], ...]
    views: tuple[tuple[int, float], ...]
    polls: tuple[float, ...]
    failed: tuple[str, ...]


def sit(ws: Workspace, sid: str, unit: int, begin: float, seconds: float, every: float) -> Seat:
    """One window: an edit a second at a moment of its own, a look `every` seconds, a sign of life each 5 s.

    It doesn't leave before it has done each once, however busy the machine is; but when the time is over it makes no
    more of the edits it is behind with: where each takes longer than a second, there would be ever more of them.
    """
    rng = random.Random(unit)  # noqa: S311 (no secret)
    edits, views, polls, failed = [], [], [], []
    me = WindowPresence(f"w{unit}", Person("", f"Person {unit}"), territory=unit % 2)
    next_edit, next_look, next_sign = (begin + rng.random() * k for k in (1.0, every, 1.0))
    shown, code, end = 0, 1, begin + seconds
    while True:
        now = time.monotonic()
        if now >= end and shown and (edits or failed) and next_sign > begin + 1.0:
            break
        if now >= end and (edits or failed):
            next_edit = math.inf
        if now >= next_edit:
            try:
                done = editing.paint(ws, sid, [unit], code, author=f"w{unit}", client=(f"w{unit}", len(edits) + 1))
                edits.append((done.rev, now, time.monotonic()))
                code = 1 - code
            except TerrError as error:
                failed.append(str(error))
            next_edit += 1.0
        elif now >= next_look:
            rev, _ = ws.store.changes.latest(sid)  # what the line of each map asks
            polls.append(time.monotonic() - now)
            if rev > shown:
                _, shown = ws.plan(sid)
                views.append((shown, time.monotonic()))
            next_look = max(next_look + every, now)
        elif now >= next_sign:
            ws.store.presence.seen(sid, me)
            next_sign += 5.0
        time.sleep(max(0.0, min(next_edit, next_look, next_sign, max(end, now)) - time.monotonic()))
    return Seat(unit, tuple(edits), tuple(views), tuple(polls), tuple(failed))


def one_program(
    address: str, root: str, sid: str, units: list[int], begin: float, seconds: float, every: float, pipe: Connection
) -> None:
    """An app process with several windows, each served by a thread."""
    ws = Workspace(Path(root), address)
    seats: list[Seat] = []

    def work(unit: int) -> None:
        seats.append(sit(ws, sid, unit, begin, seconds, every))

    windows = [threading.Thread(target=work, args=(u,)) for u in units]
    for w in windows:
        w.start()
    for w in windows:
        w.join()
    here = len(ws.store.presence.here(sid))
    ws.close()
    pipe.send((seats, here))
    pipe.close()


@dataclass(frozen=True)
class Session:
    """What came of a workshop.

    Attributes:
        edits: how many were confirmed; lost: how many of them are not in the history; failed: not taken.
        unseen: pairs of an edit and another window that never showed it (the last `grace` of the run is left out).
        seen_s: seconds from confirmation to the screen of another window, each pair; from_click_s: from the click.
        save_s: seconds from click to confirmation; poll_s: seconds of a question whether anything changed.
        here: windows known to be present at the end.
    """

    edits: int
    lost: int
    failed: int
    unseen: int
    seen_s: np.ndarray
    from_click_s: np.ndarray
    save_s: np.ndarray
    poll_s: np.ndarray
    here: int


def workshop(
    address: str,
    root: Path,
    *,
    windows: int = 50,
    programs: int = 1,
    seconds: float = 30.0,
    every: float = 0.5,
    n_units: int = 3109,
) -> Session:
    """Windows that edit one plan once a second and look `every` seconds, in one or several programs."""
    with closing(open_store(address)) as store:
        sid = make(store, n_units)
    begin = time.monotonic() + 1.5
    pipes, running = [], []
    for p in range(programs):
        here, there = START.Pipe(duplex=False)
        units = list(range(p, windows, programs))
        args = (address, str(root), sid, units, begin, seconds, every, there)
        running.append(START.Process(target=one_program, args=args))
        pipes.append(here)
        running[-1].start()
        there.close()
    told = [pipe.recv() for pipe in pipes]
    for one in running:
        one.join(30)
    return judge(address, sid, [s for seats, _ in told for s in seats], begin + seconds, told[0][1])


def judge(address: str, sid: str, seats: list[Seat], end: float, here: int, grace: float = 3.0) -> Session:
    """Compare what the windows were told with what is stored, and with what the others showed."""
    with closing(open_store(address)) as store:
        story = store.edits.history(sid)
        plan = store.plans.load(sid)[0]
    stored = {s.id: s.author for s in story.steps}
    lost = unseen = 0
    seen, click, save = [], [], []
    for seat in seats:
        for rev, clicked, confirmed in seat.edits:
            save.append(confirmed - clicked)
            lost += stored.get(rev) is None
            for other in seats:
                if other is seat:
                    continue
                at = _first(other.views, rev)
                if at is not None:
                    seen.append(max(0.0, at - confirmed))
                    click.append(at - clicked)
                elif confirmed < end - grace:
                    unseen += 1
    confirmed_edits = sum(len(s.edits) for s in seats)
    assert len(stored) == 2 + confirmed_edits
    assert all(plan.assign[s.unit] == len(s.edits) % 2 for s in seats if s.edits)  # each alone paints its unit
    polls = [p for s in seats for p in s.polls]
    return Session(
        confirmed_edits,
        lost,
        sum(len(s.failed) for s in seats),
        unseen,
        np.array(seen),
        np.array(click),
        np.array(save),
        np.array(polls),
        here,
    )


def _first(views: tuple[tuple[int, float], ...], rev: int) -> float | None:
    """When a window first showed a revision or a later one."""
    low, high = 0, len(views)
    while low < high:
        middle = (low + high) // 2
        if views[middle][0] < rev:
            low = middle + 1
        else:
            high = middle
    return views[low][1] if low < len(views) else None
