"""The next extract of the same accounts: compared, kept as the next version, and plans moved over to it and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from terr.errors import InputError, LocateError
from terr.ingest.columns.kinds import ACCOUNTS
from terr.matching.reload import Reload, compare
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import DatasetInfo, ScenarioInfo
from terr.workspace.accounts import dataset as datasets
from terr.workspace.accounts import upload
from terr.workspace.accounts.intake import Intake
from terr.workspace.accounts.merge_rules import FAMILIES, MERGES
from terr.workspace.accounts.upload import UploadDraft
from terr.workspace.caches import CacheKind
from terr.workspace.facts.fact_measures import FIGURES
from terr.workspace.facts.kept_facts import carry_facts
from terr.workspace.facts.unjoined_customers import KEY as CUSTOMERS
from terr.workspace.overlay_settings import overlay_ids
from terr.workspace.scores import recipe
from terr.workspace.unit_lists import carried
from terr.workspace.workspace import Workspace

__all__ = ["Reload"]  # of other floors, for the pages

PREVIOUS, EXTRACTS = "previous", "extracts"
"""Where a data set keeps the id of the one before it, and a plan the data sets it had."""
CARRIED = "carried"
"""Where a plan keeps what came of its books with the last extract, in words."""
BY_ID, BY_NAME = ("account_id",), ("name", "zip")
SHOWN = 1_000
KINDS: Mapping[str, str] = {
    "new": "New",
    "gone": "Removed",
    "moved": "Moved",
    "renamed": "Renamed",
    "owner changed": "New owner",
    "figures changed": "Changed amounts",
}


@dataclass(frozen=True, eq=False)
class NextExtract:
    """The next extract of a data set, looked at and not kept yet.

    Attributes:
        of: id of the data set it follows.
        draft, taken: the file and what came of it.
        reload: what happened from one to the other.
    """

    of: str
    draft: UploadDraft
    taken: Intake
    reload: Reload


def key_of(old: Accounts, new: Accounts, ids: bool) -> tuple[str, ...]:
    """The columns that tell an account from one extract to the next: the id if both files have one."""
    return BY_ID if ids and len(old) and len(new) else BY_NAME


def compare_next_extract(
    ws: Workspace, dataset_id: str, draft: UploadDraft, *, progress: Progress = UNWATCHED
) -> NextExtract:
    """Take the next extract in without keeping it, and compare.

    Raises:
        InputError: if something is open, the file can't be used, or a currency changed.
        StoppedError: if the person stopped it.
    """
    old = datasets.dataset(ws, dataset_id)
    taken = upload.preview_import(draft, progress=progress.part(0.0, 0.8))
    progress.tell(0.85, "comparing account by account")
    ids = "account_id" in draft.columns.fields and "account_id" in old.info.mapping["fields"]
    key = key_of(old.originals, taken.accounts, ids)
    return NextExtract(dataset_id, draft, taken, compare(old.originals, taken.accounts, key))


def save_next_extract(ws: Workspace, found: NextExtract, *, progress: Progress = UNWATCHED) -> datasets.Dataset:
    """Keep the next extract as the next version: with the roster, decisions and definitions of the one before.

    Raises:
        StoreError: if it can't be written.
    """
    old = datasets.dataset(ws, found.of)
    progress.tell(0.2, "saving the accounts")
    more: dict[str, Any] = {PREVIOUS: found.of}
    more |= {
        k: old.info.mapping[k] for k in (MERGES, FAMILIES, CUSTOMERS, recipe.KEY, FIGURES) if old.info.mapping.get(k)
    }
    made = upload.remembered_answers(
        ws, found.draft, found.taken, name=_name(ws, old.info, found), reps=old.reps, more=more
    )
    if found.taken.kind != ACCOUNTS:
        upload.keep_lines(ws, made.info.id, found.taken)
    carry_facts(ws, found.of, made.info.id)
    return datasets.dataset(ws, made.info.id)


def _name(ws: Workspace, old: DatasetInfo, found: NextExtract) -> str:
    name = found.taken.raw.filename
    if name not in {i.name for i in ws.store.datasets.all()}:
        return name[:120]
    return f"{old.name[:90]} · {datetime.now(UTC):%Y-%m-%d}"


def lineage(ws: Workspace, dataset_id: str) -> tuple[DatasetInfo, ...]:
    """All extracts of the same accounts, oldest first, with the one that is asked about."""
    every = {i.id: i for i in ws.store.datasets.all()}
    at, seen = dataset_id, {dataset_id}
    while (before := every[at].mapping.get(PREVIOUS)) in every and before not in seen:
        at = str(before)
        seen.add(at)
    line = [every[at]]
    follow = sorted(every.values(), key=lambda i: i.created_at)
    grown = True
    while grown:
        grown = False
        for info in follow:
            if info.mapping.get(PREVIOUS) in {i.id for i in line} and info not in line:
                line.append(info)
                grown = True
    return tuple(sorted(line, key=lambda i: i.created_at))


RELOADS = CacheKind[tuple[str, str], Reload]("changes between extracts", 64)
"""By the data sets' keys."""


def between(ws: Workspace, old_id: str, new_id: str) -> Reload:
    """What happened from one kept extract to another; figures as the files say, before any decision.

    Raises:
        InputError: if a currency changed.
    """
    old, new = datasets.dataset(ws, old_id), datasets.dataset(ws, new_id)
    ids = all("account_id" in d.info.mapping["fields"] for d in (old, new))
    return ws.caches[RELOADS].get_or_make(
        (old.key, new.key),
        lambda: compare(old.originals, new.originals, key_of(old.originals, new.originals, ids)),
    )


def flows_table(reload: Reload) -> pd.DataFrame:
    """One row per measure: before + new - gone + rises - falls = after, as numbers."""
    return pd.DataFrame(
        {
            "Measure": [f.measure for f in reload.flows],
            "Before": [f.before for f in reload.flows],
            "New": [f.new for f in reload.flows],
            "Removed": [-f.gone for f in reload.flows],
            "Increases": [f.up for f in reload.flows],
            "Decreases": [f.down for f in reload.flows],
            "Now": [f.after for f in reload.flows],
        }
    )


def changed(reload: Reload, kind: str, measure: str, most: int | None = SHOWN) -> pd.DataFrame:
    """Accounts of one of `KINDS`, those with most of the measure at stake first.

    Returns:
        `Account`, `Name`, place, owner and the measure before and after.
    """
    if kind not in KINDS:
        raise InputError(f'"{kind}" is not a kind of change; choose {", ".join(KINDS)}')
    r = reload.rows
    mask = (r["status"] == kind) if kind in {"new", "gone"} else r[kind]
    mine = r[mask.to_numpy(dtype=np.bool_)]
    columns = {"account": "Account", "name": "Name"}
    wanted = {"renamed": ("name",), "owner changed": ("owner",)}.get(kind, ("place",))
    for field in wanted:
        columns |= {f"{field} before": f"{field.capitalize()} before", f"{field} after": f"{field.capitalize()} now"}
    if measure and f"{measure} before" in mine.columns:
        columns |= {f"{measure} before": f"{measure} before", f"{measure} after": f"{measure} now"}
        size = np.abs(np.nan_to_num(mine[f"{measure} after"]) - np.nan_to_num(mine[f"{measure} before"]))
        if kind not in {"new", "gone", "figures changed"}:
            size = np.abs(np.nan_to_num(mine[f"{measure} after"]))
        mine = mine.iloc[np.argsort(-size, kind="stable")]
    return mine[list(columns)].rename(columns=columns).head(len(mine) if most is None else most)


@dataclass(frozen=True)
class MovablePlan:
    """A plan of an earlier extract.

    Attributes:
        info: it.
        dataset: name of the data set it has.
        why_not: why it can't have the other accounts, "" if it can.
    """

    info: ScenarioInfo
    dataset: str
    why_not: str


def plans_of(ws: Workspace, dataset_id: str) -> tuple[MovablePlan, ...]:
    """Plans with other extracts of these accounts, which could have this one."""
    data = datasets.dataset(ws, dataset_id)
    out = []
    for other in lineage(ws, dataset_id):
        if other.id == dataset_id:
            continue
        for info in ws.store.scenarios.find(dataset_id=other.id):
            lacks = info.measure not in data.accounts.measures
            out.append(MovablePlan(info, other.name, f"this version has no {info.measure}" if lacks else ""))
    return tuple(out)


def movable_back(ws: Workspace, dataset_id: str) -> tuple[tuple[ScenarioInfo, DatasetInfo], ...]:
    """Plans that were moved to an extract, each with the extract it had before."""
    found = ((info, before(ws, info)) for info in ws.store.scenarios.find(dataset_id=dataset_id))
    return tuple((info, last) for info, last in found if last is not None)


def move(ws: Workspace, scenario_id: str, expected: str, dataset_id: str) -> ScenarioInfo:
    """Give a plan the accounts of another extract; its territories, edits and undo stay as they are.

    Books of accounts are carried over by account_id (see `terr.workspace.unit_lists.carried`), and its overlays
    with it.

    Args:
        ws: where.
        scenario_id: the plan.
        expected: id of the data set it had when the person looked.
        dataset_id: of the other extract.

    Raises:
        InputError: if the extract isn't one of the same accounts, or lacks what the plan balances.
        ConflictError: if the plan was given other accounts meanwhile.
    """
    info = ws.store.scenarios.get(scenario_id)
    if expected not in {i.id for i in lineage(ws, dataset_id)}:
        raise InputError(
            "these accounts are not a version of those the plan was made with; choose a version of the same accounts"
        )
    data = datasets.dataset(ws, dataset_id)
    if info.measure not in data.accounts.measures:
        raise InputError(f'"{info.name}" balances {info.measure}, which {data.info.name} doesn\'t have')
    followers = _overlays(ws, info)
    for one in followers:
        if one.measure not in data.accounts.measures:
            raise InputError(f'its overlay "{one.name}" balances {one.measure}, which {data.info.name} doesn\'t have')
    told = [s for one in followers if (s := str(move(ws, one.id, expected, dataset_id).settings.get(CARRIED) or ""))]
    had: Sequence[Mapping[str, str]] = info.settings.get(EXTRACTS) or ()
    line = [*had, {"id": expected, "until": datetime.now(UTC).isoformat(timespec="seconds")}]
    settings: dict[str, Any] = {EXTRACTS: line[-50:]}
    books = carried(ws.whole.store, info, data.accounts)
    if told:
        settings[CARRIED] = " ".join(told)
    if books is None:
        return ws.store.scenarios.use_dataset(scenario_id, dataset_id, expected=expected, settings=settings)
    return ws.store.scenarios.use_dataset(
        scenario_id,
        dataset_id,
        expected=expected,
        settings={**settings, **books.settings, CARRIED: " ".join(v for v in (books.sentence, *told) if v)},
        units=(books.units_version, books.n_units),
        note=books.sentence,
    )


def _overlays(ws: Workspace, field: ScenarioInfo) -> list[ScenarioInfo]:
    """Overlays of a field plan that have its accounts: they go where it goes."""
    out = []
    for one in overlay_ids(field):
        with suppress(LocateError):
            info = ws.store.scenarios.get(one)
            if info.dataset_id == field.dataset_id and info.id != field.id:
                out.append(info)
    return out


def before(ws: Workspace, info: ScenarioInfo) -> DatasetInfo | None:
    """The data set a plan had last before this one, to move it back; None if it never had another."""
    known = {i.id: i for i in ws.store.datasets.all()}
    had = [e.get("id") for e in info.settings.get(EXTRACTS) or () if e.get("id") in known]
    return known[had[-1]] if had and had[-1] != info.dataset_id else None
