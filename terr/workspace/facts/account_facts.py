"""What facts say of one account, in the lines of its card: latest order, open deals, stage, buyer, contract."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from terr.ingest.columns.words import compact
from terr.ingest.facts.fact_rows import OPEN
from terr.view.text import and_list, count, date_text, short
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import FactSet

_BUYERS = frozenset(
    "buyer contact contactname primarycontact primarycontactname decisionmaker economicbuyer customercontact billto"
    " purchasingcontact contactfullname associatedcontact ansprechpartner".split()
)
"""Headers of columns that name who buys."""


def account_facts(facts: FactSet, at: int) -> list[tuple[str, str]]:
    """Title and text of what is known of an account, blank lines left out.

    Args:
        facts: of the data set.
        at: position of the account.
    """
    out: list[tuple[str, str]] = []
    kinds = facts.by_kind
    buyer = ""
    if (joined := kinds.get("orders")) is not None:
        mine = _mine(joined, at)
        if len(mine):
            out.append(("Latest order", _latest(joined, mine)))
            buyer = _buyer(joined, mine)
    if (joined := kinds.get("opportunities")) is not None:
        mine = _mine(joined, at)
        mine = mine[(joined.facts.frame["status"].iloc[mine] == OPEN).to_numpy()]
        out += _deals(joined, mine)
        buyer = (_buyer(joined, mine) if len(mine) else "") or buyer
    if buyer:
        out.append(("Buyer", buyer))
    if (joined := kinds.get("activities")) is not None:
        mine = _mine(joined, at)
        if len(mine):
            last = mine[-1]
            frame = joined.facts.frame
            kind = str(frame["type"].iloc[last]) if "type" in frame else ""
            out.append(("Latest activity", and_list([t for t in (kind, _day(joined.days()[last])) if t])))
    if (joined := kinds.get("contracts")) is not None:
        mine = _mine(joined, at)
        if len(mine):
            end = _day(joined.days("end")[mine[-1]])
            worth = short(float(joined.amounts[mine[-1]]), joined.facts.currency)
            out.append(("Latest contract", f"{worth} a year" + (f", until {end}" if end else "")))
    return [(title, text) for title, text in out if text]


def _mine(joined: JoinedFacts, at: int) -> np.ndarray:
    """Positions of an account's facts with a day, the newest last."""
    rows, days = np.flatnonzero(joined.account == at), joined.days()
    rows = rows[~np.isnat(days[rows])]
    return np.asarray(rows[np.argsort(days[rows], kind="stable")])


def _latest(joined: JoinedFacts, mine: np.ndarray) -> str:
    """Day and amount of the newest order; its lines are added up."""
    frame, last = joined.facts.frame, mine[-1]
    lines = mine[-1:]
    if "id" in frame and frame["id"].iloc[last] != "":
        lines = mine[(frame["id"].iloc[mine] == frame["id"].iloc[last]).to_numpy()]
    worth = short(float(joined.amounts[lines].sum()), joined.facts.currency)
    return f"{_day(joined.days()[last])}, {worth}"


def _deals(joined: JoinedFacts, mine: np.ndarray) -> list[tuple[str, str]]:
    """How many deals are open and for how much, and the stage of the largest."""
    if not len(mine):
        return []
    amounts, frame = joined.amounts, joined.facts.frame
    out = [
        ("Open deals", f"{count(len(mine), 'deal')}, {short(float(amounts[mine].sum()), joined.facts.currency)}"),
    ]
    if "stage" in frame:
        largest = mine[int(np.argmax(amounts[mine]))]
        due = _day(joined.days("closed")[largest])
        stage = str(frame["stage"].iloc[largest])
        out.append(("Stage", f"{stage}, expected {due}" if due and stage else stage))
    return out


def _buyer(joined: JoinedFacts, mine: np.ndarray) -> str:
    frame = joined.facts.frame
    column = next((c for c in frame.columns if compact(str(c)) in _BUYERS), None)
    if column is None:
        return ""
    named = [str(v).strip() for v in frame[column].iloc[mine] if str(v).strip()]
    return named[-1] if named else ""


def buyers_of(facts: FactSet, n: int) -> np.ndarray:
    """object (n,), who buys at each account as its newest order or deal names them, "" where none does."""
    out = np.full(n, "", dtype=object)
    for kind in ("orders", "opportunities"):
        joined = facts.by_kind.get(kind)
        column = "" if joined is None else next((c for c in joined.facts.frame if compact(str(c)) in _BUYERS), "")
        if joined is None or not column:
            continue
        names = joined.facts.frame[column].astype(str).str.strip().to_numpy(dtype=object)
        use = np.flatnonzero((joined.account >= 0) & (names != "") & ~np.isnat(joined.days()))
        order = use[np.argsort(joined.days()[use], kind="stable")]
        out[joined.account[order]] = names[order]  # the newest is written last
    return out


def _day(day: np.datetime64) -> str:
    if np.isnat(day):
        return ""
    found: date = pd.Timestamp(day).date()
    return date_text(found)
