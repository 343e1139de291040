"""Numbers as people and CRMs write them, read without guessing.

A blank is not 0: it is unknown, NaN. What can't be read for certain isn't read: the cell comes back with its reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from terr.ingest.cleaning.currencies import CURRENCY_CODES, split_currency
from terr.ingest.cleaning.header_scales import HeaderScale, header_currency
from terr.ingest.cleaning.marks import changed, fits, plain
from terr.ingest.cleaning.ranges import End, ends_of, taken_as
from terr.ingest.cleaning.scales import PLAIN_WORDS, ScaleWords, scale_of, scale_words

__all__ = ["CURRENCY_CODES", "ParsedNumber", "ParsedNumbers", "parse_number", "read_column", "read_number"]

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

_SHAPE = re.compile(
    r"(?:(?P<before>[^\W\d_]+\.?) ?)?(?P<digits>[0-9][0-9.,' ]*|[.,][0-9]+)(?P<exp>[eE][+-]?[0-9]+)? ?"
    r"(?P<times>[^\W\d_]+\.?(?: ?[^\W\d_]+)?)?\.?"
)
_NO_CENTS = re.compile(r"(?P<whole>[0-9].*?)(?P<mark>[.,:]) ?(?:-{1,3}|=)(?P<more>[^0-9]*)")
_BARE = re.compile(r"[-+($€£ ]*[0-9][0-9.,' ]*[)€ ]*")
_MARKS = re.compile(r"[^0-9.,]")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 200  # characters; keeps hostile cells out of the patterns and the cache
_NO_NUMBER = "isn't a number; write it with digits only, or leave the cell blank"
_OTHER = "is in {} and isn't written as the column is, with a decimal {}; convert it, or leave the cell blank"
_SAID = {".": "point", ",": "comma"}
_SIGNED = 20_000
"""Cells with more than digits whose currencies tell which one the column is in."""
_TOO_LARGE = "is larger than any amount Terr accepts (1,000,000,000,000,000); correct it"
_RANGE = "is a range, not one figure; the cell is blank until you choose its low end, middle or high end"
PLAIN = {".": r"[+-]?[0-9]{1,16}(?:\.[0-9]+)?", ",": r"[+-]?[0-9]{1,16}"}
"""What needs no interpretation in a column of either style."""
_DOLLAR = r"-?\$?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|-?\$[0-9]{1,15}(?:\.[0-9]+)?"
_PROOF = {
    ".": r"[-(]?\$?[0-9]{1,3}(?:,?[0-9]{3})*\.(?:[0-9]{1,2}|[0-9]{4,})\)?",
    ",": r"[-(]?[0-9]{1,3}(?:\.?[0-9]{3})*,(?:[0-9]{1,2}|[0-9]{4,})\)?(?: ?€)?",
}


@dataclass(frozen=True)
class ParsedNumber:
    """One cell read.

    Attributes:
        value: the number, or None if the cell is blank or can't be read.
        currency: ISO code if the cell names one.
        problem: why the cell can't be read, or None.
        code: "not_a_number", "unknown_word" (reads as blank), "too_large", "percent", "range", or "".
        ends: low and high of a range.
        scaled: whether a word or letter multiplied it.
    """

    value: float | None
    currency: str | None
    problem: str | None
    code: str = ""
    ends: tuple[float, float] | None = None
    scaled: bool = False


def style_of(text: str) -> Literal[".", ",", "?", ""]:
    """What a cell proves about the decimal mark: "." or ",", "?" if it could be either, "" if it shows nothing."""
    if _BARE.fullmatch(text):  # most cells
        return _style(_MARKS.sub("", text))
    whole = re.sub(r"[^\W\d_]+\.", " ", plain(text))  # the point of "Mio." is no decimal mark
    ended = _NO_CENTS.search(whole)
    if ended is not None and ended["mark"] in {".", ","}:
        return "." if ended["mark"] == "." else ","
    found = [_style(re.sub(r"[^0-9.,]", "", part)) for part in re.split(r"(?<=[0-9kKmM])\s*-\s*(?=\S)", whole)]
    return next((style for style in found if style in {".", ","}), "?" if "?" in found else "")


def _style(core: str) -> Literal[".", ",", "?", ""]:
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
        return other if re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+|\d{{1,2}}(?:,\d{{2}})+,\d{{3}}", core) else ""
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
    rest = ~fits(text, r"[+-]?[0-9]*")
    for mark, pattern in _PROOF.items():  # what most cells look like, all at once
        proves = fits(text, pattern)
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
        grouped = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d{{1,3}}(?:[ ']\d{{3}})+"
        if mark == ".":
            grouped += r"|\d{1,2}(?:,\d{2})+,\d{3}"  # lakhs and crores
        if re.fullmatch(rf"(?:{grouped}|\d*)(?:{re.escape(mark)}\d*)?", text):
            # A cell in the other style counts only if it shows both marks, and so proves itself.
            if mark == decimal or ("." in text and "," in text):
                return re.sub(r"[ ']", "", text).replace(group, "").replace(mark, ".")
            return None
    return None


def read_number(text: str, decimal: str = "auto", means: ScaleWords = PLAIN_WORDS) -> ParsedNumber:
    """Read one cell. See `parse_number`; this one also says which kind of problem there is.

    Args:
        text: the cell; decimal: its column's decimal mark, or "auto".
        means: what the column's words for thousands and millions mean.
    """
    if len(text) > _LONGEST:
        return ParsedNumber(None, None, _NO_NUMBER, "not_a_number")
    return _read(text, decimal, means)


@lru_cache(maxsize=65_536)
def _read(text: str, decimal: str, means: ScaleWords) -> ParsedNumber:
    raw = plain(text).strip("\"'").strip()
    if not raw:
        return ParsedNumber(None, None, None)
    if raw.casefold() in UNKNOWN_WORDS:
        return ParsedNumber(None, None, None, "unknown_word")
    if decimal not in {".", ","}:
        decimal = "," if style_of(raw) == "," else "."
    core, currencies = split_currency(raw)
    bare, negative = core, 0
    if core.startswith("(") and core.endswith(")"):
        core, negative = core[1:-1].strip(), negative + 1
    if core[:1] in {"-", "+"}:
        negative += core[0] == "-"
        core = core[1:].strip()
        if core.startswith("(") and core.endswith(")"):
            core, negative = core[1:-1].strip(), negative + 1
    ended = _NO_CENTS.fullmatch(core)  # "1.234,-", which is no minus
    if ended is not None:
        core = re.sub(r"(?<=\d)[., '](?=\d{3}(?!\d))", "", ended["whole"]) + ended["more"]
    elif core.endswith("-") and core[:-1].strip() and not bare.startswith(("-", "+")):
        core, negative = core[:-1].strip(), negative + 1
    if currencies and core in {"", "-"} and not negative > 1 and len(currencies) == 1:
        return ParsedNumber(None, None, None, "unknown_word")  # "$ -", as accounting formats write it
    if core.endswith("%"):
        return ParsedNumber(
            None, None, "is a percentage, which can't be summed over accounts; give the amount itself", "percent"
        )
    one = None if negative > 1 or len(currencies) > 1 else _scaled(core, decimal, means, currencies)
    currency = next(iter(currencies), None) or None
    if one is None:
        ends = None if len(currencies) > 1 else ends_of(bare, lambda t: _scaled(t, decimal, means, currencies))
        if ends is not None and max(ends) <= MAX_NUMBER:
            return ParsedNumber(None, currency, _RANGE, "range", ends)
        return ParsedNumber(None, None, _NO_NUMBER, "not_a_number")
    value = one[0] * one[1]
    if not value <= MAX_NUMBER:
        return ParsedNumber(None, None, _TOO_LARGE, "too_large")
    return ParsedNumber(-value if negative else value, currency, None, scaled=one[1] != 1.0)


def _scaled(text: str, decimal: str, means: ScaleWords, codes: frozenset[str]) -> tuple[float, float] | None:
    """A figure without sign and currency: its value, and what its word multiplies by; None if it is none."""
    shape = _SHAPE.fullmatch(text.strip())
    digits = None if shape is None else _digits(shape["digits"], decimal)
    if shape is None or digits in {None, "", "."} or (shape["before"] and shape["times"]):
        return None
    word = shape["before"] or shape["times"]
    size = scale_of(word, means, codes) if word else 1.0
    return None if size is None else (float(f"{digits}{shape['exp'] or ''}"), size)


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
        scaled, ranged: bool (rows,), of those, figures with a word for thousands or more, and ends of a range.
        means: what the column's words for thousands and millions mean.
        header: what the header says all of its figures are multiplied by; None if nothing.
        by_header: bool (rows,), figures that were, or would have been if it weren't refused.
    """

    amounts: NDArray[np.float64]
    currency: NDArray[np.object_]
    odd: dict[int, ParsedNumber]
    decimal: Decimal
    guessed: int | None
    worded: NDArray[np.bool_]
    scaled: NDArray[np.bool_]
    ranged: NDArray[np.bool_]
    means: ScaleWords
    header: HeaderScale | None = None
    by_header: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def with_header(read: ParsedNumbers, cells: pd.Series, scale: HeaderScale, *, apply: bool) -> ParsedNumbers:
    """A column's figures multiplied by what its header says; cells with a word or letter of their own aren't.

    Args:
        read: the column; cells: its text.
        scale: of its header.
        apply: False notes which figures it would be, and leaves them.
    """
    lettered = read.ranged.copy()
    if lettered.any():
        lettered[lettered] = cells[lettered].str.contains(r"[^\W\d_]").to_numpy(dtype=np.bool_)
    rows = ~np.isnan(read.amounts) & ~read.scaled & ~lettered
    if not apply:
        return replace(read, header=scale, by_header=rows)
    amounts, odd = read.amounts.copy(), dict(read.odd)
    amounts[rows] *= scale.size
    for at in np.flatnonzero(np.abs(amounts) > MAX_NUMBER).tolist():
        amounts[at], rows[at] = np.nan, False
        odd[at] = ParsedNumber(None, None, _TOO_LARGE, "too_large")
    return replace(read, amounts=amounts, odd=odd, header=scale, by_header=rows)


def read_column(
    cells: Sequence[str] | pd.Series,
    decimal: str = "auto",
    numeric: NDArray[np.bool_] | None = None,
    *,
    scale: str | None = None,
    ends: End = "blank",
) -> ParsedNumbers:
    """Read a column of cells, deciding its decimal mark from all of them.

    Args:
        cells: text, blanks allowed; a Series' name is the column's header.
        decimal: "auto", or the mark to use.
        numeric: bool (rows,), cells that were numbers in a workbook: written plainly with a point, they prove nothing
            about how the text cells beside them are written.
        scale: "thousand" or "million", a person's word about "mil" or M where the column leaves it open.
        ends: what a range is taken as.
    """
    series = cells if isinstance(cells, pd.Series) else pd.Series(list(cells), dtype="str")
    text = series.reset_index(drop=True).str.strip()
    text = changed(text, plain)
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
        mark, guess = decide_decimal(_of_main_currency(pd.Series(text[filled & ~typed].unique(), dtype="str")))
    guessed = None
    if guess:
        loose = np.flatnonzero(filled & ~typed & text.str.contains(".", regex=False).to_numpy(dtype=np.bool_))
        guessed = next((int(at) for at in loose if style_of(text.iloc[at]) == "?"), None)
    sure = filled & fits(text, PLAIN[mark])
    sure |= typed & fits(text, PLAIN["."])
    values[sure] = _floats(text, sure)
    bare = sure.copy()
    if mark == ".":
        dollars = filled & ~sure & ~typed & fits(text, _DOLLAR)
        if dollars.any():
            some = text[dollars].str.replace(",", "", regex=False).str.replace("$", "", regex=False)
            values[dollars] = _floats(some, np.ones(len(some), dtype=np.bool_))
            currency[dollars & text.str.contains("$", regex=False).to_numpy(dtype=np.bool_)] = "USD"
            sure |= dollars
    sure &= ~(np.abs(values) > MAX_NUMBER)
    values[~sure], currency[~sure] = np.nan, ""
    rest = np.flatnonzero(filled & ~sure)
    left = text.iloc[rest].tolist()
    means = _means(left, "" if series.name is None else str(series.name), scale)
    scaled, ranged = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    other: dict[int, ParsedNumber] = {}
    for at, cell in zip(rest.tolist(), left, strict=True):
        number = read_number(cell, "." if typed[at] else mark, means)
        value = number.value if number.ends is None else taken_as(number.ends, ends)
        if value is not None:
            values[at] = value
            currency[at] = number.currency or ""
            scaled[at], ranged[at] = number.scaled, number.ends is not None
        elif number.code:
            odd[at] = number
            if number.code == "not_a_number" and not typed[at] and len(cell) <= _LONGEST and split_currency(cell)[1]:
                other[at] = read_number(cell, "," if mark == "." else ".", means)
    named = Counter(currency[currency != ""].tolist())
    main = header_currency(str(series.name)) or (named.most_common(1)[0][0] if named else "")
    for at, number in other.items():  # "$70.25" in a column of euros with decimal commas is a figure, in dollars
        if number.value is None or not number.currency or number.currency == main:
            continue
        if main:
            values[at], currency[at], scaled[at] = number.value, number.currency, number.scaled
            del odd[at]
        else:
            odd[at] = ParsedNumber(None, None, _OTHER.format(number.currency, _SAID[mark]), "not_a_number")
    return ParsedNumbers(values, currency, odd, mark, guessed, ~np.isnan(values) & ~bare, scaled, ranged, means)


def _of_main_currency(cells: pd.Series) -> pd.Series:
    """The cells of a column that names several currencies, without those in another one than most: they are written
    as another country writes."""
    signed = cells[cells.str.contains(r"[^\d\s.,()+'-]", regex=True)].head(_SIGNED)
    codes = signed.map(lambda c: next(iter(split_currency(c)[1]), "") if len(c) <= _LONGEST else "")
    counted = codes[codes != ""].value_counts()
    return cells if len(counted) < 2 else cells.drop(codes.index[~codes.isin(["", counted.index[0]])])


def _means(cells: Sequence[str], header: str, scale: str | None) -> ScaleWords:
    """What a column's words for thousands and millions mean; most columns have none."""
    lettered = [c for c in set(cells) if len(c) <= _LONGEST and _LETTER.search(c)]
    if not lettered:
        return PLAIN_WORDS
    codes = {code for c in lettered for code in split_currency(c)[1]}
    return scale_words((split_currency(c)[0] for c in lettered), header, codes, scale)


def _floats(text: pd.Series, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The plain figures of a column; Arrow rounds them as Python's own float does, unlike faster parsers."""
    some = pa.array(text[where].array, pa.large_string(), from_pandas=True)
    return np.asarray(pc.cast(pc.utf8_ltrim(some, "+"), pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def shorten(cell: str, width: int = 60) -> str:
    """A cell for a message: one line, clipped."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(cell.split()))
    return line if len(line) <= width else line[: width - 1] + "…"
