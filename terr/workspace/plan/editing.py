"""Opening plans and changing them: every change is stored before it is shown, and none overwrites another unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import load_units
from terr.boundaries.layers.regions import EVERYWHERE
from terr.edits import moves
from terr.edits.history import Effect
from terr.edits.layers import check_layers_apart, within_layer
from terr.errors import ConflictError, InputError, PlanError
from terr.model.books.book_units import BookUnits
from terr.model.books.plan_layers import BOOKS, UNCOVERED, PlanLayer
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units, has_accounts
from terr.scoring.layers import divide
from terr.store import NOBODY, Client
from terr.view.text import unit_noun
from terr.workspace.accounts.dataset import dataset
from terr.workspace.levels import (
    BOUNDARIES,
    check_level,
    layer_settings,
    layers_heading,
    place_name,
    settled_region,
)
from terr.workspace.overlay_settings import OVERLAY
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import effect_of, per_unit, same_baseline
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.unit_lists import LAYERS, account_table, check_plan_layers, layers_json, units_of_list
from terr.workspace.workspace import Workspace

Make = Callable[[Plan, int], Edit]
"""Gets the plan and the next free territory code, gives the edit."""
Basis = Callable[[], tuple[str, PlanRules]]
"""Asked once the edit is made: the measure that is balanced from then on, and what the plan is held to."""


@dataclass(frozen=True)
class EditOutcome:
    """What came of one change.

    Attributes:
        rev: the revision after it.
        changed: False if there was nothing to change.
        skipped_locked: units left alone because of a lock.
        conflicts: codes of units somebody else changed first; they were left as they are now.
        notice: one line for the person ("" = nothing to say).
        other_layer: the part of it about areas and accounts of another layer, which were left alone.
    """

    rev: int
    changed: bool = False
    skipped_locked: int = 0
    conflicts: tuple[int, ...] = ()
    notice: str = ""
    other_layer: str = ""


def create(
    ws: Workspace,
    *,
    dataset_id: str,
    level: str,
    region: str | Sequence[str] | None,
    measure: str,
    tolerance: float = 0.05,
    name: str = "",
    author: str = "",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> ScenarioInfo:
    """A new scenario with one empty territory, ready to paint.

    Args:
        ws: the workspace.
        dataset_id: whose accounts.
        level: one of `terr.workspace.levels.choices`.
        region: states as `parse_region` takes them; None or "" for all of a layer of one's own.
        measure: what to balance.
        tolerance: share a load may be off its target.
        name: by default what it is made on, such as "Texas by county".
        author: who makes it.
        more: further settings, such as whose overlay it is.

    Raises:
        InputError: for an unknown level, measure or tolerance, or a region where there can be none.
        LocateError: for an unknown region or data set.
    """
    check_level(level)
    states = settled_region(level, region)
    data = dataset(ws, dataset_id)
    if measure not in data.accounts.measures:
        raise InputError(
            f'"{measure}" is not a measure of {data.info.name}; choose {", ".join(data.accounts.measures)}'
        )
    check_tolerance(tolerance)
    units = load_units(level, states)
    info = ws.store.scenarios.create(
        name or _usual_name(units),
        dataset_id=dataset_id,
        level=level,
        region=states,
        units_version=units.version,
        n_units=len(units),
        measure=measure,
        tolerance=tolerance,
        settings={BOUNDARIES: layer_settings(level), **more},
    )
    return started(ws, info, author=author)


def create_layers(
    ws: Workspace,
    *,
    dataset_id: str,
    layers: Sequence[PlanLayer],
    level: str = "",
    region: str | Sequence[str] | None = None,
    measure: str,
    tolerance: float = 0.05,
    name: str = "",
    author: str = "",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> ScenarioInfo:
    """A new scenario of layers: books of accounts, beside areas where one of the layers is made of them.

    Args:
        ws: the workspace.
        dataset_id: whose accounts.
        layers: in order; an account belongs to the first whose rule holds.
        level, region: of the areas, as `create`; "" and None without a layer of areas.
        measure, tolerance, name, author, more: as `create`.

    Raises:
        InputError: for layers that can't be, a rule that can't be worked out, an unknown level, measure or tolerance.
        LocateError: for an unknown region or data set.
    """
    check_plan_layers(layers, level)
    if layers[-1].method == UNCOVERED and OVERLAY not in more:
        raise InputError("only an overlay can leave accounts uncovered; let the last layer take what is left")
    if level:
        check_level(level)
    states = settled_region(level, region) if level else EVERYWHERE
    data = dataset(ws, dataset_id)
    if measure not in data.accounts.measures:
        raise InputError(
            f'"{measure}" is not a measure of {data.info.name}; choose {", ".join(data.accounts.measures)}'
        )
    check_tolerance(tolerance)
    found = divide(data.accounts, layers)
    table = account_table(data.accounts, layers, found.of)
    books = [k for k, v in enumerate(layers) if v.method in BOOKS]
    areas_alone = level and not books and layers[-1].method == UNCOVERED
    if not areas_alone and not table["layer"].isin(books).any():
        raise InputError("no layer of accounts catches an account, so there is nothing to plan by account")
    units, sha256 = units_of_list(ws.whole.store, level, states, layers, table)
    info = ws.store.scenarios.create(
        name or layers_heading(layers, units.areas),
        dataset_id=dataset_id,
        level=units.level,
        region=states,
        units_version=units.version,
        n_units=len(units),
        measure=measure,
        tolerance=tolerance,
        settings={
            LAYERS: layers_json(layers, sha256),
            **({BOUNDARIES: layer_settings(level)} if level else {}),
            **more,
        },
    )
    return started(ws, info, author=author)


def started(ws: Workspace, info: ScenarioInfo, *, author: str = "") -> ScenarioInfo:
    """A scenario just made, with one empty territory."""
    measure = info.measure
    per_unit(ws, info, measure)  # summed here, since others wait while an edit is measured
    edit(ws, info.id, 0, lambda plan, code: moves.new_territory(plan, next_code=code, author=author))
    return ws.store.scenarios.get(info.id)


def _usual_name(units: Units) -> str:
    place = place_name(units)
    return place[:120] if units.region == EVERYWHERE else f"{place} by {unit_noun(units.level, 1)}"


def edit(
    ws: Workspace,
    scenario_id: str,
    seen_rev: int,
    make: Make,
    *,
    strict: bool = True,
    client: Client = NOBODY,
    basis: Basis | None = None,
) -> EditOutcome:
    """Make one change on the plan as stored, and store it with what it does to the balance.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        seen_rev: the revision on the person's screen.
        make: gets the plan and the next free territory code, gives the edit.
        strict: refuse if the plan isn't at `seen_rev` any more; otherwise make the edit on what is there now.
        client: the map that asked, and the number of its event (see `Store.append`).
        basis: by what its effect is measured, for an edit that brings measure and rules with it; else the plan's own.

    Raises:
        ConflictError: if strict and the plan changed.
        PlanError: if the edit makes no sense on the plan.
    """
    if strict:
        _, rev = ws.plan(scenario_id)
        if rev != seen_rev:
            raise stale(seen_rev, rev)

    def effect(info: ScenarioInfo, before: Plan, after: Plan) -> Effect | None:
        measure, rules = ("", rules_of(ws, info)) if basis is None else basis()
        with ws.steady():  # both plans are measured on the same rows
            return effect_of(ws, info, before, after, rules, measure)

    expected = seen_rev if strict else None
    keep = layer_guard(ws, scenario_id)
    made = ws.store.edits.change(
        scenario_id,
        make if keep is None else lambda plan, code: keep(plan, make(plan, code)),
        expected_rev=expected,
        client=client,
        effect=effect,
    )
    if not made.edit:
        return EditOutcome(made.rev)
    ws.keep(scenario_id, made.rev, made.plan)
    if made.edit.kind not in {"design", "import"}:
        same_baseline(ws, scenario_id, made.on, made.rev)
    return EditOutcome(made.rev, changed=True)


def new_territory(ws: Workspace, scenario_id: str, seen_rev: int, *, author: str = "") -> tuple[EditOutcome, int]:
    """Make an empty territory.

    Returns:
        What came of it, and the new territory's code.

    Raises:
        ConflictError, PlanError: as `edit`.
    """
    made = []

    def make(plan: Plan, code: int) -> Edit:
        made.append(code)
        return moves.new_territory(plan, next_code=code, author=author)

    return edit(ws, scenario_id, seen_rev, make), made[-1]


def rename_territory(
    ws: Workspace, scenario_id: str, seen_rev: int, code: int, name: str, *, author: str = ""
) -> EditOutcome:
    """Give a territory another name; raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.rename(plan, code, name, author=author))


def give_to_rep(
    ws: Workspace, scenario_id: str, seen_rev: int, code: int, rep_id: str, *, author: str = ""
) -> EditOutcome:
    """Give a territory to a rep, "" = to nobody; raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.set_rep(plan, code, rep_id, author=author))


def color_territory(
    ws: Workspace, scenario_id: str, seen_rev: int, code: int, color: int, *, author: str = ""
) -> EditOutcome:
    """Give a territory another color of the palette; raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.set_color(plan, code, color, author=author))


def merge_territory(
    ws: Workspace, scenario_id: str, seen_rev: int, code: int, into: int, *, author: str = ""
) -> EditOutcome:
    """Give all units of a territory to another one; raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.merge(plan, code, into, author=author))


def lock_territory(
    ws: Workspace, scenario_id: str, seen_rev: int, code: int, on: bool, *, author: str = ""
) -> EditOutcome:
    """Lock a territory, or unlock it; raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.lock_territory(plan, code, on, author=author))


def delete_territory(ws: Workspace, scenario_id: str, seen_rev: int, code: int, *, author: str = "") -> EditOutcome:
    """Delete a territory; its units belong to none. Raises as `edit`."""
    return edit(ws, scenario_id, seen_rev, lambda plan, _: moves.delete(plan, code, author=author))


def paint(
    ws: Workspace,
    scenario_id: str,
    units: Iterable[int],
    code: int,
    *,
    seen: Iterable[int] | None = None,
    author: str = "",
    client: Client = NOBODY,
) -> EditOutcome:
    """Give units to a territory (-1 = to none). Units that no longer are what the person saw are not changed.

    Raises:
        PlanError: if the territory or a unit doesn't exist.
    """
    wanted = np.fromiter(units, dtype=np.int32)
    shown = None if seen is None else np.fromiter(seen, dtype=np.int64)
    skipped, clashes, foreign = 0, np.zeros(0, dtype=np.int32), ""
    of = _books(ws, scenario_id)

    def make(plan: Plan, _next: int) -> Edit:
        nonlocal skipped, clashes, foreign
        free = wanted
        if shown is not None:
            clashes = moves.expected_conflicts(plan, wanted, shown)
            clashes = clashes[plan.assign[clashes] != code]  # already as wanted: no conflict
            free = wanted[~np.isin(wanted, clashes)]
        if of is not None:
            free, foreign = within_layer(of, plan, free, code)
        painted = moves.assign(plan, free, code, author=author)
        skipped = painted.skipped_locked
        return painted.edit

    done = edit(ws, scenario_id, -1, make, strict=False, client=client)
    return EditOutcome(
        done.rev,
        done.changed,
        skipped,
        tuple(int(u) for u in clashes),
        " ".join(part for part in (_paint_notice(ws, scenario_id, clashes, skipped), foreign) if part),
        foreign,
    )


def _books(ws: Workspace, scenario_id: str) -> BookUnits | None:
    """The units of a plan that has accounts among them; None for a plan of areas, which needs no look at its map."""
    info = ws.store.scenarios.get(scenario_id)
    units = ws.units(info) if has_accounts(info.level) else None
    return units if isinstance(units, BookUnits) else None


def layer_guard(ws: Workspace, scenario_id: str) -> Callable[[Plan, Edit], Edit] | None:
    """Refuses edits that take an area or an account into a territory of another layer; None without layers."""
    units = _books(ws, scenario_id)
    if units is None or len(units.layers) < 2:
        return None

    def keep(plan: Plan, edit: Edit) -> Edit:
        if len(edit.units):
            check_layers_apart(units, plan, moves.apply(plan, edit))
        return edit

    return keep


def _paint_notice(ws: Workspace, scenario_id: str, clashes: NDArray[np.int32], skipped: int) -> str:
    if not len(clashes) and not skipped:
        return ""
    parts: list[str] = []
    info = ws.store.scenarios.get(scenario_id)
    if len(clashes):
        names = ws.units(info).names
        first = names[int(clashes[0])]
        rest = f" and {len(clashes) - 1} more were" if len(clashes) > 1 else " was"
        parts.append(
            f"{first}{rest} changed in another window first and weren't changed again. The map shows the latest plan; "
            "repeat the edit if you still want it."
        )
    if skipped:
        parts.append(locked_notice(ws, scenario_id, skipped))
    return " ".join(parts)


def locked_notice(ws: Workspace, scenario_id: str, skipped: int) -> str:
    """One line about units left alone because of a lock."""
    word = unit_noun(ws.store.scenarios.get(scenario_id).level, skipped)
    return f"{skipped:,} locked {word} {'was' if skipped == 1 else 'were'} not changed."


def set_locks(
    ws: Workspace, scenario_id: str, units: Iterable[int], on: bool, *, author: str = "", client: Client = NOBODY
) -> EditOutcome:
    """Lock or unlock units."""
    wanted = np.fromiter(units, dtype=np.int32)

    def make(plan: Plan, _next: int) -> Edit:
        return moves.lock_units(plan, wanted, on, author=author)

    return edit(ws, scenario_id, -1, make, strict=False, client=client)


def stale(seen: int, found: int) -> ConflictError:
    """Somebody changed the plan whom the person hasn't seen doing it."""
    return ConflictError(
        "This plan was changed in another window. You now see the latest version; repeat the edit if you still want "
        "it.",
        expected=seen,
        found=found,
    )


def place_by_name(
    ws: Workspace, scenario_id: str, seen_rev: int, names: Sequence[str], *, author: str = ""
) -> EditOutcome:
    """Take over an assignment given as a territory name per unit ("" = unassigned), as one edit.

    Raises:
        PlanError: if a locked unit or territory would change.
    """

    def make(plan: Plan, code: int) -> Edit:
        return adopt_names(plan, names, code, ws.units(ws.store.scenarios.get(scenario_id)).graph(), author)

    return edit(ws, scenario_id, seen_rev, make)


def adopt_names(plan: Plan, names: Sequence[str], next_code: int, graph: object, author: str = "") -> Edit:
    """The edit that makes a plan out of a territory name per unit."""
    from terr.edits.colors import choose_colors

    wanted = sorted({n for n in names if n}, key=natural)
    if not wanted:
        raise PlanError("the plan file assigns nothing to any territory; fill in its territory column")
    index = {n: i for i, n in enumerate(wanted)}
    slots = np.array([index.get(n, -1) for n in names], dtype=np.int16)
    here = {t.name.casefold(): t for t in plan.territories}
    kept = [here.get(n.casefold()) for n in wanted]
    codes = np.array([-1 if t is None else t.code for t in kept], dtype=np.int64)
    fixed = np.array([-1 if t is None else t.color for t in kept], dtype=np.int64)
    colors = choose_colors(slots, graph.indptr, graph.indices, len(wanted), fixed)  # type: ignore[attr-defined]
    return moves.adopt(
        plan,
        slots,
        next_code=next_code,
        kind="import",
        k=len(wanted),
        codes=codes,
        names=wanted,
        colors=colors,
        author=author,
    )


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts names as a person counts: "Territory 2" before "Territory 10"."""
    import re

    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(p)) if p.isdecimal() else (0, p) for p in parts if p)
