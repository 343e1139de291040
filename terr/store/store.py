"""The store: plans as a log of edits, written under a guard so that nobody's edit is lost."""

from __future__ import annotations

import os
from pathlib import Path

from terr.store.repositories.changes import Feed
from terr.store.repositories.comments import Comments
from terr.store.repositories.edits import CHECKPOINT_EVERY, NOBODY, Client
from terr.store.repositories.exceptions import Exceptions
from terr.store.repositories.files import DataFiles, SharedFiles
from terr.store.repositories.marks import Marks
from terr.store.repositories.presence import Presence
from terr.store.repositories.proposals import Proposals
from terr.store.repositories.roles import Roles

__all__ = ["CHECKPOINT_EVERY", "NOBODY", "Client", "Store", "open_store", "usual_address"]


def open_store(where: str | Path) -> Store:
    """Open the database, making it if it doesn't exist.

    A file that is damaged is moved aside and a new database opened; one of an older Terr is copied, then brought to
    today's format. `Store.notice` says so.

    Args:
        where: a path (SQLite), or the address of a PostgreSQL database: postgresql://user:password@host/name.

    Raises:
        InputError: for an address that isn't one, a database of a newer Terr, or of another program (untouched).
        StoreError: if it can't be opened or written.
    """
    return Store(where)


def usual_address(root: Path) -> str | Path:
    """Where plans are kept: TERR_DATABASE_URL, or a file in the data folder."""
    return os.environ.get("TERR_DATABASE_URL", "").strip() or root / "terr.db"


class Store(Proposals, Feed, Comments, Marks, Exceptions, Presence, Roles):
    """Scenarios with their plans, and what a workshop says about them.

    Safe to share among threads; several processes may open one database.
    """

    def files(self, root: Path) -> DataFiles:
        """Where uploads and account tables are kept: in a folder beside SQLite, in PostgreSQL itself otherwise.

        Raises:
            StoreError: if the folder can't be made.
        """
        return DataFiles(root) if self._db.path is not None else SharedFiles(self._db)
