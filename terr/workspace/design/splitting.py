"""Which areas are split into the areas inside them, by name or since one holds more than a territory may."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from terr.boundaries.layers.catalog import inside_of, is_mixed, layer, load_units, parse_mixed, parts_of
from terr.boundaries.layers.mixed_level import INSIDE, LevelSplit, MixedLevel, split_level
from terr.errors import InputError, LocateError
from terr.model.problem_checks import Limit
from terr.model.result import Explanation
from terr.model.units import Units
from terr.report.safe import shown
from terr.view.text import and_list, count, unit_noun
from terr.workspace.plan.paste_units import unit_named

AUTO = "auto"
"""Instead of names: every unit that holds more than a territory may, and what of its parts still does."""
_COMMA = re.compile(r",(?!\s+[A-Z]{2}\s*(?:,|$))")


def names_in(text: str) -> tuple[str, ...]:
    """The areas of a list: "06037,17031", "Los Angeles, CA, Cook, IL", "CA,TX"."""
    return tuple(dict.fromkeys(part.strip() for part in _COMMA.split(text) if part.strip()))


def inside_level(level: str, unit: str) -> str:
    """The level of the areas inside a unit, "" if none are known: "zip" of a county."""
    kind = unit.partition(":")[0] if is_mixed(level) else level
    return INSIDE.get(kind, "")


def split_units(units: Units, ids: Sequence[str]) -> Units:
    """The same region with some units split into the areas inside them.

    Args:
        units: of a level that has levels inside.
        ids: of the units to split; the code of a state stands for all its counties, cities or ZIP3s.

    Raises:
        LocateError: if one of them can't be split.
    """
    level = split_level(units.level, ids)
    return load_units(MixedLevel(level.base, tuple(_once(s) for s in level.splits)).text, units.region)


def _once(split: LevelSplit) -> LevelSplit:
    """Without the areas of a state that is named as a whole beside them."""
    whole = {p for p in split.parents if len(p) == 2 and split.level != "state"}
    table = layer(split.level).areas
    inside = set(table["unit_id"][table["state"].isin(whole)]) if whole else set()
    return LevelSplit(split.level, tuple(p for p in split.parents if p not in inside))


def named_units(units: Units, names: Sequence[str]) -> tuple[str, ...]:
    """Ids of units a person names to be split: by id, by name, or a state for all its areas.

    Raises:
        InputError: if one isn't in the region, or nothing is known that lies inside it.
    """
    find = unit_named(units.level, units.ids, units.names)
    out: list[str] = []
    for name in names:
        code, _ = find(name)
        if code < 0 and name.upper() in units.region and units.level != "state":
            kind = next(v for v in parse_mixed(units.level).levels if v != "state") if is_mixed(units.level) else ""
            out.append(f"{kind}:{name.upper()}" if kind else name.upper())
            continue
        if code < 0:
            raise InputError(f"{shown(name)} isn't one of the {unit_noun(units.level)} here, so it can't be split")
        if not inside_level(units.level, units.ids[code]):
            kind = "this level" if not is_mixed(units.level) else units.ids[code].partition(":")[0]
            raise InputError(f"{shown(units.names[code])} can't be split: Terr knows no areas inside those of {kind}")
        out.append(units.ids[code])
    return tuple(dict.fromkeys(out))


def too_large(loads: NDArray[np.float64], territories: int, above: float) -> NDArray[np.int64]:
    """Codes of units with more load than a territory may have, the largest first.

    Args:
        loads: float64 (n,), per unit, of one measure.
        territories: how many share the whole.
        above: share a territory may be above its equal part.
    """
    total = float(loads.sum())
    if not total > 0 or territories < 1:
        return np.zeros(0, dtype=np.int64)
    over = np.flatnonzero(loads > (1 + above) * total / territories)
    return over[np.argsort(-loads[over], kind="stable")]


def closing_off(
    units: Units, loads: NDArray[np.float64], territories: int, below: float, above: float
) -> NDArray[np.int64]:
    """Codes of units that no plan within the limit can have whole, for what they close off from the rest.

    Take such a unit away and a piece is cut off (Long Island beyond Queens). Whole territories within the piece leave a
    rest of it, which goes with the unit. If the unit and the least rests of all its pieces are more than a territory
    may have, it has to be split. With m = floor(L / low), a piece of load L leaves nothing if L <= m high, and else at
    least L - m high.

    Args:
        units: of the region.
        loads: float64 (n,), per unit, of one measure.
        territories: how many share the whole.
        below, above: shares a territory may be off its equal part.
    """
    goal = float(loads.sum()) / max(1, territories)
    low, high = (1 - below) * goal, (1 + above) * goal
    if not goal > 0 or not low > 0 or (loads < 0).any():
        return np.zeros(0, dtype=np.int64)
    graph, out = units.graph(), []
    for u in np.flatnonzero((loads > high - low) & (loads <= high)).tolist():
        beside = units.neighbors(u)
        if len(beside) < 2 and len(units) > 2:
            rest = np.array([loads.sum() - loads[u]])
        else:
            others = np.flatnonzero(np.arange(len(units)) != u)
            _, label = connected_components(graph[others][:, others], directed=False)
            rest = np.bincount(label, weights=loads[others])
        fit = np.floor(rest / low + 1e-9)
        if loads[u] + np.maximum(0.0, rest - fit * high).sum() > high * (1 + 1e-9):
            out.append(u)
    return np.array(out, dtype=np.int64)


def hard_units(
    units: Units,
    territories: int,
    limits: Mapping[str, Limit],
    loads_of: Callable[[str], NDArray[np.float64]],
) -> tuple[int, ...]:
    """Codes of the units that no plan within the limits can have whole: see `too_large` and `closing_off`.

    Args:
        units: of the region.
        territories: how many share the whole.
        limits: measure -> share a territory may be off its equal part, or shares below and above, None = any.
        loads_of: gives the loads of a measure per unit, float64 (n,).
    """
    out: dict[int, None] = {}
    for measure, limit in limits.items():
        below, above = limit if isinstance(limit, tuple) else (limit, limit)
        if above is None:
            continue
        loads = loads_of(measure)
        found = [*too_large(loads, territories, above)]
        if below is not None:
            found += [*closing_off(units, loads, territories, below, above)]
        out.update((int(u), None) for u in found)
    return tuple(out)


@dataclass(frozen=True, eq=False)
class SplitUnits:
    """Units after a split.

    Attributes:
        units: those of the mixed level, or as they were.
        note: what was split, in a sentence; None if nothing was.
    """

    units: Units
    note: Explanation | None


def split_named(units: Units, names: Sequence[str]) -> SplitUnits:
    """Units with those split that a person names.

    Raises:
        InputError, LocateError: if one of them can't be.
    """
    made = split_units(units, named_units(units, names))
    return SplitUnits(made, _note(made))


def split_too_large(units: Units, heavy: Callable[[Units], Sequence[int]]) -> SplitUnits:
    """Units with all split that hold more than a territory may, and their parts again as far as levels go.

    Args:
        units: of the region.
        heavy: codes of the units that are too large, of any units of the region.
    """
    now = units
    while True:
        ids = [now.ids[u] for u in heavy(now) if inside_level(now.level, now.ids[u])]
        good = [i for i in ids if _splits(now, i)]
        if not good:
            break
        now = split_units(now, good)
    return SplitUnits(now, _note(now) if now is not units else None)


def _splits(units: Units, unit: str) -> bool:
    """Whether a unit has areas of its own inside it."""
    try:
        parts_of(split_level(units.level, [unit]).text)
    except LocateError:
        return False
    return True


def parts_inside(units: Units) -> Mapping[str, tuple[int, ...]]:
    """Codes of the units inside each area that is split, of those in the region; none if nothing is split."""
    if not is_mixed(units.level):
        return {}
    ids, codes = layer(units.level).areas["unit_id"].tolist(), units.codes()
    found = {p: tuple(codes[ids[r]] for r in rows if ids[r] in codes) for p, rows in inside_of(units.level).items()}
    return {p: rows for p, rows in found.items() if rows}


def split_words(units: Units, parent: str) -> str:
    """A split area and its parts: "Los Angeles, CA (294 ZIPs)"."""
    kind, _, plain = parent.partition(":")
    table = layer(kind).areas
    name = table["label"].iloc[int(np.flatnonzero(table["unit_id"].to_numpy() == plain)[0])]
    n = len(parts_inside(units)[parent])
    return f"{name} ({count(n, unit_noun(INSIDE[kind], 1), unit_noun(INSIDE[kind]))})"


def _note(units: Units) -> Explanation:
    """What is split of a mixed level."""
    inside = parts_inside(units)
    last = parse_mixed(units.level).levels[-2]
    whole = [p for p in inside if p.partition(":")[0] == last]
    named = whole if whole else list(inside)
    text = f"{and_list([split_words(units, p) for p in named])} {'is' if len(named) == 1 else 'are'} split"
    return Explanation("split", f"{text}: a territory may take some of the parts")
