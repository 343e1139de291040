"""The history as a story: who did what, when, why, and what it did to the balance; and the ways through it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from terr.edits.applied import apply
from terr.edits.history import ROOT, EditNode, History
from terr.edits.undo_one import UndoneEdit, go_back, undo_edit
from terr.errors import LocateError
from terr.metrics import evaluate
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.store import ChangeEvent
from terr.view.text import and_list, percent, unit_noun
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.caches import CacheKind
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import rules_of, save_rules
from terr.workspace.plan.snapshot import measured
from terr.workspace.scenarios.key_figures import FigureKey
from terr.workspace.workspace import Workspace

MOST = 2000
"""Lines of a story that are looked through at most, the newest."""

_NUMBER = re.compile(r"change (\d+)(?::|$)")
KINDS = {
    "edit": "Changes of the plan",
    "travel": "Undo, redo and branches",
    "version": "Versions, tags and notes",
    "talk": "Comments and proposals",
    "exception": "Exceptions",
    "other": "Other",
}
"""Kinds of lines a person can choose from."""


@dataclass(frozen=True)
class HistoryLine:
    """One line of the story.

    Attributes:
        event: what happened.
        kind: one of `KINDS`.
        before, after: largest deviation before and after it, NaN where there is none or the plan didn't change.
    """

    event: ChangeEvent
    kind: str
    before: float
    after: float

    @property
    def effect(self) -> str:
        """Such as "max deviation 6.1 % → 4.1 %", "" if the plan's balance stayed as it was or isn't known."""
        if not (np.isfinite(self.before) or np.isfinite(self.after)):
            return ""
        was, now = percent(100 * self.before), percent(100 * self.after)
        return f"unchanged, {now}" if was == now else f"max deviation {was} → {now}"


def history_lines(ws: Workspace, scenario_id: str) -> tuple[HistoryLine, ...]:
    """The newest `MOST` lines, newest first, without effects; see `with_effects`.

    Raises:
        LocateError: if the plan is gone.
    """
    nan = float("nan")
    return tuple(HistoryLine(e, _kind(e), nan, nan) for e in ws.store.changes.timeline(scenario_id, limit=MOST))


def _kind(event: ChangeEvent) -> str:
    if event.topic == "plan":
        return "edit" if event.action == "edit" else "travel"
    if event.topic in ("version", "tag", "note"):
        return "version"
    if event.topic in ("comment", "proposal", "challenge"):
        return "talk"
    return "exception" if event.topic == "exception" else "other"


def chosen(
    lines: Sequence[HistoryLine], *, who: Sequence[str] = (), kinds: Sequence[str] = ()
) -> tuple[HistoryLine, ...]:
    """Lines by some people and of some kinds; none given = all."""
    return tuple(x for x in lines if (not who or x.event.who in who) and (not kinds or x.kind in kinds))


def with_effects(ws: Workspace, scenario_id: str, lines: Sequence[HistoryLine]) -> tuple[HistoryLine, ...]:
    """The same lines with what each did to the balance, by the plan's measure and exceptions of today.

    Raises:
        LocateError: if the plan is gone. PlanError: if its boundaries changed or are gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    history = ws.store.edits.history(scenario_id)
    head = {v.rev: v.head for v in history.visits}
    pairs = {
        x.event.rev: (head.get(x.event.rev - 1, ROOT), head.get(x.event.rev, ROOT))
        for x in lines
        if x.event.rev is not None
    }
    found = deviations(ws, info, history, {at for pair in pairs.values() for at in pair})
    nan = float("nan")
    out = []
    for line in lines:
        before, after = pairs.get(line.event.rev, (None, None)) if line.event.rev is not None else (None, None)
        out.append(replace(line, before=found.get(before, nan), after=found.get(after, nan)))  # type: ignore[arg-type]
    return tuple(out)


DEVIATIONS = CacheKind[FigureKey, float]("deviations after edits", 32)


def deviations(ws: Workspace, info: ScenarioInfo, history: History, wanted: set[int]) -> dict[int, float]:
    """Largest deviation after each of some edits; plans are made from their parents', so that none is read twice."""
    shares = rules_of(ws, info).shares
    mark = overrides_key(overrides_of(ws, info))
    data, cache = dataset(ws, info.dataset_id), ws.caches[DEVIATIONS]
    parent = {s.id: s.parent for s in history.steps}
    plans: dict[int, Plan] = {}
    out: dict[int, float] = {}
    for at in sorted(wanted):
        key = FigureKey(info.id, at, info.measure, mark, shares, data.key)
        known = cache.get(key)
        if known is None:
            up = parent.get(at, ROOT)
            if at != ROOT and up in plans:
                plans[at] = apply(plans[up], ws.store.edits.get(info.id, at))
            else:
                plans[at] = ws.store.plans.at(info.id, at)
            known = cache.put(key, _deviation(ws, info, data, plans[at], dict(shares)))
        elif at != ROOT and parent.get(at) in plans:
            plans[at] = apply(plans[parent[at]], ws.store.edits.get(info.id, at))
        out[at] = known
        for old in [p for p in plans if p < at - 200]:  # long histories don't fill the memory
            del plans[old]
    return out


def _deviation(ws: Workspace, info: ScenarioInfo, data: Dataset, plan: Plan, shares: dict[int, float]) -> float:
    context = measured(ws, info, data, plan, info.measure, overrides_of(ws, info, plan), shares)
    return evaluate(context, ["max_deviation_pct"]).figure("max_deviation_pct") / 100


def title(ws: Workspace, scenario_id: str, edit_id: int) -> str:
    """What a point of the history is called: the change that led to it.

    Raises:
        LocateError: if the plan or the edit is gone.
    """
    if edit_id == ROOT:
        return "the empty plan"
    for step in ws.store.edits.history(scenario_id).steps:
        if step.id == edit_id:
            return step.title
    raise LocateError(f"this plan has no change {edit_id}; look at the history again")


def back_to(ws: Workspace, scenario_id: str, edit_id: int, seen_rev: int, *, author: str = "") -> EditOutcome:
    """Make the plan what it was after an edit, as a new edit: nothing of what came since is lost.

    Raises:
        ConflictError: if the plan changed since the person looked.
        LocateError: if the plan or the edit is gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    earlier = ws.store.plans.at(scenario_id, edit_id)
    rules = rules_of(ws, replace(info, head=edit_id))
    note = f"change {edit_id}: {title(ws, scenario_id, edit_id)}"
    done = edit(ws, scenario_id, seen_rev, lambda plan, _: go_back(plan, earlier, author=author, note=note))
    if done.changed:
        save_rules(ws, scenario_id, done.rev, rules)
        return done
    return replace(done, notice="The plan is like this already.")


@dataclass(frozen=True)
class OwnEdits:
    """What a person can take back and make again of their own, under what others did since.

    Attributes:
        undo: the edit to take back, None = there is none; undo_title: what it did.
        redo: the edit that took one back, None = there is none; redo_title: what would be made again.
    """

    undo: int | None
    undo_title: str
    redo: int | None
    redo_title: str


def own(history: History, author: str) -> OwnEdits:
    """The person's own stacks of undo and redo, from the line of work the plan stands on."""
    steps = {s.id: s for s in history.steps}
    done: list[int] = []
    undone: list[tuple[int, int]] = []  # the takeback, and what it took back
    for at in history.trail(history.head):
        step = steps[at]
        if step.author != author:
            continue
        target = _target(step)
        if step.kind == "takeback" and target in done:
            done.remove(target)
            undone.append((at, target))
        elif step.kind == "again" and target in [t for t, _ in undone]:
            undone = [pair for pair in undone if pair[0] != target]
            done.append(at)
        else:
            done.append(at)
            undone.clear()
    # the first edit makes the first territory; without it there is nothing to paint into
    first = history.trail(history.head)[:1]
    done = [d for d in done if d not in first]
    undo, redo = (done[-1] if done else None), (undone[-1] if undone else None)
    return OwnEdits(
        undo,
        steps[undo].title if undo is not None else "",
        redo[0] if redo else None,
        steps[redo[1]].title if redo else "",
    )


def _target(step: EditNode) -> int:
    found = _NUMBER.match(step.note)
    return int(found[1]) if found else -1


def undo_own(ws: Workspace, scenario_id: str, *, author: str) -> EditOutcome:
    """Take the person's own last change back, wherever it lies behind what others did since; that stays.

    Raises:
        LocateError: if the plan is gone.
    """
    history = ws.store.edits.history(scenario_id)
    mine = own(history, author)
    if mine.undo is None:
        return EditOutcome(history.rev, notice="There is no change of yours to take back.")
    return _take(ws, scenario_id, mine.undo, "takeback", mine.undo_title, author)


def redo_own(ws: Workspace, scenario_id: str, *, author: str) -> EditOutcome:
    """Make the person's own change again that they took back last; what others did since stays.

    Raises:
        LocateError: if the plan is gone.
    """
    history = ws.store.edits.history(scenario_id)
    mine = own(history, author)
    if mine.redo is None:
        return EditOutcome(history.rev, notice="There is no change of yours to make again.")
    return _take(ws, scenario_id, mine.redo, "again", mine.redo_title, author)


def _take(ws: Workspace, scenario_id: str, edit_id: int, kind: str, what: str, author: str) -> EditOutcome:
    change = ws.store.edits.get(scenario_id, edit_id)
    note = f"change {edit_id}: {what}"
    made = UndoneEdit(Edit(kind=kind))

    def make(plan: Plan, _next: int) -> Edit:
        nonlocal made
        made = undo_edit(plan, change, kind=kind, author=author, note=note)
        return made.edit

    done = edit(ws, scenario_id, -1, make, strict=False)
    level = ws.store.scenarios.get(scenario_id).level
    return replace(done, notice=_left(made, level, what, again=kind == "again"))


def _left(made: UndoneEdit, level: str, what: str, *, again: bool) -> str:
    verb = "made again" if again else "taken back"
    stays = []
    if made.left_units:
        stays.append(f"{made.left_units:,} {unit_noun(level, made.left_units)}")
    stays += [f"territory {name}" for name in made.left_territories]
    if not stays:
        return f"“{what}” is {verb}." if made.edit else f"There is nothing left of “{what}” to be {verb}."
    rest = f"{and_list(stays)} changed again since then, or locked, and left as now"
    return f"“{what}” is {verb}, but for {rest}." if made.edit else f"“{what}” can't be {verb}: {rest}."
