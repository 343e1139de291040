"""Run by Alembic: the steps on the connection, and in the transaction, that `terr.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
