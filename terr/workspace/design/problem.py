"""From units, loads, a plan and what is asked to the engine's problem: one way for the pages and the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import pieces
from terr.engine import precheck
from terr.engine.check import FATAL
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan, Territory
from terr.model.problem import Problem
from terr.model.problem_checks import Limit
from terr.model.result import Explanation
from terr.model.units import Units
from terr.view.text import and_list, unit_noun
from terr.workspace.design.named_account_loads import with_named_accounts
from terr.workspace.design.planned_territories import (
    PlannedTerritory,
    bundles,
    planned_territories,
    settled,
    standing_territories,
    territories_with_locks,
    today,
)
from terr.workspace.design.request import DesignRequest, bounds_of
from terr.workspace.levels import place_name
from terr.workspace.plan.targets import usable_units
from terr.workspace.reps.homes import home_xy, nearest_units


@dataclass(frozen=True, eq=False)
class PlanInputs:
    """What a problem is made of, whether it lies in the store or in files.

    Attributes:
        units: n units.
        plan: as it stands, with its locks; without units for a design from scratch.
        accounts: of the plan.
        loads_of: gives float64 (n,), a measure's load per unit, of the accounts that follow geography.
        overrides: accounts that go to a territory by name.
        today: int16 (n,), what is kept near where that isn't the plan itself, in the plan's codes; None = the plan.
    """

    units: Units
    plan: Plan
    accounts: Accounts
    loads_of: Callable[[str], NDArray[np.float64]]
    overrides: Overrides = NOBODY_HELD
    today: NDArray[np.int16] | None = None


@dataclass(frozen=True, eq=False)
class SolveTask:
    """A problem ready for the engine, with the way back to the plan.

    Attributes:
        problem: for the engine.
        rows: int64 (problem units,), code of each of the problem's units in the plan.
        codes: territory code each slot must become, -1 = any; the problem's slots first, then the locked territories',
            which the engine isn't given.
        request: what was asked; None for a change of the plan as it stands.
        warnings: what stands in the way, found before solving.
        slots: one per territory of the problem.
        settled: the reps of `slots` are certain; else whoever lives nearest gets a territory.
        scenario_id, rev: the stored plan it was made from; "" and 0 for one in files.
        start_name: what it starts from, if not from the plan as it stands: "as owned today", another plan's name.
    """

    problem: Problem
    rows: NDArray[np.int64]
    codes: tuple[int, ...]
    request: DesignRequest | None
    warnings: tuple[Explanation, ...]
    slots: tuple[PlannedTerritory, ...] = ()
    settled: bool = False
    scenario_id: str = ""
    rev: int = 0
    start_name: str = ""

    @property
    def assign(self) -> NDArray[np.int16]:
        """int16 (problem units,), the plan the problem was made from.

        Raises:
            InputError: if it was made from none.
        """
        if self.problem.start is None:
            raise InputError("there is no plan to start from; generate one first")
        return self.problem.start

    def explained(self, told: Sequence[Explanation], names: Sequence[str]) -> tuple[Explanation, ...]:
        """The engine's explanations with territories by name, `names` in the order of `codes`, and the plan's units."""
        rows = self.rows
        return tuple(
            replace(e, units=tuple(int(rows[u]) for u in e.units if u < len(rows))) for e in by_name(told, names)
        )


def solve_task(inputs: PlanInputs, request: DesignRequest, *, anew: bool = True) -> SolveTask:
    """The engine's problem; locked units and territories stay as they are.

    Locked territories are left out: the others share what is left.

    Args:
        inputs: the plan and what it is made of.
        request: what is asked.
        anew: of drawing territories anew; else of changing, or judging, those there are.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    units, plan = inputs.units, inputs.plan
    loads = np.column_stack([inputs.loads_of(m) for m in request.measures])
    keep = usable_units(plan)
    closed = [t for t in plan.territories if t.locked]
    if anew:
        k = _open_number(plan, request, closed, keep)
        by_hand = set(inputs.overrides.codes.tolist())
        slots = planned_territories(units, plan, request, loads[:, 0], by_name=by_hand)
    else:
        slots = standing_territories(units, plan, request)
        k = len(slots)
        if not slots:
            raise InputError("every territory is locked, so there is nothing to change or compare; unlock some")
    locked = np.full(len(units), -1, dtype=np.int16)
    for j, slot in enumerate(slots):
        if slot.held:
            locked[plan.locked_units & (plan.assign == slot.code)] = j
    codes = [s.code for s in slots]
    laid = with_named_accounts(
        units, plan, inputs.accounts, inputs.overrides, request.measures, loads, locked, codes, keep
    )
    loads, locked = laid.loads, laid.locked
    limits, floors, caps = bounds_of(request.measure, request.tolerance, request.limits, request.sides)
    balance, price = request.prices()
    start = today(plan, slots, inputs.today if anew else None) if request.near_today or not anew else None
    share = np.array([s.share for s in slots])
    grouped = bool(request.groups or request.whole_states)
    problem = build_problem(
        units,
        keep,
        loads,
        request.measures,
        limits,
        k,
        locked=locked[keep],
        targets=None if (share == 1).all() else np.outer(share / share.sum(), loads[keep].sum(axis=0)),
        floors=floors,
        caps=caps,
        balance=balance,
        continuity=price if start is not None else 0.0,
        start=None if start is None else start[keep],
        max_moved=_most_moved(request, start, loads[:, 0], keep),
        groups=bundles(units, request.groups, request.whole_states)[keep] if grouped else None,
        remainder=request.unassigned,
        **_homes(units, slots, request, keep, locked),
    )
    task = SolveTask(
        problem,
        np.flatnonzero(keep),
        (*codes, *(t.code for t in closed)),
        request if anew else None,
        laid.notes,
        slots,
        settled(request, slots),
    )
    if not anew:
        return task
    told = precheck(problem)
    if told and told[0].code in FATAL:
        raise InputError(told[0].message)
    warnings = (
        *_closed_warning(closed, k),
        *laid.notes,
        *_unkept_warning(request, start),
        *pieces_warning(units),
        *task.explained(told, [s.label for s in slots]),
    )
    return replace(task, warnings=warnings)


def _open_number(plan: Plan, request: DesignRequest, closed: Sequence[Territory], keep: NDArray[np.bool_]) -> int:
    least = len(territories_with_locks(plan)) + len(closed)
    if least > request.territories:
        raise InputError(
            f"{least} territories hold locks, so at least {least} territories are needed; unlock some or ask for more"
        )
    k = request.territories - len(closed)
    if not k or not keep.any():
        raise InputError("everything is locked, so there is nothing to divide; unlock some areas or territories")
    if len(request.reps) > k:
        raise InputError(f"{len(request.reps)} reps are chosen for {k} unlocked territories; choose fewer reps")
    return k


def _most_moved(
    request: DesignRequest, start: NDArray[np.int16] | None, loads: NDArray[np.float64], keep: NDArray[np.bool_]
) -> float | None:
    """The cap as the engine counts it: of the load it may move, and with what has no territory yet as moved."""
    total, inside = float(loads.sum()), float(loads[keep].sum())
    if request.most_moved is None or start is None or not inside > 0:
        return None
    unplaced = float(loads[keep & (start < 0)].sum()) if (start >= 0).any() else inside
    return min(1.0, (request.most_moved * total + unplaced) / inside)


def _homes(
    units: Units,
    slots: Sequence[PlannedTerritory],
    request: DesignRequest,
    keep: NDArray[np.bool_],
    locked: NDArray[np.int16],
) -> dict[str, NDArray[Any] | None]:
    """Seeds at the reps' homes and where else territories start; fixed centres and distances if they are asked for."""
    reps = [(j, s.rep) for j, s in enumerate(slots) if s.rep is not None]
    given = dict(request.starts)
    starts = {j: given.get(s.key, given.get(f"territory:{s.code}")) for j, s in enumerate(slots)}
    begun = {j: units.codes()[unit] for j, unit in starts.items() if unit is not None}
    if not reps and not begun:
        return {}
    at = [j for j, _ in reps]
    points = np.array(home_xy(units, [r for _, r in reps])).reshape(-1, 2)  # says so if a home isn't known
    seeds = np.full(len(slots), -1, dtype=np.int64)  # codes of units, as long as they are chosen
    for j, unit in begun.items():
        if not keep[unit]:
            raise InputError(f"{units.names[unit]} is locked, so no territory can start around it; choose another one")
        seeds[j] = unit
    free = keep & (locked < 0)
    free[list(begun.values())] = False
    near = nearest_units(units, points, free)
    for j, unit in zip(at, near, strict=True):
        if seeds[j] < 0 and not slots[j].held:
            seeds[j] = unit
    homes = np.full((len(slots), 2), np.nan)
    homes[at] = points
    reach = np.full(len(slots), np.nan)
    if request.most_km is not None:
        reach[[*at, *begun]] = request.most_km
    numbers = np.cumsum(keep) - 1
    return {
        "seeds": np.where(seeds >= 0, numbers[seeds], -1),
        "centres": homes if request.centred else None,
        "max_km": reach,
        "homes": homes,
    }


def _closed_warning(closed: Sequence[Territory], k: int) -> tuple[Explanation, ...]:
    if not closed:
        return ()
    names = and_list([t.name for t in closed])
    rest = "the other one takes what is left" if k == 1 else f"the other {k} share what is left equally"
    stay = "is locked and stays as it is" if len(closed) == 1 else "are locked and stay as they are"
    return (Explanation("locked_territories", f"{names} {stay}; {rest}"),)


def _unkept_warning(request: DesignRequest, start: NDArray[np.int16] | None) -> tuple[Explanation, ...]:
    if not request.near_today or (start is not None and bool((start >= 0).any())):
        return ()
    return (Explanation("nothing_to_keep", "Nothing is assigned yet, so there are no current assignments to keep"),)


def check_loads(units: Units, loads: NDArray[np.float64], measures: Sequence[str]) -> None:
    """Refuse measures, the columns of `loads`, that hold nothing to balance in the region.

    Raises:
        InputError: for a measure without any load; one below zero is left for `Problem` to name the unit.
    """
    for q, measure in enumerate(measures):
        if not float(loads[:, q].sum()) > 0 and not bool((loads[:, q] < 0).any()):
            raise InputError(
                f'"{measure}" adds up to zero in {place_name(units)}, so there is nothing to balance; choose '
                "another measure or region"
            )


def build_problem(
    units: Units,
    keep: NDArray[np.bool_],
    loads: NDArray[np.float64],
    measures: Sequence[str],
    limits: Mapping[str, Limit],
    k: int,
    *,
    locked: NDArray[np.int16],
    **more: Any,
) -> Problem:
    """The engine's problem over the kept units.

    Args:
        units: n units.
        keep: bool (n,), units the engine may use.
        loads: float64 (n, m), loads per unit.
        measures: m names; the first is the one the shape is weighed by.
        limits: measure -> share of the target a load may be off on both sides, or (below, above).
        k: number of territories.
        locked: int16 (kept units,), territory index a unit is fixed to, -1 = free.
        **more: what else `Problem.from_arrays` takes, over the kept units.

    Raises:
        InputError: more territories than units, a measure that adds up to zero, or whatever `Problem` refuses.
    """
    graph, border, outer = subgraph(units, keep)
    n = int(keep.sum())
    if k > n:
        raise InputError(f"{k} territories can't be made of {n} {unit_noun(units.level, n)}; ask for at most {n}")
    check_loads(units, loads[keep], measures)
    return Problem.from_arrays(
        loads[keep],
        measures,
        units.xy_km[keep],
        graph[0],
        graph[1],
        border,
        units.area_km2[keep],
        outer,
        territories=k,
        limits=limits,
        locked=locked,
        **more,
        unit_names=[n for n, on in zip(units.names, keep, strict=True) if on],
    )


def subgraph(
    units: Units, keep: NDArray[np.bool_]
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], NDArray[np.float64], NDArray[np.float64]]:
    """Graph (CSR), border lengths and outer borders of the kept units, in km; lost borders become outer ones."""
    if keep.all():
        return (units.indptr, units.indices), units.border_km, units.outer_km
    source = np.repeat(np.arange(len(units)), np.diff(units.indptr))
    inside = keep[source] & keep[units.indices]
    number = np.cumsum(keep) - 1
    degree = np.bincount(number[source[inside]], minlength=int(keep.sum()))
    indptr = np.concatenate([[0], np.cumsum(degree)]).astype(np.int32)
    lost = keep[source] & ~keep[units.indices]
    outer = units.outer_km + np.bincount(source[lost], units.border_km[lost], minlength=len(units))
    return (indptr, number[units.indices[inside]].astype(np.int32)), units.border_km[inside], outer[keep]


_told: WeakKeyDictionary[Units, tuple[Explanation, ...]] = WeakKeyDictionary()


def pieces_warning(units: Units) -> tuple[Explanation, ...]:
    """Says that a region is in pieces and where they were joined; () if it is in one. Worked out once."""
    if units not in _told:
        _told[units] = _pieces(units)
    return _told[units]


def _pieces(units: Units) -> tuple[Explanation, ...]:
    parts = pieces(units)
    if len(parts) < 2:
        return ()
    names = units.names
    listed = ", ".join(f"{names[p[0]]}{f' and {len(p) - 1} more' if len(p) > 1 else ''}" for p in parts[1:4])
    codes, home = units.codes(), {u: p for p, piece in enumerate(parts) for u in piece}
    pairs = [(codes[a], codes[b]) for a, b in units.bridges]
    joins = "; ".join([f"{names[a]} – {names[b]}" for a, b in pairs if home[a] != home[b]][:3])
    message = (
        f"{place_name(units)} is in {len(parts):,} pieces that share no border (apart from the largest: "
        f"{listed}). They are joined where they come closest ({joins}), so a territory may cross there."
    )
    return (Explanation("region_in_pieces", message, tuple(p[0] for p in parts[1:])),)


def by_name(told: Sequence[Explanation], names: Sequence[str]) -> tuple[Explanation, ...]:
    """The engine's explanations with territories by name; it only knows their positions."""

    def named(message: str) -> str:
        def name(found: re.Match[str]) -> str:
            position = int(found[1])
            return names[position - 1] if 1 <= position <= len(names) else found[0]

        return re.sub(r"\bterritory (\d+)\b", name, message)

    return tuple(replace(said, message=named(said.message)) for said in told)
