"""Customers that a file of orders or deals names, and the accounts that they may be: by ID, name and place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from terr.matching.names import company_key, flat, marks
from terr.matching.pairs import each, zip_code
from terr.model.accounts import Accounts

ALIKE = 80.0
"""How alike two names must be, 0 to 100, to be suggested."""
_SEARCHED = 50.0
_AT_ONCE = 50
_SAME_PLACE, _OTHER_STATE = 4.0, 8.0  # a place tells names apart that are equally alike, and no more
_SALESFORCE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SIGNS = re.compile(r"[\W_]+")
_LEADING = re.compile(r"(?<!\d)0+(?=\d)")


@dataclass(frozen=True)
class CustomerCard:
    """What a file says of a customer; "" where it says nothing.

    Attributes:
        key: its ID; name: its name.
        zip, city, state: where it is.
    """

    key: str
    name: str
    zip: str = ""
    city: str = ""
    state: str = ""


@dataclass(frozen=True)
class CustomerMatch:
    """An account that a customer may be.

    Attributes:
        account: its position.
        score: 0 to 100, how alike the names are; 100 if the IDs are the same but for signs.
        why: the evidence, in words.
    """

    account: int
    score: float
    why: str


def nearest_accounts(
    wanted: Sequence[CustomerCard], accounts: Accounts, *, most: int = 3
) -> list[tuple[CustomerMatch, ...]]:
    """The accounts that each customer is most likely to be, the likeliest first; () where none is alike.

    An ID that is an account's but for hyphens, spaces and zeros goes first, and the 15 letters of a Salesforce ID
    before those of 18. Names are compared without legal forms and word order; names with other numbers or directions
    ("North", "2") are other companies. The place breaks ties.

    Args:
        wanted: the customers.
        accounts: to look among.
        most: suggestions for one customer.
    """
    frame = accounts.frame
    ids = frame["account_id"].astype(str).tolist()
    by_id = _single([_bare_id(i) for i in ids])
    by_salesforce = _single([i[:15] if len(i) == 18 and _SALESFORCE.fullmatch(i) else "" for i in ids])
    names = each(frame["name"], company_key)
    ordered = [_ordered(n) for n in names.tolist()]
    mark = np.array([marks(n) for n in names.tolist()], dtype=object)
    zips, towns, states = each(frame["zip"], zip_code), each(frame["city"], flat), each(frame["state"], flat)
    out: list[tuple[CustomerMatch, ...]] = []
    for first in range(0, len(wanted), _AT_ONCE):
        part = wanted[first : first + _AT_ONCE]
        keys = [company_key(c.name or c.key) for c in part]
        table = process.cdist(
            [_ordered(k) for k in keys], ordered, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.float32
        )
        for card, key, alike in zip(part, keys, table, strict=True):
            found = _by_id(card, by_id, by_salesforce)
            likely = np.flatnonzero((alike >= ALIKE) & (mark == marks(key))) if key else np.zeros(0, dtype=np.int64)
            town = (zips[likely] == zip_code(card.zip)) & (card.zip != "")
            town |= (towns[likely] == flat(card.city)) & (card.city != "")
            away = (states[likely] != flat(card.state)) & (card.state != "") & (states[likely] != "")
            rank = alike[likely] + _SAME_PLACE * town - _OTHER_STATE * away
            for at in np.argsort(-rank, kind="stable").tolist():
                if likely[at] not in {m.account for m in found}:
                    found.append(_named(int(likely[at]), float(alike[likely[at]]), bool(town[at]), bool(away[at])))
            out.append(tuple(found[:most]))
    return out


def accounts_named(text: str, accounts: Accounts, *, most: int = 20) -> list[int]:
    """Positions of the accounts whose ID or name is most like a text, the likeliest first."""
    wanted = flat(text.strip())
    if not wanted:
        return []
    frame = accounts.frame
    ids = [i.casefold() for i in frame["account_id"].astype(str).tolist()]
    names = each(frame["name"], flat).tolist()
    same = [k for k, (i, n) in enumerate(zip(ids, names, strict=True)) if wanted == i or wanted in n]
    rest = process.extract(wanted, names, scorer=fuzz.WRatio, score_cutoff=_SEARCHED, limit=most)
    return list(dict.fromkeys([*same[:most], *(at for _, _, at in rest)]))[:most]


def _by_id(card: CustomerCard, by_id: dict[str, int], by_salesforce: dict[str, int]) -> list[CustomerMatch]:
    at = by_id.get(_bare_id(card.key), -1) if card.key else -1
    if at >= 0:
        return [CustomerMatch(at, 100.0, "same ID but for signs and zeros")]
    short = card.key[:15] if _SALESFORCE.fullmatch(card.key) else ""
    at = by_salesforce.get(short, -1) if short else -1
    return [CustomerMatch(at, 100.0, "same Salesforce ID, written with 15 characters")] if at >= 0 else []


def _named(at: int, alike: float, town: bool, away: bool) -> CustomerMatch:
    where = "; same place" if town else "; another state" if away else ""
    return CustomerMatch(at, alike, ("same name" if alike >= 100 else f"name {alike:.0f}% alike") + where)


def _ordered(name: str) -> str:
    return " ".join(sorted(name.split()))


def _bare_id(text: str) -> str:
    """Letters and digits only, without zeros before a number: "A-0012" and "a12" are one."""
    return _SIGNS.sub("", _LEADING.sub("", text.casefold()))


def _single(keys: Sequence[str]) -> dict[str, int]:
    """Key -> position, of keys that come once."""
    counts = pd.Series(list(keys), dtype=object).value_counts()
    return {k: at for at, k in enumerate(keys) if k and counts[k] == 1}
