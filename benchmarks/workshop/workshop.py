"""A workshop on one plan: browsers and driven windows, each an edit a second; how soon the others see it, none lost.

`python -m benchmarks --only workshop` (20 s), or `python -m benchmarks.workshop.workshop --long` (two minutes).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Frame, sync_playwright

from benchmarks import marks
from benchmarks.app.app_server import MEASURE, served
from benchmarks.app.driver import FLAGS, FRAME, ONLY_HERE, READY, Guard, chromium
from benchmarks.marks import Figure
from benchmarks.workshop.seats import Seat
from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.accounts import demo
from terr.workspace.plan import editing

BROWSERS, SEATS = 5, 45
SHORT_S, LONG_S, GRACE_S = 20.0, 120.0, 4.0
HOOK = Path(__file__).with_name("workshop.js")


@dataclass(frozen=True)
class Window:
    """What one window did and saw.

    Attributes:
        kind: "browser" or "driven"; unit: the unit it alone painted.
        edits: (clicked, confirmed, revision); news: (revision, on its screen); panels: the same for charts and tables.
        plan: territory of each unit as it shows them at the end; refused: what it was told instead of done.
    """

    kind: str
    unit: int
    edits: tuple[tuple[float, float, int], ...]
    news: tuple[tuple[int, float], ...]
    panels: tuple[tuple[int, float], ...]
    plan: tuple[int, ...]
    refused: tuple[str, ...] = ()


def prepare(root: Path) -> tuple[str, tuple[int, int]]:
    """A plan of Texas by county, all of it in the first of two territories; (scenario, their codes)."""
    ws = Workspace(root)
    try:
        data = demo.demo_dataset(ws)
        info = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure=MEASURE)
        editing.edit(ws, info.id, 1, lambda p, c: moves.new_territory(p, next_code=c, name="South", color=1))
        a, b = ws.plan(info.id)[0].codes
        editing.paint(ws, info.id, range(info.n_units), a)
        return info.id, (a, b)
    finally:
        ws.close()


def hold(seconds: float, browsers: int = BROWSERS, seats: int = SEATS) -> tuple[list[Window], dict[str, Any]]:
    """The workshop; what each window did and saw, and what the database has."""
    guard = Guard()
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        scenario, codes = prepare(root)
        with served(root) as app:
            driven = [Seat(app.url, scenario, browsers + n, codes) for n in range(seats)]
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, daemon=True).start()

            def run(job: Any) -> Any:
                return asyncio.run_coroutine_threadsafe(job, loop).result()

            root_flag = ["--no-sandbox"]
            browser = driver.chromium.launch(executable_path=chromium(), args=[*FLAGS, ONLY_HERE, *root_flag])
            frames: list[Frame] = []
            for _ in range(browsers):
                context = browser.new_context(viewport={"width": 1280, "height": 800})
                guard.watch(context)
                page = context.new_page()
                page.set_default_timeout(120_000)
                page.goto(f"{app.url}/plan?scenario={scenario}", wait_until="commit")
                page.frame_locator(FRAME).locator(READY).wait_for(state="attached")
                frames.append(page.query_selector(FRAME).content_frame())  # type: ignore[union-attr, arg-type]
                frames[-1].wait_for_selector("body[data-line]", state="attached")
            run(_open(driven))
            time.sleep(8)  # until the first redraws of all of them are done
            begin = time.time() + 2
            for n, frame in enumerate(frames):
                frame.evaluate(HOOK.read_text(encoding="utf-8"), [n, list(codes), begin, seconds])
            done = asyncio.run_coroutine_threadsafe(_work(driven, begin, seconds), loop)
            while not done.done():
                frames[0].page.wait_for_timeout(500)
            frames[0].page.wait_for_timeout(1000 * GRACE_S)
            windows = [_of_browser(n, frame) for n, frame in enumerate(frames)] + [_of_seat(s) for s in driven]
            calm = driven[0].calm if driven else 0.0
            run(_close(driven))
            browser.close()
            loop.call_soon_threadsafe(loop.stop)
        ws = Workspace(root)
        try:
            plan, rev = ws.plan(scenario)
            stored = {"plan": tuple(plan.assign.tolist()), "edits": rev - 3, "calm": calm, "offsite": guard.offsite}
        finally:
            ws.close()
    return windows, stored


async def _open(seats: Sequence[Seat]) -> None:
    for at in range(0, len(seats), 5):
        await asyncio.gather(*(s.open() for s in seats[at : at + 5]))


async def _work(seats: Sequence[Seat], begin: float, seconds: float) -> None:
    await asyncio.gather(*(s.work(begin, seconds) for s in seats))


async def _close(seats: Sequence[Seat]) -> None:
    await asyncio.gather(*(s.close() for s in seats))


def _of_browser(unit: int, frame: Frame) -> Window:
    log = frame.evaluate("terrLog")
    plan = frame.evaluate("[...TerrMap.session.codes]")
    edits = tuple((e[1], e[2], int(e[3])) for e in log["edits"])
    news, panels = (tuple((int(r), t) for r, t in log[name]) for name in ("news", "panels"))
    return Window("browser", unit, edits, news, panels, tuple(plan))


def _of_seat(seat: Seat) -> Window:
    edits = tuple((clicked, confirmed, rev) for _, clicked, confirmed, rev in seat.edits)
    unanswered = tuple((t, 0.0, 0) for t in seat._clicks.values())
    return Window("driven", seat.unit, edits + unanswered, tuple(seat.news), (), tuple(seat.plan), tuple(seat.refused))


def first(seen: Sequence[tuple[int, float]], rev: int) -> float | None:
    """When a revision or a later one was on a screen."""
    return next((t for r, t in seen if r >= rev), None)


def judge(windows: Sequence[Window], stored: dict[str, Any], case: str) -> list[Figure]:
    """The figures: how soon others saw each edit, and that none is lost."""
    click: dict[str, list[float]] = {"browser": [], "driven": []}
    charts, confirmed, lost, unseen, made = [], [], 0, 0, 0
    for one in windows:
        for clicked, stored_at, rev in one.edits:
            made += 1
            if not stored_at:
                lost += 1
                continue
            confirmed.append(stored_at - clicked)
            if one.kind == "browser" and (at := first(one.panels, rev)) is not None:
                charts.append(at - clicked)
            for other in windows:
                if other is one:
                    continue
                at = first(other.news, rev)
                if at is None:
                    unseen += 1
                else:
                    click[other.kind].append(at - clicked)
    differ = sum(w.plan != stored["plan"] for w in windows)
    refused = sum(len(w.refused) for w in windows)

    def p95(values: list[float]) -> float:
        return float(np.quantile(values, 0.95)) if values else float("nan")

    def pairs(values: list[float]) -> dict[str, str]:
        return {"p50": f"{np.median(values):.2f} s", "max": f"{max(values):.2f} s"} if values else {}

    return [
        Figure(case, "edits lost or refused", lost + refused + abs(made - stored["edits"]), "", 0, exact=True, n=made),
        Figure(case, "edits never seen by a window", unseen, "", 0, exact=True, n=sum(map(len, click.values()))),
        Figure(case, "windows that end with another plan", differ, "", 0, exact=True, n=len(windows)),
        Figure(
            case,
            "click to others' browsers, p95",
            p95(click["browser"]),
            "s",
            1.0,
            n=len(click["browser"]),
            also=pairs(click["browser"]),
        ),
        Figure(
            case,
            "click to all others, p95",
            p95(click["browser"] + click["driven"]),
            "s",
            1.0,
            n=sum(map(len, click.values())),
            also=pairs(click["browser"] + click["driven"]),
        ),
        Figure(case, "click to stored, p95", p95(confirmed), "s", n=len(confirmed), also=pairs(confirmed)),
        Figure(
            case,
            "click to one's own charts, p95",
            p95(charts),
            "s",
            n=len(charts),
            also={**pairs(charts), "pace": f"{stored['calm']:.1f} s"},
        ),
        Figure(case, "requests off the machine", len(stored["offsite"]), "", 0, exact=True),
    ]


def run(*, long: bool = False, browsers: int = BROWSERS, seats: int = SEATS) -> list[Figure]:
    """Hold a workshop and judge it."""
    seconds = LONG_S if long else SHORT_S
    windows, stored = hold(seconds, browsers, seats)
    return judge(windows, stored, f"workshop, {browsers} browsers + {seats} driven windows, {seconds:.0f} s")


def main() -> int:
    """Exit code 0, also with marks missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workshop.workshop", description="Many on one plan.")
    parser.add_argument("--long", action="store_true", help="two minutes")
    parser.add_argument("--browsers", type=int, default=BROWSERS)
    parser.add_argument("--seats", type=int, default=SEATS)
    options = parser.parse_args()
    figures = run(long=options.long, browsers=options.browsers, seats=options.seats)
    print(", ".join(f"{k} {v}" for k, v in marks.machine(("streamlit", "websockets")).items()))
    print(f"\n{marks.table(figures)}\n\n{marks.summary(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
