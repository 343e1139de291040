"""The history as a story: who did what, when, why, and what it did to the balance; and the ways through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from terr.edits.applied import apply
from terr.edits.history import ROOT, History
from terr.edits.undo import go_back
from terr.errors import LocateError
from terr.metrics import evaluate
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.store import ChangeEvent
from terr.view.text import percent
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
