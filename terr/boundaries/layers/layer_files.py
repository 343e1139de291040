"""A layer as files in one folder, written whole or not at all, and checked when they are read.

`layer.json` names the others, each of which carries a piece of the hash of its content in its name: `areas-*.parquet`,
`edges-*.parquet`, `<level>-*.json` (and `.json.gz`) for the browser, perhaps `members-*.parquet`, `fills-*.parquet`.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from terr.boundaries.layers.layer import Layer
from terr.errors import InputError, LocateError, StoreError
from terr.folders import make_folder
from terr.model.json_values import parse, read, to_text

FORMAT = 1
MANIFEST = "layer.json"
NEW, OLD = ".new-", ".old-"
STALE_S = 3600.0
"""How old a folder that was never finished must be before it is swept away, in seconds."""


@dataclass(frozen=True, eq=False)
class LayerParts:
    """A layer before it is written: what `Layer` holds, and the browser's file as bytes."""

    level: str
    title: str
    areas: gpd.GeoDataFrame
    edges: pd.DataFrame
    drawn: bytes
    members: pd.Series | None = None
    approximate: bool = False
    fills: gpd.GeoSeries = field(default_factory=lambda: gpd.GeoSeries([], crs="EPSG:4326"))
    source: str = ""

    def layer(self, geometry: Path) -> Layer:
        """The layer, with the browser's file at `geometry`."""
        return Layer(
            level=self.level,
            title=self.title,
            areas=self.areas,
            edges=self.edges,
            geometry=geometry,
            members=self.members,
            approximate=self.approximate,
            fills=self.fills,
            source=self.source,
        )


@dataclass(frozen=True)
class Manifest:
    """What `layer.json` says.

    Attributes:
        level, title, approximate, source: see `Layer`.
        count: number of areas.
        when: when it was written, UTC.
        files: part -> (file name, bytes).
        format: of the files.
    """

    level: str
    title: str
    count: int
    approximate: bool
    source: str
    when: datetime
    files: dict[str, tuple[str, int]]
    format: int = FORMAT


def hashed(stem: str, suffix: str, content: bytes) -> str:
    """File name that carries the first ten hex digits of the SHA-256 of the content."""
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}{suffix}"


def parquet(table: pd.DataFrame | gpd.GeoDataFrame) -> bytes:
    """A table as bytes of a Parquet file."""
    out = io.BytesIO()
    table.to_parquet(out, index=False, compression="zstd")
    return out.getvalue()


def member_table(members: pd.Series) -> pd.DataFrame:
    """Columns `zip` and `unit_id`, sorted by ZIP."""
    table = pd.DataFrame({"zip": members.index.astype(str), "unit_id": members.astype(str).to_numpy(dtype=object)})
    return table.sort_values("zip", ignore_index=True)


def member_series(table: pd.DataFrame) -> pd.Series:
    """The way back from `member_table`."""
    values, index = table["unit_id"].to_numpy(dtype=object), pd.Index(table["zip"].to_numpy(dtype=object), name="zip")
    return pd.Series(values, index=index, name="unit_id", dtype=object)


def write_layer(parts: LayerParts, folder: Path) -> Layer:
    """Keeps a layer in a folder: all files are written beside it, then the folder takes its place.

    Raises:
        StoreError: if it can't be written; what was there stays.
    """
    root = make_folder(folder.parent)
    sweep(root)
    edges = parts.edges.astype({"i": "int32", "j": "int32"})
    content: dict[str, tuple[str, bytes]] = {}

    def add(part: str, stem: str, suffix: str, data: bytes) -> None:
        content[part] = (hashed(stem, suffix, data), data)

    add("areas", "areas", ".parquet", parquet(parts.areas))
    add("edges", "edges", ".parquet", parquet(edges))
    add("geometry", parts.level, ".json", parts.drawn)
    content["gzip"] = (content["geometry"][0] + ".gz", gzip.compress(parts.drawn, 6, mtime=0))
    if parts.members is not None:
        add("members", "members", ".parquet", parquet(member_table(parts.members)))
    if len(parts.fills):
        add("fills", "fills", ".parquet", parquet(gpd.GeoDataFrame(geometry=parts.fills, crs="EPSG:4326")))
    manifest = Manifest(
        level=parts.level,
        title=parts.title,
        count=len(parts.areas),
        approximate=parts.approximate,
        source=parts.source,
        when=datetime.now(UTC).replace(microsecond=0),
        files={part: (name, len(data)) for part, (name, data) in content.items()},
    )
    content["manifest"] = (MANIFEST, to_text(manifest, MANIFEST, indent=1).encode())
    try:
        beside = Path(tempfile.mkdtemp(prefix=f"{NEW}{folder.name}-", dir=root))
    except OSError as error:
        raise _unwritable(root, error) from error
    try:
        for name, data in content.values():
            _write(beside / name, data)
        _sync(beside)
        _swap(beside, folder)
    except OSError as error:
        raise _unwritable(root, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return parts.layer(folder / content["geometry"][0])


def _unwritable(root: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the boundaries can't be written to {root} ({error.strerror or error}); free some space there or set "
        "TERR_DATA_DIR to another folder. What was there stays as it was."
    )


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(new: Path, folder: Path) -> None:
    """Puts a finished folder in its place; what was there steps aside first and comes back if that fails."""
    aside = folder.with_name(f"{OLD}{folder.name}")
    for last in (False, False, True):
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)
        try:
            new.rename(folder)
            break
        except OSError:
            # Another process may have seen the gap and brought the old folder back: once more then.
            recover(folder)
            if last:
                raise
    _sync(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def recover(folder: Path) -> None:
    """Brings back a folder that was moved aside by a process that died before it put the new one in its place."""
    aside = folder.with_name(f"{OLD}{folder.name}")
    if aside.is_dir() and not folder.exists():
        with contextlib.suppress(OSError):
            aside.rename(folder)


def sweep(root: Path) -> None:
    """Removes folders that were begun and never finished."""
    for path in root.glob(f"{NEW}*"):
        with contextlib.suppress(OSError):
            newest = max([path.stat().st_mtime, *[p.stat().st_mtime for p in path.iterdir()]])
            if time.time() - newest > STALE_S:
                shutil.rmtree(path, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest:
    """What a folder holds. The files it names are there and have their sizes; their content isn't read.

    Raises:
        LocateError: saying what is wrong with the folder.
    """
    again = "; remove these boundaries and add them again"
    try:
        body = parse((folder / MANIFEST).read_bytes(), MANIFEST)
        if isinstance(body, dict) and body.get("format", FORMAT) != FORMAT:
            raise LocateError(f"the boundaries in {folder.name} were kept by another version of Terr{again}")
        manifest = read(Manifest, body, MANIFEST)
    except (OSError, InputError) as error:
        raise LocateError(f"the boundaries in {folder.name} are not complete{again}") from error
    for name, size in manifest.files.values():
        path = folder / name
        if Path(name).name != name or not path.is_file() or path.stat().st_size != size:
            raise LocateError(
                f"the boundaries in {folder.name} are damaged: {name[:60]} is missing or cut short{again}"
            )
    if {"areas", "edges", "geometry"} - set(manifest.files) or manifest.level != folder.name:
        raise LocateError(f"the boundaries in {folder.name} are not complete{again}")
    return manifest


def read_layer(folder: Path) -> Layer:
    """Opens a kept layer; every file is checked against the hash in its name.

    Raises:
        LocateError: if the folder is damaged or not complete.
    """
    manifest = read_manifest(folder)

    def part(name: str, read: Callable[[io.BytesIO], Any]) -> Any:
        file, _ = manifest.files[name]
        data = (folder / file).read_bytes()
        stem, suffix = file.rsplit("-", 1)[0], "." + file.rsplit(".", 1)[1]
        if hashed(stem, suffix, data) != file:
            raise LocateError(
                f"the boundaries in {folder.name} are damaged: {file} has changed; remove these boundaries and add "
                "them again"
            )
        return read(io.BytesIO(data))

    try:
        areas = part("areas", gpd.read_parquet)
        edges = part("edges", pd.read_parquet).astype({"i": "int64", "j": "int64"})
        members = member_series(part("members", pd.read_parquet)) if "members" in manifest.files else None
        fills = part("fills", gpd.read_parquet).geometry if "fills" in manifest.files else None
    except OSError as error:
        raise StoreError(f"the boundaries in {folder} can't be read ({error.strerror or error})") from error
    return Layer(
        level=manifest.level,
        title=manifest.title,
        areas=areas.assign(unit_id=areas["unit_id"].astype(object)),
        edges=edges,
        geometry=folder / manifest.files["geometry"][0],
        members=members,
        approximate=manifest.approximate,
        fills=gpd.GeoSeries([], crs="EPSG:4326") if fills is None else fills,
        source=manifest.source,
    )
