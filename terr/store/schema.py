"""Tables. An edit's id is the revision that made it: unique in its scenario, and kept when a history is copied.

A change here needs a step in `terr/store/migrations/versions` and a higher `VERSION`. Steps only add (tables, columns
with a default), so that a program of the format before goes on working while another one moves the database forward.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

VERSION = 9
"""Of these tables. A database with a higher one is not changed."""

metadata = MetaData()


def _stamp() -> TypeEngine[str]:
    """A time in UTC as ISO text; sorted by its letters on every database."""
    return String(40).with_variant(String(40, collation="C"), "postgresql")


def _id() -> TypeEngine[str]:
    return String(64)


def _scenario() -> Column[str]:
    return Column("scenario_id", _id(), ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False)


def _who() -> list[Column[str]]:
    """Who, and when."""
    return [
        Column("user_id", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("at", _stamp(), nullable=False),
    ]


meta = Table(
    "meta",
    metadata,
    Column("schema_version", Integer, nullable=False),
    Column("generation", String(32), nullable=False, server_default=""),  # another one after each restore
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", _id(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("filename", Text, nullable=False),
    Column("mapping_json", Text, nullable=False),
    Column("summary_json", Text, nullable=False),
    Column("created_at", _stamp(), nullable=False),
    Column("owner", Text, nullable=False, server_default=""),  # format 3: user who uploaded it, "" = everybody's
)

reps = Table(
    "reps",
    metadata,
    Column("dataset_id", _id(), ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("rep_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("home_zip", Text, nullable=False),
    Column("capacity", Float, nullable=False),
    Column("details", Text, nullable=False, server_default=""),  # format 7: the other fields as JSON, "" = none
    PrimaryKeyConstraint("dataset_id", "rep_id"),
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("id", _id(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("dataset_id", _id(), ForeignKey("datasets.id"), nullable=True, index=True),
    Column("level", String(16).with_variant(Text(), "postgresql"), nullable=False),  # format 6: mixed ones are long
    Column("region", Text, nullable=False),
    Column("units_version", Text, nullable=False),
    Column("n_units", Integer, nullable=False),
    Column("measure", Text, nullable=False),
    Column("tolerance", Float, nullable=False),
    Column("settings_json", Text, nullable=False),
    Column("head", Integer, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("next_code", Integer, nullable=False),
    Column("created_at", _stamp(), nullable=False),
    Column("updated_at", _stamp(), nullable=False),
    Column("deleted_at", _stamp(), nullable=True),
    Column("seq", Integer, nullable=False, server_default="0"),  # counts changes beside the plan
    Column("archived_at", _stamp(), nullable=True),
    Column("origin_id", _id(), nullable=True),  # copied from this scenario ...
    Column("origin_edit", Integer, nullable=True),  # ... at this edit
)

edits = Table(
    "edits",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("parent", Integer, nullable=True),  # empty: made on the empty plan
    Column("depth", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", _stamp(), nullable=False),
    Column("of_edit", Integer, nullable=True),  # format 4: the edit it reverses or makes again
    PrimaryKeyConstraint("scenario_id", "id"),
    ForeignKeyConstraint(["scenario_id", "parent"], ["edits.scenario_id", "edits.id"]),
    Index("edits_by_parent", "scenario_id", "parent"),
)

heads = Table(
    "heads",
    metadata,
    _scenario(),
    Column("rev", Integer, nullable=False, autoincrement=False),
    Column("head", Integer, nullable=False),
    Column("action", String(8), nullable=False),
    Column("author", Text, nullable=False),
    Column("at", _stamp(), nullable=False),
    Column("client", String(64), nullable=False, server_default=""),  # the window's map that asked for it
    Column("client_n", Integer, nullable=False, server_default="0"),  # the number of its event
    Column("measure", Text, nullable=True),  # format 5: what was balanced; empty = its effect wasn't recorded
    Column("dev_before", Float, nullable=True),  # largest deviation as measured then
    Column("dev_after", Float, nullable=True),
    PrimaryKeyConstraint("scenario_id", "rev"),
    Index("heads_by_head", "scenario_id", "head", "rev"),
    Index("heads_by_client", "scenario_id", "client", "client_n"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("scenario_id", _id(), nullable=False),
    Column("edit_id", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    PrimaryKeyConstraint("scenario_id", "edit_id"),
    ForeignKeyConstraint(["scenario_id", "edit_id"], ["edits.scenario_id", "edits.id"], ondelete="CASCADE"),
)

# From here on format 2. The id of a row is the count `scenarios.seq` stood at when it was made.

journal = Table(
    "journal",
    metadata,
    _scenario(),
    Column("seq", Integer, nullable=False, autoincrement=False),
    Column("topic", String(16), nullable=False),
    Column("ref", Integer, nullable=False),  # id of the row it is about, 0 = the scenario
    Column("action", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *_who(),
    PrimaryKeyConstraint("scenario_id", "seq"),
)

roles = Table(
    "roles",
    metadata,
    _scenario(),
    Column("user_id", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("given_by", Text, nullable=False),
    Column("at", _stamp(), nullable=False),
    PrimaryKeyConstraint("scenario_id", "user_id"),
    Index("roles_by_user", "user_id"),
)

presence = Table(
    "presence",
    metadata,
    _scenario(),
    Column("session", String(64), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("territory", Integer, nullable=True),
    Column("presenting", Integer, nullable=False),
    Column("view_json", Text, nullable=False),
    Column("seen_at", Float, nullable=False),  # seconds since 1970
    PrimaryKeyConstraint("scenario_id", "session"),
)

comments = Table(
    "comments",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("target", String(16), nullable=False),
    Column("target_id", Text, nullable=False),
    Column("answers", Integer, nullable=True),
    Column("text", Text, nullable=False),
    *_who(),
    Column("resolved_at", _stamp(), nullable=True),
    Column("resolved_by", Text, nullable=False),
    Column("deleted_at", _stamp(), nullable=True),
    PrimaryKeyConstraint("scenario_id", "id"),
)

proposals = Table(
    "proposals",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("rev", Integer, nullable=False),  # of the plan it was made on
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    *_who(),
    Column("decided_by", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_at", _stamp(), nullable=True),
    Column("edit_id", Integer, nullable=True),  # the edit it became
    PrimaryKeyConstraint("scenario_id", "id"),
)

challenges = Table(
    "challenges",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("proposal", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    *_who(),
    PrimaryKeyConstraint("scenario_id", "id"),
    ForeignKeyConstraint(["scenario_id", "proposal"], ["proposals.scenario_id", "proposals.id"], ondelete="CASCADE"),
)

marks = Table(
    "marks",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("edit_id", Integer, nullable=True),  # empty: of the scenario as a whole
    Column("text", Text, nullable=False),
    *_who(),
    Column("archived_at", _stamp(), nullable=True),
    Column("archived_by", Text, nullable=False),
    PrimaryKeyConstraint("scenario_id", "id"),
)

exceptions = Table(
    "exceptions",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("n", Integer, nullable=False, autoincrement=False),  # several are entered at once
    Column("account_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("territory", Integer, nullable=True),
    Column("rep", Text, nullable=False),
    Column("until", String(10), nullable=True),
    Column("since", String(10), nullable=True),  # from format 9
    Column("reason", Text, nullable=False),
    *_who(),
    Column("ended_at", _stamp(), nullable=True),
    Column("ended_by", Text, nullable=False),
    Column("ended_reason", Text, nullable=False),
    PrimaryKeyConstraint("scenario_id", "id", "n"),
    Index("exceptions_by_account", "scenario_id", "account_id"),
)

files = Table(
    "files",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("saved_at", _stamp(), nullable=False),
)
"""Uploads and account tables, where several machines share one PostgreSQL; with SQLite they are files in the folder."""

# From here on format 7.

rosters = Table(
    "rosters",
    metadata,
    Column("dataset_id", _id(), ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("payload", Text, nullable=False),  # the whole roster as JSON
    *_who(),
    PrimaryKeyConstraint("dataset_id", "id"),
)
"""Every roster a data set has had, the newest with the highest id."""

quota_plans = Table(
    "quota_plans",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("period", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", Text, nullable=False),  # what was divided and how, as JSON
    Column("state", String(16), nullable=False),
    *_who(),
    Column("decided_by", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_at", _stamp(), nullable=True),
    PrimaryKeyConstraint("scenario_id", "id"),
)
"""Quotas that were proposed, accepted or rejected; none is changed afterwards."""

# From here on format 8.

territory_plans = Table(
    "territory_plans",
    metadata,
    _scenario(),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("territory", Integer, nullable=False),  # its code
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),  # after this change
    Column("payload", Text, nullable=False),  # the new value of each field that changed, as JSON
    Column("of_edit", Integer, nullable=False),  # the change it undoes or makes again, 0 = none
    *_who(),
    PrimaryKeyConstraint("scenario_id", "id"),
    Index("territory_plans_by_territory", "scenario_id", "territory", "id"),
)
"""Every change of every territory plan; none is changed afterwards."""
