"""The roster of a data set: replaced by a file, or set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from terr.errors import InputError
from terr.ingest.ledger.roster import read_reps
from terr.ingest.reading.files import read_table
from terr.locate import home_problem
from terr.model.reps import Rep
from terr.view.text import count
from terr.workspace.accounts.dataset import DATASETS, Dataset, dataset
from terr.workspace.scores import recipe
from terr.workspace.workspace import Workspace


def read_roster(data: bytes, filename: str) -> tuple[tuple[Rep, ...], pd.DataFrame]:
    """Reps of a roster file; the second value lists the rows left out, with reasons.

    Raises:
        InputError: if the file holds no roster.
    """
    reps, issues = read_reps(read_table(data, filename), home_problem=home_problem)
    if not reps:
        raise InputError(f"{filename} has no usable rep; each row needs a user ID and a name")
    return reps, issues


def replace_reps(ws: Workspace, dataset_id: str, data: bytes, filename: str) -> tuple[Dataset, pd.DataFrame]:
    """Take a roster file for a data set; the second value lists the rows left out, with reasons.

    Raises:
        InputError: if the file holds no roster.
    """
    reps, issues = read_roster(data, filename)
    return set_reps(ws, dataset_id, reps, note=f"Uploaded {filename}"), issues


def set_reps(ws: Workspace, dataset_id: str, reps: Sequence[Rep], *, note: str = "") -> Dataset:
    """Make these the roster of a data set; the one before stays in its history."""
    ws.store.reps.save(dataset_id, tuple(reps), note=note[:400])
    old = dataset(ws, dataset_id)
    roster = ws.store.reps.of(dataset_id)
    made = replace(old, reps=roster)
    if old.scored is not None:  # workload starts at their homes
        work = old.scored
        work = recipe.applied(work.base, work.recipe, roster, ground=work.ground, before=(work,))
        made = replace(made, accounts=work.accounts, scored=work)
    return ws.caches[DATASETS].put(dataset_id, made)


_MOST_NOTES = 5
"""Rows of a roster with a warning that are told one by one."""


def roster_notes(issues: pd.DataFrame, filename: str) -> list[str]:
    """What to know of the rows of a roster file, in sentences: the rows left out, then those with a warning."""
    out = issues[issues["fate"] != "accepted"]
    told = []
    if len(out):
        first = out.iloc[0]
        told.append(
            f"{count(len(out), 'row')} of {filename} left out of the roster, first row {first['row']}: "
            f"{first['message']}"
        )
    warned = issues[issues["fate"] == "accepted"]
    told += [f"{filename}, row {i.row}, {i.column}: {i.message}" for i in warned.head(_MOST_NOTES).itertuples()]
    if len(warned) > _MOST_NOTES:
        told.append(f"{filename}: {len(warned) - _MOST_NOTES:,} more warnings; page Reps lists all")
    return told


_STATUS = {"accepted": "Imported with a warning", "excluded": "Skipped", "rejected": "Rejected"}


def issues_shown(issues: pd.DataFrame) -> pd.DataFrame:
    """The rows of a roster file that have an issue, for a reader: Row, Field, Value, Issue, Status."""
    shown = issues[["row", "column", "value", "message", "fate"]].replace({"fate": _STATUS})
    return shown.set_axis(["Row", "Field", "Value", "Issue", "Status"], axis=1)
