"""Who takes which layer: how many books each rule gets, whose they are, what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.matching.owners import owners_of
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.report.safe import shown
from terr.view.text import count


@dataclass(frozen=True)
class BookPlace:
    """One book to be filled.

    Attributes:
        name: what it is called; rep: whose it is, None = not known; owner: position of an owner of today, -1 = nobody.
    """

    name: str
    rep: Rep | None = None
    owner: int = -1


def books_of_layers(amounts: NDArray[np.float64], accounts: NDArray[np.int64], books: int) -> NDArray[np.int64]:
    """int64 (layers,): how many of the books each layer gets, by its share of the measure; at least one with accounts.

    Args:
        amounts: float64 (layers,), of the measure; all by number of accounts if they are 0.
        accounts: int64 (layers,), how many accounts each has.
        books: how many there are to give.

    Raises:
        InputError: if there are fewer books than layers with accounts.
    """
    full = accounts > 0
    if books < full.sum():
        raise InputError(
            f"{count(int(full.sum()), 'rule')} (everything else included) catch accounts, but only "
            f"{count(books, 'territory', 'territories')} are asked for; ask for more, or leave rules out"
        )
    share = np.where(full, amounts if amounts[full].sum() > 0 else accounts.astype(float), 0.0)
    exact = share / max(float(share.sum()), 1e-300) * books
    out = np.maximum(np.floor(exact), full).astype(np.int64)
    while out.sum() > books:  # the least deserved above one
        over = np.where(out > 1, out - exact, -np.inf)
        out[int(np.argmax(over))] -= 1
    while out.sum() < books:
        out[int(np.argmax(np.where(full, exact - out, -np.inf)))] += 1
    return out


def book_places(
    names: Sequence[str], sizes: NDArray[np.int64], reps: Sequence[Rep], accounts: Accounts, *, owners: bool
) -> tuple[list[list[BookPlace]], NDArray[np.int32], list[str]]:
    """The books of each layer, with the reps who cover them.

    A rep who has a skill called like a rule goes to that rule; the others follow in the order of the roster. Without a
    roster, and if today's owners count, those with most accounts have the books.

    Args:
        names: of the layers; sizes: int64, books of each.
        reps: who can cover; () = nobody is known.
        accounts: whose owners count.
        owners: whether today's owners count.

    Returns:
        The books, layer by layer; int32 (n_accounts,), owner of each account as in `BookPlace.owner`, -1 = none; notes.
    """
    total, notes = int(sizes.sum()), []
    of = np.full(len(accounts), -1, dtype=np.int32)
    team: list[BookPlace] = [BookPlace(r.name, r) for r in reps]
    if owners:
        found = owners_of(accounts, tuple(reps))
        of = found.codes.astype(np.int32)
        if reps:
            at = {r: j for j, r in enumerate(found.reps) if r}
            team = [replace(b, owner=at.get(b.rep.rep_id, -1) if b.rep else -1) for b in team]
        else:
            team = [BookPlace(name, owner=j) for j, name in enumerate(found.names)]
        if not found.names:
            raise InputError("--keep-owner needs to know today's owners, and no account has one; map the column owner")
    if len(team) > total:
        notes.append(
            f"{count(len(team), 'rep')} for {count(total, 'territory', 'territories')}: the last "
            f"{len(team) - total:,} get none"
        )
    elif reps and len(team) < total:
        rest = total - len(team)
        notes.append(f"{count(total, 'territory', 'territories')} for {count(len(team), 'rep')}: {rest:,} have no rep")
    layers: list[list[BookPlace]] = [[] for _ in names]
    left = team
    for k, name in enumerate(names):
        skilled = [b for b in left if b.rep and name.casefold() in {s.casefold() for s in b.rep.skills}]
        layers[k] = skilled[: int(sizes[k])]
        left = [b for b in left if b not in layers[k]]
    taken = {b.name.casefold() for b in team}
    for k, name in enumerate(names):
        number = 0
        while len(layers[k]) < sizes[k]:
            if left:
                layers[k].append(left.pop(0))
                continue
            number += 1
            label = f"{name} {number}" if len(names) > 1 else f"Territory {number}"
            if label.casefold() not in taken:
                taken.add(label.casefold())
                layers[k].append(BookPlace(label))
    return layers, of, notes


def check_rules(rules: Sequence[tuple[str, str]]) -> None:
    """Refuse a rule that is named twice.

    Raises:
        InputError: naming it.
    """
    names = [n.strip().casefold() for n, _ in rules]
    if twice := next((n for n, _ in rules if names.count(n.strip().casefold()) > 1), None):
        raise InputError(f"--rule {shown(twice)} is given twice; name each rule once")
