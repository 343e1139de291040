"""What a situation is answered on: a plan with its accounts, people and rules, from the store or from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import account_codes, measure_values, measures_per_unit, override_loads, unit_codes
from terr.edits.layers import areas_alone
from terr.errors import InputError
from terr.locate import home_points
from terr.model.accounts import Accounts
from terr.model.books.book_units import BookUnits
from terr.model.overrides import Overrides
from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.model.units import Units
from terr.people.capacity import Ramp
from terr.workspace.design.problem import PlanInputs
from terr.workspace.design.solve_task import plan_inputs
from terr.workspace.plan.named_accounts import today as this_day
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rules import NO_RULES, PlanRules
from terr.workspace.plan.targets import targets
from terr.workspace.reps.assignment import people_settings
from terr.workspace.reps.homes import home_xy
from terr.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class SituationGround:
    """A plan as it stands when something happens.

    Attributes:
        units, plan, accounts: of the plan; held: accounts that go to a territory by name.
        reps: the roster.
        measure: balanced; currency: its code, "" = no money; tolerance: share a load may be off its target.
        rules: what the plan is held to beside that.
        next_code: first territory code that was never used.
        ramp: of new reps.
        today: dates before it are past.
        scenario_id, rev, name: the stored plan, "" and 0 for one in files.
    """

    units: Units
    plan: Plan
    accounts: Accounts
    held: Overrides
    reps: tuple[Rep, ...]
    measure: str
    tolerance: float
    currency: str = ""
    rules: PlanRules = NO_RULES
    next_code: int = 0
    ramp: Ramp = Ramp()  # noqa: RUF009 (frozen)
    today: date = date.min
    scenario_id: str = ""
    rev: int = 0
    name: str = ""

    @cached_property
    def unit_of(self) -> NDArray[np.int32]:
        """int32 (n_accounts,), unit of each account, below 0 = outside the region or not located."""
        return unit_codes(self.accounts, self.units)

    @cached_property
    def amounts(self) -> NDArray[np.float64]:
        """float64 (n_accounts,), the measure, 0 where blank."""
        out: NDArray[np.float64] = measure_values(self.accounts, (self.measure,))[:, 0]
        return out

    def codes(self, plan: Plan, held: Overrides) -> NDArray[np.int16]:
        """int16 (n_accounts,), territory of each account in a plan, -1 = none."""
        return account_codes(self.accounts, self.units, plan, codes=self.unit_of, held=held)

    def unit_loads(self, held: Overrides) -> NDArray[np.float64]:
        """float64 (n_units,), the measure of the accounts that follow geography."""
        out: NDArray[np.float64] = measures_per_unit(
            self.accounts, self.units, (self.measure,), codes=self.unit_of, held=held
        )[0][:, 0]
        return out

    def loads_and_goals(
        self, plan: Plan, held: Overrides, rules: PlanRules | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """float64 (k,) each, in plan order: loads, targets, and what of the loads goes by name."""
        per_unit = self.unit_loads(held)
        named = override_loads(self.accounts, plan, (self.measure,), held)[0][:, 0]
        slots = plan.slots()
        on = slots >= 0
        load = np.bincount(slots[on], per_unit[on], len(plan.territories)) + named
        shares = dict((rules or self.rules).shares)
        return load, targets(plan, per_unit, shares, named, getattr(self.units, "layer_of", None)), named

    @property
    def apart(self) -> bool:
        """Whether accounts are units: their territories are books."""
        return isinstance(self.units, BookUnits)

    def inputs(self, plan: Plan, held: Overrides) -> PlanInputs:
        """What the engine's problems of a plan are made of."""

        def loads_of(measure: str) -> NDArray[np.float64]:
            out: NDArray[np.float64] = measures_per_unit(
                self.accounts, self.units, (measure,), codes=self.unit_of, held=held
            )[0][:, 0]
            return out

        return PlanInputs(self.units, areas_alone(self.units, plan), self.accounts, loads_of, held)

    def person(self, rep_id: str) -> Rep | None:
        """Somebody on the roster."""
        return next((r for r in self.reps if r.rep_id == rep_id), None)

    def called(self, rep_id: str) -> str:
        """Their name, the id where they aren't on the roster."""
        found = self.person(rep_id)
        return rep_id if found is None else found.name

    def holder(self, territory: Territory) -> str:
        """Who covers a territory, for a reader: the rep, else the territory's own name."""
        return self.called(territory.rep) if territory.rep else territory.name

    def homes(self, territories: Sequence[Territory], reps: Sequence[Rep] = ()) -> NDArray[np.float64]:
        """float64 (k, 2), km in the units' grid: homes of the territories' reps, NaN where none is known."""
        known = {r.rep_id: r for r in (*self.reps, *reps)}
        people = [known.get(t.rep) for t in territories]
        places = home_points([p.home if p is not None else "" for p in people])
        out = np.full((len(territories), 2), np.nan)
        for j, person in enumerate(people):
            if person is not None and not np.isnan(places[j]).any():
                out[j] = home_xy(self.units, [person])[0]
        return out

    def territory_of(self, text: str, what: str) -> Territory:
        """A territory by its rep's id or name, or by its own name.

        Args:
            text: as a person gives it; what: begins the message ("the rep who leaves").

        Raises:
            InputError: if there is none, or if somebody of that name owns nothing.
        """
        wanted = text.strip().casefold()
        ids = {r.rep_id for r in self.reps if wanted in (r.rep_id.casefold(), r.name.casefold())}
        theirs = [t for t in self.plan.territories if t.rep and (t.rep in ids or t.rep.casefold() == wanted)]
        named = [t for t in self.plan.territories if t.name.casefold() == wanted]
        found = theirs or named
        if len(found) > 1:
            some = ", ".join(t.name for t in found[:4])
            raise InputError(f"{what}: {text.strip()[:60]} has {len(found)} territories ({some}); name one of them")
        if found:
            return found[0]
        if ids:
            raise InputError(
                f"{what}: {self.called(next(iter(ids)))} has no territory in this plan, so no account moves; choose "
                "somebody who has one, or assign them a territory first"
            )
        some = ", ".join(self.holder(t) for t in self.plan.territories[:5]) or "no territory yet"
        raise InputError(f'{what}: there is no rep or territory "{text.strip()[:60]}" in this plan; it has {some}')


def ground_of(ws: Workspace, scenario_id: str) -> SituationGround:
    """The ground of a stored plan as it is now.

    Raises:
        LocateError: if it doesn't exist. PlanError: if its boundaries changed or are gone.
    """
    inputs, rev = plan_inputs(ws, scenario_id)
    info = ws.scenario(scenario_id)
    from terr.workspace.accounts.dataset import dataset

    data = dataset(ws, info.dataset_id)
    return SituationGround(
        units=inputs.units,
        plan=ws.plan(scenario_id)[0],
        accounts=inputs.accounts,
        held=inputs.overrides,
        reps=data.reps,
        measure=info.measure,
        tolerance=info.tolerance,
        currency=dict(inputs.accounts.currency).get(info.measure, ""),
        rules=rules_of(ws, info),
        next_code=info.next_code,
        ramp=people_settings(info).ramp_profile,
        today=this_day(),
        scenario_id=scenario_id,
        rev=rev,
        name=info.name,
    )


def without(held: Overrides, code: int) -> Overrides:
    """The accounts that go by name, but for those of one territory: these follow the map from then on."""
    stay = held.codes != code
    return held if stay.all() else replace(held, rows=held.rows[stay], codes=held.codes[stay])
