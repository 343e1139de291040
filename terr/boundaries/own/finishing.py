"""The user's own boundaries, step three: gaps filled where wanted, ZIPs without an area given to the one around."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from terr.boundaries.own.cleaning import CleanedAreas
from terr.boundaries.own.filling import fill, land_of
from terr.boundaries.own.findings import Finding, by_number
from terr.boundaries.own.upload import InspectedFile
from terr.boundaries.zips.zips import members
from terr.model.progress import UNWATCHED, Progress


@dataclass(frozen=True, eq=False)
class PreparedAreas:
    """What `terr.boundaries.layers.library.keep` takes.

    Attributes:
        frame: areas as `Cleaned.frame` has them, without gaps if they were filled.
        fills: the parts that were added, EPSG:4326.
        members: each known ZIP -> `unit_id` for areas that are ZIPs, else None.
        findings: all of them, those of the cleaning first.
    """

    frame: gpd.GeoDataFrame
    fills: gpd.GeoSeries
    members: pd.Series | None
    findings: tuple[Finding, ...]


def prepare_areas(cleaned: CleanedAreas, *, filled: bool, progress: Progress = UNWATCHED) -> PreparedAreas:
    """Fill gaps if wanted, and find out which ZIP belongs to which area.

    Args:
        cleaned: the areas.
        filled: give the gaps between areas to their neighbors. Areas in the USA then cover their counties; elsewhere
            only gaps that areas enclose, and narrow slits between two, are filled.
        progress: told how far it is.

    Raises:
        StoppedError: if the person stopped it.
    """
    frame, found = cleaned.frame, list(cleaned.findings)
    fills = gpd.GeoSeries([], crs="EPSG:4326")
    if filled:
        done = fill(frame, land=land_of(frame), progress=progress.part(0.0, 0.8))
        frame, fills = done.frame, done.fills
        if done.left:
            gaps = by_number(done.left, "gap between areas has", "gaps between areas have")
            were = by_number(done.left, "was", "were")
            text = f"{done.left:,} {gaps} too many corners or holes to be filled and {were} left open."
            found.append(Finding("open", text, done.left))
        if len(fills):
            grown = len(set(done.owner.tolist()))
            gaps = by_number(done.gaps, "gap between areas was", "gaps between areas were")
            found.append(
                Finding(
                    "filled",
                    f"{done.gaps:,} {gaps} given to the nearest of {grown:,} areas around; they are marked as fill.",
                    done.gaps,
                    fate="mended",
                )
            )
    belong = None
    if cleaned.zips:
        progress.tell(0.85, "Finding ZIPs without an area of their own")
        belong = members(frame)
        points = int((~belong.index.isin(frame["unit_id"])).sum())
        if points:
            many = by_number(
                points, "ZIP without an area of its own belongs", "ZIPs without an area of their own belong"
            )
            text = f"{points:,} {many} to the area around (PO boxes, single sites)."
            found.append(Finding("point_zips", text, points))
    progress.tell(1.0, "Ready")
    return PreparedAreas(frame, fills, belong, tuple(found))


def own_level(inspected: InspectedFile, cleaned: CleanedAreas, *, filled: bool) -> str:
    """The level that a file becomes with these choices: "own-" and 12 hex digits."""
    digest = hashlib.sha256(f"{inspected.sha256}\n{inspected.raw.layer}\n{filled}\n".encode())
    digest.update("\n".join(cleaned.frame["unit_id"]).encode())
    return f"own-{digest.hexdigest()[:12]}"
