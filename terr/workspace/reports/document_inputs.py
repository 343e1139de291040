"""What a document is gathered from, whether a plan is open on a page or was named on a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import PlanTotals, account_codes, measures_per_unit, override_loads, plan_totals
from terr.boundaries.layers.catalog import outlines_km
from terr.metrics import Context
from terr.metrics.tally import tally
from terr.model.accounts import Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.units import Units
from terr.report.accounts import Reasons
from terr.report.documents.content import Brand
from terr.view.colors import color
from terr.workspace.facts.performance import FactSet
from terr.workspace.plan.editing import natural
from terr.workspace.plan.plan_settings import NO_WHYS, AccountWhys
from terr.workspace.plan.targets import targets
from terr.workspace.plan.tolerance import within

NO_BRAND = Brand()


def further_columns(whys: AccountWhys, roles: Mapping[str, NDArray[np.object_]]) -> Reasons:
    """Columns of a file of all accounts beside the plan's own: who has them in other roles, and why they are there."""

    def columns(ids: pd.Series[str], territories: Sequence[str]) -> Mapping[str, Any]:
        return {**roles, **whys.columns(ids, territories)}

    return columns


@dataclass(frozen=True)
class QuotaLines:
    """Quotas as a document shows them.

    Attributes:
        period: such as "2027"; state: "accepted", "proposed"; rows: (territory, rep, quota, last period or None).
        hidden: how many others the person may not see.
    """

    period: str
    state: str
    rows: tuple[tuple[str, str, float, float | None], ...]
    hidden: int = 0


@dataclass(frozen=True, eq=False)
class DocumentInputs:
    """A plan with all that is known of it.

    Attributes:
        name: the plan's; place: such as "Texas by county".
        accounts, units, plan, reps, held: what it is made of.
        context: what was measured; its first measure is the one balanced.
        colors: palette index of each territory by code.
        tolerance, sides: the limit; shares: code -> share of a full territory, where it isn't 1.
        baseline: what the plan is compared with, "" = with nothing.
        before_names: code -> name of territories of the plan it is compared with.
        proof: how near the best it is, in a sentence, "" = not proven.
        quotas: None = none are known; facts: None = none are known.
        files: names of the files it rests on; boundaries: title and source of the areas.
        rough: what is to be known of approximate areas, "".
        whys: why Generate put accounts where they are, for books.
        roles: who has each account in other roles, by column (see `role_columns`).
        miles: distances in miles; brand: of the company; made: UTC.
    """

    name: str
    place: str
    accounts: Accounts
    units: Units
    plan: Plan
    reps: tuple[Rep, ...]
    context: Context
    colors: Mapping[int, int]
    tolerance: float
    sides: str = "both"
    held: Overrides = NOBODY_HELD
    shares: Mapping[int, float] = field(default_factory=dict)
    baseline: str = ""
    before_names: Mapping[int, str] = field(default_factory=dict)
    proof: str = ""
    quotas: QuotaLines | None = None
    facts: FactSet | None = None
    files: tuple[str, ...] = ()
    boundaries: tuple[str, str] = ("", "")
    rough: str = ""
    whys: AccountWhys = NO_WHYS
    roles: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    miles: bool = True
    brand: Brand = NO_BRAND
    made: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def measure(self) -> str:
        """The measure balanced."""
        return self.context.measures[0]

    @property
    def currency(self) -> str:
        """Its currency code, "" if it is no money."""
        return dict(self.accounts.currency).get(self.measure, "")

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Positions of the territories in the order a person counts them."""
        names = [t.name for t in self.plan.territories]
        return tuple(sorted(range(len(names)), key=lambda j: natural(names[j])))

    @cached_property
    def rep_names(self) -> tuple[str, ...]:
        """Name of each territory's rep, "" if it has none, in plan order."""
        known = {r.rep_id: r.name for r in self.reps}
        return tuple(known.get(t.rep, t.rep) for t in self.plan.territories)

    @cached_property
    def fills(self) -> tuple[str, ...]:
        """Hex color of each territory, in plan order."""
        return tuple(color(self.colors.get(t.code, t.color)) for t in self.plan.territories)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The accounts' measures, the one balanced first."""
        known = [self.measure] if self.measure in self.accounts.measures else []
        return tuple(dict.fromkeys((*known, *self.accounts.figures)))

    @cached_property
    def every_measure(self) -> Context:
        """The plan measured by all of the accounts' measures, in their order; nothing is compared."""
        measures = self.accounts.measures
        weights, counts = measures_per_unit(self.accounts, self.units, measures, held=self.held)
        by_name, named = override_loads(self.accounts, self.plan, measures, self.held)
        shares = dict(self.shares)
        goals = [targets(self.plan, weights[:, j], shares, by_name[:, j]) for j in range(len(measures))]
        counted = tally(self.plan, self.units, weights, counts)
        outlines = partial(outlines_km, self.units)
        return Context(counted, measures, np.column_stack(goals), by_name, named, outlines=outlines)

    @cached_property
    def loads(self) -> NDArray[np.float64]:
        """float64 (k, m), sums of `measures` per territory, accounts by name included."""
        context = self.every_measure
        at = [context.measures.index(m) for m in self.measures if m in context.measures]
        return context.load[:, at]

    @cached_property
    def totals(self) -> PlanTotals:
        """accepted = assigned + unassigned + outside + unlocated."""
        return plan_totals(self.accounts, self.units, self.plan, self.held)

    @cached_property
    def territory_of(self) -> NDArray[np.int64]:
        """int64 (n_accounts,), position of each account's territory in the plan, -1 = none."""
        codes = account_codes(self.accounts, self.units, self.plan, held=self.held).astype(np.int64)
        at = np.full(32_002, -1, dtype=np.int64)
        for j, code in enumerate(self.plan.codes):
            at[code] = j
        return at[codes]

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """bool (k,), within the limit."""
        return within(self.context.deviation[:, 0], self.tolerance, self.sides)
