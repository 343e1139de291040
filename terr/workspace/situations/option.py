"""An option: a plan as it would be, who changes what, how even it is, and why each area goes where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.metrics import balance
from terr.metrics.tally import full_tally
from terr.model.overrides import Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.view.text import and_list, count, percent, short
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.tolerance import within
from terr.workspace.reps.matching import TeamGround
from terr.workspace.reps.serving import territory_hours
from terr.workspace.scenarios.change_ledger import changes_table
from terr.workspace.situations.ground import SituationGround

NOBODY = "nobody"


@dataclass(frozen=True)
class PersonChange:
    """What one rep, or one territory without a rep, gains and hands over.

    Attributes:
        key: rep_id, or "territory:3"; name: for a reader.
        gained, lost: accounts; gained_load, lost_load: of the measure.
        deviation: from the target afterwards, a share, NaN = has nothing then.
        hours: a year afterwards.
    """

    key: str
    name: str
    gained: int
    lost: int
    gained_load: float
    lost_load: float
    deviation: float
    hours: float


@dataclass(frozen=True)
class OptionFigures:
    """What an option costs and brings.

    Attributes:
        accounts, load, share: that change hands, and of all of the measure in the plan.
        between: accounts that go from one rep who stays to another who stays.
        areas: units that change territory.
        deviation, before: largest deviation from target after and before, a share.
        inside: every territory within the limit afterwards.
        hours, hours_before: a year, of all; busiest: (who, hours) afterwards.
        people: who changes, most of the measure first.
    """

    accounts: int
    load: float
    share: float
    between: int
    areas: int
    deviation: float
    before: float
    inside: bool
    hours: float
    hours_before: float
    busiest: tuple[str, float]
    people: tuple[PersonChange, ...]


@dataclass(frozen=True, eq=False)
class SituationOption:
    """One way to answer a situation.

    Attributes:
        ground: what it is an option for.
        key: "fewest", "even" or "travel", or another word of the situation; title: for a reader.
        plan: as it would be stored.
        acting: the plan by who works on what: `plan`, or what holds while somebody is covered for.
        held: accounts that go by name while it holds.
        rules: the plan is held to.
        first, last: days from and until which it holds, None = open.
        newcomers: people who aren't on the roster yet.
        leaving: keys of who leaves or gives up, who isn't one "who stays".
        notes: what a person should know.
        joined: keys of who is new, who isn't one "who stays".
    """

    ground: SituationGround
    key: str
    title: str
    plan: Plan
    acting: Plan
    held: Overrides
    rules: PlanRules
    first: date
    last: date | None = None
    newcomers: tuple[Rep, ...] = ()
    leaving: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def temporary(self) -> bool:
        """Whether somebody is covered for until a day."""
        return self.last is not None

    @cached_property
    def before_codes(self) -> NDArray[np.int16]:
        """int16 (n_accounts,), territory of each account now."""
        return self.ground.codes(self.ground.plan, self.ground.held)

    @cached_property
    def after_codes(self) -> NDArray[np.int16]:
        """int16 (n_accounts,), territory of each account under this option."""
        return self.ground.codes(self.acting, self.held)

    @cached_property
    def reps(self) -> tuple[Rep, ...]:
        """The roster, newcomers included."""
        known = {r.rep_id for r in self.newcomers}
        return (*(r for r in self.ground.reps if r.rep_id not in known), *self.newcomers)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """int64, accounts that change hands: another rep, or, where nobody covers, another territory."""
        was, now = self._keys(self.ground.plan, self.before_codes), self._keys(self.acting, self.after_codes)
        return np.flatnonzero(was != now).astype(np.int64)

    def _keys(self, plan: Plan, codes: NDArray[np.int16]) -> NDArray[np.object_]:
        keys = {t.code: t.rep or f"territory:{t.code}" for t in plan.territories}
        return np.array([keys.get(c, "") for c in codes.tolist()], dtype=object)

    @cached_property
    def before_keys(self) -> NDArray[np.object_]:
        """object (n_accounts,), rep_id or "territory:3" of each account now, "" = nobody."""
        return self._keys(self.ground.plan, self.before_codes)

    @cached_property
    def after_keys(self) -> NDArray[np.object_]:
        """The same under this option."""
        return self._keys(self.acting, self.after_codes)

    def name_of(self, key: str) -> str:
        """Who a key is, for a reader."""
        if key.startswith("territory:"):
            code = int(key.partition(":")[2])
            both = (*self.acting.territories, *self.ground.plan.territories)
            return next((t.name for t in both if t.code == code), key)
        return next((r.name for r in self.reps if r.rep_id == key), key) or NOBODY

    @cached_property
    def moved_units(self) -> NDArray[np.int64]:
        """int64, units that are in another territory."""
        return np.flatnonzero(self.acting.assign != self.ground.plan.assign).astype(np.int64)

    @cached_property
    def figures(self) -> OptionFigures:
        """What it costs and brings."""
        ground, rows = self.ground, self.rows
        values = ground.amounts
        load, goal, _ = ground.loads_and_goals(self.acting, self.held, self.rules)
        was, goal_was, _ = ground.loads_and_goals(ground.plan, ground.held)
        off = balance.deviation(load, goal)
        hours = self._hours(self.acting, self.held)
        hours_was = self._hours(ground.plan, ground.held)
        inside = (self.before_codes >= 0) | (self.after_codes >= 0)
        whole = float(values[inside].sum())
        moved = float(values[rows].sum())
        old, new = self.before_keys[rows], self.after_keys[rows]
        aside = {*self.leaving, *self.joined, ""}
        stays = np.array([a not in aside and b not in aside for a, b in zip(old, new, strict=True)], dtype=np.bool_)
        top = int(np.argmax(hours)) if len(hours) else -1
        names = [self.name_of(t.rep or f"territory:{t.code}") for t in self.acting.territories]
        return OptionFigures(
            accounts=len(rows),
            load=moved,
            share=moved / whole if whole > 0 else 0.0,
            between=int(stays.sum()),
            areas=len(self.moved_units),
            deviation=float(balance.max_deviation(load, goal)) if len(load) else float("nan"),
            before=float(balance.max_deviation(was, goal_was)) if len(was) else float("nan"),
            inside=bool(within(off, ground.tolerance, self.rules.sides).all()),
            hours=float(hours.sum()),
            hours_before=float(hours_was.sum()),
            busiest=(names[top], float(hours[top])) if top >= 0 else ("", 0.0),
            people=self._people(old, new, off, hours),
        )

    def _hours(self, plan: Plan, held: Overrides) -> NDArray[np.float64]:
        if not plan.territories:
            return np.zeros(0)
        return territory_hours(TeamGround(self.ground.accounts, self.ground.units, plan, self.reps, held))

    def _people(
        self,
        old: NDArray[np.object_],
        new: NDArray[np.object_],
        off: NDArray[np.float64],
        hours: NDArray[np.float64],
    ) -> tuple[PersonChange, ...]:
        values = self.ground.amounts[self.rows]
        at: dict[str, list[int]] = {}
        for j, t in enumerate(self.acting.territories):
            at.setdefault(t.rep or f"territory:{t.code}", []).append(j)
        out = []
        for key in dict.fromkeys([*old.tolist(), *new.tolist()]):
            if not key:
                continue
            gains, gives = new == key, old == key
            mine = at.get(key, [])
            out.append(
                PersonChange(
                    key=key,
                    name=self.name_of(key),
                    gained=int(gains.sum()),
                    lost=int(gives.sum()),
                    gained_load=float(values[gains].sum()),
                    lost_load=float(values[gives].sum()),
                    deviation=float(off[mine[0]]) if mine else float("nan"),
                    hours=float(hours[mine].sum()) if mine else 0.0,
                )
            )
        return tuple(sorted(out, key=lambda p: -(p.gained_load + p.lost_load)))

    @cached_property
    def reasons(self) -> dict[int, str]:
        """Unit -> why it goes where it goes, for the units that are in another territory."""
        return reasons_of(self)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Every account that changes hands, as the change ledger has it; see `change_ledger.ledger`."""
        ground, rows = self.ground, self.rows
        told = [self._why(int(r)) for r in rows]
        return changes_table(
            ground.accounts,
            self.reps,
            (ground.plan, self.before_codes),
            (self.acting, self.after_codes),
            rows,
            reasons=np.array(told, dtype=object),
        )

    def _why(self, row: int) -> str:
        unit = int(self.ground.unit_of[row])
        if unit >= 0 and unit in self.reasons:
            return self.reasons[unit]
        code = int(self.after_codes[row])
        if code < 0:
            return "no territory has it"
        if (self.held.rows == row).any():
            return "reassigned by name"
        to = self.acting.territory(code)
        was = int(self.before_codes[row])
        if was == code:
            return f"{to.name} goes to {self.name_of(to.rep) if to.rep else NOBODY} as a whole"
        return f"it lies in {to.name}"

    @cached_property
    def summary(self) -> str:
        """What happens, in one or two sentences."""
        f, ground = self.figures, self.ground
        takers = [p.name for p in sorted(f.people, key=lambda p: -p.gained_load) if p.gained]
        line = (
            f"{count(f.accounts, 'account')} with {short(f.load, ground.currency)} of {ground.measure} "
            f"({percent(100 * f.share)}) {'goes' if f.accounts == 1 else 'go'} to {and_list(takers) or NOBODY}."
        )
        if f.between:
            line += f" {f.between:,} of them {'moves' if f.between == 1 else 'move'} between reps who stay."
        elif f.accounts and (self.leaving or self.joined):
            line += " No account moves between reps who stay."
        return line

    @cached_property
    def broken(self) -> tuple[str, ...]:
        """Territories that were in one piece and aren't any more, in words."""
        ground, counts = self.ground, np.ones(len(self.ground.units), dtype=np.int64)
        loads = ground.unit_loads(self.held)
        touched = np.unique(self.acting.assign[self.moved_units]).tolist()
        touched += np.unique(ground.plan.assign[self.moved_units]).tolist()
        codes = tuple(sorted({c for c in touched if c in self.acting.codes}))
        if not codes:
            return ()
        now = full_tally(self.acting.assign, codes, ground.units, loads, counts).pieces
        old = full_tally(ground.plan.assign, codes, ground.units, loads, counts).pieces
        return tuple(
            f"{self.acting.territory(c).name} would be in {int(n)} pieces: what it takes over shares no border with it"
            for c, n, o in zip(codes, now, old, strict=True)
            if n > max(int(o), 1)
        )


def reasons_of(option: SituationOption) -> dict[int, str]:
    """Why each unit that moves goes where it goes: who lives nearest, and what the nearest would have had to carry."""
    ground, plan = option.ground, option.acting
    load, goal, _ = ground.loads_and_goals(plan, option.held, option.rules)
    per_unit = ground.unit_loads(option.held)
    homes = ground.homes(plan.territories, option.newcomers)
    middles = np.array([_middle(option, t.code) for t in plan.territories]).reshape(-1, 2)
    known = ~np.isnan(homes[:, 0])
    points = np.where(known[:, None], homes, middles)
    at = {c: j for j, c in enumerate(plan.codes)}
    out: dict[int, str] = {}
    sources: dict[int, list[int]] = {}
    for unit in option.moved_units.tolist():
        sources.setdefault(int(ground.plan.assign[unit]), []).append(unit)
    for units in sources.values():
        takers = sorted({at[int(c)] for c in plan.assign[units].tolist() if int(c) in at})
        for unit in units:
            j = at.get(int(plan.assign[unit]), -1)
            if j < 0:
                out[unit] = "no territory takes it"
                continue
            out[unit] = _reason(option, unit, j, takers, points, known, load, goal, per_unit)
    return out


def _reason(
    option: SituationOption,
    unit: int,
    j: int,
    takers: Sequence[int],
    points: NDArray[np.float64],
    known: NDArray[np.bool_],
    load: NDArray[np.float64],
    goal: NDArray[np.float64],
    per_unit: NDArray[np.float64],
) -> str:
    miles = np.hypot(*(points[takers] - option.ground.units.xy_km[unit]).T) / 1.609344
    order = np.argsort(miles, kind="stable")
    near = takers[int(order[0])]
    mine = float(miles[list(takers).index(j)])
    names = [option.name_of(t.rep or f"territory:{t.code}") for t in option.acting.territories]

    def place(k: int) -> str:
        return f"{names[k]}'s home" if known[k] else f"the middle of {names[k]}'s territory"

    territory = option.acting.territories[j]
    if (territory.rep or f"territory:{territory.code}") in option.joined:
        source = next((t for t in option.acting.territories if t.code == int(option.ground.plan.assign[unit])), None)
        full = (
            "" if source is None else f"{option.name_of(source.rep or f'territory:{source.code}')} has more to give; "
        )
        return f"{full}{mine:,.0f} miles from {place(j)}"
    if len(takers) == 1:
        return f"{names[j]} takes all of it; {mine:,.0f} miles from {place(j)}"
    if near == j:
        second = takers[int(order[1])]
        return f"closest to {place(j)} ({mine:,.0f} miles; {names[second]} {float(miles[order[1]]):,.0f})"
    more = (load[near] + per_unit[unit]) / goal[near] - 1 if goal[near] > 0 else 0.0
    have = load[j] / goal[j] - 1 if goal[j] > 0 else 0.0
    if more > have + 1e-9:
        return (
            f"{names[near]} is closer ({float(miles[order[0]]):,.0f} miles) but would be "
            f"{percent(100 * more, signed=True)} off target; {names[j]} is at {percent(100 * have, signed=True)}"
        )
    if option.ground.apart:
        return f"keeps the books near their targets; {mine:,.0f} miles from {place(j)}"
    return f"keeps territories in one piece; {mine:,.0f} miles from {place(j)}"


def _middle(option: SituationOption, code: int) -> NDArray[np.float64]:
    xy, mine = option.ground.units.xy_km, option.acting.assign == code
    out: NDArray[np.float64] = (xy[mine] if mine.any() else xy).mean(axis=0)
    return out


def values_of(option: SituationOption, measures: Sequence[str]) -> NDArray[np.float64]:
    """float64 (rows, m), measures of the accounts that change hands."""
    out: NDArray[np.float64] = measure_values(option.ground.accounts, measures)[option.rows]
    return out
