"""The store: plans as a log of edits, written under a guard so that nobody's edit is lost."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from terr.store.database import Database
from terr.store.repositories.changes import ChangeFeed
from terr.store.repositories.comments import Comments
from terr.store.repositories.datasets import Datasets
from terr.store.repositories.edits import Edits
from terr.store.repositories.exceptions import Exceptions
from terr.store.repositories.files import DataFiles, SharedFiles
from terr.store.repositories.marks import Marks, Reviews
from terr.store.repositories.plans import Plans
from terr.store.repositories.presence import Presence
from terr.store.repositories.proposals import Proposals
from terr.store.repositories.quota_plans import QuotaPlans
from terr.store.repositories.reps import Reps
from terr.store.repositories.roles import Roles
from terr.store.repositories.scenarios import Scenarios
from terr.store.repositories.territory.territory_plans import TerritoryPlans


def open_store(where: str | Path, folder: Path | None = None) -> Store:
    """Open the database, making it if it doesn't exist.

    A file that is damaged is moved aside and a new database opened; one of an older Terr is copied, then brought to
    today's format. `Store.notice` says so.

    Args:
        where: a path (SQLite), or the address of a PostgreSQL database: postgresql://user:password@host/name.
        folder: where uploads and tables of accounts are kept beside SQLite, by default the database's own folder;
            PostgreSQL keeps them itself.

    Raises:
        InputError: for an address that isn't one, a database of a newer Terr, or of another program (untouched).
        StoreError: if it can't be opened or written.
    """
    return Store(where, folder)


def usual_address(root: Path) -> str | Path:
    """Where plans are kept: TERR_DATABASE_URL, or a file in the data folder."""
    return os.environ.get("TERR_DATABASE_URL", "").strip() or root / "terr.db"


class Store:
    """One repository for each kind of thing that is kept.

    Safe to share among threads; several processes may open one database.

    Args:
        where, folder: see `open_store`.

    Attributes:
        datasets, reps, files: what was uploaded.
        scenarios, plans, edits: scenarios, their plans, and the edits that made them.
        marks, reviews, exceptions, comments, proposals, quotas, roles, presence: what a workshop keeps beside a plan.
        territory_plans: the plan of each territory and rep, change by change.
        changes: what is new on a plan.
        notice: what happened on opening if the person should know, else "".
    """

    def __init__(self, where: str | Path, folder: Path | None = None) -> None:
        self._db = database = Database(where)
        self.notice = database.notice
        path = database.path
        self.files = SharedFiles(database) if path is None else DataFiles(path.parent if folder is None else folder)
        self.datasets = Datasets(database)
        self.reps = Reps(database, self.datasets)
        self.scenarios = Scenarios(database, self.datasets)
        self.plans = Plans(database)
        self.edits = Edits(database, self.plans)
        self.proposals = Proposals(database, self.plans, self.edits)
        self.changes = ChangeFeed(database)
        self.comments = Comments(database)
        self.exceptions = Exceptions(database)
        self.marks = Marks(database)
        self.reviews = Reviews(database)
        self.presence = Presence(database)
        self.quotas = QuotaPlans(database)
        self.roles = Roles(database)
        self.territory_plans = TerritoryPlans(database)

    def close(self) -> None:
        """Close all connections."""
        self._db.close()

    def steady(self) -> AbstractContextManager[None]:
        """Within it, this thread reads what says how things stand once, until it writes; see `Database.steady`."""
        return self._db.steady()
