"""Territory plans: every change of each, kept with who and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"


def upgrade() -> None:
    """Add the tables, empty."""
    stamp = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
    op.create_table(
        "territory_plans",
        sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("territory", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("of_edit", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", stamp, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "id"),
    )
    op.create_index("territory_plans_by_territory", "territory_plans", ["scenario_id", "territory", "id"])
