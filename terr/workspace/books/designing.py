"""Generate for books: accounts of one layer divided among reps by the engine, previewed and applied as one edit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.aggregate import unit_codes
from terr.edits import moves
from terr.edits.colors import choose_colors
from terr.edits.layers import territory_layers
from terr.engine import BooksProblem, design_books
from terr.engine.books.result import BooksResult
from terr.errors import InputError
from terr.model.books.book_units import BookUnits
from terr.model.edit import Edit
from terr.model.plan import MAX_TERRITORIES, Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.result import Explanation
from terr.model.units import UNASSIGNED
from terr.people.skills import SkillWords
from terr.view.text import count, percent
from terr.workspace.books.families import family_roots
from terr.workspace.books.why import why_sentences
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.plan_settings import WHYS, keep_at
from terr.workspace.plan.snapshot import PlanSnapshot, per_unit, plan_snapshot, preview_snapshot
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.reps.homes import home_xy
from terr.workspace.reps.team import needed_skills
from terr.workspace.workspace import Workspace

KEEP: Mapping[str, float] = {"Off": 0.0, "Low": 25.0, "Medium": 100.0, "High": 500.0}
"""How much today's owner counts -> kilometers of travel that are accepted rather than change it."""
BOOK_PROOFS = "book_proofs"
"""Under this name settings keep, by edit, what was proven of generated books (see `terr.workspace.books.trade_off`)."""


@dataclass(frozen=True)
class BookRequest:
    """What is asked of a design of books.

    Attributes:
        layer: position of the layer; books: how many territories it is to have, locked ones included.
        measure, tolerance: what is balanced, and the share a load may be off; also: further measures and their limits.
        reps: whose homes books are drawn around, at most one each.
        keep: one of `KEEP`.
        fewest, most: accounts of a book, None = any number.
        floors, caps: (measure, least or most of a book in the measure's own unit); each measure is balanced too.
        families: accounts of one parent stay together.
        needs: (segment such as "Industry:Health", skill that its accounts ask for); nobody else gets them.
        most_km: farthest an account may be from its book's home or middle, None = any.
        seed: of the engine.
    """

    layer: int
    books: int
    measure: str
    tolerance: float
    also: tuple[tuple[str, float], ...] = ()
    reps: tuple[Rep, ...] = ()
    keep: str = "Off"
    fewest: int | None = None
    most: int | None = None
    floors: tuple[tuple[str, float], ...] = ()
    caps: tuple[tuple[str, float], ...] = ()
    families: bool = False
    needs: tuple[tuple[str, str], ...] = ()
    most_km: float | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        check_tolerance(self.tolerance)
        if not 1 <= self.books <= MAX_TERRITORIES:
            raise InputError(f"a plan holds 1 to {MAX_TERRITORIES} territories, not {self.books:,}")
        if self.keep not in KEEP:
            raise InputError(f"today's owners count one of {', '.join(KEEP)}")
        if len({m for m, _ in self.also} | {self.measure}) != 1 + len(self.also):
            raise InputError("each measure is balanced once; leave the second one out")
        balanced = {m for m, _ in self.also} | {self.measure}
        if lost := [m for m, _ in (*self.floors, *self.caps) if m not in balanced]:
            raise InputError(f"{lost[0]} has a least or most amount but isn't balanced; balance it too")
        most = dict(self.caps)
        if bad := [m for m, v in self.floors if v > most.get(m, v)]:
            raise InputError(f"the least {bad[0]} of a book is above the most; correct one of them")
        if self.most_km is not None and not self.most_km > 0:
            raise InputError("the farthest distance must be above 0")


@dataclass(frozen=True, eq=False)
class BookTask:
    """A problem of books with the way back to the plan.

    Attributes:
        request: what was asked; problem: for the engine.
        rows: int64 (problem accounts,), code of each one's unit.
        codes: territory each of the problem's books is today, -1 = a new one; names: what each is called meanwhile.
        warnings: what is to be known before solving.
        scenario_id, rev: the plan it was made from.
    """

    request: BookRequest
    problem: BooksProblem
    rows: NDArray[np.int64]
    codes: tuple[int, ...]
    names: tuple[str, ...]
    warnings: tuple[str, ...]
    scenario_id: str
    rev: int


@dataclass(frozen=True, eq=False)
class BookDesign:
    """Books that were found.

    Attributes:
        task: what they answer; result: the engine's.
    """

    task: BookTask
    result: BooksResult

    @property
    def sentence(self) -> str:
        """How good they are: "Proven: no books within these limits have 0.1% less travel and change"."""
        gap = self.result.gap
        if gap is None:
            return "No books within these limits were found; these are the nearest."
        if gap <= 1e-6:
            return "Proven: for these centers no books within the limits have less travel and change."
        return f"Proven: for these centers no books within the limits are more than {percent(100 * gap, 2)} better."

    def explanations(self) -> tuple[Explanation, ...]:
        """What can't be held, with the plan's units."""
        rows = self.task.rows
        return tuple(
            Explanation(e.code, e.message, tuple(int(rows[u]) for u in e.units if 0 <= u < len(rows)))
            for e in self.result.explanations
        )


def book_layers(shown: PlanSnapshot) -> dict[int, str]:
    """Layers of accounts with an account, by position, each by its name; {} for a plan of areas."""
    units = shown.units
    if not isinstance(units, BookUnits):
        return {}
    found = np.unique(units.layer_of[units.n_areas :]).tolist()
    return {k: units.layers[k] for k in found}


def suggested_books(shown: PlanSnapshot, layer: int) -> int:
    """How many books to offer: those the layer has if more than one, else one per rep, else ten."""
    have = len(_own(shown.units, shown.plan, layer)) if isinstance(shown.units, BookUnits) else 0
    reps = len(shown.team)
    return have if have > 1 else reps if reps > 1 else 10


def _own(units: BookUnits, plan: Plan, layer: int) -> list[int]:
    """Codes of the territories of a layer."""
    of = territory_layers(units, plan)
    return [t.code for t in plan.territories if of.get(t.code) == layer]


def book_task(ws: Workspace, scenario_id: str, request: BookRequest) -> BookTask:
    """The engine's problem; locked accounts stay where they are, and locked books are left out with what they have.

    Raises:
        InputError: for a request that can't be met, saying why.
        LocateError: if the plan is gone.
    """
    shown = plan_snapshot(ws, scenario_id)
    units, plan = shown.units, shown.plan
    if not isinstance(units, BookUnits) or request.layer not in book_layers(shown):
        raise InputError("this layer has no accounts to divide; choose another one")
    mine = units.loose & (units.layer_of == request.layer)
    own = _own(units, plan, request.layer)
    closed = [c for c in own if plan.territory(c).locked]
    free = mine & ~np.isin(plan.assign, closed) & ~(plan.locked_units & (plan.assign == UNASSIGNED))
    rows = np.flatnonzero(free)
    k = request.books - len(closed)
    if k < 1 or not len(rows):
        raise InputError("every book of this layer is locked, so there is nothing to divide; unlock some")
    if len(request.reps) > k:
        raise InputError(f"{len(request.reps)} reps are chosen for {k} unlocked books; choose fewer reps")
    empty = [t.code for t in plan.territories if not t.locked and not (plan.assign == t.code).any()]
    codes = _slots(plan, [c for c in own if c not in closed], empty, request, k, rows)
    at = {c: j for j, c in enumerate(codes) if c >= 0}
    today = np.array([at.get(int(c), -1) for c in plan.assign[rows]], dtype=np.int32)
    held = plan.locked_units[rows]
    if (held & (today < 0)).any():
        n = len(np.unique(plan.assign[rows][held & (today < 0)]))
        raise InputError(f"{count(n, 'book')} beyond {k} {'has' if n == 1 else 'have'} locked accounts; ask for more")
    homes = np.full((k, 2), np.nan)
    if request.reps:
        homes[: len(request.reps)] = home_xy(units, request.reps)
    measures = (request.measure, *(m for m, _ in request.also))
    info = shown.info
    weights = np.column_stack([per_unit(ws, info, m)[0][rows] for m in measures])
    names = _names(plan, codes, request)
    needs, has, skills = _skills(shown, request, rows, plan, codes)
    kin = _families(shown, rows) if request.families else None
    problem = BooksProblem.from_arrays(
        weights,
        measures,
        books=k,
        xy_km=np.where(units.drawn[rows, None], units.xy_km[rows], np.nan),
        limits={request.measure: request.tolerance, **dict(request.also)},
        floors=dict(request.floors),
        caps=dict(request.caps),
        accounts_range=(request.fewest, request.most),
        homes=homes,
        max_km=request.most_km,
        families=kin,
        needs=needs,
        has=has,
        skills=skills,
        locked=np.where(held, today, -1),
        start=today,
        keep_price=KEEP[request.keep],
        account_names=[units.names[u] for u in rows.tolist()],
        book_names=names,
    )
    warnings = []
    if closed:
        warnings.append(f"{count(len(closed), 'locked book')} of this layer {_stays(len(closed))} as it is.")
    if unknown := int((~units.drawn[rows]).sum()):
        warnings.append(f"{count(unknown, 'account')} without a position can go to any book.")
    return BookTask(request, problem, rows, tuple(codes), names, tuple(warnings), scenario_id, shown.rev)


def _account_rows(shown: PlanSnapshot, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64, position of the account of each unit among the accounts, -1 = it is removed from the data."""
    at = np.full(len(shown.units), -1, dtype=np.int64)
    codes = unit_codes(shown.accounts, shown.units)
    known = np.flatnonzero(codes >= 0)
    at[codes[known][::-1]] = known[::-1]
    return at[rows]


def _families(shown: PlanSnapshot, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    at = _account_rows(shown, rows)
    return np.where(at >= 0, family_roots(shown.accounts)[at], -1)


def _skills(
    shown: PlanSnapshot, request: BookRequest, rows: NDArray[np.int64], plan: Plan, codes: list[int]
) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None, list[str]]:
    """What each account asks for, what the rep of each book has, and the skills; nothing without needs."""
    if not request.needs:
        return None, None, []
    words = SkillWords()
    at = _account_rows(shown, rows)
    needed = needed_skills(shown.accounts, dict(request.needs), words)
    asks = np.where(at >= 0, needed[at], "")
    skills = sorted({str(s) for s in asks if s})
    reps = {r.rep_id: r for r in shown.reps}
    drawn = [*request.reps, *[None] * (len(codes) - len(request.reps))]
    people = [r or (reps.get(plan.territory(c).rep) if c >= 0 else None) for r, c in zip(drawn, codes, strict=True)]
    can = [{words.of(s) for s in p.skills} if p else set() for p in people]
    if lost := [s for s in skills if not any(s in c for c in can)]:
        raise InputError(
            f"no book has a rep with the skill {lost[0]}; draw books around reps who have it, or leave that need out"
        )
    return (
        np.array([[s == a for a in skills] for s in asks]).reshape(-1, len(skills)),
        np.array([[a in c for a in skills] for c in can]).reshape(-1, len(skills)),
        skills,
    )


def _stays(n: int) -> str:
    return "stays" if n == 1 else "stay"


def _slots(
    plan: Plan, own: list[int], empty: list[int], request: BookRequest, k: int, rows: NDArray[np.int64]
) -> list[int]:
    """Territory of each of the k books, -1 = a new one: first that of each rep chosen, then the fullest."""
    out = [UNASSIGNED] * k
    left = [*own, *empty]
    for j, rep in enumerate(request.reps):
        found = next((c for c in left if plan.territory(c).rep == rep.rep_id), UNASSIGNED)
        if found >= 0:
            out[j] = found
            left.remove(found)
    locks = {c for c in left if (plan.locked_units[rows] & (plan.assign[rows] == c)).any()}
    size = {c: int((plan.assign[rows] == c).sum()) for c in left}
    left.sort(key=lambda c: (c not in locks, -size[c], c))
    for j in [j for j in range(k) if out[j] < 0]:
        if not left:
            break
        out[j] = left.pop(0)
    return out


def _names(plan: Plan, codes: list[int], request: BookRequest) -> tuple[str, ...]:
    reps = [r.name for r in request.reps]
    return tuple(
        plan.territory(c).name if c >= 0 else reps[j] if j < len(reps) else f"New book {j + 1}"
        for j, c in enumerate(codes)
    )


def solve(task: BookTask, *, seconds: float = 120.0, progress: Progress = UNWATCHED) -> BookDesign:
    """Divide the accounts; stopped, the best so far."""
    found = design_books(task.problem, seed=task.request.seed, time_limit_s=seconds, progress=progress)
    return BookDesign(task, found)


def book_edit(units: BookUnits, design: BookDesign, plan: Plan, next_code: int, author: str = "") -> Edit:
    """The books as one edit: territories of other layers and locked ones stay; books no longer needed are deleted.

    Raises:
        PlanError: if locks of the plan changed since the task was made and the books break them.
    """
    task, found = design.task, design.result
    codes = np.array(task.codes, dtype=np.int64)
    if not task.request.reps and task.request.keep == "Off":
        codes = _matched(plan, task, found, codes)
    of = territory_layers(units, plan)
    in_use = {c for c in codes.tolist() if c >= 0}
    gone = {
        t.code
        for t in plan.territories
        if t.code not in in_use and not t.locked and of.get(t.code, -1) in {task.request.layer, -1}
    }
    others = [t.code for t in plan.territories if t.code not in in_use and t.code not in gone]
    every = np.array([*others, *codes.tolist()], dtype=np.int64)
    slots = np.full(len(plan), -1, dtype=np.int64)
    for j, code in enumerate(others):
        slots[plan.assign == code] = j
    slots[task.rows] = len(others) + found.assign
    names, taken = [""] * len(every), {t.name.casefold() for t in plan.territories if t.code not in gone}
    for j, rep in enumerate(task.request.reps):
        if codes[j] < 0 and rep.name.casefold() not in taken:
            names[len(others) + j] = rep.name[:80]
            taken.add(rep.name.casefold())
    hues = np.array([plan.territory(int(c)).color if c >= 0 else -1 for c in every], dtype=np.int64)
    made = moves.adopt(
        plan,
        slots.astype(np.int16),
        next_code=next_code,
        kind="design",
        k=len(every),
        codes=every,
        names=names,
        colors=choose_colors(slots.astype(np.int16), units.indptr, units.indices, len(every), hues),
        author=author,
    )
    return _with_reps(plan, made, codes, next_code, task.request.reps)


def _matched(plan: Plan, task: BookTask, found: BooksResult, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of the territories of today each book should be so that least changes; what holds locks stays."""
    known = [c for c in codes.tolist() if c >= 0]
    if not known:
        return codes
    shared = np.zeros((len(codes), len(codes)))
    at = {c: j for j, c in enumerate(codes.tolist()) if c >= 0}
    now = np.array([at.get(int(c), -1) for c in plan.assign[task.rows]])
    on = now >= 0
    weight = task.problem.weights[:, 0] + 1e-9 + 1e12 * (task.problem.locked >= 0)
    np.add.at(shared, (found.assign[on], now[on]), weight[on])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    out = np.full(len(codes), UNASSIGNED, dtype=np.int64)
    out[rows] = codes[columns]
    return out


def _with_reps(plan: Plan, made: Edit, codes: NDArray[np.int64], next_code: int, reps: tuple[Rep, ...]) -> Edit:
    """The edit with the books drawn around reps given to them."""
    if not reps:
        return made
    fresh = iter(range(next_code, next_code + len(codes)))
    after = [int(c) if c >= 0 else next(fresh) for c in codes.tolist()]
    wanted = {after[j]: rep.rep_id for j, rep in enumerate(reps)}
    pairs, done = [], set()
    for old, new in made.territories:
        code = (new or old).code  # type: ignore[union-attr]
        done.add(code)
        pairs.append((old, None if new is None else replace(new, rep=wanted.get(code, new.rep))))
    for t in plan.territories:
        if t.code in wanted and t.code not in done and t.rep != wanted[t.code]:
            pairs.append((t, replace(t, rep=wanted[t.code])))
    return replace(made, territories=tuple(pairs))


def preview(ws: Workspace, design: BookDesign) -> PlanSnapshot:
    """The plan as it would be.

    Raises:
        ConflictError, PlanError: if the plan changed so that the books don't fit it any more.
    """
    sid, asked = design.task.scenario_id, design.task.request
    info, (plan, _) = ws.store.scenarios.get(sid), ws.plan(sid)
    units = ws.units(info)
    if not isinstance(units, BookUnits):
        raise InputError("this plan has no books")
    made = book_edit(units, design, plan, info.next_code)
    return preview_snapshot(ws, sid, made, measure=asked.measure, tolerance=asked.tolerance)


def apply(ws: Workspace, design: BookDesign, seen_rev: int, *, author: str = "") -> EditOutcome:
    """Store the books as one edit that one undo takes back, with each account's reason.

    Raises:
        ConflictError: if the plan changed since the person looked at it.
    """
    sid, asked = design.task.scenario_id, design.task.request
    info = ws.store.scenarios.get(sid)
    units = ws.units(info)
    if not isinstance(units, BookUnits):
        raise InputError("this plan has no books")
    done = edit(ws, sid, seen_rev, lambda plan, code: book_edit(units, design, plan, code, author))
    ws.store.scenarios.update_settings(sid, measure=asked.measure, tolerance=asked.tolerance)
    if done.changed:
        _keep_whys(ws, sid, done.rev, units, design)
        found = design.result
        proof = {
            "sentence": design.sentence,
            "layer": units.layers[asked.layer],
            "objective": float(found.objective),
            "bound": None if found.bound is None else float(found.bound),
            "model": found.model,
            "solver": found.solver,
        }
        keep_at(ws, sid, BOOK_PROOFS, done.rev, proof)
    return done


def _keep_whys(ws: Workspace, sid: str, edit_id: int, units: BookUnits, design: BookDesign) -> None:
    plan, _ = ws.plan(sid)
    names = {t.code: t.name for t in plan.territories}
    task = design.task
    of = {int(b): int(plan.assign[u]) for b, u in zip(design.result.assign, task.rows, strict=True)}
    books = tuple(names.get(of.get(j, -1), task.names[j]) for j in range(task.problem.books))
    why, second, cost = why_sentences(design.result, task.problem, books)
    table = pd.DataFrame(
        {
            "account_id": [units.ids[u].partition(":")[2] for u in task.rows.tolist()],
            "book": [books[j] for j in design.result.assign.tolist()],
            "why": why,
            "second": second,
            "second_cost": cost,
        }
    )
    made = io.BytesIO()
    table.to_parquet(made, engine="pyarrow", index=False)
    keep_at(ws, sid, WHYS, edit_id, ws.whole.store.files.save(made.getvalue()))
