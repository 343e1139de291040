"""The engine's own calls, each as `isolated.run` takes it: prepared and warmed up, then called with a seed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.instances import Instance
from terr.engine import design, rebalance, warm

Slots = NDArray[np.int64]
WORK_SHARE = 0.9
"""Share of the promised time the engine is given: the rest is for checking the problem and finishing, which count."""
Answer = tuple[Slots, dict[str, Any]]


def designs(instance: Instance, within: float, seconds: float, more: Mapping[str, Any]) -> Callable[[int], Answer]:
    """A call to a design that should be done in so many seconds, its problem's checks included, and its status."""
    warm()

    def call(seed: int) -> Answer:
        began = time.process_time()
        result = design(instance.problem(within, **more), seed=seed, time_limit_s=WORK_SHARE * seconds)
        spent = round(time.process_time() - began, 2)
        return result.assign.astype(np.int64), {"status": result.status, "processor_s": spent}

    return call


def rebalances(instance: Instance, within: float, seconds: float, start: Slots) -> Callable[[int], Answer]:
    """A call to a rebalance; also `first_s`, seconds until the first answer within the limits, nan without one."""
    warm()

    def call(seed: int) -> Answer:
        result = rebalance(instance.problem(within, start=start), seed=seed, time_limit_s=seconds)
        return result.assign.astype(np.int64), {"first_s": first_within(result.trace, within), "status": result.status}

    return call


def first_within(trace: tuple[tuple[float, float, float], ...], within: float) -> float:
    """Seconds of the first (seconds, largest deviation, moment) of a trace that is within the tolerance, or nan."""
    return next((at for at, deviation, _ in trace if deviation <= within + 1e-6), math.nan)


def certificates(instance: Instance, within: float, seconds: float) -> Callable[[int], Answer]:
    """A call to a certificate of a design; also `gap` (share of the objective), `objective`, `bound` and `proof_s`.

    Raises:
        ImportError: if this version of the engine has no certificates.
    """
    from terr.engine import certify

    warm()

    def call(seed: int) -> Answer:
        problem = instance.problem(within)
        plan = design(problem, seed=seed, time_limit_s=10.0).assign
        started = time.perf_counter()
        proof = certify(problem, plan, time_limit_s=seconds)
        took = time.perf_counter() - started
        gap = math.nan if proof.gap is None else proof.gap
        return plan.astype(np.int64), {"gap": gap, "objective": proof.objective, "bound": proof.bound, "proof_s": took}

    return call
