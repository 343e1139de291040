"""Territory plans as files: a PDF per rep, all of them in one zip, calendars, and sequences for sales tools."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import number_language, writing_in
from terr.planbook.cadence import Cadence
from terr.planbook.view import PlanView
from terr.report.documents.content import Brand
from terr.workspace.reports.brand import brand_of
from terr.workspace.reports.downloads import CSV, Download, file_name
from terr.workspace.territory_plans.company_template import template_of
from terr.workspace.territory_plans.plans import OpenTerritoryPlan, composer_of, lines, open_plan
from terr.workspace.workspace import Workspace

PDF, ICS, ZIP = "application/pdf", "text/calendar", "application/zip"
KINDS: Mapping[str, tuple[str, str]] = {
    "pdf": ("Territory plan (PDF)", "Every section, to print and to sign"),
    "ics": ("Calendar (.ics)", "An all-day event for each touch, for Outlook, Google and Apple calendars"),
    "hubspot.csv": ("HubSpot tasks (CSV)", "A task for each touch, for HubSpot's import"),
    "outreach.csv": ("Outreach prospects (CSV)", "A row for each account with its sequence and first day"),
    "steps.csv": ("Outreach steps (CSV)", "The steps of each tier's sequence"),
}
"""Kind of file -> its label and what it is for."""
_ENDS = {"pdf": PDF, "ics": ICS, "csv": CSV}


def plan_file(ws: Workspace, opened: OpenTerritoryPlan, kind: str) -> Download:
    """One of `KINDS` of one territory plan, frozen ones as they were.

    Raises:
        InputError: for another kind.
    """
    brand = brand_of(ws)
    if brand.numbers != number_language().tag and kind == "pdf":
        with writing_in(brand.numbers):  # its figures are written anew
            opened = open_plan(ws, opened.scenario_id, opened.code)
    cadences = opened.content.calendar.cadences or template_of(ws).cadences
    key = f"{opened.scenario_id}/{opened.code}"
    return _file(opened.view, kind, cadences, key, datetime.now(UTC), brand)


def name_of(view: PlanView, kind: str) -> str:
    """Name of a file of a plan: its territory and rep, reduced to letters, digits and dashes."""
    return file_name(f"{view.territory} {view.rep}".strip(), kind if "." in kind else f"plan.{kind}")


def mime_of(end: str) -> str:
    """MIME type of a file by its ending."""
    return _ENDS[end]


def _file(view: PlanView, kind: str, cadences: Sequence[Cadence], key: str, made: datetime, brand: Brand) -> Download:
    from terr.report.documents.plan_pdf import looks  # late: they bring large libraries
    from terr.report.territory_plans import calendar_file, plan_pdf, sequences

    makers: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: plan_pdf.territory_pdf(view, made, looks(brand)),
        "ics": lambda: calendar_file.calendar_ics(f"Outreach {view.territory}", key, view.entries, made),
        "hubspot.csv": lambda: sequences.hubspot_tasks(view.entries, view.email),
        "outreach.csv": lambda: sequences.outreach_prospects(view.entries, cadences),
        "steps.csv": lambda: sequences.outreach_steps(cadences),
    }
    if kind not in makers:
        raise InputError(f'"{kind[:20]}" isn\'t a file of a territory plan; choose {", ".join(makers)}')
    return Download(name_of(view, kind), mime_of(kind.rsplit(".", 1)[-1]), makers[kind]())


def all_files(
    ws: Workspace, scenario_id: str, kinds: Sequence[str] = ("pdf",), progress: Progress = UNWATCHED
) -> Download:
    """The plans of all territories a person may read, in one zip; it is there whole or not at all.

    Args:
        ws: the workspace as the person sees it.
        scenario_id: of which plan.
        kinds: of `KINDS`, at least one.
        progress: told how far it is.

    Raises:
        InputError: no plan is begun. StoppedError: if the person stopped it.
    """
    with writing_in(brand_of(ws).numbers):
        return _all_files(ws, scenario_id, kinds, progress)


def _all_files(ws: Workspace, scenario_id: str, kinds: Sequence[str], progress: Progress) -> Download:
    begun = [line for line in lines(ws, scenario_id) if line.state]
    if not begun:
        raise InputError("no territory has a plan yet; begin them first")
    progress.tell(0.0, "reading accounts and facts")
    known, made, brand = composer_of(ws, scenario_id), datetime.now(UTC), brand_of(ws)
    out, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for k, line in enumerate(begun):
            progress.tell(k / len(begun), f"writing the plan of {line.territory} ({k + 1:,} of {len(begun):,})")
            opened = open_plan(ws, scenario_id, line.code, known)
            cadences = opened.content.calendar.cadences or known.template.cadences
            for kind in kinds:
                one = _file(opened.view, kind, cadences, f"{scenario_id}/{line.code}", made, brand)
                box.writestr(_unique(one.name, taken), one.data)
    progress.tell(1.0, "done")
    return Download(file_name(known.g.shown.info.name, "territory-plans.zip"), ZIP, out.getvalue())


def _unique(name: str, taken: set[str]) -> str:
    """A name no other file of the zip has, whatever the system thinks of capitals."""
    stem, dot, end = re.sub(r"[^A-Za-z0-9.-]+", "-", name).partition("-plan.")
    out, n = name, 1
    while out.casefold() in taken:
        n += 1
        out = f"{stem}-{n}{dot}{end}"
    taken.add(out.casefold())
    return out
