"""Exceptions begin on a day: what is entered for an absence that is still ahead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"


def upgrade() -> None:
    """Add the column; those there are hold at once, as they did."""
    op.add_column("exceptions", sa.Column("since", sa.String(10), nullable=True))
