"""A day of visits as a map: stops in order and the way between them, drawn without a network."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from terr.view.charts import FONT

_SIDE = 320


def day_map(
    stops: pd.DataFrame, way: pd.DataFrame, borders: pd.DataFrame, *, half: float, title: str, dark: bool = False
) -> Any:
    """Stops on straight legs in the order they are visited, over the borders of the areas around.

    Args:
        stops: `order`, `name`, `when`, `x`, `y` in miles from the middle; the first is home.
        way: `x`, `y`, `step`. borders: `x`, `y`, `step`, `line`.
        half: half the side of the square shown, in miles.
        title: what it shows; dark: colors for a dark page.
    """
    ink, faint, route = ("#F2F2F2", "#6B7280", "#56B4E9") if dark else ("#111827", "#C3C8CF", "#0072B2")
    inside = alt.Scale(domain=[-half, half], nice=False, zero=False)
    axis = alt.Axis(title=None, labels=False, ticks=False, grid=False, domain=False)
    x, y = alt.X("x:Q", scale=inside, axis=axis), alt.Y("y:Q", scale=inside, axis=axis)
    layers = []
    if len(borders):
        layers.append(
            alt.Chart(borders)
            .mark_line(color=faint, strokeWidth=1, clip=True)
            .encode(x, y, order="step:Q", detail="line:N")
        )
    layers.append(alt.Chart(way).mark_line(color=route, strokeWidth=2).encode(x, y, order="step:Q"))
    tips = [
        alt.Tooltip("order:N", title="Stop"),
        alt.Tooltip("name:N", title="Account"),
        alt.Tooltip("when:N", title="When"),
    ]
    home, calls = stops.iloc[:1], stops.iloc[1:]
    layers.append(alt.Chart(home).mark_square(size=220, color=ink, opacity=1).encode(x, y, tooltip=tips[1:]))
    layers.append(
        alt.Chart(calls)
        .mark_circle(size=330, color=route, opacity=1, stroke="#FFFFFF", strokeWidth=1)
        .encode(x, y, tooltip=tips)
    )
    layers.append(
        alt.Chart(calls).mark_text(color="#FFFFFF", fontSize=11, fontWeight="bold").encode(x, y, text="order:N")
    )
    return (
        alt.layer(*layers)
        .properties(title=title, width=_SIDE, height=_SIDE)  # a square, so that miles are as long both ways
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=faint)
        .configure_title(anchor="start", fontSize=14, fontWeight=600, offset=8)
    )
