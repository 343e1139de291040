"""What a map of one day shows: stops in order, the way, and the borders around them, in miles east and north."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from terr.model.units import Units
from terr.workspace.visits.calendar import VisitDay, clock

_MILES_A_DEGREE = 69.09
_AROUND = 0.15
"""Share of the day's extent that is shown around it."""


@dataclass(frozen=True, eq=False)
class DayPicture:
    """A day on the map.

    Attributes:
        stops: `order` (text, "" for home), `name`, `when`, `x`, `y` (miles from the middle), home first.
        way: `x`, `y`, `step`, from home and back.
        borders: `x`, `y`, `step`, `line`: rings of the areas around.
        half: half the side of the square shown, in miles.
    """

    stops: pd.DataFrame
    way: pd.DataFrame
    borders: pd.DataFrame
    half: float


def day_picture(day: VisitDay, home: tuple[float, float], units: Units) -> DayPicture:
    """The picture of a day."""
    lat = np.array([home[0], *(s.lat for s in day.stops)])
    lon = np.array([home[1], *(s.lon for s in day.stops)])
    middle = ((lat.min() + lat.max()) / 2, (lon.min() + lon.max()) / 2)
    shrink = float(np.cos(np.radians(middle[0])))
    x, y = (lon - middle[1]) * shrink * _MILES_A_DEGREE, (lat - middle[0]) * _MILES_A_DEGREE
    half = max(1.0, float(np.abs(x).max()), float(np.abs(y).max())) * (1 + _AROUND)
    stops = pd.DataFrame(
        {
            "order": ["", *(str(k + 1) for k in range(len(day.stops)))],
            "name": ["Home", *(s.name or s.account_id for s in day.stops)],
            "when": [
                f"leave {clock(day.start)}, back {clock(day.end)}",
                *(f"{clock(s.begin)} to {clock(s.leave)}" for s in day.stops),
            ],
            "x": x,
            "y": y,
        }
    )
    way = pd.DataFrame({"x": [*x, x[0]], "y": [*y, y[0]], "step": range(len(x) + 1)})
    return DayPicture(stops, way, _borders(units, middle, shrink, half), half)


def _borders(units: Units, middle: tuple[float, float], shrink: float, half: float) -> pd.DataFrame:
    """Borders of the areas inside the square, cut at its rim."""
    up, aside = half / _MILES_A_DEGREE, half / _MILES_A_DEGREE / shrink
    box = (middle[1] - aside, middle[0] - up, middle[1] + aside, middle[0] + up)
    shapes = np.asarray(units.frame.geometry.to_numpy(), dtype=object)
    touching = shapes[shapely.intersects(shapes, shapely.box(*box))]
    lines = shapely.get_parts(shapely.clip_by_rect(shapely.boundary(touching), *box)) if len(touching) else []
    rows = []
    for k, line in enumerate(lines):
        if shapely.get_type_id(line) != 1:
            continue
        at = shapely.get_coordinates(shapely.simplify(line, up / 300))
        rows += [
            ((lon - middle[1]) * shrink * _MILES_A_DEGREE, (lat - middle[0]) * _MILES_A_DEGREE, step, k)
            for step, (lon, lat) in enumerate(at.tolist())
        ]
    return pd.DataFrame(rows, columns=["x", "y", "step", "line"])
