"""Files that leave Terr, and the plan file that comes back in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.report.accounts import accounts_csv
from terr.report.geo import territories_geojson
from terr.report.geo_files import territories_file
from terr.report.plan import plan_csv
from terr.report.safe import safe_frame
from terr.workspace.levels import boundaries_report
from terr.workspace.overlays.coverage import role_columns
from terr.workspace.plan.editing import EditOutcome, place_by_name
from terr.workspace.plan.plan_settings import whys_of
from terr.workspace.plan.snapshot import plan_snapshot, report_table
from terr.workspace.reports.document_inputs import further_columns
from terr.workspace.reports.plan_file import read_plan_file
from terr.workspace.workspace import Workspace

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MIME = {
    "csv": CSV,
    "xlsx": XLSX,
    "geojson": "application/geo+json",
    "zip": "application/zip",
    "gpkg": "application/geopackage+sqlite3",
}


@dataclass(frozen=True)
class Download:
    """One file: its name, MIME type and bytes."""

    name: str
    mime: str
    data: bytes


_MANY_ACCOUNTS, _MANY_UNITS = 10_000, 3_000
_SHAPES = ("territories.geojson", "territories-shapefile.zip", "territories.gpkg")
KINDS = ("accounts.xlsx", "accounts.csv", "plan.csv", *_SHAPES)


def takes_long(ws: Workspace, scenario_id: str, kind: str) -> bool:
    """Whether making one of `KINDS` can take over a second, so that it needs a bar and a way to stop it."""
    one = plan_snapshot(ws, scenario_id)
    if kind == "plan.csv":
        return False
    return len(one.units) > _MANY_UNITS if kind in _SHAPES else len(one.accounts) > _MANY_ACCOUNTS


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
        # late: most who import this module write a CSV, and the workbook knows quotas, proofs and facts
        from terr.workspace.reports.documents import make_document
        from terr.workspace.reports.open_plan import open_plan

        data = make_document("xlsx", open_plan(ws, scenario_id), progress=progress)
    elif kind == "accounts.csv":
        reasons = further_columns(whys_of(ws, one.info), role_columns(ws, one))
        data = accounts_csv(one.accounts, one.units, one.plan, one.reps, one.held, progress, reasons)
    elif kind == "plan.csv":
        data = plan_csv(one.plan, one.units)
    else:
        what = boundaries_report(one.units)
        table = report_table(ws, scenario_id, rest=True)
        data = territories_file(kind, territories_geojson(one.plan, one.units, table, what, progress))
    return Download(file_name(one.info.name, kind), mime_of(kind), data)


def file_name(plan_name: str, kind: str) -> str:
    """Name of the exported file: the plan's, reduced to letters, digits and dashes."""
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", plan_name).strip("-").lower()[:60] or "plan"
    return f"{stem}-{kind}"


def mime_of(kind: str) -> str:
    """MIME type of one of `KINDS`."""
    return _MIME[kind.rsplit(".", 1)[-1]]


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
