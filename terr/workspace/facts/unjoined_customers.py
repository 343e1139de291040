"""Customers of facts that found no account, and what a person decides about each: another account's, or left out.

Decisions are kept with the data set and change no file: taking one back is forgetting it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.columns.headers import usual_field
from terr.ingest.facts.fact_rows import FactRows
from terr.matching.customers import CustomerCard, CustomerMatch, accounts_named, nearest_accounts
from terr.model.accounts import Accounts
from terr.model.json_values import read, to_plain
from terr.report.safe import shown
from terr.workspace.caches import CacheKind
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import FactSet

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

__all__ = ["CustomerMatch", "accounts_named", "nearest_accounts"]  # for the page

KEY = "fact_customers"
"""Where a data set's mapping keeps the decisions."""
LEFT_OUT = "left_out"
"""Code of the finding."""
SHOWN = 200
"""Customers shown at once, with suggestions; the others come up as these are decided."""
_MOST = 20_000
_PLACES = ("zip", "city", "state", "county")


@dataclass(frozen=True)
class CustomerDecision:
    """What a person decided about a customer of facts.

    Attributes:
        key: its ID as the files write it, "" if they have none; name: its name, which counts where there is no ID.
        how: "match": its facts are those of an account; "leave_out": they count nowhere.
        account: ID of the account.
    """

    key: str
    name: str
    how: Literal["match", "leave_out"]
    account: str = ""

    def __post_init__(self) -> None:
        if not self.customer[1]:
            raise InputError("a customer without an ID and a name can't be told from others")
        if (self.how == "match") != bool(self.account):
            raise InputError("a customer is matched to an account, or left out")

    @property
    def customer(self) -> tuple[str, str]:
        """By what the files name it, and that."""
        return ("id", self.key) if self.key else ("name", self.name)


@dataclass(frozen=True)
class UnjoinedCustomer:
    """A customer whose facts found no account.

    Attributes:
        key, name: as the files write them.
        rows: kind of facts -> rows; amounts: kind -> their sum, in the currency of that kind's file.
        place: "zip", "city", "state", "county", "country" and "owner" as the newest facts say, where they do.
    """

    key: str
    name: str
    rows: Mapping[str, int]
    amounts: Mapping[str, float]
    place: Mapping[str, str]

    @property
    def customer(self) -> tuple[str, str]:
        """By what the files name it, and that."""
        return ("id", self.key) if self.key else ("name", self.name)

    @property
    def card(self) -> CustomerCard:
        """What is compared with accounts."""
        where = {f: self.place.get(f, "") for f in ("zip", "city", "state")}
        return CustomerCard(self.key, self.name, **where)

    @property
    def account(self) -> dict[str, str]:
        """The account that it would become: field -> text."""
        return {**self.place, "account_id": self.key or self.name, "name": self.name or self.key}

    def decided(self, account: str = "") -> CustomerDecision:
        """The decision that it is this account; without one, that it is left out."""
        return CustomerDecision(self.key, self.name, "match" if account else "leave_out", account)


def decisions_in(mapping: Mapping[str, Any]) -> tuple[CustomerDecision, ...]:
    """The decisions that a data set keeps."""
    return read(tuple[CustomerDecision, ...], mapping.get(KEY) or (), "the decisions about customers")


def decide_customers(ws: Workspace, dataset_id: str, decisions: Sequence[CustomerDecision]) -> None:
    """Keep decisions; earlier ones about the same customers give way.

    Raises:
        InputError: if there are too many.
        LocateError, RoleError: if the data set isn't this person's to change.
    """
    about = {d.customer for d in decisions}

    def change(mapping: Mapping[str, Any]) -> list[CustomerDecision]:
        kept = [d for d in decisions_in(mapping) if d.customer not in about] + list(decisions)
        if len(kept) > _MOST:
            raise InputError(f"a data set keeps {_MOST:,} decisions about customers; fix the IDs in the file instead")
        return kept

    ws.store.datasets.change(
        dataset_id, lambda info: ({**info.mapping, KEY: to_plain(tuple(change(info.mapping)))}, info.summary)
    )


def undo_customers(ws: Workspace, dataset_id: str, customers: Sequence[tuple[str, str]]) -> None:
    """Forget what was decided about customers, as `CustomerDecision.customer` names them."""
    gone = set(customers)

    def change(mapping: Mapping[str, Any]) -> dict[str, Any]:
        kept = tuple(d for d in decisions_in(mapping) if d.customer not in gone)
        return {**mapping, KEY: to_plain(kept)}

    ws.store.datasets.change(dataset_id, lambda info: (change(info.mapping), info.summary))


def without_customers(facts: FactRows, decisions: Sequence[CustomerDecision]) -> FactRows:
    """The facts without those of customers that are left out: their rows and money are excluded, not lost."""
    out = _of_customers(facts.frame, [d.customer for d in decisions if d.how == "leave_out"]) >= 0
    if not out.any():
        return facts
    gone = facts.frame[out]
    money = float(gone["amount"].fillna(0.0).sum()) if "amount" in gone else 0.0
    fates = facts.fates.astype("U8")
    fates[np.flatnonzero(facts.fates == "accepted")[out]] = "excluded"
    whose = gone["account"].astype(str).where(gone["account"].astype(str) != "", gone["account_name"].astype(str))
    issues = pd.DataFrame(
        {
            "row": gone["source_row"].to_numpy(),
            "column": facts.fields.get("account", facts.fields.get("account_name", "")),
            "code": LEFT_OUT,
            "message": [f"{shown(w)} is left out, as you chose" for w in whose],
            "fate": "excluded",
        }
    )
    return replace(
        facts,
        frame=facts.frame[~out].reset_index(drop=True),
        fates=fates,
        money={**facts.money, "excluded": facts.money["excluded"] + money},
        issues=pd.concat([facts.issues, issues[facts.issues.columns]], ignore_index=True),
    )


def accounts_decided(
    frame: pd.DataFrame, decisions: Sequence[CustomerDecision], ids: Sequence[str]
) -> NDArray[np.int64]:
    """int64 (rows,), position of the account that a person gave each fact; -1 where nobody did, or it is gone."""
    matched = [d for d in decisions if d.how == "match"]
    at = {i: k for k, i in enumerate(ids)}
    position = np.array([*(at.get(d.account, -1) for d in matched), -1], dtype=np.int64)
    return position[_of_customers(frame, [d.customer for d in matched])]


def _of_customers(frame: pd.DataFrame, customers: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
    """int64 (rows,), position of each fact's customer among some, -1 if it is none of them."""
    out = np.full(len(frame), -1, dtype=np.int64)
    at = {c: k for k, c in enumerate(customers)}
    named = {n for by, n in customers if by == "name"}
    for by, column in (("id", "account"), ("name", "account_name")):
        words = frame[column].astype("category") if len(customers) else None
        if words is None or (by == "name" and not named):
            continue
        of = np.array([*(at.get((by, str(w)), -1) for w in words.cat.categories), -1], dtype=np.int64)
        found = of[words.cat.codes.to_numpy()]
        if by == "name":
            found = np.where(frame["account"].astype(str) == "", found, -1)
        out = np.where(out < 0, found, out)
    return out


def unjoined_customers(facts: FactSet) -> tuple[UnjoinedCustomer, ...]:
    """The customers of all kinds of facts that found no account, most money first; quotas have no customers."""
    parts = [_lost(kind, joined) for kind, joined in facts.by_kind.items() if kind != "quotas"]
    every = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(map(len, parts)) else pd.DataFrame()
    if not len(every):
        return ()
    sums = every.groupby(["by", "kind"], sort=False)["amount"].agg(["size", "sum"])
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    money: dict[str, dict[str, float]] = defaultdict(dict)
    for (by, kind), n, amount in zip(sums.index, sums["size"].tolist(), sums["sum"].tolist(), strict=True):
        rows[by][kind], money[by][kind] = n, amount
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for field in (c for c in every.columns if c not in {"by", "kind", "amount"}):
        known = every[every[field].fillna("") != ""].drop_duplicates("by")  # the newest
        for by, text in zip(known["by"].tolist(), known[field].tolist(), strict=True):
            told[by][field] = str(text)
    out = [
        UnjoinedCustomer(told[by].pop("key", ""), told[by].pop("name", ""), rows[by], money[by], told[by])
        for by in rows
    ]
    return tuple(sorted(out, key=lambda u: (-sum(u.amounts.values()), -sum(u.rows.values()), u.key, u.name)))


def _lost(kind: str, joined: JoinedFacts) -> pd.DataFrame:
    """The facts of one kind that found no account, newest first: by (customer), kind, key, name, amount, place."""
    lost = np.flatnonzero(joined.account < 0)
    lost = lost[np.argsort(joined.days()[lost], kind="stable")[::-1]]  # facts without a day go before all
    frame = joined.facts.frame.iloc[lost]
    key, name = frame["account"].astype(str).to_numpy(), frame["account_name"].astype(str).to_numpy()
    part = pd.DataFrame({"key": key, "name": name, "amount": joined.amounts[lost], "kind": kind} | _told(frame))
    part["by"] = np.where(part["key"] != "", part["key"], "\x1f" + part["name"])
    return part[(part["key"] != "") | (part["name"] != "")]


def _told(frame: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    """What the facts' own columns say of a customer: field -> texts."""
    ranked: dict[str, tuple[int, str]] = {}
    for column in frame.columns:
        usual = usual_field(str(column))
        if usual is not None and usual[0] in _PLACES and frame[column].dtype.kind not in "fiM":
            ranked[usual[0]] = min(ranked.get(usual[0], (usual[1], str(column))), (usual[1], str(column)))
        elif str(column).casefold() == "country":
            ranked["country"] = (0, str(column))
    out = {f: frame[c].astype(str).to_numpy(dtype=object) for f, (_, c) in ranked.items()}
    return out | ({"owner": frame["rep"].astype(str).to_numpy(dtype=object)} if "rep" in frame else {})


def amounts_of(chosen: Sequence[UnjoinedCustomer]) -> dict[str, float]:
    """Kind of facts -> money of these customers."""
    out: dict[str, float] = {}
    for one in chosen:
        for kind, amount in one.amounts.items():
            out[kind] = out.get(kind, 0.0) + amount
    return out


UNJOINED = CacheKind[str, tuple[UnjoinedCustomer, ...]]("customers without an account", 16)
"""By the data set's key."""
SUGGESTED = CacheKind[str, tuple[tuple[CustomerMatch, ...], ...]]("suggested accounts of customers", 2)
"""By the data set's key: of the customers that are shown."""


def unjoined_of(ws: Workspace, data_key: str, facts: FactSet) -> tuple[UnjoinedCustomer, ...]:
    """`unjoined_customers`, kept in memory.

    Args:
        ws: where.
        data_key: of the data set whose facts they are (`Dataset.key`).
        facts: its facts.
    """
    return ws.caches[UNJOINED].get_or_make(data_key, lambda: unjoined_customers(facts))


def suggested_of(
    ws: Workspace, data_key: str, shown_ones: Sequence[UnjoinedCustomer], accounts: Accounts
) -> tuple[tuple[CustomerMatch, ...], ...]:
    """The accounts that each customer shown may be, the likeliest first; kept in memory."""
    return ws.caches[SUGGESTED].get_or_make(
        data_key, lambda: tuple(nearest_accounts([u.card for u in shown_ones], accounts))
    )
