"""From units and loads to the engine's problem: shared by the pages, the command line and scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import pieces
from terr.errors import InputError
from terr.model.plan import MAX_TERRITORIES
from terr.model.problem import Problem
from terr.model.problem_checks import Limit
from terr.model.result import Explanation
from terr.model.units import Units
from terr.view.text import unit_noun
from terr.workspace.levels import place_name


def check_territories(number: int) -> None:
    """Refuse a number of territories no plan can have.

    Raises:
        InputError: unless it lies from 1 to `MAX_TERRITORIES`.
    """
    if not 1 <= number <= MAX_TERRITORIES:
        raise InputError(f"{number} territories can't be made; choose a number from 1 to {MAX_TERRITORIES}")


def check_loads(units: Units, loads: NDArray[np.float64], measures: Sequence[str]) -> None:
    """Refuse measures, the columns of `loads`, that hold nothing to balance in the region.

    Raises:
        InputError: for a measure without any load; one below zero is left for `Problem` to name the unit.
    """
    for q, measure in enumerate(measures):
        if not float(loads[:, q].sum()) > 0 and not bool((loads[:, q] < 0).any()):
            raise InputError(
                f'"{measure}" adds up to zero in {place_name(units)}, so there is nothing to balance; choose '
                "another measure or region"
            )


def build_problem(
    units: Units,
    keep: NDArray[np.bool_],
    loads: NDArray[np.float64],
    measures: Sequence[str],
    limits: Mapping[str, Limit],
    k: int,
    *,
    locked: NDArray[np.int16],
    **more: Any,
) -> Problem:
    """The engine's problem over the kept units.

    Args:
        units: n units.
        keep: bool (n,), units the engine may use.
        loads: float64 (n, m), loads per unit.
        measures: m names; the first is the one the shape is weighed by.
        limits: measure -> share of the target a load may be off on both sides, or (below, above).
        k: number of territories.
        locked: int16 (kept units,), territory index a unit is fixed to, -1 = free.
        **more: what else `Problem.from_arrays` takes, over the kept units.

    Raises:
        InputError: more territories than units, a measure that adds up to zero, or whatever `Problem` refuses.
    """
    graph, border, outer = subgraph(units, keep)
    n = int(keep.sum())
    if k > n:
        raise InputError(f"{k} territories can't be made of {n} {unit_noun(units.level, n)}; ask for at most {n}")
    check_loads(units, loads[keep], measures)
    return Problem.from_arrays(
        loads[keep],
        measures,
        units.xy_km[keep],
        graph[0],
        graph[1],
        border,
        units.area_km2[keep],
        outer,
        territories=k,
        limits=limits,
        locked=locked,
        **more,
        unit_names=[n for n, on in zip(units.names, keep, strict=True) if on],
    )


def subgraph(
    units: Units, keep: NDArray[np.bool_]
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], NDArray[np.float64], NDArray[np.float64]]:
    """Graph (CSR), border lengths and outer borders of the kept units, in km; lost borders become outer ones."""
    if keep.all():
        return (units.indptr, units.indices), units.border_km, units.outer_km
    source = np.repeat(np.arange(len(units)), np.diff(units.indptr))
    inside = keep[source] & keep[units.indices]
    number = np.cumsum(keep) - 1
    degree = np.bincount(number[source[inside]], minlength=int(keep.sum()))
    indptr = np.concatenate([[0], np.cumsum(degree)]).astype(np.int32)
    lost = keep[source] & ~keep[units.indices]
    outer = units.outer_km + np.bincount(source[lost], units.border_km[lost], minlength=len(units))
    return (indptr, number[units.indices[inside]].astype(np.int32)), units.border_km[inside], outer[keep]


_told: WeakKeyDictionary[Units, tuple[Explanation, ...]] = WeakKeyDictionary()


def pieces_warning(units: Units) -> tuple[Explanation, ...]:
    """Says that a region is in pieces and where they were joined; () if it is in one. Worked out once."""
    if units not in _told:
        _told[units] = _pieces(units)
    return _told[units]


def _pieces(units: Units) -> tuple[Explanation, ...]:
    parts = pieces(units)
    if len(parts) < 2:
        return ()
    names = units.names
    listed = ", ".join(f"{names[p[0]]}{f' and {len(p) - 1} more' if len(p) > 1 else ''}" for p in parts[1:4])
    codes, home = units.codes(), {u: p for p, piece in enumerate(parts) for u in piece}
    pairs = [(codes[a], codes[b]) for a, b in units.bridges]
    joins = "; ".join([f"{names[a]} – {names[b]}" for a, b in pairs if home[a] != home[b]][:3])
    message = (
        f"{place_name(units)} is in {len(parts):,} pieces that share no border (apart from the largest: "
        f"{listed}). They are joined where they come closest ({joins}), so a territory may cross there."
    )
    return (Explanation("region_in_pieces", message, tuple(p[0] for p in parts[1:])),)


def by_name(told: Sequence[Explanation], names: Sequence[str]) -> tuple[Explanation, ...]:
    """The engine's explanations with territories by name; it only knows their positions."""

    def named(message: str) -> str:
        def name(found: re.Match[str]) -> str:
            position = int(found[1])
            return names[position - 1] if 1 <= position <= len(names) else found[0]

        return re.sub(r"\bterritory (\d+)\b", name, message)

    return tuple(replace(said, message=named(said.message)) for said in told)
