"""What each revision did to the balance, measured when it was made; of earlier ones it isn't known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Add the columns, empty."""
    op.add_column("heads", sa.Column("measure", sa.Text, nullable=True))
    op.add_column("heads", sa.Column("dev_before", sa.Float, nullable=True))
    op.add_column("heads", sa.Column("dev_after", sa.Float, nullable=True))
