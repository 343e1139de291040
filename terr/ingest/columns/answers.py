"""A person's answers to the questions of `terr.ingest.columns.questions`, as plain words, put to use."""

from __future__ import annotations

from collections.abc import Mapping

from terr.ingest.columns.columns import ColumnMap

ALL = "all"
NEITHER = "neither"
BESIDE = " | "
"""Between the columns in the key of a question about several."""


def mapped(cmap: ColumnMap, answers: Mapping[str, str]) -> ColumnMap:
    """The columns after the answers about which of several is the measure, and whether figures are ZIPs."""
    fields, measures = dict(cmap.fields), dict(cmap.measures)
    for key, answer in answers.items():
        if key.startswith("measure:") and answer != ALL and answer in measures.values():
            among = key.removeprefix("measure:").split(BESIDE)
            measures = {m: c for m, c in measures.items() if c == answer or c not in among}
        if not key.startswith("zip:"):
            continue
        column = key.removeprefix("zip:")
        if answer == "zip" and "zip" not in fields and column not in fields.values():
            fields["zip"] = column
            measures = {m: c for m, c in measures.items() if c != column}
        elif answer == NEITHER:
            measures = {m: c for m, c in measures.items() if c != column}
    return ColumnMap(fields, measures, cmap.decimal)


def decimal_of(cmap: ColumnMap, column: str, answers: Mapping[str, str]) -> str:
    """The decimal mark of a column: answered, given for all, or "auto"."""
    answer = answers.get(f"decimal:{column}")
    return answer if answer in {".", ","} else cmap.decimal
