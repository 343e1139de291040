"""What is known of a data set and of a scenario, without their accounts and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class DatasetInfo:
    """One uploaded data set.

    Attributes:
        id: lower-case hexadecimal; key for `DataFiles.write_frame`.
        name: display name; filename: as uploaded, for display only.
        sha256: of the uploaded file; key for `DataFiles.read`.
        mapping: how its columns were read; summary: figures of the import (both JSON objects).
        created_at: UTC.
        owner: user who uploaded it, "" if it is everybody's.
    """

    id: str
    name: str
    sha256: str
    filename: str
    mapping: Mapping[str, Any]
    summary: Mapping[str, Any]
    created_at: datetime
    owner: str = ""


@dataclass(frozen=True)
class ScenarioInfo:
    """One scenario without its plan.

    Attributes:
        id: lower-case hexadecimal, random, safe in a URL.
        name: display name, 1 to 120 characters, need not be unique.
        dataset_id: "" if it has none.
        level, region, units_version, n_units: of the units it was made on.
        measure: the measure to balance; tolerance: allowed relative deviation (0.05 = 5%).
        settings: other choices (a JSON object).
        head: id of the edit the plan stands at, 0 = the empty plan.
        rev: number of edits, undos and redos so far.
        next_code: first territory code never used in this scenario.
        created_at, updated_at: UTC; deleted_at, archived_at: None unless deleted, archived.
        seq: number of changes beside the plan so far: comments, proposals, roles, exceptions, names ...
        origin_id, origin_edit: the scenario this one was copied from, "" if none, and the edit it stood at then.
    """

    id: str
    name: str
    dataset_id: str
    level: str
    region: tuple[str, ...]
    units_version: str
    n_units: int
    measure: str
    tolerance: float
    settings: Mapping[str, Any]
    head: int
    rev: int
    next_code: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    seq: int = 0
    archived_at: datetime | None = None
    origin_id: str = ""
    origin_edit: int = 0
