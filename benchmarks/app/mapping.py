"""The map in a real browser at four sizes: first map, click, lasso, pan and zoom, with 50,000 accounts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Frame, Page, sync_playwright

from benchmarks.app.app_server import App, served
from benchmarks.app.driver import Guard, cold_page, install, open_plan, quiet, settle
from benchmarks.engine.peers import metis
from benchmarks.marks import Figure, shown, timed
from terr.boundaries.layers.catalog import load_units, parse_region
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.design import apply_result
from terr.workspace.plan import editing

STARTS, CLICKS, LASSOS, DRAGS, WHEELS, LEAST = 3, 36, 30, 6, 40, 30
ACCOUNTS = 50_000
MEASURE = "Revenue"
CLICK_MS, FRAME_MS, LASSO_MS, START_S = 150.0, 50.0, 1000.0, 8.0
"""50 ms from frame to frame are 20 frames a second."""
MANY = 5_000


@dataclass(frozen=True)
class Case:
    """One map: what it is called, its level and region, and into how many territories it is divided."""

    name: str
    level: str
    region: str
    territories: int


CASES = (
    Case("Texas by county", "county", "TX", 8),
    Case("Lower 48 by county", "county", "lower48", 50),
    Case("Texas by ZIP", "zip", "TX", 20),
    Case("United States by ZIP", "zip", "us", 100),
)


def accounts() -> bytes:
    """50,000 made-up accounts near ZIP points drawn with a fixed seed, as CSV."""
    rng = np.random.default_rng(2)
    folder = Path(__file__).resolve().parents[2] / "data"
    zips = pd.read_parquet(folder / "zip_points.parquet")
    zips = zips[zips["state"].isin(parse_region("lower48"))].sample(ACCOUNTS, replace=True, random_state=3)
    frame = pd.DataFrame(
        {
            "Account ID": [f"A{i:05d}" for i in range(ACCOUNTS)],
            "Name": [f"Customer {i}" for i in range(ACCOUNTS)],
            "ZIP": zips["zip"].to_numpy(),
            "City": zips["city"].to_numpy(),
            "State": zips["state"].to_numpy(),
            "Latitude": zips["lat"].to_numpy().round(5),
            "Longitude": zips["lon"].to_numpy().round(5),
            MEASURE: rng.lognormal(10, 1, ACCOUNTS).round(),
            "Visits": rng.integers(1, 50, ACCOUNTS),
        }
    )
    return frame.to_csv(index=False).encode()


def prepare(root: Path) -> dict[Case, str]:
    """A plan per case, drawn by METIS; their scenario ids."""
    ws = Workspace(root)
    try:
        raw, columns = dataset.inspect(accounts(), "accounts.csv")
        data = dataset.save(ws, accounts(), dataset.intake(raw, columns, {MEASURE: "USD"}))
        return {case: _plan(ws, data.info.id, case) for case in CASES}
    finally:
        ws.close()


def _plan(ws: Workspace, dataset_id: str, case: Case) -> str:
    info = editing.create(
        ws, dataset_id=dataset_id, level=case.level, region=case.region, measure=MEASURE, name=case.name
    )
    slots = metis(
        load_units(case.level, case.region), apply_result.measure_loads(ws, info.id, MEASURE), case.territories, 0.05, 1
    )
    editing.place_by_name(ws, info.id, info.rev, [f"Territory {s + 1}" for s in slots.tolist()])
    return info.id


def run() -> tuple[list[Figure], dict[str, Any]]:
    """(figures, details for the JSON)."""
    guard, figures, details = Guard(), [], {}
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        for case, scenario in prepare(root).items():
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {case.name} ...\n")
            starts = []
            for last in (False,) * (STARTS - 1) + (True,):
                with served(root) as app, cold_page(driver, guard) as page:
                    took, frame = open_plan(page, app.url, scenario)
                    starts.append(took)
                    if last:
                        made, told = measure(page, frame, app, case)
            figures += [timed(case.name, "first usable map, cold browser", starts, "s", START_S, by="max"), *made]
            details[case.name] = {"starts_s": starts, **told}
    figures.append(
        Figure("map benchmark", "requests off the machine", len(guard.offsite), "", 0, exact=True, n=guard.asked)
    )
    return figures, details


def measure(page: Page, frame: Frame, app: App, case: Case) -> tuple[list[Figure], dict[str, Any]]:
    """Everything that is measured on one map that is open."""
    quiet(page, frame, 4.0)
    install(frame)
    units = int(frame.evaluate("TerrMap.session.geo.n"))
    name = f"{case.name} ({units:,})"
    before = _heap(page)
    clicks = _clicks(page, frame)
    lassos, taken = _lassos(page, frame, min(MANY, units // 3))
    _accounts_on(frame)
    pans, zooms = _pans(page, frame), _zooms(page, frame)
    figures = [
        timed(name, "click to recolour", clicks, "ms", CLICK_MS, by="p50", least_n=LEAST),
        timed(name, f"lasso over {taken:,} units to recolour", lassos, "ms", LASSO_MS, by="p50", least_n=LEAST),
        timed(name, f"pan, frame to frame, {ACCOUNTS:,} accounts shown", pans, "ms", FRAME_MS, by="p95", least_n=LEAST),
        timed(
            name, f"zoom, frame to frame, {ACCOUNTS:,} accounts shown", zooms, "ms", FRAME_MS, by="p95", least_n=LEAST
        ),
        shown(name, "JavaScript heap", [_heap(page)], "MB"),
        shown(name, "memory of the server", [app.memory_mb()], "MB"),
    ]
    return figures, {
        "clicks_ms": clicks,
        "lassos_ms": lassos,
        "pan_ms": pans,
        "zoom_ms": zooms,
        "heap_before_mb": before,
    }


def _heap(page: Page) -> float:
    """Megabytes of JavaScript objects in use, after collecting what isn't."""
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.collectGarbage")
    used: dict[str, Any] = tools.send("Runtime.getHeapUsage")
    tools.detach()
    return float(used["usedSize"]) / 1e6


def _clicks(page: Page, frame: Frame) -> list[float]:
    """Milliseconds from mousedown to the frame in which the pixel has the new colour."""
    out: list[float] = []
    for turn in range(CLICKS):
        target = frame.evaluate("turn => terrProbe.target(turn)", turn)
        page.mouse.move(target["pageX"], target["pageY"])
        page.wait_for_timeout(120)
        frame.evaluate("([x, y, code]) => terrProbe.armColour(x, y, code)", [target["x"], target["y"], target["code"]])
        page.mouse.down()
        page.mouse.up()
        frame.wait_for_function("'colour' in terrProbe.seen", timeout=30_000)
        out.append(float(frame.evaluate("terrProbe.seen.colour")))
        settle(frame)
        page.wait_for_timeout(100)
    return [round(v, 1) for v in out]


def _lassos(page: Page, frame: Frame, units: int) -> tuple[list[float], int]:
    """Milliseconds from letting go of a lasso around many units to their new colour, and how many units it took."""
    frame.locator('button[data-tool="lasso"]').click()
    ring = frame.evaluate("n => terrProbe.ring(n)", units)
    out, taken = [], 0
    for turn in range(LASSOS):
        frame.evaluate("turn => { const s = TerrMap.session; s.choose(s.territories[turn % 2].code); }", turn)
        page.mouse.move(*ring[0])
        page.mouse.down()
        for at in ring[1:]:
            page.mouse.move(*at)
        frame.evaluate("() => terrProbe.armLasso()")
        page.mouse.up()
        frame.wait_for_function("'colour' in terrProbe.seen", timeout=30_000)
        out.append(round(float(frame.evaluate("terrProbe.seen.colour")), 1))
        taken = max(taken, int(frame.evaluate("terrProbe.seen.taken")))
        settle(frame)
    frame.locator('button[data-tool="click"]').click()
    return out, taken


def _accounts_on(frame: Frame) -> None:
    frame.evaluate("() => TerrMap.session.legend.points()")
    frame.wait_for_function("TerrMap.session.points !== null", timeout=60_000)
    settle(frame)


def _frames(page: Page, frame: Frame, move: Callable[[], None]) -> list[float]:
    """Milliseconds between the frames of the map while something moves."""
    frame.evaluate("() => terrProbe.record(true)")
    move()
    frame.evaluate("() => terrProbe.record(false)")
    page.wait_for_timeout(600)
    return [round(float(v), 1) for v in frame.evaluate("terrProbe.frames")]


def _pans(page: Page, frame: Frame) -> list[float]:
    box = frame.frame_element().bounding_box()
    if box is None:
        raise RuntimeError("the map is not on the screen")
    left, right, y = box["x"] + 120, box["x"] + box["width"] - 260, box["y"] + box["height"] / 2

    def drag() -> None:
        for turn in range(DRAGS):
            a, b = (left, right) if turn % 2 else (right, left)
            page.mouse.move(a, y)
            page.mouse.down()
            for step in range(1, 41):
                page.mouse.move(a + (b - a) * step / 40, y + 60 * (step / 40 if turn % 4 < 2 else -step / 40))
                time.sleep(0.012)
            page.mouse.up()

    return _frames(page, frame, drag)


def _zooms(page: Page, frame: Frame) -> list[float]:
    box = frame.frame_element().bounding_box()
    if box is None:
        raise RuntimeError("the map is not on the screen")
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.55)

    def wheel() -> None:
        for turn in range(WHEELS):
            page.mouse.wheel(0, -120 if turn < WHEELS // 2 else 120)
            time.sleep(0.09)

    return _frames(page, frame, wheel)
