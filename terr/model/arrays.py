"""Small helpers that keep arrays inside frozen dataclasses immutable and well shaped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def frozen(values: Any, dtype: DTypeLike, ndim: int = 1) -> NDArray[Any]:
    """A read-only, contiguous copy of `values` with `dtype`.

    Raises:
        ValueError: if the number of dimensions isn't `ndim`.
    """
    out = np.array(values, dtype=dtype, order="C", copy=True)
    if out.ndim != ndim:
        raise ValueError(f"expected {ndim} dimension(s), got {out.ndim}")
    out.setflags(write=False)
    return out


class ReadOnlyArrays:
    """Base of a frozen dataclass whose arrays can't be written to, neither when made nor after pickling."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value, value.dtype, value.ndim))

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)  # pickling forgets it
            object.__setattr__(self, name, value)
