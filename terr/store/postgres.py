"""PostgreSQL: how it is reached, what is asked of a connection, and its errors in plain words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, text

from terr.errors import InputError, StoreError

_LOCK = 7_461_001
"""Key of the lock that one process holds while it makes or changes the tables."""

_REASONS = {
    "53100": "its disk is full; free some space and try again",
    "53200": "it is out of memory; try again in a moment",
    "53300": "it has too many connections; try again in a moment",
    "55P03": "another program keeps it locked; try again in a moment",
    "40001": "somebody else changed the same thing at the same moment; try again",
    "40P01": "somebody else changed the same thing at the same moment; try again",
    "25006": "it may not be written; ask who runs it",
    "42501": "this user may not use it; ask who runs it for the rights",
    "28000": "it doesn't know this user; check TERR_DATABASE_URL",
    "28P01": "it doesn't know this user or password; check TERR_DATABASE_URL",
    "3D000": "there is no database of this name; make it, or check TERR_DATABASE_URL",
    "57P03": "it is starting or stopping; try again in a moment",
}
_AWAY = "it can't be reached; try again in a moment, or check TERR_DATABASE_URL"


def address(url: URL) -> URL:
    """The address with the driver this program brings."""
    return url.set(drivername="postgresql+psycopg")


def connect_args(url: URL) -> dict[str, Any]:
    """How long to wait, for a connection and for a lock; what the address asks for stays."""
    asked = str(url.query.get("options", ""))
    limits = "-c lock_timeout=15s -c idle_in_transaction_session_timeout=120s"
    out: dict[str, Any] = {"options": f"{limits} {asked}".strip(), "client_encoding": "utf8"}
    for name, value in (("connect_timeout", "5"), ("application_name", "terr")):
        if name not in url.query:
            out[name] = value
    return out


def prepare(connection: Any, _record: Any) -> None:
    """Refuse a new connection on which a stored edit could be lost, or a name garbled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('server_encoding')")
        durable, encoding = cursor.fetchone()
        if durable in {"off", "local"}:
            cursor.execute("SET synchronous_commit = on")
    connection.commit()
    if encoding != "UTF8":
        raise InputError(f"the database stores text as {encoding}; make one with the encoding UTF8")


def lock_tables(c: Connection) -> None:
    """Wait until no other process makes or changes tables; until the transaction ends."""
    c.execute(text("SET LOCAL lock_timeout = '120s'"))
    c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def error_text(error: BaseException | None, *, saving: bool) -> StoreError:
    """What PostgreSQL or its driver reports, in plain words and without the address, which may hold a password.

    Args:
        error: as the driver raised it.
        saving: it came while the transaction was being ended, so that nobody can say whether it was stored.
    """
    state = getattr(error, "sqlstate", None)
    if state is None:
        reason = _REASONS.get(_state_in(str(error)), _AWAY)
    elif state.startswith(("08", "57P0")):
        reason = _REASONS.get(state, _AWAY)
    else:
        reason = _REASONS.get(state, f"it refused ({type(error).__name__}, {state})")
    lost = state is None or state.startswith(("08", "57P0"))
    what = "your last change may or may not be stored; look before you repeat it" if saving and lost else ""
    return StoreError(f"the database can't be used: {reason} ({what or 'nothing was changed'})")


def _state_in(said: str) -> str:
    """The state of a failed connection, which the driver gives as text only."""
    for sign, state in (
        ("password authentication failed", "28P01"),
        ("role", "28000"),
        ("database", "3D000"),
        ("too many clients", "53300"),
        ("starting up", "57P03"),
        ("shutting down", "57P03"),
    ):
        if sign in said and ("does not exist" in said or state not in {"28000", "3D000"}):
            return state
    return ""
