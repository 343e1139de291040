"""Charts of the Scores page: the 80/20 curve, money by segment, what a score is made of, how good likeness is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from terr.view.charts import _styled
from terr.view.colors import ACCENT, NEUTRAL, OKABE_ITO

SHADES = ("#0072B2", "#56B4E9", "#CC79A7", "#E69F00", "#009E73", "#D55E00", "#F0E442")
"""Of tiers and parts, dark and light in turn, so that neighbors differ in gray too."""


def _lines(title: str) -> list[str]:
    """A title in lines that a narrow page has room for."""
    return textwrap.wrap(title, 38) or [""]


def _ink(dark: bool) -> tuple[str, str]:
    return ("#F2F3F5", "#5CC3C9") if dark else ("#14171C", ACCENT)


def pareto(
    frame: pd.DataFrame, cuts: Sequence[float], names: Sequence[str], *, title: str, measure: str, dark: bool = False
) -> Any:
    """The 80/20 curve with a band per tier.

    Args:
        frame: `terr.scoring.tiers.curve`.
        cuts: shares where tiers end, rising; names: of the tiers, one more than cuts.
        title: what the curve shows, in a sentence.
        measure: whose sum it is.
        dark: on a dark page.
    """
    ink, line = _ink(dark)
    edges = [0.0, *cuts, 1.0]
    bands = pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "tier": list(names), "color": [SHADES[k % 7] for k in range(len(names))]}
    )
    bands["at"] = 0.995
    bands["middle"] = (bands["low"] + bands["high"]) / 2
    y = alt.Y(
        "share of sum:Q",
        title=f"Share of {measure}",
        axis=alt.Axis(format="%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    x = alt.X(
        "share of accounts:Q",
        title="Share of accounts, largest first",
        axis=alt.Axis(format="%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    rect = (
        alt.Chart(bands)
        .mark_rect(opacity=0.16)
        .encode(y=alt.Y("low:Q", title=f"Share of {measure}"), y2="high:Q", color=alt.Color("color:N", scale=None))
    )
    label = (
        alt.Chart(bands)
        .mark_text(align="right", baseline="middle", fontSize=13, fontWeight="bold", color=ink)
        .encode(x="at:Q", y="middle:Q", text="tier:N")
    )
    curve = (
        alt.Chart(frame)
        .mark_line(color=line, strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("accounts:Q", title="Largest accounts", format=","),
                alt.Tooltip("share of accounts:Q", title="Share of accounts", format=".1%"),
                alt.Tooltip("share of sum:Q", title=f"Share of {measure}", format=".1%"),
            ],
        )
    )
    return _styled(alt.layer(rect, curve, label), height=300, title=_lines(title))


def by_segment(frame: pd.DataFrame, *, title: str, dark: bool = False) -> Any:
    """One bar per segment.

    Args:
        frame: rows `segment`, `value`, `text` in drawing order.
        title: what the bars show, in a sentence.
        dark: on a dark page.
    """
    ink, line = _ink(dark)
    most = max(float(frame["value"].max()) if len(frame) else 1.0, 1e-9)
    base = alt.Chart(frame).encode(
        y=alt.Y("segment:N", sort=list(frame["segment"]), title=None, axis=alt.Axis(labelLimit=190)),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[min(0.0, float(frame["value"].min())), most * 1.3])),
        tooltip=[alt.Tooltip("segment:N", title="Segment"), alt.Tooltip("text:N", title="Amount")],
    )
    bars = base.mark_bar(color=line, cornerRadiusEnd=2, height=16)
    marks = base.mark_text(align="left", dx=5, fontSize=12, color=ink).encode(text="text:N")
    return _styled(alt.layer(bars, marks), height=alt.Step(25), title=_lines(title))


def score_parts(frame: pd.DataFrame, *, title: str, dark: bool = False) -> Any:
    """One account's score as a stacked bar of the points each column adds, from 0 to 100.

    Args:
        frame: rows `column`, `points`, `text` in drawing order.
        title: what the bar shows, in a sentence.
        dark: on a dark page.
    """
    ink, _ = _ink(dark)
    order = list(frame["column"])
    drawn = frame.assign(rank=range(len(frame)), low=frame["points"].cumsum() - frame["points"])
    drawn["middle"] = drawn["low"] + drawn["points"] / 2
    x = alt.X("low:Q", title="Points, of 100", scale=alt.Scale(domain=[0, 100], nice=False))
    bar = (
        alt.Chart(drawn)
        .mark_bar(height=30, stroke="#FFFFFF", strokeWidth=1)
        .encode(
            x=x,
            x2=alt.X2("high:Q"),
            color=alt.Color(
                "column:N",
                sort=order,
                scale=alt.Scale(domain=order, range=[SHADES[k % 7] for k in range(len(order))]),
                legend=alt.Legend(orient="bottom", title=None, labelLimit=240, columns=3),
            ),
            tooltip=[alt.Tooltip("column:N", title="Column"), alt.Tooltip("text:N", title="Points")],
        )
        .transform_calculate(high="datum.low + datum.points")
    )
    marks = (
        alt.Chart(drawn[drawn["points"] >= 4])
        .mark_text(fontSize=12, color=ink, dy=-24)
        .encode(x="middle:Q", text=alt.Text("points:Q", format=".1f"))
    )
    # high enough for the numbers over the bar to lie within the plot: what sticks out of it cuts the title off
    return _styled(alt.layer(bar, marks), height=235, title=_lines(title))


def calibration(frame: pd.DataFrame, *, title: str, dark: bool = False) -> Any:
    """What the model said against what came true, in groups; on the line is right.

    Args:
        frame: rows `said`, `was` (0 to 1), `accounts`.
        title: what it shows, in a sentence.
        dark: on a dark page.
    """
    ink, line = _ink(dark)
    top = max(0.05, float(frame[["said", "was"]].to_numpy().max())) * 1.08
    top = min(1.0, top)
    scale = alt.Scale(domain=[0, top], nice=False)
    ideal = (
        alt.Chart(pd.DataFrame({"said": [0.0, top], "was": [0.0, top]}))
        .mark_line(color=NEUTRAL, strokeDash=[5, 4])
        .encode(x="said:Q", y="was:Q")
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=90, color=line, opacity=1, stroke=ink, strokeWidth=0.8)
        .encode(
            x=alt.X("said:Q", title="Predicted win rate", scale=scale, axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("was:Q", title="Actual win rate", scale=scale, axis=alt.Axis(format="%", tickCount=5)),
            tooltip=[
                alt.Tooltip("said:Q", title="Predicted", format=".0%"),
                alt.Tooltip("was:Q", title="Actual", format=".0%"),
                alt.Tooltip("accounts:Q", title="Accounts", format=","),
            ],
        )
    )
    return _styled(alt.layer(ideal, points), height=215, title=_lines(title))


def leanings(frame: pd.DataFrame, *, title: str, dark: bool = False) -> Any:
    """Points that each column adds to or takes from one account's likeness; signs are told beside colours.

    Args:
        frame: rows `column`, `points`, `text` in drawing order.
        title: what it shows, in a sentence.
        dark: on a dark page.
    """
    ink, _ = _ink(dark)
    far = max(1.0, float(frame["points"].abs().max()) if len(frame) else 1.0) * 1.35
    base = alt.Chart(frame).encode(
        y=alt.Y("column:N", sort=list(frame["column"]), title=None, axis=alt.Axis(labelLimit=170)),
        x=alt.X(
            "points:Q", title="Points", axis=alt.Axis(tickCount=5), scale=alt.Scale(domain=[-far, far], nice=False)
        ),
    )
    bars = base.mark_bar(height=16).encode(
        color=alt.condition("datum.points >= 0", alt.value(OKABE_ITO[2]), alt.value(OKABE_ITO[5]))
    )
    right = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=4, fontSize=12, color=ink)
    left = base.transform_filter("datum.points < 0").mark_text(align="right", dx=-4, fontSize=12, color=ink)
    return _styled(
        alt.layer(bars, right.encode(text="text:N"), left.encode(text="text:N")), height=alt.Step(25), title=title
    )
