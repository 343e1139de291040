"""The answers to what a file left open, changed after its import; the accounts are made again with them."""

from __future__ import annotations

from collections.abc import Mapping

from terr.errors import InputError
from terr.ingest import Question
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import shown
from terr.workspace.accounts import dataset
from terr.workspace.accounts.abroad import all_questions
from terr.workspace.accounts.import_settings import SHAPE, ImportSettings
from terr.workspace.accounts.intake import Intake
from terr.workspace.workspace import Workspace


def asked_at_import(
    ws: Workspace, dataset_id: str, *, progress: Progress = UNWATCHED
) -> tuple[tuple[Question, ...], Mapping[str, str]]:
    """What a data set's file leaves open with its columns, answered or not; and the answers it is read with.

    Raises:
        LocateError: if there is no such data set.
        StoppedError: if the person stopped it.
    """
    reading = ImportSettings.of(ws.store.datasets.get(dataset_id).mapping)
    taken = dataset.ledger_of(ws, dataset_id, progress=progress.part(0.0, 0.5))
    progress.tell(0.6, "looking for what isn't clear")
    shape = {k: v for k, v in reading.answers.items() if k in SHAPE}
    asked = tuple(q for q in all_questions(taken.raw, reading.columns, shape) if q.key not in SHAPE)
    progress.tell(1.0, "every question is there")
    return asked, {q.key: reading.answers.get(q.key, q.default) for q in asked}


def change_answer(
    ws: Workspace, dataset_id: str, asked: Question, value: str, *, progress: Progress = UNWATCHED
) -> Intake:
    """Answer a question of a data set's file in another way.

    Raises:
        InputError: if that is none of its choices, or no account could be used then; nothing is changed.
        StoppedError: if the person stopped it.
    """
    if value not in {c.value for c in asked.choices}:
        raise InputError(f"{shown(value)} is no answer to {shown(asked.key)}; choose one of those listed")
    return dataset.reread(ws, dataset_id, lambda r: r.answering(asked.key, value), progress=progress)
