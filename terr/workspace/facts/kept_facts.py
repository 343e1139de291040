"""Facts that a data set keeps: one revision of each kind at a time, joined to its accounts when they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.facts.fact_fields import KINDS
from terr.ingest.facts.fact_rows import FactRows, main_date
from terr.matching.duplicates import DuplicateDecision
from terr.model.accounts import Accounts
from terr.model.json_values import read, to_plain
from terr.model.scenario import DatasetInfo
from terr.workspace.caches import CacheKind
from terr.workspace.facts.joined_facts import JoinedFacts, join
from terr.workspace.facts.performance import FactSet
from terr.workspace.facts.unjoined_customers import accounts_decided, decisions_in, without_customers

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

FACTS = "facts"
"""Where a data set's mapping keeps its facts."""
_FORMAT = 1
"""Of the kept tables; with another one they are other revisions."""


@dataclass(frozen=True)
class KeptFacts:
    """Facts of one kind, as a data set keeps them.

    Attributes:
        kind: one of `fact_fields.KINDS`.
        filename: of the newest extract.
        revision: hexadecimal; another one whenever the facts may differ.
        rows_in, rows, rows_excluded, rows_rejected: of the file; in = kept + excluded + rejected.
        money: "in", "excluded" and "rejected", in `currency`; what is kept is in - excluded - rejected.
        currency: ISO code of the amounts, "" where none is known.
        first_date, last_date: ISO days of the oldest and newest fact, "" where no fact has a day.
        fields: field -> column of the file.
        answers: to what the file left open.
        sha256: of the upload, "" if it wasn't kept.
        at: when it came in, UTC.
        extracts: names of the files the facts came in, oldest first.
        before: revision that this one followed, "" for the first.
    """

    kind: str
    filename: str
    revision: str
    rows_in: int
    rows: int
    rows_excluded: int
    rows_rejected: int
    money: Mapping[str, float]
    currency: str = ""
    first_date: str = ""
    last_date: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    extracts: tuple[str, ...] = ()
    before: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"there are no facts of the kind '{self.kind[:40]}'")
        if self.rows_in != self.rows + self.rows_excluded + self.rows_rejected:
            raise InputError("the kept facts don't account for every row of their file")
        for name in ("money", "fields", "answers"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def kept_money(self) -> float:
        """Sum of the kept rows' amounts."""
        return self.money["in"] - self.money["excluded"] - self.money["rejected"]


FACT_ROWS = CacheKind[tuple[str, str], FactRows]("facts", 256, dataset_of=lambda key: key[0])
"""By data set and revision."""
JOINED_FACTS = CacheKind[tuple[str, str, str], JoinedFacts]("joined facts", 64, dataset_of=lambda key: key[0])
"""By data set, revision and the accounts joined to; the rows themselves are counted by `FACT_ROWS`."""


def facts_kept(ws: Workspace, dataset_id: str) -> tuple[KeptFacts, ...]:
    """The facts a data set has, in the order of the kinds; () if it has none.

    Raises:
        LocateError: if there is no such data set for this person.
    """
    return facts_in(ws.store.datasets.get(dataset_id).mapping)


def facts_in(mapping: Mapping[str, Any]) -> tuple[KeptFacts, ...]:
    """The facts of a data set's mapping."""
    found = read(tuple[KeptFacts, ...], mapping.get(FACTS) or (), "the kept facts")
    return tuple(sorted(found, key=lambda f: KINDS.index(f.kind)))


def keep_facts(
    ws: Workspace,
    dataset_id: str,
    facts: FactRows,
    filename: str,
    *,
    data: bytes | None = None,
    answers: Mapping[str, str] | None = None,
    extracts: Sequence[str] = (),
) -> KeptFacts:
    """Keep facts with a data set, in place of those of their kind it had; these stay on disk, to go back to.

    Args:
        ws: where.
        dataset_id: whose facts they are.
        facts: what was read.
        filename: of their file.
        data: the file's bytes, kept as other uploads are; None if there is no such file.
        answers: with which it was read.
        extracts: files whose facts are among them, beside this one.

    Raises:
        LocateError, RoleError: if the data set isn't this person's to change.
        StoreError: if it can't be written; the data set then has the facts it had.
    """
    kept = write_facts(ws, dataset_id, facts, filename, data=data, answers=answers, extracts=extracts)
    put_kept(ws, dataset_id, (kept,))
    return next(f for f in facts_kept(ws, dataset_id) if f.kind == kept.kind)


def write_facts(
    ws: Workspace,
    dataset_id: str,
    facts: FactRows,
    filename: str,
    *,
    data: bytes | None = None,
    answers: Mapping[str, str] | None = None,
    extracts: Sequence[str] = (),
) -> KeptFacts:
    """Write the tables of facts, which aren't those of the data set before `put_kept`; see `keep_facts`."""
    sha256 = "" if data is None else ws.store.files.save(data)
    kept = _described(facts, filename, sha256, answers or {}, (*extracts, filename))
    ws.store.files.write_facts(dataset_id, kept.revision, _with_fates(facts))
    ws.store.files.write_facts(dataset_id, _issues_of(kept.revision), facts.issues.astype({"message": "str"}))
    ws.caches[FACT_ROWS].put((dataset_id, kept.revision), facts)
    return kept


def put_kept(ws: Workspace, dataset_id: str, kept: Sequence[KeptFacts]) -> None:
    """Make facts whose tables are written those of a data set, in place of those of their kinds.

    Raises:
        LocateError, RoleError: if the data set isn't this person's to change.
    """

    def change(info: DatasetInfo) -> tuple[dict[str, Any], Mapping[str, Any]]:
        had = {f.kind: f for f in facts_in(info.mapping)}
        for one in kept:
            old = had.get(one.kind)
            had[one.kind] = one if old is None or old.revision == one.revision else replace(one, before=old.revision)
        return {**info.mapping, FACTS: to_plain(tuple(had.values()))}, info.summary

    ws.store.datasets.change(dataset_id, change)


def carry_facts(ws: Workspace, from_id: str, to_id: str) -> None:
    """Give the facts of a data set to another, such as the next version of its accounts, that has none of their kind.

    Raises:
        LocateError, RoleError: if the data sets aren't this person's to see and to change.
        StoreError: if they can't be written.
    """
    has = {f.kind for f in facts_kept(ws, to_id)}
    mine = [f for f in facts_kept(ws, from_id) if f.kind not in has]
    for one in mine:
        for revision in (one.revision, _issues_of(one.revision)):
            content = ws.store.files.read_facts_file(from_id, revision)
            ws.store.files.write_facts_file(to_id, revision, content)
    if mine:
        put_kept(ws, to_id, mine)


def drop_facts(ws: Workspace, dataset_id: str, kind: str) -> None:
    """Take the facts of a kind away from a data set."""

    def change(info: DatasetInfo) -> tuple[dict[str, Any], Mapping[str, Any]]:
        left = tuple(f for f in facts_in(info.mapping) if f.kind != kind)
        return {**info.mapping, FACTS: to_plain(left)}, info.summary

    ws.store.datasets.change(dataset_id, change)


def fact_rows(ws: Workspace, dataset_id: str, kept: KeptFacts) -> FactRows:
    """The rows of kept facts.

    Raises:
        LocateError: if they aren't stored any more. StoreError: if they are damaged.
    """
    return ws.caches[FACT_ROWS].get_or_make((dataset_id, kept.revision), lambda: _read(ws, dataset_id, kept))


def joined_facts_of(ws: Workspace, dataset_id: str, kind: str, accounts: Accounts) -> JoinedFacts | None:
    """Facts of one kind and the account of each, as `terr facts` joins them; None if the data set has none.

    An account that was merged into another brings its facts there.

    Args:
        ws: where.
        dataset_id: whose facts they are.
        kind: one of `fact_fields.KINDS`.
        accounts: of the data set, after decisions about duplicates.
    """
    mapping = ws.store.datasets.get(dataset_id).mapping
    return _joined(ws, dataset_id, mapping, kind, accounts)


def _joined(
    ws: Workspace, dataset_id: str, mapping: Mapping[str, Any], kind: str, accounts: Accounts
) -> JoinedFacts | None:
    kept = next((f for f in facts_in(mapping) if f.kind == kind), None)
    if kept is None:
        return None
    stands_for, decisions = _merged(mapping), decisions_in(mapping)
    told = {**stands_for, **({"\x1f".join(d.customer): f"{d.how} {d.account}" for d in decisions})}
    key = (dataset_id, kept.revision, accounts_key(accounts, told))
    return ws.caches[JOINED_FACTS].get_or_make(
        key, lambda: joined_as_decided(fact_rows(ws, dataset_id, kept), accounts, mapping)
    )


def joined_as_decided(facts: FactRows, accounts: Accounts, mapping: Mapping[str, Any]) -> JoinedFacts:
    """Facts joined with what a person decided about duplicates and about customers without an account.

    Args:
        facts: of any file.
        accounts: of the data set.
        mapping: of the data set.
    """
    stands_for, decisions = _merged(mapping), decisions_in(mapping)
    if not decisions or facts.kind == "quotas":
        return join(facts, accounts, stands_for=stands_for)
    left = without_customers(facts, decisions)
    here = [replace(d, account=stands_for.get(d.account, d.account)) if d.account else d for d in decisions]
    ids = accounts.frame["account_id"].astype(str).tolist()
    return join(left, accounts, stands_for=stands_for, decided=accounts_decided(left.frame, here, ids))


def fact_set_of(ws: Workspace, dataset_id: str, accounts: Accounts, top: NDArray[np.bool_] | None = None) -> FactSet:
    """All facts of a data set, as the command line's `performance` and `forecast` take them; without any it is empty.

    Args:
        ws: where.
        dataset_id: whose facts they are.
        accounts: of the data set.
        top: bool (accounts,), accounts that must not stay untouched; by default all of them.
    """
    mapping = ws.store.datasets.get(dataset_id).mapping
    by_kind = {k: j for k in KINDS if (j := _joined(ws, dataset_id, mapping, k, accounts)) is not None}
    owners = accounts.frame["owner"].astype(str).to_numpy(dtype=object)
    return FactSet(by_kind, owners, np.zeros(0, dtype=np.bool_) if top is None else top)


def accounts_key(accounts: Accounts, stands_for: Mapping[str, str] = MappingProxyType({})) -> str:
    """A short hash of what facts are joined by: ids and names of the accounts, in their order."""
    by = accounts.frame[["account_id", "name"]].astype("str")
    hashed = hashlib.sha256(pd.util.hash_pandas_object(by, index=False).to_numpy().tobytes())
    hashed.update(json.dumps(dict(stands_for), sort_keys=True).encode())
    return hashed.hexdigest()[:20]


def _merged(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Id of an account that was merged away -> id of the one that stayed."""
    decisions = read(tuple[DuplicateDecision, ...], mapping.get("merges") or (), "the decisions about duplicates")
    return {a: d.keep for d in decisions if d.how != "apart" for a in d.accounts if a != d.keep}


def _described(
    facts: FactRows, filename: str, sha256: str, answers: Mapping[str, str], extracts: tuple[str, ...]
) -> KeptFacts:
    fates, day = facts.fates, main_date(facts.kind)
    days = facts.frame[day].dropna() if day in facts.frame else pd.Series(dtype="datetime64[s]")
    hashed = pd.util.hash_pandas_object(facts.frame, index=False).to_numpy()
    mark = (_FORMAT, facts.kind, sorted(facts.fields.items()), sorted(facts.money.items()), facts.currency, len(fates))
    revision = hashlib.sha256(repr(mark).encode() + hashed.tobytes() + fates.astype("S1").tobytes()).hexdigest()[:20]
    return KeptFacts(
        facts.kind,
        filename,
        revision,
        len(fates),
        len(facts.frame),
        int((fates == "excluded").sum()),
        int((fates == "rejected").sum()),
        facts.money,
        facts.currency,
        str(days.min().date()) if len(days) else "",
        str(days.max().date()) if len(days) else "",
        facts.fields,
        answers,
        sha256,
        datetime.now(UTC),
        extracts,
    )


def _issues_of(revision: str) -> str:
    return hashlib.sha256(f"issues of {revision}".encode()).hexdigest()[:20]


def _with_fates(facts: FactRows) -> pd.DataFrame:
    """The rows, with the places in the file of those that were left out."""
    told = facts.frame.copy(deep=False)
    told.attrs = {f: np.flatnonzero(facts.fates == f).tolist() for f in ("excluded", "rejected")}
    return told


def _read(ws: Workspace, dataset_id: str, kept: KeptFacts) -> FactRows:
    frame = ws.store.files.read_facts(dataset_id, kept.revision)
    fates = np.full(kept.rows_in, "accepted")
    for fate in ("excluded", "rejected"):
        fates[np.array(frame.attrs.get(fate) or [], dtype=np.int64)] = fate
    frame.attrs = {}
    issues = ws.store.files.read_facts(dataset_id, _issues_of(kept.revision))
    return FactRows(kept.kind, frame, kept.fields, fates, kept.money, issues, (), kept.currency)
