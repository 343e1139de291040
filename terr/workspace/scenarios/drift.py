"""How far a plan's balance is off with newer accounts, before it is given them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terr.metrics import balance
from terr.model.scenario import ScenarioInfo
from terr.view.text import count, percent, short
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.snapshot import loads_and_targets
from terr.workspace.plan.tolerance import within, within_words
from terr.workspace.workspace import Workspace


@dataclass(frozen=True)
class Drift:
    """A plan with its own accounts and with others.

    Attributes:
        info: the plan; territories: how many it has; currency: of its measure.
        total: the measure in its region, before and after.
        deviation: largest |load / target - 1|, before and after.
        outside: territories outside the limit, before and after.
        worst: the territory whose load is farthest from its target after, on a side where the limit holds, and by how
            much; "" without any.
        sides: where the limit holds, see `terr.workspace.plan.tolerance`.
    """

    info: ScenarioInfo
    territories: int
    currency: str
    total: tuple[float, float]
    deviation: tuple[float, float]
    outside: tuple[int, int]
    worst: tuple[str, float]
    sides: str = "both"

    @property
    def sentence(self) -> str:
        """Such as "Revenue $1.2M → $1.3M; max deviation 4.6% → 7.2%; 2 of 12 territories outside ±5%, ..."."""
        limit, (name, off) = 100 * self.info.tolerance, self.worst
        allowed = within_words(self.info.tolerance, self.sides)
        a, b = (percent(100 * d, limit=limit) for d in self.deviation)
        was, now = (short(t, self.currency) for t in self.total)
        out = f"{self.info.measure} {was} → {now}; max deviation {a} → {b}; "
        if not self.outside[1]:
            return out + f"every territory within {allowed}"
        of = count(self.territories, "territory", "territories")
        far = f"{name} ({percent(100 * off, signed=True, limit=limit)})"
        return out + f"{self.outside[1]:,} of {of} outside {allowed}, most of all {far}"


def drift(ws: Workspace, info: ScenarioInfo, dataset_id: str) -> Drift:
    """What a plan would be with the accounts of another data set.

    Raises:
        InputError: if they don't have its measure. PlanError: if its boundaries are gone.
    """
    plan, rules = ws.plan(info.id)[0], rules_of(ws, info)
    totals, largest, outside, worst = [], [], [], ("", 0.0)
    for one in (info, replace(info, dataset_id=dataset_id)):
        load, goal = loads_and_targets(ws, one, dataset(ws, one.dataset_id), plan, info.measure, rules)
        off = balance.deviation(load, goal)
        totals.append(float(load.sum()))
        largest.append(float(np.abs(off).max(initial=0.0)))
        outside.append(int((~within(off, info.tolerance, rules.sides)).sum()))
        if len(off):
            at = int({"both": np.abs(off), "over": off, "under": -off}[rules.sides].argmax())
            worst = (plan.territories[at].name, float(off[at]))
    currency = dict(dataset(ws, dataset_id).accounts.currency).get(info.measure, "")
    pairs = (totals[0], totals[1]), (largest[0], largest[1]), (outside[0], outside[1])
    return Drift(info, len(plan.territories), currency, *pairs, worst, rules.sides)
