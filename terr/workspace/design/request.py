"""What a person asks of Generate, checked, and kept with the plan so that nothing has to be typed twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from terr.errors import InputError
from terr.model.json_values import to_plain
from terr.model.plan import MAX_TERRITORIES
from terr.model.problem_checks import Limit
from terr.model.reps import Rep
from terr.workspace.plan.rules import SHARES, MeasureLimit, UnitGroup
from terr.workspace.plan.tolerance import SIDES, Sides, check_tolerance

Priority = Literal["Off", "Low", "Medium", "High"]
"""How much something counts, for a person."""
ShapePriority = Literal["Low", "Medium", "High"]
WORDS: tuple[str, ...] = get_args(Priority)
SHAPE_WORDS: tuple[str, ...] = get_args(ShapePriority)
BALANCE_PRICE = {"Off": 0.0, "Low": 0.5, "Medium": 2.0, "High": 10.0}
KEEP_PRICE = {"Off": 0.0, "Low": 0.3, "Medium": 1.0, "High": 4.0}
SHAPE_WEIGHT = {"Low": 0.4, "Medium": 1.0, "High": 2.5}
"""Prices are in units of the whole shape at "Medium" (see `Problem.scale_km2`), divided by the shape's weight."""


@dataclass(frozen=True)
class DesignRequest:
    """What a person asks of Generate.

    Attributes:
        territories: how many.
        measure: what to balance; tolerance: allowed relative deviation; sides: on which of `SIDES`.
        names: of the territories, in no order; fewer than `territories` is fine.
        reps: reps to start from and to give a territory each; () = none.
        seed: the same request and seed give the same plan.
        limits: further ones.
        balance, shape, keep: how much evenness within the limit, compact shapes and today's assignments count, one of
            `WORDS`; balance and keep may be a price, as `Problem` takes it.
        evened: (measure, as balance) of further measures.
        most_moved: most of the measure's load that may change hands, as a share; None = any.
        shares: key of a planned territory (see `terr.workspace.design.planned_territories`) -> share of a full
            territory; by default a chosen rep's capacity, else 1.
        centred: reps' homes stay the centres of their territories; else they are only where the design starts.
        most_km: how far a unit may be from its rep's home, or where its territory starts; None = any.
        starts: (key of a planned territory, unit id it starts around).
        groups: units that stay together.
        whole_states: states, by code, none of which is divided.
        unassigned: most of the measure's load that may stay without a territory, as a share.
    """

    territories: int
    measure: str
    tolerance: float
    names: tuple[str, ...] = ()
    reps: tuple[Rep, ...] = ()
    seed: int = 1
    limits: tuple[MeasureLimit, ...] = ()
    balance: str | float = "Off"
    shape: str = "Medium"
    keep: str | float = "Off"
    most_moved: float | None = None
    shares: tuple[tuple[str, float], ...] = ()
    centred: bool = False
    most_km: float | None = None
    groups: tuple[UnitGroup, ...] = ()
    whole_states: tuple[str, ...] = ()
    unassigned: float = 0.0
    sides: Sides = "both"
    evened: tuple[tuple[str, str | float], ...] = ()
    starts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.territories <= MAX_TERRITORIES:
            raise InputError(
                f"{self.territories} territories can't be made; choose a number from 1 to {MAX_TERRITORIES}"
            )
        check_tolerance(self.tolerance)
        names = [n.strip().casefold() for n in self.names if n.strip()]
        if len(names) > self.territories:
            raise InputError(f"{len(names)} names are given for {self.territories} territories; shorten the list")
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise InputError(f'the name "{twice}" is given twice; give each territory its own')
        if len(self.reps) > self.territories:
            raise InputError(f"{len(self.reps)} reps are chosen for {self.territories} territories; choose fewer reps")
        priorities = (self.balance, self.keep, *(v for _, v in self.evened))
        if any(isinstance(v, str) and v not in WORDS for v in priorities) or self.shape not in SHAPE_WORDS:
            raise InputError("a priority is one of Off, Low, Medium and High; shapes always count a little")
        if self.sides not in SIDES:
            raise InputError(f"a limit holds on one of {', '.join(SIDES)}")
        for what, share in (("may move", self.most_moved), ("may stay unassigned", self.unassigned)):
            if share is not None and not 0 <= share <= 1:
                raise InputError(f"what {what} must lie between 0% and 100%")
        for _, share in self.shares:
            if not SHARES[0] <= share <= SHARES[1]:
                raise InputError("a territory's share must lie between 5% and 500% of a full territory")
        if self.most_km is not None and not self.most_km > 0:
            raise InputError("the largest distance must be above zero; leave it empty for none")
        if not self.reps and (self.centred or (self.most_km is not None and not self.starts)):
            raise InputError("fixed centers and a largest distance need reps with a home; choose reps first")
        _once(self.limits)
        _apart(self.groups)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measure to balance, then those of the further limits."""
        return tuple(dict.fromkeys((self.measure, *(m.measure for m in self.limits), *(m for m, _ in self.evened))))

    @property
    def near_today(self) -> bool:
        """Whether today's plan counts."""
        return self.keep not in ("Off", 0) or self.most_moved is not None

    def prices(self) -> tuple[dict[str, float], float]:
        """(measure -> price of an uneven share, price of change), as `Problem` takes them."""
        weight = SHAPE_WEIGHT[self.shape]
        wished = {m.measure: BALANCE_PRICE["Medium"] / weight for m in self.limits if not m.hard}
        for measure, level in ((self.measure, self.balance), *self.evened):
            price = BALANCE_PRICE[level] / weight if isinstance(level, str) else level
            if price > 0:
                wished[measure] = max(price, wished.get(measure, 0.0))
        return wished, KEEP_PRICE[self.keep] / weight if isinstance(self.keep, str) else self.keep


def bounds_of(
    measure: str, tolerance: float, limits: Sequence[MeasureLimit], sides: Sides = "both"
) -> tuple[dict[str, Limit], dict[str, float], dict[str, float]]:
    """Limits (shares off the target), least loads and most loads, as `Problem` takes them.

    Args:
        measure: the plan's own; tolerance: its limit.
        limits: further ones; one on `measure` narrows its limit.
        sides: of the target on which the tolerance holds, one of `SIDES`.
    """
    under, over = (None if sides == "over" else tolerance, None if sides == "under" else tolerance)
    shares: dict[str, Limit] = {measure: tolerance if sides == "both" else (under, over)}
    floors: dict[str, float] = {}
    caps: dict[str, float] = {}
    for one in limits:
        if not one.hard:
            continue
        if one.as_load:
            if one.low is not None:
                floors[one.measure] = max(one.low, floors.get(one.measure, 0.0))
            if one.high is not None:
                caps[one.measure] = min(one.high, caps.get(one.measure, math.inf))
            continue
        below, above = one.sides()
        if one.measure == measure:
            shares[measure] = (_narrower(under, below), _narrower(over, above))
        else:
            shares[one.measure] = (below, above)
    return shares, floors, caps


def _narrower(one: float | None, other: float | None) -> float | None:
    given = [v for v in (one, other) if v is not None]
    return min(given) if given else None


def to_json(request: DesignRequest, *, miles: bool = True) -> dict[str, Any]:
    """A request as it is kept with the plan; `miles` is how the person reads distances."""
    kept = to_plain(request)
    pairs = {name: dict(kept[name]) for name in ("shares", "starts", "evened")}
    return {**kept, **pairs, "reps": [r.rep_id for r in request.reps], "miles": miles}


def _once(limits: Sequence[MeasureLimit]) -> None:
    seen = set()
    for one in limits:
        key = (one.measure, one.as_load, one.hard)
        if key in seen:
            kind = "as an amount" if one.as_load else "in % of target"
            raise InputError(f"{one.measure} has two more limits {kind}; keep one")
        seen.add(key)


def _apart(groups: Sequence[UnitGroup]) -> None:
    home: dict[str, str] = {}
    for group in groups:
        if len(group.units) < 2:
            raise InputError(f'"{group.name}" keeps fewer than two areas together; add some or remove it')
        for unit in group.units:
            if home.setdefault(unit, group.name) != group.name:
                raise InputError(f'{unit} is in "{home[unit]}" and in "{group.name}"; leave it in one of them')
