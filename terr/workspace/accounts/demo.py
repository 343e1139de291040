"""The demo data set, saved like any other."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

from terr import demo
from terr.errors import RoleError
from terr.ingest.facts.fact_rows import typed_facts
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.accounts.dataset import Dataset, dataset, save
from terr.workspace.accounts.intake import (
    guess_money,
    inspect,
    intake,
)
from terr.workspace.facts.kept_facts import FACTS, put_kept, write_facts
from terr.workspace.workspace import Workspace


def workbook() -> bytes:
    """The demo as an Excel file."""
    buffer = BytesIO()
    demo.write_demo(buffer)
    return buffer.getvalue()


def size() -> tuple[int, int]:
    """How many accounts the demo has, and reps who can own a territory."""
    return len(demo.demo_accounts()), sum(r.covers for r in demo.demo_reps())


def demo_dataset(ws: Workspace, *, progress: Progress = UNWATCHED) -> Dataset:
    """The demo: 5,000 made-up accounts, 12 reps and three years of facts; saved once, found again after that.

    Raises:
        StoppedError: if the person stopped it.
    """
    progress.tell(0.0, "writing the demo's workbook")
    data = workbook()
    raw, columns = inspect(data, "demo.xlsx", progress=progress.part(0.2, 0.4))
    for info in ws.store.datasets.all():
        if info.sha256 == raw.sha256:
            if FACTS not in info.mapping:  # of a Terr before facts
                with suppress(RoleError):
                    _keep_facts(ws, info.id)
            return dataset(ws, info.id)
    taken = intake(raw, columns, guess_money(columns), progress=progress.part(0.4, 0.9))
    progress.tell(0.9, "saving 5,000 accounts")
    made = save(ws, data, taken, name="Demo accounts", reps=demo.demo_reps())
    progress.tell(0.95, "saving three years of orders")
    _keep_facts(ws, made.info.id)
    return dataset(ws, made.info.id)


def _keep_facts(ws: Workspace, dataset_id: str) -> None:
    kept = [
        write_facts(ws, dataset_id, typed_facts(table, kind, "USD"), f"demo-{kind}.parquet")
        for kind, table in demo.demo_facts().items()
    ]
    put_kept(ws, dataset_id, kept)
