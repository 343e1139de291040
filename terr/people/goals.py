"""SMART goals with progress, and activity targets worked back from the gap and this company's own conversion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from terr.errors import InputError

ACTIVITIES = ("calls", "emails", "demos", "visits")


@dataclass(frozen=True)
class Goal:
    """A specific, measurable goal with an owner and a date.

    Source: G. T. Doran, "There's a S.M.A.R.T. Way to Write Management's Goals and Objectives", Management Review
    70(11), 1981.

    Attributes:
        title: what is to be achieved; metric: what is measured; unit: of it, "" if none.
        start, target: figures, and they differ; due: the day.
        owner: who; about: territory, rep or account it is for.
    """

    title: str
    metric: str
    start: float
    target: float
    due: date | None
    owner: str
    about: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InputError("say what the goal is to achieve, such as: Win three hospitals in Ohio")
        if not self.metric.strip():
            raise InputError(f'"{self.title[:60]}" has nothing to measure it by; choose a metric, or name your own')
        if self.due is None:
            raise InputError(f'"{self.title[:60]}" has no date; choose the day by which it is to be reached')
        if not self.owner.strip():
            raise InputError(f'"{self.title[:60]}" has no owner; choose who answers for it')
        if not (math.isfinite(self.start) and math.isfinite(self.target)) or self.start == self.target:
            raise InputError(f'"{self.title[:60]}" needs a target that differs from where it starts')

    def progress(self, now: float | None) -> float | None:
        """Share of the way from start to target, 0 to 1 and above; below 0 if it went backward; None if unknown."""
        if now is None or not math.isfinite(now):
            return None
        return (now - self.start) / (self.target - self.start)

    def status(self, now: float | None, today: date, begun: date) -> str:
        """ "Reached", "On track", "Behind", "Missed" or "No figure yet": progress against the share of time gone."""
        done = self.progress(now)
        if done is None:
            return "No figure yet"
        if done >= 1:
            return "Reached"
        if self.due is not None and today > self.due:
            return "Missed"
        span = (self.due - begun).days if self.due else 0
        gone = min(1.0, max(0.0, (today - begun).days / span)) if span > 0 else 1.0
        return "On track" if done >= gone - 0.05 else "Behind"


@dataclass(frozen=True)
class Conversion:
    """A company's own figures.

    Attributes:
        deal: mean amount of a won deal, above 0; win_rate: deals won of those closed, above 0 to 1.
        per_deal: activity -> how many of it come with one deal, won or lost, 0 or more.
    """

    deal: float
    win_rate: float
    per_deal: dict[str, float]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.deal) and self.deal > 0):
            raise InputError("the mean deal size must be above 0; import opportunities, or enter it")
        if not 0 < self.win_rate <= 1:
            raise InputError("the win rate must lie above 0 and up to 100%; import opportunities, or enter it")
        if any(not (math.isfinite(v) and v >= 0) for v in self.per_deal.values()):
            raise InputError("activities per deal must be 0 or more")


def activity_targets(gap: float, weeks: float, conversion: Conversion) -> dict[str, float]:
    """Activities a week that close the gap: gap / deal size / win rate deals, times the activities of a deal.

    Args:
        gap: money still to be won; 0 or less needs nothing.
        weeks: left in the period, above 0.
        conversion: of this company.

    Returns:
        `deals` (to work on in all) and each activity a week.

    Raises:
        InputError: no time left.
    """
    if not weeks > 0:
        raise InputError("the period is over; choose one with weeks left")
    deals = max(0.0, gap) / conversion.deal / conversion.win_rate
    return {"deals": deals, **{name: deals * each / weeks for name, each in conversion.per_deal.items()}}
