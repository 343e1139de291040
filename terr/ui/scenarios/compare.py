"""Two or more plans compared: maps that move together, metrics, who gains and loses, and the ledger of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from terr.model.progress import Progress
from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.scenarios import change_ledger, fairness, maps, worth
from terr.ui.scenarios.tree import COMPARE_WITH
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.text import distinct, markdown
from terr.workspace.access import distances
from terr.workspace.accounts.dataset import dataset, name_of
from terr.workspace.scenarios import change_ledger as change_ledger_rows
from terr.workspace.scenarios import comparison_tables, tree
from terr.workspace.scenarios.change_ledger import NOBODY, NOWHERE
from terr.workspace.scenarios.comparison import (
    PlanComparison,
    PlanPoint,
    compare,
    disruption_line,
    matching_line,
    measures_shown,
)
from terr.workspace.scenarios.key_figures import deviation_text, key_figures, shown_in
from terr.workspace.workspace import Workspace

_MOST = 5


@guarded
def show_comparison() -> None:
    """Choose plans, then what two of them differ in."""
    points = _points()
    if len(points) < 2:
        st.info(
            "There is only one plan for these accounts. Copy it or save a version under Plans or History, change one "
            "of them, and compare the two here.",
            icon=":material/difference:",
        )
        return
    names = list(points)
    open_one, asked = f"{state.scenario_id()}:", str(state.get(COMPARE_WITH, ""))
    first = next((k for k in (asked, open_one) if k in points), names[0])
    second = open_one if open_one in points and open_one != first else ""
    second = second or tree.grown_from(state.workspace(), first, points)
    picked = st.multiselect(
        "Plans and versions to compare",
        names,
        default=[second, first],
        format_func=lambda k: points[k].name,
        max_selections=_MOST,
        key=f"terr_compared_{len(names)}_{open_one}_{asked}",
        placeholder="Choose two or more",
    )
    if len(picked) < 2:
        st.info("Choose two or more plans or versions.", icon=":material/difference:")
        return
    chosen = {k: points[k] for k in picked}
    a, b = (chosen[k] for k in picked[:2])
    if len(picked) > 2:
        left, right = st.columns(2)
        a = chosen[str(left.selectbox("From", picked, 0, format_func=lambda k: points[k].name, key="terr_pair_a"))]
        rest = [k for k in picked if chosen[k] != a]
        b = chosen[str(right.selectbox("To", rest, 0, format_func=lambda k: points[k].name, key="terr_pair_b"))]
    _pair(a, b, chosen)


def _points() -> dict[str, PlanPoint]:
    """Plans and versions of one data set: the open plan's, else that of the plan worked on last."""
    ws = state.workspace()
    nodes = tree.tree(ws)
    sid = state.scenario_id()
    datasets = list(dict.fromkeys(n.info.dataset_id for n in nodes))
    if not datasets:
        return {}
    asked = next((n.info.dataset_id for n in nodes if n.point.key == state.get(COMPARE_WITH)), "")
    current = asked or (ws.scenario(sid).dataset_id if sid else datasets[0])
    if len(datasets) > 1:
        name = distinct({d: name_of(ws, d) for d in datasets})
        current = st.selectbox(
            "Data set",
            datasets,
            index=datasets.index(current) if current in datasets else 0,
            format_func=lambda d: name[d],
            key=f"terr_compare_data_{current}",
            help="Plans are compared account by account, so both must use the same data set",
        )
    points = tree.points(nodes, str(current))
    names = distinct({key: point.name for key, point in points.items()})
    return {key: replace(point, name=names[key]) for key, point in points.items()}


def _metrics(chosen: dict[str, PlanPoint]) -> None:
    ws = state.workspace()
    infos = {k: ws.scenario(p.scenario_id) for k, p in chosen.items()}
    first = next(iter(infos.values()))
    measure, accounts = first.measure, dataset(ws, first.dataset_id).accounts
    found = {p.name: key_figures(ws, infos[k], p.edit_id, measure=measure) for k, p in chosen.items()}
    st.markdown(f"**Which plan is better** · balance and distances by {markdown(measure)}")
    st.dataframe(
        comparison_tables.metrics_table(
            found,
            measure,
            first.level,
            dict(accounts.currency).get(measure, ""),
            miles=distances.miles(ws.root),
        ),
        hide_index=True,
        width="stretch",
        key="terr_metrics",
        column_config={
            "": st.column_config.TextColumn(
                help=markdown(" · ".join(f"{m.label}: {m.formula}" for m in shown_in("compare")))
            )
        },
    )


def _pair(a: PlanPoint, b: PlanPoint, chosen: dict[str, PlanPoint]) -> None:
    ws = state.workspace()
    infos = {k: ws.scenario(p.scenario_id) for k, p in chosen.items()}
    data = dataset(ws, next(iter(infos.values())).dataset_id).key
    key = (a, b, data, *((k, i.head, i.seq, i.measure) for k, i in infos.items()))
    found = window_jobs.worked_out("comparison", key, lambda progress: _compared(ws, a, b, infos, chosen, progress))
    if found is None:
        return
    measures = list(measures_shown(found))
    st.markdown(f"**From {markdown(a.name)} to {markdown(b.name)}**")
    if not found.changed.any() and not found.rep_changed.any():
        st.success(
            "No account moves: both plans assign every account to the same territory and rep.",
            icon=":material/check_circle:",
        )
    lines = [disruption_line(found, measures[0])]
    if found.has_reps:
        lines.append(disruption_line(found, measures[0], by_rep=True))
    st.markdown("  \n".join(markdown(line) + "\\." for line in lines))
    st.caption(markdown(matching_line(found)))
    look = "Both plans"
    if found.same_units:
        look = (
            st.segmented_control(
                "Right map",
                ["Both plans", "What moves"],
                default="Both plans",
                required=True,
                key="terr_pair_look",
                label_visibility="collapsed",
            )
            or look
        )
    else:
        st.caption("The plans use different map areas, so the map can't show what moves; see the tables below.")
    sides = [(s, key_figures(ws, s.info, s.edit_id, measure=measures[0])) for s in (found.a, found.b)]
    notes = [deviation_text(figures, s.info.tolerance) for s, figures in sides]
    maps.two(found, (a.name, b.name), (notes[0], notes[1]), changes=look != "Both plans")
    _metrics(chosen)
    _gains(found, measures)
    fairness.show_fairness(found, a.name, b.name)
    worth.show_worth(found, measures, a.name, b.name)
    change_ledger.show_change_ledger(found)


def _compared(
    ws: Workspace,
    a: PlanPoint,
    b: PlanPoint,
    infos: Mapping[str, ScenarioInfo],
    chosen: Mapping[str, PlanPoint],
    progress: Progress,
) -> PlanComparison:
    """Two plans compared, with the figures of all that are chosen and the account changes in memory."""
    found = compare(ws, a, b, progress=progress.part(0.0, 0.5))
    measure = next(iter(infos.values())).measure
    for at, (key, point) in enumerate(chosen.items()):
        progress.tell(0.5 + 0.3 * at / len(chosen), f"measuring {point.name}")
        key_figures(ws, infos[key], point.edit_id, measure=measure)
    progress.tell(0.8, "listing the accounts that move")
    change_ledger_rows.ledger(ws, found)
    progress.tell(1.0, "done")
    return found


def _gains(found: PlanComparison, measures: list[str]) -> None:
    st.markdown("**Gains and losses**")
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    by = left.segmented_control(
        "By",
        ["Territory", "Rep"] if found.has_reps else ["Territory"],
        default="Territory",
        required=True,
        key="terr_gains_by",
        label_visibility="collapsed",
    )
    shown = right.multiselect(
        "Measures",
        measures,
        default=measures[:2],
        key=f"terr_gains_{len(measures)}_{measures[0]}",
        label_visibility="collapsed",
        placeholder="Measures to show",
    )
    table = (
        comparison_tables.rep_gains(found, shown) if by == "Rep" else comparison_tables.territory_gains(found, shown)
    )
    frame, columns = _readable(found, table, shown, with_match=by != "Rep")
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        key="terr_gains",
        height=min(420, 38 + 35 * len(frame)),
        column_config=columns,
    )


def _readable(
    found: PlanComparison, table: pd.DataFrame, measures: list[str], *, with_match: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What is gained and lost as numbers under headings for people, and how they are written."""
    out = {"Territory" if with_match else "Rep": table["name"]}
    columns: dict[str, Any] = {"Territory" if with_match else "Rep": st.column_config.TextColumn(pinned=True)}
    if with_match:
        out["Match"] = table["matched"]
    for measure in ("accounts", *measures):
        title = "Accounts" if measure == "accounts" else measure
        dollars = measure != "accounts" and found.currency(measure) == "USD"
        for column in ("before", "gained", "lost", "after"):
            values = table[f"{measure} {column}"]
            name = f"{title} {column}"
            out[name] = values
            columns[name] = st.column_config.NumberColumn(format="$%,.0f" if dollars else "localized")
    nobody = (table["accounts before"] == 0) & (table["accounts after"] == 0)
    frame = pd.DataFrame(out)[~(nobody & table["name"].isin([NOWHERE, NOBODY]))]
    return frame, columns
