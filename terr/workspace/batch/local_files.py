"""Files named on a command line: read whole, written all at once or not at all."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath

from terr.errors import InputError
from terr.report.safe import shown

_LONGEST = 120


def check_source(path: str, what: str = "file") -> int:
    """Size in bytes of a file that can be read, told before anything large is loaded for it.

    Args:
        path: as a person typed it.
        what: what the file is, for messages.

    Raises:
        InputError: if there is none, it is a folder or a device, or it can't be read.
    """
    name = shown(path, _LONGEST)
    try:
        info = Path(path).stat()
        fault = _unreadable(info, name, what)
        if not fault:
            with Path(path).open("rb"):
                return info.st_size
    except FileNotFoundError as error:
        raise InputError(f"there is no {what} {name}; check the name and the folder") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise InputError(f"the {what} {name} can't be read ({_reason(error)}); check its permissions") from error
    raise InputError(fault)


def read_file(path: str, what: str = "file", *, max_bytes: int | None = None) -> bytes:
    """The bytes of a regular file.

    Args:
        path: as a person typed it.
        what: what the file is, for messages.
        max_bytes: the most that is read into memory; by default what an upload may have.

    Raises:
        InputError: as `check_source`, or if it is too large.
    """
    size = check_source(path, what)
    if max_bytes is None:
        from terr.ingest.reading.files import FileLimits

        max_bytes = FileLimits().max_bytes
    name = shown(path, _LONGEST)
    if size > max_bytes:
        raise InputError(
            f"{name} has {size / 2**20:,.0f} MB, more than {max_bytes / 2**20:,.0f} MB; split it or leave out columns"
        )
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"the {what} {name} can't be read ({_reason(error)}); check its permissions") from error


def path_and_part(path: str) -> tuple[str, str]:
    """A path as a person typed it, and the part of the file that is named behind a "#" ("plans.xlsx#Proposed")."""
    front, mark, part = path.rpartition("#")
    return (front, part) if mark and front and not Path(path).exists() else (path, "")


def read_part(path: str, what: str) -> tuple[str, bytes]:
    """A file's name, with "#" and the part that is named, and its bytes; see `path_and_part` and `read_file`."""
    front, part = path_and_part(path)
    return PurePath(front).name + (f"#{part}" if part else ""), read_file(front, what)


def _unreadable(info: os.stat_result, name: str, what: str) -> str:
    if stat.S_ISDIR(info.st_mode):
        return f"{name} is a folder; name the {what} in it"
    if not stat.S_ISREG(info.st_mode):
        return f"{name} is not a file on disk; save the {what} first"
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
    from terr.store.atomic import replace_file  # late: what only reads needs no database

    try:
        with _unstopped():
            replace_file(target, content, prefix=".terr-", mode=_mode(target))
    except OSError as error:
        raise InputError(
            f"{shown(str(target), _LONGEST)} can't be written ({_reason(error)}); free space or choose another folder"
        ) from error


@contextmanager
def _unstopped() -> Iterator[None]:
    """While it lasts, Ctrl-C does nothing: what is being written takes moments, and half of it would be left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
