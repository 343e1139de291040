"""Accounts from a database of the company's own; where it is and who asks is told by the environment alone."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from terr.errors import RoleError
from terr.ingest import RawTable, read_table
from terr.model.progress import UNWATCHED, Progress
from terr.store.source import VARIABLE, check_query, read_query
from terr.workspace.access.roles import admins
from terr.workspace.accounts import upload
from terr.workspace.accounts.upload import UploadDraft
from terr.workspace.workspace import Workspace

PREFIX = "TERR_SOURCE_"
_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


def addresses(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Names of the variables that hold a database's address; never what they hold."""
    found = os.environ if environment is None else environment
    return tuple(sorted(n for n, v in found.items() if VARIABLE.fullmatch(n) and "://" in v))


def may_ask(ws: Workspace) -> bool:
    """Whether the person may ask databases: anybody on a laptop, administrators where people sign in."""
    return not ws.sign_in or ws.person.user_id in admins()


def parameters(query: str) -> dict[str, str]:
    """`:region` in a query -> the variable TERR_SOURCE_REGION, where its value comes from."""
    return {n: PREFIX + n.upper() for n in dict.fromkeys(_PARAMETER.findall(_QUOTED.sub(" ", query)))}


def table_of(variable: str, query: str, *, progress: Progress = UNWATCHED) -> tuple[bytes, RawTable]:
    """Rows of a query, as a Parquet file to be kept and as a table read from it.

    Args:
        variable: environment variable with the database's address.
        query: one SELECT.
        progress: follows it.

    Raises:
        InputError: a variable or query that can't be used, a database that refuses or takes too long, no rows.
        StoppedError: if the person stopped it.
    """
    check_query(query)
    raw = read_query(variable, query, parameters=parameters(query), progress=progress.part(0.0, 0.8))
    progress.tell(0.85, "saving the rows")
    data = _parquet(raw)
    return data, read_table(data, f"{variable}.parquet", progress=progress.part(0.85, 1.0))


def open_query(ws: Workspace, variable: str, query: str, *, progress: Progress = UNWATCHED) -> UploadDraft:
    """Rows of a query, on their way in like a file.

    Raises:
        RoleError: where people sign in, for all but administrators: the query is asked in the machine's name.
        InputError, StoppedError: as `table_of`.
    """
    if not may_ask(ws):
        raise RoleError("Only an administrator can query a database; ask one to import these accounts for you.")
    data, raw = table_of(variable, query, progress=progress.part(0.0, 0.7))
    source = {"variable": variable, "query": query}
    return upload.open_table(ws, data, raw, source, progress=progress.part(0.7, 1.0))


def _parquet(raw: RawTable) -> bytes:
    """The rows as a file; columns that were numbers stay numbers, so that no decimal mark is in doubt later."""
    out: dict[str, Any] = {}
    for column in raw.columns:
        cells = raw.rows[column]
        blank = (cells == "").to_numpy(dtype=np.bool_)
        typed = raw.numeric.get(column)
        out[column] = cells.mask(blank, None)
        if typed is None or not bool((typed | blank).all()):
            continue
        filled = cells[~blank]
        if bool(filled.str.fullmatch(r"-?\d{1,18}").all()):
            out[column] = pd.Series(
                pd.array([None if b else int(c) for c, b in zip(cells, blank, strict=True)], "Int64")
            )
        elif bool(filled.str.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d+)?").all()):
            out[column] = pd.Series([np.nan if b else float(c) for c, b in zip(cells, blank, strict=True)])
    buffer = io.BytesIO()
    pd.DataFrame(out).to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
