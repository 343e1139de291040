"""Territory plans from files named on a command line: drafted in a folder of their own that is gone afterwards."""

from __future__ import annotations

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from terr.errors import InputError
from terr.model.accounts import COUNT
from terr.model.person import Person
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import writing_in
from terr.workspace.accounts import dataset as datasets
from terr.workspace.accounts.dataset import Dataset, roster_in
from terr.workspace.batch.documents.plan_inputs import ReportFiles
from terr.workspace.batch.reading import read_accounts
from terr.workspace.facts.joined_facts import facts_of
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.plan import editing
from terr.workspace.reports.brand import save_brand
from terr.workspace.reports.document_inputs import NO_BRAND
from terr.workspace.reports.downloads import import_plan
from terr.workspace.reps.assignment import assign_reps
from terr.workspace.reps.roster import read_roster
from terr.workspace.territory_plans import files as plan_files
from terr.workspace.territory_plans import plans
from terr.workspace.workspace import Workspace

_ME = Person("", "Terr")


def territory_plan_files(
    given: ReportFiles, period: str, territory: str | None = None, progress: Progress = UNWATCHED
) -> tuple[bytes, int]:
    """The territory plan of one territory as PDF, or those of all as a zip of PDFs, and how many.

    Args:
        given: accounts, plan, roster and facts.
        period: such as 2027; "" = next year.
        territory: its name, None = all of them.
        progress: told how far it is.

    Raises:
        InputError: if a file can't be used, or the plan has no such territory. StoppedError: if it was stopped.
    """
    with TemporaryDirectory(prefix="terr-plans-") as folder, writing_in(given.brand.numbers):
        ws = Workspace(Path(folder))
        try:
            sid = _plan_of(ws, given, progress.part(0.0, 0.4))
            stored, _ = ws.plan(sid)
            codes = {t.name.casefold(): t.code for t in stored.territories}
            if territory is not None and territory.casefold() not in codes:
                some = ", ".join(t.name for t in stored.territories[:5])
                raise InputError(f'the plan has no territory "{territory[:60]}"; there are {some}')
            wanted = list(codes.values()) if territory is None else [codes[territory.casefold()]]
            when = period or str(plans.today().year + 1)
            n = plans.begin(ws, sid, wanted, when, by=_ME, progress=progress.part(0.4, 0.5))
            if territory is None:
                return plan_files.all_files(ws, sid, ("pdf",), progress.part(0.5, 1.0)).data, n
            progress.tell(0.6, f"writing the plan of {territory}")
            return plan_files.plan_file(ws, plans.open_plan(ws, sid, wanted[0]), "pdf").data, n
        finally:
            ws.close()


def _plan_of(ws: Workspace, given: ReportFiles, progress: Progress) -> str:
    """The files as a plan in a workspace of their own; its id."""
    progress.tell(0.0, "Reading the accounts")
    name, data = given.accounts
    taken = read_accounts(data, name, sheet=given.sheet, choices=given.choices, decisions=given.decisions)
    reps = roster_in(data, taken.raw) if given.roster is None else read_roster(given.roster[1], given.roster[0])[0]
    kept = datasets.save(ws, data, taken, name=PurePath(name.partition("#")[0]).name, reps=reps)
    for k, (kind, (file, content)) in enumerate(given.facts.items()):
        progress.tell(0.2 + 0.1 * k, f"Reading the {kind}")
        try:
            keep_facts(ws, kept.info.id, facts_of(content, file, kept.accounts, kind=kind).facts, PurePath(file).name)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    if given.brand != NO_BRAND:
        save_brand(ws, given.brand.company, given.brand.accent, given.brand.logo or None, given.brand.numbers)
    progress.tell(0.8, "Reading the plan")
    measure = given.measure or _first(kept)
    limit = given.limit if isinstance(given.limit, float) else 0.05
    made = editing.create(
        ws, dataset_id=kept.info.id, level=given.level, region=given.region, measure=measure, tolerance=limit
    )
    file, content = given.plan
    import_plan(ws, made.id, ws.rev(made.id), content, filename=file)
    _name_reps(ws, made.id, kept)
    return made.id


def _first(kept: Dataset) -> str:
    """The first measure that says more of an account than that there is one."""
    return next((m for m in kept.accounts.figures if kept.accounts.total(m) > 0), COUNT)


def _name_reps(ws: Workspace, scenario_id: str, kept: Dataset) -> None:
    """A territory called by a rep's name or id is that rep's."""
    known = {r.name.casefold(): r.rep_id for r in kept.reps} | {r.rep_id.casefold(): r.rep_id for r in kept.reps}
    stored, rev = ws.plan(scenario_id)
    reps = {t.code: known[t.name.casefold()] for t in stored.territories if t.name.casefold() in known}
    if reps:
        assign_reps(ws, scenario_id, rev, reps)
