"""From the format a database has to the one this program writes: made if empty, copied before it is changed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, insert, inspect, select, update

from terr.errors import InputError
from terr.store.schema import VERSION, meta, metadata
from terr.store.sqlite import check_version, copy_database

_STEPS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = Lock()  # Alembic keeps what it works on in the process, not in the thread


@dataclass(frozen=True)
class FormatState:
    """What a database says of itself.

    Attributes:
        version: its format, None if it has no tables yet.
        generation: another one after each restore from a backup.
    """

    version: int | None
    generation: str = ""

    @property
    def current(self) -> bool:
        """True if there is nothing to do."""
        return self.version == VERSION


def state(c: Connection) -> FormatState:
    """Look without changing anything."""
    looked = inspect(c)
    if not looked.has_table(meta.name):
        return FormatState(None)
    if "schema_version" not in {column["name"] for column in looked.get_columns(meta.name)}:
        raise InputError("this is the database of another program; give another one")
    version = c.execute(select(meta.c.schema_version)).scalar()
    if version is None or version < 2:
        return FormatState(version)
    return FormatState(version, str(c.execute(select(meta.c.generation)).scalar()))


def bring_up(c: Connection, path: Path | None) -> str:
    """Make the tables, or change them to this format; the transaction must keep others from doing the same.

    Args:
        c: a connection with the write lock.
        path: the SQLite file, copied before a change; None = PostgreSQL.

    Returns:
        One line for the person, "" if nothing was changed.

    Raises:
        InputError: if a newer Terr wrote the database.
        StoreError: if it can't be copied or changed; it stays as it is then.
    """
    found = state(c).version
    check_version(found)
    if found == VERSION:
        return ""  # another process was first
    if found is None:
        metadata.create_all(c)
        c.execute(insert(meta).values(schema_version=VERSION, generation=new_generation()))
        return ""
    kept = None
    if path is not None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        kept = path.with_name(f"{path.name}.format-{found}-{stamp}")
        copy_database(path, kept)
    upgrade(c, found)
    return "" if kept is None else f"The database was brought to a new format; a copy of the old one is kept at {kept}"


def upgrade(c: Connection, version: int, target: int = VERSION) -> None:
    """Run the steps from a format to a later one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = c
    with _ONE_AT_A_TIME:
        if version:
            command.stamp(config, str(version), purge=True)
        command.upgrade(config, str(target))
    if version:
        c.execute(update(meta).values(schema_version=target))
    else:
        c.execute(insert(meta).values(schema_version=target))
    if target >= 2:
        c.execute(update(meta).where(meta.c.generation == "").values(generation=new_generation()))


def new_generation() -> str:
    """A mark no other database bears."""
    return secrets.token_hex(8)
