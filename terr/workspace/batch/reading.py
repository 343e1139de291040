"""A file of accounts read, cleaned and laid on units; what `check` needs, without the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terr.aggregate import placed
from terr.boundaries.layers.catalog import load_units
from terr.locate.placing import PlacedAccounts
from terr.view.text import unit_noun
from terr.workspace.accounts.dataset import Intake, inspect, with_column
from terr.workspace.accounts.decisions_file import NOTHING, Decisions, check_answers, columns_of, imported_with
from terr.workspace.levels import (
    boundaries_report,
    check_level,
    located_line,
    located_report,
    place_name,
    rough_note,
    settled_region,
)


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


@dataclass(frozen=True, eq=False)
class Placements:
    """How the accounts of a file come to the units of a region, in words (`lines`) and as JSON to add (`report`).

    `own` is where they lie if the units are areas of one's own, which the maps of the USA then say nothing of.
    """

    lines: tuple[str, ...]
    report: dict[str, Any]
    own: PlacedAccounts | None = None


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
        found if level.startswith("own-") else None,
    )
