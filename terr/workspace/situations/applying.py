"""An option as a scenario of its own, with the way back for what is temporary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from terr.edits.undo import go_back
from terr.errors import ConflictError, InputError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.store import ExceptionRequest
from terr.view.text import count, date_text
from terr.workspace.access.roles import needs
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan.editing import edit, stale
from terr.workspace.plan.named_accounts import register
from terr.workspace.plan.plan_settings import save_rules, save_setting
from terr.workspace.reps.roster import set_reps
from terr.workspace.reps.roster_table import check_roster
from terr.workspace.scenarios.tree import branch
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.questions import Question, sentence_of
from terr.workspace.workspace import Workspace

COVERED = "covered"
"""Where a plan's settings keep what is covered for, until when, and what accounts were by name before."""
_BATCH = 5_000


@dataclass(frozen=True)
class Applied:
    """The scenario made, and what it says in a sentence."""

    info: ScenarioInfo
    sentence: str


@dataclass(frozen=True)
class ActiveCoverage:
    """A territory that others cover for in a scenario.

    Attributes:
        reason: as its accounts' exceptions have it; since: first day, None = entered before there were first days;
            until: last day.
        territory: its code; rep: who has it on the plan, for a reader.
        accounts: ids of those that are covered.
    """

    reason: str
    since: date | None
    until: date
    territory: int
    rep: str
    accounts: tuple[str, ...]


def apply_option(ws: Workspace, option: SituationOption, asked: Question, *, name: str = "", by: Person) -> Applied:
    """A new scenario that stands where the plan does, with the option as one edit that one undo takes back.

    People who aren't on the roster are added to it. What is covered until a day is entered as holdovers, which begin
    on the option's first day and end by themselves after its last, or by `bring_back`.

    Args:
        ws: the workspace.
        option: of `answers.options`; asked: what it answers.
        name: of the scenario, by default what happened and the option's title.
        by: who does it.

    Raises:
        ConflictError: if the plan changed since the options were made.
        InputError: if the option came from files, or the roster can't take somebody.
        RoleError: if the person may not.
    """
    ground = option.ground
    if not ground.scenario_id:
        raise InputError("these options came from files; write the plan with --out-dir instead")
    plan, rev = ws.plan(ground.scenario_id)
    if rev != ground.rev or not plan.same_as(ground.plan):
        raise stale(ground.rev, rev)
    info = ws.scenario(ground.scenario_id)
    if option.newcomers:
        _add_people(ws, info.dataset_id, option.newcomers)
    what = sentence_of(ground, asked)
    made = branch(ws, info.id, info.head, (name.strip() or f"{what}: {option.title}")[:120], by=by)

    def make(now: Plan, _: int) -> Edit:
        return replace(go_back(now, option.plan, author=by.name, note=f"{what} ({option.title})"), kind="rebalance")

    done = edit(
        ws,
        made.id,
        made.rev,
        make,
        basis=lambda: (info.measure, option.rules if not option.temporary else ground.rules),
    )
    if done.changed and not option.temporary:
        save_rules(ws, made.id, ws.scenario(made.id).head, option.rules)
    covered = _cover(ws, made.id, option, by) if option.last is not None else 0
    told = f"“{made.name}” is a new scenario; the plan it came from stays as it is."
    if covered:
        days = f"from {date_text(option.first)} until {date_text(option.last or option.first)}"
        told += f" {count(covered, 'account')} covered {days}."
    if option.newcomers:
        told += f" {count(len(option.newcomers), 'rep')} added to the roster."
    return Applied(ws.scenario(made.id), told)


def _add_people(ws: Workspace, dataset_id: str, people: Sequence[Rep]) -> None:
    now = dataset(ws, dataset_id).reps
    known = {r.rep_id for r in now}
    fresh = [p for p in people if p.rep_id not in known]
    if fresh:
        roster = (*now, *fresh)
        check_roster(roster)
        set_reps(ws, dataset_id, roster, note=f"Hired {', '.join(p.name for p in fresh)}")


def _cover(ws: Workspace, scenario_id: str, option: SituationOption, by: Person) -> int:
    """Enter the holdovers; how many."""
    ground, until = option.ground, option.last
    if until is None:
        return 0
    gone = next(t for t in ground.plan.territories if t.code not in option.acting.codes)
    reason = f"{ground.holder(gone)} is covered until {date_text(until)}"
    ids = ground.accounts.frame["account_id"].astype(str).to_numpy()
    rows = np.flatnonzero((option.before_codes == gone.code) & (option.after_codes >= 0))
    wanted = {
        ids[r]: ExceptionRequest(
            ids[r], "holdover", int(option.after_codes[r]), until=until, reason=reason, since=option.first
        )
        for r in rows.tolist()
    }
    before = register(ws, ws.scenario(scenario_id))
    kept = {x.entry.what.account_id: x.entry.what for x in before.of("active") if x.entry.what.account_id in wanted}
    entries = list(wanted.values())
    for first in range(0, len(entries), _BATCH):
        ws.store.exceptions.add(scenario_id, entries[first : first + _BATCH], by=by)
    past = [_plain(one) for one in kept.values()]
    save_setting(ws, scenario_id, COVERED, {"reason": reason, "territory": gone.code, "before": past})
    return len(entries)


def _plain(one: ExceptionRequest) -> dict[str, Any]:
    until = one.until.isoformat() if one.until else None
    since = one.since.isoformat() if one.since else None
    return {"account_id": one.account_id, "kind": one.kind, "territory": one.territory, "rep": one.rep,
            "until": until, "reason": one.reason, "since": since}  # fmt: skip


def coverage_of(ws: Workspace, scenario_id: str) -> ActiveCoverage | None:
    """What a scenario covers for today or from a later day on, None if nothing."""
    info = ws.scenario(scenario_id)
    kept = info.settings.get(COVERED)
    if not isinstance(kept, dict) or not isinstance(kept.get("reason"), str):
        return None
    plan, _ = ws.plan(scenario_id)
    shown = register(ws, info)
    standing = (*shown.of("active"), *shown.of("starts later"))
    lines = [x for x in standing if x.entry.what.reason == kept["reason"]]
    until = next((x.entry.what.until for x in lines if x.entry.what.until is not None), None)
    code = kept.get("territory")
    since = next((x.entry.what.since for x in lines), None)
    if until is None or code not in plan.codes:
        return None
    names = {r.rep_id: r.name for r in dataset(ws, info.dataset_id).reps}
    territory = plan.territory(int(code))
    who = names.get(territory.rep, territory.rep) or territory.name
    ids = tuple(x.entry.what.account_id for x in lines)
    return ActiveCoverage(kept["reason"], since, until, territory.code, who, ids)


def bring_back(ws: Workspace, scenario_id: str, *, by: Person) -> str:
    """End a coverage: its accounts go back where they were; one line for the person.

    Raises:
        InputError: if nothing is covered for. RoleError: if the person may not.
    """
    found = coverage_of(ws, scenario_id)
    if found is None:
        raise InputError("nothing is covered for in this scenario any more; its accounts are back where they were")
    if why := needs(ws, scenario_id, by, "edit"):
        raise ConflictError(why)
    kept = ws.scenario(scenario_id).settings.get(COVERED)
    ws.store.exceptions.end(scenario_id, found.accounts, reason=f"{found.rep} is back", by=by)
    past = [_read(x) for x in (kept.get("before") or [])] if isinstance(kept, dict) else []
    if again := [p for p in past if p is not None and (p.until is None or p.until >= date.today())]:  # noqa: DTZ011
        ws.store.exceptions.add(scenario_id, again, by=by)
    save_setting(ws, scenario_id, COVERED, None)
    return f"{found.rep} is back: {count(len(found.accounts), 'account')} returned."


def _read(kept: Any) -> ExceptionRequest | None:
    try:
        until = date.fromisoformat(kept["until"]) if kept["until"] else None
        since = date.fromisoformat(kept["since"]) if kept.get("since") else None
        who, kind, territory, rep, reason = (kept[f] for f in ("account_id", "kind", "territory", "rep", "reason"))
        return ExceptionRequest(who, kind, territory, rep, until, reason, since)
    except (KeyError, TypeError, ValueError, InputError):
        return None
