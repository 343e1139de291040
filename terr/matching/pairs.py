"""Which accounts may be the same: candidates found in blocks, judged by name, place and web address."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from terr.matching.names import company_key, domain, flat, marks, street
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress

NAME_AT_STREET, NAME_IN_ZIP, NAME_IN_CITY = 85.0, 90.0, 93.0
"""How alike names must be (0 to 100) at one address, in one ZIP, in one city."""
NAME_WITH_DOMAIN = 60.0
"""How alike they must be at one place if the web address is the same."""
SAME_STREET = 85.0
NEAR_KM, FAR_KM = 1.0, 5.0
TOLD = 1000
"""Blocks between two looks at whether a person stopped the work."""
BLOCK = 400
"""Larger blocks are parted by the beginning of the name."""
PARTNERS = 10
"""In a block of look-alikes each name is judged against so many at most."""
COMMON_DOMAIN = 50
"""A web address of more accounts than this finds no candidates by itself."""
_WEIGHTS = {"name": 5.0, "street": 3.0, "zip": 1.5, "city": 0.5, "domain": 2.0}
_NO_STREET = (60.0, 2.0)  # an address that isn't known counts as this likeness, with this weight
_STREET_WORDS = (
    "billingstreet",
    "street",
    "streetaddress",
    "address",
    "addressline1",
    "address1street1",
    "address1",
    "address1line1",
    "shippingstreet",
    "mailingstreet",
    "strasse",
    "adresse",
)
_DOMAIN_WORDS = (
    "website",
    "companydomainname",
    "domain",
    "domainname",
    "webaddress",
    "url",
    "websiteurl",
    "homepage",
    "email",
    "emailaddress",
    "companyemail",
)


@dataclass(frozen=True, eq=False)
class AccountCards:
    """What is compared of each account, in one spelling; object arrays (n,), "" where unknown.

    Attributes:
        name, street, zip, city, domain: reduced texts; `city` includes the state.
        xyz: float64 (n, 3) km from the earth's centre, NaN unless the file itself has coordinates.
        order: `name` with its words sorted.
    """

    name: NDArray[np.object_]
    street: NDArray[np.object_]
    zip: NDArray[np.object_]
    city: NDArray[np.object_]
    domain: NDArray[np.object_]
    xyz: NDArray[np.float64]
    order: NDArray[np.object_]

    def take(self, at: NDArray[np.intp]) -> AccountCards:
        """The cards of some accounts."""
        return AccountCards(
            self.name[at], self.street[at], self.zip[at], self.city[at], self.domain[at], self.xyz[at], self.order[at]
        )


@dataclass(frozen=True)
class CardField:
    """What one field says about a pair.

    Attributes:
        field: "name", "street", "zip", "city" or "domain".
        likeness: 0 to 100.
    """

    field: str
    likeness: float


@dataclass(frozen=True)
class AccountPair:
    """Two cards that are probably one account.

    Attributes:
        first, second: row positions, first < second.
        score: 0 to 100, the weighted mean of the fields' likenesses.
        fields: those that both have.
    """

    first: int
    second: int
    score: float
    fields: tuple[CardField, ...]


def each(column: pd.Series, change: Callable[[str], str]) -> NDArray[np.object_]:
    """A reduced column, each distinct text reduced once."""
    index, words = pd.factorize(column)
    out = np.array([change(str(w)) for w in words.tolist()] + [""], dtype=object)
    done: NDArray[np.object_] = out[index]
    return done


def column_for(accounts: Accounts, words: tuple[str, ...]) -> str:
    """The first of the accounts' own columns that has one of these headers, "" if none does."""
    heads = {re.sub(r"[\W_]+", "", flat(str(c))): str(c) for c in reversed(accounts.frame.columns)}
    return next((heads[w] for w in words if w in heads and heads[w] not in accounts.measures), "")


def cards(accounts: Accounts, street_column: str | None = None, domain_column: str | None = None) -> AccountCards:
    """The accounts' cards; the columns for street and web address are found by their headers unless given."""
    f = accounts.frame
    n = len(f)
    lane = column_for(accounts, _STREET_WORDS) if street_column is None else street_column
    site = column_for(accounts, _DOMAIN_WORDS) if domain_column is None else domain_column
    blank = np.full(n, "", dtype=object)
    name = each(f["name"], company_key)
    state = each(f["state"], flat)
    town = each(f["city"], street)
    known = (town != "") & (state != "")
    own = (f["located_by"] == "lat_lon").to_numpy(dtype=np.bool_)
    lat, lon = (np.radians(np.where(own, f[c].to_numpy(dtype=np.float64), np.nan)) for c in ("lat", "lon"))
    xyz = 6371.0 * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    return AccountCards(
        name=name,
        street=each(f[lane], _lane) if lane else blank,
        zip=each(f["zip"], zip_code),
        city=np.where(known, town + "," + state, "").astype(object),
        domain=each(f[site], domain) if site else blank,
        xyz=xyz,
        order=each(pd.Series(name, dtype=object), lambda w: " ".join(sorted(w.split()))),
    )


def _lane(text: str) -> str:
    """A street; post boxes are no place."""
    done = street(text)
    return "" if re.match(r"(?:p ?o ?box|post office box|postfach)\b", done) else done


def zip_code(text: str) -> str:
    """A ZIP in one spelling: "2116", "02116-1234" and "02116.0" are "02116"."""
    word = re.sub(r"\.0$", "", text.strip())
    us = re.match(r"(\d{5})(?:\D?\d{4})?$", word) or re.match(r"(\d{4})(?:-\d{4})?$", word)
    return us[1].zfill(5) if us else re.sub(r"\W", "", word).casefold()


def street_likeness(a: str, b: str) -> float:
    """0 to 100; 0 if the house numbers differ."""
    if a == b:
        return 100.0
    left, right = (next((w for w in t.split() if w[0].isdigit()), "") for t in (a, b))
    return 0.0 if left != right else float(fuzz.ratio(a, b))


def judge(c: AccountCards, i: int, j: int, likeness: float) -> AccountPair | None:
    """A pair if the two cards, whose names are this alike and have the same marks, are probably one account.

    One name at two places is no pair: another street or house number, another ZIP without the same street, or
    coordinates more than `FAR_KM` apart part them.
    """
    fields = {"name": likeness}
    for f in ("zip", "city", "domain"):
        a, b = getattr(c, f)[i], getattr(c, f)[j]
        if a and b:
            fields[f] = 100.0 if a == b else 0.0
    if c.street[i] and c.street[j]:
        fields["street"] = street_likeness(c.street[i], c.street[j])
    lane, post, town, site = (fields.get(f, -1.0) for f in ("street", "zip", "city", "domain"))
    apart = math.dist(c.xyz[i], c.xyz[j])  # NaN if either is unknown
    if 0 <= lane < SAME_STREET or apart > FAR_KM or (site == 0 and likeness < 97):
        return None
    if lane >= SAME_STREET and (post != 0 or town == 100):
        least = NAME_AT_STREET if post == 100 or town == 100 or apart <= NEAR_KM else NAME_IN_CITY
    elif post == 100:
        least = NAME_IN_ZIP
    elif post == 0:  # another ZIP, and no street that says otherwise
        return None
    elif town == 100 or apart <= NEAR_KM:
        least = NAME_IN_CITY
    elif town == 0:
        return None
    else:  # nowhere: the same name needs the same web address
        least = 100.0 if site == 100 else 101.0
    if site == 100 and least <= 100:
        least = min(least, NAME_WITH_DOMAIN) if least < 100 else least
    if likeness < least:
        return None
    told = tuple(CardField(f, round(v, 1)) for f, v in fields.items())
    return AccountPair(min(i, j), max(i, j), mean_likeness(fields), told)


def mean_likeness(fields: dict[str, float]) -> float:
    """The weighted mean of the fields' likenesses, 0 to 100; a street that isn't known counts as 60."""
    parts = [(_WEIGHTS[f], v) for f, v in fields.items()]
    if "street" not in fields:
        parts.append((_NO_STREET[1], _NO_STREET[0]))
    return round(sum(w * v for w, v in parts) / sum(w for w, _ in parts), 1)


def _groups(keys: NDArray[np.object_], rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Row positions of each key that two or more of the rows share; "" is no key."""
    rows = rows[keys[rows] != ""]
    if not len(rows):
        return
    codes, _ = pd.factorize(keys[rows])
    order = np.argsort(codes, kind="stable")
    for part in np.split(rows[order], np.flatnonzero(np.diff(codes[order])) + 1):
        if len(part) > 1:
            yield part


def _blocks(c: AccountCards) -> Iterator[NDArray[np.intp]]:
    every = np.arange(len(c.name))
    stem = np.array([n.replace(" ", "")[:4] for n in c.name.tolist()], dtype=object)
    for block in _groups(c.zip, every):
        yield from _parted(block, stem, c)
    # where a ZIP is missing, the city stands in for it
    lacking = set(c.city[(c.zip == "") & (c.city != "")].tolist())
    if lacking:
        there = every[np.array([t in lacking for t in c.city.tolist()], dtype=np.bool_)]
        for block in _groups(c.city, there):
            yield from _parted(block, stem, c)
    # the same street and name in a city, whatever the ZIP says
    key = np.where((c.street != "") & (c.city != ""), c.street + "|" + c.city, "").astype(object)
    for block in _groups(key, every):
        yield from _parted(block, stem, c)
    for block in _groups(c.domain, every):
        if len(block) <= COMMON_DOMAIN:
            yield block


def _parted(block: NDArray[np.intp], stem: NDArray[np.object_], c: AccountCards) -> Iterator[NDArray[np.intp]]:
    """A block, or its parts by the beginning of the name and by the street if it is large."""
    if len(block) <= BLOCK:
        yield block
        return
    for keys in (stem, c.street, c.order):
        for part in _groups(keys, block):
            # what is still too large holds near-copies; neighbors by name are enough
            ranked = part[np.argsort(c.order[part].astype(str), kind="stable")]
            for k in range(0, len(ranked), BLOCK // 2):
                yield ranked[k : k + BLOCK]


def find_pairs(c: AccountCards, progress: Progress = UNWATCHED) -> list[AccountPair]:
    """All pairs that `judge` finds among candidates that share a ZIP, a city, a street or a web address.

    Raises:
        StoppedError: if the person stopped it.
    """
    seen: set[tuple[int, int]] = set()
    out: list[AccountPair] = []
    squeezed = np.array([n.replace(" ", "") for n in c.name.tolist()], dtype=object)
    mark = pd.factorize(np.array([marks(n) for n in c.name.tolist()], dtype=object))[0]
    site = pd.factorize(c.domain)[0]
    site = np.where(c.domain == "", -1 - np.arange(len(site)), site)  # a blank equals nothing

    def consider(i: int, j: int, likeness: float) -> None:
        pair = (min(i, j), max(i, j))
        if likeness < NAME_AT_STREET and not c.domain[i] == c.domain[j] != "":
            return
        if pair not in seen:
            seen.add(pair)
            found = judge(c, i, j, likeness)
            if found is not None:
                out.append(found)

    compared = 0
    for k, block in enumerate(_blocks(c)):
        if k % TOLD == 0:
            progress.tell(compared / (4 * len(c.name)), "comparing names, addresses and websites")
        compared += len(block)
        rows = block[c.name[block] != ""]
        if len(rows) < 2:
            continue
        if len(rows) == 2:  # most blocks are this small, and a call costs more than the work
            i, j = rows.tolist()
            like = max(fuzz.ratio(c.order[i], c.order[j]), fuzz.ratio(squeezed[i], squeezed[j]))
            if like >= NAME_WITH_DOMAIN and mark[i] == mark[j]:
                consider(i, j, like)
            continue
        grid = np.zeros((len(rows), len(rows)), dtype=np.float32)
        for names in (c.order[rows].tolist(), squeezed[rows].tolist()):
            table = process.cdist(names, names, scorer=fuzz.ratio, score_cutoff=NAME_WITH_DOMAIN, dtype=np.float32)
            np.maximum(grid, table, out=grid)
        likely = (grid >= NAME_AT_STREET) | (site[rows][:, None] == site[rows][None, :])
        likely &= (grid >= NAME_WITH_DOMAIN) & (mark[rows][:, None] == mark[rows][None, :])
        a, b = np.nonzero(_few(np.triu(likely, 1), grid))
        for x, y in zip(a.tolist(), b.tolist(), strict=True):
            consider(int(rows[x]), int(rows[y]), float(grid[x, y]))
    out += _lone_names(c, seen)
    return out


def _few(likely: NDArray[np.bool_], grid: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Candidates of a block, upper triangle; where nearly all names are alike, only each one's most alike partners."""
    if likely.sum() <= PARTNERS * len(likely):
        return likely
    both = np.where(likely | likely.T, grid, -1.0)
    keep = np.zeros_like(likely)
    order = np.argsort(-both, axis=1, kind="stable")[:, :PARTNERS]
    np.put_along_axis(keep, order, True, axis=1)
    return likely & (keep | keep.T)


def _lone_names(c: AccountCards, seen: set[tuple[int, int]]) -> list[AccountPair]:
    """An account without any place, and the only other one of its name."""
    nowhere = (c.zip == "") & (c.city == "") & (c.street == "") & np.isnan(c.xyz[:, 0])
    by_name: dict[str, list[int]] = defaultdict(list)
    wanted = set(c.name[nowhere].tolist()) - {""}
    for i, n in enumerate(c.name.tolist()):
        if n in wanted:
            by_name[n].append(i)
    out = []
    for rows in by_name.values():
        if len(rows) == 2 and (rows[0], rows[1]) not in seen:
            i, j = rows
            sites = {c.domain[i], c.domain[j]} - {""}
            if len(sites) < 2:
                fields = {"name": 100.0} | ({"domain": 100.0} if c.domain[i] == c.domain[j] != "" else {})
                out.append(AccountPair(i, j, mean_likeness(fields), tuple(CardField(f, v) for f, v in fields.items())))
    return out
