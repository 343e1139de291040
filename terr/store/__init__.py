"""Store: scenarios, their edits, data sets, reps and what a workshop says of them, in SQLite or PostgreSQL."""

from terr.folders import data_dir
from terr.store.changes import Changes, Event
from terr.store.comments import TARGETS, Comment
from terr.store.exceptions import EXCEPTION_KINDS, Entry, Wanted
from terr.store.files import DataFiles
from terr.store.marks import Mark
from terr.store.presence import Here, same_view
from terr.store.proposals import STATES, Challenge, Proposal
from terr.store.records import NOONE, DatasetInfo, Line, Person, ScenarioInfo
from terr.store.roles import ACTIONS, ROLES, Access, Role
from terr.store.store import NOBODY, Client, Store, open_store, usual_address

__all__ = [
    "ACTIONS",
    "EXCEPTION_KINDS",
    "NOBODY",
    "NOONE",
    "ROLES",
    "STATES",
    "TARGETS",
    "Access",
    "Challenge",
    "Changes",
    "Client",
    "Comment",
    "DataFiles",
    "DatasetInfo",
    "Entry",
    "Event",
    "Here",
    "Line",
    "Mark",
    "Person",
    "Proposal",
    "Role",
    "ScenarioInfo",
    "Store",
    "Wanted",
    "data_dir",
    "open_store",
    "same_view",
    "usual_address",
]
