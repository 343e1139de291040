"""An option as a small map: what moves in the color of who gets it, everything else pale."""

from __future__ import annotations

import numpy as np
import shapely

from terr.view.colors import color
from terr.view.plan_picture import plan_picture
from terr.workspace.situations.option import SituationOption

CARD = (480, 300)
"""Pixels of a card's map."""
_DOTS = 160
"""A dot's radius is the map's width divided by it."""
_PALE = 0.72
"""How far the color of what stays goes toward white."""


def option_picture(option: SituationOption, size: tuple[int, int] = CARD) -> bytes:
    """PNG of who works on what under an option.

    Args:
        option: to draw.
        size: width and height in pixels.
    """
    shown = {t.code: color(t.color) for t in option.acting.territories}
    moved = set(option.moved_units.tolist())
    fills = [
        "" if code not in shown else shown[code] if unit in moved else _pale(shown[code])
        for unit, code in enumerate(option.acting.assign.tolist())
    ]
    shapes = option.ground.units.frame.geometry.to_numpy()
    points = shapely.get_type_id(shapes) == 0  # accounts that are units: dots large enough to be seen
    if points.any():
        west, south, east, north = shapely.total_bounds(shapes)
        shapes = np.where(points, shapely.buffer(shapes, max(east - west, north - south, 1e-6) / _DOTS), shapes)
    return plan_picture(shapes, fills, size)


def _pale(fill: str) -> str:
    parts = [int(fill[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (255 - p) * _PALE):02x}" for p in parts)
