"""What people write checks itself, opens whatever became of it, and is undone field by field."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.json_values import to_plain
from terr.model.person import Person
from terr.people.goals import Goal
from terr.planbook.content import (
    Action,
    CalendarChoices,
    GoalChoices,
    Offer,
    PlanContent,
    PotentialOverride,
    SupportNeed,
    SwotEdit,
    Target,
    content_from,
)
from terr.planbook.log import AGAIN, EDIT, START, TAKEBACK, PlanChange, last_change_of, next_step, parts_after
from terr.planbook.template import PlanTemplate
from tests.helpers.effort import examples

ANA, BOB = Person("a@x.com", "Ana"), Person("b@x.com", "Bob")
AT = datetime(2026, 12, 1, tzinfo=UTC)
TODAY = date(2026, 12, 1)
FULL = PlanContent(
    period="2027",
    state="agreed",
    targets=(Target("A-1", "Kim", "Lee; Max", "kim@x.com", "why"), Target("A-2")),
    potential=(PotentialOverride("A-1", 5.0, "they told us"),),
    offers=(Offer("Trial", "30 days", ("A-1",), date(2027, 1, 1)),),
    support=(SupportNeed("SDR", "calls", "Nina", date(2027, 2, 1)),),
    calendar=CalendarChoices(date(2027, 1, 4), days_off=(date(2027, 1, 5),), decided={"A-1": "Drop"}),
    swot=(SwotEdit("threat", "", "rival"),),
    goals=GoalChoices((Goal("g", "m", 0.0, 1.0, date(2027, 1, 1), "Ana"),), {"calls": 3.0}),
    actions=(Action("call", "Ana", date(2026, 11, 1)),),
    answers={"Q?": "A"},
)


def test_content_comes_back_as_it_was_kept():
    assert content_from(to_plain(FULL)) == FULL
    assert content_from({}) == PlanContent()


def test_what_cannot_be_read_is_left_out_and_the_rest_opens():
    kept = {**to_plain(FULL), "offers": [{"kind": "Bribe", "title": "x"}], "state": "lost", "nosuch": 1}
    found = content_from(kept)
    assert found.targets == FULL.targets
    assert found.offers == ()
    assert found.state == "draft"
    twice = {**to_plain(FULL), "targets": [{"account_id": "A-1"}, {"account_id": "A-1"}]}
    assert content_from(twice).period == "2027"
    assert content_from(twice).targets == ()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Offer("Bribe", "x"), "an offer is one of"),
        (lambda: Offer("Trial", " "), "the title of an offer is empty"),
        (lambda: PotentialOverride("A-1", 5.0, ""), "reason for your own estimate"),
        (lambda: PotentialOverride("A-1", float("nan"), "x"), "amount of 0 or more"),
        (lambda: PotentialOverride("A-1", -1.0, "x"), "amount of 0 or more"),
        (lambda: Target("A-1", email="kim at x"), "isn't an email address"),
        (lambda: Target(""), "account of a target is empty"),
        (lambda: SupportNeed("King", "x"), "support comes from"),
        (lambda: SwotEdit("luck"), "a line of a SWOT is one of"),
        (lambda: SwotEdit("threat"), "a line of the SWOT is empty"),
        (lambda: Action("x", status="Maybe"), "an action is one of"),
        (lambda: CalendarChoices(most_a_day=0), "between 1 and 100"),
        (lambda: CalendarChoices(weekdays=()), "at least one day"),
        (lambda: GoalChoices(activities={"calls": -1.0}), "0 or more"),
        (lambda: PlanContent(targets=(Target("A-1"), Target("A-1"))), "listed twice"),
        (lambda: PlanContent(answers={"q": "x" * 3000}), "shorten it"),
        (lambda: PlanTemplate(("standing", "standing")), "each once"),
        (lambda: PlanTemplate(("nosuch",)), "isn't a section"),
        (lambda: PlanTemplate(questions=("Why?", "why?")), "asked once"),
        (lambda: PlanTemplate(targets=0), "1 to 100 target accounts"),
    ],
)
def test_what_is_wrong_is_said(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_what_is_past_and_overdue():
    offer = Offer("Trial", "x", until=date(2026, 11, 30))
    assert offer.past(TODAY)
    assert not offer.past(date(2026, 11, 30))
    assert not Offer("Trial", "x").past(TODAY)
    assert Action("x", due=date(2026, 11, 30)).overdue(TODAY)
    assert not Action("x", due=date(2026, 11, 30), status="Done").overdue(TODAY)
    assert not Action("x").overdue(TODAY)


def test_a_template_with_questions_has_a_place_for_them():
    assert PlanTemplate(("targets",), ("Why us?",)).shown == ("targets", "questions")
    assert PlanTemplate(("questions", "targets"), ("Why us?",)).shown == ("questions", "targets")
    assert PlanTemplate(("questions", "targets")).shown == ("targets",)


def row(n: int, who: Person, kind: str = EDIT, of: int = 0, **changes: object) -> PlanChange:
    return PlanChange(n, 3, kind, f"change {n}", changes, of, who, AT)


def applied(log: list[PlanChange], who: Person, *, redo: bool = False) -> list[PlanChange]:
    step = next_step(log, {who.name}, redo=redo)
    assert step is not None
    return [*log, PlanChange(log[-1].id + 1, 3, step.kind, "x", step.changes, step.of_edit, who, AT)]


def test_undo_takes_back_ones_own_newest_change_and_leaves_the_others():
    log = [
        row(1, ANA, START, period="2027"),
        row(2, ANA, offers=[1]),
        row(3, BOB, actions=[2]),
        row(4, ANA, offers=[3]),
    ]
    log = applied(log, ANA)
    assert parts_after(log) == {"period": "2027", "offers": [1], "actions": [2]}
    assert (log[-1].kind, log[-1].of_edit) == (TAKEBACK, 4)
    log = applied(log, ANA)
    assert parts_after(log) == {"period": "2027", "offers": None, "actions": [2]}  # as before anybody set it
    assert next_step(log, {"Ana"}) is None  # the change that began the plan stays
    log = applied(log, ANA, redo=True)
    assert parts_after(log)["offers"] == [1]
    assert log[-1].kind == AGAIN
    log = applied(log, ANA, redo=True)
    assert parts_after(log)["offers"] == [3]
    assert next_step(log, {"Ana"}, redo=True) is None
    assert parts_after(applied(log, BOB))["actions"] is None
    assert last_change_of(log, ["actions"]) == 3
    assert parts_after(log, until=2) == {"period": "2027", "offers": [1]}


def test_what_somebody_changed_since_stays():
    log = [row(1, ANA, START), row(2, ANA, offers=[1], actions=[1]), row(3, BOB, offers=[2])]
    step = next_step(log, {"Ana"})
    assert step is not None
    assert (dict(step.changes), step.left) == ({"actions": None}, ("offers",))
    assert next_step([*log, row(4, BOB, actions=[2])], {"Ana"}) is None


@examples(60)
@given(steps=st.lists(st.tuples(st.sampled_from("ABur"), st.sampled_from("xyz"), st.integers(0, 3)), max_size=25))
def test_undo_of_everything_and_redo_of_everything_comes_back(steps):
    """Whatever Ana does alone: undo to the end, redo to the end, and the plan is what it was."""
    log = [row(1, ANA, START)]
    for who, field, value in steps:
        if who in "ur":
            step = next_step(log, {"Ana"}, redo=who == "r")
            if step is not None:
                log = applied(log, ANA, redo=who == "r")
        else:
            log.append(PlanChange(log[-1].id + 1, 3, EDIT, "e", {field: [value, log[-1].id]}, 0, ANA, AT))
    before = {k: v for k, v in parts_after(log).items() if v is not None}
    n = 0
    while next_step(log, {"Ana"}) is not None:
        log = applied(log, ANA)
        n += 1
        assert n < 100
    assert not {k: v for k, v in parts_after(log).items() if v is not None}
    for _ in range(n):
        log = applied(log, ANA, redo=True)
    assert {k: v for k, v in parts_after(log).items() if v is not None} == before
