"""Edits and plans as bytes: a mark, a checksum and compressed JSON. Read back only if all of it fits."""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import datetime
from typing import Any

import numpy as np

from terr.errors import StoreError, TerrError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory

_MARK = b"TE1"
_CHECK = 8
_LIMIT = 64 * 1024 * 1024


def pack(content: dict[str, Any]) -> bytes:
    """Bytes of a JSON object: mark, first 8 bytes of SHA-256, zlib."""
    body = zlib.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode("ascii"), 6)
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
        out: dict[str, Any] = json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        raise StoreError("a stored change can't be read; restore the database from a backup") from error
    return out


def edit_to_bytes(edit: Edit) -> bytes:
    """An edit as bytes."""
    return pack(
        {
            "kind": edit.kind,
            "units": edit.units.tolist(),
            "before": edit.before.tolist(),
            "after": edit.after.tolist(),
            "lock_units": edit.lock_units.tolist(),
            "lock_after": edit.lock_after.astype(np.int8).tolist(),
            "territories": [[_row(old), _row(new)] for old, new in edit.territories],
            "author": edit.author,
            "note": edit.note,
            "at": edit.at.isoformat(),
        }
    )


def edit_from_bytes(payload: bytes) -> Edit:
    """The edit of `edit_to_bytes`.

    Raises:
        StoreError: if the bytes aren't one.
    """
    data = unpack(payload)
    try:
        return Edit(
            kind=data["kind"],
            units=np.array(data["units"], dtype=np.int32),
            before=np.array(data["before"], dtype=np.int16),
            after=np.array(data["after"], dtype=np.int16),
            lock_units=np.array(data["lock_units"], dtype=np.int32),
            lock_after=np.array(data["lock_after"], dtype=np.bool_),
            territories=tuple((_territory(old), _territory(new)) for old, new in data["territories"]),
            author=data["author"],
            note=data["note"],
            at=datetime.fromisoformat(data["at"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, TerrError) as error:
        raise StoreError("a stored change can't be read; restore the database from a backup") from error


def plan_to_bytes(plan: Plan) -> bytes:
    """A plan as bytes."""
    return pack(
        {
            "units_version": plan.units_version,
            "assign": plan.assign.tolist(),
            "locked": np.flatnonzero(plan.locked_units).tolist(),
            "territories": [_row(t) for t in plan.territories],
        }
    )


def plan_from_bytes(payload: bytes) -> Plan:
    """The plan of `plan_to_bytes`.

    Raises:
        StoreError: if the bytes aren't one.
    """
    data = unpack(payload)
    try:
        assign = np.array(data["assign"], dtype=np.int16)
        locked = np.zeros(len(assign), dtype=np.bool_)
        locked[np.array(data["locked"], dtype=np.int64)] = True
        territories = tuple(t for t in map(_territory, data["territories"]) if t is not None)
        return Plan(assign=assign, territories=territories, locked_units=locked, units_version=data["units_version"])
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, TerrError) as error:
        raise StoreError("a stored plan can't be read; restore the database from a backup") from error


def _row(t: Territory | None) -> list[Any] | None:
    return None if t is None else [t.code, t.name, t.rep, t.locked, t.color]


def _territory(row: list[Any] | None) -> Territory | None:
    if row is None:
        return None
    code, name, rep, locked, color = row
    return Territory(code=int(code), name=str(name), rep=str(rep), locked=bool(locked), color=int(color))
