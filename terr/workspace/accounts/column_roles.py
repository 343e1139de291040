"""What each column of a file is, in the words a person chooses from; and the draft of a file with what they chose."""

from __future__ import annotations

from collections.abc import Sequence

from terr.errors import InputError
from terr.ingest import FIELDS, ColumnMap
from terr.ingest.cleaning.countries import country_column
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.accounts.upload import UploadDraft, with_columns

LABELS = {
    "account_id": "Account id",
    "name": "Name",
    "owner": "Owner",
    "zip": "ZIP",
    "city": "City",
    "state": "State",
    "county": "County",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "country": "Country",
    "place": "Address or point in one column",
}
MEASURE, MONEY, KEEP = "Measure (a number)", "Measure (US dollars)", "Keep as attribute"
ROLES = (KEEP, MEASURE, MONEY, *LABELS.values())


def roles_of(draft: UploadDraft) -> list[str]:
    """One of `ROLES` for each column, in the order of `draft.looks`."""
    role = {c: LABELS[f] for f, c in draft.columns.fields.items()}
    country = country_column(draft.raw, draft.columns)  # found by itself when no column is given
    if country is not None:
        role.setdefault(country, LABELS["country"])
    role |= {c: MONEY if draft.money.get(m) else MEASURE for m, c in draft.columns.measures.items()}
    return [role.get(str(c), KEEP) for c in draft.looks["column"]]


def with_roles(draft: UploadDraft, roles: Sequence[str], *, progress: Progress = UNWATCHED) -> UploadDraft:
    """The draft with one of `ROLES` for each column; a measure keeps the name and the currency it had.

    Raises:
        InputError: if two columns are given one role.
        StoppedError: if the person stopped it.
    """
    names = {c: m for m, c in draft.columns.measures.items()}
    field_of = {label: field for field, label in LABELS.items()}
    fields: dict[str, str] = {}
    measures: dict[str, str] = {}
    money: dict[str, str] = {}
    for column, role in zip((str(c) for c in draft.looks["column"]), roles, strict=True):
        if role in {MEASURE, MONEY}:
            name = names.get(column, column)
            measures[name] = column
            if role == MONEY:
                money[name] = draft.money.get(name, "") or "USD"
        elif role in field_of:
            if field_of[role] in fields:
                raise InputError(
                    f'both "{fields[field_of[role]]}" and "{column}" are marked as {role}; keep one and set the other '
                    f'to "{KEEP}"'
                )
            fields[field_of[role]] = column
    if "country" not in draft.columns.fields and fields.get("country") == country_column(draft.raw, draft.columns):
        fields.pop("country", None)
    columns = ColumnMap(
        fields={f: fields[f] for f in FIELDS if f in fields}, measures=measures, decimal=draft.columns.decimal
    )
    return with_columns(draft, columns, money, progress=progress)
