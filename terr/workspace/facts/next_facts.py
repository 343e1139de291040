"""The next extract of facts: by their ids, what is new, gone, changed or open again; then added, or put in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.facts.fact_rows import OPEN, FactRows, main_date

ADD, REPLACE = "add", "replace"
"""New ids are added and known ones updated; or only the new file counts."""
_SEEN = "\x1f"


@dataclass(frozen=True, eq=False)
class FactsChange:
    """What happened from one extract of facts to the next.

    Attributes:
        new, gone, changed, same: how many ids; rows, where there are no ids.
        money: "new", "gone" and "changed" (after - before), so that before + new - gone + changed = after.
        reopened: ids of deals that were won or lost, and are open again.
        older: how many days the newest fact is older than that of the extract before; 0 if it isn't.
        other_ids: no id of the files is the same, though they are about the same months: the column of ids may differ.
        by_id: whether facts are told by ids.
        columns: column of the ids before and now.
    """

    new: int
    gone: int
    changed: int
    same: int
    money: Mapping[str, float]
    reopened: tuple[str, ...]
    older: int
    other_ids: bool
    by_id: bool
    columns: tuple[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "money", MappingProxyType(dict(self.money)))

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before this extract counts, in sentences."""
        out = []
        if self.older:
            out.append(
                f"This file ends {self.older:,} day{'s' * (self.older != 1)} before the facts that are here already. "
                "Check that it is the newest extract."
            )
        if self.other_ids:
            before, now = self.columns
            where = f"the IDs are in “{now}” now and were in “{before}”" if before != now else f"in the column “{now}”"
            out.append(
                f"No ID of this file is among those that are here already, though both cover the same months: {where}. "
                "Choose the right ID column, or replace the facts; added, the same sales would count twice."
            )
        if self.reopened:
            some = ", ".join(self.reopened[:5]) + (" …" if len(self.reopened) > 5 else "")
            n = len(self.reopened)
            out.append(
                f"{n:,} deal{'s were' if n != 1 else ' was'} won or lost before and {'are' if n != 1 else 'is'} open "
                f"again: {some}. {'They count' if n != 1 else 'It counts'} as open pipeline now."
            )
        return tuple(out)


def compare_facts(old: FactRows, new: FactRows) -> FactsChange:
    """Compare two extracts of one kind, id by id; several rows of an id, such as order lines, are compared together.

    Raises:
        InputError: if they are of two kinds.
    """
    if old.kind != new.kind:
        raise InputError(f"{new.kind} can't follow {old.kind}; import them as facts of their own")
    by_id = _has_ids(old) and _has_ids(new)
    shared = [c for c in old.frame.columns if c in new.frame.columns and c != "source_row"]
    before, after = (_by_key(f, shared, by_id) for f in (old, new))
    kept = before.index.intersection(after.index)
    both = pd.concat([before.loc[kept].add_suffix(" before"), after.loc[kept].add_suffix(" now")], axis=1)
    differs = (both["mark before"] != both["mark now"]).to_numpy()
    gone, came = before.index.difference(after.index), after.index.difference(before.index)
    reopened = both.index[((both["open before"] == 0) & (both["open now"] > 0)).to_numpy()] if by_id else []
    last_old, last_new = _last_day(old), _last_day(new)
    older = int((last_old - last_new).astype(int)) if last_old is not None and last_new is not None else 0
    months = [set(f.frame[main_date(f.kind)].dropna().dt.strftime("%Y-%m")) for f in (old, new)]
    return FactsChange(
        len(came),
        len(gone),
        int(differs.sum()),
        int((~differs).sum()),
        {
            "new": float(after.loc[came, "amount"].sum()),
            "gone": float(before.loc[gone, "amount"].sum()),
            "changed": float((both["amount now"] - both["amount before"]).sum()),
        },
        tuple(str(k) for k in reopened),
        max(older, 0),
        bool(by_id and len(both) == 0 and len(before) and months[0] & months[1]),
        by_id,
        (old.fields.get("id", ""), new.fields.get("id", "")),
    )


def combined(old: FactRows, new: FactRows, how: str) -> FactRows:
    """The facts after an extract: rows and money in of both files = accepted + excluded + rejected.

    Args:
        old: the facts before.
        new: the extract.
        how: `ADD`: rows of ids that come again are left out of the old ones; `REPLACE`: the old ones no longer count.
    """
    if how == REPLACE:
        return new
    if how != ADD:
        raise InputError("facts are added or replaced")
    if _has_ids(old) and _has_ids(new):
        again = old.frame["id"].isin(set(new.frame["id"])).to_numpy() & (old.frame["id"] != "").to_numpy()
    else:
        shared = [c for c in old.frame.columns if c in new.frame.columns and c != "source_row"]
        again = _row_marks(old.frame, shared).isin(set(_row_marks(new.frame, shared))).to_numpy()
    amounts = old.frame["amount"].fillna(0.0).to_numpy() if "amount" in old.frame else np.zeros(len(again))
    fates = old.fates.astype(object)
    fates[np.flatnonzero(old.fates == "accepted")[again]] = "excluded"
    frame = pd.concat([old.frame[~again], new.frame], ignore_index=True)
    for column in frame.columns:  # what one of the files hasn't is blank there
        if frame[column].dtype.kind not in "fiM":
            frame[column] = frame[column].fillna("")
    lost = float(amounts[again].sum())
    return replace(
        new,
        frame=frame,
        fates=np.concatenate([fates, new.fates]).astype(str),
        money={
            "in": old.money["in"] + new.money["in"],
            "excluded": old.money["excluded"] + new.money["excluded"] + lost,
            "rejected": old.money["rejected"] + new.money["rejected"],
        },
        currency=new.currency or old.currency,
    )


def _has_ids(facts: FactRows) -> bool:
    return "id" in facts.frame and bool((facts.frame["id"] != "").any())


def _last_day(facts: FactRows) -> np.datetime64 | None:
    name = main_date(facts.kind)
    frame = facts.frame
    if facts.kind == "opportunities" and "created" in frame:
        name = "created"  # an open deal's close date is a guess
    days = frame[name].dropna() if name in frame else pd.Series(dtype="datetime64[s]")
    return np.datetime64(days.max().date()) if len(days) else None


def _row_marks(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """One whole number per row, equal for equal rows."""
    plain = pd.DataFrame({c: frame[c].astype("str") for c in columns})
    return pd.Series(pd.util.hash_pandas_object(plain, index=False).to_numpy(), index=frame.index)


def _by_key(facts: FactRows, columns: list[str], by_id: bool) -> pd.DataFrame:
    """Per id (or row): its amount, a mark of its contents, and how many of its rows are open deals."""
    frame = facts.frame
    marks = _row_marks(frame, columns)
    key: pd.Series | NDArray[np.object_]
    if by_id:
        key = frame["id"].where(frame["id"] != "", _SEEN + marks.astype("str"))
    else:
        key = (marks.astype("str") + _SEEN + marks.groupby(marks).cumcount().astype("str")).to_numpy(dtype=object)
    amount = frame["amount"].fillna(0.0) if "amount" in frame else pd.Series(0.0, index=frame.index)
    opened = (frame["status"] == OPEN).astype(int) if "status" in frame else pd.Series(0, index=frame.index)
    table = pd.DataFrame(
        {
            "key": pd.Series(key, index=frame.index, dtype="str"),
            "amount": amount,
            "mark": marks % (1 << 52),
            "open": opened,
        }
    )
    return table.groupby("key").sum()
