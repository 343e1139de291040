"""Boundaries named on a command line: read, mended and kept on the shelf, where the app finds them too."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

from terr.boundaries.layers import library
from terr.boundaries.own.apart import check, keep, look
from terr.boundaries.own.upload import ALL_LAYERS, InspectedFile
from terr.boundaries.reading import LIMITS
from terr.errors import InputError
from terr.model.json_values import parse, read, to_text
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import shown
from terr.store.atomic import replace_file

MOST_BYTES = LIMITS.bytes
"""Bytes a file of boundaries may have."""

_MAKE = "2"
"""Counted up when areas are made otherwise, so that what was kept before isn't taken for the same."""


def own_boundaries(
    data: bytes,
    filename: str,
    *,
    id_column: str | None = None,
    name_column: str | None = None,
    layer: str | None = None,
    epsg: int | None = None,
    progress: Progress = UNWATCHED,
) -> tuple[str, tuple[str, ...]]:
    """Make a file of areas a level to plan on. The same file with the same columns is read once and then kept.

    Args:
        data: its bytes, of any format `terr.boundaries.reading` knows.
        filename: for messages, and the layer's title.
        id_column: what tells the areas apart; by default the column that looks most like it.
        name_column: what they are called; likewise.
        layer: of a file that has several, "all" for every one; see `terr.boundaries.own.upload.inspect`.
        epsg: number of the coordinate system, before what the file says.
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
    asked.update(to_text([_MAKE, id_column, name_column, layer, epsg], "the options").encode())
    note = library.library_dir() / f"given-{asked.hexdigest()[:16]}.json"
    kept = {k.level for k in library.stored_layers()}
    known = _noted(note)
    if known is not None and known[0] in kept:
        return known
    progress.tell(0.0, "Reading the boundaries")
    layer = ALL_LAYERS if layer is not None and layer.casefold() == "all" else layer
    opened = look(data, name, layer=layer, progress=progress.part(0.0, 0.1))
    for option, column in (("--boundaries-id", id_column), ("--boundaries-name", name_column)):
        if column is not None:
            _check_column(opened.seen, option, column)
    checked = check(opened, id_column, name_column, epsg=epsg, progress=progress.part(0.1, 0.4))
    level, found = checked.levels[True], checked.findings
    if level not in kept:  # else somebody added the same on the Settings page, perhaps under a name of their own
        found = keep(checked, name, filled=True, progress=progress.part(0.4, 1.0)).findings
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
