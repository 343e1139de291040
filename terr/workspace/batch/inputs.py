"""What a person asks on a command line, and the accounts of a file laid on the units of a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import measures_per_unit, placed, plan_totals
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.problem_checks import Limit
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.model.units import Units
from terr.report.safe import shown
from terr.view.text import count
from terr.workspace.batch.measure_names import COUNT
from terr.workspace.design.problem import PlanInputs
from terr.workspace.design.request import bounds_of
from terr.workspace.levels import place_name, reasons_line
from terr.workspace.plan.rules import MeasureLimit
from terr.workspace.plan.tolerance import Sides
from terr.workspace.scores.recipe import EMPTY, Recipe

USUAL_LIMIT = 0.05
NamedFile = tuple[str, bytes]
"""A file's name, for messages, and its bytes."""


@dataclass(frozen=True)
class BatchRequest:
    """Where and by what a plan is made, with measures, units, territories and reps as a person calls them.

    A territory is named by its name, its number ("3") or its rep.

    Attributes:
        level: one of `terr.workspace.levels.choices`, or a mixed one; split: names or ids of areas to be split into
            those inside them, or "auto" alone: those that hold more than a territory may.
        region: as `parse_region` takes it, "" for all of a layer of
            one's own.
        measure: what is balanced first.
        limits: measure -> share a load may be off its target, or (below, above) with None for any; `measure` gets 5%
            if it isn't named.
        floors, caps: measure -> least and most load of each territory, in the measure's own unit.
        balance: measure -> how much it counts that its loads are even ("" = the first measure).
        shape, keep: how much compact shapes, and today's territories count; see `DesignRequest`.
        max_moved: most of the first measure's load that may leave its territory; None = any.
        unassigned: most of it that may stay without a territory, as a share.
        shares: territory -> share of a full territory; 1, or its rep's capacity, where not named.
        together: lists of unit ids that stay in one territory; whole_states: states none of which is divided.
        names: of new territories.
        starts: unit id -> territory that starts around it.
        locks: unit id -> territory it must be in; closed: territories that stay as they are; left_out: units that get
            no territory.
        homes: each rep gets a territory and starts from home; reps: only these, by id or name.
        centred: their homes stay the centres; most_km: how far a unit may be from its rep's home, None = any.
        territories: how many to draw; None = those of `plan`.
        plan: today's plan, a file with a row for each unit of the region; today: "owners" = by the owner column.
        owner_answers: to the questions about owners, by key; what isn't answered is as usual.
        roster: a file of reps; by default a sheet of the accounts' workbook.
        as_of: day whose capacity the reps have: start, end, ramp and share of a full person; None = full capacity.
        named: a file of reassigned accounts.
        findings: what was found in the boundaries when they were read, for the report.
        scores: kept definitions, whose measures may be asked for too.
        facts: kind -> file of orders, opportunities, activities or contracts, whose figures may be asked for too.
    """

    level: str
    region: str
    measure: str
    limits: Mapping[str, Limit] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    caps: Mapping[str, float] = field(default_factory=dict)
    balance: Mapping[str, str | float] = field(default_factory=dict)
    shape: str = "Medium"
    keep: str | float = "Off"
    max_moved: float | None = None
    unassigned: float = 0.0
    shares: Mapping[str, float] = field(default_factory=dict)
    together: Sequence[Sequence[str]] = ()
    whole_states: Sequence[str] = ()
    names: Sequence[str] = ()
    starts: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[str, str] = field(default_factory=dict)
    closed: Sequence[str] = ()
    left_out: Sequence[str] = ()
    homes: bool = False
    reps: Sequence[str] = ()
    centred: bool = False
    most_km: float | None = None
    territories: int | None = None
    plan: NamedFile | None = None
    today: str | None = None
    owner_answers: Mapping[str, str] = field(default_factory=dict)
    roster: NamedFile | None = None
    as_of: date | None = None
    split: tuple[str, ...] = ()
    named: NamedFile | None = None
    findings: tuple[str, ...] = ()
    scores: Recipe = EMPTY
    facts: Mapping[str, NamedFile] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that is named, the first one first."""
        return (self.measure, *self.limits, *self.floors, *self.caps, *(m for m in self.balance if m))

    def main_limit(self) -> tuple[float, Sides]:
        """The first measure's limit as `DesignRequest` takes it: the share, and on which sides."""
        limit = self.limits.get(self.measure, USUAL_LIMIT)
        below, above = limit if isinstance(limit, tuple) else (limit, limit)
        if below is not None and above is not None:
            return max(below, above), "both"
        return (above, "over") if above is not None else (below or 0.0, "under")

    def further_limits(self) -> tuple[MeasureLimit, ...]:
        """The limits beside that."""
        out = []
        for measure, limit in self.limits.items():
            below, above = limit if isinstance(limit, tuple) else (limit, limit)
            if measure == self.measure and (below is None or above is None or below == above):
                continue
            low, high = (None if below is None else 1 - below, None if above is None else 1 + above)
            if low is not None or high is not None:
                out.append(MeasureLimit(measure, low, high))
        for measure in dict.fromkeys((*self.floors, *self.caps)):
            floor, cap = self.floors.get(measure), self.caps.get(measure)
            if floor is not None and cap is not None and floor > cap:
                raise InputError(f"the least is above the most of {measure}; swap --floor and --cap")
            out.append(MeasureLimit(measure, floor, cap, as_load=True))
        return tuple(out)

    def bounds(self) -> tuple[dict[str, Limit], dict[str, float], dict[str, float]]:
        """Limits as shares, least loads and most loads, by measure."""
        tolerance, sides = self.main_limit()
        return bounds_of(self.measure, tolerance, self.further_limits(), sides)


@dataclass(frozen=True, eq=False)
class BatchInputs:
    """Accounts laid on the units of a region.

    Attributes:
        accounts, units, reps: what is planned, and who covers it.
        asked: what a plan is held to, with measures by their own names.
        measures: m names, the first is the one balanced first.
        weights: float64 (n_units, m), loads; counts: int64 (n_units,), accounts; of those that follow geography.
        notes: what to know before any plan.
        overrides: accounts that go to a territory by name.
        owned: int32 (n_accounts,), the territory of today's plan that has each account, -1 = none; None = by its unit.
    """

    accounts: Accounts
    units: Units
    reps: tuple[Rep, ...]
    asked: BatchRequest
    measures: tuple[str, ...]
    weights: NDArray[np.float64]
    counts: NDArray[np.int64]
    notes: tuple[Explanation, ...] = ()
    overrides: Overrides = NOBODY_HELD
    owned: NDArray[np.int32] | None = None

    def with_overrides(self, overrides: Overrides, notes: Sequence[Explanation] = ()) -> BatchInputs:
        """The same with accounts that go by name taken out of geography, and notes on them."""
        weights, counts = measures_per_unit(self.accounts, self.units, self.measures, held=overrides)
        return replace(self, overrides=overrides, weights=weights, counts=counts, notes=(*self.notes, *notes))

    def plan_inputs(self, plan: Plan) -> PlanInputs:
        """What the engine's problems of a plan are made of."""
        return PlanInputs(
            self.units,
            plan,
            self.accounts,
            lambda measure: self.weights[:, self.measures.index(measure)],
            self.overrides,
        )

    def left_out(self, plan: Plan) -> tuple[Explanation, ...]:
        """What no territory can have, in accounts and in the first measure: it lies outside the region or nowhere."""
        first = self.measures[0]
        whole = plan_totals(self.accounts, self.units, plan, self.overrides)
        at = whole.measures.index(first)
        out = []
        for code, part, where in (
            ("outside_region", whole.outside, f"outside {place_name(self.units)}"),
            ("unlocated", whole.unlocated, "at no known place"),
        ):
            if part.rows:
                lies, them = ("lies", "it") if part.rows == 1 else ("lie", "them")
                some = count(part.rows, "account")
                load = "" if first == COUNT else f" with {part.loads[at]:,.0f} of {first}"
                why = reasons_line(placed(self.accounts, self.units)) if code == "unlocated" else ""
                out.append(Explanation(code, f"{some}{load} {lies} {where}, so no territory has {them}{why}"))
        return tuple(out)


def chosen_reps(ground: BatchInputs, *, plan: Plan | None = None) -> tuple[Rep, ...]:
    """The reps who are to have a territory; () if homes aren't asked for.

    Args:
        ground: with the roster and what is asked.
        plan: one that stands: without a choice, the reps its territories are named after, if there are any.

    Raises:
        InputError: if there is no roster, or a rep isn't in it.
    """
    asked = ground.asked
    if not (asked.homes or asked.reps or asked.centred or asked.most_km is not None):
        return ()
    if not any(r.covers for r in ground.reps):
        raise InputError(
            "reps' homes are asked for and there is no roster; name one with --roster FILE, or keep it as a sheet of "
            "the accounts' workbook"
        )
    if asked.reps:
        named = tuple(dict.fromkeys(rep_called(ground.reps, text, "--rep") for text in asked.reps))
        away = [r.name for r in named if asked.as_of is not None and not r.active]
        if away:
            raise InputError(f"--rep: {away[0]} won't be working on {asked.as_of}; choose another date or other reps")
        return named
    names = set() if plan is None else {t.name.casefold() for t in plan.territories}
    theirs = tuple(r for r in ground.reps if {r.rep_id.casefold(), r.name.casefold()} & names)
    theirs = tuple(r for r in theirs if r.active or asked.as_of is None)
    return theirs or tuple(r for r in ground.reps if r.covers)


def rep_called(reps: Sequence[Rep], text: str, what: str) -> Rep:
    """The rep of an id, or of a name that only one has.

    Raises:
        InputError: if there is none, or several; `what` begins the message.
    """
    key = text.strip().casefold()
    found = [r for r in reps if r.rep_id.casefold() == key] or [r for r in reps if r.name.casefold() == key]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{what}: {len(found)} reps are called {shown(text)}; give the id, such as {found[0].rep_id}")
    some = ", ".join(r.name for r in reps[:5]) + (" ..." if len(reps) > 5 else "")
    raise InputError(f"{what}: {shown(text)} isn't in the roster; it has {some or 'nobody'}")
