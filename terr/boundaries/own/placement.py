"""Where on the globe a file's numbers lie: which coordinate system, and whether its two axes are swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.crs import from_epsg, is_degrees, label, points_to_degrees
from terr.boundaries.zips.zips import kilometres_off, padded, share_known
from terr.model.wording import distance_text

NEARLY = 0.99
_SAMPLE = 20_000
_CLOSE_KM = 40.0
_USUAL = (
    "EPSG:3857",
    "EPSG:5070",
    "ESRI:102003",
    "EPSG:2163",
    "EPSG:9311",
    "EPSG:3338",
    "ESRI:102008",
    "EPSG:3395",
    *(f"EPSG:{26900 + z}" for z in range(4, 20)),
    *(f"EPSG:{32600 + z}" for z in range(4, 20)),
)
"""Systems in meters that files of the USA are often in, tried when a file doesn't say its own."""


@dataclass(frozen=True, eq=False)
class Placement:
    """How a file's numbers are to be read.

    Attributes:
        crs: the coordinate system; None = it has to be asked.
        swapped: latitude comes first.
        notes: what was found out, and by what.
    """

    crs: CRS | None
    swapped: bool = False
    notes: tuple[Finding, ...] = ()


def place(
    geometry: NDArray[np.object_],
    named: CRS | None,
    ids: Sequence[str] = (),
    *,
    epsg: int | None = None,
    swap: bool | None = None,
) -> Placement:
    """Judges what a file says about its coordinates against its numbers.

    Args:
        geometry: shapes in the file's own numbers; None among them is passed over.
        named: the system the file names.
        ids: of the areas; if they are ZIPs, it is known where they must lie.
        epsg: a system a person chose, which goes before what the file says.
        swap: what a person said about the axes; None = judge it.

    Raises:
        InputError: if `epsg` doesn't exist.
    """
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    good = np.isfinite(xy).all(axis=1)
    xy, owner = xy[good], owner[good]
    every = max(1, len(xy) // _SAMPLE)
    sample = xy[::every]
    known = _Known(geometry, ids)
    notes: list[Finding] = []
    crs = named
    if epsg is not None:
        crs = from_epsg(epsg)
    elif len(sample):
        crs, note = _judged(sample, named, known)
        notes += [note] if note else []
    if crs is None:
        return Placement(None, bool(swap), tuple(notes))
    swapped = bool(swap)
    if swap is None and len(sample):
        swapped, why = _axes(sample, crs, known)
        if swapped:
            notes.append(
                Finding("axes", f"Latitude and longitude were swapped ({why}); they were turned round.", fate="mended")
            )
    return Placement(crs, swapped, tuple(notes))


class _Known:
    """Areas whose place is known because their ids are ZIPs; at most 400 of them."""

    def __init__(self, geometry: NDArray[np.object_], ids: Sequence[str]) -> None:
        self.ids: list[str] = []
        self.xy = np.zeros((0, 2))
        names = padded(list(ids))
        if len(names) != len(geometry) or share_known(names) < 0.8:
            return
        some = np.linspace(0, len(names) - 1, min(400, len(names))).astype(int)
        centre = shapely.centroid(geometry[some])
        xy = np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])
        good = np.isfinite(xy).all(axis=1)
        self.ids, self.xy = [names[i] for i, g in zip(some.tolist(), good.tolist(), strict=True) if g], xy[good]

    def off(self, crs: CRS, *, swapped: bool = False) -> float:
        """Median distance in km from where they would lie to where they must; infinite if that can't be told."""
        if not self.ids:
            return float("inf")
        try:
            at = points_to_degrees(self.xy[:, ::-1] if swapped else self.xy, crs)
        except (CRSError, ProjError):
            return float("inf")
        km = kilometres_off(self.ids, at[:, 0], at[:, 1])
        known = km[~np.isnan(km)]
        return float(np.median(known)) if len(known) * 2 > len(km) else float("inf")


def _in_degrees(xy: NDArray[np.float64]) -> bool:
    return bool(((np.abs(xy[:, 0]) <= 361) & (np.abs(xy[:, 1]) <= 90.0001)).mean() >= NEARLY)


def _judged(xy: NDArray[np.float64], named: CRS | None, known: _Known) -> tuple[CRS | None, Finding | None]:
    """The system to use, and what has to be said about it."""
    degrees = CRS.from_epsg(4326)
    fits = _in_degrees(xy) or _in_degrees(xy[:, ::-1])
    if named is not None and is_degrees(named) != fits:
        if fits and float(np.ptp(xy, axis=0).max()) < 360:
            text = (
                f"The file says its coordinates are {label(named)}, but its numbers are degrees; they were read as "
                "longitude and latitude."
            )
            return degrees, Finding("crs_wrong", text, fate="mended")
        if not fits:
            said = f"The file says its coordinates are degrees ({label(named)}), but its numbers are far too large"
            return _guess(known, said)
    if named is not None:
        return named, None
    if fits:
        text = (
            "The file doesn't say its coordinate system; its numbers fit longitude and latitude and were read as such."
        )
        return degrees, Finding("crs_assumed", text, fate="mended")
    return _guess(known, "The file doesn't say its coordinate system, and its numbers aren't degrees")


def _guess(known: _Known, said: str) -> tuple[CRS | None, Finding]:
    """A usual system that brings areas of known place to where they belong."""
    best, least = None, _CLOSE_KM
    for name in _USUAL:
        crs = CRS.from_user_input(name)
        off = known.off(crs)
        if off < least - (0.0 if best is None else 0.5):  # systems that agree within metres: the first
            best, least = crs, off
    if best is None:
        return None, Finding("crs_asked", f"{said}. Give the EPSG number of the coordinate system they are in.")
    text = (
        f"{said}; read as {label(best)} they lie where their ZIPs are (median {distance_text(least)} off), so it was "
        "used."
    )
    return best, Finding("crs_guessed", text, fate="mended")


def _axes(xy: NDArray[np.float64], crs: CRS, known: _Known) -> tuple[bool, str]:
    """Whether latitude comes first, and how one sees it."""
    turned = xy[:, ::-1]
    if is_degrees(crs):
        if not _in_degrees(xy) and _in_degrees(turned):
            return True, "latitudes beyond 90 degrees don't exist"
        if known.ids and known.off(crs, swapped=True) < _CLOSE_KM < known.off(crs):
            return True, "only so the areas lie where their ZIPs are"
        if _usa(turned) >= NEARLY and float(np.median(xy[:, 1])) < -60:
            return True, "as written they would lie at the South Pole, turned they lie in the USA"
        return False, ""
    use = crs.area_of_use
    if use is None:
        return False, ""
    straight, crossed = (_share_inside(points_to_degrees(p, crs), use.bounds) for p in (xy, turned))
    if straight < 0.01 and crossed >= NEARLY:
        return True, f"only so they lie where {crs.name[:60]} is used"
    return False, ""


def _usa(xy: NDArray[np.float64]) -> float:
    return float(((xy[:, 0] > -180) & (xy[:, 0] < -64) & (xy[:, 1] > 17) & (xy[:, 1] < 72)).mean())


def _share_inside(at: NDArray[np.float64], bounds: tuple[float, float, float, float]) -> float:
    west, south, east, north = bounds
    lon = at[:, 0]
    inside = (lon > west - 1) & (lon < east + 1) if west <= east else (lon > west - 1) | (lon < east + 1)
    return float((inside & (at[:, 1] > south - 1) & (at[:, 1] < north + 1)).mean())
