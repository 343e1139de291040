"""50,000 accounts as books in a real browser: first map, click to color, click to charts, lasso, pan and zoom."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.app import browser, mapping
from benchmarks.app.app_server import served
from benchmarks.app.driver import Guard, cold_page, install, open_plan, quiet
from benchmarks.app.mapping import ACCOUNTS, CLICK_MS, FRAME_MS, LASSO_MS, LEAST, MANY, MEASURE, START_S
from benchmarks.marks import Figure, shown, timed
from terr.model.books.plan_layers import PlanLayer
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing

BOOKS = 50
CHARTS_MS = 500.0
NAME = f"Books of {ACCOUNTS:,} accounts"


def prepare(root: Path) -> str:
    """A plan of books in stripes from west to east; its scenario id."""
    ws = Workspace(root)
    try:
        raw, columns = dataset.inspect(mapping.accounts(), "accounts.csv")
        data = dataset.save(ws, mapping.accounts(), dataset.intake(raw, columns, {MEASURE: "USD"}))
        info = editing.create_layers(ws, dataset_id=data.info.id, layers=(PlanLayer("Accounts"),), measure=MEASURE)
        east = ws.units(info).xy_km[:, 0].argsort().argsort()
        names = [f"Territory {1 + s}" for s in (east * BOOKS // ACCOUNTS).tolist()]
        editing.place_by_name(ws, info.id, info.rev, names)
        return info.id
    finally:
        ws.close()


def run() -> tuple[list[Figure], dict[str, Any]]:
    """(figures, details for the JSON)."""
    guard = Guard()
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        scenario = prepare(root)
        with served(root) as app, cold_page(driver, guard) as page:
            took, frame = open_plan(page, app.url, scenario)
            quiet(page, frame)
            install(frame)
            clicks = browser._clicks(page, frame)
            lassos, taken = mapping._lassos(page, frame, MANY)
            pans, zooms = mapping._pans(page, frame), mapping._zooms(page, frame)
            heap, memory = mapping._heap(page), app.memory_mb()
    every = [browser._all(c) for c in clicks]
    figures = [
        timed(NAME, "first usable map, cold browser", [took], "s", START_S, by="max"),
        timed(NAME, "click to recolour", [c["colour"] for c in clicks], "ms", CLICK_MS, by="p50", least_n=LEAST),
        timed(NAME, "click to chart and table", every, "ms", CHARTS_MS, by="p50", least_n=LEAST),
        *(shown(NAME, f"of it: {name}", [c[stage] for c in clicks], "ms") for name, stage in browser.STAGES),
        timed(NAME, f"lasso over {taken:,} accounts", lassos, "ms", LASSO_MS, by="p50", least_n=LEAST),
        timed(NAME, "pan, frame to frame", pans, "ms", FRAME_MS, by="p95", least_n=LEAST),
        timed(NAME, "zoom, frame to frame", zooms, "ms", FRAME_MS, by="p95", least_n=LEAST),
        shown(NAME, "JavaScript heap", [heap], "MB"),
        shown(NAME, "memory of the server", [memory], "MB"),
    ]
    details = {"clicks_ms": clicks, "lassos_ms": lassos, "pan_ms": pans, "zoom_ms": zooms}
    return figures, details
