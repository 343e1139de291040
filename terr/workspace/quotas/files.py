"""Quotas as files: a workbook by rep and quarter, a CSV, and Salesforce's ForecastingQuota."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.people.quotas import in_periods, season_shares
from terr.report.quotas import quota_workbook
from terr.report.safe import safe_frame
from terr.workspace.quotas.basis import read_period
from terr.workspace.quotas.planning import QuotaVersion

_USER = re.compile(r"005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_QUARTERS = ("Q1", "Q2", "Q3", "Q4")


@dataclass(frozen=True)
class QuotaFile:
    """A file to download: its name, MIME type and bytes."""

    name: str
    mime: str
    data: bytes


def by_quarter(version: QuotaVersion, monthly: np.ndarray) -> tuple[pd.DataFrame, str]:
    """One row per territory with its quota by quarter, adding up to the cent, and a note on the season.

    A period that is no year stays whole.
    """
    period = read_period(version.period)
    whole = (period.last - period.first).days > 300
    shares, note = season_shares(monthly)
    quarters = shares.reshape(4, 3).sum(axis=1)
    rows = []
    for r in version.rows:
        parts = in_periods(r.quota, quarters) if whole and r.quota > 0 else ()
        rows.append((r.territory, r.rep, r.rep_id, *(parts or (0.0,) * 4 if whole else ()), r.quota))
    head = ["Territory", "Rep", "Rep ID", *(_QUARTERS if whole else ()), "Quota"]
    return pd.DataFrame(rows, columns=head), note


def quota_file(version: QuotaVersion, kind: str, monthly: np.ndarray, forecasting_type: str = "") -> QuotaFile:
    """One of the kinds "xlsx", "csv" and "salesforce".

    Args:
        version: with the rows the person may see.
        kind: of the file.
        monthly: revenue by month, for the season.
        forecasting_type: Salesforce's ForecastingTypeId, "" = to be filled in there.

    Raises:
        InputError: another kind; nothing to write; a rep without a Salesforce user id.
    """
    if not version.rows:
        raise InputError("there is no quota to write; accept or propose some first")
    frame, note = by_quarter(version, monthly)
    stem = f"quotas-{version.period.lower()}"
    if kind == "csv":
        return QuotaFile(f"{stem}.csv", "text/csv", safe_frame(frame).to_csv(index=False).encode())
    if kind == "xlsx":
        mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return QuotaFile(f"{stem}.xlsx", mime, quota_workbook(frame, f"{version.title} ({version.state})", note))
    if kind == "salesforce":
        return QuotaFile(
            f"{stem}-forecastingquota.csv", "text/csv", _salesforce(version, frame, forecasting_type.strip())
        )
    raise InputError(f'quotas can\'t be written as "{kind[:20]}"; choose xlsx, csv or salesforce')


def _salesforce(version: QuotaVersion, frame: pd.DataFrame, forecasting_type: str) -> bytes:
    """Rows of ForecastingQuota: one per rep and quarter, or per rep for a shorter period."""
    period = read_period(version.period)
    rows = []
    for record in frame.to_dict("records"):
        user = str(record["Rep ID"])
        if not _USER.fullmatch(user):
            who = record["Rep"] or record["Territory"]
            raise InputError(
                f"{who} has no Salesforce user ID (005 and 12 or 15 more letters and digits); use it as the ID "
                "in the roster"
            )
        if "Q1" in frame.columns:
            starts = [f"{period.first.year}-{3 * q + 1:02d}-01" for q in range(4)]
            rows += [
                (user, day, forecasting_type, f"{record[q]:.2f}") for q, day in zip(_QUARTERS, starts, strict=True)
            ]
        else:
            rows.append((user, period.first.isoformat(), forecasting_type, f"{record['Quota']:.2f}"))
    out = pd.DataFrame(rows, columns=["QuotaOwnerId", "StartDate", "ForecastingTypeId", "QuotaAmount"])
    return str(out.to_csv(index=False)).encode()
