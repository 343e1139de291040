"""The maps of a document: territories as it is and as it was, simplified so that borders still fit each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import load_units
from terr.boundaries.layers.regions import EVERYWHERE
from terr.errors import TerrError
from terr.model.progress import UNWATCHED, Progress
from terr.report.documents.content import MapPicture, MapShape
from terr.report.documents.map_svg import free_shape
from terr.report.geo import dissolve
from terr.view.colors import TERRITORY_COLORS
from terr.workspace.reports.document_inputs import DocumentInputs

_FINE = 1_600
"""Details smaller than this part of the map's width are left out."""
_DISCS, _SMALL = 300, 0.5
"""An account's disc has this part of the map's width as radius; degrees of the narrowest map."""


def plan_map(inputs: DocumentInputs, title: str, progress: Progress = UNWATCHED) -> MapPicture:
    """The plan as it is."""
    slots = inputs.context.slots
    numbers = {j: n for n, j in enumerate(inputs.order, start=1)}
    names = [t.name for t in inputs.plan.territories]
    shapes = dissolved(inputs, slots, progress)
    found = [MapShape(names[j], numbers[j], inputs.fills[j], shapes[j]) for j in inputs.order if j in shapes]
    rest = [free_shape(shapes[-1])] if -1 in shapes else []
    return MapPicture(title, (*rest, *found), state_lines(inputs))


def map_before(inputs: DocumentInputs, title: str, progress: Progress = UNWATCHED) -> MapPicture | None:
    """The plan it is compared with, in the same colors; None without one."""
    before = inputs.context.before
    if before is None:
        return None
    at = {code: j for j, code in enumerate(inputs.plan.codes)}
    numbers = {j: n for n, j in enumerate(inputs.order, start=1)}
    codes = [int(c) for c in np.unique(before) if c >= 0]
    others = [c for c in codes if c not in at]
    shapes = dissolved(inputs, np.asarray(before, dtype=np.int64), progress)
    found = []
    for code in codes:
        if code in at:
            j = at[code]
            name = inputs.before_names.get(code, inputs.plan.territories[j].name)
            found.append(MapShape(name, numbers[j], inputs.fills[j], shapes[code]))
        else:
            faded = _faded(TERRITORY_COLORS[others.index(code) % len(TERRITORY_COLORS)])
            found.append(MapShape(inputs.before_names.get(code, "A territory that is gone"), 0, faded, shapes[code]))
    rest = [free_shape(shapes[-1])] if -1 in shapes else []
    return MapPicture(title, (*rest, *found), state_lines(inputs))


def dissolved(inputs: DocumentInputs, of: NDArray[np.int64], progress: Progress = UNWATCHED) -> dict[int, Any]:
    """The union of the units of each value of `of` (int64 (n_units,)), simplified together, in degrees.

    Accounts that are units are drawn as small discs.
    """
    geometry = inputs.units.frame.geometry.to_numpy()
    spots = shapely.get_type_id(geometry) == shapely.GeometryType.POINT  # accounts that are units: small discs
    if spots.any():
        west, south, east, north = shapely.total_bounds(geometry)
        geometry = geometry.copy()
        geometry[spots] = shapely.buffer(geometry[spots], max(east - west, north - south, _SMALL) / _DISCS, quad_segs=2)
    values = [int(v) for v in np.unique(of)]
    whole = []
    for n, value in enumerate(values):
        progress.tell(n / (len(values) + 1), "Drawing the map")
        whole.append(_union(geometry[of == value]))
    plain = [n for n, value in enumerate(values) if not spots[of == value].any()]
    for n, shape in zip(plain, simplified([whole[n] for n in plain]), strict=True):
        whole[n] = shape
    return dict(zip(values, whole, strict=True))


def simplified(shapes: Sequence[Any]) -> list[Any]:
    """Shapes with fewer points, whose common borders stay common."""
    known = np.array(shapes, dtype=object)
    if not len(known):
        return []
    west, south, east, north = shapely.total_bounds(known)
    tolerance = max(east - west, north - south) / _FINE
    try:
        found = shapely.coverage_simplify(known, tolerance)
    except shapely.errors.GEOSException:
        found = shapely.simplify(known, tolerance)
    return [g if not g.is_empty else w for g, w in zip(found.tolist(), known.tolist(), strict=True)]


def state_lines(inputs: DocumentInputs) -> Any:
    """Borders of the region's states, None where there are none to draw."""
    region = inputs.units.region
    if region == EVERYWHERE or len(region) < 2 or inputs.units.level == "state":
        return None
    try:
        states = load_units("state", region).frame.geometry.to_numpy()
    except TerrError:
        return None
    lines = shapely.union_all(shapely.boundary(np.array(simplified(states.tolist()), dtype=object)))
    return lines if not lines.is_empty else None


def _union(areas: NDArray[Any]) -> Any:
    """Areas as one shape: quickly where they share their borders point by point, else with care."""
    areas = areas[~(shapely.is_missing(areas) | shapely.is_empty(areas))]
    if bool(shapely.is_valid(areas).all()) and bool(shapely.coverage_is_valid(areas)):
        return shapely.coverage_union_all(areas)
    return dissolve(areas)


def _faded(color: str) -> str:
    """Half of a color and half of white: what isn't there any more."""
    return "#" + "".join(f"{(int(color[i : i + 2], 16) + 255) // 2:02X}" for i in (1, 3, 5))
