"""What a header says of its figures: "Revenue (in thousands)", "Sales, $M", "Umsatz in T€", "CA (k€)", "$000s"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.ingest.cleaning.currencies import split_currency
from terr.ingest.cleaning.scales import PLAIN_WORDS, folded, scale_of, scale_words

_PARTS = (
    re.compile(r"(?P<name>.*?)\s*[(\[{](?P<unit>[^()\[\]{}]+)[)\]}]\s*"),
    re.compile(r"(?P<name>.+?)\s*[,;:/–-]\s*(?P<unit>[^,;:/]{1,24})"),
    re.compile(r"(?P<name>.+?)\s+(?P<unit>(?:in|en|em|i|w|v|x|×)\s+.{1,24})", re.IGNORECASE),
    re.compile(r"(?P<name>.+?)\s+(?P<unit>\S{1,12})"),
)
"""Where a header may name its unit, the clearest first."""
_LETTER = re.compile(r"(?P<name>.+?)[_ ](?P<unit>k|m|mm)", re.IGNORECASE)
_NOUGHTS = re.compile(r"(?:x|×|in|'s)? ?'?(?:1[.,' ]?)?(?P<thousands>000(?:[.,' ]?000){0,2})'?s?")
_FILLERS = frozenset(
    "in of the en de des d em i w v x us usd amount amounts values figures currency all expressed stated angaben"
    " betrage dollars euros dollar euro".split()
)
_MORE = {"milliers": 1e3, "miles": 1e3, "milhares": 1e3, "migliaia": 1e3, "duizenden": 1e3, "tusental": 1e3}
_LETTERS = frozenset("k m mm b t mil mi l".split())
_LINE = re.compile(
    r"\b(?:in|angaben in|alle (?:betr[aä]ge|werte) in|montants en|valores en|em)\s+(?P<unit>[^()\[\],;.]{1,24})"
    r"|(?P<noughts>[$€£]\s?'?000'?s?)\b",
    re.IGNORECASE,
)
_HUGE, _TOO_HUGE = 1e10, 1e11
"""A middle figure beyond this after scaling is doubtful; beyond the other it is taken as it stands."""


@dataclass(frozen=True)
class HeaderScale:
    """What a header says of the figures below it.

    Attributes:
        size: what a figure is multiplied by.
        unit: where it says so, as it stands.
        name: the header without it; the whole header if that can't be told.
        sure: whether the header leaves nothing open.
        currency: ISO code beside it, or "".
    """

    size: float
    unit: str
    name: str
    sure: bool
    currency: str = ""


def header_scale(header: str, above: Sequence[Sequence[str]] = ()) -> HeaderScale | None:
    """The scale that a column's header names, or a line above a table whose headers name none; None without one.

    Args:
        header: of a column of amounts.
        above: rows above the header.
    """
    bare = re.sub(r" \(\d\)$", "", header.strip())
    for at, pattern in enumerate(_PARTS):
        found = pattern.fullmatch(bare)
        read = _unit(found["unit"], bare, alone=at == len(_PARTS) - 1) if found and found["name"].strip() else None
        if found is not None and read is not None:
            return HeaderScale(read[0], found["unit"].strip(), found["name"].strip(), read[1], read[2])
    found = _LETTER.fullmatch(bare)
    if found is not None:
        size = scale_of(found["unit"], PLAIN_WORDS, ())
        return None if size is None else HeaderScale(size, found["unit"], bare, sure=False)
    for row in above:
        for cell in row:
            line = _LINE.search(cell)
            read = None if line is None else _unit(line["unit"] or line["noughts"], header, alone=False)
            if read is not None:
                return HeaderScale(read[0], " ".join(cell.split())[:60], bare, sure=False, currency=read[2])
    return None


def header_currency(header: str) -> str:
    """ISO code of the one currency that a header names where its unit stands; "" without."""
    for pattern in _PARTS[:3]:
        found = pattern.fullmatch(header.strip())
        if found is not None and len(found["unit"]) < 25:
            codes = split_currency(f"1 {found['unit'].strip()}")[1] - {""}
            if len(codes) == 1:
                return next(iter(codes))
    return ""


def _unit(text: str, header: str, *, alone: bool) -> tuple[float, bool, str] | None:
    """(size, sure, currency) of the text where a unit stands; None if it is none with a scale.

    A lone last word is a unit only with a currency or noughts beside the letter, or as a whole word.
    """
    core, codes = split_currency(f"1 {text.strip()}")  # as beside a figure: "tkr"
    core = core.removeprefix("1")
    currency = next(iter(codes - {""})) if len(codes - {""}) == 1 else ""
    core = core.strip(" .'’")
    noughts = _NOUGHTS.fullmatch(core.casefold())
    if noughts is not None:
        marked = bool(codes) or "s" in core.casefold() or not core[:1].isdigit() or not alone
        thousands = re.sub(r"\D", "", noughts["thousands"])
        return (float(10 ** len(thousands)), True, currency) if marked and len(core) > 2 else None
    words = [w for w in re.split(r"[\s'’]+", folded(core).replace(".", " ")) if w and w not in _FILLERS]
    if len(words) != 1:
        return None
    word = words[0]
    means = scale_words((core,), header, codes)
    size = _MORE.get(word) or scale_of(word, means, codes)
    if word == "miles" and not re.search(r"(?i)miles d|en miles", text):
        return None  # a distance
    if size is None or (alone and not codes and word in _LETTERS):
        return None
    if word in _LETTERS and not codes and word not in {"k", "mm"}:
        return size, False, currency  # "(M)" may be something else
    return size, not means.asked, currency


def scaled_by_default(scale: HeaderScale, amounts: NDArray[np.float64]) -> bool:
    """Whether figures are multiplied without an answer: not where they would be too large to be true."""
    known = np.abs(amounts[~np.isnan(amounts)])
    return not len(known) or float(np.median(known)) * scale.size <= _TOO_HUGE


def doubtful(scale: HeaderScale, amounts: NDArray[np.float64], worded: NDArray[np.bool_]) -> bool:
    """Whether a person should be asked: the header is unclear, cells have words of their own, or figures get huge."""
    known = np.abs(amounts[~np.isnan(amounts)])
    return bool(not scale.sure or worded.any() or (len(known) and float(np.median(known)) * scale.size > _HUGE))
