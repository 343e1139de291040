"""Looks into a zip of shapes before anything is unpacked; members are read into memory, never written anywhere."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass

from terr.boundaries.reading.raw import BoundaryFileLimits
from terr.errors import InputError

_WANTED = (".shp", ".dbf", ".prj", ".cpg")
_ELSEWHERE = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\x00")
_RATIO_FROM = 2**20


@dataclass(frozen=True)
class ShapefileParts:
    """The files of one Shapefile, by their endings; a missing one is b""."""

    shp: bytes
    dbf: bytes = b""
    prj: bytes = b""
    cpg: bytes = b""


def members(archive: zipfile.ZipFile, size: int, filename: str, limits: BoundaryFileLimits) -> list[zipfile.ZipInfo]:
    """The files in a zip, once it is sure that it is no trap.

    Raises:
        InputError: too many or too large members, a password, a link, or a name that points elsewhere.
    """
    infos = archive.infolist()
    if len(infos) > limits.members:
        raise InputError(f"{filename} holds {len(infos):,} files; zip only the files of one Shapefile")
    total = sum(i.file_size for i in infos)
    if total > limits.unpacked:
        raise InputError(
            f"{filename} unpacks to {total / 2**20:,.0f} MB, more than {limits.unpacked / 2**20:,.0f} MB; simplify the "
            "shapes or keep fewer of them"
        )
    packed = max(1, min(size, sum(i.compress_size for i in infos)))
    if total > _RATIO_FROM and total / packed > limits.ratio:
        raise InputError(f"{filename} unpacks to {total / packed:,.0f} times its size, as no honest Shapefile does")
    for info in infos:
        if info.flag_bits & 0x1:
            raise InputError(f"{filename} is protected by a password; zip it without one")
        if _ELSEWHERE.search(info.filename) or _ELSEWHERE.search(info.orig_filename):
            raise InputError(f"{filename} holds a file whose name points outside the zip; zip the Shapefile again")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(f"{filename} holds a link instead of a file; zip the Shapefile's own files")
    return infos


def holds_kml(data: bytes) -> bool:
    """Whether a zip holds KML and no Shapefile, by the names in it; a broken one is said to hold none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n.lower() for n in archive.namelist()]
    # NotImplementedError is how zipfile refuses a file that asks for a newer zip version than there is
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        return False  # it goes on to `open_zip`, which says what is wrong with it
    return any(n.endswith(".kml") for n in names) and not any(n.endswith(".shp") for n in names)


def open_zip(data: bytes, filename: str, limits: BoundaryFileLimits) -> dict[str, ShapefileParts]:
    """The Shapefiles in a zip by name.

    Raises:
        InputError: a broken zip, a trap (see `members`), or no Shapefile inside.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = members(archive, len(data), filename, limits)
            found: dict[str, dict[str, bytes]] = {}
            for info in infos:
                stem, dot, ending = info.filename.rpartition(".")
                base = stem.rpartition("/")[2]
                if info.is_dir() or dot + ending.lower() not in _WANTED or base.startswith("._"):
                    continue
                files = found.setdefault(stem, {})
                if ending.lower() in files:
                    raise InputError(f"{filename} holds {base}.{ending} twice; zip the Shapefile again")
                with archive.open(info) as member:
                    # with a size, so that no more is unpacked than it says; if that was a lie, its checksum is wrong
                    files[ending.lower()] = member.read(info.file_size + 1)
    # NotImplementedError: a way of packing that isn't supported; RuntimeError: a password
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{filename} is a broken zip, or only half of one; zip or download it again") from error
    shapes = {stem: ShapefileParts(**files) for stem, files in found.items() if "shp" in files}
    if not shapes:
        inside = sorted({i.filename.rpartition(".")[2][:12].lower() for i in infos if "." in i.filename})
        what = f"only files of the kind {', '.join(inside[:6])}" if inside else "nothing"
        raise InputError(f"{filename} holds no Shapefile (.shp) but {what}; a GeoJSON or GeoPackage is loaded unzipped")
    names: dict[str, ShapefileParts] = {}
    for stem, parts in shapes.items():
        base = stem.rpartition("/")[2]
        names[stem if base in names or sum(s.rpartition("/")[2] == base for s in shapes) > 1 else base] = parts
    return names
