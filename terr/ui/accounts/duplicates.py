"""Likely duplicates and families: evidence, effect on every total, one click each, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import and_list, count, markdown, short
from terr.workspace import Workspace
from terr.workspace.accounts import duplicates, merge_rules
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.accounts.duplicates import (
    COUNT_WORDS,
    HOW_WORDS,
    Count,
    DuplicateDecision,
    DuplicateReview,
    DuplicateSuggestion,
    Family,
    FamilyDecision,
    FamilyOverlap,
    How,
)

_PAGE = 10
_MERGED: tuple[How, ...] = ("keep", "sum", "max")


def duplicates_part(data: Dataset) -> None:
    """Suggestions with most money first; nothing changes without a click."""
    ws, sid = state.workspace(), data.info.id
    found = duplicates.ready(ws, sid)
    if found is None and not window_jobs.running("gate_twins"):
        window_jobs.quick(
            "gate_twins",
            lambda progress: duplicates.find_duplicates(ws, sid, progress=progress),
            lambda _: None,
        )
        found = duplicates.ready(ws, sid)
    if found is None:
        window_jobs.follow("gate_twins", stop="Cancel")
        return
    _totals(data)
    _duplicates(data, found)
    _families(data, found)
    _decided(data)


def _act(what: Callable[[], Any]) -> None:
    attempt(what)
    state.end_runs()  # it was of other accounts
    st.rerun()


def _money(data: Dataset, measure: str, value: float) -> str:
    return markdown(short(value, dict(data.originals.currency).get(measure, "")))


def _change(data: Dataset, measure: str, value: float) -> str:
    if abs(value) < 1e-9:
        return f"{markdown(measure)} unchanged"
    return f"{markdown(measure)} {_sign(data, measure, value)}"


def _sign(data: Dataset, measure: str, value: float) -> str:
    return f"{'−' if value < 0 else '+'}{_money(data, measure, abs(value))}"


def _totals(data: Dataset) -> None:
    told = [
        f"{markdown(m)}: {_money(data, m, was)} → **{_money(data, m, now)}** ({_sign(data, m, now - was)})"
        for m, (was, now) in duplicates.totals(data).items()
        if was != now
    ]
    if told:
        st.markdown(
            f"With your decisions: {len(data.originals):,} → **{len(data.accounts):,}** accounts · {' · '.join(told)}"
        )


def _duplicates(data: Dataset, found: DuplicateReview) -> None:
    left = duplicates.open_groups(found, data.info)
    st.markdown(f"**Likely duplicates ({len(left):,})**")
    if not left:
        st.caption("All decided." if found.duplicates else "No likely duplicates.")
    more = state.get("twins_more", 0)
    for one in left[: _PAGE * (1 + more)]:
        _group(data, one)
    if len(left) > _PAGE * (1 + more) and st.button(
        f"Show more ({len(left) - _PAGE * (1 + more):,})", key="twins_more_go"
    ):
        state.put("twins_more", more + 1)
        st.rerun()
    if found.elsewhere:
        with st.expander(
            f"Same name in several locations ({len(found.elsewhere):,}); usually branches, not duplicates"
        ):
            st.dataframe(
                pd.DataFrame(
                    {
                        "Name": [s.name for s in found.elsewhere[:500]],
                        "Accounts": [len(s.accounts) for s in found.elsewhere[:500]],
                        "IDs": [", ".join(s.accounts[:6]) for s in found.elsewhere[:500]],
                        "Owners": [", ".join(s.owners[:6]) for s in found.elsewhere[:500]],
                    }
                ),
                hide_index=True,
                width="stretch",
                key="terr_elsewhere",
            )


def _group(data: Dataset, one: DuplicateSuggestion) -> None:
    with st.container(border=True):
        owners = f" · owners {markdown(and_list(list(one.owners), 3))}" if len(one.owners) > 1 else ""
        st.markdown(
            f"**{markdown(one.name)}** · {count(len(one.accounts), 'account')} · {one.score:.0f}% alike{owners}"
        )
        st.dataframe(_members(data, one.accounts), hide_index=True, width="stretch", key=f"terr_twin_{one.key}")
        told = [f"{e.first} and {e.second}: {e}" for e in one.evidence[:3]]
        st.caption(markdown("Why: " + "; ".join(told)) + ".")
        a, b, c, d = st.columns([1.3, 2.4, 0.8, 1.1], vertical_alignment="bottom")
        keep = a.selectbox(
            "Keep",
            one.accounts,
            index=one.accounts.index(one.keep),
            key=f"terr_stays_{one.key}",
            help="The account to keep, with its name and address. Terr suggests the most complete one.",
        )
        effects = {h: _effects(data, one, h, str(keep)) for h in _MERGED}
        how: How = b.selectbox(
            "Amounts", _MERGED, format_func=lambda h: f"{effects[h]}: {HOW_WORDS[h]}", key=f"terr_how_{one.key}"
        )
        ws, sid = state.workspace(), data.info.id
        if c.button("Merge", key=f"merge_{one.key}", type="primary", icon=":material/merge:", width="stretch"):
            _act(lambda: duplicates.decide(ws, sid, one.decide(how, str(keep))))
        if d.button("Not duplicates", key=f"apart_{one.key}", width="stretch"):
            _act(lambda: duplicates.decide(ws, sid, one.decide("apart")))


def _effects(data: Dataset, one: DuplicateSuggestion, how: How, keep: str) -> str:
    """What a merge does to every total."""
    out = []
    for e in one.effects:
        after = {"keep": _own(data, keep, e.measure), "sum": e.sum, "max": e.max}[how]
        out.append(_change(data, e.measure, after - e.now).replace("\\", ""))
    return ", ".join(out) or "one account"


def _own(data: Dataset, account: str, measure: str) -> float:
    frame = data.originals.frame
    value = float(frame.loc[frame["account_id"] == account, measure].iloc[0])
    return 0.0 if np.isnan(value) else value


def _members(data: Dataset, accounts: tuple[str, ...]) -> pd.DataFrame:
    frame = data.originals.frame
    mine = frame[frame["account_id"].isin(accounts)].head(50)
    out = mine[["source_row", "account_id", "name", "zip", "city", "state", "owner"]].set_axis(
        ["Row", "Id", "Name", "ZIP", "City", "State", "Owner"], axis=1
    )
    money = dict(data.originals.currency)
    for m in data.originals.measures:
        out[f"{m} " if m in out.columns else m] = [short(v, money.get(m, "")) for v in mine[m].tolist()]
    return out


def _families(data: Dataset, found: DuplicateReview) -> None:
    left = duplicates.open_families(found, data.info)
    st.markdown(f"**Parent accounts that may count their children twice ({len(left):,})**")
    if not found.parent_column:
        st.caption("No column names a parent account, so Terr can't check for amounts counted twice.")
        return
    for remark in found.remarks:
        st.caption(markdown(remark) + ".")
    if not left:
        st.caption("All decided." if found.families else "No parent's amount includes its children's.")
    for one in left[:_PAGE]:
        _family(data, one)
    if len(left) > _PAGE:
        st.caption(f"and {len(left) - _PAGE:,} more after these")


def _family(data: Dataset, one: Family) -> None:
    with st.container(border=True):
        sure = "equals its children's total" if one.certain else "may include its children's amounts"
        st.markdown(f"**{markdown(one.name)}** and {count(len(one.children), 'child', 'children')}: {sure}")
        st.caption(" · ".join(_overlap(data, o) for o in one.overlaps))
        a, b = st.columns([4, 1.2], vertical_alignment="bottom")
        how: Count = a.selectbox(
            "Count",
            list(COUNT_WORDS),
            key=f"terr_count_{one.parent}",
            format_func=lambda c: _counted(data, one, c),
        )
        ws, sid = state.workspace(), data.info.id
        label = "Keep as it is" if how == "both" else "Count once"
        if b.button(label, key=f"count_{one.parent}", type="primary", width="stretch"):
            _act(lambda: duplicates.count_family(ws, sid, one.decide(how)))


def _overlap(data: Dataset, o: FamilyOverlap) -> str:
    mine, theirs = _money(data, o.measure, o.parent), _money(data, o.measure, o.children)
    return f"{markdown(o.measure)}: parent {mine}, children together {theirs}"


def _counted(data: Dataset, one: Family, how: Count) -> str:
    effects = []
    for o in one.overlaps:
        change = {"parent": o.if_parent, "children": o.if_children, "rest": o.if_rest, "both": 0.0}[how]
        effects.append(_change(data, o.measure, change).replace("\\", ""))
    return f"{', '.join(effects)}: {COUNT_WORDS[how]}"


def _decided(data: Dataset) -> None:
    merges, kin = merge_rules.merges_in(data.info.mapping), merge_rules.families_in(data.info.mapping)
    if not merges and not kin:
        return
    with st.expander(f"Decided ({len(merges) + len(kin):,}); undo any of them", expanded=True):
        ws, sid = state.workspace(), data.info.id
        for at, one in enumerate(reversed(merges)):
            _line(_merge_words(one), f"unmerge_{at}", _undo_merge, ws, sid, one)
        for at, family in enumerate(reversed(kin)):
            _line(_family_words(data, family), f"uncount_{at}", _undo_family, ws, sid, family)


def _line(text: str, key: str, undo: Callable[[Workspace, str, Any], None], ws: Workspace, sid: str, one: Any) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.markdown(text)
    if right.button("Undo", key=key, icon=":material/undo:", width="stretch"):
        _act(lambda: undo(ws, sid, one))


def _undo_merge(ws: Workspace, dataset_id: str, one: DuplicateDecision) -> None:
    duplicates.undecide(ws, dataset_id, one.accounts)


def _undo_family(ws: Workspace, dataset_id: str, one: FamilyDecision) -> None:
    duplicates.uncount_family(ws, dataset_id, one.parent)


def _merge_words(one: DuplicateDecision) -> str:
    ids = markdown(and_list(list(one.accounts), 4))
    if one.how == "apart":
        return f":material/call_split: {ids}: {HOW_WORDS['apart']}"
    return f":material/merge: {ids} → **{markdown(one.keep)}** with {HOW_WORDS[one.how]}"


def _family_words(data: Dataset, one: FamilyDecision) -> str:
    frame = data.originals.frame
    name = frame.loc[frame["account_id"] == one.parent, "name"]
    who = str(name.iloc[0]) if len(name) else one.parent
    return f":material/family_history: {markdown(who)}: {COUNT_WORDS[one.count]} ({markdown(', '.join(one.measures))})"
