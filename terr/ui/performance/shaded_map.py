"""A figure on the map, in shades: the territories of the plan, or states."""

from __future__ import annotations

import zlib
from html import escape

import streamlit as st

from terr.ui.performance.controls import Chosen
from terr.ui.performance.overview import reports
from terr.ui.scenarios.maps import show_maps
from terr.ui.session import state
from terr.view.mapview import MapAssignment, MapPatch
from terr.view.pairmap import MapPane, PairMapInputs
from terr.workspace.performance.areas import ShadedAreas, shaded
from terr.workspace.performance.kpis import BY_KEY, Kpi

_HEIGHT = 480


def show_map(chosen: Chosen) -> None:
    """Draw it."""
    made = reports(chosen)
    if made is None:
        return
    now, _ = made
    titles = {k.key: k.title for k in now.kpis}
    figure = st.columns([1.4, 4.6])[0].selectbox(
        "Figure", list(titles), format_func=lambda k: titles[k], key="terr_perf_map_figure"
    )
    kpi = BY_KEY[figure]
    drawn = shaded(state.workspace(), chosen.data, chosen.facts, now, kpi, chosen.plan)
    if drawn is None:
        st.info("No account lies in a state, so there is nothing to draw.", icon=":material/map:")
        return
    swatches = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:.35rem;margin-right:1rem">'
        f'<i style="width:.9rem;height:.9rem;border-radius:3px;background:{color};border:1px solid #8886"></i>'
        f"{escape(text)}</span>"
        for color, text in drawn.legend
    )
    st.html(f'<div style="font-size:.85rem;font-variant-numeric:tabular-nums">{swatches}</div>')
    _draw(drawn, chosen, kpi)
    if not drawn.of_plan:
        st.caption("Group by territory to see the territories of a plan.")


def _draw(drawn: ShadedAreas, chosen: Chosen, kpi: Kpi) -> None:
    mark = f"{zlib.crc32(repr((chosen.key, kpi.key, drawn.colors)).encode()):08x}"
    territories = [
        {"code": k, "name": name, "rep": text, "locked": False, "color": color, "deviation": None}
        for k, (name, text, color) in enumerate(zip(drawn.names, drawn.texts, drawn.colors, strict=True))
    ]
    patch = MapPatch(
        plan=f"perf-{mark}",
        rev=0,
        slots=drawn.slots,
        territories=territories,
        active=-1,
        locked=(),
        strays=(),
        ack=("", 0),
        assign=MapAssignment(f"perf-{mark}"),
        readonly="look",
    )
    inputs = PairMapInputs(drawn.geometry, drawn.states, drawn.words)
    show_maps([inputs], [MapPane(f"{kpi.title} by {drawn.what}", "", patch)], "perf", height=_HEIGHT)
