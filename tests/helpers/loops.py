"""Coroutines from a test, whatever else runs in its thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. It runs in a thread of its own, for Playwright keeps a loop in the tests'."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()
