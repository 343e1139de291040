"""Columns of the accounts as a formula sees them: found by name, read as numbers or as texts."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.cleaning.clean import MAX_NUMBER, read_column
from terr.model.accounts import CORE, Accounts

HIDDEN = frozenset(("source_row", "located_by", "locate_note", "given_lat", "given_lon", "given_country"))
"""Columns of Terr's own that no rule, score or model uses by itself."""
_NUMERIC = ("lat", "lon", "source_row")


@dataclass(frozen=True, eq=False)
class AccountColumn:
    """A column as numbers.

    Attributes:
        name: as the accounts have it.
        amounts: float64 (n_accounts,), NaN where blank or unreadable. Read-only.
        currency: ISO code, "" where the column names none.
        unreadable: how many cells hold something that isn't a number; they count as blank.
    """

    name: str
    amounts: NDArray[np.float64]
    currency: str = ""
    unreadable: int = 0


def normalized_header(text: str) -> str:
    """Letters and digits of a name, without case and accents: "Annual Revenue" and annual_revenue are one."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in flat if not unicodedata.combining(c)))


def shown(text: str, length: int = 40) -> str:
    """User text in a message: one line, in quotes, shortened."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f'"{flat if len(flat) <= length else flat[: length - 1] + "…"}"'


def find(accounts: Accounts, name: str) -> str:
    """The column that a person means: its exact name, or one that differs only in case, blanks and signs.

    Raises:
        InputError: if there is none, or several fit.
    """
    columns = [str(c) for c in accounts.frame.columns]
    if name in columns:
        return name
    fits = [c for c in columns if normalized_header(c) == normalized_header(name) and normalized_header(name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise InputError(f"{shown(name)} could be {' or '.join(shown(c) for c in fits)}; write it exactly")
    offered = {normalized_header(c): c for c in columns if c not in HIDDEN}
    near = difflib.get_close_matches(normalized_header(name), offered, n=1, cutoff=0.7)
    hint = f"; did you mean {shown(offered[near[0]])}?" if near else ""
    raise InputError(f"there is no column {shown(name)}{hint}")


def is_number(accounts: Accounts, name: str) -> bool:
    """True if the column is kept as numbers: a measure, a coordinate, the row of the file."""
    return name in accounts.measures or name in _NUMERIC or pd.api.types.is_numeric_dtype(accounts.frame[name].dtype)


def numbers(accounts: Accounts, name: str) -> AccountColumn:
    """A column as numbers; texts such as "$1,200" are read as an upload's cells are.

    Raises:
        InputError: if there is no such column.
    """
    name = find(accounts, name)
    column = accounts.frame[name]
    if is_number(accounts, name):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        values[~(np.abs(values) <= MAX_NUMBER)] = np.nan
        values.setflags(write=False)
        return AccountColumn(name, values, dict(accounts.currency).get(name, ""))
    read = read_column(texts(accounts, name).tolist())
    codes = sorted({str(c) for c in read.currency[read.currency != ""].tolist()})
    if len(codes) > 1:
        raise InputError(f"{shown(name)} mixes currencies ({', '.join(codes)}); convert it to one first")
    values = read.amounts.copy()
    values.setflags(write=False)
    return AccountColumn(name, values, codes[0] if codes else "", sum(1 for n in read.odd.values() if n.problem))


def texts(accounts: Accounts, name: str) -> NDArray[np.object_]:
    """A column as trimmed texts, object (n_accounts,), "" where blank.

    Raises:
        InputError: if there is no such column.
    """
    column = accounts.frame[find(accounts, name)]
    index, distinct = pd.factorize(column)
    words = np.array([_word(v) for v in distinct.tolist()] + [""], dtype=object)
    out: NDArray[np.object_] = words[index]
    return out


def _word(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.15g}"
    return str(value).strip()


def offered(accounts: Accounts) -> tuple[str, ...]:
    """The columns a person may choose from: measures first, then the file's own columns and the places."""
    rest = [str(c) for c in accounts.frame.columns if c not in HIDDEN and c not in accounts.measures]
    own = [c for c in rest if c not in CORE]
    return (*accounts.measures, *own, *(c for c in rest if c in CORE and c != "account_id"))


def with_measures(
    accounts: Accounts, values: Mapping[str, NDArray[np.float64]], currency: Mapping[str, str] | None = None
) -> Accounts:
    """The accounts with measures added, or replaced where they were added before under the same name.

    Args:
        accounts: the accounts; they stay as they are.
        values: measure -> float64 (n_accounts,), NaN = unknown.
        currency: measure -> ISO code, for those that are money.

    Raises:
        InputError: if a name is empty or belongs to a column that isn't a measure, or the values don't fit.
    """
    frame = accounts.frame
    for name, v in values.items():
        if not name.strip():
            raise InputError("a measure needs a name")
        if name in frame.columns and name not in accounts.measures:
            raise InputError(f"there is already a column {shown(name)}; choose another name for the measure")
        if np.shape(v) != (len(frame),) or np.isinf(v).any():
            raise InputError(f"the measure {shown(name)} needs one finite number, or a blank, for each account")
    added = {name: np.array(v, dtype=np.float64) for name, v in values.items()}
    money = {m: c for m, c in accounts.currency if m not in values}
    money |= {m: c for m, c in (currency or {}).items() if c and m in values}
    names = (*accounts.measures, *(m for m in values if m not in accounts.measures))
    return replace(accounts, frame=frame.assign(**added), measures=names, currency=tuple(money.items()))


def rows_of(accounts: Accounts, mask: NDArray[np.bool_], most: int = 20) -> tuple[int, ...]:
    """Rows of the file of the first accounts in a mask."""
    rows: Sequence[int] = accounts.frame["source_row"].to_numpy()[np.flatnonzero(mask)[:most]].tolist()
    return tuple(int(r) for r in rows)
