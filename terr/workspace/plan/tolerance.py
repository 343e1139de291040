"""How far a territory may be from its target."""

from __future__ import annotations

import math

from terr.errors import InputError


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that can't be met or means nothing.

    Raises:
        InputError: unless it lies from 0.1 % to 100 %.
    """
    if not 0.001 <= tolerance <= 1.0:
        given = f"a tolerance of {100 * tolerance:g} %" if math.isfinite(tolerance) else "a tolerance that is no number"
        raise InputError(
            f"{given} can't be used; choose 0.1 % to 100 %, 5 % is usual: whole units rarely add up to equal loads"
        )
