"""Cadences: touches per tier by week, day and channel, laid out over working days with at most so many a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from terr.errors import InputError

CHANNELS = ("Email", "Call", "LinkedIn", "Visit", "Demo", "Letter")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DECISIONS = ("Continue", "Automate", "Drop")
SLACK = 2
"""Working days a touch may come later than its cadence names, to even the days out."""
_FARTHEST = 366 * 3
"""Days looked ahead for one with room."""


@dataclass(frozen=True)
class CadenceStep:
    """One touch: week (1 to 26), day of the week (0 = Monday) and one of `CHANNELS`."""

    week: int
    weekday: int
    channel: str

    def __post_init__(self) -> None:
        if not 1 <= self.week <= 26:
            raise InputError("a touch stands in week 1 to 26 of its cadence")
        if not 0 <= self.weekday <= 6:
            raise InputError("choose the day of the week of each touch")
        if self.channel not in CHANNELS:
            raise InputError(f"a touch goes by one of {', '.join(CHANNELS)}")


@dataclass(frozen=True)
class Cadence:
    """The touches of one tier, and after how many weeks it is decided whether to automate or drop the account."""

    tier: str
    weeks: int
    steps: tuple[CadenceStep, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.weeks <= 26:
            raise InputError("a cadence lasts 1 to 26 weeks")
        if any(s.week > self.weeks for s in self.steps):
            raise InputError(f"the cadence of tier {self.tier} has a touch after its last week, {self.weeks}")

    @property
    def ordered(self) -> tuple[CadenceStep, ...]:
        """The touches by week and day."""
        return tuple(sorted(self.steps, key=lambda s: (s.week, s.weekday)))


def _steps(*given: tuple[int, int, str]) -> tuple[CadenceStep, ...]:
    return tuple(CadenceStep(*one) for one in given)


USUAL_CADENCES = (
    Cadence(
        "A",
        6,
        _steps(
            (1, 0, "Email"),
            (1, 2, "Call"),
            (2, 1, "LinkedIn"),
            (3, 0, "Call"),
            (3, 3, "Email"),
            (4, 2, "Visit"),
            (5, 1, "Call"),
            (6, 2, "Email"),
        ),
    ),
    Cadence("B", 6, _steps((1, 1, "Email"), (2, 2, "Call"), (3, 3, "LinkedIn"), (5, 1, "Call"), (6, 3, "Email"))),
    Cadence("C", 6, _steps((1, 3, "Email"), (3, 1, "Call"), (6, 1, "Email"))),
)
"""What plans begin with; a company's template and each plan may have others."""


@dataclass(frozen=True)
class TouchMove:
    """A person put a touch of an account on another day; `step` counts from 0 in the order of the cadence."""

    account_id: str
    step: int
    day: date


@dataclass(frozen=True)
class Touch:
    """One entry of the calendar.

    Attributes:
        account_id, tier: of the account; step: its number in the cadence from 0, one past the last for the decision.
        day: when; wanted: the day the cadence names.
        channel: one of `CHANNELS`, or "Decision".
        by_hand: a person chose the day.
    """

    account_id: str
    tier: str
    step: int
    day: date
    wanted: date
    channel: str
    by_hand: bool = False

    @property
    def decision(self) -> bool:
        """Whether this is the point to decide: go on, automate or drop."""
        return self.channel == "Decision"


def lay_out(
    accounts: Sequence[tuple[str, str]],
    cadences: Sequence[Cadence],
    start: date,
    *,
    most_a_day: int,
    slack: int = SLACK,
    works: Mapping[date, bool] | None = None,
    weekdays: Collection[int] = (0, 1, 2, 3, 4),
    closed: Collection[date] = (),
    moves: Sequence[TouchMove] = (),
) -> tuple[Touch, ...]:
    """Put every touch on a working day.

    A touch stands on the day its cadence names, counted from the Monday of the week of `start`, or up to `slack`
    working days later, whichever has the fewest touches so far, the earliest of those. Days that are closed, before
    the start, not after the account's earlier touch, or full are passed over. Earlier accounts come first. A day that
    a person chose is kept and counts as taken. The decision point comes on the first working day after the cadence's
    last week and its last touch; it takes nobody's time, so doesn't count.

    Args:
        accounts: id and tier, the most important first; a tier without a cadence gets no touch.
        cadences: one per tier.
        start: first day.
        most_a_day: 1 or more.
        slack: working days a touch may come later to even the days out, 0 or more.
        works: given days that are worked or not whatever the weekday says.
        weekdays: that are worked, 0 = Monday.
        closed: holidays and days off.
        moves: days people chose.

    Returns:
        By day, then in the order of the accounts.

    Raises:
        InputError: no day is worked, a limit below 1, or no room within three years.
    """
    if most_a_day < 1 or not weekdays:
        raise InputError("plan at least one touch a day on at least one day of the week")
    shut, given, by_tier = frozenset(closed), dict(works or {}), {c.tier: c for c in cadences}
    rank = {account: k for k, (account, _) in enumerate(accounts)}
    monday = start - timedelta(days=start.weekday())
    chosen = {(m.account_id, m.step): m.day for m in moves}
    taken: Counter[date] = Counter(
        day for (account, step), day in chosen.items() if account in rank and step < _count(accounts, by_tier, account)
    )

    def open_on(day: date) -> bool:
        return given.get(day, day.weekday() in weekdays and day not in shut)

    def first_open(day: date, *, counted: bool) -> date:
        found: list[date] = []
        worked = 0
        for ahead in range(_FARTHEST):
            one = day + timedelta(days=ahead)
            if not open_on(one):
                continue
            if not counted:
                return one
            worked += 1
            if taken[one] < most_a_day:
                found.append(one)
            if found and worked > slack:
                return min(found, key=lambda d: (taken[d], d))
        raise InputError("there is no working day with room for a touch within three years; allow more touches a day")

    wanted = sorted(
        (monday + timedelta(days=7 * (s.week - 1) + s.weekday), k, at, account, tier, s.channel)
        for k, (account, tier) in enumerate(accounts)
        if tier in by_tier
        for at, s in enumerate(by_tier[tier].ordered)
    )
    out: list[Touch] = []
    last: dict[str, date] = {}
    for day, _, at, account, tier, channel in wanted:
        mine = chosen.get((account, at))
        if mine is None:
            after = last.get(account)
            earliest = max(day, start, after + timedelta(days=1) if after else start)
            mine = first_open(earliest, counted=True)
            taken[mine] += 1
        last[account] = max(mine, last.get(account, mine))
        out.append(Touch(account, tier, at, mine, day, channel, (account, at) in chosen))
    for account, tier in accounts:
        if tier in by_tier and account in last:
            cadence = by_tier[tier]
            end = monday + timedelta(weeks=cadence.weeks)
            day = first_open(max(end, last[account] + timedelta(days=1)), counted=False)
            out.append(Touch(account, tier, len(cadence.steps), day, end, "Decision"))
    return tuple(sorted(out, key=lambda t: (t.day, rank[t.account_id], t.step)))


def _count(accounts: Sequence[tuple[str, str]], by_tier: Mapping[str, Cadence], account: str) -> int:
    tier = next((t for a, t in accounts if a == account), "")
    return len(by_tier[tier].steps) if tier in by_tier else 0


def overfull(touches: Sequence[Touch], most_a_day: int) -> tuple[date, ...]:
    """Days on which people put more touches than the limit."""
    counts = Counter(t.day for t in touches if not t.decision)
    return tuple(sorted(day for day, n in counts.items() if n > most_a_day))


def outside(touches: Sequence[Touch], weekdays: Collection[int], closed: Collection[date]) -> tuple[Touch, ...]:
    """Touches that people put on a day that isn't worked."""
    shut = frozenset(closed)
    return tuple(t for t in touches if t.by_hand and (t.day.weekday() not in weekdays or t.day in shut))
