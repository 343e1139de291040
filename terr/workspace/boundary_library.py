"""Map boundaries, and how more of them come in: the Census file at a person's word, or a file of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from terr.boundaries.layers import bundled, library
from terr.boundaries.layers.catalog import load_units
from terr.boundaries.own.apart import CheckedAreas, OpenedFile, check, install_exact, keep, keep_exact, look
from terr.boundaries.own.findings import Finding
from terr.boundaries.own.upload import ROW_NUMBER, InspectedFile
from terr.boundaries.zips import census, zcta
from terr.errors import InputError, LocateError, PlanError
from terr.locate import home_points
from terr.model.progress import UNWATCHED, Progress
from terr.view.text import and_list
from terr.workspace.workspace import Workspace

__all__ = [
    "ROW_NUMBER",
    "CheckedAreas",
    "Finding",
    "InspectedFile",
    "OpenedFile",
    "check",
]  # of other floors, for the pages

TITLE = 120
"""Most characters of a name."""
CENSUS_MB = 64
_APPROXIMATE = ("zip", "zip3")


@dataclass(frozen=True)
class LibraryEntry:
    """One layer at hand.

    Attributes:
        level, title, approximate, source: see `terr.boundaries.layers.layer.Layer`.
        count: number of areas.
        when: when it was added; None if it ships with the app.
        plans: names of the plans made on it.
    """

    level: str
    title: str
    count: int
    approximate: bool
    source: str
    when: datetime | None
    plans: tuple[str, ...]

    @property
    def own(self) -> bool:
        """Whether it was added on this machine and can be renamed or removed."""
        return self.when is not None


@dataclass(frozen=True)
class AddedBoundaries:
    """What came of adding boundaries: one layer or more, and what was found."""

    levels: tuple[str, ...]
    title: str
    count: int
    findings: tuple[Finding, ...]


def warm_up() -> None:
    """Read the boundaries and ZIP tables that most plans need, so that the first page needn't wait for them."""
    load_units("county", "lower48")
    home_points(["10001"])


def at_hand(ws: Workspace) -> tuple[LibraryEntry, ...]:
    """Every layer, those that ship with the app first.

    Raises:
        StoreError: if the shelf can't be read.
    """
    plans: dict[str, list[str]] = {}
    for info in ws.store.scenarios.find():
        plans.setdefault(info.level, []).append(info.name)
    out = [
        LibraryEntry(
            level,
            bundled.TITLES[level],
            bundled.count(level),
            level in _APPROXIMATE,
            bundled.ESTIMATED if level in _APPROXIMATE else bundled.CENSUS_2023,
            None,
            tuple(plans.get(level, ())),
        )
        for level in bundled.LEVELS
    ]
    out += [
        LibraryEntry(k.level, k.title, k.count, k.approximate, k.source, k.when, tuple(plans.get(k.level, ())))
        for k in library.stored_layers()
    ]
    return tuple(out)


def damaged() -> tuple[str, ...]:
    """What is wrong with boundaries that were added and can't be used any more."""
    return library.damaged()


def open_file(data: bytes, filename: str, *, layer: str | None = None, progress: Progress = UNWATCHED) -> OpenedFile:
    """What is in a file of boundaries; nothing is kept.

    Raises:
        InputError: if it can't be used.
        StoppedError: if the person stopped it.
    """
    return look(data, filename, layer=layer, progress=progress)


def store_boundaries(
    ws: Workspace, checked: CheckedAreas, title: str, *, filled: bool, progress: Progress = UNWATCHED
) -> AddedBoundaries:
    """Put checked boundaries on the shelf.

    The same file with the same choices takes the place of what was kept of it.

    Raises:
        InputError: if the name can't be used.
        StoppedError: if the person stopped it.
    """
    named = _named(ws, title, checked.levels[filled])
    made = keep(checked, named, filled=filled, progress=progress)
    return AddedBoundaries((made.level,), named, made.count, made.findings)


def install_census(
    *, base: str | None = None, rows: Sequence[int] = zcta.ROWS, progress: Progress = UNWATCHED
) -> AddedBoundaries:
    """Fetch the exact ZIP areas, the one time Terr goes online. See `terr.boundaries.own.apart.install_exact`."""
    made = install_exact(base=base, rows=rows, progress=progress)
    return AddedBoundaries((zcta.LEVEL, zcta.LEVEL3), zcta.TITLE, made.count, made.findings)


def is_census(inspected: InspectedFile, *, rows: Sequence[int] = zcta.ROWS) -> bool:
    """Whether a file that a person gave is the Census Bureau's own file of ZIP areas."""
    try:
        zcta.verified(inspected, rows)
    except InputError:
        return False
    return True


def install_file(opened: OpenedFile, *, progress: Progress = UNWATCHED) -> AddedBoundaries:
    """Make the exact ZIP areas of the Census Bureau's file that a person gave; nothing goes online."""
    made = keep_exact(opened, progress=progress)
    return AddedBoundaries((zcta.LEVEL, zcta.LEVEL3), zcta.TITLE, made.count, made.findings)


def census_arrived() -> tuple[int, int]:
    """Bytes of an unfinished download that are here, and of the whole; (0, 0) if none was begun."""
    return census.arrived()


def has_census(ws: Workspace) -> bool:
    """Whether the exact ZIP areas are at hand."""
    return {zcta.LEVEL, zcta.LEVEL3} <= {s.level for s in at_hand(ws)}


def rename_boundaries(ws: Workspace, level: str, title: str) -> None:
    """Give boundaries that were added another name.

    Raises:
        InputError: if the name can't be used.
        LocateError: if they aren't there.
        StoreError: if it can't be written.
    """
    library.rename_layer(level, _named(ws, title, level))


def remove_boundaries(ws: Workspace, level: str) -> None:
    """Take boundaries that were added off this machine.

    Raises:
        PlanError: if plans were made on them.
        LocateError: if they aren't there.
        StoreError: if they can't be removed.
    """
    found = next((s for s in at_hand(ws) if s.level == level and s.own), None)
    if found is None:
        raise LocateError("these boundaries no longer exist; reload the page")
    everybodys = next(s.plans for s in at_hand(ws.whole) if s.level == level)
    if len(everybodys) > len(found.plans):
        raise PlanError(f"{found.title} is used by other people's plans; they have to delete those first")
    if found.plans:
        raise PlanError(
            f"{found.title} is used by {and_list([f'“{p}”' for p in found.plans])}; delete "
            f"{'that plan' if len(found.plans) == 1 else 'those plans'} first (Scenarios page)"
        )
    library.remove_layer(level)
    if level == zcta.LEVEL:
        census.remove()


def suggested_title(filename: str) -> str:
    """A name to offer: the file's, without its ending."""
    stem = filename.rpartition("/")[2]
    return (stem.rpartition(".")[0] or stem).replace("_", " ").strip()[:TITLE] or "My boundaries"


def _named(ws: Workspace, title: str, level: str) -> str:
    named = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    if not named:
        raise InputError("give the boundaries a name")
    if len(named) > TITLE:
        raise InputError(f"the name has {len(named)} characters; {TITLE} are the most")
    if any(s.title.casefold() == named.casefold() and s.level != level for s in at_hand(ws)):
        raise InputError(f'there are boundaries called "{named}" already; choose another name')
    return named
