"""Everything of the usual data folder into one file, and back."""

from __future__ import annotations

from pathlib import Path

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.store import backup as archives
from terr.store import data_dir, usual_address
from terr.store.backup import Summary

__all__ = ["Summary", "backup", "restore"]


def backup(out: str, progress: Progress = UNWATCHED) -> Summary:
    """Write plans, accounts and own boundaries into one file; Terr may go on running.

    Args:
        out: the file to write, as a person typed it.
        progress: told how far it is.

    Raises:
        InputError: if the file exists or its folder doesn't.
        StoreError: if something can't be read or written.
        StoppedError: if the person stopped it.
    """
    target = Path(out).expanduser().absolute()
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}; make it first")
    root = data_dir()
    return archives.backup(usual_address(root), root, target, progress)


def restore(file: str, progress: Progress = UNWATCHED) -> Summary:
    """Put a backup in place of what is there, which is kept.

    Args:
        file: the backup, as a person typed it.
        progress: told how far it is.

    Raises:
        InputError: if it isn't a backup, is damaged, or a newer Terr wrote it.
        StoreError: if something can't be read or written.
        StoppedError: if the person stopped it.
    """
    root = data_dir()
    return archives.restore(usual_address(root), root, Path(file).expanduser().absolute(), progress)
