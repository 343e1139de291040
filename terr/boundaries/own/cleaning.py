"""The user's own boundaries, step two: checked and mended, every finding said; one bad area never costs the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.shaping import one_side, polygons_of, sound, turned
from terr.boundaries.own.budget import PLAIN, over_corners, over_crossings, over_rings
from terr.boundaries.own.findings import Finding, by_number, count_of_areas, few, finding
from terr.boundaries.own.overlaps import one_sheet
from terr.boundaries.own.placement import Placement, place
from terr.boundaries.own.upload import LONGEST_ID, InspectedFile, texts
from terr.boundaries.reading import LIMITS, BoundaryFileLimits
from terr.boundaries.reading.crs import to_degrees
from terr.boundaries.zips.zips import are_zips, inside_points, padded, states_and_counties, zip_labels, zip_states
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress

Duplicates = Literal["join", "refuse"]
LONGEST_NAME = 120
_POLE = 1e-4
"""Degrees from a pole, 11 m, within which an area is a point."""
_SURFACE = 1e-14
"""Degrees squared, about 1 cm2: what is smaller is a line or a point."""


@dataclass(frozen=True, eq=False)
class CleanedAreas:
    """Areas that can be used.

    Attributes:
        frame: GeoDataFrame in EPSG:4326 sorted by `unit_id` (unique, text), RangeIndex: `unit_id`, `label`, `state` and
            `county` ("" outside the USA), `geometry`: valid polygons without overlaps whose common borders have the
            same corners.
        findings: what was found and what was mended, in the order it was done.
        zips: the ids are US ZIPs.
        rows: rows of the file.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    zips: bool
    rows: int


def clean(
    inspected: InspectedFile,
    id_column: str | None = None,
    name_column: str | None = None,
    *,
    epsg: int | None = None,
    swap: bool | None = None,
    duplicates: Duplicates = "join",
    limits: BoundaryFileLimits = LIMITS,
    progress: Progress = UNWATCHED,
) -> CleanedAreas:
    """Check and mend the areas of a file.

    Args:
        inspected: the file.
        id_column: what tells the areas apart; by default the one suggested; `ROW_NUMBER` numbers them.
        name_column: what they are called, "" = by their id; by default the one suggested.
        epsg: the coordinate system a person chose, before what the file says.
        swap: whether latitude comes first; None = judge it.
        duplicates: rows with one id become one area, or the file is refused.
        limits: how many areas are let in.
        progress: told how far it is.

    Raises:
        InputError: if a column doesn't exist or can't be an id, if the coordinate system has to be told, if nothing
            usable is left, or if there are too many areas.
        StoppedError: if the person stopped it.
    """
    ids, names = _columns(inspected, id_column, name_column)
    progress.tell(0.0, "Reading the shapes")
    placement = inspected.placement
    if epsg is not None or swap is not None or id_column is not None:
        placement = place(inspected.raw.geometry, inspected.raw.crs, ids, epsg=epsg, swap=swap)
    if placement.crs is None:
        said = placement.notes[-1].message if placement.notes else "The coordinate system of the file isn't known"
        raise InputError(said)
    called = [i or f"row {row + 1}" for row, i in enumerate(ids)]
    found: list[Finding] = [*inspected.raw.notes, *placement.notes]
    geometry, kept = _on_the_globe(inspected, placement, called, found, limits, progress.part(0.05, 0.3))

    unit = np.array(called, dtype=object)[kept]
    label = np.array(names, dtype=object)[kept]
    blank = [called[row] for row in np.flatnonzero(kept).tolist() if not ids[row]]
    if blank:
        are = by_number(len(blank), "is", "are")
        text = f"{count_of_areas(len(blank))} had no id and {are} called by the row: {few(blank)}."
        found.append(finding("no_id", text, blank, "mended"))
    middle = inside_points(geometry)
    zips = are_zips(padded(unit.tolist()), middle[:, 0], middle[:, 1])
    if zips:
        full = np.array(padded(unit.tolist()), dtype=object)
        changed = [str(z) for z in full[full != unit]]
        if changed:
            zips_word = by_number(len(changed), "ZIP", "ZIPs")
            text = f"{len(changed):,} {zips_word} had lost the zero in front; it was put back: {few(changed)}."
            found.append(finding("zeros", text, changed, "mended"))
        unit = full

    progress.tell(0.35, "Joining rows of one id")
    unit, label, geometry = _one_per_id(unit, label, geometry, duplicates, found)
    if len(unit) > limits.areas:
        raise InputError(
            f"the file holds {len(unit):,} areas; {limits.areas:,} are the most. Keep one region, or join areas"
        )
    progress.tell(0.5, "Looking for areas that lie over each other")
    geometry, overlaps = one_sheet(geometry, unit.tolist())
    found += overlaps
    whole = ~shapely.is_empty(geometry)
    unit, label, geometry = unit[whole], label[whole], geometry[whole]
    progress.tell(0.9, "Finding the state of each area")
    point = inside_points(geometry)
    states, counties = states_and_counties(point)
    if zips:
        states = zip_states(unit.tolist(), states)
        label = np.where(label == "", np.array(zip_labels(unit.tolist()), dtype=object), label)
    frame = gpd.GeoDataFrame(
        {"unit_id": unit, "label": np.where(label == "", unit, label), "state": states, "county": counties},
        geometry=geometry,
        crs="EPSG:4326",
    )
    progress.tell(1.0, "Checked")
    return CleanedAreas(frame, tuple(found), zips, inspected.count)


def _columns(inspected: InspectedFile, id_column: str | None, name_column: str | None) -> tuple[list[str], list[str]]:
    """The text of both columns, cut to what fits."""
    table = inspected.raw.table
    id_column = inspected.id_column if id_column is None else id_column
    name_column = inspected.name_column if name_column is None else name_column
    for column in (id_column, name_column):
        if column and column not in table.columns:
            raise InputError(f'{inspected.filename} has no column "{column[:60]}"')
    if id_column:
        ids = texts(table[id_column])
        longest = max(map(len, ids), default=0)
        if longest > LONGEST_ID:
            raise InputError(
                f'column "{id_column[:60]}" can\'t tell the areas apart: it holds texts of up to {longest:,} '
                f"characters, {LONGEST_ID} are the most; choose another column"
            )
    else:
        width = len(str(len(table)))
        ids = [str(row + 1).zfill(width) for row in range(len(table))]
    names = [n[:LONGEST_NAME] for n in texts(table[name_column])] if name_column else [""] * len(table)
    return ids, names


def _on_the_globe(
    inspected: InspectedFile,
    placement: Placement,
    called: Sequence[str],
    found: list[Finding],
    limits: BoundaryFileLimits,
    progress: Progress,
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Valid polygons in degrees of the rows that have one, and which rows these are."""
    raw = inspected.raw
    geometry = raw.geometry.copy()
    kept = np.ones(len(geometry), dtype=bool)

    def leave_out(rows: NDArray[np.bool_], code: str, what: str, counts: Sequence[str] = (), advice: str = "") -> None:
        rows = rows & kept
        if rows.any():
            at = np.flatnonzero(rows).tolist()
            names = [f"{called[r]} ({counts[r]})" if counts else called[r] for r in at]
            were = by_number(len(names), "was", "were")
            text = f"{count_of_areas(len(names))} {what} and {were} left out: {few(names)}{advice and '; '}{advice}."
            found.append(finding(code, text, names, "left out"))
            kept[rows] = False
            geometry[rows] = None

    broken = np.zeros(len(geometry), dtype=bool)
    broken[raw.broken] = True
    kinds = shapely.get_type_id(geometry)
    leave_out(*over_corners(geometry, limits, raw.cut))
    leave_out(broken, "broken", "can't be read (coordinates that aren't numbers, or a damaged shape)")
    leave_out((kinds < 0) | shapely.is_empty(geometry), "missing", "had no shape")
    leave_out(~np.isin(kinds, (3, 6, 7)), "not_area", "had a point or line instead of an area")
    leave_out(*over_rings(geometry, limits))
    leave_out(*over_crossings(geometry, kinds == 7, limits)[0])
    geometry = polygons_of(geometry)
    leave_out(shapely.is_empty(geometry), "not_area", "had points or lines instead of an area")
    if placement.swapped:
        geometry = turned(geometry)
    progress.tell(0.2, "Reading the shapes")
    geometry = to_degrees(geometry, placement.crs)
    leave_out(_off(geometry), "off_map", "had corners that lie nowhere on the globe")
    progress.tell(0.4, "Looking for shapes that cross themselves")
    repaired = (shapely.get_type_id(geometry) >= 0) & ~shapely.is_valid(geometry)
    over, often = over_crossings(geometry, repaired, limits)
    leave_out(*over)
    geometry, _ = sound(geometry, repaired & kept, often > PLAIN, progress.part(0.5, 1.0))
    lowest, highest = shapely.bounds(geometry)[:, [1, 3]].T
    at_pole = (lowest > 90 - _POLE) | (highest < _POLE - 90)  # wide in degrees, and nothing on the ground
    none = shapely.is_empty(geometry) | (shapely.area(geometry) < _SURFACE) | at_pole
    leave_out(none, "collapsed", "had no surface (only a line or a point)")
    mended = [called[r] for r in np.flatnonzero(repaired & kept).tolist()]
    if mended:
        itself = by_number(len(mended), "itself", "themselves")
        text = f"{count_of_areas(len(mended))} crossed {itself} and had to be repaired: {few(mended)}."
        found.append(finding("invalid", text, mended, "mended"))
    if not kept.any():
        said = " ".join(f.message for f in found if f.fate == "left out")
        raise InputError(f"{inspected.filename} holds no area that can be used. {said}")
    geometry, moved, by = one_side(geometry)
    if len(moved):
        side = "west" if by < 0 else "east"
        text = (
            f"{count_of_areas(len(moved))} beyond the 180th meridian {by_number(len(moved), 'was', 'were')} put {side} "
            "of the others, so that the map is in one piece."
        )
        found.append(finding("antimeridian", text, [called[r] for r in moved.tolist()], "mended"))
    return geometry[kept], kept


def _off(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Shapes with a corner that isn't on the globe."""
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    wrong = ~np.isfinite(xy).all(axis=1) | (np.abs(xy[:, 1]) > 90.0001) | (np.abs(xy[:, 0]) > 361)
    out = np.zeros(len(geometry), dtype=bool)
    out[owner[wrong]] = True
    return out


def _one_per_id(
    unit: NDArray[np.object_],
    label: NDArray[np.object_],
    geometry: NDArray[np.object_],
    duplicates: Duplicates,
    found: list[Finding],
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Rows of one id joined, sorted by id."""
    order = np.argsort(unit, kind="stable")
    unit, label, geometry = unit[order], label[order], geometry[order]
    ids, first, counts = np.unique(unit, return_index=True, return_counts=True)
    twice = [str(i) for i in ids[counts > 1]]
    if not twice:
        return unit, label, geometry
    if duplicates == "refuse":
        raise InputError(
            f"{len(twice):,} {by_number(len(twice), 'id stands', 'ids stand')} in several rows: {few(twice)}. Give "
            "each area an id of its own, choose another column, or let rows of one id become one area"
        )
    out = geometry[first].copy()
    for at, n in zip(np.flatnonzero(counts > 1).tolist(), counts[counts > 1].tolist(), strict=True):
        out[at] = shapely.union_all(geometry[first[at] : first[at] + n])
        named = [name for name in label[first[at] : first[at] + n] if name]
        label[first[at]] = named[0] if named else ""
    more = int((counts[counts > 1] - 1).sum())
    text = (
        f"{len(twice):,} {by_number(len(twice), 'id stands', 'ids stand')} in several rows ({few(twice)}); the rows of "
        f"each were joined into one area, so {count_of_areas(len(ids))} came of {len(ids) + more:,} rows."
    )
    found.append(finding("duplicate", text, twice, "mended"))
    return ids.astype(object), pd.Series(label[first], dtype=object).to_numpy(), out
