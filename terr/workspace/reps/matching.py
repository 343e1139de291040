"""Who covers which territory: fit of each rep and territory, matched to proven optimality, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import account_codes, measures_per_unit
from terr.engine.matching import match
from terr.errors import InputError
from terr.locate import home_points
from terr.model.accounts import COUNT, Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.units import Units
from terr.people.fit import (
    FIT_PARTS,
    Fit,
    FitWeights,
    demand,
    fit,
    relationships_lost,
    seniority_short,
    skills_missing,
    why,
)
from terr.people.skills import SkillWords
from terr.scoring import travel
from terr.scoring.workload import Effort
from terr.view.text import MILE_KM, count
from terr.workspace.reps.team import (
    POTENTIAL_WORDS,
    REVENUE_WORDS,
    account_tiers,
    amounts,
    covering,
    measure_named,
    needed_skills,
    owner_codes,
)

__all__ = ["FitWeights"]  # of another floor, for the command line and pages

FAR_HOURS = 4.0
"""A home more than so many hours away is flagged, unless another limit is chosen."""


@dataclass(frozen=True)
class MatchRequest:
    """What a matching is asked for.

    Attributes:
        weights: of the parts of fit.
        needs: segment -> skill it requires.
        locks: territory code -> rep_id that stays.
        same_skills: synonym -> skill.
        far_hours: a home farther away is flagged.
    """

    weights: FitWeights = field(default_factory=FitWeights)
    needs: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[int, str] = field(default_factory=dict)
    same_skills: Mapping[str, str] = field(default_factory=dict)
    far_hours: float = FAR_HOURS


@dataclass(frozen=True)
class MatchPair:
    """One territory and its rep.

    Attributes:
        code, territory: of the territory; rep_id, rep: who is to cover it.
        today_id, today: who covers it now, "" = nobody.
        cost: in hours of driving; parts: by `FIT_PARTS`; miles: by road, None = home unknown.
        second_id, second: next best, "" = none; second_cost: what it would cost more in all, None = none.
        why: in one sentence; far: the home is farther away than allowed; locked: by the person.
        today_cost: of today's rep on this territory, None = nobody.
    """

    code: int
    territory: str
    rep_id: str
    rep: str
    today_id: str
    today: str
    cost: float
    parts: Mapping[str, float]
    miles: float | None
    second_id: str
    second: str
    second_cost: float | None
    why: str
    far: bool
    locked: bool
    today_cost: float | None


@dataclass(frozen=True)
class TeamMatch:
    """Who is to cover what.

    Attributes:
        pairs: one per matched territory, in plan order.
        left_territories, left_reps: names of those without the other.
        total, bound: of all pairs, in hours of driving; status: "optimal".
        today_total: what today's assignment costs where every territory has a rep on the roster, None otherwise.
        notes: what was taken for granted.
    """

    pairs: tuple[MatchPair, ...]
    left_territories: tuple[str, ...]
    left_reps: tuple[str, ...]
    total: float
    bound: float
    status: str
    today_total: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TeamGround:
    """What a matching is made of: accounts on the territories of a plan, and the reps who can cover them."""

    accounts: Accounts
    units: Units
    plan: Plan
    reps: tuple[Rep, ...]
    held: Overrides = NOBODY_HELD

    @property
    def territory(self) -> NDArray[np.int64]:
        """int64 (n_accounts,), position of each account's territory in the plan, -1 = in none."""
        at = {t.code: k for k, t in enumerate(self.plan.territories)}
        codes = account_codes(self.accounts, self.units, self.plan, held=self.held)
        return np.array([at.get(int(c), -1) for c in codes.tolist()], dtype=np.int64)


def match_team(ground: TeamGround, request: MatchRequest) -> TeamMatch:
    """Match the plan's territories and the reps who can cover them.

    Raises:
        InputError: no territory or no rep; a segment nobody is in; a lock that can't be.
        SolveError: if the solver fails.
    """
    reps, territories = covering(ground.reps), ground.plan.territories
    if not territories:
        raise InputError("the plan has no territory to cover; generate or draw some first")
    if not reps:
        raise InputError("nobody on the roster can cover a territory; add active people with the role rep")
    found, told, context = _fit(ground, reps, request)
    at = {r.rep_id: j for j, r in enumerate(reps)}
    codes = {t.code: i for i, t in enumerate(territories)}
    locks = {codes[c]: at[r] for c, r in request.locks.items() if c in codes and r in at}
    if len(locks) < len(request.locks):
        told.append("A lock on somebody who can't cover a territory any more was left out")
    done = match(found.cost, locks)
    pairs = tuple(
        _pair(i, int(done.rep_of[i]), ground, reps, found, done, request, i in locks, at, context)
        for i in range(len(territories))
        if done.rep_of[i] >= 0
    )
    used = {p.rep_id for p in pairs}
    today = [at.get(t.rep) for t in territories]
    whole = None if None in today else float(sum(found.cost[i, j] for i, j in enumerate(today)))
    return TeamMatch(
        pairs,
        tuple(t.name for i, t in enumerate(territories) if done.rep_of[i] < 0),
        tuple(r.name for r in reps if r.rep_id not in used),
        done.total,
        done.bound,
        done.status,
        whole,
        tuple(told),
    )


@dataclass(frozen=True, eq=False)
class _Reasons:
    """For the sentences: share of revenue that needs a skill (t,), A accounts by owner (t, r + 1) and in all (t,)."""

    skill_share: NDArray[np.float64]
    a_owned: NDArray[np.int64]
    a_all: NDArray[np.int64]
    owned: NDArray[np.bool_]


def _fit(ground: TeamGround, reps: Sequence[Rep], request: MatchRequest) -> tuple[Fit, list[str], _Reasons]:
    accounts, territory = ground.accounts, ground.territory
    t, r, told = len(ground.plan.territories), len(reps), list[str]()
    measure = revenue_measure(accounts)
    revenue = amounts(accounts, measure)
    if revenue is None:
        revenue = np.ones(len(accounts))
        told.append("No measure of revenue is known, so every account counts alike")
    else:
        told.append(f"Shares are of {measure}")
    words = SkillWords(dict(request.same_skills))
    needed = needed_skills(accounts, request.needs, words)
    has = [frozenset(words.of(s) for s in x.skills) for x in reps]
    for skill in sorted({str(s) for s in needed.tolist()} - {""}):
        if not any(skill in h for h in has):
            told.append(f"Nobody who can cover a territory has the skill {skill}")
    owner = owner_codes(accounts, reps)
    if not (owner >= 0).any():
        told.append("No account names an owner, so no relationship is counted as lost")
    tier, _ = account_tiers(accounts)
    is_a = tier == "A"
    potential = amounts(accounts, measure_named(accounts, POTENTIAL_WORDS))
    there = territory >= 0
    a_all = np.bincount(territory[there & is_a], minlength=t)
    number = np.maximum(np.bincount(territory[there], minlength=t), 1)
    per_territory: list[NDArray[np.float64]] = [np.asarray(a_all / number, dtype=np.float64)]
    if potential is not None:
        per_territory.append(np.asarray(np.bincount(territory[there], potential[there], t), dtype=np.float64))
    levels = np.array([np.nan if x.level is None else float(x.level) for x in reps])
    if not np.isfinite(levels).any():
        told.append("No seniority level is known, so seniority doesn't count")
    miles, hours = home_travel(territory_centers(ground, measure), home_points([r.home for r in reps]))
    unknown = [x.name for j, x in enumerate(reps) if bool(np.isnan(miles[:, j]).all())]
    if unknown:
        told.append(
            f"No home is known for {', '.join(unknown[:4])}{' and others' if len(unknown) > 4 else ''}; a day counts"
        )
    found = fit(
        hours,
        miles,
        skills_missing(revenue, territory, needed, has, t),
        relationships_lost(revenue, territory, owner, t, r),
        seniority_short(demand(*per_territory), levels),
        request.weights,
    )
    both = there & is_a & (owner >= 0)
    a_owned = np.bincount(territory[both] * (r + 1) + owner[both], minlength=t * (r + 1)).reshape(t, r + 1)
    lacking = skills_missing(revenue, territory, needed, [frozenset()], t)[:, 0]
    owned = np.bincount(territory[there & (owner >= 0)], minlength=t) > 0
    return found, told, _Reasons(lacking, a_owned, a_all, owned)


def revenue_measure(accounts: Accounts) -> str:
    """The measure that is revenue, else the first one, "" if there is none."""
    return measure_named(accounts, REVENUE_WORDS) or next((m for m in accounts.measures if m != COUNT), "")


def territory_centers(ground: TeamGround, measure: str) -> NDArray[np.float64]:
    """Where each territory's center lies, float64 (t, 2): latitude and longitude in degrees, NaN where it has no unit.

    The middle of the territory's units weighted by the measure, or of all its units where it has none of it.
    """
    units, plan = ground.units, ground.plan
    sums, counts = measures_per_unit(ground.accounts, units, (measure,) if measure else (), held=ground.held)
    weight = np.clip(sums[:, 0], 0, None) if measure else counts.astype(np.float64)
    centers = np.full((len(plan.territories), 2), np.nan)
    for i, one in enumerate(plan.territories):
        mine = plan.assign == one.code
        if mine.any():
            by = weight[mine] if weight[mine].sum() > 0 else None
            centers[i] = np.average(units.lat_lon[mine], axis=0, weights=by)
    return centers


def home_travel(
    centers: NDArray[np.float64], homes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimated miles by road and hours one way from each home to each center.

    Road factor and speed are those of `terr.scoring.workload.Effort`.

    Args:
        centers: float64 (t, 2), degrees.
        homes: float64 (r, 2), degrees.

    Returns:
        Two float64 (t, r); NaN where a center or a home isn't known.
    """
    effort = Effort()
    a, b = travel.xyz(centers[:, 0], centers[:, 1]), travel.xyz(homes[:, 0], homes[:, 1])
    km = travel.distance(a[:, None, :], b[None, :, :]) * effort.road_factor
    return km / MILE_KM, km / effort.speed_kmh


def _pair(
    i: int,
    j: int,
    ground: TeamGround,
    reps: Sequence[Rep],
    found: Fit,
    done: Any,
    request: MatchRequest,
    locked: bool,
    at: Mapping[str, int],
    reasons: _Reasons,
) -> MatchPair:
    one = ground.plan.territories[i]
    parts = dict(zip(FIT_PARTS, found.parts[i, j].tolist(), strict=True))
    names = {r.rep_id: r.name for r in ground.reps}
    second = int(done.second[i])
    miles = float(found.miles[i, j])
    said = why(
        parts,
        miles=miles,
        skill_share=float(reasons.skill_share[i]),
        owned=bool(reasons.owned[i]),
        a_accounts=(int(reasons.a_owned[i, j]), int(reasons.a_all[i])),
    )
    now = at.get(one.rep)
    return MatchPair(
        one.code,
        one.name,
        reps[j].rep_id,
        reps[j].name,
        one.rep,
        names.get(one.rep, one.rep),
        float(found.cost[i, j]),
        parts,
        None if np.isnan(miles) else miles,
        "" if second < 0 else reps[second].rep_id,
        "" if second < 0 else reps[second].name,
        None if second < 0 else float(done.second_cost[i]),
        said[0].upper() + said[1:],
        not np.isnan(miles) and parts["travel_hours"] > request.far_hours,
        locked,
        None if now is None else float(found.cost[i, now]),
    )


def match_json(found: TeamMatch) -> dict[str, Any]:
    """The contract of `terr match --json`."""
    return {
        "pairs": [
            {
                "territory": p.territory,
                "rep": p.rep_id,
                "rep_name": p.rep,
                "today": p.today_id or None,
                "cost": p.cost,
                "parts": dict(p.parts),
                "miles": p.miles,
                "second": None if p.second_cost is None else {"rep": p.second_id, "cost": p.second_cost},
                "why": p.why,
                "far": p.far,
                "locked": p.locked,
            }
            for p in found.pairs
        ],
        "unmatched_territories": list(found.left_territories),
        "unmatched_reps": list(found.left_reps),
        "total": found.total,
        "bound": found.bound,
        "status": found.status,
        "today_total": found.today_total,
        "notes": list(found.notes),
    }


def far_line(found: TeamMatch, hours: float) -> str:
    """Who lives farther away than allowed, in a sentence; "" if nobody does."""
    far = [f"{p.rep} ({p.territory})" for p in found.pairs if p.far]
    return f"{count(len(far), 'home')} more than {hours:g} hours away: {', '.join(far[:5])}" if far else ""
