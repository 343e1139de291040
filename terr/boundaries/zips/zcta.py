"""Exact ZIP areas: from the Census Bureau's file to two layers on the shelf, by ZIP and by its first three digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely

from terr.boundaries.layers import library
from terr.boundaries.layers.catalog import STATES, areas
from terr.boundaries.layers.layer import Layer
from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.filling import fill
from terr.boundaries.own.findings import Finding, by_number, count_of_areas, finding
from terr.boundaries.own.upload import InspectedFile, texts
from terr.boundaries.reading.crs import is_degrees
from terr.boundaries.zips import census
from terr.boundaries.zips.zips import members
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress

T = TypeVar("T")
LEVEL, LEVEL3 = "zip-2020", "zip3-2020"
TITLE, TITLE3 = "ZIP areas (Census 2020)", "3-digit ZIP areas (Census 2020)"
SOURCE = "US Census Bureau, cartographic boundaries of ZIP Code Tabulation Areas, 2020"
COLUMN = "ZCTA5CE20"
ROWS = range(33_500, 34_001)
"""The file has 33,791 areas."""
WRONG = "the file that came isn't the Census Bureau's ZIP areas of 2020"


@dataclass(frozen=True, eq=False)
class InstalledZipAreas:
    """What came of it.

    Attributes:
        zips, zip3s: the layers on the shelf.
        findings: what was found and mended.
    """

    zips: Layer
    zip3s: Layer
    findings: tuple[Finding, ...]


def verified(found: InspectedFile, rows: Sequence[int] = ROWS) -> InspectedFile:
    """The same, once it is sure that it is the Census Bureau's file of 2020.

    Raises:
        InputError: if it is something else, or of another year.
    """
    columns = list(found.raw.table.columns)
    if COLUMN not in columns:
        others = [c for c in columns if str(c).upper().startswith("ZCTA")]
        why = f"its ZIPs are those of another year ({others[0]})" if others else "it has no column of ZIPs"
        raise InputError(f"{WRONG}: {why}")
    if found.count not in rows:
        raise InputError(f"{WRONG}: it has {count_of_areas(found.count)}, not {rows[0]:,} to {rows[-1]:,}")
    ids = texts(found.raw.table[COLUMN])
    if not all(len(i) == 5 and i.isdigit() for i in ids) or len(set(ids)) < len(ids):
        raise InputError(f"{WRONG}: its column {COLUMN} doesn't hold one ZIP per row")
    if found.raw.crs is None or not is_degrees(found.raw.crs):
        raise InputError(f"{WRONG}: its coordinates aren't degrees")
    return found


def fetch(
    read: Callable[[Path], T], *, base: str | None = None, progress: Progress = UNWATCHED, timeout_s: float = 30.0
) -> T:
    """What is read of the Census Bureau's file, fetched unless it is here; a damaged one is fetched again.

    Args:
        read: reads the file and raises InputError if it isn't this one.
        base: where from, see `terr.boundaries.zips.census.download`.
        progress: told how far it is.
        timeout_s: see `terr.boundaries.zips.census.download`.

    Raises:
        DownloadError: if the file can't be fetched.
        InputError: if another file came.
        StoppedError: if the person stopped it; what has arrived is kept.
    """
    here = census.fetched()
    if here is not None:
        try:
            return read(here)
        except InputError:
            census.remove()
    seen: list[T] = []

    def check(path: Path) -> None:
        try:
            seen.append(read(path))
        except InputError as error:
            why = str(error)
            raise InputError(why if why.startswith(WRONG) else f"{WRONG}: {why}") from error

    census.download(check, base=base, timeout_s=timeout_s, progress=progress)
    return seen[-1]


def build(found: InspectedFile, *, progress: Progress = UNWATCHED) -> InstalledZipAreas:
    """The layers of the Census Bureau's file, on the shelf.

    Raises:
        InputError: if nothing of it can be used.
        StoreError: if they can't be kept.
        StoppedError: if the person stopped it; then neither is kept.
    """
    cleaned = clean(found, COLUMN, "", progress=progress.part(0.0, 0.3))
    notes = list(cleaned.findings)
    frame = cleaned.frame
    inside = frame["state"].isin(STATES).to_numpy()
    if not inside.any():
        raise InputError("none of the file's areas lies in the 50 states")
    if not inside.all():
        away = frame.loc[~inside, "unit_id"].tolist()
        text = (
            f"{count_of_areas(len(away))} outside the 50 states and DC (Puerto Rico and other islands) "
            f"{by_number(len(away), 'was', 'were')} left out."
        )
        notes.append(finding("outside", text, away, "left out"))
    frame = gpd.GeoDataFrame(frame[inside].reset_index(drop=True), crs="EPSG:4326")
    land = shapely.coverage_union_all(np.asarray(areas("county").geometry.to_numpy(), dtype=object))
    filled = fill(frame, land=land, progress=progress.part(0.3, 0.6))
    text = f"{filled.gaps:,} gaps between areas were given to the nearest area around; they are marked as fill."
    notes.append(Finding("filled", text, filled.gaps, fate="mended"))
    belong = members(filled.frame)
    part = progress.part(0.6, 0.9)
    zips = library.store_layer(
        filled.frame, level=LEVEL, title=TITLE, members=belong, fills=filled.fills, source=SOURCE, progress=part
    )
    rest = progress.settled()  # the first of the two is kept: the second belongs to it
    rest.tell(0.9, "Joining ZIPs by their first three digits")
    zip3s = library.store_zip3(zips, level=LEVEL3, title=TITLE3, progress=rest.part(0.9, 1.0))
    return InstalledZipAreas(zips, zip3s, tuple(notes))
