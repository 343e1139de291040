"""Upkeep from the command line: everything into one file, and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from terr.cli.following import followed
from terr.model.progress import UNWATCHED, Progress

if TYPE_CHECKING:
    from terr.workspace.backup import Summary


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
    """Write a backup; what to tell the person. Raises as `terr.workspace.backup.backup`."""
    from terr.workspace import backup as archives

    made = archives.backup(out, progress)
    return f"Wrote {out} ({_size(made.size)}): {_holds(made)}. It was read back and is whole."


def restore(file: str, progress: Progress = UNWATCHED) -> str:
    """Restore a backup; what to tell the person. Raises as `terr.workspace.backup.restore`."""
    from terr.workspace import backup as archives

    done = archives.restore(file, progress)
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
