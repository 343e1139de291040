"""The app in a real browser: start, single clicks, a burst of clicks, an upload."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Frame, Page, Playwright, sync_playwright

from benchmarks.app import intake
from benchmarks.app.app_server import kept, prepare, served
from benchmarks.app.driver import Guard, cold_page, first_territory, install, open_plan, quiet, settle
from benchmarks.marks import Figure, shown, timed

CLICKS, WARM_UP, BURST, STARTS, UPLOADS = 40, 3, 100, 3, 3
LEAST = 30
STAGES = (
    ("map confirmed", "map"),
    ("headline", "headline"),
    ("table", "table"),
    ("chart", "chart"),
)
COUNTIES = "3,109 counties in Chromium"


def run() -> tuple[list[Figure], dict[str, Any]]:
    """(figures, details for the JSON)."""
    guard = Guard()
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        scenario = prepare(root)
        starts, boots = [], []
        for _ in range(STARTS - 1):
            with served(root) as app, cold_page(driver, guard) as page:
                starts.append(open_plan(page, app.url, scenario)[0])
                boots.append(app.boot_s)
        with served(root) as app, cold_page(driver, guard) as page:
            took, frame = open_plan(page, app.url, scenario)
            starts.append(took)
            boots.append(app.boot_s)
            quiet(page, frame)
            install(frame)
            clicks = _clicks(page, frame)
            burst, burst_details = _burst(page, frame, root, scenario)
        uploads = _uploads(driver, guard)
    figures = [
        timed(COUNTIES, "click to recolour", [c["colour"] for c in clicks], "ms", 60, by="p50", least_n=LEAST),
        timed(COUNTIES, "click to chart and table", [_all(c) for c in clicks], "ms", 500, by="p50", least_n=LEAST),
        *(shown(COUNTIES, f"of it: {name}", [c[stage] for c in clicks], "ms") for name, stage in STAGES),
        *burst,
        timed("app start, server just up", "usable map, cold browser", starts, "s", 6.0, by="max"),
        shown("app start, server just up", "before that: process start to first answer", boots, "s"),
        timed(intake.CASE, "browser, file chosen to review", uploads, "s", intake.SECONDS, by="max"),
        Figure("browser benchmark", "requests off the machine", len(guard.offsite), "", 0, exact=True, n=guard.asked),
    ]
    return figures, {
        "clicks_ms": clicks,
        "starts_s": starts,
        "boots_s": boots,
        "burst": burst_details,
        "offsite": guard.offsite,
    }


def _all(click: dict[str, float]) -> float:
    """When the last of map, headline, chart and table showed the click."""
    return max(click[name] for name in ("map", "headline", "chart", "table"))


def _targets(frame: Frame, code: int, count: int) -> list[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = frame.evaluate("code => terrProbe.candidates(code)", code)
    if len(found) < count:
        raise RuntimeError(f"only {len(found)} counties can be clicked on this screen, {count} are needed")
    return list(found[:count])


def _clicks(page: Page, frame: Frame) -> list[dict[str, float]]:
    """Milliseconds per stage of each click. The active territory grows over the counties around it."""
    code = first_territory(frame)
    out: list[dict[str, float]] = []
    tried = 0
    while len(out) < CLICKS + WARM_UP:
        tried += 1
        if tried > 3 * (CLICKS + WARM_UP):
            raise RuntimeError("too few counties keep their colour under the pointer")
        # the nearest one anew each time: the plan changed, and a hover outline may have covered the last try's pixel
        target = _targets(frame, code, tried)[tried - len(out) - 1]
        page.mouse.move(target["pageX"], target["pageY"])
        page.wait_for_timeout(150)
        here = frame.evaluate("([x, y]) => terrProbe.colour(x, y)", [target["x"], target["y"]])
        fill = frame.evaluate("u => TerrMap.session.fillOf(u).toLowerCase()", target["u"])
        if here != fill:
            continue
        frame.evaluate("([x, y, code]) => terrProbe.arm(x, y, code)", [target["x"], target["y"], code])
        page.mouse.down()
        page.mouse.up()
        frame.wait_for_function("terrProbe.seen.done", timeout=30_000)
        out.append(dict(frame.evaluate("terrProbe.seen")))
        settle(frame)
        page.wait_for_timeout(250)
    return [{k: round(v, 1) for k, v in c.items() if k not in {"before", "done"}} for c in out[WARM_UP:]]


def _burst(page: Page, frame: Frame, root: Path, scenario: str) -> tuple[list[Figure], dict[str, float]]:
    """A hundred clicks on a hundred counties, none waited for."""
    code = first_territory(frame)
    settle(frame)
    targets = _targets(frame, code, BURST)
    rev, edits = kept(root, scenario)
    started = time.perf_counter()
    for target in targets:
        page.mouse.click(target["pageX"], target["pageY"])
    clicked = time.perf_counter() - started
    settle(frame)
    done = time.perf_counter() - started
    new_rev, new_edits = kept(root, scenario)
    name = f"{BURST} clicks, none waited for"
    said = {"clicked in": f"{clicked:.1f} s", "all confirmed after": f"{done:.1f} s"}
    return [
        Figure(name, "revisions on the server", new_rev - rev, "", BURST, exact=True, n=BURST, also=said),
        Figure(name, "edits in SQLite", new_edits - edits, "", BURST, exact=True, n=BURST),
    ], {"clicked_s": clicked, "confirmed_s": done}


def _uploads(driver: Playwright, guard: Guard) -> list[float]:
    """Seconds from choosing the file, through confirming the columns, to the review of its rows."""
    out = []
    with TemporaryDirectory() as folder:
        root, file = Path(folder) / "data", Path(folder) / "accounts.xlsx"
        root.mkdir()
        file.write_bytes(intake.workbook())
        with served(root) as app:
            for _ in range(UPLOADS):
                with cold_page(driver, guard) as page:
                    page.goto(f"{app.url}/accounts")
                    picker = page.locator('input[type="file"]')
                    picker.wait_for(state="attached")
                    page.wait_for_timeout(4000)
                    started = time.perf_counter()
                    picker.set_input_files(file)
                    take = page.get_by_role("button", name="Import 5,000 rows")
                    take.click()
                    take.wait_for(state="detached")
                    page.get_by_role("heading", name="3 · Review").wait_for(state="visible")
                    page.get_by_text("of 5,000 rows").first.wait_for(state="visible")
                    out.append(time.perf_counter() - started)
    return out
