"""Numbers as people and CRMs write them, read without guessing.

A blank is not 0: it is unknown, NaN. What can't be read for certain isn't read: the cell comes back with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Decimal = Literal[".", ","]

MAX_NUMBER = 1e15
"""Larger figures are refused: no account is worth that, and sums beyond it lose cents."""

UNKNOWN_WORDS = frozenset(
    (
        "-",
        "--",
        "–",
        "—",
        "n/a",
        "#n/a",
        "na",
        "n.a.",
        "null",
        "none",
        "nil",
        "unknown",
        "tbd",
        "?",
        "(blank)",
        "(none)",
        "(null)",
        "[blank]",
        ".",
        "not available",
        "no data",
    )
)
"""Words people write for "not known", case aside; they read as blank and are logged."""

_SYMBOLS = {
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "R$": "BRL",
    "MX$": "MXN",
    "HK$": "HKD",
    "S$": "SGD",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "zł": "PLN",
    "₪": "ILS",
    "₺": "TRY",
}
_CODES = (
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CAD",
    "AUD",
    "NZD",
    "CHF",
    "MXN",
    "BRL",
    "INR",
    "CNY",
    "KRW",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "SGD",
    "HKD",
    "ZAR",
    "ILS",
    "TRY",
    "RUB",
    "COP",
    "CLP",
    "ARS",
    "PEN",
    "AED",
    "SAR",
)
CURRENCY_CODES = frozenset(_CODES)
_DOLLARS = frozenset(("USD", "CAD", "AUD", "NZD", "MXN", "BRL", "HKD", "SGD", "COP", "CLP", "ARS"))
_TIMES = {
    "": 1.0,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mm": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "mil": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
}
_CURRENCY = re.compile(
    "|".join(re.escape(s) for s in sorted(_SYMBOLS, key=len, reverse=True))
    + "|(?<![A-Za-z])(?:"
    + "|".join(_CODES)
    + ")(?![a-z])",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"(?P<digits>\d[\d.,'’ ]*|[.,]\d+)(?P<exp>[eE][+-]?\d+)? ?"
    r"(?P<times>thousand|million|billion|mio|mil|mm|mn|bn|[kmb])?\.?",
    re.IGNORECASE,
)
_LONGEST = 200  # characters; keeps hostile cells out of the patterns and the cache
_NO_NUMBER = "isn't a number; write it with digits only, or leave the cell blank"
PLAIN = {".": r"[+-]?\d{1,16}(?:\.\d+)?", ",": r"[+-]?\d{1,16}"}
"""What needs no interpretation in a column of either style."""
_DOLLAR = r"-?\$?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\$\d{1,15}(?:\.\d+)?"
_PROOF = {
    ".": r"[-(]?\$?\d{1,3}(?:,?\d{3})*\.(?:\d{1,2}|\d{4,})\)?",
    ",": r"[-(]?\d{1,3}(?:\.?\d{3})*,(?:\d{1,2}|\d{4,})\)?(?: ?€)?",
}


@dataclass(frozen=True)
class ParsedNumber:
    """One cell read.

    Attributes:
        value: the number, or None if the cell is blank or can't be read.
        currency: ISO code if the cell names one.
        problem: why the cell can't be read, or None.
        code: "not_a_number", "unknown_word" (reads as blank), "too_large", "percent", or "".
    """

    value: float | None
    currency: str | None
    problem: str | None
    code: str = ""


def style_of(text: str) -> Literal[".", ",", "?", ""]:
    """What a cell proves about the decimal mark: "." or ",", "?" if it could be either, "" if it shows nothing."""
    core = re.sub(r"[^\d.,]", "", unicodedata.normalize("NFKC", text)).strip()
    dots, commas = core.count("."), core.count(",")
    if not dots and not commas:
        return ""
    if dots and commas:
        if dots > 1 and commas > 1:
            return ""
        last: Literal[".", ","] = "." if core.rfind(".") > core.rfind(",") else ","
        return last if core.count(last) == 1 else ""
    mark: Literal[".", ","] = "." if dots else ","
    other: Literal[".", ","] = "," if dots else "."
    if dots + commas > 1:
        return other if re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+", core) else ""
    before, after = core.split(mark)
    if len(after) == 3 and 1 <= len(before) <= 3 and before != "0":
        return "?"
    return mark if after else ""


def decide_decimal(cells: Iterable[str]) -> tuple[Decimal, bool]:
    """The decimal mark of a column, from all its cells, and whether that was a guess.

    Args:
        cells: text cells, blanks allowed.

    Returns:
        The mark most cells prove ("." when none does), and True if cells like "1.234" stand in a column that proves
        nothing, so that they may be thousands. A lone "1,234" is no guess: thousands, as Excel in the US writes.
    """
    # a column is taken as it is: a million cells one by one take a second
    whole = isinstance(cells, pd.Series | pd.api.extensions.ExtensionArray)
    text = pd.Series(cells if whole else list(cells), dtype="str")
    votes = {".": 0, ",": 0}
    rest = ~text.str.fullmatch(r"[+-]?\d*").to_numpy(dtype=np.bool_)
    for mark, pattern in _PROOF.items():  # what most cells look like, all at once
        proves = text.str.fullmatch(pattern).to_numpy(dtype=np.bool_)
        votes[mark] += int(proves.sum())
        rest &= ~proves
    guess = False
    for cell in text[rest].tolist():
        style = style_of(cell)
        if style == "?":
            guess = guess or "." in cell
        elif style:
            votes[style] += 1
    decided: Decimal = "," if votes[","] > votes["."] else "."
    return decided, guess and not any(votes.values())


def _digits(text: str, decimal: str) -> str | None:
    """Digits with a point from digits with separators; None if they don't fit the style."""
    text = text.strip()
    for mark in (decimal, "," if decimal == "." else "."):
        group = "," if mark == "." else "."
        grouped = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d{{1,3}}(?:[ '’]\d{{3}})+"
        if re.fullmatch(rf"(?:{grouped}|\d*)(?:{re.escape(mark)}\d*)?", text):
            # A cell in the other style counts only if it shows both marks, and so proves itself.
            if mark == decimal or ("." in text and "," in text):
                return re.sub(r"[ '’]", "", text).replace(group, "").replace(mark, ".")
            return None
    return None


def read_number(text: str, decimal: str = "auto") -> ParsedNumber:
    """Read one cell. See `parse_number`; this one also says which kind of problem there is."""
    if len(text) > _LONGEST:
        return ParsedNumber(None, None, _NO_NUMBER, "not_a_number")
    return _read(text, decimal)


@lru_cache(maxsize=65_536)
def _read(text: str, decimal: str) -> ParsedNumber:
    raw = unicodedata.normalize("NFKC", text).replace("−", "-").strip().strip("\"'\u200b\ufeff").strip()
    if not raw:
        return ParsedNumber(None, None, None)
    if raw.casefold() in UNKNOWN_WORDS:
        return ParsedNumber(None, None, None, "unknown_word")
    if decimal not in {".", ","}:
        decimal = "," if style_of(raw) == "," else "."
    found = {c.upper() for c in _CURRENCY.findall(raw)}
    currencies = {_SYMBOLS.get(c, "PLN" if c == "ZŁ" else c) for c in found}
    if len(currencies) > 1 and "$" in found and currencies <= _DOLLARS:
        currencies.discard("USD")  # "CAD $5" is Canadian
    core = " ".join(_CURRENCY.sub(" ", raw).split()) if found else raw
    negative = 0
    if core.startswith("(") and core.endswith(")"):
        core, negative = core[1:-1].strip(), negative + 1
    if core[:1] in {"-", "+"}:
        negative += core[0] == "-"
        core = core[1:].strip()
        if core.startswith("(") and core.endswith(")"):
            core, negative = core[1:-1].strip(), negative + 1
    elif core.endswith("-"):
        core, negative = core[:-1].strip(), negative + 1
    if found and core in {"", "-", "–"} and not negative > 1 and len(currencies) == 1:
        return ParsedNumber(None, None, None, "unknown_word")  # "$ -", as accounting formats write it
    if core.endswith("%"):
        return ParsedNumber(
            None, None, "is a percentage, which can't be summed over accounts; give the amount itself", "percent"
        )
    shape = _SHAPE.fullmatch(core)
    digits = _digits(shape["digits"], decimal) if shape else None
    if shape is None or digits in {None, "", "."} or negative > 1 or len(currencies) > 1:
        return ParsedNumber(None, None, _NO_NUMBER, "not_a_number")
    value = float(f"{digits}{shape['exp'] or ''}") * _TIMES[(shape["times"] or "").casefold()]
    if not value <= MAX_NUMBER:
        return ParsedNumber(
            None, None, "is larger than any figure Terr takes (1,000,000,000,000,000); correct it", "too_large"
        )
    return ParsedNumber(-value if negative else value, next(iter(currencies), None), None)


def parse_number(text: str, decimal: str = "auto") -> tuple[float | None, str | None, str | None]:
    """Read a number as people write it: `$1,234`, `(1,234)`, `1,234-`, `1.234,56 €`, `USD 1.2M`, `1 234`, `1'234`.

    Args:
        text: the cell.
        decimal: the column's decimal mark, "." or ","; "auto" takes it from the cell, "." where that proves nothing.

    Returns:
        (value, ISO currency, problem). A blank, `-` and `N/A` are (None, None, None): unknown, not 0. A percentage, a
        figure beyond `MAX_NUMBER` (infinity too) and text come back with a problem that completes "the cell ...".
    """
    number = read_number(text, decimal)
    return number.value, number.currency, number.problem


@dataclass(frozen=True, eq=False)
class ParsedNumbers:
    """A column read.

    Attributes:
        amounts: float64 (rows,), NaN where blank or unreadable.
        currency: object (rows,), ISO code or "" per row.
        odd: row position -> the cell's reading, for cells that are unreadable or a word for "unknown".
        decimal: the mark used.
        guessed: position of the first cell like "1.234" if the mark is a guess, else None.
        worded: bool (rows,), a figure that needed more than its digits and a point to be read.
    """

    amounts: NDArray[np.float64]
    currency: NDArray[np.object_]
    odd: dict[int, ParsedNumber]
    decimal: Decimal
    guessed: int | None
    worded: NDArray[np.bool_]


def read_column(
    cells: Sequence[str] | pd.Series, decimal: str = "auto", numeric: NDArray[np.bool_] | None = None
) -> ParsedNumbers:
    """Read a column of cells, deciding its decimal mark from all of them.

    Args:
        cells: text, blanks allowed.
        decimal: "auto", or the mark to use.
        numeric: bool (rows,), cells that were numbers in a workbook: written plainly with a point, they prove nothing
            about how the text cells beside them are written.
    """
    series = cells if isinstance(cells, pd.Series) else pd.Series(list(cells), dtype="str")
    text = series.reset_index(drop=True).str.strip()
    n = len(text)
    values = np.full(n, np.nan)
    currency = np.full(n, "", dtype=object)
    odd: dict[int, ParsedNumber] = {}
    typed = np.zeros(n, dtype=np.bool_) if numeric is None else np.asarray(numeric, dtype=np.bool_)
    filled = (text != "").to_numpy(dtype=np.bool_)
    mark: Decimal
    if decimal in {".", ","}:
        mark, guess = ("," if decimal == "," else "."), False
    else:
        mark, guess = decide_decimal(text[filled & ~typed].unique())
    guessed = None
    if guess:
        loose = np.flatnonzero(filled & ~typed & text.str.contains(".", regex=False).to_numpy(dtype=np.bool_))
        guessed = next((int(at) for at in loose if style_of(text.iloc[at]) == "?"), None)
    plain = filled & text.str.fullmatch(PLAIN[mark]).to_numpy(dtype=np.bool_)
    plain |= typed & text.str.fullmatch(PLAIN["."]).to_numpy(dtype=np.bool_)
    values[plain] = _floats(text, plain)
    bare = plain.copy()
    if mark == ".":
        dollars = filled & ~plain & ~typed & text.str.fullmatch(_DOLLAR).to_numpy(dtype=np.bool_)
        if dollars.any():
            some = text[dollars].str.replace(",", "", regex=False).str.replace("$", "", regex=False)
            values[dollars] = _floats(some, np.ones(len(some), dtype=np.bool_))
            currency[dollars & text.str.contains("$", regex=False).to_numpy(dtype=np.bool_)] = "USD"
            plain |= dollars
    plain &= ~(np.abs(values) > MAX_NUMBER)
    values[~plain], currency[~plain] = np.nan, ""
    rest = np.flatnonzero(filled & ~plain)
    for at, cell in zip(rest.tolist(), text.iloc[rest].tolist(), strict=True):
        number = read_number(cell, "." if typed[at] else mark)
        if number.value is not None:
            values[at] = number.value
            currency[at] = number.currency or ""
        elif number.code:
            odd[at] = number
    return ParsedNumbers(values, currency, odd, mark, guessed, ~np.isnan(values) & ~bare)


def _floats(text: pd.Series, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The plain figures of a column; Arrow rounds them as Python's own float does, unlike faster parsers."""
    some = pa.array(text[where].array, pa.large_string(), from_pandas=True)
    return np.asarray(pc.cast(pc.utf8_ltrim(some, "+"), pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def shorten(cell: str, width: int = 60) -> str:
    """A cell for a message: one line, clipped."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(cell.split()))
    return line if len(line) <= width else line[: width - 1] + "…"
