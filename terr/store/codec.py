"""Edits and plans as bytes: a mark, a checksum and compressed JSON. Read back only if all of it fits."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError, StoreError
from terr.model.edit import Edit
from terr.model.json_values import parse, read, to_text
from terr.model.plan import Plan, Territory

_MARK = b"TE1"
_CHECK = 8
_LIMIT = 64 * 1024 * 1024
_TERRITORY = ("code", "name", "rep", "locked", "color")


def pack(content: dict[str, Any]) -> bytes:
    """Bytes of a JSON object: mark, first 8 bytes of SHA-256, zlib."""
    body = zlib.compress(to_text(content, "a change").encode("ascii"), 6)
    return _MARK + hashlib.sha256(body).digest()[:_CHECK] + body


def unpack(payload: bytes) -> dict[str, Any]:
    """The JSON object of `pack`.

    Raises:
        StoreError: if the bytes were changed, or a newer Terr wrote them.
    """
    mark, check, body = payload[:3], payload[3 : 3 + _CHECK], payload[3 + _CHECK :]
    if mark != _MARK:
        raise StoreError("a stored change is damaged or was written by a newer Terr; update Terr or restore a backup")
    if hashlib.sha256(body).digest()[:_CHECK] != check:
        raise StoreError("a stored change is damaged; restore the database from a backup")
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(body, _LIMIT)
        if reader.unconsumed_tail or not reader.eof:
            raise StoreError("a stored change is too large or cut off; restore the database from a backup")
        return read(dict[str, Any], parse(text, "a stored change"), "a stored change")
    except (zlib.error, InputError) as error:
        raise StoreError("a stored change can't be read; restore the database from a backup") from error


def edit_to_bytes(edit: Edit) -> bytes:
    """An edit as bytes."""
    pairs = [[_row(old), _row(new)] for old, new in edit.territories]
    return pack({**vars(edit), "territories": pairs})


def edit_from_bytes(payload: bytes) -> Edit:
    """The edit of `edit_to_bytes`.

    Raises:
        StoreError: if the bytes aren't one.
    """
    data = unpack(payload)
    try:
        pairs = [[_named(t) for t in pair] for pair in data["territories"]]
        return read(Edit, {**data, "territories": pairs}, "a stored change")
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("a stored change can't be read; restore the database from a backup") from error


def plan_to_bytes(plan: Plan) -> bytes:
    """A plan as bytes."""
    return pack(
        {
            "units_version": plan.units_version,
            "assign": plan.assign,
            "locked": np.flatnonzero(plan.locked_units),
            "territories": [_row(t) for t in plan.territories],
        }
    )


@dataclass(frozen=True, eq=False)
class _StoredPlan:
    units_version: str
    assign: NDArray[np.int16]
    locked: NDArray[np.int64]
    territories: tuple[Territory, ...]


def plan_from_bytes(payload: bytes) -> Plan:
    """The plan of `plan_to_bytes`.

    Raises:
        StoreError: if the bytes aren't one.
    """
    data = unpack(payload)
    try:
        rows = [_named(t) for t in data["territories"]]
        kept = read(_StoredPlan, {**data, "territories": rows}, "a stored plan")
        locked = np.zeros(len(kept.assign), dtype=np.bool_)
        locked[kept.locked] = True
        return Plan(kept.assign, kept.territories, locked, kept.units_version)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError("a stored plan can't be read; restore the database from a backup") from error


def _row(t: Territory | None) -> list[Any] | None:
    return None if t is None else [getattr(t, name) for name in _TERRITORY]


def _named(row: list[Any] | None) -> dict[str, Any] | None:
    return None if row is None else dict(zip(_TERRITORY, row, strict=True))
