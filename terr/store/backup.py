"""Backup and restore: one file that holds everything, made while others work, checked before anything is replaced.

Whatever the database, the file holds an SQLite copy of it: a backup of a server opens on a laptop and the other way
round.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from terr.errors import InputError, StoreError, TerrError
from terr.model.json_values import parse, read, to_text
from terr.model.progress import UNWATCHED, Progress
from terr.store import schema as t
from terr.store.database import Database
from terr.store.migrate import new_generation
from terr.store.repositories.files import SharedFiles, write_file
from terr.store.sqlite import check_version, copy_database, replace_database
from terr.store.store import open_store

KIND = "terr-backup"
_DATABASE, _MANIFEST = "terr.db", "manifest.json"
_FOLDERS = ("uploads", "accounts", "facts", "boundaries")
_NAME = re.compile(r"(uploads|accounts|facts|boundaries)(/[A-Za-z0-9][A-Za-z0-9._-]{0,120}){1,4}")
_MOST_BYTES = 64 * 2**30
_ROWS = 200
_MOST_MANIFEST = 64 * 2**20
_NOT_OURS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, KeyError, TypeError, RuntimeError)
_COPIED = tuple(table for table in t.metadata.sorted_tables if table.name not in {"meta", "presence", "files"})


@dataclass(frozen=True)
class Summary:
    """What a backup holds.

    Attributes:
        path: the file; size: its bytes.
        made_at: UTC; version: format of the database in it.
        scenarios, edits, data_sets, files: how many.
        kept: where a restore put what was there before, None for a backup and for an empty place.
    """

    path: Path
    size: int
    made_at: datetime
    version: int
    scenarios: int
    edits: int
    data_sets: int
    files: int
    kept: Path | None = None


@dataclass(frozen=True)
class _Manifest:
    """What `manifest.json` says: format of the database, rows of each table, and the sum of each file."""

    kind: str
    format: int
    made_at: datetime
    counts: Mapping[str, int]
    sha256: Mapping[str, str]


def backup(address: str | Path, root: Path, out: Path, progress: Progress = UNWATCHED) -> Summary:
    """Write everything into one file; others may go on working.

    Args:
        address: of the database, as for `open_store`.
        root: the data folder.
        out: the file to write; it must not exist.
        progress: told how far it is.

    Raises:
        InputError: if `out` exists.
        StoreError: if something can't be read or written; no file is left then.
        StoppedError: if the person stopped it; no file is left either.
    """
    if out.exists():
        raise InputError(f"{out.name} exists; choose another name, a backup never overwrites one")
    with closing(open_store(address)) as store, _scratch(out.parent) as scratch:
        progress.tell(0.0, "copying the plans")
        copy, part = scratch / _DATABASE, scratch / "backup.part"
        _copy_out(store._db, copy)
        with _writing(part) as archive:
            sums = {_DATABASE: _add(archive, _DATABASE, copy)}
            # After the database: a file it names is there by then, and a later one does no harm.
            if store._db.path is None:
                sums |= _add_shared(archive, store._db, scratch)
                folders: tuple[str, ...] = ("boundaries",)
            else:
                folders = _FOLDERS
            files = list(_files(root, folders))
            for k, path in enumerate(files):
                progress.tell(0.1 + 0.7 * k / len(files), "adding accounts and boundaries")
                name = path.relative_to(root).as_posix()
                sums[name] = _add(archive, name, path)
            manifest = _Manifest(KIND, t.VERSION, datetime.now(UTC), _counts(copy), sums)
            archive.writestr(_MANIFEST, to_text(manifest, "the manifest", indent=1))
        _flush(part)
        progress.tell(0.8, "reading it back")
        try:
            os.link(part, out)  # unlike a rename, never over another file
        except FileExistsError as error:
            raise InputError(f"{out.name} exists; choose another name, a backup never overwrites one") from error
        except OSError:
            part.replace(out)  # a disk without links
    return check(out)


def check(path: Path) -> Summary:
    """Read a backup through: every byte against its sum, the database against itself, every plan of every scenario.

    Raises:
        InputError: if it isn't a backup, is damaged, or a newer Terr wrote it.
        StoreError: if there is no room to unpack it.
    """
    with _unpacked(path) as (_, summary):
        return summary


def restore(address: str | Path, root: Path, path: Path, progress: Progress = UNWATCHED) -> Summary:
    """Put a backup in place of what is there, after checking it and after a backup of what is there.

    Stop Terr first; a program that still runs is refused its next edit and told to be restarted.

    Args:
        address: of the database, as for `open_store`.
        root: the data folder.
        path: the backup.
        progress: told how far it is; nothing stops it once it replaces what is there.

    Raises:
        InputError: if `path` isn't a backup, is damaged, or a newer Terr wrote it; nothing is changed then.
        StoreError: if something can't be read or written.
        StoppedError: if the person stopped it; nothing is changed then.
    """
    progress.tell(0.0, "checking the backup")
    with _unpacked(path) as (folder, summary):
        kept = _keep_what_is_there(address, root, progress.part(0.3, 0.7))
        progress.show(0.7, "putting it in place")
        with closing(Database(address)) as database:
            shared = SharedFiles(database) if database.path is None else None
            for file in _files(folder, _FOLDERS):
                name = file.relative_to(folder).as_posix()
                if shared is not None and not name.startswith("boundaries/"):
                    shared.put(name, file.read_bytes())
                else:
                    write_file(root / name, file.read_bytes())
            if database.path is not None:
                _mark_generation(folder / _DATABASE)
                database.close()
                replace_database(folder / _DATABASE, database.path)
            else:
                _copy_in(folder / _DATABASE, database)
    return Summary(**{**vars(summary), "kept": kept})


def _keep_what_is_there(address: str | Path, root: Path, progress: Progress) -> Path | None:
    with closing(open_store(address)) as store:
        if not store.scenarios.find(include_deleted=True, include_archived=True) and not store.datasets.all():
            return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return backup(address, root, root / f"before-restore-{stamp}.terrbackup", progress).path


def _copy_out(database: Database, target: Path) -> None:
    if database.path is not None:
        copy_database(database.path, target)
        with closing(sqlite3.connect(target)) as c, c:
            c.execute("DELETE FROM presence")  # nobody is here any more when it is restored
        return
    with closing(Database(target)) as fresh, database.read() as old, fresh.write() as new:
        for table in _COPIED:
            _copy_rows(old, new, table)
    with closing(sqlite3.connect(target)) as c:
        c.execute("PRAGMA journal_mode = DELETE").fetchone()


def _copy_in(source: Path, database: Database) -> None:
    with closing(Database(source)) as there, there.read() as old, database.write() as new:
        for table in (t.presence, *reversed(_COPIED)):
            new.execute(delete(table))
        for table in _COPIED:
            _copy_rows(old, new, table)
        new.execute(update(t.meta).values(generation=new_generation()))


def _copy_rows(old: Connection, new: Connection, table: Any) -> None:
    keys = list(table.primary_key.columns)  # a parent's id is below its children's
    for some in old.execute(select(table).order_by(*keys)).partitions(_ROWS):
        new.execute(insert(table), [dict(r._mapping) for r in some])


def _mark_generation(path: Path) -> None:
    with closing(sqlite3.connect(path)) as c, c:
        c.execute("UPDATE meta SET generation = ?", (new_generation(),))


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, archive.open(_entry(name), "w", force_zip64=True) as into:
            while block := source.read(2**20):
                digest.update(block)
                into.write(block)
    except OSError as error:
        raise StoreError(f"{path} can't be read or the backup written ({error.strerror})") from error
    return digest.hexdigest()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if name.endswith((".parquet", ".gz")) else zipfile.ZIP_DEFLATED
    return entry


def _add_shared(archive: zipfile.ZipFile, database: Database, scratch: Path) -> dict[str, str]:
    f, sums = t.files.c, {}
    with database.read() as c:
        names = c.execute(select(f.name).order_by(f.name)).scalars().all()
    for name in names:
        with database.read() as c:
            content = c.execute(select(f.content).where(f.name == name)).scalar()
        one = scratch / "one"
        one.write_bytes(content or b"")
        sums[name] = _add(archive, name, one)
    return sums


def _files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and _NAME.fullmatch(path.relative_to(root).as_posix()):
                yield path


def _counts(path: Path) -> dict[str, int]:
    with closing(Database(path)) as database, database.read() as c:
        out = {table.name: int(c.execute(select(func.count()).select_from(table)).scalar_one()) for table in _COPIED}
    with closing(sqlite3.connect(path)) as c2:
        c2.execute("PRAGMA journal_mode = DELETE").fetchone()
    return out


@contextmanager
def _writing(part: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            yield archive
    except TerrError:
        raise
    except OSError as error:
        raise StoreError(
            f"the backup can't be written ({error.strerror}); free space or choose another place"
        ) from error


def _flush(part: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def _scratch(near: Path) -> Iterator[Path]:
    """A folder beside the target, on the same disk; gone afterwards."""
    try:
        made = Path(tempfile.mkdtemp(prefix=".terr-", dir=near))
    except OSError as error:
        raise StoreError(f"{near} can't be written ({error.strerror}); choose another place") from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, Summary]]:
    if not path.is_file():
        raise InputError(f"there is no backup {path.name}; check the name and the folder")
    with _scratch(Path(tempfile.gettempdir())) as folder:
        try:
            manifest = _unpack(path, folder)
        except _NOT_OURS as error:
            if isinstance(error, TerrError):
                raise
            raise InputError(f"{path.name} is no backup of Terr, or is damaged; nothing was changed") from error
        except OSError as error:
            raise StoreError(f"{path.name} can't be unpacked ({error.strerror}); free some space") from error
        yield folder, _read_through(path, folder, manifest)


def _unpack(path: Path, folder: Path) -> _Manifest:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(_MANIFEST).file_size > _MOST_MANIFEST:
            raise ValueError("too large")
        try:
            manifest = read(_Manifest, parse(archive.read(_MANIFEST), _MANIFEST), _MANIFEST)
        except InputError as error:
            raise ValueError(_MANIFEST) from error
        if manifest.kind != KIND:
            raise ValueError(manifest.kind)
        check_version(manifest.format)
        sums = manifest.sha256
        if set(sums) | {_MANIFEST} != set(archive.namelist()) or _DATABASE not in sums:
            raise ValueError("files missing or added")
        if sum(i.file_size for i in archive.infolist()) > _MOST_BYTES:
            raise ValueError("too large")
        for name, expected in sums.items():
            if name != _DATABASE and not _NAME.fullmatch(name):
                raise ValueError(name)
            if _write_out(archive, name, folder) != expected:
                raise ValueError(name)
    return manifest


def _write_out(archive: zipfile.ZipFile, name: str, folder: Path) -> str:
    target, digest = folder.joinpath(*PurePosixPath(name).parts), hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("wb") as into:
        while block := source.read(2**20):
            digest.update(block)
            into.write(block)
    return digest.hexdigest()


def _read_through(path: Path, folder: Path, manifest: _Manifest) -> Summary:
    """Open the database as Terr would, which also brings it to today's format, and read every plan."""
    place = folder / _DATABASE
    with closing(sqlite3.connect(place)) as c:
        whole = (
            c.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            and not c.execute("PRAGMA foreign_key_check").fetchone()
        )
    if not whole:
        raise InputError(f"the database in {path.name} is damaged; take another backup. Nothing was changed")
    counts = _counts(place)
    if counts != manifest.counts and manifest.format == t.VERSION:
        raise InputError(f"{path.name} doesn't hold what it says; take another backup. Nothing was changed")
    with closing(open_store(place)) as store:
        try:
            for info in store.scenarios.find(include_deleted=True, include_archived=True):
                store.plans.at(info.id, info.head) if info.deleted_at is None else None
        except TerrError as error:
            raise InputError(f"{path.name} holds a plan that can't be read: {error}") from error
    with closing(sqlite3.connect(place)) as c:
        c.execute("PRAGMA journal_mode = DELETE").fetchone()
    return Summary(
        path,
        path.stat().st_size,
        manifest.made_at,
        manifest.format,
        counts["scenarios"],
        counts["edits"],
        counts["datasets"],
        len(manifest.sha256) - 1,
    )
