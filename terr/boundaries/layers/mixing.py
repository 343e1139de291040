"""Makes the layer of a mixed level out of the layers it mixes, and the browser's file of it when one is asked for."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.drawing import draw, file_of
from terr.boundaries.geometry.inserting import with_corners
from terr.boundaries.layers.building import matched, unit_columns
from terr.boundaries.layers.layer import AREAS, Layer
from terr.boundaries.layers.mixed_level import INSIDE, MixedLevel
from terr.errors import LocateError, StoreError
from terr.folders import data_dir, make_folder
from terr.model.units import noun

_FOLDER = "mixed-"
_DRAWING = "2"
"""Part of the name of a drawing: another one whenever the same areas are drawn otherwise."""
_MOST_DRAWN = 40
"""Drawings of mixed levels that are kept; they can be made again at any time."""


@dataclass(frozen=True, eq=False)
class MixedPart:
    """What a mixed level has of one of its levels.

    Attributes:
        layer: all areas of that level.
        row: int64 (areas,), row of each area in the mixed layer, -1 where it is no unit of it: it is split, or what it
            lies inside isn't.
        parent: int64 (areas,), row of the area of the level above that each lies inside; -1 on the first level.
        split: bool (areas,), which are split into the areas of the next level.
    """

    layer: Layer
    row: NDArray[np.int64]
    parent: NDArray[np.int64]
    split: NDArray[np.bool_]


def mixed_parts(level: MixedLevel, layer_of: Callable[[str], Layer]) -> tuple[MixedPart, ...]:
    """A mixed level by its levels, the coarsest first.

    Raises:
        LocateError: if an area to split isn't there, isn't a unit, or has no areas of its own inside it.
    """
    split_at = {s.level: s.parents for s in level.splits}
    layers = [layer_of(v) for v in level.levels]
    parents: list[NDArray[np.int64]] = []
    splits: list[NDArray[np.bool_]] = []
    units: list[NDArray[np.bool_]] = []
    for at, whole in enumerate(layers):
        ids = pd.Index(whole.areas["unit_id"])
        if at == 0:
            parent, there = np.full(len(whole), -1, dtype=np.int64), np.ones(len(whole), dtype=bool)
        else:
            parent = _rows_above(whole, layers[at - 1])
            there = (parent >= 0) & splits[-1][np.maximum(parent, 0)]
        split = _split_rows(whole, ids, split_at.get(whole.level, ()), there)
        if split.any():
            _check_filled(whole, split, layers[at + 1])
        parents.append(parent)
        splits.append(split)
        units.append(there & ~split)
    order = _order([_unit_ids(w)[u] for w, u in zip(layers, units, strict=True)])
    out, first = [], 0
    for whole, parent, split, unit in zip(layers, parents, splits, units, strict=True):
        row = np.full(len(whole), -1, dtype=np.int64)
        row[unit] = order[first : first + int(unit.sum())]
        first += int(unit.sum())
        out.append(MixedPart(whole, row, parent, split))
    return tuple(out)


def mix(level: MixedLevel, layer_of: Callable[[str], Layer]) -> Layer:
    """The layer of a mixed level. Its units are called by level and id: "county:48453", "zip:90012".

    Borders, areas and perimeters are those of the layers it mixes; between a unit and one of a finer level, the borders
    of the finer level's areas added up. Nothing is drawn: see `drawn_file`.

    Raises:
        LocateError: if an area to split isn't there, isn't a unit, or has no areas of its own inside it.
    """
    parts = mixed_parts(level, layer_of)
    tables = [_areas(p, a) for p, a in zip(parts, (None, *parts), strict=False)]
    table = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs="EPSG:4326")
    table = table.sort_values("unit_id", ignore_index=True)
    edges = _edges(parts)
    shapes = _fitted(np.asarray(table.geometry.to_numpy(), dtype=object), parts, edges)
    table = table.set_geometry(matched(shapes), crs="EPSG:4326")
    approximate = any(p.layer.approximate and (p.row >= 0).any() for p in parts)
    return Layer(
        level=level.text,
        title=_title(level, parts),
        areas=table,
        edges=edges,
        geometry=drawing_path(level.text, [p.layer for p in parts]),
        members=_members(parts),
        approximate=approximate,
        source="; ".join(dict.fromkeys(p.layer.source for p in parts if p.layer.source)),
    )


def children(parts: tuple[MixedPart, ...]) -> Mapping[str, tuple[int, ...]]:
    """Rows of the units inside each area that is split, by the area's id as a unit: "county:06037"."""
    out: dict[str, tuple[int, ...]] = {}
    below: list[list[int]] = []
    for at in range(len(parts) - 1, -1, -1):
        part, ids = parts[at], _unit_ids(parts[at].layer)
        mine: list[list[int]] = [[int(r)] if r >= 0 else [] for r in part.row]
        if at + 1 < len(parts):
            for row in np.flatnonzero(part.split).tolist():
                inside = np.flatnonzero(parts[at + 1].parent == row)
                mine[row] = sorted(u for k in inside.tolist() for u in below[k])
                out[str(ids[row])] = tuple(mine[row])
        below = mine
    return out


def _unit_ids(whole: Layer) -> NDArray[np.object_]:
    return np.asarray(f"{whole.level}:" + whole.areas["unit_id"].astype(str), dtype=object)


def _rows_above(whole: Layer, above: Layer) -> NDArray[np.int64]:
    """Row of the area of the level above that each area lies inside, -1 = none."""
    known, own = pd.Index(above.areas["unit_id"]), whole.areas["unit_id"]
    if above.level == "zip3":
        names = own.str[:3]
    elif above.level == "city":
        names = own if above.members is None else own.map(above.members)
    else:
        names = whole.areas[above.level]
    return np.asarray(known.get_indexer(names), dtype=np.int64)


def _split_rows(whole: Layer, ids: pd.Index, wanted: tuple[str, ...], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = np.zeros(len(whole), dtype=bool)
    state = whole.areas["state"].to_numpy(dtype=object)
    for one in wanted:
        if whole.level != "state" and len(one) == 2:
            rows = np.flatnonzero((state == one) & there)
        else:
            at = int(ids.get_indexer([one])[0])
            rows = np.array([at] if at >= 0 and there[at] else [], dtype=np.int64)
        if not len(rows):
            raise LocateError(f"{noun(whole.level, 1)} {one} isn't one of the areas here, so it can't be split")
        out[rows] = True
    return out


def _check_filled(whole: Layer, split: NDArray[np.bool_], below: Layer) -> None:
    filled = np.zeros(len(whole), dtype=bool)
    above = _rows_above(below, whole)
    filled[above[above >= 0]] = True
    for row in np.flatnonzero(split & ~filled).tolist():
        name = whole.areas["label"].iloc[row]
        raise LocateError(f"{name} has no {noun(below.level)} of its own, so it can't be split")


def _order(ids: list[NDArray[np.object_]]) -> NDArray[np.int64]:
    """Place of each unit in the order of the ids."""
    every = np.concatenate(ids)
    out = np.empty(len(every), dtype=np.int64)
    out[np.argsort(every.astype(str), kind="stable")] = np.arange(len(every))
    return out


def _areas(part: MixedPart, above: MixedPart | None) -> pd.DataFrame:
    """The table of its units. A part is of the state of the area it lies inside: a region has all parts of an area."""
    unit = part.row >= 0
    table = part.layer.areas[unit]
    if above is not None:
        table = table.assign(state=above.layer.areas["state"].to_numpy(dtype=object)[part.parent[unit]])
    own = table["unit_id"].astype(str) if part.layer.level == "county" else ""
    county = table["county"] if "county" in table.columns else own
    columns = [c for c in AREAS if c not in {"unit_id", "geometry"}]
    return pd.DataFrame(table[columns]).assign(
        unit_id=_unit_ids(part.layer)[unit], county=county, geometry=table.geometry.to_numpy()
    )


def _edges(parts: tuple[MixedPart, ...]) -> pd.DataFrame:
    """Each pair of units by the borders of the finer of the two."""
    found, above = [], np.zeros(0, dtype=np.int64)
    for at, part in enumerate(parts):
        lies = part.row.copy()  # the unit that each area is, or lies inside
        if at:
            inside = (part.parent >= 0) & (lies < 0) & ~part.split
            lies[inside] = above[part.parent[inside]]
        edges = part.layer.edges
        i, j = edges["i"].to_numpy(), edges["j"].to_numpy()
        own = (part.row[i] >= 0) | (part.row[j] >= 0)
        a, b = lies[i], lies[j]
        good = own & (a >= 0) & (b >= 0) & (a != b)
        found.append(
            pd.DataFrame(
                {
                    "i": np.minimum(a, b)[good],
                    "j": np.maximum(a, b)[good],
                    "border_km": edges["border_km"].to_numpy(dtype=np.float64)[good],
                    "bridge": edges["bridge"].to_numpy(dtype=bool)[good],
                }
            )
        )
        above = np.where(part.split, -1, lies)
    # two units that share a border anywhere need no bridge
    pairs = pd.concat(found, ignore_index=True).groupby(["i", "j"], as_index=False)
    return pairs.agg(border_km=("border_km", "sum"), bridge=("bridge", "all"))


def _fitted(shapes: NDArray[np.object_], parts: tuple[MixedPart, ...], edges: pd.DataFrame) -> NDArray[np.object_]:
    """The shapes with the corners of finer units put into the borders of the coarser ones beside them."""
    tier = np.zeros(len(shapes), dtype=np.int64)
    for at, part in enumerate(parts):
        tier[part.row[part.row >= 0]] = at
    i, j = edges["i"].to_numpy(), edges["j"].to_numpy()
    out = shapes.copy()
    for at in range(len(parts) - 1):
        one, other = (tier[i] == at) & (tier[j] > at), (tier[j] == at) & (tier[i] > at)
        coarse = np.unique(np.concatenate([i[one], j[other]]))
        fine = np.unique(np.concatenate([j[one], i[other]]))
        if len(coarse):
            out[coarse] = with_corners(out[coarse], shapely.get_coordinates(out[fine]))
    return out


def _members(parts: tuple[MixedPart, ...]) -> pd.Series | None:
    """ZIPs without an area of their own -> the unit their area is; None where no unit is a ZIP."""
    last = parts[-1]
    if last.layer.members is None or not (last.row >= 0).any():
        return None
    units = set(last.layer.areas["unit_id"][last.row >= 0])
    mine = last.layer.members[last.layer.members.isin(units)]
    return (f"{last.layer.level}:" + mine.astype(str)).astype(object).rename("unit_id")


def _title(level: MixedLevel, parts: tuple[MixedPart, ...]) -> str:
    """ "Counties, Los Angeles, CA as ZIPs", "States, 2 as counties, 3 counties as ZIPs"."""
    words = [noun(level.base).capitalize()]
    for part in parts[:-1]:
        rows = np.flatnonzero(part.split)
        some = f"{len(rows)} {noun(part.layer.level, len(rows))}"
        words.append(
            f"{part.layer.areas['label'].iloc[rows[0]] if len(rows) == 1 else some} as {noun(INSIDE[part.layer.level])}"
        )
    return ", ".join(words)


def drawing_path(level: str, layers: list[Layer]) -> Path:
    """Where the browser's file of a level made of others is or will be: named by what it is made of."""
    made_of = "\n".join([_DRAWING, level, *(w.geometry.name for w in layers)])
    digest = hashlib.sha256(made_of.encode()).hexdigest()
    folder = f"{_FOLDER}{digest[:12]}"
    return data_dir() / "boundaries" / folder / f"{folder}-{digest[12:22]}.json"


def drawn_file(whole: Layer) -> Path:
    """The browser's file of a layer made of others, drawn when it is asked for the first time.

    Raises:
        StoreError: if it can't be written.
    """
    path = whole.geometry
    if path.is_file():
        return path
    drawing = draw(np.asarray(whole.areas.geometry.to_numpy(), dtype=object))
    body = file_of(drawing, unit_columns(whole.areas, drawing), np.zeros(0, dtype=object))
    root = make_folder(path.parent.parent)
    try:
        beside = Path(tempfile.mkdtemp(prefix=".new-mixed-", dir=root))
        (beside / path.name).write_bytes(body)
        (beside / f"{path.name}.gz").write_bytes(gzip.compress(body, 6, mtime=0))
        with contextlib.suppress(OSError):  # another window drew the same meanwhile
            beside.rename(path.parent)
        shutil.rmtree(beside, ignore_errors=True)
        _sweep(root, path.parent)
    except OSError as error:
        raise StoreError(
            f"the drawing of {whole.title} can't be written to {root} ({error.strerror or error}); free some space"
        ) from error
    return path


def _sweep(root: Path, but: Path) -> None:
    """Takes away the oldest drawings beyond those that are kept."""
    drawn = sorted((p for p in root.glob(f"{_FOLDER}*") if p != but), key=os.path.getmtime, reverse=True)
    for old in drawn[_MOST_DRAWN - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
