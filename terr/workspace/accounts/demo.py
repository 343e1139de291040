"""The demo data set, saved like any other."""

from __future__ import annotations

from io import BytesIO

from terr import demo
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.accounts.dataset import Dataset, dataset, save
from terr.workspace.accounts.intake import (
    guess_money,
    inspect,
    intake,
)
from terr.workspace.workspace import Workspace


def workbook() -> bytes:
    """The demo as an Excel file."""
    buffer = BytesIO()
    demo.write_demo(buffer)
    return buffer.getvalue()


def size() -> tuple[int, int]:
    """How many accounts and reps the demo has."""
    return len(demo.demo_accounts()), len(demo.demo_reps())


def demo_dataset(ws: Workspace, *, progress: Progress = UNWATCHED) -> Dataset:
    """The demo: 5,000 made-up accounts and 12 reps; saved once, found again after that.

    Raises:
        StoppedError: if the person stopped it.
    """
    progress.tell(0.0, "writing the demo's workbook")
    data = workbook()
    raw, columns = inspect(data, "demo.xlsx", progress=progress.part(0.2, 0.4))
    for info in ws.store.datasets.all():
        if info.sha256 == raw.sha256:
            return dataset(ws, info.id)
    taken = intake(raw, columns, guess_money(columns), progress=progress.part(0.4, 0.9))
    progress.tell(0.9, "saving 5,000 accounts")
    return save(ws, data, taken, name="Demo accounts", reps=demo.demo_reps())
