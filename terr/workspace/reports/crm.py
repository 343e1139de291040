"""Files that go back into the CRM, and the CRM's own ids of the plan's territories, kept with the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.report.crm import FILES, CrmFile, crm_file, systems, territory_id
from terr.workspace.plan.plan_settings import save_setting
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.workspace import Workspace

__all__ = ["FILES", "CrmFile", "back_to_crm", "crms", "save_territory_ids", "territory_ids", "version"]

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
    dataset_id = ws.scenario(scenario_id).dataset_id
    return scenario_id, *rev_and_seq, dataset_id, tuple(territory_ids(ws, scenario_id).items())


def back_to_crm(ws: Workspace, scenario_id: str, kind: str, progress: Progress = UNWATCHED) -> CrmFile:
    """One of `FILES` from the plan as stored now.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: for another kind.
        LocateError: if the scenario doesn't exist.
    """
    progress.tell(0.0, "Placing the accounts")
    one = plan_snapshot(ws, scenario_id)
    ids = territory_ids(ws, scenario_id)
    progress.tell(0.3, "Comparing the owners")
    codes = account_codes(one.accounts, one.units, one.plan, held=one.held).astype(np.int64)
    return crm_file(kind, one.accounts, one.units, one.plan, one.reps, territory_ids=ids, codes=codes)
