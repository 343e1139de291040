"""Where a territory stands: load against target, quota, capacity, and its figures beside last year's and the team's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terr.errors import InputError
from terr.model.reps import Rep
from terr.planbook.view import PlanFigure, PlanSection, PlanTable
from terr.view.text import count, date_text, number, percent, short, unit_noun
from terr.workspace.performance.kpis import BY_KEY, missing
from terr.workspace.performance.periods import period_text
from terr.workspace.quotas.basis import QuotaPeriod, capacity_of, read_period
from terr.workspace.quotas.planning import quota_versions, quotas_in_force
from terr.workspace.reps.assignment import own_quota_only, people_settings
from terr.workspace.reps.team_size import SELLING_HOURS
from terr.workspace.territory_plans.ground import PlanbookGround
from terr.workspace.workspace import Workspace

SHOWN = (
    "revenue",
    "customers",
    "new_customers",
    "nrr",
    "won_amount",
    "win_rate_shrunk",
    "deal_median",
    "cycle_days_median",
    "open_amount",
    "coverage",
    "untouched",
)
"""Figures of the table, as far as there are facts for them."""


@dataclass(frozen=True)
class TerritoryQuota:
    """A territory's quota, None = none known (or not this person's to see), and where it comes from."""

    amount: float | None
    source: str = ""
    hidden: bool = False


def rep_of(g: PlanbookGround, at: int) -> Rep | None:
    """Who owns a territory, None = nobody on the roster."""
    wanted = g.shown.plan.territories[at].rep
    return next((r for r in g.shown.reps if r.rep_id == wanted), None)


def quota_of(ws: Workspace, g: PlanbookGround, at: int, period: str) -> TerritoryQuota:
    """The accepted quota of the period, else that of the roster."""
    rep, territory = rep_of(g, at), g.shown.plan.territories[at]
    seen = own_quota_only(ws, g.shown.info.id, g.shown.reps)
    if seen is not None and territory.rep not in seen:
        return TerritoryQuota(None, hidden=True)
    accepted = quotas_in_force(quota_versions(ws, g.shown.info.id, g.shown.reps), period)
    for row in () if accepted is None else accepted.rows:
        if row.territory == territory.name:
            return TerritoryQuota(row.quota, f"accepted for {accepted.period}" if accepted else "")
    if rep is not None and rep.quota is not None:
        return TerritoryQuota(rep.quota, "a year, from the roster")
    return TerritoryQuota(None)


def standing(ws: Workspace, g: PlanbookGround, at: int, period: str) -> PlanSection:
    """The section."""
    shown, row = g.shown, g.shown.table.iloc[at]
    rep, quota = rep_of(g, at), quota_of(ws, g, at, period)
    figures = [
        PlanFigure(shown.measure, short(float(row["load"]), shown.currency), _against(g, at)),
        PlanFigure(
            "Accounts",
            number(float(row["accounts"])),
            count(int(row["units"]), unit_noun(shown.info.level, 1), unit_noun(shown.info.level)),
        ),
    ]
    if quota.amount is not None:
        figures.append(PlanFigure("Quota", short(quota.amount, g.money or g.currency), quota.source))
    figures.append(_hours(g, at, rep, period))
    lacking = []
    if rep is None:
        lacking.append("Nobody on the roster covers this territory; assign a rep on Reps, or import a roster there.")
    if quota.amount is None and not quota.hidden:
        lacking.append("No quota yet: divide and accept one on Quotas, or add a column Quota to the roster.")
    kinds = g.kinds
    for kind, brings in missing(kinds):
        if kind != "quotas":
            lacking.append(f"A file of {kind}, imported on Accounts, brings {_listed(brings)}.")
    tables: tuple[PlanTable, ...] = ()
    sentences: list[str] = []
    if g.now is not None and g.before is not None and g.period is not None:
        tables = (_kpis(g, at),)
        sentences.append(f"Figures of {period_text(g.period)}, beside the same days a year before and the whole team.")
        name = f"{shown.plan.territories[at].name}: "
        told = [s.text.removeprefix(name) for s in g.found if f"{s.key}: " == name]
        sentences += [f"Stands out: {t}" for t in told[:3]]
    empty = ""
    if not int(row["accounts"]):
        empty = "No account is in this territory yet; move some areas or accounts to it on Plan."
    return PlanSection(
        "standing",
        "Where we stand",
        tuple(figures),
        tuple(sentences),
        tables,
        missing=tuple(lacking),
        empty=empty,
        picture=True,
    )


def _listed(titles: tuple[str, ...]) -> str:
    some = [t.lower() if not t[1:2].isupper() else t for t in titles[:4]]
    return ", ".join(some) + (" and more" if len(titles) > 4 else "")


def _against(g: PlanbookGround, at: int) -> str:
    row = g.shown.table.iloc[at]
    deviation, target = float(row["deviation"]), short(float(row["target"]), g.shown.currency)
    if not np.isfinite(deviation):
        return f"target {target}"
    return f"{percent(100 * deviation, signed=True, limit=g.shown.limit)} on target {target}"


def _hours(g: PlanbookGround, at: int, rep: Rep | None, period: str) -> PlanFigure:
    """Hours the territory needs beside those its rep has in the period, a year."""
    need = float(g.hours[at])
    if rep is None:
        return PlanFigure("Hours needed", number(need), "a year; nobody is assigned")
    try:
        span: QuotaPeriod | None = read_period(period)
    except InputError:
        span = None
    ramp = people_settings(g.shown.info).ramp_profile
    share = capacity_of(rep, span.first, ramp) if span is not None else rep.capacity
    has = share * (rep.hours or SELLING_HOURS)
    said = f"of {number(has)} selling hours a year"
    if span is not None and abs(share - rep.capacity) > 1e-9:
        said += f" ({percent(100 * share, 0)} of a full rep on {date_text(span.first)})"
    return PlanFigure("Hours needed", number(need), said)


def _kpis(g: PlanbookGround, at: int) -> PlanTable:
    name = g.shown.plan.territories[at].name
    now, before = g.now, g.before
    assert now is not None  # noqa: S101 (asked by the caller)
    assert before is not None  # noqa: S101
    mine = next((r for r in now.groups if r["key"] == name), None)
    old = next((r for r in before.groups if r["key"] == name), None)
    rows = []
    for key in SHOWN:
        kpi = BY_KEY[key]
        value = None if mine is None else mine[key]
        if value is None:
            continue
        was = None if old is None or key == "open_amount" else old[key]
        team = _team(g, key)
        texts = (kpi.text(value, g.money), kpi.text(was, g.money), _change(kpi.unit, value, was), team)
        rows.append((kpi.title, *texts))
    columns = ("Figure", "12 months", "A year before", "Change", "Team")
    return PlanTable(columns, tuple(rows), right=(1, 2, 3, 4))


def _team(g: PlanbookGround, key: str) -> str:
    """The team's figure: shares and medians as they are, sums as the mean of a territory."""
    kpi, now = BY_KEY[key], g.now
    assert now is not None  # noqa: S101
    value = now.whole[key]
    if value is None:
        return "–"
    if kpi.unit in ("share", "days") or key == "deal_median":
        return kpi.text(value, g.money)
    own = [float(r[key]) for r in now.groups if r[key] is not None and r["key"] != "–"]
    return f"{kpi.text(sum(own) / len(own), g.money)} a territory" if own else "–"


def _change(unit: str, value: float, was: float | None) -> str:
    if was is None:
        return "–"
    if unit == "share":
        return f"{percent(100 * (value - was), signed=True).rstrip('%')} points"
    return percent(100 * (value / was - 1), signed=True) if was else "–"
