"""Tables. An edit's id is the revision that made it: unique in its scenario, and kept when a history is copied."""

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

VERSION = 1
"""Of these tables. A database with a higher one is left alone."""

metadata = MetaData()

meta = Table("meta", metadata, Column("schema_version", Integer, nullable=False))

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("filename", Text, nullable=False),
    Column("mapping_json", Text, nullable=False),
    Column("summary_json", Text, nullable=False),
    Column("created_at", String(40), nullable=False),
)

reps = Table(
    "reps",
    metadata,
    Column("dataset_id", String(64), ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("rep_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("home_zip", Text, nullable=False),
    Column("capacity", Float, nullable=False),
    PrimaryKeyConstraint("dataset_id", "rep_id"),
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("dataset_id", String(64), ForeignKey("datasets.id"), nullable=True, index=True),
    Column("level", String(16), nullable=False),
    Column("region", Text, nullable=False),
    Column("units_version", Text, nullable=False),
    Column("n_units", Integer, nullable=False),
    Column("measure", Text, nullable=False),
    Column("tolerance", Float, nullable=False),
    Column("settings_json", Text, nullable=False),
    Column("head", Integer, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("next_code", Integer, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("updated_at", String(40), nullable=False),
    Column("deleted_at", String(40), nullable=True),
)

edits = Table(
    "edits",
    metadata,
    Column("scenario_id", String(64), ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False),
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("parent", Integer, nullable=True),  # empty: made on the empty plan
    Column("depth", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", String(40), nullable=False),
    PrimaryKeyConstraint("scenario_id", "id"),
    ForeignKeyConstraint(["scenario_id", "parent"], ["edits.scenario_id", "edits.id"]),
    Index("edits_by_parent", "scenario_id", "parent"),
)

heads = Table(
    "heads",
    metadata,
    Column("scenario_id", String(64), ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False),
    Column("rev", Integer, nullable=False, autoincrement=False),
    Column("head", Integer, nullable=False),
    Column("action", String(8), nullable=False),
    Column("author", Text, nullable=False),
    Column("at", String(40), nullable=False),
    Column("client", String(64), nullable=False, server_default=""),  # the window's map that asked for it
    Column("client_n", Integer, nullable=False, server_default="0"),  # the number of its event
    PrimaryKeyConstraint("scenario_id", "rev"),
    Index("heads_by_head", "scenario_id", "head", "rev"),
    Index("heads_by_client", "scenario_id", "client", "client_n"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("scenario_id", String(64), nullable=False),
    Column("edit_id", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    PrimaryKeyConstraint("scenario_id", "edit_id"),
    ForeignKeyConstraint(["scenario_id", "edit_id"], ["edits.scenario_id", "edits.id"], ondelete="CASCADE"),
)
