"""Upkeep from the command line: everything into one file, and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from terr.cli.following import followed
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress

if TYPE_CHECKING:
    from terr.store.backup import Summary


def add_to(command: Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    """Add the commands `backup` and `restore` to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    saved = command("backup", "Write all plans, accounts and own boundaries into one file.", _told(backup))
    saved.add_argument("file", metavar="OUT")
    fetched = command("restore", "Put a backup in place of what is there, which is kept.", _told(restore))
    fetched.add_argument("file", metavar="FILE")


def _told(act: Callable[[str, Progress], str]) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        with followed() as progress:
            said = act(args.file, progress)
        sys.stdout.write(said + "\n")
        return 0

    return run


def backup(out: str, progress: Progress = UNWATCHED) -> str:
    """Write plans, accounts and own boundaries into one file; Terr may go on running.

    Args:
        out: the file to write, as a person typed it.
        progress: told how far it is.

    Returns:
        What to tell the person.

    Raises:
        InputError: if the file exists or its folder doesn't.
        StoreError: if something can't be read or written.
        StoppedError: if the person stopped it.
    """
    from terr.store import backup as archives
    from terr.store import data_dir, usual_address

    target = Path(out).expanduser().absolute()
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}; make it first")
    root = data_dir()
    made = archives.backup(usual_address(root), root, target, progress)
    return f"Wrote {out} ({_size(made.size)}): {_holds(made)}. It was read back and is whole."


def restore(file: str, progress: Progress = UNWATCHED) -> str:
    """Put a backup in place of what is there.

    Args:
        file: the backup, as a person typed it.
        progress: told how far it is.

    Returns:
        What to tell the person.

    Raises:
        InputError: if it isn't a backup, is damaged, or a newer Terr wrote it.
        StoreError: if something can't be read or written.
        StoppedError: if the person stopped it.
    """
    from terr.store import backup as archives
    from terr.store import data_dir, usual_address

    root = data_dir()
    done = archives.restore(usual_address(root), root, Path(file).expanduser().absolute(), progress)
    said = f"Restored {file}, made {done.made_at:%Y-%m-%d %H:%M} UTC: {_holds(done)}."
    kept = f" What was there before is kept in {done.kept}." if done.kept else ""
    return f"{said}{kept} If Terr is running, restart it."


def _holds(what: Summary) -> str:
    counted = (
        (what.scenarios, "scenario"),
        (what.edits, "edit"),
        (what.data_sets, "data set"),
        (what.files, "file"),
    )
    return ", ".join(f"{n:,} {name}{'' if n == 1 else 's'}" for n, name in counted)


def _size(size: int) -> str:
    return f"{size / 2**20:,.1f} MB" if size >= 2**20 else f"{size / 2**10:,.0f} kB"
