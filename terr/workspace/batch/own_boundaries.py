"""Boundaries named on a command line: read, mended and kept on the shelf, where the app finds them too."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

from terr.boundaries.layers import library
from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.finishing import prepare_areas
from terr.boundaries.own.upload import InspectedFile, inspect
from terr.boundaries.reading import LIMITS
from terr.errors import InputError
from terr.model.json_values import parse, read, to_text
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import shown
from terr.store.atomic import replace_file
from terr.workspace.boundary_library import own_level

MOST_BYTES = LIMITS.bytes
"""Bytes a file of boundaries may have."""

_MAKE = "1"
"""Counted up when areas are made otherwise, so that what was kept before isn't taken for the same."""


def own_boundaries(
    data: bytes,
    filename: str,
    *,
    id_column: str | None = None,
    name_column: str | None = None,
    progress: Progress = UNWATCHED,
) -> tuple[str, tuple[str, ...]]:
    """Make a file of areas a level to plan on. The same file with the same columns is read once and then kept.

    Args:
        data: its bytes: GeoJSON, zipped Shapefile, GeoPackage or GeoParquet.
        filename: for messages, and the layer's title.
        id_column: what tells the areas apart; by default the column that looks most like it.
        name_column: what they are called; likewise.
        progress: told how far it is.

    Returns:
        The level, "own-" and 12 hex digits, and what was found in the file, in sentences.

    Raises:
        InputError: if the file or a column can't be used.
        StoppedError: if the person stopped it.
        StoreError: if the areas can't be kept.
    """
    name = PurePath(filename.replace("\\", "/")).name[-80:] or "boundaries"
    asked = hashlib.sha256(data)
    asked.update(to_text([_MAKE, id_column, name_column], "the options").encode())
    note = library.library_dir() / f"given-{asked.hexdigest()[:16]}.json"
    kept = {k.level for k in library.stored_layers()}
    known = _noted(note)
    if known is not None and known[0] in kept:
        return known
    progress.tell(0.0, "Reading the boundaries")
    seen = inspect(data, name)
    for option, column in (("--boundaries-id", id_column), ("--boundaries-name", name_column)):
        if column is not None:
            _check_column(seen, option, column)
    cleaned = clean(seen, id_column, name_column, progress=progress.part(0.05, 0.4))
    level, found = own_level(seen, cleaned, filled=True), cleaned.findings
    if level not in kept:  # else somebody added the same on the page Settings, perhaps under a name of their own
        made = prepare_areas(cleaned, filled=True, progress=progress.part(0.4, 0.7))
        found = made.findings
        library.store_layer(
            made.frame,
            level=level,
            title=name,
            members=made.members,
            fills=made.fills,
            source=f"from the file {name}",
            progress=progress.part(0.7, 1.0),
        )
    findings = tuple(one.message for one in found)
    replace_file(note, to_text([level, findings], "the findings").encode(), prefix=".new-")
    return level, findings


def _noted(note: Path) -> tuple[str, tuple[str, ...]] | None:
    """What an earlier reading of the same file came to; None if there was none, or it can't be read."""
    try:
        return read(tuple[str, tuple[str, ...]], parse(note.read_bytes(), note.name), note.name)
    except (OSError, InputError):
        return None


def _check_column(seen: InspectedFile, option: str, column: str) -> None:
    names = [c.name for c in seen.columns]
    if column not in names:
        some = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
        raise InputError(f"{option}: {seen.filename} has no column {shown(column)}; it has {some or 'none'}")
