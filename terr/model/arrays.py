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
