"""What a calendar of visits is asked for; all of it is the user's to change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from terr.engine.visits.travel import TravelRates
from terr.errors import InputError
from terr.places.working_days import COUNTRIES, working_days
from terr.workspace.reps.team_size import USUAL_CALLS, USUAL_MINUTES

USUAL_CALL_MINUTES = 45.0
"""Of a tier whose minutes aren't given."""
MOST_WEEKS = 13
WORKWEEK = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class VisitSettings:
    """What is asked.

    Attributes:
        start: first day of the period; weeks: how many, 1 to 13.
        calls, minutes: tier -> calls a year, and minutes of a call; tiers that aren't named get no calls.
        hours: from leaving home to being back, above 0 to 16; day_start: minute of the day a rep leaves at the
            earliest.
        workdays: days of the week that are worked, 0 = Monday; days_off: dates that aren't.
        country: whose public holidays aren't worked, "" = holidays are worked.
        road_factor, mph, far_mph, local_miles: see `TravelRates`.
        calls_column, minutes_column, hours_column, last_column: columns of calls a year, minutes of a call, opening
            hours and last visit that go before tiers; "" = the one whose header says so, if there is one.
        effort: 1 = usual; 10 searches ten times as long. seed: same seed, same calendar.
    """

    start: date
    weeks: int = 4
    calls: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_CALLS))
    minutes: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_MINUTES))
    hours: float = 8.0
    day_start: int = 480
    workdays: tuple[int, ...] = WORKWEEK
    days_off: tuple[date, ...] = ()
    country: str = "US"
    road_factor: float = 1.2
    mph: float = 30.0
    far_mph: float = 50.0
    local_miles: float = 10.0
    calls_column: str = ""
    minutes_column: str = ""
    hours_column: str = ""
    last_column: str = ""
    effort: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.weeks <= MOST_WEEKS:
            raise InputError(f"weeks must lie between 1 and {MOST_WEEKS}, a quarter")
        if not (math.isfinite(self.hours) and 0 < self.hours <= 16):
            raise InputError("hours a day must lie above 0 and up to 16, such as 8")
        if not 0 <= self.day_start < 1_440 or self.day_start + 60 * self.hours > 1_440:
            raise InputError("the working day must end before midnight; start earlier or work fewer hours")
        if not self.workdays or not set(self.workdays) <= set(range(7)):
            raise InputError("choose at least one day of the week to work on")
        if self.country and self.country not in COUNTRIES:
            raise InputError(f"holidays of {self.country[:20]} aren't known; choose another country or none")
        for tier, value in self.calls.items():
            if not 0 <= value <= 260:
                raise InputError(f"calls a year of tier {tier[:20]} must lie between 0 and 260, one each working day")
        for tier, value in self.minutes.items():
            if not 1 <= value <= 60 * self.hours:
                raise InputError(
                    f"minutes a call of tier {tier[:20]} must lie between 1 and the {60 * self.hours:,.0f} of a day"
                )
        if not 0 < self.effort <= 100:
            raise InputError("the effort must lie above 0 and up to 100")
        self.rates  # noqa: B018 (it checks itself)

    @property
    def rates(self) -> TravelRates:
        """How far and how fast one drives."""
        return TravelRates(self.road_factor, self.mph, self.far_mph, self.local_miles)

    @property
    def days(self) -> int:
        """Calendar days of the period."""
        return 7 * self.weeks

    @property
    def end(self) -> date:
        """The last day."""
        return self.start + timedelta(self.days - 1)

    def working(self) -> tuple[date, ...]:
        """The days that are worked, in order.

        Raises:
            InputError: if there is none.
        """
        out = working_days(self.start, self.days, self.workdays, self.country, self.days_off)
        if not out:
            raise InputError("no day of the period is worked; change the days off or the days of the week")
        return out

    def check_start(self, today: date) -> None:
        """Refuse a period that has begun in the past.

        Raises:
            InputError: see above.
        """
        if self.start < today:
            raise InputError(f"the start {self.start} is in the past; visits can be planned from {today} on")


def next_monday(today: date) -> date:
    """The Monday after today, or today if it is one."""
    return today + timedelta(-today.weekday() % 7)
