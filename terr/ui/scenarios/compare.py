"""Two or more plans compared: maps that move together, metrics, who gains and loses, and the ledger of accounts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.ui.scenarios import change_ledger, maps
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.text import markdown
from terr.workspace.accounts.dataset import dataset, name_of
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

_MOST = 5


@guarded
def show_comparison() -> None:
    """Choose plans, then what two of them differ in."""
    points = _points()
    if len(points) < 2:
        st.info(
            "There is only one plan of these accounts. Branch from it or name a version of it under Plans or History, "
            "change one of them, and compare the two here.",
            icon=":material/difference:",
        )
        return
    names = list(points)
    open_one = state.scenario_id()
    first = next((k for k in names if k == f"{open_one}:"), names[0])
    second = tree.grown_from(state.workspace(), first, points)
    picked = st.multiselect(
        "Plans and versions to compare",
        names,
        default=[second, first],
        format_func=lambda k: points[k].name,
        max_selections=_MOST,
        key=f"terr_compared_{len(names)}_{open_one}",
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
    current = ws.scenario(sid).dataset_id if sid else datasets[0]
    if len(datasets) > 1:
        name = {d: name_of(ws, d) for d in datasets}
        current = st.selectbox(
            "Accounts",
            datasets,
            index=datasets.index(current) if current in datasets else 0,
            format_func=lambda d: name[d],
            key=f"terr_compare_data_{current}",
            help="Plans are compared account by account, so both are of one data set",
        )
    return _unlike(tree.points(nodes, str(current)))


def _unlike(points: dict[str, PlanPoint]) -> dict[str, PlanPoint]:
    """The same points, with a number where two bear one name."""
    seen: dict[str, int] = {}
    out = {}
    for key, point in points.items():
        seen[point.name] = n = seen.get(point.name, 0) + 1
        out[key] = point if n == 1 else PlanPoint(point.scenario_id, point.edit_id, f"{point.name} ({n})")
    return out


def _metrics(chosen: dict[str, PlanPoint]) -> None:
    ws = state.workspace()
    infos = {k: ws.scenario(p.scenario_id) for k, p in chosen.items()}
    first = next(iter(infos.values()))
    measure, accounts = first.measure, dataset(ws, first.dataset_id).accounts
    found = {p.name: key_figures(ws, infos[k], p.edit_id, measure=measure) for k, p in chosen.items()}
    st.markdown(f"**Which one does better** · balance and distances by {markdown(measure)}")
    st.dataframe(
        comparison_tables.metrics_table(found, measure, first.level, dict(accounts.currency).get(measure, "")),
        hide_index=True,
        width="stretch",
        key="terr_metrics",
        column_config={
            "": st.column_config.TextColumn(help=" · ".join(f"{m.label}: {m.formula}" for m in shown_in("compare")))
        },
    )


def _pair(a: PlanPoint, b: PlanPoint, chosen: dict[str, PlanPoint]) -> None:
    ws = state.workspace()
    found = compare(ws, a, b)
    measures = list(measures_shown(found))
    st.markdown(f"**From {markdown(a.name)} to {markdown(b.name)}**")
    if not found.changed.any() and not found.rep_changed.any():
        st.success("No account changes hands: both plans cover the accounts alike.", icon=":material/check_circle:")
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
                ["Both plans", "What changes hands"],
                default="Both plans",
                required=True,
                key="terr_pair_look",
                label_visibility="collapsed",
            )
            or look
        )
    else:
        st.caption("The plans are made on different areas, so the map can't hatch what changes hands; the tables can.")
    notes = [deviation_text(key_figures(ws, s.info, s.edit_id, measure=measures[0])) for s in (found.a, found.b)]
    maps.two(found, (a.name, b.name), (notes[0], notes[1]), changes=look != "Both plans")
    _metrics(chosen)
    _gains(found, measures)
    change_ledger.show_change_ledger(found)


def _gains(found: PlanComparison, measures: list[str]) -> None:
    st.markdown("**Who gains and loses what**")
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
        placeholder="Measures to show beside the accounts",
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
        out["Matched by"] = table["matched"]
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
