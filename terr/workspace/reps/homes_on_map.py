"""Homes of reps as a layer of the plan's map: where each lives, what they cover, and how far away it is."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.locate import home_points
from terr.model.reps import Rep
from terr.view.text import and_list, count
from terr.workspace.caches import CacheKind
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import ground_of, own_quota_only, people_settings
from terr.workspace.reps.matching import home_travel, revenue_measure, territory_centers
from terr.workspace.workspace import Workspace

HOMES = CacheKind[tuple[str, int, str, tuple[Rep, ...], str, frozenset[str] | None], dict[str, Any]](
    "homes of reps on the map", 8
)
"""By scenario, revision, accounts, roster, what else counts, and whose homes a person may see."""


def map_homes(ws: Workspace, shown: PlanSnapshot) -> dict[str, Any]:
    """What the map needs to draw the homes of reps, with a `version`; worked out once for each revision.

    Where people sign in, a rep sees their own home and a manager the team's; editors of the plan see all.

    Returns:
        `homes`, the farthest first: `lat`, `lon` (degrees), `name`, `lines` (what its tooltip says), `label` (hours to
        the farthest territory, "" without one), `far` (one is more than the plan's limit of hours away), `codes` of the
        territories it covers, and `to`, their centers as [latitude, longitude, far]. `note`: whose home isn't known, ""
        if all are. Miles and hours are estimates by road, one way, as in the matching of page Reps.
    """
    limit = people_settings(shown.info).far_hours
    mark = repr((limit, shown.held.rows.tobytes(), shown.held.codes.tobytes(), shown.plan.assign.tobytes()))
    mine = own_quota_only(ws, shown.info.id, shown.reps)
    key = (shown.info.id, shown.rev, shown.data, shown.reps, f"{zlib.crc32(mark.encode()):08x}", mine)
    return ws.caches[HOMES].get_or_make(key, lambda: _map_homes(shown, limit, mine))


def _map_homes(shown: PlanSnapshot, limit: float, only: frozenset[str] | None) -> dict[str, Any]:
    ground = ground_of(shown)
    centers = territory_centers(ground, revenue_measure(ground.accounts))
    mine: dict[str, list[int]] = {}
    for k, t in enumerate(shown.plan.territories):
        mine.setdefault(t.rep, []).append(k)
    team = {r.rep_id for r in shown.team}
    reps = [r for r in ground.reps if r.rep_id in team or r.rep_id in mine]
    reps = [r for r in reps if only is None or r.rep_id in only]
    points = home_points([r.home for r in reps])
    known = [math.isfinite(lat) for lat in points[:, 0].tolist()]
    homes = [
        _home(shown, r, points[[i]], mine.get(r.rep_id, []), centers, limit) for i, r in enumerate(reps) if known[i]
    ]
    homes.sort(key=lambda h: (-h.pop("hours"), h["name"]))
    missing = [r.name for r, here in zip(reps, known, strict=True) if not here]
    note = f"{count(len(missing), 'home')} not known: {and_list(missing)}. Add them on page Reps." if missing else ""
    version = f"homes-{zlib.crc32(repr((homes, note)).encode()):08x}"
    return {"kind": "homes", "version": version, "homes": homes, "note": note}


def _home(
    shown: PlanSnapshot,
    rep: Rep,
    point: NDArray[np.float64],
    slots: list[int],
    centers: NDArray[np.float64],
    limit: float,
) -> dict[str, Any]:
    """One home, float64 (1, 2) degrees, and the territories of its rep, by their positions in the plan."""
    miles, hours = (x[:, 0] for x in home_travel(centers[slots].reshape(-1, 2), point))
    lines, to = [f"Home: {'ZIP ' if rep.home_zip else ''}{rep.home}"], []
    for k, far_miles, away in zip(slots, miles.tolist(), hours.tolist(), strict=True):
        name = shown.plan.territories[k].name
        if not np.isfinite(away):
            lines.append(f"{name}: nothing in it yet")
            continue
        lines.append(f"{name}: about {far_miles:,.0f} mi by road, {away:,.1f} hours")
        if away > limit:
            lines.append(f"More than {limit:g} hours away")
        to.append([*centers[k].round(4).tolist(), away > limit])
    if not slots:
        lines.append("No territory")
    most = float(np.nanmax(hours)) if to else -1.0
    return {
        "lat": round(float(point[0, 0]), 4),
        "lon": round(float(point[0, 1]), 4),
        "name": rep.name,
        "lines": lines,
        "label": f"{most:,.1f} h" if to else "",
        "far": most > limit,
        "codes": [shown.plan.territories[k].code for k in slots],
        "to": to,
        "hours": most,
    }
