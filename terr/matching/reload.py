"""Next quarter's extract against the last one: new, gone, moved, renamed, changed; account by account, with the money.

For every measure: old total + new - gone + changes = new total, checked when a comparison is made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.matching.names import company_key, flat
from terr.matching.pairs import each, zip_code
from terr.model.accounts import Accounts

MOVED_KM = 5.0
"""Coordinates of the file itself that lie farther apart than this are another place."""
HISTORY = ("at", "account", "name", "what", "before", "after", "change")
"""Columns of a history: when (as the caller names it), key, name, what changed ("new", "gone", "moved", "renamed",
"owner", or a measure), texts before and after, and for figures their change (NaN for texts)."""


@dataclass(frozen=True)
class MeasureFlow:
    """One measure from one extract to the next; blanks count as nothing.

    Attributes:
        measure: its name.
        before, after: sums over the old and the new extract.
        new, gone: sums of accounts that only one of them has.
        up, down: sums of rises (above 0) and falls (below 0) of accounts that both have.
    """

    measure: str
    before: float
    new: float
    gone: float
    up: float
    down: float
    after: float

    def __post_init__(self) -> None:
        parts = (self.before, self.new, -self.gone, self.up, self.down)
        size = max(1.0, self.after, *(abs(p) for p in parts))
        if not abs(math.fsum(parts) - self.after) <= 1e-9 * size:
            raise InputError(f"{self.measure}: the changes don't add up to the new total")


@dataclass(frozen=True, eq=False)
class Reload:
    """Two extracts compared.

    Attributes:
        rows: DataFrame, one row per account of either: `account` (key), `name`, `status` ("new", "gone", "both"),
            `moved`, `renamed`, `owner changed`, `figures changed` (bool), and before and after each of `name`, `place`,
            `owner` and every common measure, as "... before" and "... after" ("" or NaN where it isn't); `old row` and
            `new row` of the files, -1 where it isn't. New extract's order, then what is gone.
        flows: one per measure that both have.
        only_before, only_after: measures that one of them lacks.
        unclear: rows whose key stands on several rows of an extract; they are told as gone and new.
    """

    rows: pd.DataFrame
    flows: tuple[MeasureFlow, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    unclear: int

    def count(self, what: str) -> int:
        """How many accounts are "new", "gone", "moved", "renamed", "owner changed", "figures changed" or "same"."""
        r = self.rows
        if what in {"new", "gone"}:
            return int((r["status"] == what).sum())
        flags = ["moved", "renamed", "owner changed", "figures changed"]
        if what == "same":
            return int(((r["status"] == "both") & ~r[flags].any(axis=1)).sum())
        return int(r[what].sum())

    def sentence(self) -> str:
        """What happened, for the top of a page."""
        whats = (
            ("new", "new"),
            ("gone", "removed"),
            ("moved", "moved"),
            ("renamed", "renamed"),
            ("owner changed", "with a new owner"),
            ("figures changed", "with changed amounts"),
        )
        told = [f"{self.count(k):,} {word}" for k, word in whats if self.count(k)]
        return f"{', '.join(told)}; {self.count('same'):,} unchanged." if told else "Nothing has changed."


def compare(old: Accounts, new: Accounts, key: Sequence[str] = ("account_id",)) -> Reload:
    """What is new, gone, moved and changed from one extract to the next.

    Args:
        old: last quarter's accounts.
        new: this quarter's.
        key: the columns that tell an account; several for files without ids, such as ("name", "zip"). Names count
            without case and legal form. Ids of 15 characters match the 18-character ids of the same accounts.

    Raises:
        InputError: if a key column is missing, or a measure's currency has changed.
    """
    for c in key:
        for which, accounts in (("last", old), ("new", new)):
            if c not in accounts.frame.columns:
                raise InputError(f"the {which} data has no column {c[:40]!r} to tell its accounts by")
    if not key:
        raise InputError("a column is needed to match the accounts by")
    common = tuple(m for m in new.measures if m in old.measures)
    money_old, money_new = dict(old.currency), dict(new.currency)
    for m in common:
        a, b = money_old.get(m, ""), money_new.get(m, "")
        if a and b and a != b:
            raise InputError(f"{m} was in {a} and is in {b} now; convert one of the extracts first")
    keys = _keys(old, new, tuple(key))
    i, j, gone, unclear = _match(*keys)
    order_new = np.r_[j, np.full(len(gone), -1, dtype=np.int64)]
    order_old = np.r_[i, gone]
    rows = _rows(old, new, keys, order_old, order_new, common)
    flows = tuple(_flow(m, old, new, order_old, order_new) for m in common)
    only_before = tuple(m for m in old.measures if m not in common)
    return Reload(rows, flows, only_before, tuple(m for m in new.measures if m not in common), unclear)


def _keys(old: Accounts, new: Accounts, key: tuple[str, ...]) -> tuple[list[str], list[str]]:
    def texts(accounts: Accounts) -> list[str]:
        parts = []
        for c in key:
            codes, words = pd.factorize(accounts.frame[c])
            change = company_key if c == "name" else _same if c != "account_id" else str.strip
            done = np.array([change(str(w)) for w in words.tolist()] + [""], dtype=object)[codes]
            parts.append(done.tolist())
        if len(parts) == 1:
            return [str(v) for v in parts[0]]
        return ["" if not any(p) else " | ".join(p) for p in zip(*parts, strict=True)]

    a, b = texts(old), texts(new)
    if key == ("account_id",):
        long_a, long_b = (bool(v) and all(len(k) == 18 and k.isalnum() for k in v) for v in (a, b))
        short_a, short_b = (bool(v) and all(len(k) == 15 and k.isalnum() for k in v) for v in (a, b))
        if long_a and short_b:
            a = [k[:15] for k in a]
        elif short_a and long_b:
            b = [k[:15] for k in b]
    return a, b


def _same(text: str) -> str:
    return " ".join(flat(text).split())


def _match(a: list[str], b: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Row of the old extract for each row of the new one (-1 = new), the new rows, what is gone, and unclear rows."""
    left, right = pd.Series(a, dtype=object), pd.Series(b, dtype=object)
    odd_a = (left.duplicated(keep=False) | (left == "")).to_numpy(dtype=np.bool_)
    odd_b = (right.duplicated(keep=False) | (right == "")).to_numpy(dtype=np.bool_)
    sure = np.flatnonzero(~odd_a)
    found = pd.Index(left.to_numpy()[sure]).get_indexer(right.to_numpy()) if len(sure) else np.full(len(b), -1)
    i = np.where((found >= 0) & ~odd_b, sure[found] if len(sure) else -1, -1).astype(np.int64)
    gone = np.setdiff1d(np.arange(len(a)), i[i >= 0]).astype(np.int64)
    return i, np.arange(len(b), dtype=np.int64), gone, int(odd_a.sum() + odd_b.sum())


def _taken(accounts: Accounts, column: str, at: NDArray[np.int64]) -> NDArray[np.object_]:
    """A text column at row positions, "" at -1."""
    values = accounts.frame[column].to_numpy(dtype=object)
    out: NDArray[np.object_] = np.append(values, "")[at]
    return out


def _figures(accounts: Accounts, measure: str, at: NDArray[np.int64]) -> NDArray[np.float64]:
    values = accounts.frame[measure].to_numpy(dtype=np.float64, na_value=np.nan)
    out: NDArray[np.float64] = np.append(values, np.nan)[at]
    return out


def _places(accounts: Accounts, at: NDArray[np.int64]) -> NDArray[np.object_]:
    """A place as a person reads it: "02116 Boston, MA"."""
    f = accounts.frame
    parts = [pd.factorize(f[c]) for c in ("zip", "city", "state")]
    key = np.zeros(len(f), dtype=np.int64)
    for codes, words in parts:
        key = key * (len(words) + 1) + codes + 1
    code, first = np.unique(key, return_inverse=True, return_index=True)[::-1][:2]
    spots = [f[c].iloc[first].tolist() for c in ("zip", "city", "state")]
    shown = [
        " ".join(w for w in (str(z)[:5], ", ".join(str(p) for p in (c, s) if p)) if w)
        for z, c, s in zip(*spots, strict=True)
    ]
    values = np.array([*shown, ""], dtype=object)[code]
    out: NDArray[np.object_] = np.append(values, "")[at]
    return out


def _moved(old: Accounts, new: Accounts, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where both have the account, and its ZIP, its county or its own coordinates say another place."""
    sides = ((old, i), (new, j))
    zips = [np.append(each(x.frame["zip"], zip_code), "")[at] for x, at in sides]
    counties, ways = ([_taken(x, c, at) for x, at in sides] for c in ("county", "located_by"))
    out = np.asarray((zips[0] != "") & (zips[1] != "") & (zips[0] != zips[1]), dtype=np.bool_)
    # the same ZIP located in another way isn't a move
    other_way = (zips[0] == zips[1]) & (zips[0] != "") & (ways[0] != ways[1])
    both = (counties[0] != "") & (counties[1] != "")
    out |= np.asarray(both & (counties[0] != counties[1]) & ~other_way, dtype=np.bool_)
    out |= np.asarray((counties[0] != "") ^ (counties[1] != ""), dtype=np.bool_)  # found for the first time, or lost
    own = (ways[0] == "lat_lon") & (ways[1] == "lat_lon")
    lat, lon = ([np.radians(_figures(x, c, at)) for x, at in sides] for c in ("lat", "lon"))
    h = np.sin((lat[1] - lat[0]) / 2) ** 2 + np.cos(lat[0]) * np.cos(lat[1]) * np.sin((lon[1] - lon[0]) / 2) ** 2
    far = 2 * 6371.0 * np.arcsin(np.sqrt(np.clip(h, 0, 1))) > MOVED_KM  # NaN isn't
    out |= np.asarray(own & far, dtype=np.bool_)
    return out & (i >= 0) & (j >= 0)


def _rows(
    old: Accounts,
    new: Accounts,
    keys: tuple[list[str], list[str]],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    measures: tuple[str, ...],
) -> pd.DataFrame:
    both = (i >= 0) & (j >= 0)
    names = [_taken(old, "name", i), _taken(new, "name", j)]
    owners = [_taken(old, "owner", i), _taken(new, "owner", j)]
    renamed = both & np.asarray(names[0] != names[1], dtype=np.bool_)
    at = np.flatnonzero(renamed)
    renamed[at] = [company_key(str(names[0][k])) != company_key(str(names[1][k])) for k in at.tolist()]
    key_old, key_new = (np.array([*k, ""], dtype=object) for k in keys)
    out: dict[str, object] = {
        "account": np.where(j >= 0, key_new[j], key_old[i]),
        "name": np.where(j >= 0, names[1], names[0]),
        "status": np.where(both, "both", np.where(j >= 0, "new", "gone")),
        "moved": _moved(old, new, i, j),
        "renamed": renamed,
        "owner changed": both & np.asarray(owners[0] != owners[1], dtype=np.bool_),
    }
    changed = np.zeros(len(i), dtype=np.bool_)
    tail: dict[str, object] = {
        "name before": names[0],
        "name after": names[1],
        "place before": _places(old, i),
        "place after": _places(new, j),
        "owner before": owners[0],
        "owner after": owners[1],
    }
    for m in measures:
        a, b = _figures(old, m, i), _figures(new, m, j)
        changed |= ~((a == b) | (np.isnan(a) & np.isnan(b)))
        tail |= {f"{m} before": a, f"{m} after": b}
    out["figures changed"] = changed & both
    row_old, row_new = (np.append(x.frame["source_row"].to_numpy(dtype=np.int64), -1) for x in (old, new))
    return pd.DataFrame(out | tail | {"old row": row_old[i], "new row": row_new[j]})


def _flow(m: str, old: Accounts, new: Accounts, i: NDArray[np.int64], j: NDArray[np.int64]) -> MeasureFlow:
    a, b = np.nan_to_num(_figures(old, m, i)), np.nan_to_num(_figures(new, m, j))
    both = (i >= 0) & (j >= 0)
    change = (b - a)[both]
    return MeasureFlow(
        m,
        math.fsum(a),
        math.fsum(b[i < 0]),
        math.fsum(a[j < 0]),
        math.fsum(change[change > 0]),
        math.fsum(change[change < 0]),
        math.fsum(b),
    )
