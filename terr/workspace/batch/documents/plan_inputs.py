"""The inputs of a document from files named on a command line; the gatherer is that of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from terr.aggregate import measures_per_unit
from terr.edits.colors import PALETTE, territory_colors
from terr.errors import InputError
from terr.model.plan import Plan
from terr.model.problem_checks import Limit
from terr.model.progress import UNWATCHED, Progress
from terr.report.documents.content import Brand
from terr.view.text import unit_noun
from terr.workspace.accounts.decisions_file import NOTHING, Decisions
from terr.workspace.batch.inputs import USUAL_LIMIT, BatchInputs, BatchRequest, NamedFile
from terr.workspace.batch.measure_names import COUNT
from terr.workspace.batch.prepare import prepare
from terr.workspace.batch.report import NOWHERE, context_of
from terr.workspace.batch.starting_plan import owners_plan, read_plan
from terr.workspace.facts.joined_facts import JoinedFacts, facts_of
from terr.workspace.facts.performance import FactSet
from terr.workspace.levels import boundaries_report, place_name, rough_note
from terr.workspace.reports.document_inputs import NO_BRAND, DocumentInputs


@dataclass(frozen=True)
class ReportFiles:
    """What `terr report` is given.

    Attributes:
        accounts: the file; plan: a plan file; before: what it is compared with, None = nothing.
        level, region: of the units; measure: "" = the first of the file.
        limit: share a load may be off; roster: None = a sheet of the accounts' workbook.
        facts: kind -> file of orders, opportunities, activities, contracts or quotas.
        today: "owners" = the plan is compared with the owner column.
        brand: of the company; choices: field or measure -> column; decisions: a person's.
    """

    accounts: NamedFile
    plan: NamedFile
    level: str
    region: str
    measure: str = ""
    limit: Limit = USUAL_LIMIT
    before: NamedFile | None = None
    today: str | None = None
    roster: NamedFile | None = None
    named: NamedFile | None = None
    facts: Mapping[str, NamedFile] = field(default_factory=dict)
    brand: Brand = NO_BRAND
    choices: Mapping[str, str] = field(default_factory=dict)
    decisions: Decisions = NOTHING
    sheet: str | None = None
    findings: tuple[str, ...] = ()


def report_inputs(files: ReportFiles, progress: Progress = UNWATCHED) -> DocumentInputs:
    """A plan file and what is known of it.

    Raises:
        InputError: if a file can't be used. LocateError: an unknown region. StoppedError: if it was stopped.
    """
    progress.tell(0.0, "Reading the accounts")
    ground = _ground(files)
    progress.tell(0.5, "Reading the plan")
    before: Plan | None = None
    baseline = ""
    if files.today is not None:
        ground, before = owners_plan(ground)
        baseline = "as owned today"
    elif files.before is not None:
        before, _ = read_plan(files.before, ground)
        baseline = PurePath(files.before[0].partition("#")[0]).name
    plan = with_reps(read_plan(files.plan, ground)[0], ground)
    if files.named is not None:
        from terr.workspace.batch.named_file import with_named_accounts_of
        from terr.workspace.batch.starting_plan import starting_plan

        ground = with_named_accounts_of(*files.named, ground, starting_plan(ground, plan))
    context = context_of(ground, plan, {}, before)
    progress.tell(0.7, "Reading the facts")
    facts = {kind: _facts(kind, file, ground, progress) for kind, file in files.facts.items()}
    owners = ground.accounts.frame["owner"].astype(str).to_numpy(dtype=object)
    what, rough = boundaries_report(ground.units), rough_note(ground.units)
    noun = unit_noun(files.level, 1)
    tolerance, sides = ground.asked.main_limit()
    names = [PurePath(f[0].partition("#")[0]).name for f in (files.accounts, files.plan, *files.facts.values())]
    return DocumentInputs(
        name=f"{place_name(ground.units)} in {len(plan.territories):,} territories",
        place=f"{place_name(ground.units)} by {noun}",
        accounts=ground.accounts,
        units=ground.units,
        plan=plan,
        reps=ground.reps,
        context=context,
        colors=territory_colors(plan, ground.units.indptr, ground.units.indices),
        tolerance=tolerance,
        sides=sides,
        held=ground.overrides,
        baseline=baseline,
        before_names=_names_before(plan, before),
        facts=FactSet(facts, owners) if facts else None,
        files=tuple(names),
        boundaries=(what["title"], what["source"]),
        rough=rough[0].message if rough else "",
        brand=files.brand,
    )


def _ground(files: ReportFiles) -> BatchInputs:
    """The accounts on the units, with the measure asked for, or the first one the file has."""

    def read(measure: str) -> BatchInputs:
        request = BatchRequest(
            files.level,
            files.region,
            measure,
            limits={measure: files.limit},
            roster=files.roster,
            today=files.today,
            findings=files.findings,
        )
        name, data = files.accounts
        return prepare(data, name, request, sheet=files.sheet, choices=files.choices, decisions=files.decisions)

    if files.measure:
        return read(files.measure)
    ground = read(COUNT)
    figures = [m for m in ground.accounts.figures if m != COUNT]
    for first in figures:
        weights, counts = measures_per_unit(ground.accounts, ground.units, (first,))
        if float(weights.sum()) > 0:
            asked = replace(ground.asked, measure=first, limits={first: files.limit})
            return replace(ground, asked=asked, measures=(first,), weights=weights, counts=counts)
    return ground


def with_reps(plan: Plan, ground: BatchInputs) -> Plan:
    """The plan with the rep of each territory that is called by a rep's name or id, and colors in turn."""
    known = {r.name.casefold(): r.rep_id for r in ground.reps} | {r.rep_id.casefold(): r.rep_id for r in ground.reps}
    return plan.with_changes(
        territories=tuple(
            replace(t, rep=known.get(t.name.casefold(), t.rep), color=j % PALETTE)
            for j, t in enumerate(plan.territories)
        )
    )


def _names_before(plan: Plan, before: Plan | None) -> dict[int, str]:
    """Code in the context -> name, for territories of the earlier plan."""
    if before is None:
        return {}
    code = {t.name.casefold(): t.code for t in plan.territories}
    gone = [t.name for t in before.territories if t.name.casefold() not in code]
    found = {code[t.name.casefold()]: t.name for t in before.territories if t.name.casefold() in code}
    return found | {NOWHERE + k: name for k, name in enumerate(gone)}


def _facts(kind: str, file: NamedFile, ground: BatchInputs, progress: Progress) -> JoinedFacts:
    name, data = file
    try:
        return facts_of(data, name, ground.accounts, kind=kind, progress=progress.part(0.7, 0.9))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
