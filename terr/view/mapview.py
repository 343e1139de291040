"""The territory map: a thin folium shell around scripts of ours that draw on a canvas.

The browser fetches the shapes once by URL; each rerun sends only the plan (two characters per unit). See
docs/decisions/0002-map.md for the measurements behind this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import branca.element
import folium
import numpy as np
from folium.elements import JSCSSMixin
from folium.template import Template
from numpy.typing import NDArray

from terr.view.text import js_value

STATIC = Path(__file__).resolve().parents[2] / "static"
_URL = "../../app/static/"  # relative to the component's own frame, so that a base path keeps working
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
_PAIRS = np.array([(a + b).encode() for a in _ALPHABET for b in _ALPHABET], dtype="S2")
_SHAPES = "../../app/shapes/"
_TOGETHER = "../../app/together"
_SCRIPTS = (
    "geometry.js",
    "outline.js",
    "points.js",
    "books.js",
    "shading.js",
    "labels.js",
    "places.js",
    "homes.js",
    "painter.js",
    "search.js",
    "legend.js",
    "line.js",
    "company.js",
    "inspect.js",
    "help.js",
    "session.js",
    "tools.js",
    "pair.js",
)
STREETS = {
    "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    "credit": "Streets: © OpenStreetMap contributors",
}
"""The one address outside this machine, named to a browser only while the person has the street map on."""

# Each element compiles its template anew, a dozen for every redraw of the map: two thirds of what a redraw of it takes.
branca.element.Template = lru_cache(maxsize=64)(branca.element.Template)


@cache
def _versioned(name: str) -> str:
    """URL of a static file that changes with its content, so that no browser keeps an old one."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"{_URL}{name}?v={digest}"


def shapes_url(name: str) -> str:
    """Where a browser fetches the shapes of a level."""
    return _SHAPES + name


class MapShell(folium.Map):
    """folium.Map with Leaflet and our scripts from this machine instead of a CDN."""

    def __init__(self) -> None:
        super().__init__(
            location=[39, -97],
            zoom_start=4,
            tiles=None,
            prefer_canvas=True,
            zoom_control="bottomleft",
            attribution_control=False,
            zoom_snap=0.25,
            min_zoom=2,
            max_zoom=16,
        )
        self.default_js = [("leaflet", _versioned("vendor/leaflet.js"))] + [
            (name, _versioned(f"map/{name}")) for name in _SCRIPTS
        ]
        self.default_css = [
            ("leaflet_css", _versioned("vendor/leaflet.css")),
            ("terr_css", _versioned("map/map.css")),
        ]


class MapScript(JSCSSMixin, folium.MacroElement):
    """One line of script, rendered as it is."""

    _template = Template("{% macro script(this, kwargs) %}{{ this.line }}{% endmacro %}")
    default_js: ClassVar[list[tuple[str, str]]] = []
    default_css: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, line: str) -> None:
        super().__init__()
        self._name = "script"
        self.line = line


@dataclass(frozen=True)
class MapPatch:
    """What the map is told on each rerun.

    Attributes:
        plan: id of the scenario; the map drops unsent edits when it changes.
        rev: the scenario's revision.
        slots: int16 (n_units,), position of each unit's territory, -1 = unassigned.
        territories: per territory code, name, rep (name), rep_id, locked, color and rep_color (hex), deviation
            (percent or None).
        active: code of the territory that clicks paint, -1 = unassign.
        locked: codes of locked units.
        strays: unit codes of each piece cut off from the heaviest piece of its territory.
        ack: (id of the browser's map session, number of its last event taken in).
        preview: (unit, territory code) pairs of a suggestion shown but not applied.
        marked: codes of units to outline, as something names them.
        data: unit values for the tooltip and account points, or None if the browser has them already.
        fly: {"nonce", "units"} to move the view to, or None.
        readonly: why nothing can be edited now, "" = it can.
        assign: `slots` as sent: whole, or what differs from a plan the browser holds; None = whole.
        pieces: what else was asked for (see `terr.workspace.plan.map_layers`).
        choices: {"id", "title"} of what else can be coloured.
        columns: {"id", "title"} of columns that can color the accounts' points.
        limit: allowed deviation, percent; sides: where it holds, "both", "over" or "under" the target.
        tiles: the street map of the internet is wanted.
        edits: (name of the map's queue of edits, number of its last one taken in).
        proposed: `slots` aren't the stored plan but a preview of another one.
        together: what else the map needs to work with others: `ticket`, `name`, `seq`, `crowd`, `may`, `present`.
        books: accounts that are units, behind the areas: `version`, and lists `id`, `name`, `state`, `lat` and `lon`
            (degrees, None = not drawn); None if there are none or the browser has them.
    """

    plan: str
    rev: int
    slots: NDArray[np.int16]
    territories: Sequence[Mapping[str, Any]]
    active: int
    locked: Sequence[int]
    strays: Sequence[Sequence[int]]
    ack: tuple[str, int]
    preview: Sequence[tuple[int, int]] | None = None
    marked: Sequence[int] = ()
    data: Mapping[str, Any] | None = None
    fly: Mapping[str, Any] | None = None
    readonly: str = ""
    assign: MapAssignment | None = None
    pieces: Sequence[Mapping[str, Any]] = ()
    choices: Sequence[Mapping[str, str]] = ()
    columns: Sequence[Mapping[str, str]] = ()
    limit: float = 5.0
    sides: str = "both"
    tiles: bool = False
    edits: tuple[str, int] = ("", 0)
    proposed: bool = False
    together: Mapping[str, Any] = field(default_factory=dict)
    books: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class MapAssignment:
    """A plan as it is sent.

    Attributes:
        id: names the plan of these units, for the next difference.
        base: id of the plan it differs from, "" = it is sent whole.
        units, codes: units with another territory than in `base`, and its code; empty when sent whole.
    """

    id: str
    base: str = ""
    units: Sequence[int] = ()
    codes: Sequence[int] = ()


def encode(slots: NDArray[np.int16]) -> str:
    """Two characters per unit, base 64; unassigned (-1) is the last pair. Holds up to 4,095 territories."""
    return _PAIRS[slots.astype(np.int64) % 4096].tobytes().decode("ascii")


def base_map(
    geometry: str,
    states: Sequence[str] | None,
    *,
    words: tuple[str, str] = ("unit", "units"),
    approximate: bool = False,
    context: str = "",
    books: str = "",
) -> folium.Map:
    """The map without a plan. The same arguments always give the same script, so it is mounted once.

    Args:
        geometry: name of the level's geometry file.
        states: two-letter codes of the region, None for all units of the file.
        words: what one unit and several are called.
        approximate: the shapes are an estimate, which the map says.
        context: name of a geometry file whose lines lie behind, "" = none; for boundaries that name no states.
        books: version of the units if some are accounts; they come with the plan. `geometry` "" = there are no areas.
    """
    shell = MapShell()
    config = {
        "geometry": _SHAPES + geometry if geometry else "",
        "states": None if states is None else list(states),
        "word": words[0],
        "words": words[1],
        "approximate": approximate,
        "context": _SHAPES + context if context else "",
        "together": _TOGETHER,
    }
    if books:
        config["books"] = books
    MapScript(f"TerrMap.start({shell.get_name()}, {js_value(config)});").add_to(shell)
    return shell


def patch_group(patch: MapPatch) -> folium.FeatureGroup:
    """The plan as a feature group that only calls our script; the map itself is not mounted again."""
    group = folium.FeatureGroup(name="plan")
    MapScript(f"TerrMap.sync({js_value(patch_value(patch))});").add_to(group)
    return group


def patch_value(patch: MapPatch) -> dict[str, Any]:
    """What the map's script is told, as JSON has it."""
    how = patch.assign
    return {
        "plan": patch.plan,
        "rev": patch.rev,
        "assign": encode(patch.slots) if how is None or not how.base else None,
        "id": "" if how is None else how.id,
        "from": "" if how is None else how.base,
        "units": [] if how is None else [int(u) for u in how.units],
        "codes": [] if how is None else [int(c) for c in how.codes],
        "territories": [dict(t) for t in patch.territories],
        "active": patch.active,
        "locked": [int(u) for u in patch.locked],
        "strays": [[int(u) for u in piece] for piece in patch.strays],
        "ack": list(patch.ack),
        "preview": None if patch.preview is None else [[int(u), int(c)] for u, c in patch.preview],
        "marked": [int(u) for u in patch.marked],
        "data": patch.data,
        "fly": patch.fly,
        "readonly": patch.readonly,
        "pieces": [dict(p) for p in patch.pieces],
        "choices": [dict(c) for c in patch.choices],
        "columns": [dict(c) for c in patch.columns],
        "limit": patch.limit,
        "sides": patch.sides,
        "tiles": STREETS if patch.tiles else None,
        "edits": list(patch.edits),
        "proposed": patch.proposed,
        "books": patch.books,
        **patch.together,
    }
