"""A file of facts, row by row: rows and money in = accepted + excluded + rejected, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.facts.fact_dates import Days, read_days
from terr.ingest.facts.fact_fields import AMOUNTS, DATES, fact_fields
from terr.ingest.ledger.groups import ADD, ROWS
from terr.ingest.ledger.ledger import judge_rows
from terr.ingest.reading.files import RawTable
from terr.model.progress import UNWATCHED, Progress

_WON = ("won", "gewonnen", "gagn", "ganad", "vint", "ganho")
_LOST = ("lost", "verloren", "perdu", "perdid", "pers", "disqualif", "abandon", "dead", "cancel")
_MAIN_DATE = {
    "orders": "date",
    "opportunities": "closed",
    "activities": "date",
    "contracts": "start",
    "quotas": "period",
}
_CREDIT = "a credit note: it lowers the sales of its period"
_OF_ACCOUNTS = frozenset(("rows_added", "missing_id", "no_id_column"))
"""What is said of a file of accounts, and isn't true of facts: several facts of an account are no duplicates."""
_MOST_STAGES = 30
_ISSUES = ["row", "column", "code", "message", "fate"]
STAGE = "stage:"
"""Before a stage, in the key of what a person says it means."""
OPEN, WON, LOST = "open", "won", "lost"


@dataclass(frozen=True, eq=False)
class FactRows:
    """The accepted rows of a file of facts, and what became of the others.

    Attributes:
        kind: one of `fact_fields.KINDS`.
        frame: RangeIndex; `account` and `account_name` (text, "" where there is none), the kind's fields (dates as
            datetime64[s], figures as float64, else text), `status` of deals ("open", "won", "lost"), `source_row` and
            the file's other columns as text.
        fields: field -> column.
        fates: "accepted", "excluded" or "rejected" per row of the file.
        money: "in", "excluded" and "rejected" of the amounts.
        issues: one row each: row, column, code, message, fate.
        questions: what only a person knows: key, title, default, and the choices, parted by commas.
        currency: ISO code of the amounts, "" where no cell names one.
    """

    kind: str
    frame: pd.DataFrame
    fields: Mapping[str, str]
    fates: NDArray[np.str_]
    money: Mapping[str, float]
    issues: pd.DataFrame
    questions: tuple[Mapping[str, str], ...]
    currency: str

    def __post_init__(self) -> None:
        if len(self.frame) != int((self.fates == "accepted").sum()):
            raise InputError("the facts don't account for every row of the file")
        object.__setattr__(self, "money", MappingProxyType(dict(self.money)))


def read_facts(
    raw: RawTable,
    kind: str | None = None,
    *,
    chosen: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> FactRows:
    """Read the facts of a table.

    Figures, totals, footers, copies and currencies are judged as those of accounts are. A day that can't be read leaves
    its row, without a day, with a warning.

    Args:
        raw: the table.
        kind: what a row is; by default what the headers say.
        chosen: field -> column, by hand.
        answers: to questions: "date_order:COLUMN" -> "mdy" or "dmy", "stage:STAGE" -> "open", "won" or "lost".

    Raises:
        InputError: not a file of facts, or a column that a kind needs is missing.
        StoppedError: if the person stopped it.
    """
    answers = dict(answers or {})
    found = kind or kind_of_rows(raw.columns)
    if found == ACCOUNTS:
        raise InputError(
            f"{raw.filename} looks like a list of accounts; say what its rows are with --kind orders, opportunities, "
            "activities, contracts or quotas"
        )
    fields = fact_fields(raw.columns, found, chosen or {})
    of_accounts = {"account": "account_id", "account_name": "name"}
    named = {name: fields[f] for f, name in of_accounts.items() if f in fields}
    if found == "quotas":  # a quota is somebody's, not an account's
        whose = fields.get("rep", fields.get("territory", ""))
        named = {"name": whose} if whose else {}
    columns = ColumnMap(
        named,
        {fields[f]: fields[f] for f in AMOUNTS if f in fields},
    )
    judged = judge_rows(raw, columns, {**answers, ROWS: ADD}, (), progress.part(0.0, 0.8), placed=False)
    fates = judged.fates.copy()
    notes = [
        (
            raw.header_row if f.at < 0 else int(raw.source_rows[f.at]),
            f.column,
            "credit_note" if f.code == "negative" else f.code,
            _CREDIT if f.code == "negative" else f.message,
            f.fate,
        )
        for f in judged.found
        if f.code not in _OF_ACCOUNTS and (f.code != "negative" or f.column == fields.get("amount"))
    ]
    numbers = {f: judged.numbers[fields[f]] for f in AMOUNTS if fields.get(f) in judged.numbers}
    money = numbers["amount"].amounts if "amount" in numbers else np.full(len(fates), np.nan)
    progress.tell(0.85, "reading the days")
    out: dict[str, object] = {}
    questions: list[dict[str, str]] = []
    days: dict[str, NDArray[np.datetime64]] = {}
    for field, read in _days(judged.cells, fields, answers).items():
        column = fields[field]
        days[field] = read.days
        for at in read.bad[:1_000].tolist():
            if fates[at] == "accepted":
                cell = shorten(raw.rows[column].iloc[at])
                notes.append(
                    (
                        int(raw.source_rows[at]),
                        column,
                        "bad_date",
                        f"'{cell}' is no day; the row counts in no period",
                        "accepted",
                    )
                )
        if read.asked:
            title = f"Are the days in {shorten(column, 40)} month first or day first?"
            key = f"date_order:{column}"
            questions.append({"key": key, "title": title, "default": "mdy", "choices": "mdy,dmy"})
    if found in {"opportunities", "contracts"} and "id" in fields:
        ids = judged.cells[fields["id"]]
        if "start" in days:  # a renewal has the number of its contract, and another start
            ids = ids.where(ids == "", ids + " from " + pd.Series(days["start"]).astype("str").to_numpy())
        notes += _used_twice(raw, fields, ids, fates)
    alive = fates == "accepted"
    at = np.flatnonzero(alive)
    for f in ("account", "account_name"):
        name = of_accounts[f]
        given = judged.cells[fields[f]] if f in fields else None
        fixed = judged.fields.get(name)
        if given is None or fixed is None:
            out[f] = np.full(len(at), "", dtype=object)
        else:  # an ID is made where there is none; a fact without one stays without
            out[f] = np.where((given == "").to_numpy()[at], "", fixed.to_numpy(dtype=object)[at])
    for field, column in fields.items():
        if field in out:
            continue
        if field in days:
            out[field] = days[field][at].astype("datetime64[s]")
        elif field in numbers:
            out[field] = numbers[field].amounts[at]
        else:
            out[field] = judged.cells[column].to_numpy(dtype=object)[at]
    frame = pd.DataFrame(out)
    if found == "opportunities":
        frame["status"] = _status(frame, answers)
        notes += _deal_notes(frame, raw.source_rows[at], fields)
        questions += _stage_questions(frame)
    if found == "contracts" and {"start", "end"} <= days.keys():
        for k in np.flatnonzero((frame["end"] < frame["start"]).to_numpy()).tolist():
            why = "ends before it starts; it counts on no day"
            notes.append((int(raw.source_rows[at][k]), fields["end"], "ends_before_start", why, "accepted"))
    frame["source_row"] = raw.source_rows[at]
    used = set(fields.values())
    for column in raw.columns:
        if column not in used:
            frame[column if column not in frame else f"{column} (file)"] = judged.cells[column].to_numpy(dtype=object)[
                at
            ]
    known = ~np.isnan(money)
    progress.tell(1.0, "every row has a status")
    return FactRows(
        found,
        frame,
        MappingProxyType(fields),
        fates,
        {
            "in": float(money[known].sum()),
            "excluded": float(money[known & (fates == "excluded")].sum()),
            "rejected": float(money[known & (fates == "rejected")].sum()),
        },
        pd.DataFrame(notes, columns=_ISSUES),
        tuple(MappingProxyType(q) for q in questions),
        judged.currency.get(fields.get("amount", ""), ""),
    )


def _days(cells: Mapping[str, pd.Series], fields: Mapping[str, str], answers: Mapping[str, str]) -> dict[str, Days]:
    """The columns of days; what one of them shows about month and day holds for the others: one program wrote all."""
    read = {
        f: read_days(cells[fields[f]], answers.get(f"date_order:{fields[f]}", "")) for f in sorted(DATES & set(fields))
    }
    shown = {r.order for r in read.values() if r.order and not r.asked}
    if len(shown) != 1:
        return read
    order = shown.pop()
    return {f: read_days(cells[fields[f]], order) if r.asked else r for f, r in read.items()}


def typed_facts(table: pd.DataFrame, kind: str, currency: str = "") -> FactRows:
    """Facts that are typed already, days as datetime64 and figures as float64; every row is accepted.

    Args:
        table: RangeIndex, under headers that `fact_fields` knows.
        kind: what a row is.
        currency: ISO code of the amounts.

    Raises:
        InputError: if a day or a figure is of another type, or a column that the kind needs is missing.
    """
    fields = fact_fields([str(c) for c in table.columns], kind, {})
    frame = table.rename(columns={column: f for f, column in fields.items()})
    for f in fields:
        type_ = frame[f].dtype
        if (f in DATES and not pd.api.types.is_datetime64_dtype(type_)) or (f in AMOUNTS and type_ != np.float64):
            raise InputError(f"the column {fields[f]} isn't typed as a {'day' if f in DATES else 'figure'}")
    for f in ("account", "account_name"):
        if f not in frame:
            frame[f] = pd.Series("", index=frame.index, dtype="str")
    if kind == "opportunities":
        frame["status"] = _status(frame)
    frame["source_row"] = np.arange(2, len(frame) + 2, dtype=np.int64)
    total = float(frame["amount"].sum()) if "amount" in frame else 0.0
    return FactRows(
        kind,
        frame,
        MappingProxyType(fields),
        np.full(len(frame), "accepted"),
        {"in": total, "excluded": 0.0, "rejected": 0.0},
        pd.DataFrame(columns=_ISSUES),
        (),
        currency,
    )


def main_date(kind: str) -> str:
    """The field by which a fact falls into a period."""
    return _MAIN_DATE[kind]


def _used_twice(
    raw: RawTable, fields: Mapping[str, str], ids: pd.Series | None, fates: NDArray[np.str_]
) -> list[tuple[int, str, str, str, str]]:
    """Deals whose id came before: the later row is the newer state, so the earlier ones are left out."""
    if ids is None:
        return []
    some = (ids != "").to_numpy() & (fates == "accepted")
    earlier = some & ids.where(some).duplicated(keep="last").to_numpy()
    fates[earlier] = "excluded"
    column = fields["id"]
    return [
        (
            int(raw.source_rows[at]),
            column,
            "id_used_twice",
            f"'{shorten(str(ids.iloc[at]))}' comes again further down; the last row of an ID counts",
            "excluded",
        )
        for at in np.flatnonzero(earlier).tolist()
    ]


def _status(frame: pd.DataFrame, answers: Mapping[str, str] = MappingProxyType({})) -> NDArray[np.object_]:
    """ "won", "lost" or "open" of each deal, by its flag, what a person said of its stage, or the stage's words."""
    out = np.full(len(frame), OPEN, dtype=object)
    if "stage" in frame:
        stage = frame["stage"].str.casefold()
        out[stage.str.contains("|".join(_LOST)).to_numpy()] = LOST
        out[stage.str.contains("|".join(_WON)).to_numpy()] = WON
    if "won" in frame:
        out[frame["won"].str.casefold().isin(("1", "true", "yes", "y", "ja", "oui")).to_numpy()] = WON
    for key, means in answers.items():
        if key.startswith(STAGE) and "stage" in frame and means in {OPEN, WON, LOST}:
            out[(frame["stage"] == key.removeprefix(STAGE)).to_numpy()] = means
    return out


def _stage_questions(frame: pd.DataFrame) -> list[dict[str, str]]:
    """What each stage means, where no stage says in a known language that a deal is won or lost though some must be."""
    if "stage" not in frame or (frame["status"] != OPEN).any() or not {"created", "closed"} <= set(frame.columns):
        return []
    if not (frame["closed"] <= frame["created"].max()).any():  # all may be open
        return []
    names = sorted(str(n) for n in frame["stage"].unique() if n)
    if len(names) > _MOST_STAGES:
        return []
    return [
        {
            "key": f"{STAGE}{name}",
            "title": f"Is a deal in the stage '{shorten(name, 40)}' open, won or lost?",
            "default": OPEN,
            "choices": f"{OPEN},{WON},{LOST}",
        }
        for name in names
    ]


def _deal_notes(
    frame: pd.DataFrame, rows: NDArray[np.int64], fields: Mapping[str, str]
) -> list[tuple[int, str, str, str, str]]:
    """Deals whose days contradict each other or are missing."""
    out: list[tuple[int, str, str, str, str]] = []
    if "closed" in frame:
        ended = frame["status"].isin((WON, LOST)).to_numpy()
        none = frame["closed"].isna().to_numpy()
        for at in np.flatnonzero(ended & none).tolist():
            why = f"{frame['status'].iloc[at]} without a close date; it counts in no period"
            out.append((int(rows[at]), fields["closed"], "no_close_date", why, "accepted"))
        if "created" in frame:
            for at in np.flatnonzero(ended & (frame["closed"] < frame["created"]).to_numpy()).tolist():
                why = "closed before it was created; its sales cycle isn't counted"
                out.append((int(rows[at]), fields["closed"], "closed_before_created", why, "accepted"))
    return out
