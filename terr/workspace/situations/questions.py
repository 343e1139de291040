"""What happened: each situation as a question that checks itself against the plan it is asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from terr.errors import InputError
from terr.locate import home_points, home_problem
from terr.model.plan import MAX_TERRITORIES
from terr.model.reps import Rep
from terr.people.capacity import Service, capacity_between
from terr.view.text import count, date_text, unit_noun
from terr.workspace.plan.rules import SHARES
from terr.workspace.situations.ground import SituationGround

MOST_HIRES = 50


@dataclass(frozen=True)
class RepLeaves:
    """Somebody leaves and nobody follows: the territory is shared out.

    Attributes:
        territory: code of what they had; day: first day without them.
    """

    territory: int
    day: date


@dataclass(frozen=True)
class Coverage:
    """A territory is covered by others until a day: a vacancy, a leave of absence, or a backfill that starts later.

    Attributes:
        territory: its code; day: first day of coverage; until: last day of it.
        successor: rep_id of who has it from then on; "" = nobody yet; None = who has it now comes back.
    """

    territory: int
    day: date
    until: date
    successor: str | None = None


@dataclass(frozen=True)
class RepsHired:
    """People start, each with a new territory around their home.

    Attributes:
        people: with a home; those who aren't on the roster yet are added when an option is applied.
        day: the new territories hold from then on.
        between: accounts may also move between reps who stay.
    """

    people: tuple[Rep, ...]
    day: date
    between: bool = False


@dataclass(frozen=True)
class Merge:
    """Two territories become one. `stays` keeps its rep, `goes` is dissolved; both are codes."""

    stays: int
    goes: int
    day: date


@dataclass(frozen=True)
class Split:
    """A territory becomes several. `people` take the new parts, in order; parts without one stay open."""

    territory: int
    day: date
    parts: int = 2
    people: tuple[Rep, ...] = ()


@dataclass(frozen=True)
class Swap:
    """Two territories change reps; both are codes."""

    first: int
    second: int
    day: date


@dataclass(frozen=True)
class MidYear:
    """Balance again within a cap on change: `most_moved` of the measure, a share."""

    day: date
    most_moved: float = 0.1


Question = RepLeaves | Coverage | RepsHired | Merge | Split | Swap | MidYear


def check(ground: SituationGround, asked: Question) -> None:
    """Refuse what can't be answered, saying how to correct it.

    Raises:
        InputError: see the messages.
    """
    if asked.day < ground.today:
        raise InputError(f"{date_text(asked.day)} is in the past; choose today or a later date")
    if not ground.plan.territories:
        raise InputError("this plan has no territory yet; generate or draw some first")
    if isinstance(asked, RepLeaves):
        _owns(ground, asked.territory)
        _movable(ground, asked.territory)
        _others(ground, asked.territory)
    elif isinstance(asked, Coverage):
        _check_coverage(ground, asked)
    elif isinstance(asked, RepsHired):
        _check_hires(ground, asked)
    elif isinstance(asked, Merge):
        if asked.stays == asked.goes:
            raise InputError("choose two different territories to merge")
        for code in (asked.stays, asked.goes):
            _movable(ground, code)
    elif isinstance(asked, Split):
        _check_split(ground, asked)
    elif isinstance(asked, Swap):
        one, other = (ground.plan.territory(c) for c in (asked.first, asked.second))
        if asked.first == asked.second:
            raise InputError("choose two different territories to swap")
        if one.rep == other.rep:
            raise InputError(f"{one.name} and {other.name} have the same rep, so a swap changes nothing")
    elif not 0 < asked.most_moved <= 1:
        raise InputError("the maximum change must lie above 0% and up to 100%")


def _owns(ground: SituationGround, code: int) -> None:
    """Somebody who leaves has something to hand over."""
    territory = ground.plan.territory(code)
    mine = ground.codes(ground.plan, ground.held) == code
    if not mine.any() and not (ground.plan.assign == code).any():
        raise InputError(
            f"{ground.holder(territory)} owns nothing in this plan: {territory.name} has no areas and no accounts. "
            "Delete the territory instead, or choose another one"
        )


def _movable(ground: SituationGround, code: int) -> None:
    territory = ground.plan.territory(code)
    if territory.locked:
        raise InputError(f"{territory.name} is locked, so its areas can't move; unlock it first")
    stuck = int((ground.plan.locked_units & (ground.plan.assign == code)).sum())
    if stuck:
        noun = unit_noun(ground.units.level, stuck)
        raise InputError(f"{stuck:,} {noun} of {territory.name} {'is' if stuck == 1 else 'are'} locked; unlock first")


def _others(ground: SituationGround, code: int) -> None:
    if all(t.locked or t.code == code for t in ground.plan.territories):
        name = ground.plan.territory(code).name
        raise InputError(f"{name} is the only territory that isn't locked, so nobody can take over; unlock another one")


def _check_coverage(ground: SituationGround, asked: Coverage) -> None:
    _owns(ground, asked.territory)
    _others(ground, asked.territory)
    territory = ground.plan.territory(asked.territory)
    if asked.until < asked.day:
        raise InputError(
            f"coverage ends on {date_text(asked.until)}, before it starts on {date_text(asked.day)}; correct one of "
            "the dates"
        )
    if asked.successor is None and not territory.rep:
        raise InputError(f"{territory.name} has no rep who could come back; choose who takes it, or nobody yet")
    if asked.successor:
        found = ground.person(asked.successor)
        if found is None:
            raise InputError("the successor isn't on the roster; add them on page Reps first")
        have = next((t for t in ground.plan.territories if t.rep == asked.successor and t != territory), None)
        if have is not None:
            raise InputError(f"{found.name} already covers {have.name}; choose somebody without a territory")


def _check_hires(ground: SituationGround, asked: RepsHired) -> None:
    if not 1 <= len(asked.people) <= MOST_HIRES:
        raise InputError(f"hire 1 to {MOST_HIRES} reps at a time; each needs a home (a ZIP, or city and state)")
    _check_people(ground, asked.people)
    k = len(ground.plan.territories) + len(asked.people)
    if k > MAX_TERRITORIES:
        raise InputError(f"{k} territories can't be made; a plan has at most {MAX_TERRITORIES}")
    open_codes = [t.code for t in ground.plan.territories if not t.locked]
    there = np.isin(ground.plan.assign, open_codes) & ~ground.plan.locked_units
    spare = int(there.sum()) - sum(bool((there & (ground.plan.assign == c)).any()) for c in open_codes)
    if spare < len(asked.people):
        noun = unit_noun(ground.units.level, 2)
        raise InputError(
            f"{count(len(asked.people), 'new territory', 'new territories')} can't be made: the territories there are "
            f"can give {spare:,} {noun} without losing their last one; hire fewer reps, unlock some, or plan on "
            "smaller areas"
        )


def _check_people(ground: SituationGround, people: Sequence[Rep]) -> None:
    known = {r.rep_id: r for r in ground.reps}
    places = home_points([r.home for r in people])
    for person, place in zip(people, places, strict=True):
        if np.isnan(place).any():
            said = home_problem(person.home) or "no home; enter a ZIP, or city and state, where they will live"
            raise InputError(f"{person.name}: {said}")
        if person.rep_id not in known and person.start is not None and person.start < ground.today:
            raise InputError(
                f"{person.name} starts on {date_text(person.start)}, which is in the past; enter a later day"
            )
        have = next((t for t in ground.plan.territories if t.rep == person.rep_id), None)
        if have is not None:
            raise InputError(f"{person.name} already covers {have.name}; choose somebody without a territory")
    ids = [p.rep_id for p in people]
    if len(set(ids)) < len(ids):
        raise InputError("one person is named twice; name each once")


def _check_split(ground: SituationGround, asked: Split) -> None:
    _movable(ground, asked.territory)
    territory = ground.plan.territory(asked.territory)
    areas = int((ground.plan.assign == asked.territory).sum())
    if not 2 <= asked.parts <= 20:
        raise InputError("split a territory into 2 to 20 parts")
    if areas < asked.parts:
        have = f"{areas:,} {unit_noun(ground.units.level, areas)}"
        raise InputError(
            f"{territory.name} has {have}, so it can't be split into {asked.parts}; split its areas into smaller ones "
            "first, or make the plan by ZIP"
        )
    if len(asked.people) >= asked.parts:
        raise InputError(f"{asked.parts} parts leave room for {asked.parts - 1} more; name fewer people")
    if asked.people:
        _check_people(ground, asked.people)


def share_of(ground: SituationGround, person: Rep) -> float:
    """Share of a full territory for somebody new: their mean capacity over their first twelve months, ramp included."""
    first = max(person.start or ground.today, ground.today)
    service = Service(start=person.start, share=person.capacity)
    mean = capacity_between(service, first, first + timedelta(days=364), ground.ramp)
    return round(min(max(mean, SHARES[0]), SHARES[1]), 2)


def newcomers(ground: SituationGround, people: Sequence[Rep], day: date) -> tuple[Rep, ...]:
    """The people as they would be on the roster: with a start, if none is known."""
    known = {r.rep_id for r in ground.reps}
    return tuple(p if p.rep_id in known or p.start is not None else replace(p, start=day) for p in people)


def sentence_of(ground: SituationGround, asked: Question) -> str:
    """What happened, in a few words, for the history and the name of the scenario."""

    def holder(code: int) -> str:
        return ground.holder(ground.plan.territory(code))

    day = f"from {date_text(asked.day)}"
    if isinstance(asked, RepLeaves):
        return f"{holder(asked.territory)} leaves, {day}"
    if isinstance(asked, Coverage):
        who = holder(asked.territory)
        then = (
            "comes back" if asked.successor is None else (ground.called(asked.successor) or "somebody new") + " follows"
        )
        return f"{who} is covered until {date_text(asked.until)}, then {then}"
    if isinstance(asked, RepsHired):
        names = ", ".join(p.name for p in asked.people[:3])
        return f"{count(len(asked.people), 'rep')} hired ({names}), {day}"
    if isinstance(asked, Merge):
        return f"{ground.plan.territory(asked.goes).name} merges into {ground.plan.territory(asked.stays).name}, {day}"
    if isinstance(asked, Split):
        return f"{ground.plan.territory(asked.territory).name} splits into {asked.parts}, {day}"
    if isinstance(asked, Swap):
        return f"{holder(asked.first)} and {holder(asked.second)} swap territories, {day}"
    return f"Balanced mid-year, {day}"
