"""The tables of 0.1.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables of an empty database."""
    op.create_table("meta", sa.Column("schema_version", sa.Integer, nullable=False))
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "filename", "mapping_json", "summary_json")),
        sa.Column("sha256", sa.String(64), nullable=False),
        _stamp("created_at"),
    )
    op.create_table(
        "reps",
        sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("rep_id", "name", "home_zip")),
        sa.Column("capacity", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "rep_id"),
    )
    op.create_table(
        "scenarios",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.id"), nullable=True),
        sa.Column("level", sa.String(16), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("name", "region", "units_version", "measure", "settings_json")
        ),
        sa.Column("tolerance", sa.Float, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("n_units", "head", "rev", "next_code")),
        _stamp("created_at"),
        _stamp("updated_at"),
        _stamp("deleted_at", nullable=True),
    )
    op.create_index("ix_scenarios_dataset_id", "scenarios", ["dataset_id"])
    op.create_table(
        "edits",
        _scenario(),
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("parent", sa.Integer, nullable=True),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("title", "author", "note")),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        _stamp("at"),
        sa.PrimaryKeyConstraint("scenario_id", "id"),
        sa.ForeignKeyConstraint(["scenario_id", "parent"], ["edits.scenario_id", "edits.id"]),
    )
    op.create_index("edits_by_parent", "edits", ["scenario_id", "parent"])
    op.create_table(
        "heads",
        _scenario(),
        sa.Column("rev", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        _stamp("at"),
        sa.PrimaryKeyConstraint("scenario_id", "rev"),
    )
    op.create_index("heads_by_head", "heads", ["scenario_id", "head", "rev"])
    op.create_table(
        "checkpoints",
        sa.Column("scenario_id", sa.String(64), nullable=False),
        sa.Column("edit_id", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "edit_id"),
        sa.ForeignKeyConstraint(["scenario_id", "edit_id"], ["edits.scenario_id", "edits.id"], ondelete="CASCADE"),
    )


def _scenario() -> sa.Column[str]:
    return sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False)


def _stamp(name: str, *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)
