"""The calls that may be asked of another process, by name, each with a check of what it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import terr.errors
from terr.engine.arrays import WorkArrays
from terr.engine.designing import design, shifted
from terr.engine.executor import Threads
from terr.engine.frontier import point_at
from terr.engine.rebalancing import HEATS, annealed, fewest_moves
from terr.engine.remote.versions import differences, versions
from terr.engine.remote.wire import Packed, Surroundings, UnsendableError, check_plan, pack, unpack
from terr.engine.search.drawing import refined
from terr.engine.search.improve import Clock
from terr.engine.search.search import anew, firm, first_plan, redrawn, returned
from terr.errors import SolveError, TerrError
from terr.model.problem import Problem
from terr.model.progress import UNWATCHED, Progress
from terr.model.result import Result


def designed(
    time_limit_s: float | None, effort: float, asked: tuple[Problem, int], *, progress: Progress
) -> Result | None:
    """A design of a problem with a seed; None if the work was stopped before it began."""
    if progress.stopped():
        return None
    problem, seed = asked
    one = Threads(1)
    return design(problem, seed=seed, time_limit_s=time_limit_s, progress=progress, effort=effort, executor=one)


def _a_draft(work: WorkArrays, seeds: Any, seed: int, clock: Clock, number: int) -> None:
    _of(work, WorkArrays, clock, Clock, seed, int, number, int)
    if seeds is not None:
        codes = isinstance(seeds, np.ndarray) and seeds.dtype == np.int64 and seeds.shape == (work.k,)
        if not (codes and -1 <= seeds.min() <= seeds.max() < work.n):
            raise ValueError("seeds that are no areas of the map")


def _a_refinement(work: WorkArrays, clock: Clock, seed: int, effort: tuple[int, int], draft: tuple[int, Any]) -> None:
    _of(work, WorkArrays, clock, Clock, seed, int, *(x for steps in effort for x in (steps, int)), draft[0], int)
    check_plan(draft[1], work)


def _a_window(work: WorkArrays, plan: Any, clock: Clock, draw: Any, job: tuple[Any, int]) -> None:
    _of(work, WorkArrays, clock, Clock, job[1], int)
    check_plan(plan, work)
    group = job[0]
    codes = isinstance(group, np.ndarray) and group.dtype == np.int64 and group.ndim == 1 and len(group) > 0
    if draw not in DRAWS or not (codes and group[0] >= 0 and group[-1] < work.k and (np.diff(group) > 0).all()):
        raise ValueError("a window that isn't of the map")


def _a_run(work: WorkArrays, first: Any, seed: int, effort: float, clock: Clock, number: int) -> None:
    _of(work, WorkArrays, clock, Clock, seed, int, effort, float, number, int)
    check_plan(first, work)
    if not 0 <= number < len(HEATS):
        raise ValueError("a run that isn't there")


def _a_point(
    problem: Problem, clock: Clock, seed: int, effort: float, among: tuple[int, int], asked: tuple[int, float]
) -> None:
    _of(problem, Problem, clock, Clock, seed, int, effort, float, among[0], int, among[1], int, asked[0], int)
    if not 0 < asked[1] < np.inf or among[1] < 1:
        raise ValueError("a limit that can't be")


def _a_design(time_limit_s: float | None, effort: float, asked: tuple[Problem, int]) -> None:
    _of(effort, float, asked[0], Problem, asked[1], int)
    if time_limit_s is not None:
        _of(time_limit_s, float)


def _of(*pairs: Any) -> None:
    """Values and the kinds they must be of, in turn."""
    for value, kind in zip(pairs[::2], pairs[1::2], strict=True):
        wide = (int, float) if kind is float else kind
        if not isinstance(value, wide) or isinstance(value, bool):
            raise TypeError(f"{type(value).__name__} where {kind.__name__} belongs")


CALLS: dict[str, tuple[Callable[..., Any], Callable[..., None]]] = {
    f.__name__: (f, check)
    for f, check in (
        (first_plan, _a_draft),
        (refined, _a_refinement),
        (redrawn, _a_window),
        (annealed, _a_run),
        (point_at, _a_point),
        (designed, _a_design),
    )
}
DRAWS = (anew, firm, returned, shifted, fewest_moves)
"""How a window may be drawn anew."""
_NAMES: dict[Callable[..., Any], str] = {f: f.__name__ for f in DRAWS}
_FUNCTIONS = {name: f for f, name in _NAMES.items()}


def pack_call(function: Callable[..., Any], item: Any) -> Packed:
    """A call ready to travel.

    Args:
        function: one of `CALLS`, or a `functools.partial` of one with positional arguments.
        item: the last argument.

    Raises:
        UnsendableError: if it isn't, or is given something that doesn't travel.
    """
    base, args = (function.func, function.args) if isinstance(function, partial) else (function, ())
    name = getattr(base, "__name__", "")
    if name not in CALLS or CALLS[name][0] is not base or (isinstance(function, partial) and function.keywords):
        raise UnsendableError(name)
    return pack((versions(), name, (*args, item)), _NAMES)


def perform(packed: Packed, progress: Progress, *, watched: bool) -> bytes:
    """Works a call out and packs what came of it; it doesn't raise.

    Args:
        packed: of `pack_call`.
        progress: asked whether to stop.
        watched: the call is told how to tell, by `progress=`.
    """
    began = time.perf_counter()
    try:
        theirs, name, args = _unpacked(packed, progress)
        if wrong := differences(theirs):
            return pack(("versions", wrong, versions())).head
        function, check = CALLS[name]
        _checked(check, args)
        out = function(*args, **({"progress": progress} if watched else {}))
        return pack(("done", out, time.perf_counter() - began)).head
    except TerrError as error:
        return pack(("failed", type(error).__name__, str(error))).head
    except Exception as error:  # noqa: BLE001 (whoever asked must hear of it)
        return pack(("failed", "SolveError", f"the background job failed: {error}")).head


def _unpacked(packed: Packed, progress: Progress) -> tuple[dict[str, Any], str, tuple[Any, ...]]:
    value = unpack(packed, Surroundings(_FUNCTIONS, progress))
    if not (isinstance(value, tuple) and len(value) == 3 and isinstance(value[0], dict) and value[1] in CALLS):
        raise SolveError("what came over the network isn't a call of Terr's engine")
    return value


def _checked(check: Callable[..., None], args: tuple[Any, ...]) -> None:
    try:
        check(*args)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise SolveError(f"what came over the network can't be used: {error}") from error


def reply(data: bytes) -> tuple[Any, float]:
    """What a call gave, and the seconds it took.

    Raises:
        VersionsError: if the other side differs.
        TerrError: what the call raised.
    """
    value = unpack(Packed(data, {}), Surroundings({}, UNWATCHED))
    kind, what, more = value
    if kind == "versions":
        raise VersionsError(differences(more) or str(what))
    if kind == "failed":
        raised = getattr(terr.errors, str(what), SolveError)
        raise raised(str(more)) if isinstance(raised, type) and issubclass(raised, TerrError) else SolveError(str(more))
    return what, float(more)


class VersionsError(SolveError):
    """The other side has other versions; the message says which."""
