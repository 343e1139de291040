"""The user's own boundaries, all steps in a process of its own: looked into, checked, kept.

Between the steps shapes and tables lie in a folder of temporary files (Arrow, and well-known binary for the shapes);
who asks holds only what is said about them. The folder goes when nobody holds the file any more.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyarrow import feather
from pyproj import CRS

from terr.boundaries.layers import library
from terr.boundaries.own.child import Step, run
from terr.boundaries.own.cleaning import CleanedAreas, Duplicates, clean
from terr.boundaries.own.findings import Finding
from terr.boundaries.own.finishing import own_level, prepare_areas
from terr.boundaries.own.placement import Placement
from terr.boundaries.own.upload import InspectedFile, inspect, texts
from terr.boundaries.reading import LIMITS, BoundaryFileLimits, RawAreas
from terr.model.json_values import parse, read, to_plain, to_text
from terr.model.progress import UNWATCHED, Progress

T = TypeVar("T")
_GIVEN, _SEEN, _TABLE, _SHAPES, _AREAS, _FOUND = (
    "given",
    "seen.json",
    "table.arrow",
    "shapes.arrow",
    "areas.arrow",
    "found.json",
)


@dataclass(frozen=True, eq=False)
class OpenedFile:
    """A file looked into.

    Attributes:
        seen: what is said about it; its cells are text, and its shapes aren't among it.
        folder: where the shapes are; it goes with this object.
    """

    seen: InspectedFile
    folder: Path


@dataclass(frozen=True, eq=False)
class CheckedAreas:
    """What is said about areas that were checked and mended.

    Attributes:
        file: they are from.
        folder: where they are.
        count: areas that can be used.
        zips: their ids are US ZIPs.
        findings: see `CleanedAreas`.
        levels: what they become on the shelf, without fills and with them.
    """

    file: OpenedFile
    folder: Path
    count: int
    zips: bool
    findings: tuple[Finding, ...]
    levels: tuple[str, str]


@dataclass(frozen=True)
class KeptAreas:
    """What was put on the shelf: its level, its number of areas, all that was found."""

    level: str
    count: int
    findings: tuple[Finding, ...]


def look(
    data: bytes,
    filename: str,
    *,
    layer: str | None = None,
    limits: BoundaryFileLimits = LIMITS,
    progress: Progress = UNWATCHED,
) -> OpenedFile:
    """Look into a file of boundaries. Arguments and errors: see `terr.boundaries.own.upload.inspect`.

    Raises:
        StoppedError: if the person stopped it.
    """
    folder = Path(tempfile.mkdtemp(prefix="terr-areas-"))
    try:
        (folder / _GIVEN).write_bytes(data)
        asked = {"filename": filename, "layer": layer, "limits": asdict(limits)}
        run("look", folder, asked, filename[-120:], progress=progress)
        opened = OpenedFile(_load(folder, shapes=False), folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
    return opened


def check(
    file: OpenedFile,
    id_column: str | None = None,
    name_column: str | None = None,
    *,
    epsg: int | None = None,
    swap: bool | None = None,
    duplicates: Duplicates = "join",
    limits: BoundaryFileLimits = LIMITS,
    progress: Progress = UNWATCHED,
) -> CheckedAreas:
    """Check and mend the areas of a file. Arguments and errors: see `terr.boundaries.own.cleaning.clean`."""
    folder = Path(tempfile.mkdtemp(prefix="checked-", dir=file.folder))
    asked = {
        "file": str(file.folder),
        "id_column": id_column,
        "name_column": name_column,
        "epsg": epsg,
        "swap": swap,
        "duplicates": duplicates,
        "limits": asdict(limits),
    }
    done = run("check", folder, asked, file.seen.filename, progress=progress)
    findings = read(tuple[Finding, ...], done["findings"], "the findings")
    return CheckedAreas(file, folder, done["count"], done["zips"], findings, tuple(done["levels"]))


def keep(checked: CheckedAreas, title: str, *, filled: bool, progress: Progress = UNWATCHED) -> KeptAreas:
    """Put checked areas on the shelf. Errors: see `prepare_areas` and `library.store_layer`."""
    name = checked.file.seen.filename
    level = checked.levels[filled]
    asked = {"title": title, "filled": filled, "level": level, "source": f"from the file {name}"}
    done = run("keep", checked.folder, asked, name, progress=progress)
    return KeptAreas(level, done["count"], read(tuple[Finding, ...], done["findings"], "the findings"))


def keep_exact(file: OpenedFile, *, progress: Progress = UNWATCHED) -> KeptAreas:
    """Put the Census Bureau's ZIP areas on the shelf. Errors: see `terr.boundaries.zips.zcta.build`."""
    done = run("exact", file.folder, {}, file.seen.filename, progress=progress)
    return KeptAreas(done["level"], done["count"], read(tuple[Finding, ...], done["findings"], "the findings"))


def install_exact(
    *, base: str | None = None, rows: Sequence[int] | None = None, progress: Progress = UNWATCHED
) -> KeptAreas:
    """Fetch the Census Bureau's file unless it is here, and make the layers "zip-2020" and "zip3-2020" of it.

    Args:
        base: where from, see `terr.boundaries.zips.census.download`.
        rows: how many areas it may have; by default as many as it had in 2020, more or less.
        progress: told how far it is.

    Raises:
        DownloadError: if the file can't be fetched.
        InputError: if another file came.
        StoreError: if it can't be kept.
        StoppedError: if the person stopped it; what has arrived is kept.
    """
    from terr.boundaries.zips import census, zcta  # late: the ZIP areas are made of what this module reads

    def read_file(path: Path) -> OpenedFile:
        opened = look(path.read_bytes(), census.FILE)
        zcta.verified(opened.seen, zcta.ROWS if rows is None else rows)
        return opened

    return keep_exact(
        zcta.fetch(read_file, base=base, progress=progress.part(0.0, 0.5)), progress=progress.part(0.5, 1.0)
    )


def _look(folder: Path, asked: dict[str, Any], progress: Progress) -> None:
    progress.tell(0.0, "Reading the file")
    given = folder / _GIVEN
    data = given.read_bytes()
    given.unlink()
    limits = BoundaryFileLimits(**asked["limits"])
    _save(inspect(data, asked["filename"], layer=asked["layer"], limits=limits), folder)


def _check(folder: Path, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
    progress.tell(0.0, "Reading the shapes")
    seen = _load(Path(asked["file"]), shapes=True)
    done = clean(
        seen,
        asked["id_column"],
        asked["name_column"],
        epsg=asked["epsg"],
        swap=asked["swap"],
        duplicates=asked["duplicates"],
        limits=BoundaryFileLimits(**asked["limits"]),
        progress=progress,
    )
    columns = [done.frame[c].tolist() for c in ("unit_id", "label", "state", "county")]
    _write(folder / _AREAS, columns, np.asarray(done.frame.geometry.to_numpy(), dtype=object))
    findings = to_plain(done.findings)
    (folder / _FOUND).write_text(to_text([findings, done.zips, done.rows], "the findings"))
    levels = [own_level(seen, done, filled=filled) for filled in (False, True)]
    return {"count": len(done.frame), "zips": done.zips, "findings": findings, "levels": levels}


def _keep(folder: Path, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
    progress.tell(0.0, "Reading the areas")
    unit, label, state, county, shapes = _read(folder / _AREAS)
    findings, zips, rows = parse((folder / _FOUND).read_bytes(), _FOUND)
    frame = gpd.GeoDataFrame(
        {"unit_id": unit, "label": label, "state": state, "county": county},
        geometry=_shapes(shapes),
        crs="EPSG:4326",
    )
    found = read(tuple[Finding, ...], findings, "the findings")
    made = prepare_areas(
        CleanedAreas(frame, found, zips, rows), filled=asked["filled"], progress=progress.part(0.0, 0.4)
    )
    layer = library.store_layer(
        made.frame,
        level=asked["level"],
        title=asked["title"],
        members=made.members,
        fills=made.fills,
        source=asked["source"],
        progress=progress.part(0.4, 1.0),
    )
    return {"count": len(layer), "findings": to_plain(made.findings)}


def _exact(folder: Path, _: dict[str, Any], progress: Progress) -> dict[str, Any]:
    from terr.boundaries.zips import zcta  # it stands above: the Census Bureau's file goes the same way

    made = zcta.build(_load(folder, shapes=True), progress=progress)
    return {"level": zcta.LEVEL, "count": len(made.zips), "findings": to_plain(made.findings)}


STEPS: dict[str, Step] = {"look": _look, "check": _check, "keep": _keep, "exact": _exact}


def _save(seen: InspectedFile, folder: Path) -> None:
    """A file that was looked into, as files: its cells as the text they stand for."""
    raw = seen.raw
    table = [texts(raw.table[c]) for c in raw.table.columns]
    _write(folder / _TABLE, [*table, [""] * len(raw.table)])  # the last one: rows count without columns too
    _write(folder / _SHAPES, [], raw.geometry)
    plain = {
        "raw": _plain(raw, "table", "geometry", "broken", "crs"),
        "seen": _plain(seen, "raw", "placement"),
        "placement": _plain(seen.placement, "crs"),
        "names": [str(c) for c in raw.table.columns],
        "broken": raw.broken.tolist(),
        "crs": [_named(raw.crs), _named(seen.placement.crs)],
    }
    (folder / _SEEN).write_text(to_text(plain, "what is in the file"))


def _load(folder: Path, *, shapes: bool) -> InspectedFile:
    """The way back; without its shapes there is none in it."""
    plain = parse((folder / _SEEN).read_bytes(), _SEEN)
    *columns, blank = _read(folder / _TABLE)
    table = pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, cells in zip(plain["names"], columns, strict=True)},
        index=pd.RangeIndex(len(blank)),
    )
    geometry: NDArray[np.object_] = np.zeros(0, dtype=object)
    if shapes:
        geometry = _shapes(_read(folder / _SHAPES)[0])
    system, placed = (None if c is None else CRS.from_user_input(c) for c in plain["crs"])
    raw = _made(
        RawAreas,
        plain["raw"],
        table=table,
        geometry=geometry,
        broken=np.array(plain["broken"], dtype=np.int64),
        crs=system,
    )
    placement = _made(Placement, plain["placement"], crs=placed)
    return _made(InspectedFile, plain["seen"], raw=raw, placement=placement)


def _plain(value: Any, *without: str) -> dict[str, Any]:
    return {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.name not in without}


def _made(kind: type[T], plain: dict[str, Any], **more: Any) -> T:
    hints = get_type_hints(kind)
    return kind(**{k: read(hints[k], v, k) for k, v in plain.items()}, **more)


def _named(crs: CRS | None) -> str | None:
    return None if crs is None else crs.srs


def _write(path: Path, columns: Sequence[Sequence[str]], shapes: NDArray[np.object_] | None = None) -> None:
    arrays = [pa.array(c, pa.large_string()) for c in columns]
    if shapes is not None:
        arrays.append(pa.array(shapely.to_wkb(shapes).tolist(), pa.large_binary()))
    table = pa.table(arrays, [str(i) for i in range(len(arrays))])
    feather.write_feather(table, str(path), compression="uncompressed")


def _read(path: Path) -> list[list[Any]]:
    return [c.to_pylist() for c in feather.read_table(str(path), memory_map=False).columns]


def _shapes(blobs: list[bytes | None]) -> NDArray[np.object_]:
    out = np.empty(len(blobs), dtype=object)
    out[:] = blobs
    return np.asarray(shapely.from_wkb(out, on_invalid="ignore"), dtype=object)
