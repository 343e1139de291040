"""Gaps between areas are given, piece by piece, to the nearest area around them.

ZIP areas leave out mountains, lakes and deserts, so two neighbors a person sees may share no border. A gap is cut
along lines half-way between the areas around it, which begin exactly where two areas meet: so no border that was there
gets a new corner, and the filled areas are again one clean sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import segments
from terr.boundaries.layers.catalog import areas
from terr.boundaries.own.dividing import divide
from terr.model.progress import UNWATCHED, Progress

NARROW = 0.0005
"""Half the width in degrees (about 55 m) up to which a slit between two areas is a gap, though it is open at an end."""
SHORE = 0.0025
"""Half the width, in degrees (about 280 m), of strips along the coast that are left: bundled coasts are coarser."""
_MOST, _MOST_HOLES = 250_000, 5_000
"""Corners and holes of a gap that is still divided; a larger one is left as it is. Cutting into triangles takes the
square of the holes; the largest gap between ZIP areas has a few hundred."""
_WITNESSES = 48
"""Points along each side of a gap's box at which its width is probed."""
_TOUCH = 1e-8
_SPECK = 1e-9
"""Degrees squared, about 10 m2: holes smaller than this come from rounding."""


@dataclass(frozen=True, eq=False)
class FilledAreas:
    """Areas without gaps.

    Attributes:
        frame: the same rows, with the shapes that have grown.
        fills: the parts that were added, EPSG:4326.
        owner: int64 (parts,), row of the area that each part was given to.
        gaps: how many separate gaps there were.
        left: of these, how many have too many corners or holes to be divided, and were left open.
    """

    frame: gpd.GeoDataFrame
    fills: gpd.GeoSeries = field(default_factory=lambda: gpd.GeoSeries([], crs="EPSG:4326"))
    owner: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    gaps: int = 0
    left: int = 0


def fill(frame: gpd.GeoDataFrame, *, land: object | None = None, progress: Progress = UNWATCHED) -> FilledAreas:
    """Give every gap to the areas around it.

    Args:
        frame: a clean sheet (see `terr.boundaries.own.overlaps.one_sheet`), EPSG:4326.
        land: a polygon that is to be covered, e.g. counties (see `land_of`); without it only gaps that areas enclose,
            and slits of at most a hundred metres between two areas, are filled: never the sea.
        progress: told how far it is.

    Raises:
        StoppedError: if the person stopped it.
    """
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    progress.tell(0.0, "Looking for gaps between areas")
    whole = shapely.coverage_union_all(geometry)
    gaps = _enclosed(whole) if land is None else _uncovered(whole, land)
    slits = _slits(whole) if land is None else np.zeros(0, dtype=object)
    found = len(gaps)
    gaps, slits = gaps[_small(gaps)], slits[_small(slits)]
    left = found - len(gaps)
    if not len(gaps) + len(slits):
        return FilledAreas(frame, left=left)
    progress.tell(0.1, f"Filling {len(gaps):,} gaps")
    grown, parts, owners = _given(geometry, gaps, slits, progress.part(0.1, 0.8))
    if not len(parts):
        return FilledAreas(frame, left=left)
    progress.tell(0.8, "Joining the fills to their areas")
    order = np.argsort(owners, kind="stable")
    rows, starts = np.unique(owners[order], return_index=True)
    for row, mine in zip(rows.tolist(), np.split(order, starts[1:]), strict=True):
        grown[row] = _without_specks(shapely.union_all([grown[row], *parts[mine]]))
    grown = matched(grown)
    progress.tell(1.0, "Filled")
    return FilledAreas(
        frame.set_geometry(gpd.GeoSeries(grown, index=frame.index, crs="EPSG:4326")),
        gpd.GeoSeries(parts[order], crs="EPSG:4326"),
        owners[order],
        len(gaps) + len(slits),
        left,
    )


def land_of(frame: gpd.GeoDataFrame) -> object | None:
    """The counties a sheet of US areas is to cover; None if most of it lies elsewhere.

    These are the counties areas lie in; where that is most counties of a state, its other counties too.

    Args:
        frame: areas with `county` and `state`, "" outside the USA.
    """
    known = frame["county"] != ""
    if known.mean() < 0.9:
        return None
    counties = areas("county")
    mine = counties["unit_id"].isin(frame.loc[known, "county"].unique())
    share = mine.groupby(counties["state"]).mean()
    mine |= counties["state"].isin(share.index[share >= 0.75])
    whole: object = shapely.coverage_union_all(np.asarray(counties.geometry.to_numpy(), dtype=object)[mine.to_numpy()])
    return whole


def _enclosed(whole: object) -> NDArray[np.object_]:
    """What lies between areas all around, also where these only touch in points."""
    lines = shapely.union_all(shapely.get_rings(shapely.get_parts(whole)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    # an island in a lake is a piece of its own, and no part of the gap
    covered = shapely.STRtree(shapely.get_parts(whole)).query(shapely.point_on_surface(faces), predicate="intersects")
    return np.asarray(np.delete(faces, covered[0]), dtype=object)


def _small(gaps: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which gaps can be divided within reason."""
    few = shapely.get_num_coordinates(gaps) <= _MOST
    return np.asarray(few & (shapely.get_num_interior_rings(gaps) <= _MOST_HOLES), dtype=bool)


def _slits(whole: object) -> NDArray[np.object_]:
    """Narrow places between areas that are open at an end."""
    closed = shapely.buffer(shapely.buffer(whole, NARROW, quad_segs=2), -NARROW, quad_segs=2)
    found = shapely.get_parts(shapely.difference(closed, shapely.union_all([whole, *_enclosed(whole)])))
    return np.asarray(found[~shapely.is_empty(shapely.buffer(found, -NARROW / 50))], dtype=object)


def _uncovered(whole: object, land: object) -> NDArray[np.object_]:
    """Land without an area, besides strips along its edge that come from a coarser coast."""
    # holes beyond the land (a lake that counties leave out) part areas as well
    land = shapely.union_all([land, *_enclosed(whole)])
    found = shapely.get_parts(shapely.difference(land, whole))
    found = found[shapely.get_type_id(found) == 3]
    edge = shapely.STRtree(shapely.get_parts(shapely.get_rings(shapely.get_parts(land))))
    outer = np.unique(edge.query(found, predicate="dwithin", distance=_TOUCH)[0])
    strip = np.zeros(len(found), dtype=bool)
    narrow = outer[[not _wide(g) for g in found[outer]]]
    strip[narrow] = shapely.is_empty(shapely.buffer(found[narrow], -SHORE, quad_segs=1))
    return np.asarray(found[~strip], dtype=object)


def _wide(gap: shapely.Geometry) -> bool:
    """Whether a point is seen further than `SHORE` from the gap's outline; if so, it is no strip, and its outline needs
    no moving inward, which takes the square of what is crowded together."""
    if not bool(_small(np.array([gap]))[0]):
        return True  # it isn't divided anyway
    west, south, east, north = shapely.bounds(gap).tolist()
    side = np.linspace(0, 1, _WITNESSES + 2)[1:-1]
    x, y = (g.ravel() for g in np.meshgrid(west + side * (east - west), south + side * (north - south)))
    shapely.prepare(gap)
    inside = shapely.contains_xy(gap, x, y)
    line = shapely.boundary(gap)
    shapely.prepare(line)
    return bool((~shapely.dwithin(line, shapely.points(x[inside], y[inside]), SHORE)).any())


def _given(
    geometry: NDArray[np.object_], gaps: NDArray[np.object_], slits: NDArray[np.object_], progress: Progress
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """Each gap cut among the areas around it: the areas (with more corners), the parts, and the row of each part."""
    tree = shapely.STRtree(geometry)
    every = np.concatenate([gaps, slits]).astype(object)
    every = every[(shapely.get_type_id(every) == 3) & (shapely.area(every) > _SPECK)]
    edges, of, by, geometry = _owners(geometry, tree, every)
    parts: list[object] = []
    owners: list[int] = []
    n_slits = {g.wkb for g in slits}
    starts = np.searchsorted(of, np.arange(len(every) + 1))
    for g, gap in enumerate(every):
        if g % 200 == 0:
            progress.tell(g / len(every), f"Filling gap {g + 1:,} of {len(every):,}")
        mine = slice(starts[g], starts[g + 1])
        around = np.unique(by[mine][by[mine] >= 0])
        if n_slits and len(around) < 2 and gap.wkb in n_slits:
            continue  # a bay of one area
        if len(around) == 0:
            parts.append(gap)
            owners.append(int(tree.nearest(gap)))
        elif len(around) == 1:
            parts.append(gap)
            owners.append(int(around[0]))
        else:
            for owner, part in _divided(edges[mine], by[mine], gap):
                parts.append(part)
                owners.append(owner)
    out = np.empty(len(parts), dtype=object)
    out[:] = parts
    return geometry, out, np.array(owners, dtype=np.int64)


def _divided(edges: NDArray[np.float64], by: NDArray[np.int64], gap: object) -> list[tuple[int, object]]:
    """The gap's parts; the whole goes to the area along most of its outline if it is too thin to be cut."""
    try:
        return divide(edges, by, gap)
    except shapely.errors.GEOSException:
        length = np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
        return [(int(np.argmax(np.bincount(by[by >= 0], weights=length[by >= 0]))), gap)]


def _owners(
    geometry: NDArray[np.object_], tree: shapely.STRtree, gaps: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """The edges of gaps in the order they are drawn, float64 (m, 4); the gap of each; the area beyond it, -1 = none.

    Where an edge ends in the middle of an area's edge (the coast crosses it), that area gets a corner there; the areas
    come last.
    """
    rings, of_gap = shapely.get_rings(gaps, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    inside = of_ring[1:] == of_ring[:-1]
    edges = np.hstack([points[:-1], points[1:]])[inside]
    of = of_gap[of_ring[:-1][inside]].astype(np.int64)
    flip = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    key = np.where(flip[:, None], edges[:, [2, 3, 0, 1]], edges)
    near = np.unique(tree.query(gaps, predicate="dwithin", distance=_TOUCH)[1])
    ends, row = segments(geometry[near])
    by = _matched(key, ends, near[row])
    lost = np.flatnonzero(by < 0)
    middle = shapely.points((edges[lost, :2] + edges[lost, 2:]) / 2)
    at, found = tree.query(middle, predicate="dwithin", distance=_TOUCH)
    by[lost[at[::-1]]] = found[::-1]
    cornered = geometry.copy()
    half = lost[by[lost] >= 0]
    for row in np.unique(by[half]).tolist():
        ends = edges[half[by[half] == row]].reshape(-1, 2)
        cornered[row] = shapely.snap(geometry[row], shapely.multipoints(ends), _TOUCH)
    return edges, of, by, cornered


def _matched(key: NDArray[np.float64], ends: NDArray[np.float64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the segment that equals each key, -1 = none."""
    both = np.ascontiguousarray(np.vstack([ends, key]) + 0.0).view(np.dtype((np.void, 32))).ravel()
    _, number = np.unique(both, return_inverse=True)
    table = np.full(int(number.max()) + 1 if len(number) else 0, -1, dtype=np.int64)
    table[number[: len(ends)]] = row
    return table[number[len(ends) :]]


def matched(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The same areas with equal corners along common borders, should rounding have left some apart."""
    bad = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))
    if not len(bad):
        return geometry
    near = np.unique(shapely.STRtree(geometry).query(geometry[bad], predicate="intersects")[1])
    out = geometry.copy()
    out[near] = shapely.coverage_clean(geometry[near], gap_width=_TOUCH, snapping_distance=_TOUCH)
    return out


def _without_specks(shape: object) -> object:
    parts = [
        shapely.Polygon(p.exterior, [h for h in p.interiors if shapely.area(shapely.Polygon(h)) > _SPECK])
        for p in shapely.get_parts(shape)
        if shapely.get_type_id(p) == 3 and shapely.area(p) > _SPECK / 100
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts) if parts else shape
