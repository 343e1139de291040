"""How much a test tries: little in `make test`, ten times that in `make test-long`.

The profile of Hypothesis says which (`--hypothesis-profile long`). The short one tries the same examples in every run,
so that a test fails only for what was changed; the long one draws new ones each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

FAST, LONG = "fast", "long"
_T = TypeVar("_T")
_LEAST = 10
_UNHURRIED = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


def register_profiles() -> None:
    """Names the two profiles and takes the short one. `max_examples` is what becomes of `examples(100)`."""
    settings.register_profile(FAST, max_examples=30, derandomize=True, database=None, **_UNHURRIED)
    settings.register_profile(LONG, max_examples=300, print_blob=True, **_UNHURRIED)
    settings.load_profile(FAST)


def is_long() -> bool:
    """Whether this is `make test-long`."""
    return settings.get_current_profile_name() == LONG


def same_examples_everywhere() -> None:
    """Keeps Hypothesis from drawing on constants of the modules a process has loaded, in the short profile.

    It mixes them in, so that two processes that ran other tests before try other examples of the same property, and a
    rare one fails in one run and not in the next. The long profile still draws on them.
    """
    if settings.get_current_profile_name() == FAST:
        none = providers.Constants()
        providers._get_local_constants = lambda: none


def examples(usual: int, **more: Any) -> settings:
    """The settings of a property: so many examples, of which the short profile tries three in ten."""
    return settings(max_examples=max(_LEAST, round(usual * settings.default.max_examples / 100)), **more)


def rounds(fast: int, *, long: int) -> int:
    """How often a loop with seeds of its own goes around, by the profile."""
    return long if is_long() else fast


def some(every: Iterable[_T], fast: int) -> list[_T]:
    """All of a list in the long profile; in the short one so many of it, the first and the last and evenly between.

    For the second of two lists that are tried against each other, when each of its members is tried elsewhere too.
    """
    items = list(every)
    if is_long() or len(items) <= fast:
        return items
    return [items[round(i * (len(items) - 1) / max(fast - 1, 1))] for i in range(fast)]
