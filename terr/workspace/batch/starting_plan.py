"""Plan files as plans, with the locks of a command line, and what a person asks in the terms of such a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.edits.moves import default_name
from terr.errors import InputError
from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.model.units import UNASSIGNED, Units
from terr.report.plan import read_plan_csv
from terr.report.safe import shown
from terr.workspace.batch.inputs import BatchInputs, chosen_reps
from terr.workspace.design.request import DesignRequest
from terr.workspace.levels import place_name
from terr.workspace.plan.editing import natural
from terr.workspace.plan.rules import UnitGroup


def read_plan(data: bytes, units: Units) -> Plan:
    """A plan file as a plan; territories in the order a person counts them.

    Raises:
        InputError: if it doesn't fit the units, or assigns none.
    """
    names = read_plan_csv(data, units)
    order = sorted({n for n in names if n}, key=natural)
    if not order:
        raise InputError("the plan file assigns no unit to any territory; fill its territory column")
    at = {n: j for j, n in enumerate(order)}
    return plan_of(units, np.array([at.get(n, UNASSIGNED) for n in names], dtype=np.int16), order)


def plan_of(units: Units, slots: NDArray[np.int16], names: Sequence[str]) -> Plan:
    """A plan whose territories are in the order of their names."""
    return Plan(
        assign=slots,
        territories=tuple(Territory(j, n) for j, n in enumerate(names)),
        locked_units=np.zeros(len(units), dtype=np.bool_),
        units_version=units.version,
    )


def unit_code(units: Units, unit: str, what: str) -> int:
    """Code of a unit named on the command line.

    Raises:
        InputError: if the region has none of that id; `what` says what it was for ("be locked").
    """
    codes = units.codes()
    if unit in codes:
        return codes[unit]
    width = len(units.ids[0])
    padded = unit.zfill(width) if unit.isdigit() else unit.upper()
    hint = f"; did you mean {padded}" if padded in codes else f"; ids look like {units.ids[0]}"
    raise InputError(f"unit {shown(unit)} can't {what}: it isn't in {place_name(units)}{hint}")


@dataclass(frozen=True, eq=False)
class StartingPlan:
    """A plan as the engine's problems begin with it.

    Attributes:
        plan: with its locks, and a territory for each that something is asked of.
        before: as the plan file has it, None without one.
        request: what is asked of it.
        names: of its territories by number, those of the file first.
        next_code: first territory code that isn't used.
    """

    plan: Plan
    before: Plan | None
    request: DesignRequest
    names: tuple[str, ...]
    next_code: int


def starting_plan(ground: BatchInputs, before: Plan | None, *, seed: int = 1) -> StartingPlan:
    """The plan of a file, or one without units, with locks, and what is asked of it.

    Args:
        ground: with what is asked.
        before: the plan of a file, if there is one.
        seed: of the request.

    Raises:
        InputError: for a unit, a territory or a rep that isn't there, or a request that means nothing.
    """
    units, asked = ground.units, ground.asked
    old = [] if before is None else [t.name for t in before.territories]
    k = len(old) if asked.territories is None else asked.territories
    reps = chosen_reps(ground, plan=before if asked.territories is None else None)
    names = _numbered(old, asked.names, k)
    makes = _Territories(names, ground.reps, old)
    assign = np.full(len(units), UNASSIGNED, dtype=np.int16) if before is None else before.assign.copy()
    locked = np.zeros(len(units), dtype=np.bool_)
    for unit, text in asked.locks.items():
        code = unit_code(units, unit, "be locked")
        assign[code], locked[code] = makes.code(text, f"unit {unit} can't be locked to"), True
    for unit in asked.left_out:
        code = unit_code(units, unit, "be left out")
        assign[code], locked[code] = UNASSIGNED, True
    closed = {makes.code(text, "--lock-territory can't keep") for text in asked.closed}
    for code in closed:
        if not (assign == code).any():
            raise InputError(
                f"--lock-territory: {shown(makes.made[code].name)} has no units to keep; give today's plan with --plan"
            )
    keys = [makes.key(text, reps, "a target is given for") for text in asked.shares]
    if len(set(keys)) < len(keys):
        twice = next(t for t, key in zip(asked.shares, keys, strict=True) if keys.count(key) > 1)
        raise InputError(f"{shown(makes.called(twice))} has two targets; give it one")
    starts: dict[str, str] = {}
    for unit, text in asked.starts.items():
        code = unit_code(units, unit, "start a territory")
        key = makes.key(text, reps, f"unit {unit} can't start")
        if key in starts:
            raise InputError(f"{shown(makes.called(text))} starts around two units; give it one")
        starts[key] = units.ids[code]
    for group in asked.together:
        for unit in group:
            unit_code(units, unit, "be kept together with others")
    if lost := [s for s in asked.whole_states if s not in units.region]:
        raise InputError(f"--keep-whole: {shown(lost[0])} isn't a state of {place_name(units)}; give its two letters")
    tolerance, sides = asked.main_limit()
    even = {m or asked.measure: v for m, v in asked.balance.items()}
    request = DesignRequest(
        territories=k,
        measure=asked.measure,
        tolerance=tolerance,
        sides=sides,
        names=tuple(names) if len(old) <= k and not reps else tuple(asked.names),
        reps=reps,
        seed=seed,
        limits=asked.further_limits(),
        balance=even.pop(asked.measure, "Off"),
        evened=tuple(even.items()),
        shape=asked.shape,
        keep=asked.keep,
        most_moved=asked.max_moved,
        shares=tuple(zip(keys, asked.shares.values(), strict=True)),
        centred=asked.centred,
        most_km=asked.most_km,
        groups=tuple(UnitGroup(f"group {i}", tuple(g)) for i, g in enumerate(asked.together, start=1)),
        whole_states=tuple(asked.whole_states),
        unassigned=asked.unassigned,
        starts=tuple(starts.items()),
    )
    made = tuple(replace(t, locked=code in closed) for code, t in sorted(makes.made.items()))
    plan = Plan(assign, made, locked, units.version)
    return StartingPlan(plan, before, request, tuple(names), len(names) + len(ground.reps))


def _numbered(old: Sequence[str], new: Sequence[str], k: int) -> list[str]:
    """Names by number: those of the plan, those asked for, then "Territory 1", "Territory 2" ... up to k."""
    out = list(old)
    out += [n.strip() for n in new if n.strip() and n.strip().casefold() not in {o.casefold() for o in old}]
    while len(out) < k:
        out.append(default_name(out, 0))
    return out


class _Territories:
    """Territories as they are named on a command line; one that something is asked of is made.

    Its code is the position of its name; those made for a rep come after all names.
    """

    def __init__(self, names: Sequence[str], reps: Sequence[Rep], old: Sequence[str]) -> None:
        self.names, self.reps = names, reps
        self.made: dict[int, Territory] = {}
        for j in range(len(old)):
            self._make(j)

    def code(self, text: str, what: str) -> int:
        """The code of a territory given by name, by its rep or by number ("3").

        Raises:
            InputError: if there is none; `what` begins the message.
        """
        rep = self._rep(text)
        if rep is not None:
            theirs = [code for code, t in self.made.items() if t.rep == rep.rep_id]
            code = theirs[0] if theirs else len(self.names) + self.reps.index(rep)
            self.made.setdefault(code, Territory(code, rep.name, rep.rep_id))
            return code
        return self._make(position(self.names, text, what))

    def key(self, text: str, reps: Sequence[Rep], what: str) -> str:
        """The same as the key of a planned territory; `reps` are those who get one."""
        rep = self._rep(text)
        return f"rep:{rep.rep_id}" if rep is not None and rep in reps else f"territory:{self.code(text, what)}"

    def called(self, text: str) -> str:
        """Its name, for a message."""
        return self.made[self.code(text, "")].name

    def _make(self, j: int) -> int:
        rep = self._rep(self.names[j], named=False)
        self.made.setdefault(j, Territory(j, self.names[j], "" if rep is None else rep.rep_id))
        return j

    def _rep(self, text: str, *, named: bool = True) -> Rep | None:
        """The one rep of a name or an id; None if there is none, or a territory bears the name."""
        key = text.strip().casefold()
        if named and key in {n.casefold() for n in self.names}:
            return None
        found = [r for r in self.reps if key in (r.rep_id.casefold(), r.name.casefold())]
        return found[0] if len(found) == 1 else None


def position(names: Sequence[str], text: str, what: str) -> int:
    """Position of a territory given by number ("3") or name.

    Raises:
        InputError: if there is none; `what` begins the message.
    """
    by_name = {n.casefold(): j for j, n in enumerate(names)}
    key = text.strip().casefold()
    slot = by_name.get(key, int(key) - 1 if key.isascii() and key.isdigit() and len(key) < 6 else -1)
    if not 0 <= slot < len(names):
        raise InputError(f'{what} territory {shown(text)}; choose 1 to {len(names)} or "{names[0]}" to "{names[-1]}"')
    return slot
