"""A situation's options: at most three, each a plan that differs from today's by what it is good at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from terr.edits.colors import least_used
from terr.edits.moves import default_name
from terr.engine import frontier
from terr.errors import PlanError
from terr.metrics import balance
from terr.model.overrides import Overrides
from terr.model.plan import Plan, Territory
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.units import UNASSIGNED
from terr.view.text import count, percent
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.tolerance import limit_words
from terr.workspace.reps.homes import home_xy, nearest_units
from terr.workspace.situations import books, sharing
from terr.workspace.situations.ground import SituationGround, without
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.questions import (
    Coverage,
    Merge,
    MidYear,
    Question,
    RepLeaves,
    RepsHired,
    Split,
    Swap,
    check,
    newcomers,
    share_of,
)

FEWEST, EVEN, TRAVEL = "fewest", "even", "travel"
TITLES = {FEWEST: "Fewest changes", EVEN: "Most even", TRAVEL: "Shortest travel"}
COVER_TITLES = {FEWEST: "One rep covers", EVEN: "Shared evenly", TRAVEL: "Shortest travel"}
SECONDS = 2.5
"""Wall-clock for a repair of the whole map."""
ENDS = 0.5
"""Where a plan is within its limit already, the most even option asks for this part of its largest deviation."""


def options(ground: SituationGround, asked: Question, progress: Progress = UNWATCHED) -> tuple[SituationOption, ...]:
    """The options of a situation, those of fewest changes first; alike ones once.

    Raises:
        InputError: if it can't be answered, saying how to correct it. PlanError: if no plan can exist.
        StoppedError: if the person stopped it.
    """
    check(ground, asked)
    found = _found(ground, asked, progress)
    out: list[SituationOption] = []
    for one in found:
        same = next((o for o in out if np.array_equal(o.acting.assign, one.acting.assign)), None)
        if same is None:
            out.append(replace(one, notes=(*one.notes, *one.broken)))
        else:
            at = out.index(same)
            out[at] = replace(same, title=f"{same.title}, {one.title[:1].lower()}{one.title[1:]}")
    progress.tell(1.0, "comparing the options")
    return tuple(out)


def _found(ground: SituationGround, asked: Question, progress: Progress) -> list[SituationOption]:
    if isinstance(asked, RepLeaves):
        return _leave(ground, asked, progress)
    if isinstance(asked, Coverage):
        return _cover(ground, asked, progress)
    if isinstance(asked, RepsHired):
        return _hire(ground, asked, progress)
    if isinstance(asked, Merge):
        return _merge(ground, asked, progress)
    if isinstance(asked, Split):
        return _split(ground, asked, progress)
    if isinstance(asked, Swap):
        return _swap(ground, asked, progress)
    return _mid_year(ground, asked, progress)


def _leave(ground: SituationGround, asked: RepLeaves, progress: Progress) -> list[SituationOption]:
    gone = ground.plan.territory(asked.territory)
    held = without(ground.held, gone.code)
    rules = _rules(ground, gone.code)
    key = gone.rep or f"territory:{gone.code}"
    notes = _freed(ground, gone.code)

    def option(kind: str, plan: Plan, *more: str) -> SituationOption:
        return SituationOption(
            ground, kind, TITLES[kind], plan, plan, held, rules, asked.day, leaving=frozenset({key}),
            notes=(*notes, *more),
        )  # fmt: skip

    progress.tell(0.1, f"sharing out {gone.name}")
    few = _removed(ground, gone.code, sharing.share_out(ground, ground.plan, held, gone.code, rules=rules))
    near = _removed(
        ground, gone.code, sharing.share_out(ground, ground.plan, held, gone.code, near_homes=True, rules=rules)
    )
    progress.tell(0.4, "balancing the whole plan")
    even, said = _even(ground, few, held, rules, progress)
    return [option(FEWEST, few), option(EVEN, even, *said), option(TRAVEL, near, *_homeless(ground, near))]


def _cover(ground: SituationGround, asked: Coverage, progress: Progress) -> list[SituationOption]:
    """Nothing moves on the map: the accounts go to others by name until a day, so that the way back is one click."""
    away = ground.plan.territory(asked.territory)
    rules = _rules(ground, away.code)
    held = without(ground.held, away.code)
    key = away.rep or f"territory:{away.code}"
    rep = away.rep if asked.successor is None else asked.successor
    territories = tuple(replace(t, rep=rep) if t.code == away.code else t for t in ground.plan.territories)
    stored = ground.plan.with_changes(territories=territories)

    def option(kind: str, plan: Plan) -> SituationOption:
        return SituationOption(
            ground, kind, COVER_TITLES[kind], stored, plan, held, rules, asked.day, asked.until,
            leaving=frozenset({key}), notes=_freed(ground, away.code) + _homeless(ground, plan) * (kind == TRAVEL),
        )  # fmt: skip

    progress.tell(0.2, f"looking for who covers {away.name}")
    loosened = ground.plan.with_changes(locked_units=np.zeros(len(ground.plan), dtype=np.bool_))
    out = []
    for kind in (FEWEST, EVEN, TRAVEL):
        only = (_one_cover(ground, away.code, held, rules),) if kind == FEWEST else ()
        assign = sharing.share_out(ground, loosened, held, away.code, near_homes=kind == TRAVEL, only=only, rules=rules)
        out.append(option(kind, _removed(ground, away.code, assign)))
    return out


def _one_cover(ground: SituationGround, code: int, held: Overrides, rules: PlanRules) -> int:
    """The neighbor who has most room, by target, for all of a territory."""
    units, mine = ground.units, ground.plan.assign == code
    may = sharing.open_codes(ground.plan) - {code}
    near = sorted(set(ground.plan.assign[sharing.beside(units, mine)].tolist()) & may) or sorted(may)
    load, goal, _ = ground.loads_and_goals(ground.plan, held, rules)
    at = {c: j for j, c in enumerate(ground.plan.codes)}
    best: int = min(near, key=lambda c: (load[at[c]] / goal[at[c]] if goal[at[c]] > 0 else np.inf, c))
    return best


def _hire(ground: SituationGround, asked: RepsHired, progress: Progress) -> list[SituationOption]:
    people = newcomers(ground, asked.people, asked.day)
    plan, codes, rules = _with_new(ground, people)
    joined = frozenset(p.rep_id for p in people)
    homes = np.array(home_xy(ground.units, people)).reshape(-1, 2)
    new_people = tuple(p for p in people if ground.person(p.rep_id) is None)

    def option(kind: str, after: Plan, *more: str) -> SituationOption:
        shares = dict(rules.shares)
        told = [
            f"{p.name} is planned with {percent(100 * shares[c], 0)} of a full territory: the first twelve months, "
            "ramp included"
            for p, c in zip(people, codes, strict=True)
            if c in shares
        ]
        return SituationOption(
            ground, kind, TITLES[kind], after, after, ground.held, rules, asked.day, newcomers=new_people,
            joined=joined, notes=(*told, *more),
        )  # fmt: skip

    made = {}
    for step, kind in enumerate((FEWEST, EVEN, TRAVEL)):
        progress.tell(0.1 + 0.2 * step, "drawing the new territories")
        now = plan
        layers = books.touched_layers(ground.units, plan)
        if layers:
            found = books.with_new(ground, now, ground.held, codes, layers[0], rules, aim=kind, homes=homes)
            made[kind] = now.with_changes(assign=found)
            continue
        for n, code in enumerate(codes):
            taken = np.isin(now.assign, codes)
            free = np.isin(now.assign, list(sharing.open_codes(now) - set(codes))) & ~now.locked_units & ~taken
            size = np.bincount(now.slots()[now.assign >= 0], minlength=len(now.territories))
            last = [t.code for t, s in zip(now.territories, size.tolist(), strict=True) if s < 2]
            free &= ~np.isin(now.assign, last)
            start = nearest_units(ground.units, homes[n : n + 1], free)[0]
            if start < 0:
                raise PlanError(f"no area is left for {people[n].name}; hire fewer reps or unlock some")
            closed = dict.fromkeys([*codes, *last], True)
            assign = sharing.carve(ground, now, ground.held, code, start, rules, aim=kind, home=homes[n], closed=closed)
            now = now.with_changes(assign=assign)
        made[kind] = now
    said: tuple[str, ...] = ()
    if asked.between:
        progress.tell(0.7, "balancing the whole plan")
        made[EVEN], said = _even(ground, made[EVEN], ground.held, rules, progress)
    else:
        made[EVEN] = min((made[k] for k in (EVEN, FEWEST, TRAVEL)), key=lambda p: _deviation(ground, p, rules))
        said = ("No account moves between reps who stay; allow it for a more even plan",)
    return [option(FEWEST, made[FEWEST]), option(EVEN, made[EVEN], *said), option(TRAVEL, made[TRAVEL])]


def _merge(ground: SituationGround, asked: Merge, progress: Progress) -> list[SituationOption]:
    stays, goes = ground.plan.territory(asked.stays), ground.plan.territory(asked.goes)
    rules = _rules(ground, goes.code)
    rows = np.where(ground.held.codes == goes.code, stays.code, ground.held.codes).astype(np.int16)
    held = Overrides(ground.held.rows, rows) if len(ground.held) else ground.held
    key = goes.rep or f"territory:{goes.code}"
    mine = ground.plan.assign == goes.code
    notes: tuple[str, ...] = ()
    if goes.rep and goes.rep != stays.rep:
        notes = (*notes, f"{ground.called(goes.rep)} has no territory afterwards")

    def option(kind: str, plan: Plan, *more: str) -> SituationOption:
        return SituationOption(
            ground, kind, TITLES[kind], plan, plan, held, rules, asked.day, leaving=frozenset({key}),
            notes=(*notes, *more),
        )  # fmt: skip

    progress.tell(0.1, "merging the two")
    few = _removed(ground, goes.code, np.where(mine, stays.code, ground.plan.assign).astype(np.int16))
    near = _removed(
        ground, goes.code, sharing.share_out(ground, ground.plan, held, goes.code, near_homes=True, rules=rules)
    )
    progress.tell(0.4, "balancing the whole plan")
    even, said = _even(ground, few, held, rules, progress)
    return [option(FEWEST, few), option(EVEN, even, *said), option(TRAVEL, near, *_homeless(ground, near))]


def _split(ground: SituationGround, asked: Split, progress: Progress) -> list[SituationOption]:
    whole = ground.plan.territory(asked.territory)
    people = newcomers(ground, asked.people, asked.day)
    plan, codes, rules = _with_new(ground, (*people, *([None] * (asked.parts - 1 - len(people)))))
    joined = frozenset(p.rep_id for p in people) | {f"territory:{c}" for c in codes}
    known = dict(rules.shares)
    shares = [known.get(whole.code, 1.0), *(known.get(c, 1.0) for c in codes)]
    parts = [whole, *(plan.territory(c) for c in codes)]
    homes = ground.homes(parts, people)
    new_people = tuple(p for p in people if ground.person(p.rep_id) is None)

    def option(kind: str, after: Plan, *more: str) -> SituationOption:
        return SituationOption(
            ground, kind, TITLES[kind], after, after, ground.held, rules, asked.day, newcomers=new_people,
            joined=joined, notes=more,
        )  # fmt: skip

    def divided(near: bool) -> Plan:
        part = sharing.divide(ground, ground.plan, ground.held, whole.code, shares, homes=homes if near else None)
        inside = part >= 0
        order = [whole.code, *codes]
        if not near and len(set(shares)) == 1:  # alike parts: who has it keeps the part nearest home, or the largest
            order = _kept_part(ground, part, order, homes[0])
        assign = plan.assign.copy()
        assign[inside] = np.array(order, dtype=np.int16)[part[inside]]
        return plan.with_changes(assign=assign)

    progress.tell(0.1, f"dividing {whole.name}")
    few = divided(near=False)
    near = divided(near=True)
    progress.tell(0.4, "balancing the whole plan")
    even, said = _even(ground, few, ground.held, rules, progress)
    lost = "No home is known for the parts, so this is the most compact division" if np.isnan(homes).all() else ""
    return [option(FEWEST, few), option(EVEN, even, *said), option(TRAVEL, near, *([lost] if lost else []))]


def _kept_part(
    ground: SituationGround, part: NDArray[np.int16], order: list[int], home: NDArray[np.float64]
) -> list[int]:
    loads = ground.unit_loads(ground.held)
    n = len(order)
    middles = [ground.units.xy_km[part == j].mean(axis=0) for j in range(n)]
    if np.isnan(home).any():
        first = int(np.argmax([loads[part == j].sum() for j in range(n)]))
    else:
        first = int(np.argmin([np.hypot(*(m - home)) for m in middles]))
    rest = iter(order[1:])
    return [order[0] if j == first else next(rest) for j in range(n)]


def _swap(ground: SituationGround, asked: Swap, progress: Progress) -> list[SituationOption]:
    progress.tell(0.2, "swapping the two")
    one, other = ground.plan.territory(asked.first), ground.plan.territory(asked.second)
    reps = {one.code: other.rep, other.code: one.rep}
    plan = ground.plan.with_changes(
        territories=tuple(replace(t, rep=reps.get(t.code, t.rep)) for t in ground.plan.territories)
    )
    return [SituationOption(ground, "swap", "Swap", plan, plan, ground.held, ground.rules, asked.day)]


def _mid_year(ground: SituationGround, asked: MidYear, progress: Progress) -> list[SituationOption]:
    """Points of the frontier against the plan as it stands: the first within the limit, the bend, the most even."""
    if ground.apart:
        return _books_mid_year(ground, asked, progress)
    task = sharing.standing_task(ground, ground.plan, ground.held, ground.rules, ground.tolerance)
    found = frontier(task.problem, points=8, time_limit_s=4 * SECONDS, progress=progress)
    may = [p for p in found if p.moved <= asked.most_moved + 1e-9 and bool((p.result.assign != task.assign).any())]
    if not may:
        least = min((p.moved for p in found if p.moved > 0), default=None)
        if least is None:
            raise PlanError("no change improves the balance while every territory stays in one piece")
        raise PlanError(
            f"no better plan changes at most {percent(100 * asked.most_moved)} of {ground.measure}; the smallest step "
            f"moves {percent(100 * least)}, so allow more"
        )
    first = next((p for p in may if p.deviation <= ground.tolerance * (1 + 1e-9)), may[0])
    last = may[-1]
    span = max(last.moved - may[0].moved, 1e-12), max(may[0].deviation - last.deviation, 1e-12)
    bend = min(may, key=lambda p: (p.moved - may[0].moved) / span[0] + (p.deviation - last.deviation) / span[1])
    out = []
    titles = {"fewest": "Fewest changes", "bend": "Best trade-off", "even": "Most even"}
    for kind, point in (("fewest", first), ("bend", bend), ("even", last)):
        assign = ground.plan.assign.copy()
        codes = np.array([*task.codes[: task.problem.territories], UNASSIGNED], dtype=np.int16)
        assign[task.rows] = codes[point.result.assign]
        plan = ground.plan.with_changes(assign=assign)
        out.append(SituationOption(ground, kind, titles[kind], plan, plan, ground.held, ground.rules, asked.day))
    return out


def _books_mid_year(ground: SituationGround, asked: MidYear, progress: Progress) -> list[SituationOption]:
    """The least change for ever tighter limits on books, those that keep the cap."""
    out = []
    ways = (("fewest", "Fewest changes", 1.0), ("bend", "Best trade-off", 0.5), ("even", "Most even", 0.2))
    for step, (kind, title, part) in enumerate(ways):
        progress.tell(0.3 * step, "balancing the books")
        limit = max(0.005, ground.tolerance * part)
        assign = sharing.rebalanced(ground, ground.plan, ground.held, ground.rules, limit, seconds=SECONDS)
        plan = ground.plan.with_changes(assign=assign)
        one = SituationOption(ground, kind, title, plan, plan, ground.held, ground.rules, asked.day)
        if 0 < one.figures.share <= asked.most_moved + 1e-9:
            out.append(one)
    if not out:
        raise PlanError(
            f"no better plan changes at most {percent(100 * asked.most_moved)} of {ground.measure}; allow more, or the "
            "plan is as even as its accounts allow"
        )
    return out


def _even(
    ground: SituationGround, plan: Plan, held: Overrides, rules: PlanRules, progress: Progress
) -> tuple[Plan, tuple[str, ...]]:
    """The plan balanced with the least change, and what it didn't reach."""
    load, goal, _ = ground.loads_and_goals(plan, held, rules)
    now = float(balance.max_deviation(load, goal))
    limit = ground.tolerance if now > ground.tolerance else max(0.005, now * ENDS)
    found = sharing.rebalanced(ground, plan, held, rules, limit, seconds=SECONDS, progress=progress.part(0.5, 0.95))
    after = plan.with_changes(assign=found)
    load, goal, _ = ground.loads_and_goals(after, held, rules)
    best = float(balance.max_deviation(load, goal))
    if best >= now:
        return plan, ("Moving accounts between other reps would make nothing more even",)
    if best <= ground.tolerance * (1 + 1e-6):
        return after, ()
    words = f"the limit is {limit_words(ground.tolerance, rules.sides)}"
    return after, (f"The largest deviation is {percent(100 * best)}; {words}. Generate can look longer",)


def _deviation(ground: SituationGround, plan: Plan, rules: PlanRules) -> float:
    load, goal, _ = ground.loads_and_goals(plan, ground.held, rules)
    return float(balance.max_deviation(load, goal))


def _removed(ground: SituationGround, code: int, assign: NDArray[np.int16]) -> Plan:
    return ground.plan.with_changes(
        assign=assign, territories=tuple(t for t in ground.plan.territories if t.code != code)
    )


def _rules(ground: SituationGround, gone: int) -> PlanRules:
    """The plan's rules without a territory."""
    return replace(ground.rules, shares=tuple((c, s) for c, s in ground.rules.shares if c != gone))


def _with_new(ground: SituationGround, people: tuple[Rep | None, ...]) -> tuple[Plan, list[int], PlanRules]:
    """The plan with an empty territory for each, their codes, and the rules with their shares."""
    territories, codes, shares = list(ground.plan.territories), [], list(ground.rules.shares)
    for n, person in enumerate(people):
        code = ground.next_code + n
        taken = [t.name for t in territories]
        name = person.name[:80] if person is not None else ""
        if not name.strip() or name.casefold() in {t.casefold() for t in taken}:
            name = default_name(taken)
        rep = "" if person is None else person.rep_id
        territories.append(Territory(code, name, rep, color=least_used(t.color for t in territories)))
        codes.append(code)
        share = 1.0 if person is None else share_of(ground, person)
        if share != 1:
            shares.append((code, share))
    plan = ground.plan.with_changes(territories=tuple(sorted(territories, key=lambda t: t.code)))
    return plan, codes, replace(ground.rules, shares=tuple(shares))


def _freed(ground: SituationGround, code: int) -> tuple[str, ...]:
    n = int((ground.held.codes == code).sum())
    return (f"{count(n, 'account')} assigned by name now {'follows' if n == 1 else 'follow'} the map",) if n else ()


def _homeless(ground: SituationGround, plan: Plan) -> tuple[str, ...]:
    """Says whose home isn't known where homes decide."""
    lost = int(np.isnan(ground.homes(plan.territories)[:, 0]).sum())
    if not lost:
        return ()
    who = count(lost, "territory", "territories")
    return (f"{who} without a known home: the middle of the territory stands for it",)
