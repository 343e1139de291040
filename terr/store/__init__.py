"""Store: scenarios, their edits, data sets, reps and what a workshop says of them, in SQLite or PostgreSQL."""

from terr.folders import data_dir
from terr.store.repositories.changes import ChangeEvent, Changes
from terr.store.repositories.comments import TARGETS, Comment
from terr.store.repositories.edits import NOBODY, Client
from terr.store.repositories.exceptions import EXCEPTION_KINDS, ExceptionEntry, ExceptionRequest
from terr.store.repositories.files import DataFiles
from terr.store.repositories.marks import Mark
from terr.store.repositories.presence import WindowPresence, same_view
from terr.store.repositories.proposals import STATES, Challenge, Proposal
from terr.store.repositories.records import EditRecord
from terr.store.repositories.roles import Access
from terr.store.store import Store, open_store, usual_address

__all__ = [
    "EXCEPTION_KINDS",
    "NOBODY",
    "STATES",
    "TARGETS",
    "Access",
    "Challenge",
    "ChangeEvent",
    "Changes",
    "Client",
    "Comment",
    "DataFiles",
    "EditRecord",
    "ExceptionEntry",
    "ExceptionRequest",
    "Mark",
    "Proposal",
    "Store",
    "WindowPresence",
    "data_dir",
    "open_store",
    "same_view",
    "usual_address",
]
