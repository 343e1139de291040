"""Layers of a plan on accounts: which layer each account belongs to, what each rule catches, and what it can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.books.plan_layers import PlanLayer, check_layers
from terr.model.wording import count
from terr.scoring import segments


@dataclass(frozen=True, eq=False)
class CaughtLayer:
    """What one layer catches.

    Attributes:
        accounts: how many belong to it; rule: how many its rule holds for, those taken by layers before included.
        amount: sum of a measure over its accounts, in the measure's own unit.
        unknown: accounts that its rule can't judge, as a cell it needs is blank; they fall through.
        notes: what is to be said of it, in words.
        broken: why its rule can't be worked out, "" if it can.
    """

    accounts: int
    rule: int
    amount: float
    unknown: int
    notes: tuple[str, ...] = ()
    broken: str = ""


@dataclass(frozen=True, eq=False)
class DividedLayers:
    """Accounts by layer.

    Attributes:
        of: int16 (n_accounts,), the layer of each account: each is in exactly one. Read-only.
        caught: one per layer.
    """

    of: NDArray[np.int16]
    caught: tuple[CaughtLayer, ...]

    def __post_init__(self) -> None:
        self.of.setflags(write=False)


def divide(
    accounts: Accounts, layers: Sequence[PlanLayer], measure: str = "", *, lenient: bool = False
) -> DividedLayers:
    """Which layer each account belongs to: the first whose rule holds.

    Args:
        accounts: n accounts.
        layers: the plan's layers; the last takes what is left.
        measure: summed per layer, "" = none.
        lenient: a rule that can't be worked out, such as one on a column that is gone, catches nothing and says so;
            else it is an error.

    Raises:
        InputError: if the layers can't be, or a rule can't be worked out on these accounts.
    """
    check_layers(layers)
    of = np.full(len(accounts), -1, dtype=np.int16)
    values = np.zeros(len(accounts))
    if measure:
        values = np.nan_to_num(accounts.frame[measure].to_numpy(dtype=np.float64))
    caught = []
    for k, layer in enumerate(layers):
        broken, notes = "", tuple[str, ...]()
        holds, unknown = np.ones(len(accounts), dtype=np.bool_), np.zeros(len(accounts), dtype=np.bool_)
        try:
            if not layer.takes_rest:
                holds, unknown, notes = _members(accounts, layer)
        except InputError as error:
            if not lenient:
                raise InputError(f'layer "{layer.name}": {error}') from error
            holds, broken = np.zeros(len(accounts), dtype=np.bool_), str(error)
        mine = holds & (of < 0)
        of[mine] = k
        lost = int((unknown & (of < 0)).sum())
        told = [*notes, *_said(layer, int(holds.sum()), int(mine.sum()), lost, len(accounts), broken)]
        caught.append(
            CaughtLayer(int(mine.sum()), int(holds.sum()), float(values[mine].sum()), lost, tuple(told), broken)
        )
    return DividedLayers(of, tuple(caught))


def _said(layer: PlanLayer, rule: int, mine: int, unknown: int, n: int, broken: str) -> list[str]:
    out = []
    if broken:
        out.append(f"The rule can't be used ({broken}), so it catches nothing.")
    elif not rule and not layer.takes_rest:
        out.append("The rule catches no account.")
    elif not mine:
        out.append("Every account it would take is in a layer before it." if rule else "Nothing is left for it.")
    elif rule == n and not layer.takes_rest:
        out.append("The rule catches every account; nothing falls through to the layers after it.")
    if 0 < mine < rule:
        out.append(f"{count(rule - mine, 'account')} of this rule {_is(rule - mine)} in a layer before it.")
    if unknown:
        out.append(f"{count(unknown, 'account')} can't be judged, as a cell it needs is blank; they fall through.")
    return out


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _members(accounts: Accounts, layer: PlanLayer) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[str, ...]]:
    if not layer.accounts:
        part = segments.Segment(layer.name, layer.rule, layer.column, layer.values)
        found = segments.members(accounts, part)
        return found.mask, found.unknown, found.notes
    ids = accounts.frame["account_id"].astype(str).str.strip().str.casefold()
    names = accounts.frame["name"].astype(str).str.strip().str.casefold()
    wanted = list(dict.fromkeys(a.strip().casefold() for a in layer.accounts if a.strip()))
    by_id = ids.isin(wanted).to_numpy()
    left = set(wanted) - set(ids[by_id])
    named = names.isin(left).to_numpy()
    several = sorted(n for n, k in names[named].value_counts().items() if k > 1)
    named = named & ~names.isin(several).to_numpy()
    notes = []
    if lost := sorted(left - set(names[named]) - set(several)):
        some = ", ".join(f'"{v[:40]}"' for v in lost[:3])
        notes.append(f"{count(len(lost), 'entry', 'entries')} of the list {_is(len(lost))} no account ({some}).")
    if several:
        some = ", ".join(f'"{v[:40]}"' for v in several[:3])
        notes.append(f"{count(len(several), 'name')} of several accounts left out ({some}); list their ids.")
    return by_id | named, np.zeros(len(accounts), dtype=np.bool_), tuple(notes)
