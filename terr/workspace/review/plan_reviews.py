"""Plans up for review: how far each drifted and why, when it is due, and what was said and decided before."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from terr.errors import InputError, TerrError
from terr.model.json_values import read, to_plain
from terr.model.person import NOONE, Person
from terr.model.scenario import ScenarioInfo
from terr.store.repositories.marks import REVIEW
from terr.view.text import percent, short
from terr.workspace.accounts import next_extract
from terr.workspace.accounts.dataset import saved
from terr.workspace.accounts.import_settings import version
from terr.workspace.review.drift_causes import DriftCauses, drift_causes
from terr.workspace.scenarios.drift import Drift, drift
from terr.workspace.scenarios.tree import plans
from terr.workspace.workspace import Workspace

DUE = "review_due"
"""Where a plan's settings keep the day of its next review, and how many months lie between two."""
USUAL_MONTHS = 3


@dataclass(frozen=True)
class ReviewDue:
    """When a plan is reviewed.

    Attributes:
        every: months between two reviews.
        day: of the next one; None = so many months after the last one, or after the plan was made.
    """

    every: int = USUAL_MONTHS
    day: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.every <= 36:
            raise InputError("reviews are 1 to 36 months apart")


@dataclass(frozen=True)
class ReviewFigures:
    """How a plan stood when it was reviewed; kept as it was then.

    Attributes:
        measure: that it balances; total: in its region; deviation: largest |load / target - 1|; outside: territories
            outside the limit, of so many.
        accounts: name of the accounts; drift: in a sentence, "" without one.
        loads: territory -> load.
    """

    measure: str
    total: float
    deviation: float
    outside: int
    territories: int
    accounts: str
    drift: str = ""
    loads: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loads", MappingProxyType(dict(self.loads)))


@dataclass(frozen=True)
class ReviewNote:
    """One review.

    Attributes:
        minutes: what was said; decisions: what was decided, one each.
        figures: how the plan stood then.
        by: who wrote it, at: UTC; edit_id: point of the history.
    """

    minutes: str
    decisions: tuple[str, ...]
    figures: ReviewFigures
    by: Person = NOONE
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    edit_id: int = 0


@dataclass(frozen=True, eq=False)
class ReviewedPlan:
    """A plan in the list.

    Attributes:
        info: it.
        before, now: names of the accounts it is compared on: those before the last extract, and the newest.
        newer: id of a newer data set that it could move to, "" if it has the newest.
        drift: how its balance is off; None if it can't be told.
        causes: why; None if nothing changed or it can't be told.
        problem: why the drift can't be told, "" if it can.
        due: day of the next review; last: of the last one, None without one.
        moved_since: change of the largest deviation since the last review, None without one.
    """

    info: ScenarioInfo
    before: str
    now: str
    newer: str
    drift: Drift | None
    causes: DriftCauses | None
    problem: str
    due: date
    last: date | None
    moved_since: float | None = None

    @property
    def over_limit(self) -> bool:
        """Whether a territory is outside the limit with the newest accounts; never of an empty plan."""
        return self.drift is not None and self.drift.outside[1] > 0 and not self.empty

    @property
    def empty(self) -> bool:
        """Whether no territory has anything of the measure yet."""
        return self.drift is not None and self.drift.total[1] == 0

    @property
    def sentence(self) -> str:
        """How the plan stands, beside how it stood before the newest accounts if there were any."""
        if self.drift is None:
            return self.problem
        if self.empty:
            return "Nothing is assigned to the territories of this plan yet"
        if self.causes is not None:
            return self.drift.sentence
        told = self.drift.sentence.partition("max deviation ")[2].partition("; ")[2]
        total, off = short(self.drift.total[1], self.drift.currency), percent(100 * self.drift.deviation[1])
        return f"{self.info.measure} {total}; max deviation {off}; {told}"


def reviewed_plans(ws: Workspace) -> tuple[ReviewedPlan, ...]:
    """The plans a person sees: those over their limit first, then by due day."""
    found = [reviewed_plan(ws, info) for info in plans(ws, archived=False)]
    return tuple(sorted(found, key=lambda p: (not p.over_limit, p.due, p.info.name)))


def review_key(ws: Workspace) -> tuple[object, ...]:
    """Another value whenever the list of plans, or what it says of one, may differ."""
    every = tuple((i.id, i.name, i.rev, i.seq, i.dataset_id, i.measure, i.tolerance) for i in plans(ws, archived=False))
    return every, tuple((i.id, version(i.mapping)) for i in saved(ws))


def reviewed_plan(ws: Workspace, info: ScenarioInfo) -> ReviewedPlan:
    """One plan, with its drift since the extract before the newest."""
    notes = reviews(ws, info.id)
    last = notes[-1] if notes else None
    due = next_due(due_of(info), info, last)
    old, new, names = info.dataset_id, info.dataset_id, {"": ""}
    try:
        if info.dataset_id:
            line = next_extract.lineage(ws, info.dataset_id)
            names = {i.id: i.name for i in line}
            earlier = next_extract.before(ws, info)
            new = line[-1].id
            old = earlier.id if new == info.dataset_id and earlier is not None else info.dataset_id
            names |= {} if earlier is None else {earlier.id: earlier.name}
        found = drift(ws, replace(info, dataset_id=old), new)
        causes = drift_causes(ws, info, old, new) if old != new else None
        problem = ""
    except TerrError as error:
        found, causes, problem = None, None, str(error)
    since = None if last is None or found is None else found.deviation[1] - last.figures.deviation
    newer = new if new != info.dataset_id else ""
    before, now = names.get(old, ""), names.get(new, "")
    at = last.at.date() if last is not None else None
    return ReviewedPlan(info, before, now, newer, found, causes, problem, due, at, since)


def figures_of(plan: ReviewedPlan) -> ReviewFigures:
    """How a plan stands now, to be kept with a review.

    Raises:
        InputError: if it can't be told.
    """
    if plan.drift is None:
        raise InputError(plan.problem or "this plan has no figures")
    loads = (
        {} if plan.causes is None else dict(zip(plan.causes.table["Territory"], plan.causes.table["Now"], strict=True))
    )
    return ReviewFigures(
        plan.info.measure,
        plan.drift.total[1],
        plan.drift.deviation[1],
        plan.drift.outside[1],
        plan.drift.territories,
        plan.now,
        plan.drift.sentence if plan.causes is not None else "",
        {str(k): float(v) for k, v in loads.items()},
    )


def over_limit(plans: Sequence[ReviewedPlan]) -> int:
    """How many plans are over their limit."""
    return sum(p.over_limit for p in plans)


def due_by(plans: Sequence[ReviewedPlan], today: date) -> int:
    """How many plans are due for a review."""
    return sum(p.due <= today for p in plans)


def figures_sentence(figures: ReviewFigures) -> str:
    """How a plan stood at a review, in a line."""
    told = (
        f"Then: {figures.measure} {short(figures.total)}, max deviation {percent(100 * figures.deviation)}, "
        f"{figures.outside:,} of {figures.territories:,} territories over the limit, accounts {figures.accounts}"
    )
    return f"{told}. {figures.drift}" if figures.drift else told


def territory_names(ws: Workspace, scenario_id: str) -> dict[int, str]:
    """Code -> name of each territory of a plan."""
    return {t.code: t.name for t in ws.plan(scenario_id)[0].territories}


def due_of(info: ScenarioInfo) -> ReviewDue:
    """When a plan is reviewed, as it was set; quarterly by default."""
    return read(ReviewDue, info.settings.get(DUE) or {}, "the day of the next review")


def next_due(due: ReviewDue, info: ScenarioInfo, last: ReviewNote | None) -> date:
    """Day of the next review."""
    begin = last.at.date() if last is not None else info.created_at.date()
    if due.day is not None and (last is None or due.day > begin):
        return due.day
    month = begin.month - 1 + due.every
    year, month = begin.year + month // 12, month % 12 + 1
    return date(year, month, min(begin.day, monthrange(year, month)[1]))


def set_due(ws: Workspace, scenario_id: str, due: ReviewDue) -> None:
    """Say when a plan is reviewed.

    Raises:
        RoleError: if the person may not edit the plan.
    """
    ws.store.scenarios.change_settings(scenario_id, lambda now: {**now, DUE: to_plain(due)})


def record_review(
    ws: Workspace, plan: ReviewedPlan, minutes: str, decisions: Sequence[str], *, by: Person
) -> ReviewNote:
    """Keep what was said and decided, with the figures of now.

    Raises:
        InputError: if nothing was written. RoleError: if the person may not.
    """
    said = tuple(d.strip() for d in decisions if d.strip())
    if not minutes.strip() and not said:
        raise InputError("a review needs minutes or a decision; write what was said")
    note = {"minutes": minutes.strip(), "decisions": said, "figures": to_plain(figures_of(plan))}
    line = f"Reviewed the plan: {minutes.strip() or '; '.join(said)}"[:1_000]
    ws.store.reviews.add(plan.info.id, to_plain(note), line, by=by)
    return reviews(ws, plan.info.id)[-1]


def reviews(ws: Workspace, scenario_id: str) -> tuple[ReviewNote, ...]:
    """The reviews of a plan, oldest first."""
    out = []
    for one in ws.store.reviews.of(scenario_id, REVIEW):
        told = {**one.told, "by": to_plain(one.by), "at": one.at.isoformat(), "edit_id": one.edit_id}
        out.append(read(ReviewNote, told, "a review"))
    return tuple(out)
