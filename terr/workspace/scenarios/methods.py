"""Methods compared: geography, a column, size and a mix at the same number of territories, measured alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.aggregate import drawn_points, measure_values, unit_codes
from terr.edits import moves
from terr.edits.colors import least_used
from terr.engine import design
from terr.engine.books.dividing import design_books
from terr.engine.books.problem import BooksProblem
from terr.engine.books.result import BooksResult
from terr.errors import InputError
from terr.metrics import Metric, balance
from terr.model.books.plan_layers import PlanLayer
from terr.model.edit import Edit
from terr.model.overrides import NOBODY_HELD
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED
from terr.people.apportion import largest_remainder
from terr.scoring import columns
from terr.view.text import metric_text, percent
from terr.workspace.design.problem import solve_task
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solve_task import plan_inputs
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.matching import TeamGround
from terr.workspace.reps.serving import account_hours
from terr.workspace.reps.team import account_tiers, segment_columns
from terr.workspace.scenarios.comparison_tables import verdict
from terr.workspace.workspace import Workspace

Ints = NDArray[np.int64]
GEOGRAPHY, SIZE, HYBRID = "geography", "size", "hybrid"
TITLES = {GEOGRAPHY: "Geography", SIZE: "Size", HYBRID: "Large accounts and geography"}
SECONDS = 20.0
"""Wall-clock for the areas of one method, at most."""
MOST_VALUES = 200
BLANK = "(blank)"


@dataclass(frozen=True, eq=False)
class MethodPlan:
    """One way to divide the accounts of a plan's region.

    Attributes:
        key: "geography", "size", "hybrid" or "column:Industry"; title: for a reader.
        territory: int64 (n_accounts,), 0..k-1, -1 = outside the region.
        names: of the k territories.
        gap: proven distance from the best books of this method, a share; None where nothing is proven.
    """

    key: str
    title: str
    territory: Ints
    names: tuple[str, ...]
    gap: float | None


@dataclass(frozen=True, eq=False)
class MethodTable:
    """Methods side by side.

    Attributes:
        plans: one per method; table: a row per figure, a column per method, and `Best` in words.
        notes: what was taken for granted.
    """

    plans: tuple[MethodPlan, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]


def attributes(shown: PlanSnapshot) -> tuple[str, ...]:
    """Columns whose values can divide the accounts: industry and the like first."""
    return segment_columns(shown.accounts)


def compare_methods(
    ws: Workspace, shown: PlanSnapshot, chosen: Sequence[str], progress: Progress = UNWATCHED
) -> MethodTable:
    """Divide the accounts of a plan by each method, into as many territories as it has.

    Args:
        ws: the workspace.
        shown: the plan; it gives accounts, region, number of territories, measure and limit, and who has what today.
        chosen: columns beside geography, size and the mix.
        progress: follows it.

    Raises:
        InputError: no territories or accounts, or a column with too many values.
        StoppedError: if the person stopped it.
    """
    k = len(shown.plan.territories)
    ground = TeamGround(shown.accounts, shown.units, shown.plan, shown.reps, shown.held)
    inside = _inside(shown)
    if k < 2 or not inside.any():
        raise InputError("methods are compared on a plan with accounts and at least two territories")
    if k > int(inside.sum()):
        raise InputError(f"{k} territories can't be made of {int(inside.sum()):,} accounts; use a plan with fewer")
    for column in chosen:
        if len(set(columns.texts(shown.accounts, column)[inside].tolist())) > MOST_VALUES:
            raise InputError(f"{column} has more than {MOST_VALUES} values; choose a column with fewer")
    made: list[MethodPlan] = []
    ways = [(GEOGRAPHY, TITLES[GEOGRAPHY]), *((f"column:{c}", c) for c in chosen)]
    ways += [(SIZE, TITLES[SIZE]), (HYBRID, TITLES[HYBRID])]
    tiers, told = account_tiers(shown.accounts)
    for step, (key, title) in enumerate(ways):
        progress.tell(step / (len(ways) + 1), f"dividing by {title}")
        if key == GEOGRAPHY:
            made.append(_geography(ws, shown, key, title, inside, k))
        elif key == HYBRID:
            made.append(_hybrid(ws, shown, title, inside, k, tiers))
        else:
            values = tiers if key == SIZE else columns.texts(shown.accounts, key.partition(":")[2])
            made.append(_by_value(shown, key, title, inside, k, np.asarray(values, dtype=object)))
    progress.tell(len(ways) / (len(ways) + 1), "measuring the methods")
    notes = (
        f"Size: {told}",
        "What moves is counted against this plan; each territory stands for the one it shares most with",
    )
    return MethodTable(tuple(made), _table(shown, ground, made, inside), notes)


def open_method(ws: Workspace, shown: PlanSnapshot, one: MethodPlan, *, author: str = "") -> ScenarioInfo:
    """A scenario of books of accounts with a method's territories.

    Args:
        ws: the workspace; shown: the plan the methods were compared on.
        one: of `compare_methods`; author: who does it.

    Raises:
        InputError: for accounts that can't be units.
    """
    info = editing.create_layers(
        ws,
        dataset_id=shown.info.dataset_id,
        layers=(PlanLayer("Accounts"),),
        measure=shown.measure,
        tolerance=shown.info.tolerance,
        name=f"{shown.info.name[:80]} · by {one.title}"[:120],
        author=author,
    )
    units = ws.units(info)
    ids = shown.accounts.frame["account_id"].astype(str).tolist()
    of = dict(zip(ids, one.territory.tolist(), strict=True))
    slots = np.array([of.get(i, UNASSIGNED) for i in units.account_ids], dtype=np.int16)  # type: ignore[attr-defined]
    k = len(one.names)
    colors: list[int] = []
    for _ in range(k):
        colors.append(least_used(colors))

    def make(plan: Plan, code: int) -> Edit:
        codes = np.full(k, -1, dtype=np.int64)
        codes[0] = plan.codes[0]
        return moves.adopt(
            plan, slots, next_code=code, kind="design", k=k, codes=codes, names=list(one.names), colors=colors,
            author=author, note=f"Divided by {one.title}",
        )  # fmt: skip

    editing.edit(ws, info.id, ws.rev(info.id), make)
    return ws.scenario(info.id)


def _inside(shown: PlanSnapshot) -> NDArray[np.bool_]:
    return np.asarray(unit_codes(shown.accounts, shown.units) >= 0)


def _geography(
    ws: Workspace, shown: PlanSnapshot, key: str, title: str, inside: NDArray[np.bool_], k: int
) -> MethodPlan:
    """Compact territories: areas where the plan has them, else accounts by where they are."""
    territory = np.full(len(shown.accounts), -1, dtype=np.int64)
    names = tuple(f"{title} {j + 1}" for j in range(k))
    if shown.units.level.startswith("account"):
        found = _divided(shown, inside, k)
        territory[inside] = found.assign
        return MethodPlan(key, title, territory, names, found.gap)
    territory[inside] = _areas(ws, shown, inside, k, np.ones(len(shown.accounts), dtype=np.bool_))
    return MethodPlan(key, title, territory, names, None)


def _areas(ws: Workspace, shown: PlanSnapshot, inside: NDArray[np.bool_], k: int, take: NDArray[np.bool_]) -> Ints:
    """int64 (accounts inside,), the territory of each by a design of the areas for the accounts taken."""
    at = unit_codes(shown.accounts, shown.units)
    amounts = measure_values(shown.accounts, (shown.measure,))[:, 0]
    use = inside & take
    loads = np.bincount(at[use], amounts[use], len(shown.units)).astype(np.float64)
    inputs, _ = plan_inputs(ws, shown.info.id)
    empty = Plan.empty(len(shown.units), shown.units.version)
    asked = replace(inputs, plan=empty, loads_of=lambda _: loads, overrides=NOBODY_HELD)  # fmt: skip
    task = solve_task(asked, DesignRequest(k, shown.measure, shown.info.tolerance))
    result = design(task.problem, time_limit_s=SECONDS, effort=0.3)
    of_unit = np.full(len(shown.units), -1, dtype=np.int64)
    of_unit[task.rows] = result.assign
    return of_unit[at[inside]]


def _by_value(
    shown: PlanSnapshot, key: str, title: str, inside: NDArray[np.bool_], k: int, values: NDArray[np.object_]
) -> MethodPlan:
    """Each value's accounts are divided among as many territories as their share of the measure is worth.

    With more values than territories, values stay whole and are put together, as even as they can be.
    """
    rows = np.flatnonzero(inside)
    words = np.array([str(v).strip() or BLANK for v in values[rows].tolist()], dtype=object)
    codes, kinds = pd.factorize(words, sort=True)
    amounts = np.clip(measure_values(shown.accounts, (shown.measure,))[rows, 0], 0.0, None)
    load = np.bincount(codes, amounts, len(kinds))
    size = np.bincount(codes, minlength=len(kinds))
    territory = np.full(len(shown.accounts), -1, dtype=np.int64)
    if len(kinds) >= k:
        found = _divided(shown, inside, k, families=codes.astype(np.int64))
        territory[rows] = found.assign
        names = [_joined([kinds[c] for c in np.unique(codes[found.assign == j]).tolist()]) for j in range(k)]
        return MethodPlan(key, title, territory, _once(names), found.gap)
    spare = largest_remainder(np.where(load.sum() > 0, load, size) + 1e-9, k - len(kinds))
    seats = np.minimum(np.array(spare) + 1, size)
    while seats.sum() < k:  # a value with fewer accounts than territories
        room = np.flatnonzero(seats < size)
        seats[room[np.argmax(load[room] / seats[room])]] += 1
    names, first, gaps = [], 0, []
    for c, kind in enumerate(kinds):
        mine = np.zeros(len(inside), dtype=np.bool_)
        mine[rows[codes == c]] = True
        n = int(seats[c])
        if n == 1:
            territory[mine] = first
        else:
            part = _divided(shown, mine, n)
            territory[mine] = first + part.assign
            gaps.append(part.gap)
        names += [str(kind) if n == 1 else f"{kind} {j + 1}" for j in range(n)]
        first += n
    known = [g for g in gaps if g is not None]
    gap = max(known, default=0.0) if len(known) == len(gaps) else None
    return MethodPlan(key, title, territory, _once(names), gap)


def _hybrid(
    ws: Workspace, shown: PlanSnapshot, title: str, inside: NDArray[np.bool_], k: int, tiers: NDArray[np.object_]
) -> MethodPlan:
    """The largest accounts as books, by their share of the measure; everything else by geography."""
    labels = np.array([str(t).strip().casefold() for t in tiers.tolist()], dtype=object)
    top = sorted(set(labels[inside].tolist()))[0]
    large = inside & (labels == top)
    amounts = np.clip(measure_values(shown.accounts, (shown.measure,))[:, 0], 0.0, None)
    if large.sum() == inside.sum():  # all of one size: the largest fifth
        rows = np.flatnonzero(inside)
        large = np.zeros(len(inside), dtype=np.bool_)
        large[rows[np.argsort(-amounts[rows], kind="stable")[: max(1, len(rows) // 5)]]] = True
    part = float(amounts[large].sum()) / max(float(amounts[inside].sum()), 1e-9)
    n = int(min(max(1, round(part * k)), k - 1, int(large.sum())))
    territory = np.full(len(shown.accounts), -1, dtype=np.int64)
    found = _divided(shown, large, n)
    territory[large] = found.assign
    rest = inside & ~large
    if shown.units.level.startswith("account"):
        territory[rest] = n + _divided(shown, rest, k - n).assign
    else:
        territory[rest] = n + _areas(ws, shown, rest, k - n, rest)
    names = [f"Large accounts {j + 1}" for j in range(n)] + [f"Region {j + 1}" for j in range(k - n)]
    return MethodPlan(HYBRID, title, territory, tuple(names), None)


def _divided(shown: PlanSnapshot, mine: NDArray[np.bool_], k: int, families: Ints | None = None) -> BooksResult:
    """Books of some accounts, within the plan's limit where they can be."""
    amounts = np.clip(measure_values(shown.accounts, (shown.measure,))[mine, 0], 0.0, None)
    weights = amounts if amounts.sum() > 0 else np.ones(int(mine.sum()))
    lat, lon = (v[mine] for v in drawn_points(shown.accounts, shown.units))
    middle = np.radians(np.nanmean(lat) if np.isfinite(lat).any() else 0.0)
    xy = np.column_stack([111.32 * np.cos(middle) * lon, 111.32 * lat])
    problem = BooksProblem.from_arrays(
        weights,
        (shown.measure,),
        books=k,
        xy_km=None if families is not None else xy,
        limits={shown.measure: shown.info.tolerance},
        families=families,
    )
    return design_books(problem, time_limit_s=SECONDS, effort=0.3)


def _joined(kinds: Sequence[str]) -> str:
    text = " + ".join(kinds[:3]) + (f" + {len(kinds) - 3} more" if len(kinds) > 3 else "")
    return text or "Empty"


def _once(names: Sequence[str]) -> tuple[str, ...]:
    """Names of at most 80 characters, each once."""
    out: list[str] = []
    for name in names:
        title, n = " ".join(name.split())[:70] or BLANK, 2
        while title.casefold() in {t.casefold() for t in out}:
            title, n = f"{name[:66]} {n}", n + 1
        out.append(title)
    return tuple(out)


def _table(
    shown: PlanSnapshot, ground: TeamGround, made: Sequence[MethodPlan], inside: NDArray[np.bool_]
) -> pd.DataFrame:
    """Figures by method, and which is best in words."""
    accounts = shown.accounts
    today = ground.territory
    amounts = np.clip(measure_values(accounts, (shown.measure,))[:, 0], 0.0, None)
    rows: list[tuple[str, str, int, list[float]]] = []
    for measure in accounts.measures:
        values = measure_values(accounts, (measure,))[:, 0]
        rows.append((f"Max deviation of {measure}", "%", 1, [_off(m, values, inside) for m in made]))
    hours = [account_hours(ground, m.territory, len(m.names)) for m in made]
    rows.append(
        ("Hours a year", "h", 0, [float(h.hours[m.territory >= 0].sum()) for h, m in zip(hours, made, strict=True)])
    )
    rows.append(
        (
            "Travel hours a year",
            "h",
            0,
            [float(h.travel_hours[m.territory >= 0].sum()) for h, m in zip(hours, made, strict=True)],
        )
    )
    moved = [_moved(m, today, amounts, inside) for m in made]
    rows.append(("Accounts that change hands", "accounts", 0, [float(w.sum()) for w in moved]))
    whole = float(amounts[inside].sum())
    rows.append(
        (f"{shown.measure} to another rep", "%", 1,
         [100 * float(amounts[w].sum()) / whole if whole > 0 else float("nan") for w in moved])
    )  # fmt: skip
    spread = [balance.cv_pct(np.bincount(m.territory[inside], amounts[inside], len(m.names))) for m in made]
    rows.append((f"Spread of {shown.measure} per rep", "%", 1, [float(s) for s in spread]))
    rows.append(("Proven within", "%", 1, [float("nan") if m.gap is None else 100 * m.gap for m in made]))
    out = []
    for label, unit, decimals, figures in rows:
        metric = Metric(label, label, unit, decimals, "lower", "plan", label, "this table", lambda _: float("nan"))
        named = {m.title: v for m, v in zip(made, figures, strict=True)}
        row = {"": label}
        for title, v in named.items():
            row[title] = "not proven" if label == "Proven within" and not np.isfinite(v) else _shown(metric, v)
        known = {n: v for n, v in named.items() if np.isfinite(v)}
        row["Best"] = verdict(metric, known) if len(known) > 1 and label != "Proven within" else "–"
        out.append(row)
    return pd.DataFrame(out)


def _shown(metric: Metric, value: float) -> str:
    return percent(value) if metric.unit == "%" else metric_text(metric, value)


def _off(one: MethodPlan, values: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    load = np.bincount(one.territory[inside], np.nan_to_num(values[inside]), len(one.names))
    if not load.sum() > 0:
        return float("nan")
    return 100 * float(balance.max_deviation(load, np.full(len(load), load.mean())))


def _moved(one: MethodPlan, today: Ints, amounts: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool (n_accounts,), accounts in another territory than today, territories matched by what they share."""
    both = inside & (today >= 0) & (one.territory >= 0)
    shared = np.zeros((len(one.names), int(today.max(initial=0)) + 1))
    np.add.at(shared, (one.territory[both], today[both]), amounts[both] + 1e-9)
    match = np.full(len(one.names), -2, dtype=np.int64)
    for a, b in zip(*linear_sum_assignment(shared, maximize=True), strict=True):
        match[a] = b
    return np.asarray(both & (match[one.territory] != today))
