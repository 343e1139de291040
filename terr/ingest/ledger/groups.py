"""Several rows of one account: orders, deals, sites or reps of it, added up or kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.words import compact, tokens
from terr.ingest.ledger.fates import RowFates
from terr.ingest.reading.files import RawTable

ROWS = "rows_per_account:"
ADD, PLACES, SITES, FIRST = "add", "add_per_place", "sites", "first"
"""The answers: add up per account, per account and place, each row a place of its own, keep the first row."""

_PLACE = ("zip", "city", "state", "county")
_ALIKE = 0.7  # by which two spellings are one name
_MANY = 0.05  # share of rows from which ids that several names share are no accidents


@dataclass(frozen=True, eq=False)
class RepeatedRows:
    """Rows whose id others have too, exact copies aside.

    Attributes:
        of: int64 (rows,), number of the row's id, -1 for rows of an id of their own.
        other: bool (rows,), rows whose name is another than that of the id's first row.
        choice: one of the answers, as given or by default.
        default: that by default.
        places: places that the rows of one id name beyond its first.
    """

    of: NDArray[np.int64]
    other: NDArray[np.bool_]
    choice: str
    default: str
    places: int

    @property
    def rows(self) -> int:
        """Rows beyond the first of each id, of one name."""
        some = self.of >= 0
        return int((some & ~self.other).sum()) - len(np.unique(self.of[some]))


def repeated_rows(
    cmap: ColumnMap, fields: Mapping[str, pd.Series], alive: NDArray[np.bool_], answers: Mapping[str, str]
) -> RepeatedRows | None:
    """The rows of ids that come more than once; None if there are none.

    Args:
        cmap: the columns.
        fields: text fields after their repairs; "account_id" is what rows are grouped by, case counts, blank is none.
        alive: bool (rows,), rows that are accounts or parts of one.
        answers: a person's.
    """
    ids = fields["account_id"]
    some = alive & (ids != "").to_numpy(dtype=np.bool_)
    some[some] = ids[some].duplicated(keep=False).to_numpy(dtype=np.bool_)
    if not some.any():
        return None
    of = np.full(len(ids), -1, dtype=np.int64)
    of[some] = pd.factorize(ids[some])[0]
    other = np.zeros(len(ids), dtype=np.bool_)
    if "name" in cmap.fields and cmap.fields["name"] != cmap.fields.get("account_id"):
        other[some] = _other_names(of[some], fields["name"][some])
    groups = len(np.unique(of[some]))
    rest = int(some.sum()) - groups
    default = SITES if other.sum() > 0.5 * rest and other.sum() >= max(3, _MANY * alive.sum()) else ADD
    place = _places(fields, some)
    pairs = pd.DataFrame({"of": of[some & ~other], "place": place[some & ~other]}).drop_duplicates()
    places = int(pairs["of"].duplicated().sum())
    answer = answers.get(ROWS, "")
    return RepeatedRows(of, other, answer if answer in {ADD, PLACES, SITES, FIRST} else default, default, places)


def _places(fields: Mapping[str, pd.Series], some: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Where each row is, as text; "" where it doesn't say."""
    parts = [fields[f].str.casefold() for f in _PLACE if f in fields]
    out = np.full(len(some), "", dtype=object)
    if parts:
        text = parts[0].str.cat(parts[1:], sep="\x1f") if len(parts) > 1 else parts[0]
        out[some] = text[some].str.strip("\x1f").to_numpy(dtype=object)
    return out


def _other_names(of: NDArray[np.int64], names: pd.Series) -> NDArray[np.bool_]:
    """Rows whose name is unlike the first name of their group; a blank one is like any."""
    text = names.reset_index(drop=True)
    first = text.groupby(of).transform("first")
    pairs = pd.DataFrame({"one": first, "two": text})
    different = (pairs["one"] != pairs["two"]) & (pairs["one"] != "") & (pairs["two"] != "")
    told: dict[tuple[str, str], bool] = {}
    out = np.zeros(len(text), dtype=np.bool_)
    for at in np.flatnonzero(different.to_numpy(dtype=np.bool_)).tolist():
        pair = (str(pairs["one"].iloc[at]), str(pairs["two"].iloc[at]))
        if pair not in told:
            one, two = (compact(p) or p.casefold() for p in pair)
            told[pair] = one != two and _likeness(*pair) < _ALIKE
        out[at] = told[pair]
    return out


def _likeness(one: str, two: str) -> float:
    """How alike two names are, their words in any order: 0 to 1."""
    first, second = (" ".join(sorted(tokens(n)))[:200] for n in (one, two))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def settle_rows(
    raw: RawTable, column: str, ids: pd.Series, fields: Mapping[str, pd.Series], found: RepeatedRows
) -> tuple[pd.Series, list[RowFates]]:
    """Ids by which rows are joined into accounts, and what is said of rows that repeat one.

    Args:
        raw: the table.
        column: of the ids or names that group the rows.
        ids: what groups them.
        fields: text fields, for the places.
        found: the rows of ids that come more than once.
    """
    live = np.flatnonzero(found.of >= 0)
    of = found.of[live]
    first = dict(zip(*np.unique(of, return_index=True), strict=True))
    begins = np.array([live[first[g]] for g in of.tolist()], dtype=np.int64)
    later = live != begins
    clash = found.other[live]
    told: list[RowFates] = []
    changed = ids.copy()
    joined = later & ~clash
    if found.choice == SITES:
        joined[:] = False
        _renamed(changed, live[later])
    else:
        for at, row in zip(live[clash].tolist(), begins[clash].tolist(), strict=True):
            value = raw.rows[column].iloc[at]
            who = shorten(str(fields["name"][row]))
            why = f"the account ID is used in row {raw.source_rows[row]} by '{who}'; give each customer its own ID"
            told.append(RowFates(at, column, value, "duplicate_id", why, "rejected"))
    if found.choice == FIRST:
        for at, row in zip(live[joined].tolist(), begins[joined].tolist(), strict=True):
            why = f"row {raw.source_rows[row]} is the account's first row, and only that counts, as you chose"
            told.append(RowFates(at, column, raw.rows[column].iloc[at], "later_row", why, "excluded"))
        return changed, told
    if found.choice == PLACES:
        place = _places(fields, found.of >= 0)
        keys = pd.Series(of).astype("str").to_numpy(dtype=object) + "\x1f" + place[live]
        code, _ = pd.factorize(keys)
        head = pd.Series(live).groupby(code).transform("first").to_numpy(dtype=np.int64)
        starts = (head == live) & later & ~clash
        _renamed(changed, live[starts])
        changed.iloc[live] = changed.iloc[head].to_numpy(dtype=object)
        joined &= head != live
    if found.choice == SITES and later.any():
        why = f"{int(later.sum()):,} rows have an ID that an earlier row has; each is an account of its own"
        told.append(RowFates(-1, column, "", "sites_apart", why, "accepted"))
    elif joined.any():
        accounts = len(np.unique(changed.iloc[live[~clash]]))
        into = "1 account" if accounts == 1 else f"{accounts:,} accounts"
        why = f"{int((~clash).sum()):,} rows are added up into {into}, by '{shorten(column, 40)}'"
        told.append(RowFates(-1, column, "", "rows_added", why, "accepted"))
    return changed, told


def _renamed(ids: pd.Series, at: NDArray[np.int64]) -> None:
    """Give rows ids of their own, made from the one they share; in place."""
    taken = set(ids.tolist())
    count: dict[str, int] = {}
    for row in at.tolist():
        base = str(ids.iloc[row])
        number = count.get(base, 1) + 1
        while f"{base} #{number}" in taken:
            number += 1
        count[base] = number
        taken.add(f"{base} #{number}")
        ids.iloc[row] = f"{base} #{number}"


def joined_rows(
    ids: pd.Series, fields: Mapping[str, pd.Series], at: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The row that stands for each account, rising, and each row's account.

    An account's row is the first one at the place where most of its rows are.

    Args:
        ids: by row; rows of one id are one account.
        fields: text fields, for the places.
        at: positions of the accepted rows.
    """
    own, _ = pd.factorize(ids.iloc[at])
    if len(own) == 0 or own.max() + 1 == len(at):
        return at, np.arange(len(at), dtype=np.int64)
    some = np.zeros(len(ids), dtype=np.bool_)
    some[at] = True
    place, words = pd.factorize(_places(fields, some)[at])
    blank = np.array([not w for w in words], dtype=np.bool_)[place]
    frame = pd.DataFrame({"own": own, "place": place, "weight": np.where(blank, 0, 1)})
    weight = frame.groupby(["own", "place"], sort=False)["weight"].transform("sum").to_numpy()
    order = np.lexsort((np.arange(len(at)), -weight, own))
    chosen = order[np.unique(own[order], return_index=True)[1]]
    rank = np.empty(len(chosen), dtype=np.int64)
    rank[np.argsort(chosen, kind="stable")] = np.arange(len(chosen))
    return at[np.sort(chosen)], rank[own]


def summed(amounts: NDArray[np.float64], account: NDArray[np.int64], accounts: int) -> NDArray[np.float64]:
    """Figures added up per account; unknown where no row knows one."""
    known = ~np.isnan(amounts)
    out = np.bincount(account[known], weights=amounts[known], minlength=accounts)
    return np.where(np.bincount(account[known], minlength=accounts) > 0, out, np.nan)
