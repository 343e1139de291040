"""What a plan made without a store is held to beside its limits, and the engine's problem that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.problem import Problem
from terr.model.problem_checks import Limit
from terr.model.units import Units
from terr.report.safe import shown
from terr.workspace.design.planned_territories import bundles
from terr.workspace.design.problem import build_problem
from terr.workspace.levels import place_name
from terr.workspace.plan.rules import SHARES, UnitGroup


@dataclass(frozen=True)
class PlanConstraints:
    """What is asked beside limits as shares.

    Attributes:
        floors, caps: measure -> least and most load of each territory, in the measure's own unit.
        shares: territory, by number or name -> share of a full territory; 1 where not named.
        together: lists of unit ids that stay in one territory.
        unassigned: most of the first measure's load that may stay without a territory, as a share.
        balance: measure -> price of an uneven share, also within the limits ("" = the first measure).
        continuity: price of taking load from its territory in the plan to start from.
        max_moved: most of the first measure's load that may leave its territory there; None = any.
        seeds: unit id -> territory that starts around it.
    """

    floors: Mapping[str, float] = field(default_factory=dict)
    caps: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    together: Sequence[Sequence[str]] = ()
    unassigned: float = 0.0
    balance: Mapping[str, float] = field(default_factory=dict)
    continuity: float = 0.0
    max_moved: float | None = None
    seeds: Mapping[str, str] = field(default_factory=dict)


def unit_code(units: Units, unit: str, what: str) -> int:
    """Code of a unit named on the command line.

    Raises:
        InputError: if the region has none of that id; `what` says what it was for ("be locked").
    """
    codes = units.codes()
    if unit in codes:
        return codes[unit]
    width = len(units.ids[0])
    padded = unit.zfill(width) if unit.isdigit() else unit.upper()
    hint = f"; did you mean {padded}" if padded in codes else f"; ids look like {units.ids[0]}"
    raise InputError(f"unit {shown(unit)} can't {what}: it isn't in {place_name(units)}{hint}")


def territory_position(names: Sequence[str], territory: str, what: str) -> int:
    """Position of a territory given by number ("3") or name.

    Raises:
        InputError: if there is none; `what` begins the message.
    """
    by_name = {n.casefold(): j for j, n in enumerate(names)}
    key = territory.strip().casefold()
    slot = by_name.get(key, int(key) - 1 if key.isascii() and key.isdigit() and len(key) < 6 else -1)
    if not 0 <= slot < len(names):
        raise InputError(
            f'{what} territory {shown(territory)}; choose 1 to {len(names)} or "{names[0]}" to "{names[-1]}"'
        )
    return slot


def locked_positions(units: Units, names: Sequence[str], locks: Mapping[str, str]) -> NDArray[np.int16]:
    """int16 (n_units,), position of the territory a unit is locked to, -1 = free.

    Raises:
        InputError: for an unknown unit or territory.
    """
    out = np.full(len(units), -1, dtype=np.int16)
    for unit, territory in locks.items():
        code = unit_code(units, unit, "be locked")
        out[code] = territory_position(names, territory, f"unit {unit} can't be locked to")
    return out


def shares_of(names: Sequence[str], terms: PlanConstraints) -> NDArray[np.float64] | None:
    """float64 (k,), each territory's share of a full one; None if all are full.

    Raises:
        InputError: for an unknown territory, one named twice, or a share that is none.
    """
    out = np.ones(len(names))
    seen: set[int] = set()
    for territory, share in terms.shares.items():
        slot = territory_position(names, territory, "a target is given for")
        if slot in seen:
            raise InputError(f'"{names[slot]}" has two targets; give it one')
        if not SHARES[0] <= share <= SHARES[1]:
            raise InputError(f'the target of "{names[slot]}" is {share:g} of a full territory; choose 0.05 to 5')
        seen.add(slot)
        out[slot] = share
    return None if (out == 1).all() else out


def target_loads(
    names: Sequence[str], terms: PlanConstraints, weights: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """float64 (k, m), what each territory's loads should be; None for equal shares."""
    share = shares_of(names, terms)
    return None if share is None else np.outer(share / share.sum(), weights.sum(axis=0))


def constrained_problem(
    units: Units,
    weights: NDArray[np.float64],
    measures: Sequence[str],
    limits: Mapping[str, Limit],
    terms: PlanConstraints,
    names: Sequence[str],
    *,
    locked: NDArray[np.int16] | None = None,
    start: NDArray[np.int16] | None = None,
) -> Problem:
    """The engine's problem over all units of a region.

    Args:
        units: n units.
        weights: float64 (n, m), loads.
        measures: m names; the first is balanced first.
        limits: measure -> share, or (below, above).
        terms: what else is asked.
        names: of the k territories.
        locked: int16 (n,), -1 = free.
        start: int16 (n,), today's plan, -1 = unassigned.

    Raises:
        InputError: for a unit, a territory or a number that can't be.
    """
    seeds = None
    if terms.seeds:
        seeds = np.full(len(names), -1, dtype=np.int64)
        for unit, territory in terms.seeds.items():
            code = unit_code(units, unit, "start a territory")
            slot = territory_position(names, territory, f"unit {unit} can't start")
            if seeds[slot] >= 0:
                raise InputError(f'"{names[slot]}" starts around two units; give it one')
            seeds[slot] = code
    for group in terms.together:
        for unit in group:
            unit_code(units, unit, "be kept together with others")
    groups = [UnitGroup(str(i), tuple(g)) for i, g in enumerate(terms.together)]
    more: dict[str, Any] = {"max_moved": terms.max_moved, "continuity": terms.continuity} if start is not None else {}
    return build_problem(
        units,
        np.ones(len(units), dtype=np.bool_),
        weights,
        measures,
        limits,
        len(names),
        locked=np.full(len(units), -1, dtype=np.int16) if locked is None else locked,
        start=start,
        targets=target_loads(names, terms, weights),
        seeds=seeds,
        floors=terms.floors,
        caps=terms.caps,
        balance={m or measures[0]: v for m, v in terms.balance.items()},
        groups=bundles(units, groups) if groups else None,
        remainder=terms.unassigned,
        **more,
    )
