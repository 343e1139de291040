"""From a file named on a command line to accounts on the units of a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from terr.aggregate import measures_per_unit, placed
from terr.boundaries.layers.catalog import load_units
from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.report.safe import shown
from terr.view.text import count, unit_noun
from terr.workspace.accounts.dataset import Intake, inspect, roster_in, with_column
from terr.workspace.accounts.decisions_file import NOTHING, Decisions, check_answers, columns_of, imported_with
from terr.workspace.batch.inputs import BatchInputs, BatchRequest, NamedFile
from terr.workspace.batch.measure_names import COUNT, find_measures, scored_measures, with_count
from terr.workspace.design.problem import check_loads
from terr.workspace.levels import (
    boundaries_report,
    check_level,
    located_line,
    located_report,
    place_name,
    rough_note,
    settled_region,
)
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.reps.roster import read_roster


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

    Args:
        data: the file's bytes; filename: for messages.
        wanted: what is asked.
        sheet: of a workbook; choices: field or measure -> column; decisions: a person's.

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
    reps, notes = _roster(wanted.roster) if wanted.roster is not None else (roster_in(data, raw), [])

    def take(found: ColumnMap) -> Accounts:
        check_answers(raw, found, decisions.answers)
        return decisions.of(imported_with(raw, found, decisions).accounts, chosen, found)

    if wanted.scores.kept:
        accounts, names, left = scored_measures(raw, chosen, wanted.measures, wanted.scores, take, reps)
        notes += [Explanation("score_left_out", line) for line in left]
    else:
        columns, names = find_measures(raw, chosen, wanted.measures)
        accounts = take(columns)
    asked = replace(
        wanted,
        measure=names[wanted.measure],
        limits=_renamed(wanted.limits, names, "limit"),
        floors=_renamed(wanted.floors, names, "least load"),
        caps=_renamed(wanted.caps, names, "most load"),
        balance=_renamed({m or wanted.measure: v for m, v in wanted.balance.items()}, names, "price"),
    )
    measures = tuple(dict.fromkeys(asked.measures))
    accounts = with_count(accounts) if COUNT in measures else accounts
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


def _roster(file: NamedFile) -> tuple[tuple[Rep, ...], list[Explanation]]:
    """The reps of a file, and what to know of the rows that were left out."""
    reps, issues = read_roster(file[1], file[0])
    out = issues[issues["fate"] != "accepted"]
    if out.empty:
        return reps, []
    first = out.iloc[0]
    told = f"{count(len(out), 'row')} of {file[0]} left out of the roster, first row {first['row']}: {first['message']}"
    return reps, [Explanation("roster", told)]


def _renamed(by_measure: Mapping[str, Any], names: Mapping[str, str], what: str) -> dict[str, Any]:
    """The same by the measures' own names; one named twice, by two of its names, is refused."""
    out: dict[str, Any] = {}
    for name, value in by_measure.items():
        if names[name] in out:
            raise InputError(f"{shown(name)} is a measure that already has a {what}; give each measure one")
        out[names[name]] = value
    return out


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
