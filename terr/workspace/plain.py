"""Use cases without a store: file -> accounts -> problem -> result -> report. The command line and scripts use them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import measures_per_unit, placed, totals, unit_codes
from terr.boundaries.catalog import load_units
from terr.engine import Progress, design, rebalance
from terr.errors import InputError
from terr.ingest.columns import ColumnMap
from terr.model.accounts import Accounts
from terr.model.plan import Plan
from terr.model.problem_checks import Limit
from terr.model.result import Explanation
from terr.model.units import Units
from terr.report.safe import shown
from terr.view.text import count, units_word
from terr.workspace.decisions import NOTHING, Decisions, check_answers, columns_of, taken_with
from terr.workspace.imports import Intake, inspect, roster_in, with_column
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
from terr.workspace.measures import COUNT, find_measures, scored_measures, with_count
from terr.workspace.planfiles import plan_of, read_plan
from terr.workspace.plans import check_tolerance
from terr.workspace.problems import by_name, check_loads, check_territories, pieces_warning
from terr.workspace.scorecards import Answer, Ground, answer, disruption_report, named
from terr.workspace.scored import EMPTY, Recipe
from terr.workspace.terms import Terms, locked_slots

USUAL_LIMIT = 0.05


@dataclass(frozen=True)
class Control:
    """How long and how openly the engine works.

    Attributes:
        seed: same input and seed give the same plan unless the clock or the person stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: called with what the engine is doing.
        cancel: asked often; True ends the work with the best plan so far.
    """

    seed: int = 1
    time_limit_s: float | None = None
    progress: Callable[[Progress], None] | None = None
    cancel: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Wanted:
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
    terms: Terms = field(default_factory=Terms)
    findings: tuple[str, ...] = ()
    scores: Recipe = EMPTY


def take_file(
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
    return taken_with(raw, columns, decisions)


def prepare(
    data: bytes,
    filename: str,
    wanted: Wanted,
    *,
    sheet: str | None = None,
    choices: Mapping[str, str] | None = None,
    decisions: Decisions = NOTHING,
) -> Ground:
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
        return decisions.of(taken_with(raw, found, decisions).accounts, chosen, found)

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
    return Ground(
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


def make_design(
    ground: Ground,
    territories: int,
    *,
    locks: Mapping[str, str] | None = None,
    plan_file: bytes | None = None,
    how: Control,
) -> Answer:
    """Draw territories "Territory 1", "Territory 2" ... from nothing, or with today's plan and its names in mind.

    Args:
        ground: what to plan on.
        territories: how many.
        locks: unit id -> territory it must be in, by number ("3") or name ("Territory 3").
        plan_file: today's plan, for a price or a cap on change; its territories come first.
        how: seed, clock and progress.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
        PlanError: if no plan can exist.
    """
    check_territories(territories)
    units = ground.units
    before = None if plan_file is None else read_plan(plan_file, units)
    if before is None and (ground.terms.continuity or ground.terms.max_moved is not None):
        raise InputError("a price or a cap on change needs today's plan; give it with --plan")
    names, start = _names_and_start(before, territories)
    locked = locked_slots(units, names, locks or {})
    problem = ground.problem(names, locked=locked, start=start)
    result = design(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = plan_of(units, result.assign, names)
    if (locked >= 0).any():
        plan = plan.with_changes(locked_units=locked >= 0)
    return answer(ground, plan, result=result, told=by_name(result.explanations, names), seed=how.seed, before=before)


def _names_and_start(before: Plan | None, k: int) -> tuple[list[str], NDArray[np.int16] | None]:
    """Names of k territories, today's first, and the position of each unit's today, -1 = none or beyond the k."""
    old = [] if before is None else [t.name for t in before.territories][:k]
    taken = {n.casefold() for n in old}
    names = list(old)
    number = 0
    while len(names) < k:
        number += 1
        if f"territory {number}" not in taken:
            names.append(f"Territory {number}")
    if before is None:
        return names, None
    return names, np.where(before.assign < k, before.assign, -1).astype(np.int16)


def make_rebalance(ground: Ground, plan_file: bytes, *, max_moved: float | None = None, how: Control) -> Answer:
    """The least change of a plan that brings it within its limits.

    Args:
        ground: what the plan is for.
        plan_file: a plan file with a row for each unit of the region.
        max_moved: the most of the first measure's load that may move, as a share; where a plan within the limits needs
            more, the best one that keeps this cap is given, as one that breaks a limit.
        how: seed, clock and progress.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    if max_moved is not None:
        ground = replace(ground, terms=replace(ground.terms, max_moved=max_moved))
    before = read_plan(plan_file, ground.units)
    names = [t.name for t in before.territories]
    problem = ground.problem(names, start=before.assign)
    result = rebalance(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = plan_of(ground.units, result.assign, names)
    told = by_name(result.explanations, names)
    return answer(ground, plan, result=result, told=told, seed=how.seed, before=before)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two plans side by side, and the contract's JSON of both (`report`)."""

    a: Answer
    b: Answer
    report: dict[str, Any]


def make_comparison(ground: Ground, a: bytes, b: bytes) -> Comparison:
    """Two plans measured alike, and what moves from the first to the second. Territories are matched by name.

    Raises:
        InputError: if a plan file doesn't fit, saying which.
    """
    sides = []
    for label, data in (("first", a), ("second", b)):
        began = time.perf_counter()
        try:
            plan = read_plan(data, ground.units)
        except InputError as error:
            raise InputError(f"{label} plan: {error}") from error
        one = answer(ground, plan)
        one.report["runtime_s"] = time.perf_counter() - began
        sides.append(one)
    first, second = sides
    was, now = named(first.plan), named(second.plan)
    loads = ground.weights
    ids = ground.units.ids
    changed = [i for i in range(len(ids)) if was[i].casefold() != now[i].casefold()]
    changed.sort(key=lambda i: (-float(loads[i, 0]), i))
    moves = [
        {
            "unit_id": ids[i],
            "from": was[i],
            "to": now[i],
            "accounts": int(ground.counts[i]),
            "load": dict(zip(ground.measures, loads[i].tolist(), strict=True)),
        }
        for i in changed
    ]
    report = {
        "a": first.report,
        "b": second.report,
        "moves": moves,
        "disruption": disruption_report(ground, first.plan, second.plan),
    }
    return Comparison(first, second, report)


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
class Places:
    """How the accounts of a file come to the units of a region, in words (`lines`) and as JSON to add (`report`)."""

    lines: tuple[str, ...]
    report: dict[str, Any]


def place_accounts(taken: Intake, level: str, region: str, findings: Sequence[str] = ()) -> Places:
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
    first = f"On the {len(units):,} {units_word(level, len(units))} of {place_name(units)}: {located_line(found)}"
    told = [note.message for note in rough_note(units)]
    lines = (first, *(f"- {n:,} not located: {why}" for why, n in found.reasons().items()))
    return Places(
        (*lines, *(f"- {text}" for text in (*told, *findings))),
        {"boundaries": boundaries_report(units, findings), "located": located_report(found), "notes": told},
    )
