"""Steps from one format of the database to the next, run by Alembic."""
