"""Quotas of a stored plan: drafted from its facts, proposed, accepted, and the goals beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.ingest.facts.fact_rows import LOST, WON
from terr.model.json_values import read_each, readable, to_plain
from terr.model.person import Person
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.people.attainability import Attainability
from terr.people.goals import Conversion, Goal, activity_targets
from terr.people.quotas import ManagerQuota, QuotaRules, Quotas, QuotaWeights, divide, fair_band
from terr.workspace.facts.kept_facts import joined_facts_of
from terr.workspace.plan.plan_settings import save_setting
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas.basis import KeyedBasis, QuotaPeriod, keyed_basis, read_period
from terr.workspace.quotas.dividing import QuotaPipeline, chances, managers_of, quota_pipeline
from terr.workspace.quotas.goal_figures import goal_figure
from terr.workspace.reps.assignment import ground_of, own_quota_only, people_settings
from terr.workspace.reps.serving import hours_needed
from terr.workspace.reps.territory_ratings import rating_weights
from terr.workspace.workspace import Workspace

GOALS, ASKED_QUOTAS = "goals", "asked_quotas"


@dataclass(frozen=True)
class QuotaRequest:
    """What a person asks on the page: see `divide` and `QuotaRules`; `rated`: potential counts by ratings."""

    target: float
    period: str
    weights: QuotaWeights = field(default_factory=QuotaWeights)
    rules: QuotaRules = field(default_factory=QuotaRules)
    over: float = 1.0
    rated: bool = False


@dataclass(frozen=True, eq=False)
class QuotaDraft:
    """Quotas that aren't proposed yet, by territory.

    Attributes:
        request: what was asked; period: read from it.
        keyed: what they rest on; quotas: the divided target.
        reached: attainability in the order of the rows; managers: their own quotas.
        deals: open and won by row; None where no opportunities are kept.
    """

    request: QuotaRequest
    period: QuotaPeriod
    keyed: KeyedBasis
    quotas: Quotas
    reached: tuple[Attainability, ...]
    managers: tuple[ManagerQuota, ...]
    deals: QuotaPipeline | None = None


@dataclass(frozen=True)
class KeptQuota:
    """One quota of a kept set: territory, rep and money."""

    territory: str
    rep_id: str
    rep: str
    quota: float
    parts: Mapping[str, float] = field(default_factory=dict)
    last: float | None = None


@dataclass(frozen=True)
class QuotaVersion:
    """A proposed, accepted or rejected set as one person may see it.

    Attributes:
        id, period, title, reason, state, by, at, decided_by, decision: of the record.
        target: of the company; rows: those the person may see; hidden: how many others there are.
    """

    id: int
    period: str
    title: str
    reason: str
    state: str
    by: str
    at: datetime
    decided_by: str
    decision: str
    target: float
    rows: tuple[KeptQuota, ...]
    hidden: int


def usual_request(shown: PlanSnapshot, today: date) -> QuotaRequest:
    """What the page opens with: as asked last, else next year and last year's revenue with 5% growth.

    The target is 0 where no revenue is known: then it is the company's to say.
    """
    kept = readable(QuotaRequest, shown.info.settings.get(ASKED_QUOTAS))
    period = str(today.year + 1)
    if "target" in kept:
        return QuotaRequest(**{"period": period, **kept})
    ground = ground_of(shown)
    territory = ground.territory
    keyed = keyed_basis(
        [t.name for t in shown.plan.territories],
        territory,
        [None] * len(shown.plan.territories),
        shown.accounts,
        read_period(period),
    )
    last = 0.0 if keyed.basis.last is None else float(np.nansum(keyed.basis.last))
    step = 10_000.0 if last > 1e6 else 100.0
    target = max(step, round(1.05 * last / step) * step) if last > 0 else 0.0
    return QuotaRequest(target, period, rules=QuotaRules(step=step / 10))


def draft_quotas(ws: Workspace, shown: PlanSnapshot, request: QuotaRequest) -> QuotaDraft:
    """Divide a target over the plan's territories.

    Raises:
        InputError: no territory; a period, weight or limit that can't be.
    """
    if not shown.plan.territories:
        raise InputError("the plan has no territory to give a quota to; generate or draw some first")
    period = read_period(request.period)
    by_id = {r.rep_id: r for r in shown.reps}
    reps = [by_id.get(t.rep) for t in shown.plan.territories]
    ramp, territory = people_settings(shown.info).ramp_profile, ground_of(shown).territory
    orders = joined_facts_of(ws, shown.info.dataset_id, "orders", shown.accounts)
    keyed = keyed_basis(
        [t.name for t in shown.plan.territories],
        territory,
        reps,
        shown.accounts,
        period,
        orders=orders,
        ramp=ramp,
        hours=hours_needed(shown) if request.rules.workload > 0 else None,
    )
    if request.rated:
        keyed = _by_ratings(ws, shown.info.id, keyed)
    opportunities = joined_facts_of(ws, shown.info.dataset_id, "opportunities", shown.accounts)
    deals = None if opportunities is None else quota_pipeline(opportunities, territory, len(reps), period)
    quotas = divide(request.target * request.over, keyed.basis, request.weights, request.rules)
    names = {r.rep_id: r.name for r in shown.reps}
    managers = managers_of(keyed, quotas, request.over, names)
    return QuotaDraft(request, period, keyed, quotas, chances(keyed, quotas, deals), managers, deals)


def _by_ratings(ws: Workspace, scenario_id: str, keyed: KeyedBasis) -> KeyedBasis:
    """The basis with each territory's potential times its rating's weight."""
    weights, said = rating_weights(ws, scenario_id)
    if not said:
        return replace(keyed, notes=(*keyed.notes, "No territory is rated yet; rate some on page Review"))
    if keyed.basis.potential is None:
        return replace(keyed, notes=(*keyed.notes, "Ratings count with potential, which isn't known here"))
    basis = replace(keyed.basis, potential=keyed.basis.potential * weights)
    return replace(keyed, basis=basis, notes=(*keyed.notes, said))


def propose_quotas(ws: Workspace, scenario_id: str, draft: QuotaDraft, title: str, reason: str, by: Person) -> None:
    """Propose a draft to those who decide.

    Raises:
        InputError: texts that can't be kept. RoleError: if the plan isn't theirs to comment on.
    """
    rows = [
        KeptQuota(r.key, "" if rep is None else rep.rep_id, "" if rep is None else rep.name, r.quota, r.parts, r.last)
        for r, rep in zip(draft.quotas.rows, draft.keyed.reps, strict=True)
    ]
    kept = {"request": to_plain(draft.request), "rows": to_plain(rows), "target": draft.quotas.total}
    ws.store.quotas.add(
        scenario_id, draft.period.name, title or f"Quotas for {draft.period.name}", kept, reason=reason, by=by
    )


def remember_request(ws: Workspace, scenario_id: str, request: QuotaRequest) -> None:
    """Keep what was asked with the plan, for the next time."""
    save_setting(ws, scenario_id, ASKED_QUOTAS, to_plain(request))


def settle_quotas(ws: Workspace, scenario_id: str, quotas_id: int, how: str, reason: str, by: Person) -> None:
    """Accept, reject or withdraw a proposal; accepting replaces the period's accepted ones, which stay in the history.

    Raises:
        InputError: another `how`, or a rejection without a reason. RoleError: if it isn't theirs to decide.
        PlanError: if it was settled already.
    """
    if how == "accept":
        ws.store.quotas.accept(scenario_id, quotas_id, decision=reason, by=by)
    elif how == "reject":
        ws.store.quotas.reject(scenario_id, quotas_id, decision=reason, by=by)
    elif how == "withdraw":
        ws.store.quotas.withdraw(scenario_id, quotas_id, by=by)
    else:
        raise InputError(f'quotas can\'t be settled by "{how[:20]}"; accept, reject or withdraw them')


def quota_versions(ws: Workspace, scenario_id: str, reps: tuple[Rep, ...]) -> tuple[QuotaVersion, ...]:
    """All sets of quotas, the newest first, each with the rows the person may see."""
    mine = own_quota_only(ws, scenario_id, reps)
    out = []
    for one in ws.store.quotas.of(scenario_id):
        rows = read_each(KeptQuota, one.kept.get("rows"))
        seen = rows if mine is None else tuple(r for r in rows if r.rep_id in mine)
        target = float(one.kept.get("target") or 0.0) if mine is None else float(sum(r.quota for r in seen))
        out.append(
            QuotaVersion(
                one.id,
                one.period,
                one.title,
                one.reason,
                one.state,
                one.by.name or "me",
                one.at,
                one.decided_by,
                one.decision,
                target,
                seen,
                len(rows) - len(seen),
            )
        )
    return tuple(out)


def quotas_in_force(versions: Sequence[QuotaVersion], period: str = "") -> QuotaVersion | None:
    """The newest accepted set, of a period if one is given."""
    return next((v for v in versions if v.state == "accepted" and period in ("", v.period)), None)


def goals_of(info: ScenarioInfo) -> tuple[Goal, ...]:
    """The goals a plan keeps."""
    return read_each(Goal, info.settings.get(GOALS))


def save_goals(ws: Workspace, scenario_id: str, goals: Sequence[Goal]) -> None:
    """Keep the goals with the plan.

    Raises:
        RoleError: if the plan isn't theirs to edit.
    """
    save_setting(ws, scenario_id, GOALS, to_plain(list(goals)))


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


OWN_METRIC = "My own measure"


def outside_band(draft: QuotaDraft) -> list[str]:
    """Territories whose quota is far from the others' share of potential (or of last period, without potential)."""
    ratios = [r.of_potential if r.of_potential is not None else r.of_last for r in draft.reached]
    values = np.array([np.nan if v is None else v for v in ratios], dtype=np.float64)
    return [draft.reached[k].key for k in np.flatnonzero(fair_band(values)).tolist()]


def monthly_revenue(ws: Workspace, shown: PlanSnapshot, period: str) -> np.ndarray:
    """float64 (m,), revenue by month from a January on, for the season; empty without orders."""
    orders = joined_facts_of(ws, shown.info.dataset_id, "orders", shown.accounts)
    if orders is None:
        return np.zeros(0)
    of = np.zeros(len(shown.accounts), dtype=np.int64)
    return keyed_basis(["all"], of, [None], shown.accounts, read_period(period), orders=orders).monthly


def goal_from(
    ws: Workspace,
    shown: PlanSnapshot,
    title: str,
    metric: str,
    start: float | None,
    target: float | None,
    due: date | None,
    owner: str,
    about: str,
) -> Goal:
    """A goal of the page's form; without a start, today's figure of the measure or KPI.

    Raises:
        InputError: what a SMART goal lacks, in words.
    """
    if target is None:
        raise InputError(f'"{title[:60] or "The goal"}" has no target; enter the figure to reach')
    begin = start
    if begin is None and metric.strip():
        probe = Goal(title or "x", metric, target - 1.0, target, due or today(), owner or "x", about)
        begin = goal_figure(ws, shown, probe)
    return Goal(title, metric, 0.0 if begin is None else begin, target, due, owner, about)


def goals_frame(ws: Workspace, shown: PlanSnapshot, goals: Sequence[Goal]) -> pd.DataFrame:
    """One row per goal with where it stands; progress between 0 and 1 for the bar."""
    rows = []
    for goal in goals:
        now = goal_figure(ws, shown, goal)
        done = goal.progress(now)
        rows.append(
            {
                "Goal": goal.title,
                "Measure": goal.metric,
                "About": goal.about or "The whole plan",
                "Owner": goal.owner,
                "Start": goal.start,
                "Now": now,
                "Target": goal.target,
                "By": goal.due,
                "Progress": None if done is None else min(1.0, max(0.0, done)),
                "Status": goal.status(now, today(), shown.info.created_at.date()),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class UsualConversion:
    """What activity targets start from: deal size, win rate, activities per deal, and where they come from."""

    deal: float
    win_rate: float
    per_deal: Mapping[str, float]
    note: str


def usual_conversion(ws: Workspace, shown: PlanSnapshot) -> UsualConversion:
    """This company's own figures from its deals and activities; round figures, said to be so, where there are none."""
    deals = joined_facts_of(ws, shown.info.dataset_id, "opportunities", shown.accounts)
    per_deal = {"calls": 10.0, "emails": 15.0, "demos": 1.0, "visits": 2.0}
    if deals is None or not (deals.facts.frame["status"] == WON).any():
        return UsualConversion(25_000.0, 0.25, per_deal, "No deals are imported: these are round figures, not yours.")
    status = deals.facts.frame["status"].to_numpy()
    won, lost = int((status == WON).sum()), int((status == LOST).sum())
    size = float(deals.amounts[status == WON].mean())
    note = f"From {won + lost:,} closed deals of this company: mean of {won:,} won, and the share won."
    touches = joined_facts_of(ws, shown.info.dataset_id, "activities", shown.accounts)
    if touches is not None and "type" in touches.facts.frame:
        kinds = touches.facts.frame["type"].astype(str).str.casefold().value_counts()
        per_deal = {str(k): round(int(n) / max(1, len(status)), 2) for k, n in kinds.head(8).items() if k}
        note += f" Activities: {int(kinds.sum()):,} over {len(status):,} deals."
    return UsualConversion(max(size, 0.01), won / (won + lost), per_deal, note)


def activity_plan(gap: float, weeks: float, deal: float, win_rate: float, frame: pd.DataFrame) -> dict[str, float]:
    """Activities a week from the page's table (`Activity`, `Per deal`); see `activity_targets`."""
    per_deal = {
        str(r["Activity"]): float(r["Per deal"])
        for r in frame.to_dict("records")
        if not pd.isna(r["Activity"]) and not pd.isna(r["Per deal"])
    }
    return activity_targets(gap, weeks, Conversion(deal, win_rate, per_deal))
