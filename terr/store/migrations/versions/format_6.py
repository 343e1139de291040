"""Levels as long as those that name the areas they split; SQLite never held any to a length."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Widen the column; what is in it stays, and a program of the format before goes on working."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("scenarios", "level", type_=sa.Text(), existing_type=sa.String(16), existing_nullable=False)
