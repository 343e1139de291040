"""Text from users, made harmless for spreadsheets.

A spreadsheet runs a CSV cell that begins with = + - @ (or their full-width twins), also behind blanks and control
characters. Such a cell gets an apostrophe in front, which spreadsheets take as "this is text".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫"
# blanks, control characters and invisible ones, which spreadsheets drop before they look at the first character
_SKIP = r"[\s\x00-\x1f\x7f-\x9f\xa0\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]"
_DANGER = re.compile(rf"[\t\r\n]|{_SKIP}*[{_SIGNS}]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
# where a spreadsheet with another list separator would begin a new cell
_INNER = re.compile(rf"(?<=[;|\t\r\n])(?=(?:(?![\t\r\n]){_SKIP})*[{_SIGNS}])")

_NO_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
SHEET_LENGTH = 31


def is_formula(text: str) -> bool:
    """True if a spreadsheet might run `text` as a formula; plain numbers such as "-5" are none."""
    return _DANGER.match(text) is not None and _NUMBER.fullmatch(text) is None


def safe_cell(text: str) -> str:
    """`text`, with an apostrophe in front if a spreadsheet might run it as a formula."""
    return "'" + text if is_formula(text) else text


def safe_field(text: str) -> str:
    """`safe_cell`, and safe too when a spreadsheet cuts the CSV line at semicolons, bars, tabs or line breaks."""
    return _INNER.sub("'", safe_cell(text))


def safe_sheet_name(name: str, taken: Collection[str] = ()) -> str:
    """A name Excel accepts for a sheet: 1 to 31 characters, no formula, unlike the names in `taken`."""
    clean = _NO_SHEET.sub(" ", name).strip(" '")
    if is_formula(clean):
        clean = "_" + clean  # an apostrophe may not begin a sheet's name
    clean = clean[:SHEET_LENGTH].rstrip(" '") or "Sheet"
    used = {t.casefold() for t in (*taken, "History")}  # Excel keeps "History" for itself
    out, count = clean, 1
    while out.casefold() in used:
        count += 1
        tail = f" ({count})"
        out = clean[: SHEET_LENGTH - len(tail)] + tail
    return out


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose headers and text cells are safe in a CSV file; numeric columns are not touched."""
    import pandas as pd  # late: texts alone don't need it

    out = {}
    for i in range(len(frame.columns)):
        values = frame.iloc[:, i]
        out[i] = values if pd.api.types.is_numeric_dtype(values) else values.map(_safe_value).astype(object)
    safe = pd.DataFrame(out, index=frame.index)
    safe.columns = pd.Index([safe_field(str(c)) for c in frame.columns], dtype=object)
    return safe


def _safe_value(value: Any) -> Any:
    return safe_field(value) if isinstance(value, str) else value


def shown(text: str, length: int = 40) -> str:
    """User text for an error message: one line, in quotes, shortened."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f'"{flat if len(flat) <= length else flat[: length - 1] + "…"}"'
