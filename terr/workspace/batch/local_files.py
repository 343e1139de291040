"""Files named on a command line: read whole, written all at once or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from terr.errors import InputError
from terr.ingest.reading.files import FileLimits
from terr.report.safe import shown
from terr.store.atomic import replace_file

_LONGEST = 120


def read_file(path: str, what: str = "file", *, max_bytes: int = FileLimits().max_bytes) -> bytes:
    """The bytes of a regular file.

    Args:
        path: as a person typed it.
        what: what the file is, for messages.
        max_bytes: the most that is read into memory.

    Raises:
        InputError: if there is none, it is a folder or a device, it is too large, or it can't be read.
    """
    name = shown(path, _LONGEST)
    try:
        info = Path(path).stat()
        fault = _unreadable(info, name, what, max_bytes)
        data = b"" if fault else Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"there is no {what} {name}; check the name and the folder") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise InputError(f"the {what} {name} can't be read ({_reason(error)}); check its permissions") from error
    if fault:
        raise InputError(fault)
    return data


def _unreadable(info: os.stat_result, name: str, what: str, max_bytes: int) -> str:
    if stat.S_ISDIR(info.st_mode):
        return f"{name} is a folder; name the {what} in it"
    if not stat.S_ISREG(info.st_mode):
        return f"{name} is not a file on disk; save the {what} first"
    if info.st_size > max_bytes:
        size, most = info.st_size / 2**20, max_bytes / 2**20
        return f"{name} has {size:,.0f} MB, more than {most:,.0f} MB; split it or leave out columns"
    return ""


def check_target(path: str, *, sources: tuple[str, ...] = ()) -> Path:
    """Where a file may be written, found out before the work begins.

    Args:
        path: as a person typed it.
        sources: files that must not be written over.

    Raises:
        InputError: if the folder is missing or can't be written, or `path` is a folder, a device or one of `sources`.
    """
    target = Path(path)
    try:
        fault = _unwritable(target, shown(path, _LONGEST), sources)
    except (OSError, ValueError) as error:
        raise InputError(f"{shown(path, _LONGEST)} can't be written ({_reason(error)}); choose another name") from error
    if fault:
        raise InputError(fault)
    return target


def _unwritable(target: Path, name: str, sources: tuple[str, ...]) -> str:
    folder = shown(str(target.parent), _LONGEST)
    if target.is_dir() or not target.name:
        return f"{name} is a folder; name a file in it"
    if target.exists() and not target.is_file():
        return f"{name} is not a file on disk; choose another name"
    if not target.parent.is_dir():
        return f"there is no folder {folder} to write {shown(target.name)} into; make it first"
    if target.exists() and any(target.samefile(s) for s in sources):
        return f"{name} is the file that is read; choose another name, so that it isn't written over"
    try:  # permissions alone don't tell: the disk may be read-only
        handle, part = tempfile.mkstemp(prefix=".terr-", dir=target.parent)
    except OSError as error:
        return f"the folder {folder} can't be written ({_reason(error)}); check its permissions or choose another"
    os.close(handle)
    Path(part).unlink()
    return ""


def check_folder(path: str, names: Sequence[str], *, sources: tuple[str, ...] = ()) -> Path:
    """The folder several files may be written into, found out before the work begins.

    Raises:
        InputError: as `check_target` for any of the names.
    """
    for name in names:
        check_target(str(Path(path) / name), sources=sources)
    return Path(path)


def write_file(target: Path, content: bytes) -> None:
    """Write beside, flush to disk, then rename over: a reader sees the old file or the new one, never half.

    Raises:
        InputError: if it can't be written; what was there stays.
    """
    try:
        replace_file(target, content, prefix=".terr-", mode=_mode(target))
    except OSError as error:
        raise InputError(
            f"{shown(str(target), _LONGEST)} can't be written ({_reason(error)}); free space or choose another folder"
        ) from error


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced; for a new one what the person's umask leaves."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "unknown reason"
    return "the name holds a character that names can't have"
