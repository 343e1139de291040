"""Use cases without a store: file -> accounts -> problem -> result -> report. The command line and scripts use them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measures_per_unit, totals, unit_codes
from terr.boundaries.catalog import LEVELS, load_units, region_label
from terr.engine import Progress, Result, design, moved_share, rebalance
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.plan import Plan, Territory
from terr.model.result import Explanation
from terr.model.units import UNASSIGNED, Units
from terr.report.plan import read_plan_csv
from terr.report.safe import safe_frame, shown
from terr.view.text import count
from terr.workspace.imports import Intake, inspect, intake, with_column
from terr.workspace.measures import COUNT, find_measures, with_count
from terr.workspace.plans import check_tolerance, natural
from terr.workspace.problems import build_problem, check_loads, check_territories, pieces_warning
from terr.workspace.scorecards import Answer, Ground, answer, disruption_report, named

USUAL_LIMIT = 0.05
LATER = ("zip", "zip3")
"""Levels of the contract whose boundaries this version doesn't bring."""


@dataclass(frozen=True)
class Control:
    """How long and how openly the engine works.

    Attributes:
        seed: same input and seed give the same plan unless the clock or the person stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: called with what the engine is doing.
        cancel: asked often; True ends the work with the best plan so far.
    """

    seed: int = 1
    time_limit_s: float | None = None
    progress: Callable[[Progress], None] | None = None
    cancel: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Wanted:
    """Where and by what a plan is made.

    Attributes:
        level: "state" or "county"; region: as `parse_region` takes it.
        measure: what is balanced first.
        limits: measure -> share a load may be off its target; `measure` gets 5 % if it isn't named.
    """

    level: str
    region: str
    measure: str
    limits: Mapping[str, float]


def take_file(
    data: bytes, filename: str, *, sheet: str | None = None, choices: Mapping[str, str] | None = None
) -> Intake:
    """Read, clean and locate a file of accounts.

    Args:
        data: its bytes.
        filename: for messages.
        sheet: of a workbook; by default the one that looks most like accounts.
        choices: field or measure -> column, where the guess isn't right.

    Raises:
        InputError: if the file or a choice can't be used.
    """
    raw, columns = inspect(data, filename, sheet=sheet)
    return intake(raw, with_column(columns, choices or {}))


def prepare(
    data: bytes,
    filename: str,
    wanted: Wanted,
    *,
    sheet: str | None = None,
    choices: Mapping[str, str] | None = None,
) -> Ground:
    """Accounts of a file laid on the units of a region, with the measures that are asked for.

    A measure may be named by its name, its column, or words of it that fit one only ("revenue" for "Annual Revenue").

    Raises:
        InputError: an unusable file, level, measure or limit; a measure that is zero all over the region.
        LocateError: an unknown region.
    """
    if wanted.level in LATER:
        raise InputError(f"level {wanted.level} is not available in this version; choose {' or '.join(LEVELS)}")
    for share in wanted.limits.values():
        check_tolerance(share)
    units = load_units(wanted.level, wanted.region)
    raw, columns = inspect(data, filename, sheet=sheet)
    columns, names = find_measures(raw, with_column(columns, choices or {}), (wanted.measure, *wanted.limits))
    taken = intake(raw, columns)
    first = names[wanted.measure]
    limits: dict[str, float] = {}
    for name, share in wanted.limits.items():
        if names[name] in limits:
            raise InputError(f"{shown(name)} is a measure that already has a limit; give each measure one")
        limits[names[name]] = share
    limits = {first: limits.pop(first, USUAL_LIMIT), **limits}
    accounts = with_count(taken.accounts) if COUNT in limits else taken.accounts
    codes = unit_codes(accounts, units)
    weights, per_unit = measures_per_unit(accounts, units, tuple(limits), codes=codes)
    check_loads(units, weights, tuple(limits))
    return Ground(
        accounts=accounts,
        units=units,
        measures=tuple(limits),
        limits=limits,
        weights=weights,
        counts=per_unit,
        notes=(*_left_out(accounts, units, first), *pieces_warning(units)),
    )


def make_design(ground: Ground, territories: int, *, locks: Mapping[str, str] | None = None, how: Control) -> Answer:
    """Draw territories "Territory 1", "Territory 2" ... from nothing.

    Args:
        ground: what to plan on.
        territories: how many.
        locks: unit id -> territory it must be in, by number ("3") or name ("Territory 3").
        how: seed, clock and progress.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
        PlanError: if no plan can exist.
    """
    check_territories(territories)
    names = [f"Territory {j + 1}" for j in range(territories)]
    units = ground.units
    locked = _locked(units, names, locks or {})
    keep = np.ones(len(units), dtype=np.bool_)
    problem = build_problem(
        units, keep, ground.weights, ground.measures, ground.limits, territories, locked=locked
    )  # fmt: skip
    result = design(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = _plan(units, result.assign, names)
    if (locked >= 0).any():
        plan = plan.with_changes(locked_units=locked >= 0)
    return answer(ground, plan, result=result, told=_told(result, names), seed=how.seed)


def make_rebalance(ground: Ground, plan_file: bytes, *, max_moved: float | None = None, how: Control) -> Answer:
    """The least change of a plan that brings it within its limits.

    Args:
        ground: what the plan is for.
        plan_file: a plan file with a row for each unit of the region.
        max_moved: the most of the first measure's load that may move, as a share; a plan that needs more is given all
            the same, as one that breaks a limit.
        how: seed, clock and progress.

    Raises:
        InputError: if the plan file doesn't fit.
    """
    before = read_plan(plan_file, ground.units)
    names = [t.name for t in before.territories]
    keep = np.ones(len(ground.units), dtype=np.bool_)
    free = np.full(len(keep), -1, dtype=np.int16)
    problem = build_problem(
        ground.units, keep, ground.weights, ground.measures, ground.limits, len(names), locked=free,
        start=before.assign,
    )  # fmt: skip
    result = rebalance(problem, seed=how.seed, time_limit_s=how.time_limit_s, progress=how.progress, cancel=how.cancel)
    plan = _plan(ground.units, result.assign, names)
    told = _told(result, names)
    status = result.status
    moved = moved_share(problem, result.assign)
    if max_moved is not None and moved > max_moved + 1e-9:
        status = "limit_broken"
        told = (*told, _too_much(ground, moved, max_moved))
    return answer(ground, plan, result=result, told=told, seed=how.seed, status=status, before=before)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two plans side by side, and the contract's JSON of both (`report`)."""

    a: Answer
    b: Answer
    report: dict[str, Any]


def make_comparison(ground: Ground, a: bytes, b: bytes) -> Comparison:
    """Two plans measured alike, and what moves from the first to the second. Territories are matched by name.

    Raises:
        InputError: if a plan file doesn't fit, saying which.
    """
    sides = []
    for label, data in (("first", a), ("second", b)):
        began = time.perf_counter()
        try:
            plan = read_plan(data, ground.units)
        except InputError as error:
            raise InputError(f"{label} plan: {error}") from error
        one = answer(ground, plan)
        one.report["runtime_s"] = time.perf_counter() - began
        sides.append(one)
    first, second = sides
    was, now = named(first.plan), named(second.plan)
    loads = ground.weights
    ids = ground.units.ids
    changed = [i for i in range(len(ids)) if was[i].casefold() != now[i].casefold()]
    changed.sort(key=lambda i: (-float(loads[i, 0]), i))
    moves = [
        {
            "unit_id": ids[i],
            "from": was[i],
            "to": now[i],
            "accounts": int(ground.counts[i]),
            "load": dict(zip(ground.measures, loads[i].tolist(), strict=True)),
        }
        for i in changed
    ]
    report = {
        "a": first.report,
        "b": second.report,
        "moves": moves,
        "disruption": disruption_report(ground, first.plan, second.plan),
    }
    return Comparison(first, second, report)


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
    return _plan(units, np.array([at.get(n, UNASSIGNED) for n in names], dtype=np.int16), order)


def _plan(units: Units, slots: NDArray[np.int16], names: Sequence[str]) -> Plan:
    return Plan(
        assign=slots,
        territories=tuple(Territory(j, n) for j, n in enumerate(names)),
        locked_units=np.zeros(len(units), dtype=np.bool_),
        units_version=units.version,
    )


def _left_out(accounts: Accounts, units: Units, measure: str) -> tuple[Explanation, ...]:
    """What the region's loads leave out, in accounts and in the first measure."""
    whole = totals(accounts, units)
    at = whole.measures.index(measure)
    out = []
    for code, part, where in (
        ("outside_region", whole.outside, f"outside {region_label(units.region)}"),
        ("unlocated", whole.unlocated, "at no known place"),
    ):
        if part.rows:
            lies, them = ("lies", "it") if part.rows == 1 else ("lie", "them")
            some = count(part.rows, "account")
            load = "" if measure == COUNT else f" with {part.loads[at]:,.0f} of {measure}"
            out.append(Explanation(code, f"{some}{load} {lies} {where}, so no territory has {them}"))
    return tuple(out)


def _locked(units: Units, names: Sequence[str], locks: Mapping[str, str]) -> NDArray[np.int16]:
    out = np.full(len(units), -1, dtype=np.int16)
    codes = units.codes()
    by_name = {n.casefold(): j for j, n in enumerate(names)}
    for unit, territory in locks.items():
        if unit not in codes:
            width = len(units.ids[0])
            padded = unit.zfill(width) if unit.isdigit() else unit.upper()
            hint = f"; did you mean {padded}" if padded in codes else f"; ids look like {units.ids[0]}"
            raise InputError(f"unit {shown(unit)} can't be locked: it isn't in {region_label(units.region)}{hint}")
        key = territory.strip().casefold()
        slot = by_name.get(key, int(key) - 1 if key.isascii() and key.isdigit() and len(key) < 6 else -1)
        if not 0 <= slot < len(names):
            raise InputError(
                f"unit {unit} can't be locked to territory {shown(territory)}; choose 1 to {len(names)}"
                f' or "{names[0]}" to "{names[-1]}"'
            )
        out[codes[unit]] = slot
    return out


def _told(result: Result, names: Sequence[str]) -> tuple[Explanation, ...]:
    """The engine's explanations with territories by name; it only knows their positions."""

    def by_name(message: str) -> str:
        position, _, rest = message.removeprefix("territory ").partition(" ")
        if not message.startswith("territory ") or not position.isdecimal() or not 1 <= int(position) <= len(names):
            return message
        return f"{names[int(position) - 1]} {rest}"

    return tuple(replace(said, message=by_name(said.message)) for said in result.explanations)


def _too_much(ground: Ground, moved: float, most: float) -> Explanation:
    need, measure = 100 * moved, ground.measures[0]
    return Explanation(
        "max_moved",
        f"the least change found takes {need:.1f} % of the region's {measure} to another territory, more than the "
        f"{100 * most:g} % allowed. The plan given is that least change: allow more to move, or a wider limit",
    )


def rejects_csv(taken: Intake) -> bytes:
    """Rows of a file that were left out or couldn't be located, as CSV to mend and load again.

    The file's own columns, then "Row", "Fate" (excluded, rejected or unlocated) and "Reason". Text that a spreadsheet
    might run is made harmless.
    """
    out = taken.ledger.rejected_frame(taken.raw)
    row, fate, reason = out.columns[-3:]
    lost = taken.unlocated()
    kept = lost.iloc[:, 1:-1].set_axis(list(taken.raw.columns), axis=1)
    more = kept.assign(**{row: lost["File row"].astype(str), fate: "unlocated", reason: lost["Reason"]})
    both = out if more.empty else pd.concat([out, more.astype("str")], ignore_index=True)
    order = both[row].astype(int).argsort(kind="stable").to_numpy()
    text = safe_frame(both.iloc[order]).to_csv(index=False, lineterminator="\r\n")
    return bytes(text.encode("utf-8-sig"))
