"""Checks behind `Problem.from_arrays`: each turns what a caller gave into arrays, and collects every fault."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Limit = float | tuple[float | None, float | None]
SMALLEST_LIMIT = 0.0001


def measure_name(names: tuple[str, ...], q: int) -> str:
    """Name of a measure for a message."""
    return names[q] if q < len(names) else f"measure {q + 1}"


def unit_name(names: Sequence[str] | None, unit: int) -> str:
    """Name of a unit for a message."""
    return f"area {unit}" if names is None or unit >= len(names) else str(names[unit])


def as_array(value: Any, dtype: Any, faults: list[str], what: str) -> NDArray[Any]:
    """An array of the dtype; an empty one, with a fault, if the value isn't of numbers."""
    try:
        out = np.array(value, dtype=np.float64, order="C")
        with np.errstate(invalid="ignore"):
            exact = out.astype(dtype)
    except (TypeError, ValueError):
        faults.append(f"{what} must be numbers")
        return np.zeros(0, dtype)
    if np.issubdtype(dtype, np.integer) and not np.array_equal(exact, out):
        faults.append(f"{what} must be whole numbers")
    return exact


def as_number(value: Any) -> float:
    """The number, nan if it isn't one."""
    return float(value) if isinstance(value, int | float | np.number) else math.nan


def limit_sides(
    limits: Mapping[str, Limit], names: tuple[str, ...], faults: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """float64 (m,) twice: how far below and above its target each measure may be, inf = no limit."""
    sides = np.full((2, max(len(names), 1)), np.inf)
    for name, limit in limits.items():
        if name not in names:
            faults.append(f'there is no measure "{name}" to limit; choose from {", ".join(names)}')
            continue
        both: Sequence[float | None] = limit if isinstance(limit, tuple) else (limit, limit)
        if len(both) != 2:
            faults.append(f"the limit on {name} needs one share, or two: below and above")
            continue
        for side, share in enumerate(both):
            if share is None:
                continue
            if isinstance(share, bool) or math.isnan(as_number(share)):
                faults.append(f"the limit on {name} must be a share such as 0.05")
            elif share < SMALLEST_LIMIT:
                faults.append(
                    f"the limit on {name} is {100 * share:g}%, but areas can't be split; "
                    f"allow at least {100 * SMALLEST_LIMIT:g}%, 5% is usual"
                )
            else:
                sides[side, names.index(name)] = float(share)
    return sides[0], sides[1]


def target_loads(
    targets: Any,
    w: NDArray[np.float64],
    k: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    names: tuple[str, ...],
    faults: list[str],
) -> NDArray[np.float64]:
    """float64 (k, m), equal shares if none are given."""
    m = w.shape[1]
    if targets is None:
        return np.tile(w.sum(axis=0) / k, (k, 1))
    goal = as_array(targets, np.float64, faults, "targets")
    if goal.ndim == 1 and m == 1:
        goal = goal[:, None]
    if goal.shape != (k, m) or not np.isfinite(goal).all() or (goal < 0).any():
        faults.append(f"targets must be {k} rows of {m} number(s), none below zero")
        return np.ones((k, m))
    if len(low) == m:
        for q in np.flatnonzero(np.isfinite(low) | np.isfinite(high)):
            if (goal[:, q] <= 0).any() and w[:, q].sum() > 0:
                faults.append(
                    f"{measure_name(names, int(q))} is limited, so every territory needs a target above zero for it"
                )
    return goal


def check_graph(ip: NDArray[Any], ix: NDArray[Any], bk: NDArray[Any], n: int, faults: list[str]) -> None:
    """Faults of a CSR graph: bounds, symmetry, doubles, lengths."""
    if ip.shape != (n + 1,) or ip[0] != 0 or ip[-1] != len(ix) or (np.diff(ip) < 0).any():
        faults.append("the graph's row pointers don't fit the areas")
        return
    if ix.ndim != 1 or (ix.size and (ix.min() < 0 or ix.max() >= n)):
        faults.append("the graph names a neighbor that isn't an area")
        return
    rows = np.repeat(np.arange(n, dtype=np.int64), np.diff(ip))
    there, back = rows * n + ix, ix.astype(np.int64) * n + rows
    if (rows == ix).any() or len(np.unique(there)) != len(there):
        faults.append("an area can't border itself, nor another one twice")
    elif not np.array_equal(np.sort(there), np.sort(back)):
        faults.append("the graph isn't symmetric: some area borders another that doesn't border it")
    if bk.shape != ix.shape or not np.isfinite(bk).all() or (bk < 0).any():
        faults.append("every border needs a length in km, not below zero")


def territory_codes(value: Any, n: int, k: int, what: str, faults: list[str]) -> NDArray[np.int16] | None:
    """int16 (n,), or None."""
    if value is None:
        return None
    out = as_array(value, np.int64, faults, f"the {what}")
    if out.shape != (n,) or (out.size and (out.min() < -1 or out.max() >= k)):
        faults.append(f"the {what} must give each of {n} areas a territory from 0 to {k - 1}, or -1")
        return None
    return out.astype(np.int16)


def price(value: Any, what: str, faults: list[str], most: float = 1e6) -> float:
    """A number from 0 to `most`."""
    out = as_number(value)
    if isinstance(value, bool) or not 0 <= out <= most:
        faults.append(f"{what} must be a number from 0 to {most:g}")
        return 0.0
    return out


def per_territory(value: Any, k: int, none: float, what: str, faults: list[str]) -> NDArray[np.float64]:
    """float64 (k,) of one number, k numbers (nan = none) or None."""
    if value is None:
        return np.full(k, none)
    out = as_array(value, np.float64, faults, what)
    if out.shape not in {(), (k,)} or (out < 0).any():
        faults.append(f"{what} must be one number or {k}, none below zero")
        return np.full(k, none)
    full = np.broadcast_to(out, (k,)).copy()
    full[np.isnan(full)] = none
    return full


def per_measure(
    value: Mapping[str, Any] | None, names: tuple[str, ...], k: int, none: float, what: str, faults: list[str]
) -> NDArray[np.float64]:
    """float64 (k, m) from measure -> one number or k."""
    out = np.full((k, max(len(names), 1)), none)
    for name, given in (value or {}).items():
        if name not in names:
            faults.append(f'there is no measure "{name}" to limit; choose from {", ".join(names)}')
        else:
            out[:, names.index(name)] = per_territory(given, k, none, f"the {what} of {name}", faults)
    return out


def home_points(value: Any, k: int, what: str, faults: list[str]) -> NDArray[np.float64]:
    """float64 (k, 2), nan where there is none; both or neither of a pair."""
    if value is None:
        return np.full((k, 2), np.nan)
    out = as_array(value, np.float64, faults, f"the {what}")
    if out.shape != (k, 2) or (np.isnan(out[:, 0]) != np.isnan(out[:, 1])).any() or np.isinf(out).any():
        faults.append(f"{what} must be {k} points (x, y) in km, or nan")
        return np.full((k, 2), np.nan)
    return out
