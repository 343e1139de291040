"""Data sets: a file taken in and kept, opened again, changed; with what a person decided about it applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from terr.errors import ConflictError, LocateError, TerrError
from terr.ingest.reading.files import RawTable, read_table
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.scenario import DatasetInfo
from terr.workspace.accounts.check_report import check_report
from terr.workspace.accounts.import_settings import ImportSettings, reading_version, stepped, version
from terr.workspace.accounts.intake import (
    WAYS,
    Intake,
    guess_money,
    inspect,
    intake,
    roster_in,
    summary,
    with_column,
)
from terr.workspace.accounts.merge_rules import decided, families_in, merges_in
from terr.workspace.caches import CacheKind
from terr.workspace.facts import fact_measures, kept_facts

if TYPE_CHECKING:
    from terr.workspace.scores import recipe
    from terr.workspace.workspace import Workspace

_READING = "terr_reading"


@dataclass(frozen=True)
class Dataset:
    """A saved data set.

    Attributes:
        info: its record.
        accounts: what all work is done with: the file's, after decisions about duplicates and families, with scores.
        reps: its roster.
        originals: the accounts as they came in, before any decision.
        version: another one whenever the accounts may differ; part of the key of whatever is kept in memory of them.
        notes: decisions that couldn't be carried out.
        scored: what was worked out by the kept definitions of scores; its base are the accounts without it.
    """

    info: DatasetInfo
    accounts: Accounts
    reps: tuple[Rep, ...]
    originals: Accounts
    version: str
    notes: tuple[str, ...] = ()
    scored: recipe.AppliedRecipe | None = None

    @property
    def key(self) -> str:
        """Which accounts these are: the data set and its version, with the homes if workload counts on them."""
        return f"{self.info.id}-{self.version}{'' if self.scored is None else self.scored.homes}"


class KeptIntake(NamedTuple):
    """A file taken in, and the version of how it was read."""

    reading: str
    taken: Intake


def _itself(dataset_id: str) -> str:
    return dataset_id


def _first(key: tuple[str, str]) -> str:
    return key[0]


# By the id of a data set. They hold accounts and whole files: some hundred MB each hold the few that are in use.
DATASETS = CacheKind[str, Dataset]("data sets", 448, accounts=True, dataset_of=_itself)
INTAKES = CacheKind[str, KeptIntake]("ledgers", 256, accounts=True, dataset_of=_itself)
RAW_TABLES = CacheKind[tuple[str, str], RawTable]("files as uploaded", 64, accounts=True, dataset_of=_first)
"""By data set, and by sheet, header row, encoding and separator."""


def saved(ws: Workspace) -> tuple[DatasetInfo, ...]:
    """The data sets there are for this person, the newest first."""
    return ws.store.datasets.all()


def name_of(ws: Workspace, dataset_id: str) -> str:
    """What a data set is called; "" if there is none with this id for this person."""
    try:
        return ws.store.datasets.get(dataset_id).name
    except LocateError:
        return ""


def in_hand(ws: Workspace, scenario_id: str | None, dataset_id: str | None) -> str:
    """Id of the data set to work with: that of the open plan, else the one chosen, else the newest; "" without any."""
    if scenario_id:
        return ws.scenario(scenario_id).dataset_id
    return dataset_id or next((info.id for info in saved(ws)), "")


def save(
    ws: Workspace,
    data: bytes,
    taken: Intake,
    *,
    name: str = "",
    reps: Sequence[Rep] = (),
    more: Mapping[str, Any] | None = None,
) -> Dataset:
    """Keep the file, the accounts and the roster.

    Args:
        ws: where.
        data: the file's bytes.
        taken: what came of it.
        name: of the data set, by default the file's.
        reps: its roster.
        more: what else the data set keeps, beside how it is read.

    Raises:
        StoreError: if it can't be written; nothing half-written stays behind.
    """
    sha256 = ws.store.files.save(data)
    raw = taken.raw
    reading = ImportSettings(
        taken.chosen or taken.columns, dict(taken.accounts.currency), taken.answers, taken.refuse, sheet=raw.sheet
    )
    mapping = {**(more or {}), **reading.plain()}
    info = ws.store.datasets.save(
        name=name or raw.filename, sha256=sha256, filename=raw.filename, mapping=mapping, summary=summary(taken)
    )
    _write_frame(ws, info.id, taken.accounts.frame, mapping)
    ws.store.reps.save(info.id, tuple(reps))
    ws.caches[INTAKES].put(info.id, KeptIntake(reading_version(info.mapping), taken))
    return dataset(ws, info.id)  # reps in the order they come back after a restart


def dataset(ws: Workspace, dataset_id: str) -> Dataset:
    """A saved data set, with everything a person decided about it applied.

    Raises:
        LocateError: if there is none with this id.
        StoreError: if its files are gone.
    """
    info = ws.store.datasets.get(dataset_id)  # cheap; another window or process may have changed it
    now = version(info.mapping)
    return ws.caches[DATASETS].renew(
        dataset_id, lambda known: _with_decisions(ws, info, now, known), lambda known: known.version == now
    )


def _with_decisions(ws: Workspace, info: DatasetInfo, now: str, known: Dataset | None) -> Dataset:
    from terr.workspace.scores import recipe  # late: a file that is only checked has no scores

    reps = ws.store.reps.of(info.id) if known is None else known.reps
    if known is not None and reading_version(known.info.mapping) == reading_version(info.mapping):
        originals = known.originals
    else:
        originals = _originals(ws, info)
    done = decided(originals, merges_in(info.mapping), families_in(info.mapping))
    accounts, figure_notes = _with_facts(ws, info, done.accounts)
    work = recipe.applied(  # what measures are made of is counted once by now
        accounts,
        recipe.recipe_in(info.mapping),
        reps,
        ground=version({**info.mapping, recipe.KEY: None}),
        before=(None if known is None else known.scored, *recipe.recalled(ws, info.id)),
    )
    notes = (*done.notes, *figure_notes)
    return Dataset(info, work.accounts.with_count(), reps, originals, now, notes, work)


def _with_facts(ws: Workspace, info: DatasetInfo, accounts: Accounts) -> tuple[Accounts, tuple[str, ...]]:
    """The accounts with figures of the facts that are kept with them, and why some aren't there."""
    kept = kept_facts.facts_in(info.mapping)
    wanted = fact_measures.usual_figures({f.kind for f in kept}, info.mapping.get(fact_measures.FIGURES) or ())
    if not wanted:
        return accounts, ()
    try:
        return fact_measures.with_figures(accounts, kept_facts.fact_set_of(ws, info.id, accounts), wanted)
    except TerrError as error:  # the accounts can always be opened
        return accounts, (f"figures of orders and other facts are missing: {error}",)


def _originals(ws: Workspace, info: DatasetInfo) -> Accounts:
    """The accounts as they came in, before decisions about duplicates and families.

    The stored table is a copy for speed: if it is gone, or of another reading (Terr was ended between two writes), the
    accounts are made from the file again.
    """
    taken = cached_ledger(ws, info)
    if taken is not None:
        return taken.accounts
    wanted = reading_version(info.mapping)
    try:
        frame = ws.store.files.read_frame(info.id)
    except LocateError:
        if not ws.store.files.exists(info.sha256):
            raise
        frame = pd.DataFrame()
    changed = any(info.mapping.get(k) for k in ("answers", "refuse", "steps"))
    if frame.empty or frame.attrs.get(_READING, "" if changed else wanted) != wanted:
        accounts = ledger_of(ws, info.id).accounts
        _write_frame(ws, info.id, accounts.frame, info.mapping)
        return accounts
    return Accounts(
        frame=frame,
        measures=tuple(info.summary["measures"]),
        currency=tuple((m, c) for m, c in info.summary["currency"].items()),
    )


def _write_frame(ws: Workspace, dataset_id: str, frame: pd.DataFrame, mapping: Mapping[str, Any]) -> None:
    told = frame.copy(deep=False)
    told.attrs = {_READING: reading_version(mapping)}
    ws.store.files.write_frame(dataset_id, told)


def ledger_of(ws: Workspace, dataset_id: str, *, progress: Progress = UNWATCHED) -> Intake:
    """The ledger of a saved data set, made again from the kept file if this process hasn't got it.

    Raises:
        LocateError: if there is no such data set, or its file is gone.
        StoppedError: if the person stopped it.
    """
    info = ws.store.datasets.get(dataset_id)
    known = cached_ledger(ws, info)
    if known is not None:
        return known
    reading = ImportSettings.of(info.mapping)
    raw, _ = stepped(raw_of(ws, info, progress=progress.part(0.0, 0.5)), reading, ws.store.files.read)
    taken = _taken(raw, reading, progress.part(0.5, 1.0))
    ws.caches[INTAKES].put(dataset_id, KeptIntake(reading_version(info.mapping), taken))
    return taken


def cached_ledger(ws: Workspace, info: DatasetInfo) -> Intake | None:
    """The ledger of a data set if it is at hand."""
    known = ws.caches[INTAKES].get(info.id)
    return known.taken if known is not None and known.reading == reading_version(info.mapping) else None


def raw_of(ws: Workspace, info: DatasetInfo, *, progress: Progress = UNWATCHED) -> RawTable:
    """The file of a data set as it was uploaded, before any change."""
    reading = ImportSettings.of(info.mapping)
    known = ws.caches[RAW_TABLES].get(_raw_key(info.id, reading))
    if known is not None:
        return known
    return ws.caches[RAW_TABLES].put(_raw_key(info.id, reading), _read(ws, info, reading, progress))


def _raw_key(dataset_id: str, reading: ImportSettings) -> tuple[str, str]:
    return dataset_id, repr(sorted(reading.shape.items()))


def _read(ws: Workspace, info: DatasetInfo, reading: ImportSettings, progress: Progress) -> RawTable:
    """The kept file, by its sheet, header row, encoding and separator."""
    return read_table(ws.store.files.read(info.sha256), info.filename, answers=reading.shape, progress=progress)


def _taken(raw: RawTable, reading: ImportSettings, progress: Progress) -> Intake:
    return intake(
        raw,
        reading.columns,
        reading.money,
        answers=reading.answers,
        refuse=reading.refuse,
        progress=progress,
    )


def reread(
    ws: Workspace,
    dataset_id: str,
    change: Callable[[ImportSettings], ImportSettings],
    *,
    given: Mapping[str, bytes] = MappingProxyType({}),
    keeps: Callable[[RawTable], Mapping[str, Any]] = lambda _: {},
    progress: Progress = UNWATCHED,
) -> Intake:
    """Change how a data set's file is read, and make its accounts again. Two people's changes both hold.

    Args:
        ws: where.
        dataset_id: whose.
        change: what it is changed to.
        given: files that the change refers to, by their SHA-256; kept once the accounts could be made with them.
        keeps: what the data set keeps beside it of the table as uploaded.
        progress: told how far it is.

    Raises:
        InputError: if the file can't be used in that way; everything stays as it was.
        ConflictError: if others change it all the time.
        StoppedError: if the person stopped it.
    """

    def load(sha256: str) -> bytes:
        return given[sha256] if sha256 in given else ws.store.files.read(sha256)

    for _ in range(5):
        info = ws.store.datasets.get(dataset_id)
        before = ImportSettings.of(info.mapping)
        after = change(before)
        known = cached_ledger(ws, info)
        first: RawTable | None = None
        if before.shape != after.shape:
            first = _read(ws, info, after, progress.part(0.0, 0.4))
            raw, _ = stepped(first, after, load)
        elif known is not None and after.steps[: len(before.steps)] == before.steps:
            if not before.steps:
                ws.caches[RAW_TABLES].put(_raw_key(info.id, before), known.raw)  # to take the steps back from
            raw, _ = stepped(known.raw, after, load, done=len(before.steps))
        else:
            raw, _ = stepped(raw_of(ws, info, progress=progress.part(0.0, 0.4)), after, load)
        taken = _taken(raw, after, progress.part(0.4, 1.0))
        mapping = {**info.mapping, **after.plain(), "money": dict(taken.accounts.currency)}
        if first is not None:
            mapping |= keeps(first)
        for content in given.values():
            ws.store.files.save(content)
        _write_frame(ws, dataset_id, taken.accounts.frame, mapping)
        try:
            ws.store.datasets.change(dataset_id, _unless_changed(info, mapping, summary(taken)))
        except ConflictError:
            continue  # with what the other one made of it
        if first is not None:
            ws.caches[RAW_TABLES].put(_raw_key(dataset_id, after), first)
        ws.caches[INTAKES].put(dataset_id, KeptIntake(reading_version(mapping), taken))
        return taken
    raise ConflictError("this data set is being changed in other windows; try again")


def _unless_changed(
    info: DatasetInfo, mapping: Mapping[str, Any], figures: Mapping[str, Any]
) -> Callable[[DatasetInfo], tuple[Mapping[str, Any], Mapping[str, Any]]]:
    def put(now: DatasetInfo) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        if version(now.mapping) != version(info.mapping):
            raise ConflictError("this data set was changed meanwhile")
        return mapping, figures

    return put


__all__ = [
    "WAYS",
    "Dataset",
    "Intake",
    "TerrError",
    "cached_ledger",
    "check_report",
    "dataset",
    "guess_money",
    "inspect",
    "intake",
    "ledger_of",
    "reread",
    "roster_in",
    "save",
    "summary",
    "with_column",
]
