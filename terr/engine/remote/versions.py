"""What must be the same on two machines for the same seed to give the same plan."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import terr

PACKAGES = ("numpy", "scipy", "numba", "highspy", "PuLP", "pymetis")
"""What the engine calculates with."""


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def versions() -> dict[str, str]:
    """Name -> version of Terr, Python, the kind of processor, and of `PACKAGES`, in this process."""
    own = {"terr": terr.__version__, "python": ".".join(map(str, sys.version_info[:2]))}
    return own | {p: _installed(p) for p in PACKAGES} | {"processor": platform.machine()}


def differences(theirs: Mapping[str, object]) -> str:
    """What differs there, for a person: "numba 0.60.0 (here 0.68.1)"; "" if nothing does."""
    wrong = [(name, theirs.get(name), here) for name, here in versions().items() if theirs.get(name) != here]
    return ", ".join(
        f"{name} {there if isinstance(there, str) else 'none'} (here {here})" for name, there, here in wrong
    )
