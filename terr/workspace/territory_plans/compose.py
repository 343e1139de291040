"""A territory plan put together: every section of the template, the calendar's entries and where it all comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from terr.planbook.content import PlanContent
from terr.planbook.template import PlanTemplate
from terr.planbook.view import PlanSection, PlanTable, PlanView
from terr.view.text import date_text, number
from terr.workspace.facts.groups import TERRITORY
from terr.workspace.facts.kept_facts import fact_set_of
from terr.workspace.facts.performance import NOBODY, Period
from terr.workspace.levels import boundaries_report
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.report import performance_of
from terr.workspace.quotas.basis import QuotaPeriod
from terr.workspace.quotas.planning import UsualConversion, usual_conversion
from terr.workspace.territory_plans import sections
from terr.workspace.territory_plans.calendar import calendar_of
from terr.workspace.territory_plans.goals import goals_section
from terr.workspace.territory_plans.ground import PlanbookGround
from terr.workspace.territory_plans.standing import TerritoryQuota, quota_of, rep_of, standing
from terr.workspace.workspace import Workspace

__all__ = ["PlanSection", "PlanTable"]  # of another floor, for the page


@dataclass(frozen=True, eq=False)
class Composer:
    """What all territory plans of one plan share while they are put together.

    Attributes:
        ws: the workspace as the person sees it.
        g: what the plans rest on; template: of the company; known: conversion for activity targets.
        today: the day it is; rows: figures by territory of periods asked for so far.
    """

    ws: Workspace
    g: PlanbookGround
    template: PlanTemplate
    known: UsualConversion
    today: date
    rows: dict[tuple[date, date], Mapping[str, Mapping[str, float | None]]]

    def so_far(self, at: int, key: str, span: QuotaPeriod) -> float | None:
        """A figure of a territory in a period, up to the newest fact; 0 if it is still to come, None without facts."""
        g = self.g
        if g.as_of is None:
            return None
        if span.first > g.as_of:
            return 0.0
        days = span.first, min(span.last, g.as_of)
        if days not in self.rows:
            self.rows[days] = _by_territory(self.ws, g, Period(*(np.datetime64(d) for d in days)))
        return self.rows[days].get(g.shown.plan.territories[at].name, {}).get(key)

    def quota(self, code: int, content: PlanContent) -> TerritoryQuota:
        """The quota of a territory in the plan's period."""
        return quota_of(self.ws, self.g, self.g.position(code), content.period)

    def view(self, code: int, content: PlanContent, picture: str = "") -> PlanView:
        """One territory's plan as it is now.

        Args:
            code: of the territory.
            content: what people decided.
            picture: SVG of its map, "" = none.

        Raises:
            InputError: if the territory isn't in the plan any more.
        """
        g, today = self.g, self.today
        at = g.position(code)
        calendar = calendar_of(g, code, content, self.template, today)
        quota = quota_of(self.ws, g, at, content.period)
        make = {
            "standing": lambda: standing(self.ws, g, at, content.period),
            "targets": lambda: sections.targets_section(g, at, content),
            "potential": lambda: sections.potential_section(g, content),
            "offers": lambda: sections.offers_section(g, content, today),
            "support": lambda: sections.support_section(content),
            "calendar": lambda: sections.calendar_section(content, calendar, self.template, today),
            "swot": lambda: sections.swot_section(g, at, content),
            "goals": lambda: goals_section(self.ws, g, at, content, quota, self.known, today, self.so_far),
            "actions": lambda: sections.actions_section(content, today),
            "questions": lambda: sections.questions_section(content, self.template),
        }
        made: list[PlanSection] = [make[key]() for key in self.template.shown]
        rep, territory = rep_of(g, at), g.shown.plan.territories[at]
        return PlanView(
            plan=g.shown.info.name,
            territory=territory.name,
            rep=rep.name if rep is not None else territory.rep,
            email=rep.email if rep is not None else "",
            period=content.period,
            state=content.state,
            as_of=date_text(g.as_of) if g.as_of else "",
            made=date_text(today),
            sections=tuple(made),
            entries=calendar.entries,
            picture=picture,
            sources=_sources(g),
        )


def composer(ws: Workspace, g: PlanbookGround, template: PlanTemplate, today: date) -> Composer:
    """For the territory plans of one plan."""
    return Composer(ws, g, template, usual_conversion(ws, g.shown), today, {})


def _by_territory(ws: Workspace, g: PlanbookGround, period: Period) -> dict[str, dict[str, float | None]]:
    facts = fact_set_of(ws, g.shown.info.dataset_id, g.shown.accounts)
    groups = np.array([*(t.name for t in g.shown.plan.territories), NOBODY], dtype=object)[g.territory]
    made = performance_of(facts, Grouping(TERRITORY, groups, "", g.shown.info.id), period)
    return {r["key"]: {k: r[k] for k in ("revenue", "won_amount")} for r in made.groups}


def _sources(g: PlanbookGround) -> tuple[str, ...]:
    kinds = ", ".join(sorted(g.kinds))
    facts = f"Facts: {kinds}, to {date_text(g.as_of)}" if g.as_of else "No facts imported"
    return (
        f"Plan: {g.shown.info.name}, revision {number(g.shown.rev)}",
        facts,
        f"Map: {boundaries_report(g.shown.units)['title']}",
    )
