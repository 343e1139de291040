"""From a file named on a command line to accounts on the units of a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from terr.aggregate import measures_per_unit, placed, totals, unit_codes
from terr.boundaries.layers.catalog import load_units
from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap
from terr.model.accounts import Accounts
from terr.model.problem_checks import Limit
from terr.model.result import Explanation
from terr.model.units import Units
from terr.report.safe import shown
from terr.view.text import count, unit_noun
from terr.workspace.accounts.dataset import Intake, inspect, roster_in, with_column
from terr.workspace.accounts.decisions_file import NOTHING, Decisions, check_answers, columns_of, imported_with
from terr.workspace.batch.constraints import PlanConstraints
from terr.workspace.batch.measure_names import COUNT, find_measures, scored_measures, with_count
from terr.workspace.batch.report import BatchInputs
from terr.workspace.design.problem import check_loads, pieces_warning
from terr.workspace.levels import (
    boundaries_report,
    check_level,
    located_line,
    located_report,
    place_name,
    reasons_line,
    rough_note,
    settled_region,
)
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.scores.recipe import EMPTY, Recipe

USUAL_LIMIT = 0.05


@dataclass(frozen=True)
class BatchRequest:
    """Where and by what a plan is made.

    Attributes:
        level: one of `terr.workspace.levels.choices`; region: as `parse_region` takes it, "" for all of a layer of
            one's own.
        measure: what is balanced first.
        limits: measure -> share a load may be off its target, or (below, above) with None for any; `measure` gets 5 %
            if it isn't named.
        terms: what else is asked.
        findings: what was found in the boundaries when they were read, for the report.
        scores: kept definitions, whose measures may be asked for too.
    """

    level: str
    region: str
    measure: str
    limits: Mapping[str, Limit]
    terms: PlanConstraints = field(default_factory=PlanConstraints)
    findings: tuple[str, ...] = ()
    scores: Recipe = EMPTY


def read_accounts(
    data: bytes,
    filename: str,
    *,
    sheet: str | None = None,
    choices: Mapping[str, str] | None = None,
    decisions: Decisions = NOTHING,
) -> Intake:
    """Read, clean and locate a file of accounts.

    Args:
        data: its bytes.
        filename: for messages.
        sheet: of a workbook; by default the one that looks most like accounts.
        choices: field or measure -> column, where the guess isn't right.
        decisions: a person's; duplicates and families are left to `Decisions.of`.

    Raises:
        InputError: if the file, a choice or an answer can't be used.
    """
    raw, columns = inspect(data, filename, sheet=sheet or decisions.sheet, answers=decisions.answers)
    columns = with_column(columns_of(raw, columns, decisions), choices or {})
    check_answers(raw, columns, decisions.answers)
    return imported_with(raw, columns, decisions)


def prepare(
    data: bytes,
    filename: str,
    wanted: BatchRequest,
    *,
    sheet: str | None = None,
    choices: Mapping[str, str] | None = None,
    decisions: Decisions = NOTHING,
) -> BatchInputs:
    """Accounts of a file laid on the units of a region, with the measures that are asked for.

    A measure may be named by its name, its column, or words of it that fit one only ("revenue" for "Annual Revenue").

    Raises:
        InputError: an unusable file, level, measure or limit; a measure that is zero all over the region.
        LocateError: an unknown region.
    """
    check_level(wanted.level)
    for limit in wanted.limits.values():
        for share in limit if isinstance(limit, tuple) else (limit,):
            if share is not None:
                check_tolerance(share)
    units = load_units(wanted.level, settled_region(wanted.level, wanted.region))
    raw, columns = inspect(data, filename, sheet=sheet or decisions.sheet, answers=decisions.answers)
    chosen = with_column(columns_of(raw, columns, decisions), choices or {})
    terms = wanted.terms
    priced = [m for m in terms.balance if m]
    asked = (wanted.measure, *wanted.limits, *terms.floors, *terms.caps, *priced)
    left: tuple[str, ...] = ()

    def take(found: ColumnMap) -> Accounts:
        check_answers(raw, found, decisions.answers)
        return decisions.of(imported_with(raw, found, decisions).accounts, chosen, found)

    if wanted.scores.kept:
        accounts, names, left = scored_measures(raw, chosen, asked, wanted.scores, take, roster_in(data, raw))
    else:
        columns, names = find_measures(raw, chosen, asked)
        accounts = take(columns)
    first = names[wanted.measure]
    limits: dict[str, Limit] = _renamed(wanted.limits, names, "limit")
    limits = {first: limits.pop(first, USUAL_LIMIT), **limits}
    terms = replace(
        terms,
        floors=_renamed(terms.floors, names, "least load"),
        caps=_renamed(terms.caps, names, "most load"),
        balance=_renamed({m or wanted.measure: v for m, v in terms.balance.items()}, names, "price"),
    )
    measures = tuple(dict.fromkeys((*limits, *(names[m] for m in asked))))
    accounts = with_count(accounts) if COUNT in measures else accounts
    codes = unit_codes(accounts, units)
    weights, per_unit = measures_per_unit(accounts, units, measures, codes=codes)
    check_loads(units, weights, measures)
    return BatchInputs(
        accounts=accounts,
        units=units,
        measures=measures,
        limits=limits,
        weights=weights,
        counts=per_unit,
        notes=(
            *rough_note(units),
            *_left_out(accounts, units, first),
            *pieces_warning(units),
            *(Explanation("score_left_out", line) for line in left),
        ),
        terms=terms,
        findings=wanted.findings,
    )


def _renamed(by_measure: Mapping[str, Any], names: Mapping[str, str], what: str) -> dict[str, Any]:
    """The same by the measures' own names; one named twice, by two of its names, is refused."""
    out: dict[str, Any] = {}
    for name, value in by_measure.items():
        if names[name] in out:
            raise InputError(f"{shown(name)} is a measure that already has a {what}; give each measure one")
        out[names[name]] = value
    return out


def _left_out(accounts: Accounts, units: Units, measure: str) -> tuple[Explanation, ...]:
    """What the region's loads leave out, in accounts and in the first measure."""
    whole = totals(accounts, units)
    at = whole.measures.index(measure)
    out = []
    for code, part, where in (
        ("outside_region", whole.outside, f"outside {place_name(units)}"),
        ("unlocated", whole.unlocated, "at no known place"),
    ):
        if part.rows:
            lies, them = ("lies", "it") if part.rows == 1 else ("lie", "them")
            some = count(part.rows, "account")
            load = "" if measure == COUNT else f" with {part.loads[at]:,.0f} of {measure}"
            why = reasons_line(placed(accounts, units)) if code == "unlocated" else ""
            out.append(Explanation(code, f"{some}{load} {lies} {where}, so no territory has {them}{why}"))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class Placements:
    """How the accounts of a file come to the units of a region, in words (`lines`) and as JSON to add (`report`)."""

    lines: tuple[str, ...]
    report: dict[str, Any]


def place_accounts(taken: Intake, level: str, region: str, findings: Sequence[str] = ()) -> Placements:
    """Put the accounts of a file on units, to see how many find one before anything is planned.

    Args:
        taken: the file.
        level: of the units; region: as in `Wanted`.
        findings: what was found in the boundaries when they were read.

    Raises:
        InputError: for an unknown level. LocateError: for an unknown region.
    """
    check_level(level)
    units = load_units(level, settled_region(level, region))
    found = placed(taken.accounts, units)
    first = f"On the {len(units):,} {unit_noun(level, len(units))} of {place_name(units)}: {located_line(found)}"
    told = [note.message for note in rough_note(units)]
    lines = (first, *(f"- {n:,} not located: {why}" for why, n in found.reasons().items()))
    return Placements(
        (*lines, *(f"- {text}" for text in (*told, *findings))),
        {"boundaries": boundaries_report(units, findings), "located": located_report(found), "notes": told},
    )
