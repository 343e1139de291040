"""What `terr check` says of a file, as JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd

from terr.locate.placing import PlacedAccounts
from terr.workspace.accounts.intake import Intake, amounts


def check_report(taken: Intake, found: PlacedAccounts | None = None) -> dict[str, Any]:
    """The JSON of `terr check`, as docs/interface.md promises.

    Args:
        taken: the file.
        found: where the accounts lie on boundaries of one's own; what the maps of the USA say is then left out.
    """
    raw, ledger = taken.raw, taken.ledger
    abroad = taken.abroad() if found is None else _mismatched(taken, found)
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
        "measures": {m: amounts(t) for m, t in ledger.totals.items()},
        "located": taken.located,
        **({"abroad": abroad} if abroad else {}),
        "issues": _plain(ledger.issues) + _lost(taken, found),
    }


def _mismatched(taken: Intake, found: PlacedAccounts) -> list[dict[str, Any]]:
    """Accounts in no area of one's own whose rows name a country, by country: what is said, rows and sums."""
    frame, country = taken.accounts.frame, taken.countries
    lost = (found.codes < 0) & (country != "")
    out = []
    for code in sorted(set(country[lost].tolist())):
        at = lost & (country == code)
        said = pd.Series(found.note[at], dtype=object).value_counts().index[0]
        sums = {m: float(frame.loc[at, m].sum()) for m in taken.accounts.measures}
        out.append({"country": code, "message": str(said), "rows": int(at.sum()), "measures": sums})
    return sorted(out, key=lambda one: (-one["rows"], one["country"]))


def _plain(issues: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["row", "column", "value", "code", "message", "fate"]
    return [
        {**{c: str(r[c]) for c in columns}, "row": int(r["row"])} for r in issues[columns].to_dict(orient="records")
    ]


def _lost(taken: Intake, found: PlacedAccounts | None) -> list[dict[str, Any]]:
    frame = taken.accounts.frame
    lost = (frame["located_by"] == "unlocated").tolist() if found is None else (found.codes < 0).tolist()
    notes = taken.notes if found is None else found.note.tolist()
    out = []
    for row, nowhere, note in zip(frame["source_row"], lost, notes, strict=True):
        if nowhere or note:
            code = "unlocated" if nowhere else "located_with_note"
            out.append({"row": int(row), "column": "", "value": "", "code": code, "message": note, "fate": "accepted"})
    return out
