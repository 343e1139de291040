"""From a file named on a command line to accounts on the units of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from numpy.typing import NDArray

from terr.aggregate import measures_per_unit
from terr.boundaries.layers.catalog import load_units
from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.model.units import Units
from terr.report.safe import shown
from terr.view.text import unit_noun
from terr.workspace.accounts.dataset import inspect, roster_in, with_column
from terr.workspace.accounts.decisions_file import NOTHING, Decisions, check_answers, columns_of, imported_with
from terr.workspace.batch.fact_figures import figures_asked, with_facts
from terr.workspace.batch.inputs import BatchInputs, BatchRequest, NamedFile
from terr.workspace.batch.measure_names import COUNT, find_measures, scored_measures, with_count
from terr.workspace.batch.owner_answers import set_apart
from terr.workspace.design.problem import check_loads
from terr.workspace.design.splitting import AUTO, SplitUnits, hard_units, split_named, split_too_large
from terr.workspace.levels import (
    check_level,
    rough_note,
    settled_region,
)
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.reps.assignment import PeopleSettings
from terr.workspace.reps.roster import read_roster, roster_notes
from terr.workspace.reps.scorecard import reps_as_of


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

    Args:
        data: the file's bytes; filename: for messages.
        wanted: what is asked.
        sheet: of a workbook; choices: field or measure -> column; decisions: a person's.

    Raises:
        InputError: an unusable file, level, measure or limit; a measure that is zero all over the region.
        LocateError: an unknown region.
    """
    check_level(wanted.level)
    decisions, about_owners = set_apart(decisions)
    if about_owners and wanted.today is None:
        raise InputError("answers about owners need --today owners; without it nobody asks whose accounts are")
    for limit in wanted.limits.values():
        for share in limit if isinstance(limit, tuple) else (limit,):
            if share is not None:
                check_tolerance(share)
    units = load_units(wanted.level, settled_region(wanted.level, wanted.region))
    raw, columns = inspect(data, filename, sheet=sheet or decisions.sheet, answers=decisions.answers)
    chosen = with_column(columns_of(raw, columns, decisions), choices or {})
    reps, notes = _roster(wanted.roster) if wanted.roster is not None else (roster_in(data, raw), [])
    if wanted.as_of is not None:
        reps, away = _on_the_day(reps, wanted.as_of)
        notes = [*notes, *away]
    figures = figures_asked(wanted.measures, raw, chosen)

    def take(found: ColumnMap) -> Accounts:
        check_answers(raw, found, decisions.answers)
        accounts = decisions.of(imported_with(raw, found, decisions).accounts, chosen, found)
        return with_facts(accounts, raw, wanted.facts, figures)

    plain = [m for m in wanted.measures if m not in figures]
    if wanted.scores.kept:
        accounts, names, left = scored_measures(raw, chosen, plain, wanted.scores, take, reps)
        notes += [Explanation("score_left_out", line) for line in left]
    else:
        columns, names = find_measures(raw, chosen, plain)
        accounts = take(columns)
    names |= {name: one.name for name, one in figures.items()}
    asked = replace(
        wanted,
        owner_answers=about_owners,
        measure=names[wanted.measure],
        limits=_renamed(wanted.limits, names, "limit"),
        floors=_renamed(wanted.floors, names, "minimum"),
        caps=_renamed(wanted.caps, names, "maximum"),
        balance=_renamed({m or wanted.measure: v for m, v in wanted.balance.items()}, names, "price"),
    )
    measures = tuple(dict.fromkeys(asked.measures))
    accounts = with_count(accounts) if COUNT in measures else accounts
    split = _split(units, accounts, asked)
    units, notes = split.units, notes + ([split.note] if split.note else [])
    weights, per_unit = measures_per_unit(accounts, units, measures)
    check_loads(units, weights, measures)
    return BatchInputs(
        accounts=accounts,
        units=units,
        reps=reps,
        asked=asked,
        measures=measures,
        weights=weights,
        counts=per_unit,
        notes=(*rough_note(units), *notes),
    )


def _split(units: Units, accounts: Accounts, asked: BatchRequest) -> SplitUnits:
    """The units with those split that are asked for."""
    if not asked.split:
        return SplitUnits(units, None)
    if asked.split != (AUTO,):
        return split_named(units, asked.split)
    if asked.territories is None:
        raise InputError("--split auto needs the number of territories; name the areas to split instead")
    limits, _, _ = asked.bounds()
    k = asked.territories

    def loads_of(measure: str, now: Units) -> NDArray[Any]:
        return measures_per_unit(accounts, now, (measure,))[0][:, 0]

    made = split_too_large(units, lambda now: hard_units(now, k, limits, lambda m: loads_of(m, now)))
    if made.note is None:
        none = f"no {unit_noun(units.level, 1)} that can be split holds more than a territory may, so none is split"
        return SplitUnits(units, Explanation("split", none))
    return made


def _roster(file: NamedFile) -> tuple[tuple[Rep, ...], list[Explanation]]:
    """The reps of a file, and what to know of its rows."""
    reps, issues = read_roster(file[1], file[0])
    return reps, [Explanation("roster", told) for told in roster_notes(issues, file[0])]


def _on_the_day(reps: tuple[Rep, ...], day: date) -> tuple[tuple[Rep, ...], list[Explanation]]:
    """The reps with the capacity they have on a day, by the usual ramp; who doesn't work then covers nothing."""
    if not reps:
        raise InputError("capacity as of a day needs a roster with start dates; name one with --roster FILE")
    out: list[Rep] = []
    away: list[str] = []
    for rep in reps:
        if (rep.start and day < rep.start) or (rep.end and day > rep.end):
            away.append(rep.name)
            out.append(replace(rep, active=False))
        else:
            out += reps_as_of((rep,), day, PeopleSettings().ramp_profile)
    told = f"not working on {day}, so without a territory: {', '.join(away[:8])}{' ...' if len(away) > 8 else ''}"
    return tuple(out), [Explanation("roster", told)] if away else []


def _renamed(by_measure: Mapping[str, Any], names: Mapping[str, str], what: str) -> dict[str, Any]:
    """The same by the measures' own names; one named twice, by two of its names, is refused."""
    out: dict[str, Any] = {}
    for name, value in by_measure.items():
        if names[name] in out:
            raise InputError(f"{shown(name)} is a measure that already has a {what}; give each measure one")
        out[names[name]] = value
    return out
