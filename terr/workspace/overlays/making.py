"""Overlays added to a field plan and taken off it; no account may be in two overlays of one role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import unit_codes
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.books.plan_layers import AREAS, PlanLayer
from terr.model.person import Person
from terr.model.scenario import ScenarioInfo
from terr.model.wording import count
from terr.workspace.accounts.dataset import dataset
from terr.workspace.overlay_settings import OVERLAY, OVERLAYS, OverlayOf, checked_role, overlay_ids, overlay_of
from terr.workspace.overlays.coverage import overlays_of
from terr.workspace.plan import editing
from terr.workspace.workspace import Workspace

MOST_OVERLAYS = 12


def create_overlay(
    ws: Workspace,
    field_id: str,
    *,
    role: str,
    layers: Sequence[PlanLayer],
    level: str = "",
    region: str | Sequence[str] | None = None,
    measure: str = "",
    tolerance: float | None = None,
    name: str = "",
    author: str = "",
) -> ScenarioInfo:
    """A plan of a second role over the accounts of a field plan, with one empty territory.

    Args:
        ws: the workspace.
        field_id: the field plan.
        role: what the role is called, such as "SDR" or "Cloud specialist".
        layers: of its accounts; the last may leave the rest uncovered (`UNCOVERED`).
        level, region: of a layer of areas, as for `editing.create`.
        measure, tolerance: as the field plan's if not given.
        name: by default the field plan's with the role.
        author: who makes it.

    Raises:
        InputError: for a role, layers or a level that can't be, or accounts that another overlay of this role has.
        LocateError: if the field plan or its data set is gone.
        RoleError: if this person may not edit the field plan.
    """
    field = ws.store.scenarios.get(field_id)
    if overlay_of(field) is not None:
        raise InputError("this plan is an overlay itself; add the overlay to its field plan")
    clean = checked_role(role)
    if len(overlay_ids(field)) >= MOST_OVERLAYS:
        raise InputError(f"a plan has at most {MOST_OVERLAYS} overlays; remove one first")
    settings = {OVERLAY: {"role": clean, "over": field.id}}
    asked: dict[str, Any] = {
        "dataset_id": field.dataset_id,
        "measure": measure or field.measure,
        "tolerance": field.tolerance if tolerance is None else tolerance,
        "name": name.strip() or f"{field.name[: 115 - len(clean)]}: {clean}",
        "author": author,
        "more": settings,
    }
    if [v.method for v in layers] == [AREAS]:
        made = editing.create(ws, level=level, region=region, **asked)
    else:
        made = editing.create_layers(ws, layers=layers, level=level, region=region, **asked)
    try:
        attach(ws, field.id, made.id)
    except Exception:  # whatever it was, no plan is left that is an overlay of nothing; the error goes on
        ws.store.scenarios.delete(made.id)
        raise
    for one in ws.whole.store.roles.of(field.id):  # who works on the field plan works on this one
        if one.user_id != ws.person.user_id:
            ws.whole.store.roles.give(made.id, one.user_id, one.role, by=Person(ws.person.user_id, author))
    return ws.store.scenarios.get(made.id)


def attach(ws: Workspace, field_id: str, overlay_id: str, *, instead_of: str = "") -> None:
    """Put a plan of a second role among the overlays of a field plan, perhaps in place of another one.

    Raises:
        InputError: if it is no overlay, has other accounts, or shares accounts with another overlay of its role.
        LocateError: if one of them is gone.
    """
    field, new = ws.store.scenarios.get(field_id), ws.store.scenarios.get(overlay_id)
    own = overlay_of(new)
    if own is None or overlay_of(field) is not None:
        raise InputError(f'"{new.name}" is no overlay of a second role; choose another plan')
    if new.dataset_id != field.dataset_id:
        raise InputError(f'"{new.name}" has other accounts than "{field.name}"; choose a plan of the same accounts')
    others = [o for o in overlays_of(ws, field) if o.id not in {instead_of, new.id}]
    check_apart(ws, new, [o for o in others if _same_role(o, own.role)], own.role)

    def put(now: Mapping[str, Any]) -> Mapping[str, Any]:
        ids = [v for v in now.get(OVERLAYS) or [] if v != new.id]
        at = ids.index(instead_of) if instead_of in ids else len(ids)
        ids[at : at + (instead_of in ids)] = [new.id]
        return {**now, OVERLAYS: ids}

    ws.store.scenarios.change_settings(field.id, put)


def detach(ws: Workspace, field_id: str, overlay_id: str) -> None:
    """Take a plan off the overlays of a field plan; the plan itself stays, with its history.

    Raises:
        LocateError: if the field plan is gone.
    """

    def put(now: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**now, OVERLAYS: [v for v in now.get(OVERLAYS) or [] if v != overlay_id]}

    ws.store.scenarios.change_settings(field_id, put)


def unused_overlays(ws: Workspace, field: ScenarioInfo) -> tuple[ScenarioInfo, ...]:
    """Plans of second roles over the same accounts that the field plan doesn't use, such as copies of its overlays."""
    used = set(overlay_ids(field))
    found = ws.store.scenarios.find(dataset_id=field.dataset_id)
    return tuple(o for o in found if o.id not in used and overlay_of(o) is not None)


def check_apart(ws: Workspace, new: ScenarioInfo, others: Sequence[ScenarioInfo], role: str) -> None:
    """Refuse an overlay with accounts that another overlay of its role has.

    Raises:
        InputError: naming the first of them, and how to mend it.
    """
    if not others:
        return
    accounts = dataset(ws, new.dataset_id).accounts
    mine = unit_codes(accounts, ws.units(new)) >= 0
    for other in others:
        both = mine & (unit_codes(accounts, ws.units(other)) >= 0)
        if both.any():
            raise InputError(twice_sentence(accounts, both, role, other.name))


def twice_sentence(accounts: Accounts, both: NDArray[np.bool_], role: str, other: str) -> str:
    """What is wrong when accounts are in two overlays of one role, and what to do."""
    n = int(both.sum())
    first = accounts.frame.iloc[int(np.argmax(both))]
    name = str(first["name"] or first["account_id"])
    return (
        f'{count(n, "account")} would be in two {role} overlays, "{name}" among them; "{other}" has '
        f"{'it' if n == 1 else 'them'} already. Change a rule so that each account is in "
        "one of them, or name another role."
    )


def _same_role(info: ScenarioInfo, role: str) -> bool:
    return (overlay_of(info) or OverlayOf()).role.casefold() == role.casefold()
