"""The map of a territory plan: its territory among its neighbors, and its target accounts by number."""

from __future__ import annotations

import math

import numpy as np
import shapely

from terr.errors import PlanError
from terr.planbook.content import PlanContent
from terr.report.documents.content import PLAIN, MapPicture, MapShape
from terr.report.documents.map_svg import map_svg
from terr.report.geo import dissolve
from terr.view.colors import color
from terr.workspace.caches import CacheKind
from terr.workspace.territory_plans.ground import PlanbookGround
from terr.workspace.workspace import Workspace

OUTLINES = CacheKind[tuple[str, int], tuple[shapely.Geometry, ...]]("outlines of territories", 3)
"""By scenario and revision: the outline of each territory in degrees, simplified; empty where it has no area."""
_FINE, _AROUND, _DOT = 900, 0.06, 0.017
"""Details smaller than this part of the map are left out; so much of its width is shown around a territory; a target's
dot is so much of it."""
WIDTH, HEIGHT = 760, 430
_MARK = "#14171C"


def territory_picture(ws: Workspace, g: PlanbookGround, code: int, content: PlanContent) -> str:
    """SVG of a territory; "" where there is nothing to draw.

    Args:
        ws: the workspace.
        g: what the plan rests on; code: of the territory.
        content: whose targets are marked by their number.
    """
    at = g.position(code)
    outlines = ws.caches[OUTLINES].get_or_make((g.shown.info.id, g.shown.rev), lambda: _outlines(g))
    if outlines[at].is_empty:
        return ""
    west, south, east, north = outlines[at].bounds
    margin = _AROUND * max(east - west, north - south)
    frame = (west - margin, south - margin, east + margin, north + margin)
    fill = color(int(g.shown.table["color"].iloc[at]))
    near = [shapely.clip_by_rect(one, *frame) for k, one in enumerate(outlines) if k != at]
    shapes = [MapShape("Another territory", 0, PLAIN, one) for one in near if not one.is_empty]
    shapes.append(MapShape(g.shown.plan.territories[at].name, 0, fill, outlines[at]))
    return map_svg(MapPicture("Territory with its targets", (*shapes, *_dots(g, at, content))), WIDTH, HEIGHT, 11)


def _dots(g: PlanbookGround, at: int, content: PlanContent) -> list[MapShape]:
    """A numbered dot for each target that lies in the territory and has a place."""
    frame = g.shown.accounts.frame
    rows = [(k, g.row_of[t.account_id]) for k, t in enumerate(content.targets, 1) if t.account_id in g.row_of]
    found = [
        (k, float(frame["lon"].iloc[r]), float(frame["lat"].iloc[r])) for k, r in rows if int(g.territory[r]) == at
    ]
    found = [one for one in found if math.isfinite(one[1]) and math.isfinite(one[2])]
    if not found:
        return []
    points = np.array([one[1:] for one in found])
    tall = max(float(np.ptp(points[:, 1])), 0.05)
    wide = max(float(np.ptp(points[:, 0])) * math.cos(math.radians(float(points[:, 1].mean()))), 0.05)
    radius = _DOT * max(tall, wide)
    return [MapShape(str(k), k, "#FFFFFF", _circle(lon, lat, radius)) for k, lon, lat in found]


def _circle(lon: float, lat: float, radius: float) -> shapely.Geometry:
    """A circle on the map around a point, `radius` in degrees of latitude."""
    round_one = shapely.Point(0.0, 0.0).buffer(radius, quad_segs=6)
    stretch = 1 / max(math.cos(math.radians(lat)), 0.05)
    return shapely.transform(round_one, lambda xy: xy * [stretch, 1.0] + [lon, lat])


def _outlines(g: PlanbookGround) -> tuple[shapely.Geometry, ...]:
    geometry = g.shown.units.frame.geometry.to_numpy()
    codes = g.shown.plan.assign
    whole = []
    for one in g.shown.plan.territories:
        mine = geometry[codes == one.code]
        try:
            whole.append(dissolve(mine) if len(mine) else shapely.MultiPolygon())
        except PlanError:
            whole.append(shapely.MultiPolygon())
    bounds = np.array([s.bounds for s in whole if not s.is_empty])
    if not len(bounds):
        return tuple(whole)
    span = float(np.median(np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])))
    try:
        found = shapely.coverage_simplify(np.array(whole, dtype=object), span / _FINE)
    except shapely.errors.GEOSException:
        found = shapely.simplify(np.array(whole, dtype=object), span / _FINE)
    return tuple(found.tolist())
