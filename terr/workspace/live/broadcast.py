"""What the maps of a plan are told of it, worked out once for all windows: the plan, or what is different in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from terr.aggregate import unit_codes
from terr.errors import PlanError, TerrError
from terr.model.plan import Plan
from terr.store.repositories.comments import Comment
from terr.workspace.accounts.dataset import dataset
from terr.workspace.live.presence import PresentPerson
from terr.workspace.plan.map_layers import territory_rows
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.workspace import Workspace

_MOST_PINS, _MOST_TEXT = 300, 90


@dataclass(frozen=True, eq=False)
class BroadcastState:
    """Where a plan stood when its windows were told last.

    Attributes:
        rev, seq: its revision; the count of changes beside the plan.
        plan: the plan.
        colors: palette index each territory is shown in, by position; an edit of units can change them.
        rep_colors: that of each one's rep, -1 = none.
        pins: open comments with a place on the map.
    """

    rev: int
    seq: int
    plan: Plan
    colors: tuple[int, ...]
    rep_colors: tuple[int, ...]
    pins: tuple[dict[str, Any], ...] = ()


def news(ws: Workspace, scenario_id: str, before: BroadcastState | None) -> BroadcastState | None:
    """Where the plan stands now, None if that is where it stood before; cheap if nothing happened.

    Raises:
        LocateError: if the scenario isn't found.
        StoreError: if it can't be read.
    """
    rev, seq = ws.store.changes.latest(scenario_id)
    if before is not None and (rev, seq) == (before.rev, before.seq):
        return None
    return broadcast_state(ws, scenario_id, rev, seq, before)


def roles_changed(ws: Workspace, scenario_id: str, before: BroadcastState, now: BroadcastState) -> bool:
    """Whether somebody was given a role, or lost one, from one look to the next."""
    return now.seq != before.seq and "role" in ws.store.changes.since(scenario_id, now.rev, before.seq).topics


def broadcast_state(
    ws: Workspace, scenario_id: str, rev: int, seq: int, before: BroadcastState | None = None
) -> BroadcastState:
    """The plan as it is now.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        rev, seq: where it stands.
        before: what was told last, so that what didn't change isn't read again.

    Raises:
        LocateError: if the scenario isn't found.
        StoreError: if it can't be read.
    """
    pins = before.pins if before is not None and before.seq == seq else _pins(ws, scenario_id)
    if before is not None and before.rev == rev:
        return BroadcastState(rev, seq, before.plan, before.colors, before.rep_colors, pins)
    plan, now = ws.plan(scenario_id)
    try:
        info = ws.store.scenarios.get(scenario_id)
        colors = tuple(ws.colors(info, plan).values())
        of_reps = tuple(ws.rep_colors(info, plan).values())
    except PlanError:  # boundaries that are gone from this machine: no map is drawn, but the plan goes on
        colors = tuple(t.color for t in plan.territories)
        of_reps = tuple(t.color if t.rep else -1 for t in plan.territories)
    return BroadcastState(now, seq, plan, colors, of_reps, pins)


def whole(ws: Workspace, scenario_id: str, now: BroadcastState) -> dict[str, Any]:
    """Everything, for a map that knows nothing yet: a territory code per unit, as runs "code*times"."""
    codes = now.plan.assign
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, dtype=np.int64)
    times = np.diff(np.r_[starts, len(codes)])
    return {
        "t": "plan",
        "rev": now.rev,
        "seq": now.seq,
        "runs": ",".join(f"{c}*{n}" for c, n in zip(codes[starts].tolist(), times.tolist(), strict=True)),
        "locked": np.flatnonzero(now.plan.locked_units).tolist(),
        "territories": territories(ws, scenario_id, now),
        "pins": list(now.pins),
    }


def difference(ws: Workspace, scenario_id: str, before: BroadcastState, now: BroadcastState) -> dict[str, Any]:
    """What is different since the windows were told last."""
    units = np.flatnonzero(before.plan.assign != now.plan.assign)
    out: dict[str, Any] = {
        "t": "news",
        "rev": now.rev,
        "seq": now.seq,
        "units": units.tolist(),
        "codes": now.plan.assign[units].tolist(),
    }
    if not np.array_equal(before.plan.locked_units, now.plan.locked_units):
        out["locked"] = np.flatnonzero(now.plan.locked_units).tolist()
    shown = [(s.plan.territories, s.colors, s.rep_colors) for s in (before, now)]
    if shown[0] != shown[1]:
        out["territories"] = territories(ws, scenario_id, now)
    if before.pins != now.pins:
        out["pins"] = list(now.pins)
    return out


def territories(ws: Workspace, scenario_id: str, now: BroadcastState) -> list[dict[str, Any]]:
    """What the map is told of each territory; see `territory_rows`."""
    reps = dataset(ws, ws.store.scenarios.get(scenario_id).dataset_id).reps
    return territory_rows(now.plan, reps, now.colors, now.rep_colors)


def measured(ws: Workspace, scenario_id: str) -> dict[str, Any]:
    """Deviations and disconnected areas of the plan as it is now.

    Raises:
        LocateError, PlanError: as `board`.
    """
    shown = plan_snapshot(ws, scenario_id)
    off = {
        int(c): round(100 * float(d), 4)
        for c, d in zip(shown.table["code"], shown.table["deviation"], strict=True)
        if np.isfinite(d)
    }
    return {"t": "measured", "rev": shown.rev, "off": off, "strays": [list(map(int, p)) for p in shown.strays]}


def presence_message(present: tuple[PresentPerson, ...]) -> dict[str, Any]:
    """Who is here, for the maps."""
    return {
        "t": "people",
        "people": [
            {
                "window": p.window,
                "name": p.name,
                "color": p.color,
                "initials": p.initials,
                "presenting": p.presenting,
                **p.view,
            }
            for p in present
        ],
    }


def crowd(present: tuple[PresentPerson, ...]) -> int:
    """A number that changes when somebody comes, goes or gets another name, and with nothing else."""
    return zlib.crc32(repr(sorted((p.window, p.name, p.presenting) for p in present)).encode())


def _pins(ws: Workspace, scenario_id: str) -> tuple[dict[str, Any], ...]:
    """Open comments with a place on the map."""
    found = [c for c in ws.store.comments.of(scenario_id) if c.resolved_at is None and c.answers is None]
    out = []
    for one in found[-_MOST_PINS:]:
        at = place_of(ws, scenario_id, one)
        if at is not None:
            text = one.text if len(one.text) <= _MOST_TEXT else one.text[: _MOST_TEXT - 1] + "…"
            out.append({"id": one.id, "who": one.by.name, "text": text, **at})
    return tuple(out)


def place_of(ws: Workspace, scenario_id: str, comment: Comment) -> dict[str, int] | None:
    """Where a comment belongs on the map: {"unit": code} or {"territory": code}; None for the plan, or what is gone."""
    if comment.target == "territory":
        return {"territory": int(comment.target_id)} if comment.target_id.isdecimal() else None
    if comment.target == "plan":
        return None
    info = ws.store.scenarios.get(scenario_id)
    try:
        units = ws.units(info)
    except TerrError:
        return None
    if comment.target == "unit":
        unit = units.codes().get(comment.target_id, -1)
    else:
        accounts = dataset(ws, info.dataset_id).accounts
        rows = np.flatnonzero((accounts.frame["account_id"] == comment.target_id).to_numpy())
        unit = int(unit_codes(accounts, units)[rows[0]]) if len(rows) else -1
    return {"unit": int(unit)} if unit >= 0 else None
