"""Territory plans as they are kept: listed, begun, opened, changed with history, undone, agreed, frozen, reopened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from terr.errors import ConflictError, InputError, PlanError
from terr.model.json_values import read, to_plain
from terr.model.person import Person
from terr.model.progress import UNWATCHED, Progress
from terr.planbook.content import FIELDS, TITLES, PlanContent, content_from
from terr.planbook.log import START, PlanChange, last_change_of, next_step, parts_after
from terr.planbook.view import PlanSection, PlanView
from terr.view.text import and_list, date_text
from terr.workspace.access.territory_reach import TerritoryReach, territory_reach
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps.assignment import own_quota_only
from terr.workspace.territory_plans.begin import begun
from terr.workspace.territory_plans.company_template import template_of
from terr.workspace.territory_plans.compose import Composer, composer
from terr.workspace.territory_plans.ground import ground
from terr.workspace.territory_plans.picture import territory_picture
from terr.workspace.workspace import Workspace

__all__ = ["PlanContent"]  # of another floor, for the page
FROZEN_VIEW = "frozen"
"""The field of a change that keeps what a frozen plan showed."""


@dataclass(frozen=True)
class TerritoryPlanLine:
    """One line of the list.

    Attributes:
        code, territory, rep: of the territory and who owns it.
        state: "", "draft", "agreed" or "frozen"; "" = not begun.
        changed, by, at: the last change, who made it and when.
        may_edit: it is this person's to change.
    """

    code: int
    territory: str
    rep: str
    state: str
    changed: str
    by: str
    at: datetime | None
    may_edit: bool


@dataclass(frozen=True, eq=False)
class OpenTerritoryPlan:
    """One territory plan, opened.

    Attributes:
        scenario_id, code: which.
        log: its changes, oldest first; content: what people decided.
        view: as it is, or as it was when frozen.
        may_edit, may_decide: of the person who opened it.
    """

    scenario_id: str
    code: int
    log: tuple[PlanChange, ...]
    content: PlanContent
    view: PlanView
    may_edit: bool
    may_decide: bool

    @property
    def seen(self) -> int:
        """Id of its newest change."""
        return self.log[-1].id

    @property
    def frozen(self) -> bool:
        """Whether it shows what it was."""
        return self.content.state == "frozen"


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


def lines(ws: Workspace, scenario_id: str) -> tuple[TerritoryPlanLine, ...]:
    """All territories a person may read, in the order of the plan, with the state of each one's plan.

    Raises:
        LocateError: if the plan isn't theirs to see.
    """
    shown, reach = plan_snapshot(ws, scenario_id), _reach(ws, scenario_id)
    heads = {h.territory: h for h in ws.store.territory_plans.heads(scenario_id)}
    names = {r.rep_id: r.name for r in shown.reps}
    out = []
    for t in shown.plan.territories:
        if not reach.may_read(t.code):
            continue
        head, rep = heads.get(t.code), names.get(t.rep, t.rep)
        if head is None:
            out.append(TerritoryPlanLine(t.code, t.name, rep, "", "", "", None, reach.may_edit(t.code)))
        else:
            by = head.by.name or "me"
            out.append(
                TerritoryPlanLine(t.code, t.name, rep, head.state, head.title, by, head.at, reach.may_edit(t.code))
            )
    return tuple(out)


def brief(title: str, territory: str) -> str:
    """What was done, without the name of the plan it was done to, for a list that is about that plan."""
    return title.replace(f" of the territory plan of {territory}", "").replace(
        f" the territory plan of {territory}", ""
    )


def begin(
    ws: Workspace,
    scenario_id: str,
    codes: Sequence[int],
    period: str,
    *,
    by: Person,
    progress: Progress = UNWATCHED,
) -> int:
    """Begin plans from the data for territories that have none; how many were begun.

    Raises:
        InputError: a period that can't be, or that is over. RoleError: a territory that isn't theirs.
        StoppedError: if the person stopped it; what was begun by then stays.
    """
    g, template, day = ground(ws, scenario_id), template_of(ws), today()
    have = {h.territory for h in ws.store.territory_plans.heads(scenario_id)}
    wanted = [c for c in codes if c not in have]
    for k, code in enumerate(wanted):
        name = g.shown.plan.territories[g.position(code)].name
        progress.tell(k / len(wanted), f"drafting {name}")
        content = begun(g, code, period, template, day)
        parts = {f: v for f, v in to_plain(content).items() if v not in (None, [], {}) or f == "targets"}
        title = f"Began the territory plan of {name} for {content.period}"[:400]
        ws.store.territory_plans.add(scenario_id, code, parts, title, kind=START, by=by)
    return len(wanted)


def open_plan(ws: Workspace, scenario_id: str, code: int, known: Composer | None = None) -> OpenTerritoryPlan:
    """Open one territory's plan.

    Args:
        ws: the workspace as the person sees it.
        scenario_id, code: which.
        known: what all plans share, if many are opened.

    Raises:
        LocateError, RoleError: if it isn't theirs to read. PlanError: if it isn't begun.
    """
    log = ws.store.territory_plans.log(scenario_id, code)
    if not log:
        raise PlanError("this territory has no plan yet; begin it")
    parts = parts_after(log)
    content, reach = content_from(parts), _reach(ws, scenario_id)
    view = _kept_view(parts) if content.state == "frozen" else None
    if view is None:
        made = known or composer_of(ws, scenario_id)
        view = made.view(code, content, territory_picture(ws, made.g, code, content))
    if _quota_hidden(ws, scenario_id, code):
        view = _without_quota(view)
    return OpenTerritoryPlan(scenario_id, code, log, content, view, reach.may_edit(code), reach.may_decide(code))


def composer_of(ws: Workspace, scenario_id: str, day: date | None = None) -> Composer:
    """What all territory plans of a plan share."""
    return composer(ws, ground(ws, scenario_id, day), template_of(ws), day or today())


def _quota_hidden(ws: Workspace, scenario_id: str, code: int) -> bool:
    """Whether the quota of a territory isn't this person's to see, in a frozen plan and in accepted goals neither."""
    if not ws.whole.sign_in:
        return False
    shown = plan_snapshot(ws, scenario_id)
    seen = own_quota_only(ws, scenario_id, shown.reps)
    return seen is not None and not any(t.code == code and t.rep in seen for t in shown.plan.territories)


def _without_quota(view: PlanView) -> PlanView:
    said = "Goals rest on a quota that isn't yours to see."
    out = []
    for one in view.sections:
        if one.key == "goals":
            out.append(PlanSection(one.key, one.title, empty=said))
        else:
            out.append(replace(one, figures=tuple(f for f in one.figures if f.label != "Quota")))
    return replace(view, sections=tuple(out))


def _kept_view(parts: Mapping[str, Any]) -> PlanView | None:
    kept = parts.get(FROZEN_VIEW)
    return read(PlanView, kept, "a frozen territory plan") if isinstance(kept, Mapping) else None


def change(
    ws: Workspace, opened: OpenTerritoryPlan, new: PlanContent, *, by: Person, title: str = ""
) -> PlanChange | None:
    """Keep what a person changed; each field that differs as a whole, all of them as one change.

    Args:
        ws: the workspace.
        opened: the plan as the person saw it.
        new: what it shall hold.
        by: who.
        title: for the history; by default which sections changed.

    Returns:
        The change, None if nothing differs.

    Raises:
        RoleError: if it isn't theirs to change. PlanError: if it is frozen.
        ConflictError: if somebody else changed the same section since.
    """
    before, after = to_plain(opened.content), to_plain(new)
    changed = {f: after[f] for f in FIELDS if after[f] != before[f]}
    if not changed:
        return None
    names = and_list([TITLES[f] for f in changed])
    said = title or f"Changed {names}"
    return ws.store.territory_plans.add(
        opened.scenario_id,
        opened.code,
        changed,
        f"{said} of the territory plan of {opened.view.territory}"[:400],
        seen=opened.seen,
        by=by,
    )


@dataclass(frozen=True)
class PlanUndo:
    """What undo or redo would do for a person: its title, "" = nothing; and why not."""

    undo: str = ""
    redo: str = ""


def undo_titles(opened: OpenTerritoryPlan, names: Collection[str]) -> PlanUndo:
    """What undo and redo do next, in words."""
    back, again = next_step(opened.log, names), next_step(opened.log, names, redo=True)
    return PlanUndo("" if back is None else back.title, "" if again is None else again.title)


def undo(
    ws: Workspace, opened: OpenTerritoryPlan, names: Collection[str], *, by: Person, redo: bool = False
) -> PlanChange:
    """Undo the person's own last change of this plan, or make it again; what others changed since stays.

    Args:
        ws: the workspace.
        opened: the plan as the person saw it.
        names: they are signed as.
        by: who.
        redo: the other way.

    Raises:
        PlanError: if there is nothing to undo. RoleError: if the plan isn't theirs to change.
    """
    step = next_step(opened.log, names, redo=redo)
    if step is None:
        raise PlanError("there is nothing to redo" if redo else "there is no change of yours to undo in this plan")
    verb = "Redid" if redo else "Undid"
    said = f"{verb}: {step.title[:1].lower()}{step.title[1:]}"[:400]
    return ws.store.territory_plans.add(
        opened.scenario_id,
        opened.code,
        step.changes,
        said,
        kind=step.kind,
        of_edit=step.of_edit,
        seen=opened.seen,
        by=by,
    )


def set_state(ws: Workspace, opened: OpenTerritoryPlan, state: str, *, by: Person) -> PlanChange | None:
    """Make a plan a draft, agreed or frozen; a frozen one keeps all it shows today.

    Raises:
        InputError: another state. RoleError: who freezes and reopens is the manager or an editor.
        ConflictError: if somebody changed the plan since the person saw it, so that they would freeze what they
            haven't read.
    """
    if state == opened.content.state:
        return None
    if state not in ("draft", "agreed", "frozen"):
        raise InputError("a territory plan is a draft, agreed or frozen")
    changed: dict[str, Any] = {"state": state}
    words = {"draft": "Made a draft again", "agreed": "Agreed", "frozen": "Froze"}[state]
    if state == "frozen":
        newest = last_change_of(ws.store.territory_plans.log(opened.scenario_id, opened.code), FIELDS)
        if newest > opened.seen:
            raise ConflictError("Somebody changed this plan since you opened it; read it again before you freeze it")
        kept = {**to_plain(opened.view), "state": "frozen", "frozen": date_text(today()), "by": by.name or "me"}
        changed[FROZEN_VIEW] = kept
    elif opened.frozen:
        words, changed[FROZEN_VIEW] = "Reopened", None
    title = f"{words} the territory plan of {opened.view.territory}"[:400]
    return ws.store.territory_plans.add(opened.scenario_id, opened.code, changed, title, seen=opened.seen, by=by)


def _reach(ws: Workspace, scenario_id: str) -> TerritoryReach:
    return territory_reach(ws, scenario_id, ws.person)
