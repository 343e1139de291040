"""Whose a data set is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Those that are there stay everybody's."""
    op.add_column("datasets", sa.Column("owner", sa.Text, nullable=False, server_default=""))
