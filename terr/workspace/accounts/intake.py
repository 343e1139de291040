"""From a file to located accounts with a ledger of every row's fate; nothing is stored here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest import FIELDS
from terr.ingest.columns.answers import mapped
from terr.ingest.columns.columns import ColumnMap, recognise
from terr.ingest.ledger.ledger import Ledger, MeasureTotals, build_ledger
from terr.ingest.ledger.roster import ROSTER, read_reps
from terr.ingest.reading.files import RawTable, read_table
from terr.locate import home_problem, locate
from terr.model.accounts import COUNT, COUNTRY, LOCATED_BY, Accounts, countries_abroad
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.places.countries import outside_usa
from terr.workspace.accounts.abroad import with_countries

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


@dataclass(frozen=True)
class Intake:
    """A file taken in, whether saved or not.

    Attributes:
        raw: the file as text cells.
        columns: which column is what.
        ledger: every row's fate.
        accounts: the accepted accounts, located.
        notes: located_by's companion: a reason per account ("" = none), in the order of the accounts.
        answers, refuse: with which it was taken in.
        chosen: the columns as given, before the answers changed them; None if they are the same.
        account_of: int64 (rows,), position of the account a row is part of, -1 for rows that weren't accepted.
        kind: what a row is: "accounts", "orders", "opportunities", "activities", "contracts" or "quotas".
    """

    raw: RawTable
    columns: ColumnMap
    ledger: Ledger
    accounts: Accounts
    notes: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    refuse: tuple[str, ...] = ()
    chosen: ColumnMap | None = None
    account_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    kind: str = "accounts"

    @property
    def located(self) -> dict[str, int]:
        """Way of locating -> number of accounts; the ways of LOCATED_BY."""
        counts = self.accounts.frame["located_by"].value_counts()
        return {way: int(counts.get(way, 0)) for way in LOCATED_BY}

    @property
    def countries(self) -> NDArray[np.object_]:
        """Two letters of the country of accounts outside the USA, "" for the others."""
        return countries_abroad(self.accounts.frame)

    def abroad(self) -> list[dict[str, Any]]:
        """Accounts outside the USA by country, most first: what is said of them, rows, and sums of their measures."""
        frame, country = self.accounts.frame, self.countries
        codes = Counter(c for c in country.tolist() if c)
        return [
            {
                "country": code,
                "message": outside_usa(code),
                "rows": rows,
                "measures": {m: float(frame.loc[country == code, m].sum()) for m in self.accounts.measures},
            }
            for code, rows in sorted(codes.items(), key=lambda item: (-item[1], item[0]))
        ]

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


def inspect(
    data: bytes,
    filename: str,
    *,
    sheet: str | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> tuple[RawTable, ColumnMap]:
    """Read a file and guess its columns; nothing is taken in yet.

    Raises:
        InputError: if the file can't be used.
        StoppedError: if the person stopped it.
    """
    raw = read_table(data, filename, sheet=sheet, answers=answers, progress=progress)
    return raw, recognise(raw)


def intake(
    raw: RawTable,
    columns: ColumnMap,
    money: Mapping[str, str] | None = None,
    *,
    answers: Mapping[str, str] | None = None,
    refuse: Collection[str] = (),
    progress: Progress = UNWATCHED,
) -> Intake:
    """Clean, judge and locate every row.

    Args:
        raw: the file as text cells.
        columns: which column is what.
        money: measure -> currency code for measures whose cells name none.
        answers: to the questions of `terr.ingest.columns.questions`.
        refuse: repairs left out.
        progress: told the share done and the stage.

    Raises:
        InputError: if the columns can't be used.
        StoppedError: if the person stopped it.
    """
    taken = build_ledger(raw, columns, answers=answers, refuse=refuse, progress=progress.part(0.0, 0.7))
    frame, country = taken.frame, with_countries(taken.frame, taken.countries, answers or {})
    if (country != "").any():
        frame = frame.assign(**{COUNTRY: pd.Series(country, dtype="str")})
    frame = locate(frame, progress.part(0.7, 1.0))
    progress.tell(1.0, "every account is located")
    notes = tuple(str(n) for n in frame["locate_note"])
    frame = frame.drop(columns="locate_note")
    measures = tuple(taken.measures)
    if not measures:  # a list of names and places is planned by the number of accounts
        frame, measures = frame.assign(**{COUNT: 1.0}), (COUNT,)
    given = {m: c for m, c in (money or {}).items() if m in measures}
    accounts = Accounts(
        frame=frame,
        measures=measures,
        currency=tuple(sorted(({**given, **{m: c for m, c in taken.currency.items() if c}}).items())),
    )
    settled = mapped(columns, answers or {})
    given = dict(answers or {})
    return Intake(
        raw, settled, taken.ledger, accounts, notes, given, tuple(refuse), columns, taken.account_of, taken.kind
    )


def guess_money(columns: ColumnMap) -> dict[str, str]:
    """Measures that by their name are money, taken as US dollars until a cell or a person says otherwise."""
    return {m: "USD" for m in columns.measures if _MONEY.search(m)}


def roster_in(data: bytes, raw: RawTable) -> tuple[Rep, ...]:
    """Reps of a sheet named like a roster in the same workbook; () if there is none that can be read."""
    for sheet in raw.sheets:
        if sheet != raw.sheet and ROSTER.search(sheet):
            try:
                return read_reps(read_table(data, raw.filename, sheet=sheet), home_problem=home_problem)[0]
            except InputError:
                continue
    return ()


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
        "totals": {m: amounts(t) for m, t in ledger.totals.items()},
        "located": taken.located,
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


def amounts(total: MeasureTotals) -> dict[str, Any]:
    """What became of one measure, as JSON."""
    return {
        "total_in": total.total_in,
        "accepted": total.accepted,
        "excluded": total.excluded,
        "rejected": total.rejected,
        "currency": total.currency,
    }


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += " (2)"
    return name
