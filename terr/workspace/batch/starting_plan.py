"""Plan files as plans, with the locks of a command line, and what a person asks in the terms of such a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import main_owners, unit_codes
from terr.boundaries.layers.catalog import is_mixed
from terr.edits.moves import default_name
from terr.errors import InputError
from terr.matching.owners import OwnerQuestion, owners_of
from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.model.units import UNASSIGNED, Units
from terr.report.safe import shown
from terr.view.text import count
from terr.workspace.batch.inputs import BatchInputs, NamedFile, chosen_reps
from terr.workspace.batch.owner_answers import PREFIX, check_owner_answers
from terr.workspace.design.request import DesignRequest
from terr.workspace.levels import place_name
from terr.workspace.plan.editing import natural
from terr.workspace.plan.rules import UnitGroup
from terr.workspace.reports.plan_file import read_plan_file
from terr.workspace.scenarios.as_owned import titles


def read_plan(file: NamedFile, ground: BatchInputs) -> tuple[Plan, tuple[Explanation, ...]]:
    """A plan file as a plan, territories in the order a person counts them; and what was mended in it.

    Raises:
        InputError: if it doesn't fit the units, or assigns none.
    """
    filename, data = file
    units = ground.units
    places = unit_codes(ground.accounts, units).tolist()
    of_account = dict(zip(ground.accounts.frame["account_id"].astype(str).tolist(), places, strict=True))
    found = read_plan_file(data, units, filename, of_account)
    order = sorted({n for n in found.names if n}, key=natural)
    if not order:
        raise InputError("the plan file assigns nothing to any territory; fill in its territory column")
    at = {n: j for j, n in enumerate(order)}
    plan = plan_of(units, np.array([at.get(n, UNASSIGNED) for n in found.names], dtype=np.int16), order)
    named = PurePath(filename.partition("#")[0]).name or "the plan file"
    return plan, tuple(Explanation("plan_file", f"{named}: {note}") for note in found.notes)


def todays_plan(ground: BatchInputs) -> tuple[BatchInputs, Plan | None]:
    """Today's plan as it is asked for, a file or the owner column; the inputs know whose each account is then.

    Raises:
        InputError: if the file doesn't fit, or no account in the region has an owner.
    """
    if ground.asked.today is not None:
        return owners_plan(ground)
    if ground.asked.plan is None:
        return ground, None
    before, mended = read_plan(ground.asked.plan, ground)
    return replace(ground, notes=(*ground.notes, *mended)), before


def owners_plan(ground: BatchInputs) -> tuple[BatchInputs, Plan]:
    """The plan as the accounts are owned; the inputs know whose each account is then.

    Raises:
        InputError: if no account in the region has an owner, or for an answer about owners that can't be.
    """
    asked, units, accounts = ground.asked, ground.units, ground.accounts
    found = owners_of(accounts, ground.reps, asked.owner_answers)
    check_owner_answers(found.questions, asked.owner_answers)
    at = unit_codes(accounts, units)
    here = (at >= 0) & (found.codes >= 0)
    present = np.unique(found.codes[here])
    if not len(present):
        raise InputError(
            "--today owners: no account in this region has an owner; name the column with --map owner=COLUMN"
        )
    slot = np.full(len(found.names) + 1, UNASSIGNED, dtype=np.int16)
    slot[present] = np.arange(len(present))
    areas = main_owners(accounts, units, found.codes, ground.measures[0])
    owned = np.where(here, slot[found.codes], UNASSIGNED).astype(np.int32)
    plan = plan_of(units, slot[areas], titles([found.names[j] for j in present], [found.reps[j] for j in present]))
    apart = int((here & (owned != plan.assign[np.maximum(at, 0)])).sum())
    told = [
        Explanation(
            "as_owned",
            f"today's plan is the owner column: {count(len(present), 'owner')}; {apart:,} of {int(here.sum()):,} owned "
            "accounts lie in another owner's area and count there, but as their owner's in what moves",
        ),
        *(Explanation("owners", f"{q.text} {_answer(q, asked.owner_answers)}") for q in found.questions),
    ]
    return replace(ground, owned=owned, notes=(*ground.notes, *told)), plan


def _answer(asked: OwnerQuestion, answers: Mapping[str, str]) -> str:
    """What was taken for an answer, and how to give another one."""
    usual, *others = asked.choices
    taken = answers.get(asked.key, usual)
    told = f"Taken as: {asked.choices[taken].lower()}"
    if asked.key in answers:
        return told
    other = " or ".join(f"--answer {shown(f'{PREFIX}{asked.key}={v}')}" for v in others)
    return f"{told} (else: {other})"


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
    if is_mixed(units.level):
        kinds = dict.fromkeys(i.partition(":")[0] for i in codes)
        found = [whole for kind in kinds if (whole := f"{kind}:{unit}") in codes]
        if len(found) == 1:
            return codes[found[0]]
        if found:
            raise InputError(f"area {shown(unit)} can't {what}: it may be {' or '.join(found)}; write one of these")
    width = len(units.ids[0])
    padded = unit.zfill(width) if unit.isdigit() else unit.upper()
    hint = f"; did you mean {padded}" if padded in codes else f"; ids look like {units.ids[0]}"
    raise InputError(f"area {shown(unit)} can't {what}: it isn't in {place_name(units)}{hint}")


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
        assign[code], locked[code] = makes.code(text, f"area {unit} can't be locked to"), True
    for unit in asked.left_out:
        code = unit_code(units, unit, "be left out")
        assign[code], locked[code] = UNASSIGNED, True
    closed = {makes.code(text, "--lock-territory can't keep") for text in asked.closed}
    for code in closed:
        if not (assign == code).any():
            raise InputError(
                f"--lock-territory: {shown(makes.made[code].name)} has no areas to keep; give today's plan with --plan"
            )
    keys = [makes.key(text, reps, "a target is given for") for text in asked.shares]
    if len(set(keys)) < len(keys):
        twice = next(t for t, key in zip(asked.shares, keys, strict=True) if keys.count(key) > 1)
        raise InputError(f"{shown(makes.called(twice))} has two targets; give it one")
    starts: dict[str, str] = {}
    for unit, text in asked.starts.items():
        code = unit_code(units, unit, "start a territory")
        key = makes.key(text, reps, f"area {unit} can't start")
        if key in starts:
            raise InputError(f"{shown(makes.called(text))} starts around two areas; give it one")
        starts[key] = units.ids[code]
    together = [
        tuple(units.ids[unit_code(units, u, "be kept together with others")] for u in g) for g in asked.together
    ]
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
        groups=tuple(UnitGroup(f"group {i}", g) for i, g in enumerate(together, start=1)),
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
