"""Files that go back into the CRM, and the CRM's own ids of the plan's territories, kept with the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.report.crm import FILES, TEAM, CrmFile, crm_file, systems, team_file, territory_id
from terr.workspace.overlay_settings import FIELD, overlay_of, role_name
from terr.workspace.overlays.coverage import covers, roles_together
from terr.workspace.plan.plan_settings import save_setting
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.workspace import Workspace

__all__ = [
    "FILES",
    "TEAM",
    "CrmFile",
    "back_to_crm",
    "crm_kinds",
    "crms",
    "save_territory_ids",
    "territory_ids",
    "version",
]

_IDS = "salesforce_territories"


def crms(ws: Workspace, scenario_id: str) -> tuple[str, ...]:
    """The CRMs whose ids the plan's accounts have: the files of others would be empty.

    Raises:
        LocateError: if the scenario doesn't exist.
    """
    return systems(plan_snapshot(ws, scenario_id).accounts)


def territory_ids(ws: Workspace, scenario_id: str) -> dict[int, str]:
    """Code of a territory -> Salesforce's id of it, as far as they were given; only of territories that are there.

    Raises:
        LocateError: if the scenario doesn't exist.
    """
    kept: Any = ws.scenario(scenario_id).settings.get(_IDS)
    plan, _ = ws.plan(scenario_id)
    return {c: str(kept[str(c)]) for c in plan.codes if str(c) in kept} if isinstance(kept, dict) else {}


def save_territory_ids(ws: Workspace, scenario_id: str, given: Mapping[int, str]) -> None:
    """Keep Salesforce's ids of territories with the plan; a blank one is none. Nothing is kept if one is wrong.

    Raises:
        InputError: for a text that is no id, or one id for two territories.
        LocateError: if the scenario doesn't exist.
    """
    plan, _ = ws.plan(scenario_id)
    kept: dict[str, str] = {}
    for code, text in given.items():
        if not text.strip():
            continue
        try:
            clean = territory_id(text)
        except InputError as error:
            raise InputError(f"{plan.territory(code).name}: {error}") from error
        if clean[:15] in {other[:15] for other in kept.values()}:
            raise InputError(f"{plan.territory(code).name}: {clean} is already used for another territory")
        kept[str(code)] = clean
    save_setting(ws, scenario_id, _IDS, kept)


def version(ws: Workspace, scenario_id: str) -> tuple[object, ...]:
    """Another value whenever one of the files may be another.

    Raises:
        LocateError: if the scenario doesn't exist.
    """
    rev_and_seq = ws.store.changes.latest(scenario_id)
    info = ws.scenario(scenario_id)
    roles = tuple((o.id, *ws.store.changes.latest(o.id)) for o in roles_together(ws, info) if o.id != scenario_id)
    return scenario_id, *rev_and_seq, info.dataset_id, tuple(territory_ids(ws, scenario_id).items()), roles


def crm_kinds(ws: Workspace, scenario_id: str, crm: str) -> tuple[str, ...]:
    """Files of a CRM that a plan can give: owners of a field plan, account teams of overlays; none is possible, too.

    Raises:
        LocateError: if the scenario doesn't exist.
    """
    info = ws.scenario(scenario_id)
    own = overlay_of(info) is not None
    if crm == "HubSpot":
        return () if own else FILES[2:3]
    if crm == "Dynamics 365":
        return () if own else FILES[3:]
    team = (TEAM,) if own or len(roles_together(ws, info)) > 1 else ()
    return team if own else (*FILES[:2], *team)


def back_to_crm(ws: Workspace, scenario_id: str, kind: str, progress: Progress = UNWATCHED) -> CrmFile:
    """One of `FILES` from the plan as stored now.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: for another kind.
        LocateError: if the scenario doesn't exist.
    """
    progress.tell(0.0, "Placing the accounts")
    one = plan_snapshot(ws, scenario_id)
    if kind == TEAM:
        own = overlay_of(one.info) is not None
        progress.tell(0.3, "Reading the overlays")
        found = [c for c in covers(ws, one, own=own) if c.role != FIELD]
        if own:
            found = [c for c in found if c.role.casefold() == role_name(one.info).casefold()]
        return team_file(one.accounts, [(c.role, c.rep_id, c.covered) for c in found])
    if overlay_of(one.info) is not None:
        raise InputError(
            f"an overlay of {role_name(one.info)} doesn't own accounts, so it has no file of owners; download the "
            "account team file instead"
        )
    ids = territory_ids(ws, scenario_id)
    progress.tell(0.3, "Comparing the owners")
    codes = account_codes(one.accounts, one.units, one.plan, held=one.held).astype(np.int64)
    return crm_file(kind, one.accounts, one.units, one.plan, one.reps, territory_ids=ids, codes=codes)
