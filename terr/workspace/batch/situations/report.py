"""`terr situation`: a file of accounts and a plan to the options of what happened, each measured as a design is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep, home_fields
from terr.model.result import Explanation
from terr.workspace.batch.inputs import BatchInputs, rep_called
from terr.workspace.batch.named_file import with_named_accounts_of
from terr.workspace.batch.report import PlanReport, faults, plan_report
from terr.workspace.batch.starting_plan import StartingPlan, starting_plan, todays_plan
from terr.workspace.design.problem import solve_task
from terr.workspace.plan.rules import PlanRules
from terr.workspace.situations import sharing
from terr.workspace.situations.answers import options
from terr.workspace.situations.ground import SituationGround
from terr.workspace.situations.letters import letters_zip
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.questions import Coverage, Merge, Question, RepLeaves, RepsHired, Split, sentence_of

KINDS = ("leave", "hire", "merge", "split")


@dataclass(frozen=True)
class SituationRequest:
    """What a command line says of a situation.

    Attributes:
        kind: one of `KINDS`.
        territories: named by territory or rep: who leaves, what is split, what merges (the first one stays).
        reps: of the roster, who are hired or take a part.
        homes: ZIPs of people who aren't on it.
        parts: of a split.
        day: from when, None = today; until: last day of coverage, None = nobody comes back.
        between: accounts may move between reps who stay.
    """

    kind: str
    territories: tuple[str, ...] = ()
    reps: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    parts: int = 2
    day: date | None = None
    until: date | None = None
    between: bool = False


@dataclass(frozen=True, eq=False)
class SituationReport:
    """Options with their plans, and the contract's JSON of all (`report`)."""

    options: tuple[SituationOption, ...]
    answers: tuple[PlanReport, ...]
    report: dict[str, Any]

    @property
    def broken(self) -> bool:
        """No option keeps every limit."""
        return all(a.broken for a in self.answers)

    def letters(self, at: int) -> bytes:
        """The letters of one option, as a zip file."""
        return letters_zip(self.options[at], "md")


def situation_report(
    ground: BatchInputs, wanted: SituationRequest, *, progress: Progress = UNWATCHED, today: date | None = None
) -> SituationReport:
    """The options of a situation.

    Args:
        ground: the accounts, with a plan named.
        wanted: what happened.
        progress: follows it.
        today: dates before it are past, None = of this machine's clock.

    Raises:
        InputError: if a file or the question can't be used.
        StoppedError: if the person stopped it.
    """
    began = time.perf_counter()
    ground, before = todays_plan(ground)
    if before is None:
        raise InputError("there is no plan to start from; give it with --plan or --today owners")
    start = starting_plan(ground, before)
    if ground.asked.named is not None:
        ground = with_named_accounts_of(*ground.asked.named, ground, start)
    asked_of = _ground(ground, start, today or datetime.now().astimezone().date())
    asked = _question(asked_of, wanted)
    found = options(asked_of, asked, progress)
    answers, rows = [], []
    for one in found:
        shares = [(c, s) for c, s in one.rules.shares if c in one.acting.codes]
        held = replace(ground, reps=one.reps).with_overrides(one.held)
        task = solve_task(
            held.plan_inputs(one.acting),
            sharing.standing_request(asked_of, one.acting, one.rules, asked_of.tolerance),
            anew=False,
        )
        told = [Explanation("situation", note) for note in one.notes]
        told += faults(held, task, task.assign, one.acting)
        measured = plan_report(held, one.acting, shares, told=told, before=before)
        answers.append(measured)
        rows.append({**option_json(one), **measured.report})
    report = {
        "situation": wanted.kind,
        "what": sentence_of(asked_of, asked),
        "from": asked.day.isoformat(),
        "until": asked.until.isoformat() if isinstance(asked, Coverage) else None,
        "options": rows,
        "runtime_s": time.perf_counter() - began,
    }
    return SituationReport(found, tuple(answers), report)


def option_json(one: SituationOption) -> dict[str, Any]:
    """What an option says beside its plan, as the contract has it."""
    f = one.figures
    moves = one.changes
    return {
        "option": one.key,
        "title": one.title,
        "summary": one.summary,
        "changes": {
            "accounts": f.accounts,
            "load": f.load,
            "share_pct": 100 * f.share,
            "areas": f.areas,
            "between_reps_who_stay": f.between,
            "hours": f.hours,
            "hours_before": f.hours_before,
            "people": [
                {
                    "name": p.name,
                    "accounts_gained": p.gained,
                    "accounts_handed_over": p.lost,
                    "load_gained": p.gained_load,
                    "load_handed_over": p.lost_load,
                    "hours": p.hours,
                }
                for p in f.people
            ],
        },
        "accounts": [
            {"account_id": str(r[0]), "from": r[1], "to": r[2], "from_rep": r[3], "to_rep": r[4], "why": r[5]}
            for r in moves[["account_id", "from", "to", "from_rep", "to_rep", "reason"]].itertuples(index=False)
        ],
    }


def _ground(ground: BatchInputs, start: StartingPlan, today: date) -> SituationGround:
    asked, plan = start.request, start.plan
    shares = tuple((int(k.partition(":")[2]), s) for k, s in asked.shares if k.startswith("territory:"))
    return SituationGround(
        units=ground.units,
        plan=plan,
        accounts=ground.accounts,
        held=ground.overrides,
        reps=ground.reps,
        measure=ground.measures[0],
        tolerance=asked.tolerance,
        currency=dict(ground.accounts.currency).get(ground.measures[0], ""),
        rules=PlanRules(asked.limits, asked.groups, shares, asked.unassigned, asked.whole_states, asked.sides),
        next_code=max(start.next_code, 1 + max(plan.codes, default=0)),
        today=today,
        name="the plan",
    )


def _question(ground: SituationGround, wanted: SituationRequest) -> Question:
    """What a command line says as a question about the plan.

    Raises:
        InputError: for a territory or a rep that isn't there, or too few or too many of them.
    """
    day = wanted.day or ground.today
    named = [ground.territory_of(t, f"situation {wanted.kind}").code for t in wanted.territories]
    if wanted.kind == "leave":
        _number(named, 1, "who leaves", "--rep NAME")
        if wanted.until is not None:
            back = None if ground.plan.territory(named[0]).rep else ""
            if wanted.reps:
                back = rep_called(ground.reps, wanted.reps[0], "--successor").rep_id
            return Coverage(named[0], day, wanted.until, back)
        return RepLeaves(named[0], day)
    if wanted.kind == "merge":
        _number(named, 2, "the two territories", "--territory STAYS --territory GOES")
        return Merge(named[0], named[1], day)
    people = _people(ground, wanted)
    if wanted.kind == "split":
        _number(named, 1, "the territory to split", "--territory NAME")
        return Split(named[0], day, wanted.parts, people)
    return RepsHired(people, day, wanted.between)


def _number(named: Sequence[int], n: int, what: str, how: str) -> None:
    if len(named) != n:
        raise InputError(f"name {what}: {how}")


def _people(ground: SituationGround, wanted: SituationRequest) -> tuple[Rep, ...]:
    """Reps of the roster, and new ones by their homes."""
    out = [rep_called(ground.reps, text, "--rep") for text in wanted.reps]
    ids = {r.rep_id.casefold() for r in ground.reps}
    number = 1
    for home in wanted.homes:
        while f"new-{number}" in ids:
            number += 1
        out.append(Rep(f"new-{number}", f"New rep {number}", start=wanted.day or ground.today, **home_fields(home)))
        ids.add(f"new-{number}")
    return tuple(out)
