"""Undo and redo of a stored plan, for every way in: the map's keys and tools, and page Scenarios."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from terr.edits.history import History
from terr.edits.undo import NextStep, ReversedEdit, reverse, undo_state
from terr.errors import ConflictError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.store import NOBODY, Client
from terr.view.text import and_list, unit_noun
from terr.workspace.plan.editing import EditOutcome, edit, stale
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.snapshot import effect_of
from terr.workspace.workspace import Workspace

_TRIES = 5


@dataclass(frozen=True)
class UndoSteps:
    """What undo and what redo does next for a person.

    Attributes:
        undo, redo: the step, None = there is nothing; no_undo, no_redo: why, "" if there is something.
    """

    undo: NextStep | None
    no_undo: str
    redo: NextStep | None
    no_redo: str


def undo_steps(ws: Workspace, scenario_id: str, *, author: str = "", known_as: Collection[str] = ()) -> UndoSteps:
    """What undo and what redo does next for a person.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        author: who asks; known_as: other names they edited under.

    Raises:
        LocateError: if the plan is gone.
    """
    history = ws.store.edits.history(scenario_id)
    plan = ws.store.plans.at(scenario_id, history.head)
    names = _names(ws, author, known_as)
    return UndoSteps(
        *_next(ws, scenario_id, history, plan, names, redo=False),
        *_next(ws, scenario_id, history, plan, names, redo=True),
    )


def undo(
    ws: Workspace,
    scenario_id: str,
    seen_rev: int,
    *,
    author: str = "",
    known_as: Collection[str] = (),
    client: Client = NOBODY,
) -> EditOutcome:
    """Undo the person's own last edit; what others did since stays. See `terr.edits.undo`.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        seen_rev: the revision on the person's screen.
        author: who asks; known_as: other names they edited under.
        client: the map that asked, and the number of its event (see `Store.append`).

    Raises:
        ConflictError: if the edit was made after `seen_rev`, and not by this map: nobody undoes what they haven't seen.
        LocateError: if the plan is gone.
    """
    return _step(ws, scenario_id, seen_rev, _names(ws, author, known_as), author, client, redo=False)


def redo(
    ws: Workspace,
    scenario_id: str,
    seen_rev: int,
    *,
    author: str = "",
    known_as: Collection[str] = (),
    client: Client = NOBODY,
) -> EditOutcome:
    """Make the person's edit again that was undone last; what others did since stays. Arguments as for `undo`.

    Raises:
        ConflictError: as for `undo`.
        LocateError: if the plan is gone.
    """
    return _step(ws, scenario_id, seen_rev, _names(ws, author, known_as), author, client, redo=True)


def _names(ws: Workspace, author: str, known_as: Collection[str]) -> frozenset[str]:
    """Whose edits they are to undo; who is signed in undoes under no other name."""
    return frozenset((ws.person.name,) if ws.person.user_id else (author, *known_as))


def _step(
    ws: Workspace, scenario_id: str, seen_rev: int, names: frozenset[str], author: str, client: Client, *, redo: bool
) -> EditOutcome:
    for _ in range(_TRIES):
        history = ws.store.edits.history(scenario_id)
        plan = ws.store.plans.at(scenario_id, history.head)
        step, nothing = _next(ws, scenario_id, history, plan, names, redo=redo)
        if step is None:
            return EditOutcome(history.rev, notice=nothing)
        if step.rev > seen_rev and not (client[0] and step.client == client[0]):
            raise stale(seen_rev, history.rev)
        if step.head is None:
            return _reverse(ws, scenario_id, step, author, client, redo=redo)
        info = ws.store.scenarios.get(scenario_id)
        rules, after = rules_of(ws, replace(info, head=step.head)), ws.store.plans.at(scenario_id, step.head)
        try:
            rev, _ = ws.store.edits.go_to(
                scenario_id,
                step.head,
                history.rev,
                action="redo" if redo else "undo",
                author=author,
                client=client,
                effect=effect_of(ws, replace(info, head=history.head), plan, after, rules),
            )
        except ConflictError:  # somebody was quicker in this very moment
            continue
        ws.keep(scenario_id, rev, after)
        return EditOutcome(rev, changed=True)
    raise ConflictError("Someone else is changing this plan right now; try again.")


def _next(
    ws: Workspace, scenario_id: str, history: History, plan: Plan, names: frozenset[str], *, redo: bool
) -> tuple[NextStep | None, str]:
    """The first step that would change the plan as it is; without one, why there is none."""
    state = undo_state(history, names)
    steps = state.redo if redo else state.undo
    for step in steps:
        if step.head is not None or _change(plan, step, ws.store.edits.get(scenario_id, step.edit), redo=redo).edit:
            return step, ""
    if steps:
        made = _change(plan, steps[0], ws.store.edits.get(scenario_id, steps[0].edit), redo=redo)
        return None, _notice(ws, scenario_id, steps[0], made, redo=redo)
    if not redo and len(history.trail(history.head)) > 1:
        return None, (
            "There is no change of yours to undo. Under Scenarios, History, you can go back to any point of the plan."
        )
    return None, "There is nothing to redo." if redo else "There is nothing to undo."


def _change(plan: Plan, step: NextStep, stored: Edit, *, redo: bool, author: str = "") -> ReversedEdit:
    """The new edit that undoes or redoes under others' edits; `stored` is the step's edit."""
    back = stored.inverse() if step.again else stored
    return reverse(plan, back, kind="again" if redo else "takeback", of_edit=step.edit, author=author)


def _reverse(
    ws: Workspace, scenario_id: str, step: NextStep, author: str, client: Client, *, redo: bool
) -> EditOutcome:
    stored = ws.store.edits.get(scenario_id, step.edit)
    made = ReversedEdit(Edit(kind="takeback"))

    def make(plan: Plan, _next: int) -> Edit:
        nonlocal made
        made = _change(plan, step, stored, redo=redo, author=author)
        return made.edit

    done = edit(ws, scenario_id, -1, make, strict=False, client=client)
    return replace(done, notice=_notice(ws, scenario_id, step, made, redo=redo))


def _notice(ws: Workspace, scenario_id: str, step: NextStep, made: ReversedEdit, *, redo: bool) -> str:
    verb = "redone" if redo else "undone"
    if not made.edit:
        return f"“{step.title}” can't be {verb}: all of it was changed since, or is locked."
    stays = [f"territory {name}" for name in made.left_territories]
    if made.left_units:
        word = unit_noun(ws.store.scenarios.get(scenario_id).level, made.left_units)
        stays.insert(0, f"{made.left_units:,} {word}")
    rest = f", except for {and_list(stays)} (changed since, or locked)" if stays else ""
    return f"“{step.title}” is {verb}{rest}."
