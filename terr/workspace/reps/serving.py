"""Over- and under-served territories of an open plan: hours there are against hours needed, touches against planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.locate import home_points
from terr.model.reps import Rep
from terr.people.capacity import Ramp
from terr.people.serving import NOBODY, OVER, UNDER, Served, advice
from terr.scoring import workload
from terr.scoring.workload import Effort, Tier
from terr.view.text import date_text
from terr.workspace.caches import CacheKind
from terr.workspace.facts.kept_facts import facts_kept, joined_facts_of
from terr.workspace.facts.unjoined_customers import decisions_in
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import PeopleSettings
from terr.workspace.reps.matching import TeamGround
from terr.workspace.reps.scorecard import capacity_at
from terr.workspace.reps.team import account_tiers
from terr.workspace.reps.team_size import SizeRequest
from terr.workspace.workspace import Workspace

_YEAR = 365.0


@dataclass(frozen=True, eq=False)
class ServedPlan:
    """A plan's territories and tiers.

    Attributes:
        territories: in plan order; words: what would even each out, "" for nothing.
        reps: the name of each territory's rep, "" = nobody.
        tiers: of the accounts in territories, by name.
        notes: what was taken for granted.
    """

    territories: tuple[Served, ...]
    words: tuple[str, ...]
    reps: tuple[str, ...]
    tiers: tuple[Served, ...]
    notes: tuple[str, ...]

    @property
    def needed(self) -> float:
        """Hours a year of all accounts in territories."""
        return sum(t.needed for t in self.territories)

    @property
    def planned(self) -> float:
        """Hours a year of all reps who have a territory."""
        return sum(t.planned for t in self.territories)

    @property
    def under(self) -> int:
        """How many territories are under-served, those without anybody included."""
        return sum(t.state in (UNDER, NOBODY) for t in self.territories)

    @property
    def over(self) -> int:
        """How many territories are over-served."""
        return sum(t.state == OVER for t in self.territories)

    def territory_table(self) -> pd.DataFrame:
        """One row per territory, as the page shows it; touches only where activities are known."""
        table = _table("Territory", self.territories)
        table.insert(1, "Rep", [r or "–" for r in self.reps])
        table["What would even it out"] = [w or "–" for w in self.words]
        return table

    def tier_table(self) -> pd.DataFrame:
        """One row per tier."""
        return _table("Tier", self.tiers).drop(columns="State")


def _table(first: str, rows: Sequence[Served]) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            first: [r.key for r in rows],
            "Hours needed": [r.needed for r in rows],
            "Hours planned": [r.planned for r in rows],
            "Served": np.array([np.nan if r.ratio is None else r.ratio for r in rows], dtype=np.float64),
            "State": [r.state for r in rows],
        }
    )
    if any(np.isfinite(r.touches) for r in rows):
        table["Touches planned"] = [r.planned_touches for r in rows]
        table["Touches made"] = [r.touches for r in rows]
        table["Touched"] = np.array([np.nan if r.touched is None else r.touched for r in rows], dtype=np.float64)
    return table


SERVED = CacheKind[tuple[str, int, str, tuple[Rep, ...], str], ServedPlan]("how well plans are served", 6)
"""By scenario, revision, accounts, roster, and what else counts."""


def served_plan(
    ws: Workspace,
    shown: PlanSnapshot,
    settings: PeopleSettings,
    request: SizeRequest,
    day: date,
    *,
    relative: bool = False,
) -> ServedPlan:
    """How well the reps of a plan can serve its accounts.

    Needed hours are calls by tier and travel from the rep's home; planned hours are the selling hours of the rep as of
    the day (of one who has several territories, in proportion to what each needs). A tier gets its part of the planned
    hours of each territory. Touches are activities of the twelve months that end with the newest, or of as many days as
    the activities go back; the calls planned for as many days stand beside them.

    Args:
        ws: where the activities are kept.
        shown: the plan; settings: with the ramp.
        request: calls, minutes and selling hours.
        day: as of which capacity counts.
        relative: scale the hours needed to add up to those planned, which tells who is worse off than the team.

    What is worked out is kept: a redraw of the page takes it from there.

    Raises:
        InputError: no territory; calls, minutes or hours that can't be.
    """
    facts = tuple(k.revision for k in facts_kept(ws, shown.info.dataset_id)) if shown.info.dataset_id else ()
    mapping = ws.store.datasets.get(shown.info.dataset_id).mapping if shown.info.dataset_id else {}
    asked = repr((shown.held.rows.tobytes(), shown.held.codes.tobytes(), settings.ramp, request, day, relative))
    key = (shown.info.id, shown.rev, shown.data, shown.reps, f"{asked} {facts} {decisions_in(mapping)}")
    return ws.caches[SERVED].get_or_make(key, lambda: _served(ws, shown, settings, request, day, relative))


def _served(
    ws: Workspace, shown: PlanSnapshot, settings: PeopleSettings, request: SizeRequest, day: date, relative: bool
) -> ServedPlan:
    territories = shown.plan.territories
    if not territories:
        raise InputError("the plan has no territory to serve; generate or draw some first")
    if not 0 < request.selling_hours <= 8784:
        raise InputError("selling hours a year of one rep must lie above 0 and up to 8,784, such as 1,200")
    k = len(territories)
    by_id = {r.rep_id: r for r in shown.reps}
    reps = [by_id.get(t.rep) for t in territories]
    of, labels, told, work = _work(TeamGround(shown.accounts, shown.units, shown.plan, shown.reps, shown.held), request)
    inside = of >= 0
    hours = work.hours
    needed = np.bincount(of[inside], hours[inside], k).astype(np.float64)
    planned = _planned([t.rep for t in territories], reps, needed, request.selling_hours, day, settings.ramp_profile)
    scale = planned.sum() / needed.sum() if relative and needed.sum() > 0 and planned.sum() > 0 else 1.0
    hours, needed = hours * scale, needed * scale
    calls = {n.casefold(): c for n, c in request.calls.items()}
    planned_calls = np.array([calls.get(str(t).casefold(), 0.0) for t in labels.tolist()])
    touches, share, period = _touches(ws, shown)
    codes, names = pd.factorize(labels[inside], sort=True)
    per_hour = np.divide(planned, needed, out=np.zeros(k), where=needed > 0)

    def rows(keys: Sequence[str], at: NDArray[np.int64], there: NDArray[np.float64]) -> tuple[Served, ...]:
        n = len(keys)
        sums = [np.bincount(at, v[inside], n) for v in (hours, share * planned_calls)]
        made = np.full(n, np.nan) if touches is None else np.bincount(at, touches[inside], n)
        return tuple(
            Served(key, float(sums[0][i]), float(there[i]), float(made[i]), float(sums[1][i]))
            for i, key in enumerate(keys)
        )

    by_territory = rows([t.name for t in territories], of[inside], planned)
    tier_hours = np.bincount(codes, (hours * per_hour[of])[inside], len(names)).astype(np.float64)
    by_tier = rows([str(n) or "No tier" for n in names], codes.astype(np.int64), tier_hours)
    notes = [f"Tiers: {told}", "Hours needed are calls and travel; hours planned are the rep's on the day", *work.notes]
    if scale != 1.0:
        notes.append(f"Hours needed are {scale:.1%} of those at these calls, as many as the reps have together")
    notes.append(period or "Import activities to see touches made beside those planned")
    if away := [
        t.name for t, r, h in zip(territories, reps, planned.tolist(), strict=True) if r is not None and h == 0
    ]:
        notes.append(f"The rep has no capacity on {date_text(day)} in {', '.join(away[:5])}")
    words = advice(by_territory, _beside(shown), request.selling_hours)
    return ServedPlan(by_territory, words, tuple("" if r is None else r.name for r in reps), by_tier, tuple(notes))


def hours_needed(shown: PlanSnapshot, request: SizeRequest | None = None) -> NDArray[np.float64]:
    """float64 (k,), hours a year that each territory needs; see `territory_hours`.

    Args:
        shown: a plan with k territories, 1 or more.
        request: calls and minutes, the usual ones if not given.

    Raises:
        InputError: calls or minutes that can't be.
    """
    ground = TeamGround(shown.accounts, shown.units, shown.plan, shown.reps, shown.held)
    return territory_hours(ground, request)


def territory_hours(ground: TeamGround, request: SizeRequest | None = None) -> NDArray[np.float64]:
    """float64 (k,), hours a year that each territory needs: calls by tier, and travel from the rep's home.

    Args:
        ground: accounts on a plan of k territories, 1 or more.
        request: calls and minutes, the usual ones if not given.

    Raises:
        InputError: calls or minutes that can't be.
    """
    of, _, _, work = _work(ground, request or SizeRequest())
    inside = of >= 0
    return np.bincount(of[inside], work.hours[inside], len(ground.plan.territories)).astype(np.float64)


def account_hours(ground: TeamGround, territory: NDArray[np.int64], k: int) -> workload.Workload:
    """Hours of accounts in any k territories, without known homes: the middle of their accounts stands for it.

    Args:
        ground: gives the accounts and their tiers.
        territory: int64 (n_accounts,), 0..k-1, -1 = none; k: how many.
    """
    labels, _ = account_tiers(ground.accounts)
    request = SizeRequest()
    effort = Effort(tuple(Tier(n, c, request.minutes.get(n, 45.0)) for n, c in request.calls.items()))
    return workload.with_territories(ground.accounts, labels, territory, np.full((k, 2), np.nan), effort)


def _work(
    ground: TeamGround, request: SizeRequest
) -> tuple[NDArray[np.int64], NDArray[np.object_], str, workload.Workload]:
    """Territory and tier of each account, where tiers come from, and the work."""
    by_id = {r.rep_id: r for r in ground.reps}
    of = ground.territory
    labels, told = account_tiers(ground.accounts)
    effort = effort_of(request)
    homes = home_points([by_id[t.rep].home if t.rep in by_id else "" for t in ground.plan.territories])
    return of, labels, told, workload.with_territories(ground.accounts, labels, of, homes, effort)


def effort_of(request: SizeRequest) -> Effort:
    """The calls and minutes of a request.

    Raises:
        InputError: calls or minutes that can't be.
    """
    return Effort(tuple(Tier(n, c, request.minutes.get(n, 45.0)) for n, c in request.calls.items()))


def _planned(
    ids: Sequence[str],
    reps: Sequence[Rep | None],
    needed: NDArray[np.float64],
    selling: float,
    day: date,
    ramp: Ramp,
) -> NDArray[np.float64]:
    """Selling hours a year in each territory; somebody who isn't on the roster counts as nobody."""
    out = np.zeros(len(ids))
    for rep_id in {i for i, r in zip(ids, reps, strict=True) if r is not None}:
        at = [k for k, i in enumerate(ids) if i == rep_id]
        rep = reps[at[0]]
        if rep is None or not rep.active:
            continue
        share = capacity_at(rep, day, ramp)
        # hours of their own are those of this person as a whole, FTE included
        hours = share * selling if rep.hours is None or rep.capacity <= 0 else share / rep.capacity * rep.hours
        want = needed[at]
        out[at] = hours * (want / want.sum() if want.sum() > 0 else np.full(len(at), 1 / len(at)))
    return out


def _touches(ws: Workspace, shown: PlanSnapshot) -> tuple[NDArray[np.float64] | None, float, str]:
    """float64 (n_accounts,) activities in the period, None without any; its share of a year; and which it is."""
    joined = joined_facts_of(ws, shown.info.dataset_id, "activities", shown.accounts)
    if joined is None:
        return None, 1.0, ""
    days = joined.days()
    known = ~np.isnat(days)
    if not known.any():
        return None, 1.0, "No activity has a day, so touches can't be counted; check the column of dates"
    last = days[known].max()
    first = max(days[known].min(), last - np.timedelta64(364, "D"))
    use = known & (days >= first) & (joined.account >= 0)
    counted = np.bincount(joined.account[use], minlength=len(shown.accounts)).astype(np.float64)
    length = int((last - first) / np.timedelta64(1, "D")) + 1
    told = f"Touches are activities from {date_text(first.astype(object))} to {date_text(last.astype(object))}"
    lost = int((known & (days >= first) & (joined.account < 0)).sum())
    if lost:
        told += f"; {lost:,} of them have no account and are left out"
    return counted, length / _YEAR, told


def _beside(shown: PlanSnapshot) -> NDArray[np.bool_]:
    """bool (k, k), which territories share a border."""
    at = {t.code: i for i, t in enumerate(shown.plan.territories)}
    slot = np.array([at.get(int(c), -1) for c in shown.plan.assign.tolist()], dtype=np.int64)
    one = np.repeat(slot, np.diff(shown.units.indptr))
    two = slot[shown.units.indices]
    both = (one >= 0) & (two >= 0) & (one != two)
    out = np.zeros((len(at), len(at)), dtype=np.bool_)
    out[one[both], two[both]] = True
    return out | out.T
