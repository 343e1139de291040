"""`terr design --by accounts`: the accounts of a file to books, with the reason for each account."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.boundaries.geometry.adjacency import plane_km
from terr.boundaries.layers.regions import ALBERS
from terr.engine import BooksProblem, design_books
from terr.engine.books.result import BooksResult
from terr.errors import InputError
from terr.locate import home_points
from terr.metrics import balance
from terr.model.accounts import Accounts
from terr.model.books.plan_layers import UNCOVERED, PlanLayer
from terr.model.result import Explanation
from terr.people.skills import SkillWords
from terr.report.safe import safe_frame
from terr.scoring.layers import divide
from terr.view.text import count
from terr.workspace.batch.books.team import BookPlace, book_places, books_of_layers, check_rules
from terr.workspace.batch.inputs import BatchInputs
from terr.workspace.batch.solve import Control
from terr.workspace.books.families import family_roots
from terr.workspace.books.why import why_sentences
from terr.workspace.overlay_settings import checked_role, people_of_role
from terr.workspace.reps.team import needed_skills

REST = "Everything else"
BROKEN = ("limit_broken", "infeasible")


@dataclass(frozen=True)
class BooksRequest:
    """What is asked beside the measures and limits of `BatchInputs.asked`.

    Attributes:
        territories: how many books in all.
        fewest, most: accounts of a book, None = any number.
        keep_km: travel in km that is accepted rather than take an account from its owner.
        families: accounts of one parent stay together.
        rules: (name, condition), in order; the first that holds takes the account.
        needs: segment -> skill it requires.
        most_km: farthest an account may be from its rep's home, None = any.
        role: a second role whose people have the books, "" = the reps.
        only_rules: accounts that no rule catches stay uncovered, as an overlay's may.
    """

    territories: int
    fewest: int | None = None
    most: int | None = None
    keep_km: float = 0.0
    families: bool = False
    rules: tuple[tuple[str, str], ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    most_km: float | None = None
    role: str = ""
    only_rules: bool = False

    def __post_init__(self) -> None:
        if self.territories < 1:
            raise InputError(f"choose at least 1 territory, not {self.territories:,}")
        if self.role:
            checked_role(self.role)
        if self.only_rules and not (self.rules and self.role):
            raise InputError("only an overlay can leave accounts uncovered: name its role and at least one rule")
        check_rules(self.rules)


@dataclass(frozen=True, eq=False)
class BooksReport:
    """Books, measured.

    Attributes:
        report: the contract's JSON; books: DataFrame account_id, territory.
    """

    report: dict[str, Any]
    books: pd.DataFrame

    @property
    def broken(self) -> bool:
        """The books break a limit."""
        return self.report["status"] in BROKEN

    def csv(self) -> bytes:
        """`account_id,territory`, UTF-8."""
        out = io.StringIO()
        safe_frame(self.books).to_csv(out, index=False, lineterminator="\n")
        return out.getvalue().encode()


@dataclass(frozen=True, eq=False)
class _Part:
    """A layer divided: int64 positions of its accounts, its books, the engine's problem and result."""

    rows: NDArray[np.int64]
    places: list[BookPlace]
    problem: BooksProblem
    result: BooksResult


def make_books(ground: BatchInputs, wanted: BooksRequest, how: Control) -> BooksReport:
    """Divides the accounts.

    Raises:
        InputError: for a rule, a number or a column that can't be.
        SolveError: if no solver can run.
    """
    left_out: dict[str, Any] = {}
    if wanted.only_rules:
        ground, left_out = _covered_alone(ground, wanted)
    accounts, measure = ground.accounts, ground.measures[0]
    layers = [*(PlanLayer(name.strip(), rule=rule) for name, rule in wanted.rules), PlanLayer(REST)]
    values = measure_values(accounts, ground.measures)
    found = divide(accounts, layers, measure)
    size = np.array([c.accounts for c in found.caught], dtype=np.int64)
    amount = np.array([values[found.of == k, 0].sum() for k in range(len(layers))])
    books = books_of_layers(amount, size, wanted.territories) if len(layers) > 1 else np.array([wanted.territories])
    reps = [*people_of_role(wanted.role, ground.reps)] if wanted.role else [r for r in ground.reps if r.covers]
    places, owner, told = book_places([v.name for v in layers], books, reps, accounts, owners=wanted.keep_km > 0)
    points = _points(accounts, places)
    kin = family_roots(accounts, "--families") if wanted.families else np.full(len(accounts), -1, dtype=np.int64)
    skills = needed_skills(accounts, wanted.needs, SkillWords()) if wanted.needs else None
    parts: list[_Part] = []
    first = 0
    for k, mine in enumerate(places):
        rows = np.flatnonzero(found.of == k)
        homes = points[1][first : first + len(mine)]
        first += len(mine)
        if not len(rows):
            continue
        given = _problem(ground, wanted, rows, mine, values, points[0][rows], homes, owner, kin, skills)
        share = how.progress.part(k / len(places), (k + 1) / len(places))
        parts.append(
            _Part(rows, mine, given, design_books(given, seed=how.seed, time_limit_s=_left(how, parts), progress=share))
        )
    notes = [*ground.notes, *(Explanation("reps", t) for t in told), *_torn(kin, found.of)]
    report = _report(ground, wanted, how, parts, notes, owner if wanted.keep_km > 0 else None)
    report["layers"] = [
        {
            "name": layer.name,
            "rule": layer.rule,
            "territories": int(books[k]),
            "accounts": caught.accounts,
            "amount": caught.amount,
            "falls_through": int(size[k + 1 :].sum()),
            "notes": list(caught.notes),
        }
        for k, (layer, caught) in enumerate(zip(layers, found.caught, strict=True))
    ]
    if wanted.role:
        report |= {"role": checked_role(wanted.role), "not_covered": left_out or {"accounts": 0, "amount": 0.0}}
    table = pd.DataFrame([(a["account_id"], a["territory"]) for a in report["accounts"]])
    table.columns = pd.Index(["account_id", "territory"])
    return BooksReport(report, table)


def _covered_alone(ground: BatchInputs, wanted: BooksRequest) -> tuple[BatchInputs, dict[str, Any]]:
    """The accounts that some rule catches, and what the others are: their number and sum of the first measure.

    Raises:
        InputError: if no rule catches an account.
    """
    accounts, measure = ground.accounts, ground.measures[0]
    rules = [PlanLayer(name.strip(), rule=rule) for name, rule in wanted.rules]
    of = divide(accounts, [*rules, PlanLayer("Not covered", UNCOVERED)], measure).of
    mine = of < len(rules)
    if not mine.any():
        raise InputError("no rule catches an account, so the overlay would cover nothing; change a rule")
    rest = {"accounts": int((~mine).sum()), "amount": float(measure_values(accounts, (measure,))[~mine, 0].sum())}
    some = replace(accounts, frame=accounts.frame[mine].reset_index(drop=True))
    return replace(ground, accounts=some), rest


def _left(how: Control, done: list[_Part]) -> float | None:
    """Seconds that are left for the next layer."""
    return None if how.time_limit_s is None else max(0.1, how.time_limit_s - sum(p.result.runtime_s for p in done))


def _points(accounts: Accounts, places: list[list[BookPlace]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accounts (n, 2) and homes (books, 2) on one plane, km; nan where a place isn't known."""
    homes = home_points([b.rep.home if b.rep else "" for layer in places for b in layer])
    frame = accounts.frame
    lat = np.concatenate([frame["lat"].to_numpy(dtype=np.float64), homes[:, 0]])
    lon = np.concatenate([frame["lon"].to_numpy(dtype=np.float64), homes[:, 1]])
    known = np.isfinite(lat) & np.isfinite(lon)
    xy = np.full((len(lat), 2), np.nan)
    if known.any():
        inside = (lon > -130) & (lon < -60) & (lat > 23) & (lat < 50)
        xy[known] = plane_km(lon[known], lat[known], ALBERS if inside[known].all() else None)
    return xy[: len(frame)], xy[len(frame) :]


def _torn(kin: NDArray[np.int64], of: NDArray[np.int16]) -> list[Explanation]:
    """Families whose accounts are in several layers: each layer keeps its own part together."""
    on = np.flatnonzero(kin >= 0)
    pairs = np.unique(np.column_stack([kin[on], of[on]]), axis=0)
    torn = int((np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum()) if len(pairs) else 0
    if not torn:
        return []
    text = f"{count(torn, 'family', 'families')} have accounts in more than one rule; each rule keeps its part together"
    return [Explanation("families_in_layers", text)]


def _problem(
    ground: BatchInputs,
    wanted: BooksRequest,
    rows: NDArray[np.int64],
    places: list[BookPlace],
    values: NDArray[np.float64],
    xy: NDArray[np.float64],
    homes: NDArray[np.float64],
    owner: NDArray[np.int32],
    kin: NDArray[np.int64],
    skills: NDArray[np.object_] | None,
) -> BooksProblem:
    """One layer's problem for the engine; a rep's capacity is the size of the book."""
    limits, floors, caps = ground.asked.bounds()
    weights = values[rows]
    empty = [q for q, m in enumerate(ground.measures) if m in limits and not weights[:, q].sum() > 0]
    limits = {m: v for m, v in limits.items() if m not in {ground.measures[q] for q in empty}}
    size = np.array([b.rep.capacity if b.rep else 1.0 for b in places])
    at = {b.owner: j for j, b in enumerate(places) if b.owner >= 0}
    today = np.array([at.get(int(o), -1) for o in owner[rows]], dtype=np.int64)
    left = owner[rows] >= 0
    asks = sorted({str(s) for s in skills[rows] if s}) if skills is not None else []
    frame = ground.accounts.frame
    reach = np.where(np.isfinite(homes[:, 0]), np.inf if wanted.most_km is None else wanted.most_km, np.inf)
    return BooksProblem.from_arrays(
        weights,
        ground.measures,
        books=len(places),
        xy_km=xy,
        limits=limits,
        targets=weights.sum(axis=0)[None] * (size / size.sum())[:, None],
        floors=floors,
        caps=caps,
        accounts_range=(wanted.fewest, wanted.most),
        homes=homes,
        max_km=reach,
        families=kin[rows],
        start=today,
        keep_price=np.where(left, wanted.keep_km, 0.0),
        needs=None
        if skills is None
        else np.array([[s == a for a in asks] for s in skills[rows]]).reshape(-1, len(asks)),
        has=None
        if skills is None
        else np.array(
            [[a in {x.casefold() for x in (b.rep.skills if b.rep else ())} for a in asks] for b in places]
        ).reshape(-1, len(asks)),
        skills=asks,
        account_names=[
            str(n) or str(i) for n, i in zip(frame["name"].iloc[rows], frame["account_id"].iloc[rows], strict=True)
        ],
        book_names=[b.name for b in places],
    )


_RANK = ("infeasible", "limit_broken", "stopped", "feasible", "optimal")


def _report(
    ground: BatchInputs,
    wanted: BooksRequest,
    how: Control,
    parts: list[_Part],
    notes: list[Explanation],
    owner: NDArray[np.int32] | None,
) -> dict[str, Any]:
    """The contract's JSON, without the layers."""
    n, measures = len(ground.accounts), ground.measures
    names = [b.name for p in parts for b in p.places]
    book = np.full(n, -1, dtype=np.int64)
    ids = ground.accounts.frame["account_id"].astype(str).tolist()
    accounts: list[dict[str, Any]] = [{} for _ in range(n)]
    first = 0
    for p in parts:
        own = [b.name for b in p.places]
        why, _, cost = why_sentences(p.result, p.problem, own)
        book[p.rows] = first + p.result.assign
        for z, i in enumerate(p.rows.tolist()):
            second = int(p.result.second[z])
            accounts[i] = {
                "account_id": ids[i],
                "territory": own[p.result.assign[z]],
                "why": why[z],
                "second": own[second] if second >= 0 else None,
                "second_cost": round(cost[z], 3) if second >= 0 else None,
            }
        first += len(own)
    load = np.concatenate([p.problem.loads(p.result.assign) for p in parts])
    goal = np.concatenate([p.problem.targets for p in parts])
    off = 100 * balance.deviation(load, goal)
    people = [b.rep.name if b.rep else None for p in parts for b in p.places]
    size = np.bincount(book, minlength=len(names))

    def each(v: Any) -> dict[str, float | None]:
        return {m: float(x) if np.isfinite(x) else None for m, x in zip(measures, v, strict=True)}

    found = [p.result for p in parts]
    bounds = [r.bound for r in found]
    total, bound = sum(r.objective for r in found), None if None in bounds else sum(b for b in bounds if b is not None)
    gap = None if bound is None else 0.0 if total <= 0 else max(0.0, 100 * (total - bound) / total)
    values = measure_values(ground.accounts, measures)
    changed = np.zeros(n, dtype=bool)
    if owner is not None:
        mine = np.array([b.owner for p in parts for b in p.places])
        changed = (owner >= 0) & (mine[book] != owner)
    whole = np.maximum(values.sum(axis=0), 1e-300)
    said = dict.fromkeys((*notes, *(e for r in found for e in r.explanations)))
    return {
        "status": min((r.status for r in found), key=_RANK.index),
        "level": "accounts",
        "region": list(ground.units.region),
        "territories_requested": wanted.territories,
        "territories": [
            {
                "id": names[j],
                "accounts": int(size[j]),
                "load": each(load[j]),
                "target": each(goal[j]),
                "deviation_pct": each(off[j]),
                "rep": people[j],
            }
            for j in range(len(names))
        ],
        "max_deviation_pct": each(np.abs(off).max(axis=0)),
        "cv_pct": each(balance.cv_pct(load)),
        "gini": each(balance.gini(load)),
        "travel_km": float(sum((r.km * p.problem.visits).sum() for r, p in zip(found, parts, strict=True))),
        "certificate": None
        if bound is None
        else {
            "objective": total,
            "bound": bound,
            "gap_pct": gap,
            "model": found[0].model,
            "solver": found[0].solver,
        },
        "disruption": None
        if owner is None
        else {
            "accounts_pct": 100 * float(changed.mean()),
            "load_pct": each(100 * values[changed].sum(axis=0) / whole),
        },
        "explanations": [{"code": e.code, "message": e.message, "units": []} for e in said],
        "seed": how.seed,
        "runtime_s": sum(r.runtime_s for r in found),
        "accounts": accounts,
    }
