"""Rows of the database as values, and the checks of what a person typed."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import Row

from terr.errors import InputError, StoreError
from terr.model.json_values import parse, read
from terr.model.person import Person
from terr.model.scenario import DatasetInfo, ScenarioInfo

T = TypeVar("T")


@dataclass(frozen=True)
class EditRecord:
    """One line of what was done beside the plan.

    Attributes:
        seq: its number in the scenario.
        topic: comment, proposal, challenge, exception, role, version, tag, note, scenario.
        ref: id of what it is about, 0 = the scenario; action: what was done to it, in one word.
        text: the same for a reader; reason: why, "" if none was given.
        by: who; at: UTC.
    """

    seq: int
    topic: str
    ref: int
    action: str
    text: str
    reason: str
    by: Person
    at: datetime


def new_id() -> str:
    """20 random hexadecimal digits: nobody guesses one, and it is safe in a URL and as a file name."""
    return secrets.token_hex(10)


def now() -> str:
    """The time in UTC, as stored."""
    return datetime.now(UTC).isoformat()


def moment(text: str | None) -> datetime | None:
    """A stored time, None if there is none."""
    return datetime.fromisoformat(text) if text else None


def who(row: Row[Any]) -> Person:
    """Who made a row."""
    return Person(row.user_id, row.author)


def made_by(person: Person) -> dict[str, str]:
    """Columns of a row: who makes it, and when.

    Raises:
        InputError: for a name that can't be stored.
    """
    return {
        "user_id": clean_text(person.user_id, "name of the user", 200),
        "author": clean_text(person.name, "author", 200),
        "at": now(),
    }


def edit_record(row: Row[Any]) -> EditRecord:
    """From a row of `journal`."""
    at = datetime.fromisoformat(row.at)
    return EditRecord(row.seq, row.topic, row.ref, row.action, row.text, row.reason, who(row), at)


def clean_text(text: str, what: str, limit: int, *, needed: bool = False) -> str:
    """Text a person typed, trimmed; everything printable is kept as it is.

    Raises:
        InputError: if it is too long, empty though needed, or holds characters no keyboard types.
    """
    out = text.strip()
    if needed and not out:
        raise InputError(f"the {what} is empty; type one")
    if len(out) > limit:
        raise InputError(f"the {what} has {len(out):,} characters; shorten it to {limit:,}")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in out):
        raise InputError(f"the {what} contains invisible characters; type it again")
    return out


def dataset_info(row: Row[Any]) -> DatasetInfo:
    """From a row of `datasets`."""
    kept = {"mapping": stored_object(row.mapping_json), "summary": stored_object(row.summary_json)}
    return _of_row(DatasetInfo, row, kept)


def scenario_info(row: Row[Any]) -> ScenarioInfo:
    """From a row of `scenarios`."""
    region = row.region.split(",") if row.region else ()
    kept = {"region": region, "dataset_id": row.dataset_id or "", "settings": stored_object(row.settings_json)}
    return _of_row(ScenarioInfo, row, kept)


def _of_row(kind: type[T], row: Row[Any], more: Mapping[str, Any]) -> T:
    """A row as a dataclass with fields of the columns' names; NULL is the field's usual value."""
    kept = {str(name): value for name, value in row._mapping.items() if value is not None}  # names of a type of its own
    try:
        return read(kind, {**kept, **more}, "a stored row")
    except InputError as error:
        raise StoreError(f"{error}; restore the database from a backup") from error


def stored_object(text: str) -> Mapping[str, Any]:
    """A stored JSON object."""
    try:
        return MappingProxyType(read(dict[str, Any], parse(text, "a stored object"), "a stored object"))
    except InputError as error:
        raise StoreError("stored settings can't be read; restore the database from a backup") from error
