"""What a plan is held to beside its limit: further limits, shares, groups; checked, and as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from terr.errors import InputError
from terr.model.json_values import readable, to_plain
from terr.workspace.plan.tolerance import Sides

SHARES = (0.05, 5.0)
"""Smallest and largest share of a full territory."""
Share = Annotated[float, Meta(ge=0, le=SHARES[1])]


@dataclass(frozen=True)
class MeasureLimit:
    """A limit on a measure beside the plan's own.

    Attributes:
        measure: its name.
        low, high: least and most, None = no limit on that side.
        as_load: the two are loads in the measure's own unit; else shares of the target (0.9 = 90%).
        hard: must hold; else the measure is only evened out where that costs little shape.
    """

    measure: str
    low: float | None = None
    high: float | None = None
    as_load: bool = False
    hard: bool = True

    def __post_init__(self) -> None:
        if not self.hard:
            return
        for side, value in (("lowest", self.low), ("highest", self.high)):
            if value is not None and (not math.isfinite(value) or value < 0):
                raise InputError(f"the {side} of {self.measure} must be a number above zero; leave it empty for none")
        if self.low is None and self.high is None:
            raise InputError(f"give {self.measure} a minimum or a maximum, or uncheck that it must hold")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(f"the minimum of {self.measure} is above its maximum; swap them")
        if self.as_load:
            return
        if self.low is not None and self.low >= 1:
            raise InputError(f"the minimum of {self.measure} must be below 100% of target: equal shares are the target")
        if self.high is not None and self.high <= 1:
            raise InputError(f"the maximum of {self.measure} must be above 100% of target: equal shares are the target")

    def sides(self) -> tuple[float | None, float | None]:
        """How far below and above its target the load may be, as shares; None = no limit on that side."""
        return (
            None if self.low is None or self.low <= 0 else round(1 - self.low, 12),
            None if self.high is None else round(self.high - 1, 12),
        )


@dataclass(frozen=True)
class UnitGroup:
    """Units that stay together: a name for a person, and their ids."""

    name: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class PlanRules:
    """What a plan is held to beside its measure and limit; kept with the edit that brought it.

    Attributes:
        limits: on further measures, or harder ones on its own.
        groups: units that stay together.
        shares: territory code -> share of a full territory, where it isn't 1.
        unassigned: most of the measure's load that may stay without a territory, as a share.
        whole_states: states, by code, none of which is divided; not as groups, which would be thousands of ZIPs.
        sides: where the plan's own limit holds.
    """

    limits: tuple[MeasureLimit, ...] = ()
    groups: tuple[UnitGroup, ...] = ()
    shares: tuple[tuple[int, float], ...] = ()
    unassigned: Share = 0.0
    whole_states: tuple[str, ...] = ()
    sides: Sides = "both"


NO_RULES = PlanRules()


def rules_json(rules: PlanRules) -> dict[str, Any]:
    """Rules as they are kept with an edit."""
    return {**to_plain(rules), "shares": dict(rules.shares)}


def read_rules(kept: Any) -> PlanRules:
    """Rules from what is kept; what can't be read is left out."""
    found = readable(PlanRules, kept, shares=Mapping[int, Share])
    return PlanRules(**{**found, "shares": tuple(found.get("shares", {}).items())})
