"""Next quarter's extract of the same accounts: what happened, keep or drop, and plans moved over and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.view.text import count, distinct, markdown, sentence, short
from terr.workspace.accounts import dataset, next_extract, upload
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.reports.downloads import CSV, safe_csv
from terr.workspace.scenarios.drift import drift


def next_extract_part(data: Dataset, measure: str) -> None:
    """The tab: a file in, the comparison, earlier extracts, plans."""
    ws, sid = state.workspace(), data.info.id
    st.markdown("**Update these accounts with new data**")
    given = st.file_uploader(
        f"A newer export of {markdown(data.info.filename)}",
        type=None,
        key=f"terr_next_{state.get('next_round', 0)}",
        help="Terr first compares it account by account; nothing changes until you save.",
    )
    if given is not None and state.get("next_id") != given.file_id:
        state.put("next_id", given.file_id)
        state.drop("pending_roles", "next_found")
        content, name = given.getvalue(), given.name
        window_jobs.quick(
            "gate_next",
            lambda progress: upload.open_file(ws, content, name, progress=progress),
            lambda d: _opened(sid, d),
        )
        st.rerun()
    window_jobs.follow("gate_next", lambda d: _opened(sid, d), stop="Cancel")
    _lineage(data, measure)
    _ways_back(data)


def _opened(dataset_id: str, draft: upload.UploadDraft) -> None:
    state.put("pending", draft)
    state.put("next_of", dataset_id)
    state.put("next_round", state.get("next_round", 0) + 1)


def pending_comparison() -> next_extract.NextExtract | None:
    """A comparison that waits for keep or drop."""
    return state.get("next_found")  # type: ignore[no-any-return]


def decide(measure_of: Callable[[dataset.Intake], str]) -> None:
    """What happened from the last extract to this one, and the two buttons."""
    one = pending_comparison()
    if one is None:
        return
    ws = state.workspace()
    name = dataset.name_of(ws, one.of)
    st.subheader(f"From {markdown(name)} to {markdown(one.taken.raw.filename)}")
    _compared(one.reload, measure_of(one.taken), dict(one.taken.accounts.currency), "next")
    row = st.container(horizontal=True)
    if row.button("Save as the new version", type="primary", key="keep_next", icon=":material/check:"):
        window_jobs.quick(
            "gate_keep", lambda progress: next_extract.save_next_extract(ws, one, progress=progress), _kept
        )
        st.rerun()
    if row.button("Cancel", key="drop_next"):
        state.drop("next_found")
        st.rerun()
    window_jobs.follow("gate_keep", _kept)


def _kept(data: Dataset) -> None:
    state.drop("next_found")
    state.put("dataset", data.info.id)  # the open plan stays open, with the accounts it has
    state.say("Saved as the new version. Plans keep their accounts until you move them; how far each drifted is below.")


def _compared(reload: next_extract.Reload, measure: str, currency: dict[str, str], key: str) -> None:
    st.markdown(f"#### {markdown(reload.sentence())}")
    if reload.unclear:
        st.caption(f"{count(reload.unclear, 'row')} share an ID with other rows; they are counted as removed and new.")
    flows = next_extract.flows_table(reload)
    if len(flows):
        shown = flows.astype(object)
        for k, m in enumerate(flows["Measure"]):
            for c in flows.columns[1:]:
                shown.loc[k, c] = short(float(flows[c].iloc[k]), currency.get(m, ""))
        st.markdown("**Before + new + removed + increases + decreases = now**")
        st.dataframe(shown, hide_index=True, width="stretch", key=f"terr_flows_{key}")
    for which, names in (("Only before", reload.only_before), ("Only now", reload.only_after)):
        if names:
            st.caption(f"{which}: {markdown(', '.join(names))}")
    kinds = [k for k in next_extract.KINDS if reload.count(k)]
    if not kinds:
        return
    kind = st.segmented_control(
        "Accounts that are",
        kinds,
        default=kinds[0],
        required=True,
        key=f"terr_kind_{key}",
        format_func=lambda k: f"{next_extract.KINDS[k]} ({reload.count(k):,})",
    )
    table = next_extract.changed(reload, str(kind), measure)
    if reload.count(str(kind)) > len(table):
        st.caption(f"Showing the {len(table):,} largest; download the file for all.")
    st.dataframe(_worded(table, currency.get(measure, "")), hide_index=True, width="stretch", key=f"terr_moves_{key}")
    st.download_button(
        "Download all (CSV)",
        lambda: safe_csv(next_extract.changed(reload, str(kind), measure, None)),
        f"{str(kind).replace(' ', '-')}.csv",
        CSV,
        icon=":material/download:",
        on_click="ignore",
        key=f"moves_csv_{key}",
    )


def _worded(table: pd.DataFrame, currency: str) -> pd.DataFrame:
    out = table.copy()
    for c in out.columns:
        if pd.api.types.is_float_dtype(out[c]):
            out[c] = [short(float(v), currency) for v in table[c]]
    return out


def _lineage(data: Dataset, measure: str) -> None:
    ws, sid = state.workspace(), data.info.id
    line = next_extract.lineage(ws, sid)
    if len(line) < 2:
        return
    st.markdown(f"**Versions of these accounts ({len(line):,})**")
    others = [i for i in reversed(line) if i.id != sid]
    names = distinct(
        {i.id: f"{i.name} · {local(i.created_at)} · {i.summary['rows_accepted']:,} accounts" for i in others}
    )
    picked = st.selectbox(
        "Compare with",
        list(names),
        index=None,
        format_func=lambda i: names[i],
        key=f"terr_compare_{sid}",
        placeholder="Choose an earlier or later version",
    )
    if picked is None:
        return
    first, second = sorted((sid, str(picked)), key=[i.id for i in line].index)
    compared = attempt(lambda: next_extract.between(ws, first, second))
    if compared is None:
        state.show_said()
        return
    _compared(compared, measure, dict(data.originals.currency), "line")


def drifted_plans(data: Dataset) -> None:
    """Plans with another version of these accounts: what this one would change about each, and the way over."""
    ws, sid = state.workspace(), data.info.id
    others = next_extract.plans_of(ws, sid)
    if others:
        st.markdown(f"**Plans on another version ({len(others):,}), and how they drift with this one**")
    for one in others:
        text, button = st.columns([4, 1.4], vertical_alignment="center")
        text.markdown(f"**{markdown(one.info.name)}** · uses {markdown(one.dataset)}")
        text.caption(markdown(one.why_not or _drift(one.info, sid)))
        if button.button(
            "Move to this version",
            key=f"move_{one.info.id}",
            width="stretch",
            disabled=bool(one.why_not),
            help="Territories, edits and undo stay; all amounts come from this version.",
        ):
            _move(one.info.id, one.info.dataset_id, sid, "now uses this version; its history is unchanged")


def _drift(info: ScenarioInfo, dataset_id: str) -> str:
    try:
        return drift(state.workspace(), info, dataset_id).sentence + "."
    except TerrError as error:
        return sentence(str(error))


def _ways_back(data: Dataset) -> None:
    ws, sid = state.workspace(), data.info.id
    for info, last in next_extract.movable_back(ws, sid):
        text, button = st.columns([4, 1.4], vertical_alignment="center")
        text.markdown(f"{markdown(info.name)} · used {markdown(last.name)} before")
        if button.button("Move back", key=f"back_{info.id}", width="stretch", icon=":material/undo:"):
            _move(info.id, sid, last.id, "uses its earlier version again")


def _move(scenario_id: str, expected: str, dataset_id: str, said: str) -> None:
    ws = state.workspace()
    done: Any = attempt(lambda: next_extract.move(ws, scenario_id, expected, dataset_id))
    if done is not None:
        books = done.settings.get(next_extract.CARRIED) or ""
        state.say(f"“{done.name}” {said}. {books}".rstrip())
    if state.get("scenario") == scenario_id:
        state.open_scenario(scenario_id)  # it stays open, with its other accounts
    state.put("dataset", dataset_id)
    st.rerun()
