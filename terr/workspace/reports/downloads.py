"""Files that leave Terr, and the plan file that comes back in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from terr.aggregate import placed
from terr.errors import InputError
from terr.metrics import evaluate, shown_in
from terr.model.progress import UNWATCHED, Progress
from terr.report.accounts import accounts_csv, accounts_xlsx
from terr.report.geo import territories_geojson
from terr.report.plan import plan_csv
from terr.report.safe import safe_frame
from terr.view.text import metric_in_unit, metric_title
from terr.workspace.access import distances
from terr.workspace.levels import WAY_WORDS, boundaries_report, heading, rough_note
from terr.workspace.plan.editing import EditOutcome, place_by_name
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot, report_table
from terr.workspace.reports.plan_file import read_plan_file
from terr.workspace.workspace import Workspace

CSV, XLSX, GEOJSON = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/geo+json",
)


@dataclass(frozen=True)
class Download:
    """One file: its name, MIME type and bytes."""

    name: str
    mime: str
    data: bytes


_MANY_ACCOUNTS, _MANY_UNITS = 10_000, 3_000
KINDS = ("accounts.xlsx", "accounts.csv", "plan.csv", "territories.geojson")


def takes_long(ws: Workspace, scenario_id: str, kind: str) -> bool:
    """Whether making one of `KINDS` can take over a second, so that it needs a bar and a way to stop it."""
    one = plan_snapshot(ws, scenario_id)
    if kind == "plan.csv":
        return False
    return len(one.units) > _MANY_UNITS if kind == "territories.geojson" else len(one.accounts) > _MANY_ACCOUNTS


def export(ws: Workspace, scenario_id: str, kind: str, progress: Progress = UNWATCHED) -> Download:
    """Make one of `KINDS` from the plan as stored now.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: for another kind.
        LocateError: if the scenario doesn't exist.
    """
    if kind not in KINDS:
        raise InputError(f'"{kind}" can\'t be exported; choose {", ".join(KINDS)}')
    progress.tell(0.0, "Placing the accounts")
    one = plan_snapshot(ws, scenario_id)
    if kind == "accounts.xlsx":
        table = report_table(ws, scenario_id)
        more = {"Metrics": metrics_table(one, miles=distances.miles(ws.root)), "Notes": notes_table(one)}
        data = accounts_xlsx(one.accounts, one.units, one.plan, one.reps, table, more, one.held, progress)
    elif kind == "accounts.csv":
        data = accounts_csv(one.accounts, one.units, one.plan, one.reps, one.held, progress)
    elif kind == "plan.csv":
        data = plan_csv(one.plan, one.units)
    else:
        what = boundaries_report(one.units)
        data = territories_geojson(one.plan, one.units, report_table(ws, scenario_id, rest=True), what, progress)
    return Download(file_name(one.info.name, kind), mime_of(kind), data)


def metrics_table(one: PlanSnapshot, *, miles: bool) -> pd.DataFrame:
    """The plan's metrics for the measure it balances, as rows `metric`, `value`, `unit`, `formula`."""
    found, level = evaluate(one.context, shown_in("files")), one.info.level
    rows = [
        (metric_title(m, one.measure, level), *metric_in_unit(m, found.figure(m.key), miles=miles), m.formula)
        for m in shown_in("files")
    ]
    return pd.DataFrame(rows, columns=["metric", "value", "unit", "formula"])


def notes_table(one: PlanSnapshot) -> pd.DataFrame:
    """What the plan was made on and how the accounts came to their units, as rows `note`, `what`, `accounts`."""
    what, found = boundaries_report(one.units), placed(one.accounts, one.units)
    rows: list[tuple[str, str, float]] = [
        ("Plan", one.info.name, math.nan),
        ("Region", heading(one.info), math.nan),
        ("Boundaries", what["title"], math.nan),
        ("Source of the boundaries", what["source"], math.nan),
    ]
    rows += [("Boundaries are approximate", said.message, math.nan) for said in rough_note(one.units)]
    words = {**WAY_WORDS, "outside": "outside the region", "unlocated": "not located"}
    rows += [("Accounts placed", words[way], n) for way, n in found.ways().items() if n]
    rows += [("Accounts not located", why, n) for why, n in found.reasons().items()]
    return pd.DataFrame(rows, columns=["note", "what", "accounts"]).astype({"accounts": float})


def file_name(plan_name: str, kind: str) -> str:
    """Name of the exported file: the plan's, reduced to letters, digits and dashes."""
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", plan_name).strip("-").lower()[:60] or "plan"
    return f"{stem}-{kind}"


def mime_of(kind: str) -> str:
    """MIME type of one of `KINDS`."""
    return {"xlsx": XLSX, "csv": CSV}.get(kind.rsplit(".", 1)[-1], GEOJSON)


def import_plan(
    ws: Workspace,
    scenario_id: str,
    seen_rev: int,
    data: bytes,
    *,
    author: str = "",
    filename: str = "",
    tell: Callable[[str], None] | None = None,
) -> EditOutcome:
    """Take over a plan file as one edit that one undo takes back.

    Args:
        ws: the workspace.
        scenario_id: the plan's.
        seen_rev: the revision the person looked at.
        data: the file; filename: for messages.
        author: whose edit it is.
        tell: told what was mended in the file, sentence by sentence.

    Raises:
        InputError: if the file has unknown, missing or repeated units, or isn't a plan file.
        ConflictError: if the plan changed since the person looked at it.
    """
    found = read_plan_file(data, ws.units(ws.store.scenarios.get(scenario_id)), filename)
    done = place_by_name(ws, scenario_id, seen_rev, found.names, author=author)
    if tell is not None:
        for note in found.notes:
            tell(note)
    return done


def safe_csv(frame: pd.DataFrame) -> bytes:
    """A frame as CSV for a spreadsheet program: UTF-8 with BOM, no cell that would run as a formula."""
    text: str = safe_frame(frame).to_csv(index=False)
    return text.encode("utf-8-sig")
