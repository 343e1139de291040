"""The shelf: layers kept on this machine beside the bundled ones, in `data_dir()/boundaries/`, one folder each."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pandas as pd

from terr.boundaries.layers.building import build
from terr.boundaries.layers.bundled import city_people
from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.layer_files import MANIFEST, OLD, read_layer, read_manifest, recover
from terr.boundaries.zips.dissolving import dissolve
from terr.errors import LocateError, StoreError
from terr.folders import data_dir, make_folder
from terr.model.json_values import to_text
from terr.model.progress import UNWATCHED, Progress

LEVELS = re.compile(r"zip-2020|zip3-2020|own-[0-9a-f]{12}")
"""Levels that may stand on the shelf."""


@dataclass(frozen=True)
class StoredLayer:
    """One layer on the shelf.

    Attributes:
        level, title, approximate, source: see `Layer`.
        count: number of areas.
        when: when it was put there, UTC.
    """

    level: str
    title: str
    count: int
    approximate: bool
    source: str
    when: datetime


def library_dir() -> Path:
    """The folder of the shelf; it is made with the first layer, so that looking needs no right to write.

    Raises:
        StoreError: if the data folder can't be made.
    """
    return data_dir() / "boundaries"


def folder_of(level: str) -> Path:
    """Where a level stands or would stand.

    Raises:
        LocateError: if it is no name of a level of the shelf.
    """
    if not LEVELS.fullmatch(level):
        raise LocateError(f'"{level[:40]}" is not a name of boundaries of your own')
    return library_dir() / level


def store_layer(
    frame: gpd.GeoDataFrame,
    *,
    level: str,
    title: str,
    members: pd.Series | None = None,
    approximate: bool = False,
    fills: gpd.GeoSeries | None = None,
    source: str = "",
    progress: Progress = UNWATCHED,
) -> Layer:
    """Builds a layer and puts it on the shelf; one of the same level is replaced when the new one is whole.

    Args and errors: see `terr.boundaries.layers.building.build`.

    Raises:
        LocateError: if `level` is no name of a level of the shelf.
        StoreError: if the shelf can't be made.
    """
    make_folder(library_dir())
    return build(
        frame,
        level=level,
        title=title,
        folder=folder_of(level),
        members=members,
        approximate=approximate,
        fills=fills,
        source=source,
        progress=progress,
    )


def store_zip3(
    whole: Layer,
    *,
    level: str = "zip3-2020",
    title: str,
    people: Mapping[str, int] | None = None,
    progress: Progress = UNWATCHED,
) -> Layer:
    """Joins a layer of ZIP areas by their first three digits and puts that on the shelf too.

    Args:
        whole: the ZIP areas.
        level, title: of the new layer.
        people: see `terr.boundaries.zips.dissolving.dissolve`; unless given, that of
            `terr.boundaries.layers.bundled.city_people`.
        progress: told how far the work is.

    Raises:
        InputError: if the ids are not ZIPs.
        LocateError, StoreError: see `keep`.
    """
    frame, members = dissolve(whole.areas, whole.members, people=city_people() if people is None else people)
    return store_layer(
        frame,
        level=level,
        title=title,
        members=members,
        approximate=whole.approximate,
        fills=whole.fills,
        source=whole.source,
        progress=progress,
    )


def _look() -> tuple[tuple[StoredLayer, ...], tuple[str, ...]]:
    good, bad = [], []
    root = library_dir()
    if not root.is_dir():
        return (), ()
    for aside in root.glob(f"{OLD}*"):
        recover(root / aside.name.removeprefix(OLD))
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and LEVELS.fullmatch(p.name)):
        try:
            m = read_manifest(folder)
            good.append(StoredLayer(m.level, m.title, m.count, m.approximate, m.source, m.when))
        except LocateError as error:
            bad.append(str(error))
    return tuple(good), tuple(bad)


def stored_layers() -> tuple[StoredLayer, ...]:
    """The layers on the shelf that are whole, by level.

    Raises:
        StoreError: if the shelf can't be read.
    """
    return _look()[0]


def damaged() -> tuple[str, ...]:
    """What is wrong with the folders that `kept` leaves out, in words for the user."""
    return _look()[1]


def open_stored(level: str) -> Layer:
    """Opens a layer on the shelf. Cached until it is replaced.

    Raises:
        LocateError: if it isn't there, or its files are damaged.
        StoreError: if they can't be read.
    """
    folder = folder_of(level)
    recover(folder)
    if not folder.is_dir():
        raise LocateError(f'the boundaries "{level}" are not on this machine; add them on the Settings page')
    return _opened(folder, read_manifest(folder).files["geometry"][0], (folder / "layer.json").stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _opened(folder: Path, _geometry: str, _when: int) -> Layer:
    return read_layer(folder)


def rename_layer(level: str, title: str) -> None:
    """Gives a layer on the shelf another title.

    Raises:
        LocateError: if it isn't there, or its files are damaged.
        StoreError: if it can't be written; the old title stays.
    """
    folder = folder_of(level)
    manifest = replace(read_manifest(folder), title=title)
    path = folder / MANIFEST
    try:
        handle, name = tempfile.mkstemp(prefix=".part-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(to_text(manifest, MANIFEST, indent=1))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise StoreError(f"the boundaries in {folder} can't be renamed ({error.strerror or error})") from error


def remove_layer(level: str) -> None:
    """Takes a layer off the shelf; nothing happens if it isn't there.

    Raises:
        LocateError: if it is no name of a level of the shelf.
        StoreError: if its files can't be removed.
    """
    folder = folder_of(level)
    recover(folder)
    try:
        if folder.exists():
            # Out of sight first, so that a half-removed layer is never seen.
            gone = folder.with_name(f".new-gone-{level}")
            shutil.rmtree(gone, ignore_errors=True)
            folder.rename(gone)
            shutil.rmtree(gone)
    except OSError as error:
        raise StoreError(f"the boundaries in {folder} can't be removed ({error.strerror or error})") from error
