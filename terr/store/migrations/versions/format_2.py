"""The workshop: roles, presence, comments, proposals, marks, exceptions, a journal; files for several machines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add what is missing; what is there stays as it is."""
    # Databases of 0.1.0 may lack the columns that tell a request sent again: they came without a new format.
    there = {c["name"] for c in sa.inspect(op.get_bind()).get_columns("heads")}
    if "client" not in there:
        op.add_column("heads", sa.Column("client", sa.String(64), nullable=False, server_default=""))
        op.add_column("heads", sa.Column("client_n", sa.Integer, nullable=False, server_default="0"))
        op.create_index("heads_by_client", "heads", ["scenario_id", "client", "client_n"])
    op.add_column("meta", sa.Column("generation", sa.String(32), nullable=False, server_default=""))
    op.add_column("scenarios", sa.Column("seq", sa.Integer, nullable=False, server_default="0"))
    op.add_column("scenarios", _stamp("archived_at", nullable=True))
    op.add_column("scenarios", sa.Column("origin_id", sa.String(64), nullable=True))
    op.add_column("scenarios", _whole("origin_edit", nullable=True))
    _make(
        "journal",
        ["seq"],
        _whole("seq"),
        _word("topic"),
        _whole("ref"),
        _word("action"),
        *_texts("text", "reason"),
        *_who(),
    )
    _make("roles", ["user_id"], *_texts("user_id", "given_by"), _word("role"), _stamp("at"))
    op.create_index("roles_by_user", "roles", ["user_id"])
    _make(
        "presence",
        ["session"],
        sa.Column("session", sa.String(64), nullable=False),
        *_texts("user_id", "name"),
        _whole("territory", nullable=True),
        _whole("presenting"),
        *_texts("view_json"),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    _make(
        "comments",
        ["id"],
        _whole("id"),
        _word("target"),
        *_texts("target_id"),
        _whole("answers", nullable=True),
        *_texts("text"),
        *_who(),
        _stamp("resolved_at", nullable=True),
        *_texts("resolved_by"),
        _stamp("deleted_at", nullable=True),
    )
    _make(
        "proposals",
        ["id"],
        _whole("id"),
        _whole("rev"),
        *_texts("title", "reason"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        _word("state"),
        *_who(),
        *_texts("decided_by", "decision"),
        _stamp("decided_at", nullable=True),
        _whole("edit_id", nullable=True),
    )
    _make(
        "challenges",
        ["id"],
        _whole("id"),
        _whole("proposal"),
        *_texts("reason"),
        *_who(),
        sa.ForeignKeyConstraint(
            ["scenario_id", "proposal"], ["proposals.scenario_id", "proposals.id"], ondelete="CASCADE"
        ),
    )
    _make(
        "marks",
        ["id"],
        _whole("id"),
        _word("kind"),
        _whole("edit_id", nullable=True),
        *_texts("text"),
        *_who(),
        _stamp("archived_at", nullable=True),
        *_texts("archived_by"),
    )
    _make(
        "exceptions",
        ["id", "n"],
        _whole("id"),
        _whole("n"),
        *_texts("account_id"),
        _word("kind"),
        _whole("territory", nullable=True),
        *_texts("rep"),
        sa.Column("until", sa.String(10), nullable=True),
        *_texts("reason"),
        *_who(),
        _stamp("ended_at", nullable=True),
        *_texts("ended_by", "ended_reason"),
    )
    op.create_index("exceptions_by_account", "exceptions", ["scenario_id", "account_id"])
    op.create_table(
        "files",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        _stamp("saved_at"),
    )


def _make(name: str, key: list[str], *columns: sa.Column[Any] | sa.ForeignKeyConstraint) -> None:
    """A table whose rows belong to a scenario."""
    scenario = sa.Column(
        "scenario_id", sa.String(64), sa.ForeignKey("scenarios.id", ondelete="CASCADE"), nullable=False
    )
    op.create_table(name, scenario, *columns, sa.PrimaryKeyConstraint("scenario_id", *key))


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable, autoincrement=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(16), nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _who() -> list[sa.Column[str]]:
    return [*_texts("user_id", "author"), _stamp("at")]


def _stamp(name: str, *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)
