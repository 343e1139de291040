"""What `terr check` says of a file, as JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd

from terr.workspace.accounts.intake import Intake, amounts


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
        "measures": {m: amounts(t) for m, t in ledger.totals.items()},
        "located": taken.located,
        "issues": _plain(ledger.issues) + _lost(taken),
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
