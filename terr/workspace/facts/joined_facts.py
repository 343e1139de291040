"""Facts joined to accounts: by id, else by name; what finds no account is listed with its rows and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.facts.fact_rows import FactRows, main_date, read_facts
from terr.ingest.facts.large_facts import in_pieces, read_large_facts
from terr.ingest.reading.files import RawTable, read_table
from terr.matching.names import company_key
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress

_EXAMPLES = 20


@dataclass(frozen=True, eq=False)
class JoinedFacts:
    """The facts of a file and the account of each.

    Attributes:
        facts: the accepted rows.
        account: int64 (rows,), position of each row's account, -1 where none was found.
        ways: how many rows were joined by which key: "your choice", "id", "id in other letters", "name".
        n_accounts: of the accounts joined to.
    """

    facts: FactRows
    account: NDArray[np.int64]
    ways: Mapping[str, int]
    n_accounts: int

    def __post_init__(self) -> None:
        if len(self.account) != len(self.facts.frame):
            raise InputError("every fact needs an account, or to be told that it has none")

    @property
    def amounts(self) -> NDArray[np.float64]:
        """float64 (rows,), amount of each row; 0 where it is blank or its kind has none."""
        if "amount" not in self.facts.frame:
            return np.zeros(len(self.account))
        return np.asarray(self.facts.frame["amount"].fillna(0.0), dtype=np.float64)

    @cached_property
    def order_codes(self) -> NDArray[np.int64]:
        """int64 (rows,), the same for rows of one id and account; each row its own where the file has no ids.

        Some files number orders anew for each customer.
        """
        frame = self.facts.frame
        codes, ids = pd.factorize(frame["id"] if "id" in frame else frame["source_row"])
        pairs, _ = pd.factorize((self.account + 1) * np.int64(len(ids) + 1) + codes)
        return np.asarray(pairs, dtype=np.int64)

    @cached_property
    def order_accounts(self) -> NDArray[np.int64]:
        """int64 (orders,), account of each of `order_codes`."""
        out = np.full(int(self.order_codes.max(initial=-1)) + 1, -1, dtype=np.int64)
        out[self.order_codes] = self.account
        return out

    @cached_property
    def reps(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """int64 (rows,), positions of the reps that facts name, and their names; a fact may name none, ""."""
        code, names = coded_texts(self.facts.frame["rep"])
        return code, tuple(str(n) for n in names)

    @cached_property
    def first_days(self) -> NDArray[np.datetime64]:
        """datetime64[D] (accounts,), first day of each account; far ahead where it has none."""
        out = np.full(self.n_accounts, np.datetime64("9999-12-31"), dtype="datetime64[D]")
        days = self.days()
        use = (self.account >= 0) & ~np.isnat(days)
        np.minimum.at(out, self.account[use], days[use])
        return out

    def days(self, field: str = "") -> NDArray[np.datetime64]:
        """datetime64[D] (rows,), day of each row; NaT where it has none. By default the kind's main date."""
        name = field or main_date(self.facts.kind)
        if name not in self.facts.frame:
            return np.full(len(self.account), np.datetime64("NaT"), dtype="datetime64[D]")
        return np.asarray(self.facts.frame[name].to_numpy().astype("datetime64[D]"))

    def money(self) -> dict[str, float]:
        """In = joined + unjoined + excluded + rejected."""
        lost = self.account < 0
        return {
            **{k: self.facts.money[k] for k in ("in", "excluded", "rejected")},
            "joined": float(self.amounts[~lost].sum()),
            "unjoined": float(self.amounts[lost].sum()),
        }

    def unjoined(self) -> pd.DataFrame:
        """Keys that no account has, most money first: key, name, rows, amount."""
        lost = self.account < 0
        part = pd.DataFrame(
            {
                "key": self.facts.frame["account"][lost],
                "name": self.facts.frame["account_name"][lost],
                "amount": self.amounts[lost],
            }
        )
        out = part.groupby(["key", "name"], as_index=False).agg(rows=("amount", "size"), amount=("amount", "sum"))
        return out.sort_values(["amount", "key"], ascending=[False, True], ignore_index=True)

    def report(self) -> dict[str, Any]:
        """The contract of `terr facts --json` (docs/interface.md)."""
        fates, days = self.facts.fates, self.days()
        known = days[~np.isnat(days)]
        issues = self.facts.issues
        counted = issues.groupby(["code", "fate"], sort=False).agg(
            rows=("row", "size"), first_row=("row", "min"), message=("message", "first")
        )
        return {
            "kind": self.facts.kind,
            "rows_in": len(fates),
            "rows_joined": int((self.account >= 0).sum()),
            "rows_unjoined": int((self.account < 0).sum()),
            "rows_excluded": int((fates == "excluded").sum()),
            "rows_rejected": int((fates == "rejected").sum()),
            "money": self.money(),
            "currency": self.facts.currency,
            "accounts_with_facts": len(np.unique(self.account[self.account >= 0])),
            "joined_by": dict(self.ways),
            "unjoined": self.unjoined().head(_EXAMPLES).to_dict("records"),
            "first_date": str(known.min()) if len(known) else None,
            "last_date": str(known.max()) if len(known) else None,
            "columns": dict(self.facts.fields),
            "issues": [
                {"code": str(k[0]), "fate": str(k[1]), **{str(c): v for c, v in row.items()}}
                for k, row in zip(counted.index, counted.to_dict("records"), strict=True)
            ],
            "questions": [dict(q) for q in self.facts.questions],
        }


def facts_of(
    data: bytes,
    filename: str,
    accounts: Accounts,
    *,
    kind: str | None = None,
    chosen: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> JoinedFacts:
    """Read a file of facts and join it to accounts.

    Args:
        data: its bytes; filename: for messages.
        accounts: whose facts they are.
        kind, chosen, answers: see `terr.ingest.facts.fact_rows.read_facts`.

    Raises:
        InputError: if the file can't be used.
        StoppedError: if the person stopped it.
    """
    if in_pieces(data, filename, kind):
        large = read_large_facts(data, filename, kind, chosen=chosen, answers=answers, progress=progress.part(0.0, 0.9))
        return join(large, accounts)
    raw: RawTable = read_table(data, filename, answers=answers, progress=progress.part(0.0, 0.4))
    facts = read_facts(raw, kind, chosen=chosen, answers=answers, progress=progress.part(0.4, 0.9))
    return join(facts, accounts)


def join(
    facts: FactRows,
    accounts: Accounts,
    *,
    stands_for: Mapping[str, str] = MappingProxyType({}),
    decided: NDArray[np.int64] | None = None,
) -> JoinedFacts:
    """Find each fact's account: the one a person gave it, else by its id as written, by the id in other letters, by a
    name that one account alone has.

    Legal forms and punctuation of names don't count. A name that two accounts bear joins nothing: it would be a guess.

    Args:
        facts: what was read.
        accounts: whose facts they are.
        stands_for: id of an account that was merged away -> id of the account that has its facts now.
        decided: int64 (rows,), position of the account that a person gave each fact, -1 where nobody did.
    """
    key_of, keys = coded_texts(facts.frame["account"])
    name_of, names = coded_texts(facts.frame["account_name"])
    key, name = [stands_for.get(str(k), str(k)) for k in keys], [str(n) for n in names]
    ids = accounts.frame["account_id"].astype(str).tolist()
    offered_names = accounts.frame["name"].astype(str).tolist()
    out = np.full(len(key_of), -1, dtype=np.int64) if decided is None else decided
    ways: dict[str, int] = {"your choice": int((out >= 0).sum())}
    for way, rows, wanted, offered in (
        ("id", key_of, key, ids),
        ("id in other letters", key_of, [_bare(k) for k in key], [_bare(i) for i in ids]),
        ("name", name_of, _keys(name), _keys(offered_names)),
        ("name", key_of, _keys(key), _keys(offered_names)),  # some exports write the name under "Account"
    ):
        open_ones = out < 0
        if not open_ones.any():
            break
        at = _single(offered)
        found = np.array([at.get(w, -1) if w else -1 for w in wanted], dtype=np.int64)[rows]
        out = np.where(open_ones, found, out)
        ways[way] = ways.get(way, 0) + int((open_ones & (found >= 0)).sum())
    return JoinedFacts(facts, out, MappingProxyType({w: n for w, n in ways.items() if n}), len(ids))


def coded_texts(column: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """int64 (rows,), positions in the different texts, and these."""
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.hasnans:
        return column.cat.codes.to_numpy().astype(np.int64), pd.Index(column.cat.categories)
    code, words = pd.factorize(column if column.dtype == "str" and not column.hasnans else column.astype("str"))
    return code.astype(np.int64), pd.Index(words)


def _bare(text: str) -> str:
    return text.casefold().strip().lstrip("0")


def _keys(names: Sequence[str]) -> list[str]:
    known: dict[str, str] = {}
    return [known[n] if n in known else known.setdefault(n, company_key(n) if n else "") for n in names]


def _single(keys: Sequence[str]) -> dict[str, int]:
    """Key -> position, for keys that come once."""
    out: dict[str, int] = {}
    for at, key in enumerate(keys):
        out[key] = -1 if key in out else at
    return out
