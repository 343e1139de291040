"""Maps to look at: one plan, or two side by side that move together; the scripts of the Plan page draw them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import folium

from terr.view.mapview import MapPatch, MapScript, MapShell, patch_value, shapes_url
from terr.view.text import js_value

HEIGHT = 430


@dataclass(frozen=True)
class PairMapInputs:
    """The shapes of one map.

    Attributes:
        geometry: name of the level's geometry file; states: codes of the region, None for all of the file.
        words: what one unit and several are called.
        context: name of a file of lines to draw behind, "" = none.
        books: accounts that are units, as JSON (see `MapPatch.books`), "" = none.
    """

    geometry: str
    states: tuple[str, ...] | None
    words: tuple[str, str]
    context: str = ""
    books: str = ""


@dataclass(frozen=True)
class MapPane:
    """What one map shows.

    Attributes:
        title, note: above the map.
        patch: the plan; with a piece of kind "change" for what moves.
        mode: "territory" or "change".
    """

    title: str
    note: str
    patch: MapPatch
    mode: str = "territory"


def pair_map(grounds: Sequence[PairMapInputs], height: int = HEIGHT) -> folium.Map:
    """The maps without plans. The same arguments always give the same script, so they are mounted once."""
    shell = MapShell()
    panes = [
        {
            "geometry": shapes_url(one.geometry) if one.geometry else "",
            "states": None if one.states is None else list(one.states),
            "word": one.words[0],
            "words": one.words[1],
            "approximate": False,
            "context": shapes_url(one.context) if one.context else "",
            **({"books": json.loads(one.books)} if one.books else {}),
        }
        for one in grounds
    ]
    config = {"panes": panes, "height": height}
    MapScript(f"TerrMap.startPair({shell.get_name()}, {js_value(config)});").add_to(shell)
    return shell


def pair_group(panes: Sequence[MapPane], key: str) -> folium.FeatureGroup:
    """The plans as a feature group that only calls our script.

    Args:
        panes: one per map.
        key: names what is shown, for whoever waits for it.
    """
    group = folium.FeatureGroup(name="plans")
    value: dict[str, Any] = {
        "key": key,
        "panes": [{"title": p.title, "note": p.note, "mode": p.mode, "patch": patch_value(p.patch)} for p in panes],
    }
    MapScript(f"TerrMap.tellPair({js_value(value)});").add_to(group)
    return group
