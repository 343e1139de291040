"""Altair charts, all with one theme and with titles that say what they show."""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from terr.view.colors import ACCENT, NEUTRAL
from terr.view.text import tooltip_title

_TERRITORIES = "territories"
FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def _styled(chart: Any, **extra: Any) -> Any:
    return (
        chart.properties(**extra)
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False, labelFontSize=12, titleFontSize=12, titleFontWeight="normal")
        .configure_title(anchor="start", fontSize=14, fontWeight=600, offset=8)
    )


def balance(frame: pd.DataFrame, *, measure: str, low: float, high: float, dark: bool = False) -> Any:
    """Load of each territory against its target, with the band of the limit; 24 px per territory.

    Args:
        frame: one row per territory: `code`, `territory`, `load_pct` (load as % of target), `color` (hex),
            `load_text`, `target_text`, `label` ("+4.1%"), `before_pct` (NaN = no comparison), `inside` (bool).
        measure: name for the tooltip.
        low, high: the band in % of target, e.g. 95 and 105.
        dark: on a dark page.
    """
    most = _most(frame, high)
    y = alt.Y(
        "territory:N",
        sort=list(frame["territory"]),
        title=None,
        axis=alt.Axis(labelLimit=92, labelOverlap=False, labelPadding=6),
    )
    scale = alt.Scale(domain=_domain(most), nice=False)
    x = alt.X("load_pct:Q", title="% of target", scale=scale, axis=alt.Axis(values=_ticks(most), grid=True))
    pick = alt.selection_point(name="territory", fields=["code"], on="click", empty=False)
    tooltip = [
        alt.Tooltip("territory:N", title="Territory"),
        alt.Tooltip("load_text:N", title=tooltip_title(measure)),
        alt.Tooltip("target_text:N", title="Target"),
        alt.Tooltip("label:N", title="Deviation"),
    ]
    ink = "#F2F3F5" if dark else "#14171C"
    line = "#5CC3C9" if dark else ACCENT
    base = alt.Chart(frame)
    band = (
        alt.Chart(pd.DataFrame({"low": [low], "high": [high]}))
        .mark_rect(color=line, opacity=0.25)
        .encode(x=alt.X("low:Q"), x2="high:Q")
    )
    target = alt.Chart(pd.DataFrame({"t": [100.0]})).mark_rule(color=line, strokeWidth=1.5).encode(x="t:Q")
    bars = (
        base.mark_bar(cornerRadiusEnd=2, stroke="#00000055", strokeWidth=0.5)
        .encode(y=y, x=x, color=alt.Color("color:N", scale=None, legend=None), tooltip=tooltip)
        .add_params(pick)
    )
    ghost = (
        base.transform_filter("isValid(datum.before_pct)")
        .mark_tick(color=NEUTRAL, thickness=2.5)
        .encode(y=y, x=alt.X("before_pct:Q"))
    )
    marks = base.mark_text(align="right", dx=-2, fontSize=12, color=ink).encode(
        y=y,
        x=alt.value("width"),
        text="label:N",
        opacity=alt.condition("datum.inside", alt.value(0.75), alt.value(1.0)),
    )
    outside = (
        base.transform_filter("!datum.inside")
        .mark_text(align="right", dx=-62, fontSize=12, text="!", fontWeight="bold", color=ink)
        .encode(y=y, x=alt.value("width"))
    )
    return _styled(alt.layer(bars, band, target, ghost, marks, outside), height=alt.Step(24))


def balance_spec(frame: pd.DataFrame, *, measure: str, low: float, high: float, dark: bool = False) -> dict[str, Any]:
    """`balance` as a Vega-Lite specification, whose data set of territories is the frame itself.

    Altair takes a quarter of a second to write and check one, so it does that once per measure and limit; what changes
    with the plan is put in afterwards.

    Args:
        frame, measure, low, high, dark: see `balance`.
    """
    spec: dict[str, Any] = json.loads(_balance_text(measure, low, high, dark))
    most = _most(frame, high)
    name = f"territories-{zlib.crc32(repr(frame.to_dict('list')).encode()):08x}"  # another plan is another data set
    for layer in spec["layer"]:
        if layer.get("data", spec.get("data", {})).get("name") != _TERRITORIES:
            continue
        layer["data"] = {"name": name}
        encoding = layer["encoding"]
        encoding["y"]["sort"] = list(frame["territory"])
        if "scale" in encoding.get("x", {}):
            encoding["x"]["scale"]["domain"] = _domain(most)
            encoding["x"]["axis"]["values"] = _ticks(most)
    spec["datasets"] = {**{k: v for k, v in spec["datasets"].items() if k != _TERRITORIES}, name: frame}
    return spec


@lru_cache(maxsize=32, typed=True)
def _balance_text(measure: str, low: float, high: float, dark: bool) -> str:
    """The specification of one territory, with the data set of territories called `_TERRITORIES`."""
    one = {
        "code": [0],
        "territory": ["A"],
        "load_pct": [100.0],
        "color": ["#000000"],
        "load_text": [""],
        "target_text": [""],
        "label": [""],
        "before_pct": [1.0],
        "inside": [True],
    }
    spec = balance(pd.DataFrame(one), measure=measure, low=low, high=high, dark=dark).to_dict()
    for usual in ("continuousWidth", "continuousHeight"):  # of Altair's own theme; the page says how wide it is
        spec["config"]["view"].pop(usual, None)
    made = next(name for name, rows in spec["datasets"].items() if "territory" in rows[0])
    return json.dumps(spec).replace(f'"{made}"', f'"{_TERRITORIES}"')


def _most(frame: pd.DataFrame, high: float) -> float:
    return max(float(frame["load_pct"].max()) if len(frame) else 100.0, high, 100.0)


def _domain(most: float) -> list[float]:
    """The right quarter is kept free for the deviations, which line up there."""
    return [0, most * 1.5]


def _ticks(most: float) -> list[int]:
    return [v for v in (0, 50, 100, 150, 200) if v <= most * 1.05]


def frontier(
    frame: pd.DataFrame, *, measure: str, limit: float, chosen: int = -1, height: int = 225, dark: bool = False
) -> Any:
    """Balance against change: what each share of load that moves buys.

    Args:
        frame: rows by growing change: `number` (0 = today's plan), `label`, `moved_pct`, `deviation_pct`,
            `moved_text`, `deviation_text`, `inside` (bool).
        measure: whose load moves.
        limit: largest allowed deviation in %, drawn as a band from 0.
        chosen: number of the point that is shown on the map, -1 = none.
        height: of the chart, px.
        dark: on a dark page.
    """
    ink, line = ("#F2F3F5", "#5CC3C9") if dark else ("#14171C", ACCENT)
    far = max(float(frame["moved_pct"].max()), 0.5) * 1.12
    high = max(float(frame["deviation_pct"].max()), limit) * 1.18
    x = alt.X(
        "moved_pct:Q",
        title=f"% of {measure} moved",
        scale=alt.Scale(domain=[-0.04 * far, far], nice=False),
        axis=alt.Axis(tickCount=5, grid=False),
    )
    y = alt.Y(
        "deviation_pct:Q",
        title="Max deviation, %",
        scale=alt.Scale(domain=[0, high], nice=False),
        axis=alt.Axis(tickCount=4, grid=True),
    )
    pick = alt.selection_point(name="point", fields=["number"], on="click", nearest=True, empty=False)
    tooltip = [
        alt.Tooltip("label:N", title="Plan"),
        alt.Tooltip("moved_text:N", title="Moved"),
        alt.Tooltip("deviation_text:N", title="Max deviation"),
        alt.Tooltip("shape_text:N", title="Shape"),
    ]
    shown = frame.assign(size=[230 if n == chosen else 90 for n in frame["number"]])
    base = alt.Chart(shown).encode(x=x, y=y)
    band = (
        alt.Chart(pd.DataFrame({"low": [0.0], "high": [limit]}))
        .mark_rect(color=line, opacity=0.18)
        .encode(y=alt.Y("low:Q"), y2="high:Q")
    )
    marks = base.mark_point(filled=True, opacity=1, stroke=ink, strokeWidth=1).encode(
        shape=alt.condition("datum.number == 0", alt.value("diamond"), alt.value("circle")),
        color=alt.condition("datum.number == 0", alt.value(ink), alt.value(line)),
        size=alt.Size("size:Q", scale=None, legend=None),
        tooltip=tooltip,
    )
    texts = [  # above and below in turn, since points lie close together where the curve is steep
        base.transform_filter(f"datum.number % 2 == {odd}")
        .mark_text(dx=dx, dy=dy, align=align, fontSize=12, color=ink)
        .encode(text="label:N")
        for odd, dx, dy, align in ((0, 5, -11, "left"), (1, -5, 12, "right"))
    ]
    path = base.mark_line(color=line, strokeWidth=1.5, opacity=0.7)
    return _styled(alt.layer(band, path, marks.add_params(pick), *texts), height=height)


def sweep(frame: pd.DataFrame, *, measure: str, chosen: int = 0, height: int = 110, dark: bool = False) -> Any:
    """Balance, shape and disruption of the plans of a sweep by their number of territories, a color for each limit.

    Args:
        frame: of `workspace.design.sweep.sweep_frame`.
        measure: what was balanced.
        chosen: number of the plan that stands out, 0 = none.
        height: of each of the three, px.
        dark: on a dark page.
    """
    ink = "#F2F3F5" if dark else "#14171C"
    shown = frame.assign(size=[200 if n == chosen else 60 for n in frame["number"]])
    limits = [f"{v:g}%" for v in sorted(set(frame["limit_pct"]))]
    tooltip = [
        alt.Tooltip("number:Q", title="Plan"),
        alt.Tooltip("territories:Q", title="Territories"),
        alt.Tooltip("limit_text:N", title="Limit"),
        alt.Tooltip("seed:Q", title="Seed"),
        alt.Tooltip("deviation_text:N", title="Max deviation"),
        alt.Tooltip("shape_text:N", title="Compactness"),
        alt.Tooltip("moved_text:N", title=f"{measure} moved"),
    ]
    numbers = alt.Axis(tickMinStep=1, format="d", grid=False)
    parts = [
        alt.Chart(shown.assign(value=shown[key]), height=height, width="container")
        .mark_point(filled=True, opacity=0.85, stroke=ink, strokeWidth=0.5)
        .encode(
            x=alt.X(
                "territories:Q", title=_TERRITORIES.capitalize(), axis=numbers, scale=alt.Scale(zero=False, padding=12)
            ),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(tickCount=3), scale=alt.Scale(zero=key != "shape")),
            color=alt.Color("limit_text:N", title="Limit", sort=limits, legend=alt.Legend(orient="top")),
            shape=alt.Shape("inside:N", legend=None, scale=alt.Scale(domain=[True, False], range=["circle", "cross"])),
            size=alt.Size("size:Q", scale=None, legend=None),
            tooltip=tooltip,
        )
        for key, title in (
            ("deviation_pct", "Max deviation, %"),
            ("shape", "Compactness"),
            ("moved_pct", f"% of {measure} moved"),
        )
    ]
    return _styled(alt.vconcat(*parts, spacing=8))


def money_bar(frame: pd.DataFrame) -> Any:
    """One stacked bar: how an upload's rows or money split into fates.

    Args:
        frame: rows `fate`, `value`, `text`, `color` (hex) in drawing order.
    """
    order = list(frame["fate"])
    chart = (
        alt.Chart(frame.assign(rank=range(len(frame))))
        .mark_bar(height=20)
        .encode(
            x=alt.X("value:Q", stack="zero", axis=None, scale=alt.Scale(nice=False)),
            order="rank:Q",
            color=alt.Color(
                "fate:N",
                sort=order,
                scale=alt.Scale(domain=order, range=list(frame["color"])),
                legend=alt.Legend(orient="bottom", title=None, labelFontSize=12, labelLimit=220),
            ),
            tooltip=[alt.Tooltip("fate:N", title="Status"), alt.Tooltip("text:N", title="Amount")],
        )
    )
    return _styled(chart, height=72)
