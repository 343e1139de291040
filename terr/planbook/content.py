"""What people put into a territory plan: frozen values that check themselves, one field for each section."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from terr.errors import InputError
from terr.model.json_values import readable
from terr.people.goals import Goal
from terr.planbook.cadence import Cadence, TouchMove

STATES = ("draft", "agreed", "frozen")
"""A draft is being written, an agreed plan still follows the data, a frozen one shows what it was."""
OFFER_KINDS = ("Invitation", "Customer story", "Discount", "Trial", "Other")
SUPPORT_ROLES = ("Marketing", "Partner", "SDR", "Specialist", "Manager", "Other")
QUADRANTS = ("strength", "weakness", "opportunity", "threat")
ACTION_STATES = ("Open", "In progress", "Done")
LONGEST, MOST = 2_000, 300
"""Characters of one text, and entries of one section."""


def _text(value: str, what: str, *, needed: bool = False, longest: int = LONGEST) -> None:
    if needed and not value.strip():
        raise InputError(f"{what} is empty; type it")
    if len(value) > longest:
        raise InputError(f"{what} has {len(value):,} characters; shorten it to {longest:,}")


@dataclass(frozen=True)
class Target:
    """An account somebody picked.

    Attributes:
        account_id: which.
        buyer: who decides; contacts: whom else to talk to; email: of the buyer.
        reason: in place of the one from the data, "" = that of the data.
    """

    account_id: str
    buyer: str = ""
    contacts: str = ""
    email: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        _text(self.account_id, "the account of a target", needed=True, longest=400)
        for value, what in ((self.buyer, "the buyer"), (self.contacts, "the contacts"), (self.reason, "the reason")):
            _text(value, what)
        if self.email and ("@" not in self.email or any(c.isspace() for c in self.email.strip())):
            raise InputError(f'"{self.email[:60]}" isn\'t an email address; write it as name@company.com')


@dataclass(frozen=True)
class PotentialOverride:
    """An estimate by a person in place of that of the data: an amount of 0 or more, and why."""

    account_id: str
    amount: float
    reason: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amount) and self.amount >= 0):
            raise InputError("a potential must be an amount of 0 or more")
        _text(self.reason, "the reason for your own estimate of a potential", needed=True)


@dataclass(frozen=True)
class Offer:
    """Something to bring to accounts.

    Attributes:
        kind: one of `OFFER_KINDS`; title: what it is.
        accounts: ids; () = all target accounts.
        until: the last day it is valid, None = open.
    """

    kind: str
    title: str
    accounts: tuple[str, ...] = ()
    until: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in OFFER_KINDS:
            raise InputError(f"an offer is one of {', '.join(OFFER_KINDS)}")
        _text(self.title, "the title of an offer", needed=True, longest=300)

    def past(self, today: date) -> bool:
        """Whether it isn't valid any more."""
        return self.until is not None and self.until < today


@dataclass(frozen=True)
class SupportNeed:
    """Help from somebody else: role (one of `SUPPORT_ROLES`), what, who and by when."""

    role: str
    what: str
    who: str = ""
    due: date | None = None

    def __post_init__(self) -> None:
        if self.role not in SUPPORT_ROLES:
            raise InputError(f"support comes from one of {', '.join(SUPPORT_ROLES)}")
        _text(self.what, "what support is needed", needed=True)
        _text(self.who, "who gives the support", longest=300)


@dataclass(frozen=True)
class SwotEdit:
    """What a person made of a line of the SWOT.

    Attributes:
        quadrant: one of `QUADRANTS`.
        key: of the drafted line it stands for, "" for one of their own.
        text: instead of the drafted one, "" = as drafted; hidden: left out.
    """

    quadrant: str
    key: str = ""
    text: str = ""
    hidden: bool = False

    def __post_init__(self) -> None:
        if self.quadrant not in QUADRANTS:
            raise InputError(f"a line of a SWOT is one of {', '.join(QUADRANTS)}")
        _text(self.text, "a line of the SWOT", needed=not self.key, longest=600)


@dataclass(frozen=True)
class Action:
    """Who does what by when."""

    what: str
    who: str = ""
    due: date | None = None
    status: str = "Open"

    def __post_init__(self) -> None:
        if self.status not in ACTION_STATES:
            raise InputError(f"an action is one of {', '.join(ACTION_STATES)}")
        _text(self.what, "what an action is", needed=True)
        _text(self.who, "who does an action", longest=300)

    def overdue(self, today: date) -> bool:
        """Whether its day is past and it isn't done."""
        return self.status != "Done" and self.due is not None and self.due < today


@dataclass(frozen=True)
class CalendarChoices:
    """How touches are laid out.

    Attributes:
        start: first day; None = that of the period.
        most_a_day: touches a day, 1 to 100.
        weekdays: that are worked, 0 = Monday.
        country, state: whose public holidays are kept ("US", "OH"); "" = none.
        days_off: further days without touches.
        cadences: one per tier; () = those of the template.
        moves: touches on another day than planned.
        decided: account -> "Automate", "Drop" or "Continue", at its decision point.
    """

    start: date | None = None
    most_a_day: int = 8
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    country: str = "US"
    state: str = ""
    days_off: tuple[date, ...] = ()
    cadences: tuple[Cadence, ...] = ()
    moves: tuple[TouchMove, ...] = ()
    decided: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.most_a_day <= 100:
            raise InputError("plan between 1 and 100 touches a day")
        if not self.weekdays or any(not 0 <= d <= 6 for d in self.weekdays):
            raise InputError("choose at least one day of the week for touches")


@dataclass(frozen=True)
class GoalChoices:
    """Goals and activity targets that were accepted.

    Attributes:
        goals: accepted, changed or new.
        activities: activity -> a week; None = as worked out from the gap.
    """

    goals: tuple[Goal, ...] = ()
    activities: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if any(not (math.isfinite(v) and v >= 0) for v in (self.activities or {}).values()):
            raise InputError("activities a week must be 0 or more")


@dataclass(frozen=True)
class PlanContent:
    """Everything people decided in one territory plan; each field is one section of it.

    Attributes:
        period: it is for, such as "2027" or "2027-Q1".
        state: one of `STATES`.
        targets: in the order of the list.
        potential: estimates by people; offers, support, actions: lists.
        calendar: how touches are laid out.
        swot: what people made of the drafted lines.
        goals: None = as proposed from the data.
        answers: question of the template -> answer.
    """

    period: str = ""
    state: str = "draft"
    targets: tuple[Target, ...] = ()
    potential: tuple[PotentialOverride, ...] = ()
    offers: tuple[Offer, ...] = ()
    support: tuple[SupportNeed, ...] = ()
    calendar: CalendarChoices = field(default_factory=CalendarChoices)
    swot: tuple[SwotEdit, ...] = ()
    goals: GoalChoices | None = None
    actions: tuple[Action, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise InputError(f"a territory plan is one of {', '.join(STATES)}")
        for name in ("targets", "potential", "offers", "support", "swot", "actions"):
            if len(getattr(self, name)) > MOST:
                raise InputError(f"a territory plan holds up to {MOST} {name}; leave some out")
        for part in (self.targets, self.potential):
            ids = [one.account_id for one in part]
            twice = next((i for i in ids if ids.count(i) > 1), "") if len(set(ids)) < len(ids) else ""
            if twice:
                raise InputError(f'the account "{twice[:60]}" is listed twice; delete one of the rows')
        for answer in self.answers.values():
            _text(answer, "an answer")


FIELDS = tuple(PlanContent.__dataclass_fields__)
TITLES = {
    "period": "the period",
    "state": "the state",
    "targets": "Target accounts",
    "potential": "Potential",
    "offers": "Offers",
    "support": "Support needed",
    "calendar": "Outreach calendar",
    "swot": "SWOT",
    "goals": "Goals and activities",
    "actions": "Actions",
    "answers": "Questions",
}
"""Field -> what it is called in the history."""


def content_from(parts: Mapping[str, Any]) -> PlanContent:
    """A plan's content from kept plain JSON by field; what can't be read any more is as usual."""
    found = readable(PlanContent, parts)
    try:
        return PlanContent(**found)
    except InputError:  # fields that don't fit together: keep those that stand alone
        out = PlanContent()
        for name, value in found.items():
            try:
                out = PlanContent(**{**{f: getattr(out, f) for f in FIELDS}, name: value})
            except InputError:
                continue
        return out
