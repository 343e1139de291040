"""Choosing units without the map: from a list, by typing, or by a pasted column."""

from __future__ import annotations

from terr.boundaries.layers.catalog import layer
from terr.workspace.plan import paste_units
from terr.workspace.plan.snapshot import PlanSnapshot

MOST_TO_PICK = 3_500
"""Units a list to pick from may have; a longer one makes the browser wait, and a pasted list does the same."""


def match_units(shown: PlanSnapshot, text: str) -> tuple[list[int], list[str]]:
    """Codes of the units a pasted list names, and the entries that name none."""
    read = pasted_units(shown, text)
    return list(read.units), list(read.unknown)


def pasted_units(shown: PlanSnapshot, text: str) -> paste_units.PastedUnits:
    """What a pasted list names among the units of the plan."""
    members = layer(shown.info.level).members
    return paste_units.read(text, shown.info.level, shown.units.ids, shown.units.names, members)
