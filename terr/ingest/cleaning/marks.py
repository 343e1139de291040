"""Digits, dashes and marks of every script, as the plain ones that figures and codes are read with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""What takes no room: zero-width blanks, direction marks, soft hyphens, byte order marks, selectors of a look."""

_SAME = {
    **dict.fromkeys("\u2212\u2796\u02d7\u06d4\ufe63\uff0d", "-"),
    **dict.fromkeys("\u02bc\u2018\u2019\u2032\u00b4\u0060\uff07\u055a", "'"),
    **dict.fromkeys("\u066b\uff0e", "."),
    **dict.fromkeys("\u066c\u060c\uff0c\u3001", ","),
    "\u066a": "%",
    "\u3000": " ",
}
"""Marks that look or count like a plain one."""


_FEW_CELLS = 1_000


def fits(text: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """bool (rows,), which cells a pattern describes from end to end. For few cells without what a table call costs.

    pandas reads the pattern anew at each call, to see whether it may hand it on: that is most of the work for the files
    people begin with.
    """
    if len(text) > _FEW_CELLS:
        many: NDArray[np.bool_] = text.str.fullmatch(pattern).to_numpy(dtype=np.bool_, copy=True)
        return many
    full = re.compile(pattern).fullmatch
    cells = (isinstance(cell, str) and full(cell) is not None for cell in text.tolist())
    return np.fromiter(cells, np.bool_, len(text))


def visible(text: str) -> str:
    """A text without the marks nobody sees, trimmed; joiners inside it belong to its spelling."""
    return _UNSEEN.sub("", text).strip().strip("\u200c\u200d").strip()


def plain(text: str) -> str:
    """A figure or code with the digits 0 to 9, plain dashes and blanks, and nothing invisible.

    What only looks like a digit of the figure, such as a superscript that points to a footnote, stays as it is.
    """
    if text.isascii():
        return text.strip()
    out = []
    for mark in visible(text):
        kind = unicodedata.category(mark)
        if kind == "Cf":
            continue
        if kind == "Nd":
            out.append(str(unicodedata.decimal(mark)))
        elif mark in _SAME or kind == "Pd":
            out.append(_SAME.get(mark, "-"))
        else:
            out.append(mark if kind == "No" else unicodedata.normalize("NFKC", mark))
    return "".join(out).strip()


def foreign(text: pd.Series) -> NDArray[np.bool_]:
    """bool (rows,): cells with anything beyond plain ASCII."""
    cells = pa.array(text.array, pa.large_string(), from_pandas=True)
    return ~np.asarray(pc.fill_null(pc.string_is_ascii(cells), True).to_numpy(zero_copy_only=False), dtype=np.bool_)


def changed(text: pd.Series, make: Callable[[str], str]) -> pd.Series:
    """A column with its cells beyond plain ASCII remade, each different one once; the same column if none changes."""
    odd = foreign(text)
    if not odd.any():
        return text
    at = np.flatnonzero(odd)
    code, words = pd.factorize(text.iloc[at])
    before = [str(w) for w in words]
    after = [make(w) for w in before]
    if before == after:
        return text
    out = text.copy()
    out.iloc[at] = np.array(after, dtype=object)[code]
    return out
