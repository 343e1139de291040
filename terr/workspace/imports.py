"""From an uploaded file to located accounts with a ledger of every row's fate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pandas as pd

from terr import demo
from terr.errors import InputError, TerrError
from terr.ingest import FIELDS
from terr.ingest.columns import ColumnMap, recognise
from terr.ingest.files import RawTable, read_table
from terr.ingest.ledger import Ledger, take_in
from terr.ingest.roster import read_reps
from terr.locate import locate
from terr.model.accounts import LOCATED_BY, Accounts
from terr.model.reps import Rep
from terr.store import DatasetInfo
from terr.workspace.core import Workspace

WAYS = {
    "lat_lon": "by latitude and longitude",
    "zip": "by ZIP",
    "city_state": "by city and state",
    "county": "by county and state",
    "unlocated": "not located",
}
_MONEY = re.compile(
    r"revenue|sales|amount|potential|spend|price|value|quota|\barr\b|\bacv\b|\bmrr\b|bookings|pipeline|\$",
    re.IGNORECASE,
)
COUNT = "Number of accounts"
_ROSTER = re.compile(r"\b(reps?|roster|users?|sales ?(team|people|reps?))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Intake:
    """A file taken in, whether saved or not.

    Attributes:
        raw: the file as text cells.
        columns: which column is what.
        ledger: every row's fate.
        accounts: the accepted accounts, located.
        notes: located_by's companion: a reason per account ("" = none), in the order of the accounts.
    """

    raw: RawTable
    columns: ColumnMap
    ledger: Ledger
    accounts: Accounts
    notes: tuple[str, ...]

    @property
    def located(self) -> dict[str, int]:
        """Way of locating -> number of accounts; the ways of LOCATED_BY."""
        counts = self.accounts.frame["located_by"].value_counts()
        return {way: int(counts.get(way, 0)) for way in LOCATED_BY}

    def unlocated(self) -> pd.DataFrame:
        """The unlocated accounts in the file's own layout, with file row and reason, to mend and load again.

        A column of the file that has one of these names keeps it; ours then gets " (2)".
        """
        frame = self.accounts.frame
        lost = (frame["located_by"] == "unlocated").to_numpy()
        rows = frame.loc[lost, "source_row"].to_numpy()
        out = self.raw.rows[pd.Index(self.raw.source_rows).isin(rows)].reset_index(drop=True)
        out.insert(0, _free("File row", out), rows)
        out[_free("Reason", out)] = [note for note, no in zip(self.notes, lost, strict=True) if no]
        return out


@dataclass(frozen=True)
class Dataset:
    """A saved data set: its record, its accounts and its roster."""

    info: DatasetInfo
    accounts: Accounts
    reps: tuple[Rep, ...]


def inspect(data: bytes, filename: str, *, sheet: str | None = None) -> tuple[RawTable, ColumnMap]:
    """Read a file and guess its columns; nothing is taken in yet.

    Raises:
        InputError: if the file can't be used.
    """
    raw = read_table(data, filename, sheet=sheet)
    return raw, recognise(raw)


def intake(raw: RawTable, columns: ColumnMap, money: Mapping[str, str] | None = None) -> Intake:
    """Clean, judge and locate every row.

    Args:
        raw: the file as text cells.
        columns: which column is what.
        money: measure -> currency code for measures whose cells name none.

    Raises:
        InputError: if the columns can't be used.
    """
    taken = take_in(raw, columns)
    frame = locate(taken.frame)
    notes = tuple(str(n) for n in frame["locate_note"])
    frame = frame.drop(columns="locate_note")
    measures = tuple(taken.measures)
    if not measures:  # a list of names and places is planned by the number of accounts
        frame, measures = frame.assign(**{COUNT: 1.0}), (COUNT,)
    accounts = Accounts(
        frame=frame,
        measures=measures,
        currency=tuple(sorted(({**(money or {}), **{m: c for m, c in taken.currency.items() if c}}).items())),
    )
    return Intake(raw, columns, taken.ledger, accounts, notes)


def guess_money(columns: ColumnMap) -> dict[str, str]:
    """Measures that by their name are money, taken as US dollars until a cell or a person says otherwise."""
    return {m: "USD" for m in columns.measures if _MONEY.search(m)}


def roster_in(data: bytes, raw: RawTable) -> tuple[Rep, ...]:
    """Reps of a sheet named like a roster in the same workbook; () if there is none that can be read."""
    for sheet in raw.sheets:
        if sheet != raw.sheet and _ROSTER.search(sheet):
            try:
                return read_reps(read_table(data, raw.filename, sheet=sheet))[0]
            except InputError:
                continue
    return ()


def save(ws: Workspace, data: bytes, taken: Intake, *, name: str = "", reps: Sequence[Rep] = ()) -> Dataset:
    """Keep the file, the accounts and the roster.

    Raises:
        StoreError: if it can't be written; nothing half-written stays behind.
    """
    sha256 = ws.files.save(data)
    info = ws.store.save_dataset(
        name=name or taken.raw.filename,
        sha256=sha256,
        filename=taken.raw.filename,
        mapping={
            "fields": dict(taken.columns.fields),
            "measures": dict(taken.columns.measures),
            "decimal": taken.columns.decimal,
            "sheet": taken.raw.sheet,
            "money": dict(taken.accounts.currency),
        },
        summary=summary(taken),
    )
    ws.files.write_frame(info.id, taken.accounts.frame)
    ws.store.save_reps(info.id, tuple(reps))
    dataset = Dataset(info, taken.accounts, ws.store.reps(info.id))  # in the order they come back after a restart
    ws.datasets.put(info.id, dataset)
    ws.datasets.put(("intake", info.id), taken)
    return dataset


def dataset(ws: Workspace, dataset_id: str) -> Dataset:
    """A saved data set.

    Raises:
        LocateError: if there is none with this id.
        StoreError: if its files are gone.
    """
    known = ws.datasets.get(dataset_id)
    if known is not None:
        return known  # type: ignore[no-any-return]
    info = ws.store.dataset(dataset_id)
    accounts = Accounts(
        frame=ws.files.read_frame(dataset_id),
        measures=tuple(info.summary["measures"]),
        currency=tuple((m, c) for m, c in info.summary["currency"].items()),
    )
    return ws.datasets.put(dataset_id, Dataset(info, accounts, ws.store.reps(dataset_id)))  # type: ignore[no-any-return]


def intake_of(ws: Workspace, dataset_id: str) -> Intake:
    """The ledger of a saved data set, made again from the kept file if this process hasn't got it."""
    known = ws.datasets.get(("intake", dataset_id))
    if known is not None:
        return known  # type: ignore[no-any-return]
    info = ws.store.dataset(dataset_id)
    raw = read_table(ws.files.read(info.sha256), info.filename, sheet=info.mapping["sheet"])
    columns = ColumnMap(
        fields=info.mapping["fields"], measures=info.mapping["measures"], decimal=info.mapping["decimal"]
    )
    return ws.datasets.put(("intake", dataset_id), intake(raw, columns, info.mapping.get("money")))  # type: ignore[no-any-return]


def demo_dataset(ws: Workspace) -> Dataset:
    """The demo: 5,000 made-up accounts and 12 reps; saved once, found again after that."""
    buffer = BytesIO()
    demo.write_demo(buffer)
    data = buffer.getvalue()
    raw, columns = inspect(data, "demo.xlsx")
    for info in ws.store.list_datasets():
        if info.sha256 == raw.sha256:
            return dataset(ws, info.id)
    return save(ws, data, intake(raw, columns, guess_money(columns)), name="Demo accounts", reps=demo.demo_reps())


def replace_reps(ws: Workspace, dataset_id: str, data: bytes, filename: str) -> tuple[Dataset, pd.DataFrame]:
    """Take a roster file for a data set; the second value lists the rows left out, with reasons.

    Raises:
        InputError: if the file holds no roster.
    """
    reps, issues = read_reps(read_table(data, filename))
    if not reps:
        raise InputError(f"{filename} holds no rep that can be used; it needs a user id and a name in each row")
    return set_reps(ws, dataset_id, reps), issues


def set_reps(ws: Workspace, dataset_id: str, reps: Sequence[Rep]) -> Dataset:
    """Make these the roster of a data set."""
    ws.store.save_reps(dataset_id, tuple(reps))
    old = dataset(ws, dataset_id)
    made = Dataset(old.info, old.accounts, ws.store.reps(dataset_id))
    return ws.datasets.put(dataset_id, made)  # type: ignore[no-any-return]


def summary(taken: Intake) -> dict[str, Any]:
    """The headline figures of an import, as JSON."""
    ledger = taken.ledger
    return {
        "rows_in": ledger.rows_in,
        "rows_accepted": ledger.rows_accepted,
        "rows_excluded": ledger.rows_excluded,
        "rows_rejected": ledger.rows_rejected,
        "measures": list(taken.accounts.measures),
        "currency": dict(taken.accounts.currency),
        "totals": {m: _amounts(t) for m, t in ledger.totals.items()},
        "located": taken.located,
    }


def check_report(taken: Intake) -> dict[str, Any]:
    """The JSON of `terr check`, as docs/interface.md promises."""
    raw, ledger = taken.raw, taken.ledger
    return {
        "file": raw.filename,
        "format": raw.format,
        "encoding": raw.encoding,
        "delimiter": raw.delimiter,
        "sheet": raw.sheet,
        "header_row": raw.header_row,
        "rows_in": ledger.rows_in,
        "rows_accepted": ledger.rows_accepted,
        "rows_excluded": ledger.rows_excluded,
        "rows_rejected": ledger.rows_rejected,
        "columns": dict(taken.columns.fields),
        "measures": {m: _amounts(t) for m, t in ledger.totals.items()},
        "located": taken.located,
        "issues": _plain(ledger.issues) + _lost(taken),
    }


def with_column(columns: ColumnMap, choices: Mapping[str, str]) -> ColumnMap:
    """A column map with fields or measures named by hand (`{"zip": "Postal", "revenue": "Beds"}`).

    A name that is no field is a measure. The first measure named this way replaces the guessed ones.
    """
    fields = {**columns.fields, **{f: c for f, c in choices.items() if f in FIELDS}}
    measures = {m: c for m, c in choices.items() if m not in FIELDS}
    kept = {m: c for m, c in columns.measures.items() if c not in measures.values()}
    taken = set(measures.values()) | {c for f, c in choices.items() if f in FIELDS}
    return ColumnMap(
        fields={f: c for f, c in fields.items() if f in choices or c not in taken},
        measures={**measures, **{m: c for m, c in kept.items() if m not in measures and c not in taken}},
        decimal=columns.decimal,
    )


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += " (2)"
    return name


def _amounts(total: Any) -> dict[str, Any]:
    return {
        "total_in": total.total_in,
        "accepted": total.accepted,
        "excluded": total.excluded,
        "rejected": total.rejected,
        "currency": total.currency,
    }


def _plain(issues: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["row", "column", "value", "code", "message", "fate"]
    return [
        {**{c: str(r[c]) for c in columns}, "row": int(r["row"])} for r in issues[columns].to_dict(orient="records")
    ]


def _lost(taken: Intake) -> list[dict[str, Any]]:
    frame = taken.accounts.frame
    out = []
    for row, way, note in zip(frame["source_row"], frame["located_by"], taken.notes, strict=True):
        if way == "unlocated" or note:
            code = "unlocated" if way == "unlocated" else "located_with_note"
            out.append({"row": int(row), "column": "", "value": "", "code": code, "message": note, "fate": "accepted"})
    return out


__all__ = [
    "WAYS", "Dataset", "Intake", "TerrError", "check_report", "dataset", "demo_dataset", "inspect", "intake",
    "intake_of", "replace_reps", "roster_in", "save", "summary", "with_column",
]  # fmt: skip
