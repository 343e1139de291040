"""The store under load, on SQLite and PostgreSQL."""
