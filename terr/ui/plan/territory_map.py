"""The map on the Plan page: what it is told on each rerun, and how what it says is taken in."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit_folium import st_folium

from terr.errors import TerrError
from terr.model.books.book_units import BookUnits
from terr.ui.live import plan_parts, window
from terr.ui.plan import accounts_list, segment_filter
from terr.ui.session import state
from terr.view.mapview import MapAssignment, MapPatch, base_map, encode, patch_group
from terr.view.text import SYMBOLS
from terr.workspace.live import map_events, proposals
from terr.workspace.live.map_events import WindowState
from terr.workspace.plan import map_layers, search
from terr.workspace.plan.named_accounts import overrides_key
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.homes_on_map import map_homes

KEY = "terr_map"
HEIGHT = 545
_KEPT = 6
"""Plans a window remembers having sent, so that the next one can be sent as what differs."""
_PREVIEW = "This is a preview. Apply or discard it first, on the right."


def take_events() -> None:
    """Import what the map sent; runs before the fragment does."""
    sid = state.get("scenario")
    if not sid:
        return
    value = st.session_state.get(KEY) or {}
    before = state.window_state()
    if value.get("follow") and not value.get("events") and state.get("proposal") is None:
        plan_parts.draw(*plan_parts.FOLLOWING)
        return
    try:
        after = map_events.apply_events(
            state.workspace(),
            sid,
            before,
            value,
            person=window.me(),
            known_as=state.known_as(),
        )
    except TerrError as error:  # not acknowledged, so the browser sends it again
        state.say(str(error))
        return
    for line in after.notices:
        state.say(line)
    if after.ack[0] != before.ack[0]:
        state.drop("fly")  # a new map shows the whole region first
    if after.listed != (-1, -1):
        accounts_list.ask(after.listed[1], after.listed[0])
    state.put("seen", map_events.without_notices(after))


def show_map(shown: PlanSnapshot, *, proposed: bool) -> None:
    """The map of a board; nothing can be edited on a proposal."""
    seen = state.window_state()
    version = _version(shown)
    off = dict(zip(shown.table["code"], shown.table["deviation"], strict=True))
    of_reps = list(state.workspace().rep_colors(shown.info, shown.plan).values())
    territories = [
        {**row, "deviation": round(100 * float(off[row["code"]]), 4) if np.isfinite(off[row["code"]]) else None}
        for row in map_layers.territory_rows(shown.plan, shown.reps, shown.table["color"].tolist(), of_reps)
    ]
    patch = MapPatch(
        plan=shown.info.id,
        rev=shown.rev,
        slots=shown.plan.slots(),
        territories=territories,
        active=seen.active,
        locked=np.flatnonzero(shown.plan.locked_units).tolist(),
        strays=shown.strays,
        ack=seen.ack,
        preview=None if proposed else state.get("preview"),
        marked=state.get("marked") or _proposed(shown),
        # a map that hasn't said anything yet is first given the plan alone, so that it is there sooner
        data=None if not seen.ack[0] or seen.have == version else _data(version, shown),
        fly=state.get("fly"),
        readonly=_PREVIEW if proposed or state.get("preview") else state.needs("edit"),
        assign=_assigned(shown, seen.holds),
        pieces=_pieces(shown, seen),
        choices=map_layers.choices(state.workspace(), shown),
        columns=map_layers.point_columns(state.workspace(), shown),
        limit=100 * shown.info.tolerance,
        sides=shown.rules.sides,
        tiles=seen.tiles,
        edits=seen.edits,
        proposed=proposed,
        together=window.for_map(shown),
        books=_books(shown, seen),
    )
    st_folium(
        _base(shown),
        key=KEY,
        height=HEIGHT,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=patch_group(patch),
        on_change=take_events,
    )


def _proposed(shown: PlanSnapshot) -> list[int]:
    """Units that somebody proposes to move: outlined until it is decided."""
    return sorted({int(u) for p in proposals.undecided(state.workspace(), shown.info.id) for u in p.edit.units})


def _base(shown: PlanSnapshot) -> Any:
    of = map_layers.plan_shapes(shown.info)
    return base_map(of.file, of.region, words=of.words, approximate=of.approximate, context=of.context, books=of.books)


def _assigned(shown: PlanSnapshot, holds: str) -> MapAssignment:
    """The plan whole, or what differs from one this window was sent before and still holds."""
    assign = shown.plan.assign
    name = f"{shown.units.version[:8]}-{shown.rev}-{zlib.crc32(assign.tobytes()):08x}"
    sent: dict[str, NDArray[np.int16]] = state.get("sent", {})
    before = sent.get(holds)
    sent = {**{k: v for k, v in sent.items() if k != name}, name: assign}
    state.put("sent", dict(list(sent.items())[-_KEPT:]))
    if before is None or len(before) != len(assign):
        return MapAssignment(name)
    units = np.flatnonzero(before != assign)
    if 4 * len(units) > len(assign):
        return MapAssignment(name)
    return MapAssignment(name, holds, units.tolist(), assign[units].tolist())


def _books(shown: PlanSnapshot, seen: WindowState) -> dict[str, Any] | None:
    """The accounts that are units, until the browser says that it has them."""
    version = f"books-{shown.units.version}"
    if not isinstance(shown.units, BookUnits) or version in seen.got:
        return None
    return {"version": version, **map_layers.book_points(shown.units)}


def _version(shown: PlanSnapshot) -> str:
    """Which accounts on which units, short enough for the browser to give back."""
    parts = (shown.data, shown.units.version, shown.measure, overrides_key(shown.held))
    return hashlib.sha256("-".join(parts).encode()).hexdigest()[:20]


def _data(version: str, shown: PlanSnapshot) -> dict[str, Any]:
    return {
        "version": version,
        "measure": shown.measure,
        "symbol": _symbol(shown.currency),
        "values": map_layers.figures(shown.loads),
        "accounts": shown.counts.tolist(),
    }


def _symbol(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} " if currency else "")


def _pieces(shown: PlanSnapshot, seen: WindowState) -> list[dict[str, Any]]:
    """What the person asked for and the browser doesn't hold yet."""
    ws, out = state.workspace(), []
    only = segment_filter.chosen(shown)
    titles = [c["id"] for c in map_layers.point_columns(ws, shown)]
    by = seen.points_by if seen.points_by in titles else ""
    mark = zlib.crc32(f"{'' if only is None else only.title}|{by}".encode())
    version = f"points-{_version(shown)}-{mark:08x}"
    if seen.points and version not in seen.got:
        out.append({"kind": "points", "version": version, "by": by, **map_layers.account_points(shown, only, by)})
    named = f"places-{shown.units.version[:12]}"
    if seen.ack[0] and named not in seen.got:  # when the plan itself is there
        out.append({"kind": "places", "version": named, **search.place_names(shown)})
    look = map_layers.piece(ws, shown, seen.look) if seen.look else None
    if look is not None and look["version"] not in seen.got:
        if look["kind"] == "change":
            look["was"] = encode(look.pop("slots"))
        else:
            look["symbol"] = _symbol(look.pop("currency"))
        out.append(look)
    if seen.homes:
        living = map_homes(ws, shown)
        if living["version"] not in seen.got:
            out.append(living)
    if seen.find:
        out.append({"kind": "found", "text": seen.find, "hits": search.find(ws, shown, seen.find, only)})
    return out
