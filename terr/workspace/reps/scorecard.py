"""The team of an open plan in figures: fairness by rep, skills against demand, capacity as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.locate import home_points
from terr.model.accounts import Accounts
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.people.capacity import Ramp, Service, capacity_on
from terr.people.fairness import Fairness, fairness
from terr.people.skills import SkillNeed, SkillWords, inventory
from terr.scoring import workload
from terr.scoring.workload import Effort, Tier
from terr.view.text import date_text
from terr.workspace.caches import CacheKind
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import PeopleSettings, ground_of, needs_of
from terr.workspace.reps.team import (
    POTENTIAL_WORDS,
    REVENUE_WORDS,
    account_tiers,
    amounts,
    measure_named,
    needed_skills,
)
from terr.workspace.reps.team_size import SELLING_HOURS, USUAL_CALLS, USUAL_MINUTES
from terr.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Fairness by rep.

    Attributes:
        reps: names; capacity: float64 (r,), shares of a full rep on the day.
        figures: one per measure, in the order shown.
        table: one row per rep: `Rep`, `Territory`, `Capacity` and the measures' sums, not per capacity.
        notes: what was taken for granted.
    """

    reps: tuple[str, ...]
    capacity: NDArray[np.float64]
    figures: tuple[Fairness, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Red flags of all measures."""
        return tuple(f for one in self.figures for f in one.flags)


CARDS = CacheKind[tuple[str, int, str, tuple[Rep, ...], str], Scorecard]("scorecards", 6)
"""By scenario, revision, accounts, roster, and what else counts."""


def kept_scorecard(
    ws: Workspace,
    shown: PlanSnapshot,
    settings: PeopleSettings,
    day: date,
    quotas: Mapping[str, float] | None = None,
) -> Scorecard:
    """`scorecard`, worked out once for each question."""
    told = None if quotas is None else sorted(quotas.items())
    asked = repr((shown.held.rows.tobytes(), shown.held.codes.tobytes(), settings, day, told))
    key = (shown.info.id, shown.rev, shown.data, shown.reps, asked)
    return ws.caches[CARDS].get_or_make(key, lambda: scorecard(shown, settings, day, quotas))


def scorecard(
    shown: PlanSnapshot, settings: PeopleSettings, day: date, quotas: Mapping[str, float] | None = None
) -> Scorecard:
    """How fairly a plan treats its reps, per unit of capacity.

    Args:
        shown: the plan.
        settings: with the ramp.
        day: as of which capacity counts.
        quotas: rep_id -> quota; by default those of the roster.
    """
    return scorecard_of(shown.accounts, shown.plan, shown.reps, ground_of(shown).territory, settings, day, quotas)


def scorecard_of(
    accounts: Accounts,
    plan: Plan,
    roster: Sequence[Rep],
    territory: NDArray[np.int64],
    settings: PeopleSettings,
    day: date,
    quotas: Mapping[str, float] | None = None,
) -> Scorecard:
    """The same of any point of a plan's history.

    Args:
        accounts, plan, roster: n accounts, the plan, and who may cover it.
        territory: int64 (n,), position of each account's territory in the plan, -1 = in none.
        settings, day, quotas: see `scorecard`.
    """
    owners = [(k, t) for k, t in enumerate(plan.territories) if t.rep]
    by_id = {r.rep_id: r for r in roster}
    ids = list(dict.fromkeys(t.rep for _, t in owners))
    names = tuple(by_id[i].name if i in by_id else i for i in ids)
    at = {i: j for j, i in enumerate(ids)}
    of_territory = np.full(len(plan.territories) + 1, -1, dtype=np.int64)
    for k, t in owners:
        of_territory[k] = at[t.rep]
    rep = of_territory[territory]  # -1 picks the last one
    there, r = rep >= 0, len(ids)

    def sums(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        return None if values is None else np.bincount(rep[there], values[there], r).astype(np.float64)

    tier, told = account_tiers(accounts)
    revenue = sums(amounts(accounts, measure_named(accounts, REVENUE_WORDS)))
    potential = sums(amounts(accounts, measure_named(accounts, POTENTIAL_WORDS)))
    hours, road = _hours(accounts, rep, [by_id.get(i) for i in ids], tier)
    quota = np.array([_quota(by_id.get(i), i, quotas) for i in ids])
    ratio = None
    if potential is not None:
        ratio = np.divide(quota, potential, out=np.full(r, np.nan), where=potential > 0)
    capacity = np.array([capacity_at(by_id[i], day, settings.ramp_profile) if i in by_id else 1.0 for i in ids])
    values: dict[str, NDArray[np.float64] | None] = {
        "Potential": potential,
        "Revenue": revenue,
        "Hours": hours,
        "Travel hours": road,
        "Accounts": sums(np.ones(len(accounts))),
        "A accounts": sums((tier == "A").astype(np.float64)),
        "Quota": None if np.isnan(quota).all() else quota,
    }
    figures = [fairness(name, names, v, capacity) for name, v in values.items()]
    figures.append(fairness("Quota / potential", names, ratio, np.where(capacity > 0, 1.0, 0.0)))
    table = pd.DataFrame({"Rep": names, "Territory": [_territories(plan, i) for i in ids], "Capacity": capacity})
    for name, v in values.items():
        if v is not None:
            table[name] = v
    if ratio is not None:
        table["Quota / potential"] = ratio
    notes = [f"Tiers: {told}", "Hours are calls by tier and travel from the rep's home, as in How many reps"]
    if r < len(plan.territories):
        notes.append(f"{len(plan.territories) - len(owners)} territories have no rep and are left out")
    return Scorecard(names, capacity, tuple(figures), table, tuple(notes))


def _territories(plan: Plan, rep_id: str) -> str:
    return ", ".join(t.name for t in plan.territories if t.rep == rep_id)


def _quota(rep: Rep | None, rep_id: str, quotas: Mapping[str, float] | None) -> float:
    if quotas is not None:
        return quotas.get(rep_id, np.nan)
    return np.nan if rep is None or rep.quota is None else rep.quota


def capacity_at(rep: Rep, day: date, ramp: Ramp) -> float:
    """Share of a full rep on a day: FTE x ramp, 0 before the start and after the end."""
    return capacity_on(Service(rep.start, rep.end, rep.capacity), day, ramp)


def usual_effort() -> Effort:
    """The usual calls and minutes by tier."""
    return Effort(tuple(Tier(n, USUAL_CALLS[n], USUAL_MINUTES[n]) for n in USUAL_CALLS))


def _hours(
    accounts: Accounts, rep: NDArray[np.int64], reps: list[Rep | None], tier: NDArray[np.object_]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Hours a year of each rep and those on the road, None where nobody covers anything."""
    if not (rep >= 0).any():
        return None, None
    homes = home_points(["" if r is None else r.home for r in reps])
    done = workload.with_territories(accounts, tier, rep, homes, usual_effort()).table
    hours, road = np.full(len(reps), np.nan), np.full(len(reps), np.nan)
    rows = done["territory"].to_numpy(dtype=np.int64)
    mine = (rows >= 0) & (rows < len(reps))
    hours[rows[mine]] = done["hours"].to_numpy()[mine]
    road[rows[mine]] = done["travel hours"].to_numpy()[mine]
    return hours, road


def skill_needs(shown: PlanSnapshot, settings: PeopleSettings) -> tuple[SkillNeed, ...]:
    """What segments need against who has it; hours are calls by tier, without travel."""
    accounts, words = shown.accounts, SkillWords(dict(settings.same_skills))
    needs = needs_of(shown, settings)
    needed = needed_skills(accounts, needs, words)
    tier, _ = account_tiers(accounts)
    each = {n.casefold(): USUAL_CALLS[n] * USUAL_MINUTES[n] / 60 for n in USUAL_CALLS}
    hours = np.array([each.get(str(t).casefold(), 0.0) for t in tier.tolist()])
    revenue = amounts(accounts, measure_named(accounts, REVENUE_WORDS))
    team = [
        (r.name, r.skills, (r.hours or SELLING_HOURS * r.capacity))
        for r in shown.reps
        if r.active and r.role != "manager"
    ]
    same = {skill: words.of(skill) for skill in needs.values()}
    return inventory(
        {key: skill for skill, key in same.items()},
        needed,
        np.ones(len(accounts)) if revenue is None else revenue,
        hours,
        team,
        words,
    )


def least_even(card: Scorecard) -> str:
    """The measure with most variation per full rep among those with a red flag; "" if nothing stands out."""
    worst = max((f for f in card.figures if f.cv_pct is not None), key=lambda f: f.cv_pct or 0.0, default=None)
    return worst.measure if worst is not None and worst.flags else ""


LEAST_SHARE = 0.05
"""Of a full territory: somebody in the first month still gets one, if a small one."""


def reps_as_of(reps: Sequence[Rep], day: date | None, ramp: Ramp) -> tuple[Rep, ...]:
    """The reps with the capacity they have on a day, for targets that follow it; as they are without a day.

    Raises:
        InputError: if one of them doesn't work on that day.
    """
    if day is None:
        return tuple(reps)
    away = [r.name for r in reps if (r.start and day < r.start) or (r.end and day > r.end)]
    if away:
        raise InputError(
            f"{', '.join(away[:4])} won't be working on {date_text(day)}; choose another date or other reps"
        )
    return tuple(replace(r, capacity=max(LEAST_SHARE, capacity_at(r, day, ramp))) for r in reps)
