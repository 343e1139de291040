"""The tree of plans: branches, named versions, tags and notes, with the figures of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from terr.edits.history import ROOT
from terr.errors import TerrError
from terr.metrics import MetricValues
from terr.model.person import Person
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import ScenarioInfo
from terr.store import Mark
from terr.workspace.caches import CacheKind
from terr.workspace.scenarios.comparison import PlanPoint, compare, disruption_share
from terr.workspace.scenarios.key_figures import key_figures
from terr.workspace.workspace import TRASH_DAYS, Workspace


@dataclass(frozen=True)
class TreeNode:
    """One plan or one named version of it, in the order a tree is read.

    Attributes:
        point: what it is; its name is the plan's or the version's.
        info: the plan; depth: 0 = grown from no other.
        mark: the version, None for the plan itself.
        parent: what it is compared with: the point of the plan above, None = as it was generated or imported.
        tags, notes: of the plan, or at the version's point.
        at: when it was worked on last, or named; by: who named it.
        edit_id: the edit it stands at.
    """

    point: PlanPoint
    info: ScenarioInfo
    depth: int
    mark: Mark | None
    parent: PlanPoint | None
    tags: tuple[Mark, ...]
    notes: tuple[Mark, ...]
    at: datetime
    by: str
    edit_id: int


@dataclass(frozen=True)
class TreeFigures:
    """What a node is judged by.

    Attributes:
        vitals: its figures, None if its boundaries are gone.
        moved: share of the measure in another territory than in what it grew from, NaN = it grew from nothing.
        since: what that is, in words, "" without.
        why: why there are no figures.
    """

    vitals: MetricValues | None
    moved: float
    since: str
    why: str = ""


def tree(ws: Workspace, *, archived: bool = False) -> tuple[TreeNode, ...]:
    """All plans with their versions and branches, parents first; of one parent's children the newest first.

    Args:
        ws: the workspace.
        archived: those put away too.
    """
    every = plans(ws, archived=archived)
    there = {p.id for p in every}
    below: dict[str, list[ScenarioInfo]] = {}
    for plan in every:
        below.setdefault(plan.origin_id if plan.origin_id in there else "", []).append(plan)
    marks = {p.id: ws.store.marks.of(p.id) for p in every}
    out: list[TreeNode] = []

    def add(info: ScenarioInfo, depth: int, known: frozenset[tuple[int, datetime]]) -> None:
        mine = [m for m in marks[info.id] if (m.id, m.at) not in known]
        out.append(_plan_node(info, depth, mine))
        out.extend(_version_node(info, depth + 1, m, mine) for m in mine if m.kind == "version")
        for child in below.get(info.id, ()):
            add(child, depth + 1, known | {(m.id, m.at) for m in mine})

    for root in below.get("", ()):
        add(root, 0, frozenset())
    return tuple(out)


def _plan_node(info: ScenarioInfo, depth: int, marks: Sequence[Mark]) -> TreeNode:
    whole = [m for m in marks if m.edit_id is None]
    parent = PlanPoint(info.origin_id, info.origin_edit, "the plan it was copied from") if info.origin_id else None
    return TreeNode(
        PlanPoint(info.id, None, info.name),
        info,
        depth,
        None,
        parent,
        _of(whole, "tag"),
        _of(whole, "note"),
        info.updated_at,
        "",
        info.head,
    )


def _version_node(info: ScenarioInfo, depth: int, mark: Mark, marks: Sequence[Mark]) -> TreeNode:
    here = [m for m in marks if m.edit_id == mark.edit_id]
    parent = PlanPoint(info.origin_id, info.origin_edit, "the plan it was copied from") if info.origin_id else None
    at = mark.edit_id or ROOT
    return TreeNode(
        PlanPoint(info.id, at, mark.text),
        info,
        depth,
        mark,
        parent,
        _of(here, "tag"),
        _of(here, "note"),
        mark.at,
        mark.by.name or mark.by.user_id,
        at,
    )


def _of(marks: Sequence[Mark], kind: str) -> tuple[Mark, ...]:
    return tuple(m for m in marks if m.kind == kind)


def figures(ws: Workspace, node: TreeNode) -> TreeFigures:
    """The figures of a node; a plan whose boundaries are gone says why it has none."""
    try:
        found = key_figures(ws, node.info, node.edit_id)
        moved, since = _moved(ws, node)
        return TreeFigures(found, moved, since)
    except TerrError as error:
        return TreeFigures(None, float("nan"), "", str(error))


def all_figures(ws: Workspace, nodes: Sequence[TreeNode], *, progress: Progress = UNWATCHED) -> dict[str, TreeFigures]:
    """The figures of several nodes, by the keys of their points.

    Raises:
        StoppedError: if the person stopped it.
    """
    out = {}
    for at, node in enumerate(nodes):
        progress.tell(at / len(nodes), f"measuring {node.point.name}")
        out[node.point.key] = figures(ws, node)
    return out


class GrownKey(NamedTuple):
    """A point of a plan, the point it grew from, a measure, and the count of changes beside the plan."""

    point: str
    edit_id: int
    parent: str
    measure: str
    seq: int


GROWN = CacheKind[GrownKey, float]("shares moved since the copy", 4)


def _moved(ws: Workspace, node: TreeNode) -> tuple[float, str]:
    """Share of the plan's measure that lies in another territory than where it grew from, and what that is."""
    parent, since = node.parent, "the copy"
    if parent is None:
        start = _start(ws, node.info, node.edit_id)
        if start is None:
            return float("nan"), ""
        edit_id, since = start
        parent = PlanPoint(node.info.id, edit_id)
    key = GrownKey(node.point.key, node.edit_id, parent.key, node.info.measure, node.info.seq)
    known = ws.caches[GROWN].get(key)
    if known is None:
        try:
            found = compare(ws, parent, PlanPoint(node.info.id, node.edit_id))
        except TerrError:  # the plan it grew from is deleted, of other accounts by now, or its boundaries are gone
            return float("nan"), ""
        known = ws.caches[GROWN].put(key, disruption_share(found, node.info.measure))
    return known, since


def _start(ws: Workspace, info: ScenarioInfo, edit_id: int) -> tuple[int, str] | None:
    """The newest edit behind a point that made the plan as a whole, and what it did."""
    history = ws.store.edits.history(info.id)
    steps = {s.id: s for s in history.steps}
    for at in reversed(history.trail(edit_id)):
        if steps[at].kind in ("design", "import"):
            return at, "Generate" if steps[at].kind == "design" else "the import"
    return None


def plans(ws: Workspace, *, archived: bool = False) -> list[ScenarioInfo]:
    """Plans of this person, the one worked on last first; with `archived` those taken off the lists too."""
    return ws.store.scenarios.find(include_archived=archived)


def rename(ws: Workspace, scenario_id: str, name: str, *, by: Person) -> ScenarioInfo:
    """Give a plan another name.

    Raises:
        LocateError: if the plan is gone. InputError: for a name that can't be.
    """
    return ws.store.scenarios.rename(scenario_id, name, by=by)


def archive(ws: Workspace, scenario_id: str, *, on: bool = True, by: Person) -> ScenarioInfo:
    """Take a plan off the lists, or put it back on; nothing is erased.

    Raises:
        LocateError: if the plan is gone.
    """
    return ws.store.scenarios.archive(scenario_id, on, by=by)


def trash(ws: Workspace) -> tuple[ScenarioInfo, ...]:
    """Deleted plans that can be brought back, the last one first; older ones are erased for good."""
    ws.empty_trash()
    gone = [p for p in ws.store.scenarios.find(include_deleted=True, include_archived=True) if p.deleted_at]
    return tuple(sorted(gone, key=lambda p: str(p.deleted_at), reverse=True))


def kept_until(info: ScenarioInfo) -> datetime:
    """When a deleted plan is erased."""
    return (info.deleted_at or datetime.now(UTC)) + timedelta(days=TRASH_DAYS)


def delete(ws: Workspace, scenario_id: str) -> None:
    """Put a plan into the trash; `restore` brings it back.

    Raises:
        LocateError: if the plan is gone.
    """
    ws.store.scenarios.delete(scenario_id)


def restore(ws: Workspace, scenario_id: str) -> ScenarioInfo:
    """Bring a deleted plan back.

    Raises:
        LocateError: if there never was one.
    """
    return ws.store.scenarios.restore(scenario_id)


def branch(ws: Workspace, scenario_id: str, edit_id: int, name: str, *, by: Person) -> ScenarioInfo:
    """A new plan that stands at any edit of this one's history; an edit of one doesn't change the other.

    Raises:
        LocateError: if the plan or the edit is gone. InputError: for a name that can't be.
    """
    return ws.store.scenarios.branch(scenario_id, edit_id, name, by=by)


def name_version(ws: Workspace, scenario_id: str, name: str, *, edit_id: int | None = None, by: Person) -> Mark:
    """Give a point of the history a name that stays; None = the plan as it is now.

    Raises:
        LocateError: if the plan or the edit is gone. InputError: for a name that can't be, or that another one bears.
    """
    at = ws.store.scenarios.get(scenario_id).head if edit_id is None else edit_id
    return ws.store.marks.add(scenario_id, "version", name, edit_id=at, by=by)


def add_mark(ws: Workspace, node: TreeNode, kind: str, text: str, *, by: Person) -> Mark:
    """Put a tag or a note on a plan, or on a named version of it.

    Raises:
        LocateError: if the plan is gone. InputError: for a text that can't be.
    """
    at = None if node.mark is None else node.edit_id
    return ws.store.marks.add(node.info.id, kind, text, edit_id=at, by=by)


def remove_mark(ws: Workspace, scenario_id: str, mark_id: int, *, by: Person) -> Mark:
    """Take a version's name, a tag or a note off; the plan and its history stay as they are.

    Raises:
        LocateError: if the plan or the mark is gone.
    """
    return ws.store.marks.archive(scenario_id, mark_id, by=by)


def grown_from(ws: Workspace, key: str, points: Mapping[str, PlanPoint]) -> str:
    """Key of what a plan is compared with first: what it grew from, else its newest version, else any other."""
    info = ws.scenario(points[key].scenario_id)
    versions = [k for k, p in points.items() if p.scenario_id == info.id and k != key]
    others = [f"{info.origin_id}:", *reversed(versions), *points]
    return next(k for k in others if k in points and k != key)


def points(nodes: Sequence[TreeNode], dataset_id: str) -> dict[str, PlanPoint]:
    """Key -> point of the plans and versions of one data set, named so that each can be told from the others."""
    out = {}
    for node in nodes:
        if node.info.dataset_id == dataset_id:
            name = node.info.name if node.mark is None else f"{node.info.name} · {node.mark.text}"
            out[node.point.key] = PlanPoint(node.info.id, node.point.edit_id, name)
    return out
