"""Words and letters for thousands and millions, in the languages that files come in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

_GROUPS: tuple[tuple[float, str], ...] = (
    (1e3, "k thousand thousands thou ths tsd tausend mille mila duizend tusen tys tis tisic tisice ribu rb ezer mii"),
    (1e3, "tuhatta tuh тыс тис 千 천"),
    (1e4, "万 萬 만"),
    (1e5, "lakh lakhs lac lacs"),
    (1e6, "m mm mn mln mio mill million millions millionen millione milioni milione milion miliony milionow milionu"),
    (1e6, "milhao milhoes millon millones milj miljoen miljoner miljoonaa milyon juta jt mdp mdd млн 百万"),
    (1e7, "crore crores cr"),
    (1e8, "億 亿 억"),
    (
        1e9,
        "b bn bln billion billions bi bilhao bilhoes mrd mia md mds mld mlrd milliard milliards milliarde milliarden",
    ),
    (1e9, "miliardi miliardo miliard miliardy miliardow miljard miljarder milyar miliar mlr млрд"),
    (1e12, "trillion trillions tn trn tri trilhao trilhoes bio billionen billon billones bilioes bilhon трлн 兆 조"),
)
SCALES = {word: size for size, words in _GROUPS for word in words.split()}
"""Word without accents, lower case -> what it multiplies by, where all languages agree."""

_IBERIAN = frozenset("bi tri milhao milhoes bilhao bilhoes millon millones mdp mdd billon billones".split())
_IBERIAN_HEADERS = re.compile(
    r"fatura|receita|venda|venta|ingreso|importe|factura|monto|valor|negocio|cifra|orcament|presupuest|renda", re.I
)
_IBERIAN_MONEY = frozenset(("BRL", "MXN", "COP", "CLP", "ARS", "PEN", "CRC"))
_ENGLISH_HEADERS = re.compile(r"revenue|sales|amount|income|turnover|value|spend|budget|potential|\barr\b", re.I)
_GERMAN = frozenset("tsd tausend mrd milliarde milliarden millionen".split())
_GERMAN_HEADERS = re.compile(r"umsatz|erl(?:ö|oe)s|betrag|volumen|wert|budget in", re.I)
_NORTH = frozenset(("EUR", "CHF", "SEK", "NOK", "DKK", ""))
_WORD = re.compile(r"[^\W\d_]+")

Size = Literal["thousand", "million"]


@dataclass(frozen=True)
class ScaleWords:
    """What the words of one column mean that differ by language or habit.

    Attributes:
        mil: a thousand in Spanish and Portuguese, a million in English and Czech.
        mi: a million in Portuguese, miles or nothing elsewhere (0).
        m: a million, or a thousand where MM is the million.
        t: a thousand beside German words; 0 where a lone T says nothing.
        asked: "mil" or "M" if the column leaves open which it is, else "".
    """

    mil: float = 1e6
    mi: float = 0.0
    m: float = 1e6
    t: float = 0.0
    asked: str = ""


PLAIN_WORDS = ScaleWords()


def folded(text: str) -> str:
    """Lower case without accents."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in flat if not unicodedata.combining(c))


def scale_words(cells: Iterable[str], header: str, codes: Collection[str], answer: str | None = None) -> ScaleWords:
    """What a column's words mean, from its other words, its header and its currencies.

    Args:
        cells: those with letters.
        header: the column's name.
        codes: currencies its cells name.
        answer: "thousand" or "million", a person's word about "mil" or M.
    """
    words: set[str] = set()
    for cell in cells:
        words.update(_WORD.findall(folded(cell)))
    told = {"thousand": 1e3, "million": 1e6}.get(answer or "")
    iberian = bool(words & _IBERIAN or _IBERIAN_HEADERS.search(folded(header)) or set(codes) & _IBERIAN_MONEY)
    german = bool(words & _GERMAN or _GERMAN_HEADERS.search(header))
    asked = ""
    mil = 1e3 if iberian else 1e6
    if "mil" in words and not iberian and not (_ENGLISH_HEADERS.search(header) and set(codes) <= {"USD", "GBP", ""}):
        asked, mil = "mil", told or 1e6
    m = 1e6
    if {"m", "mm"} <= words:  # nobody who means a million by M needs MM beside it
        asked, m = "M", told or 1e3
    return ScaleWords(mil, 1e6 if iberian else 0.0, m, 1e3 if german else 0.0, asked)


def scale_of(word: str, means: ScaleWords, codes: Collection[str]) -> float | None:
    """What a word or letter behind or before a figure multiplies by; None if it is no such word."""
    parts = [p.rstrip(".") for p in folded(word).split()]
    size = 1.0
    for part in parts:
        one = _one(part, means, codes, more=len(parts) > 1)
        if one is None:
            return None
        size *= one
    return size if parts and len(parts) <= 2 else None


def _one(part: str, means: ScaleWords, codes: Collection[str], more: bool) -> float | None:
    if part == "mil":
        return 1e3 if more else means.mil  # "mil millones"
    if part == "mi":
        return means.mi or None
    if part == "m":
        return 1e9 if "IDR" in codes else means.m
    if part == "t":
        return 1e3 if means.t or set(codes) & _NORTH else 1e12 if "USD" in codes else None
    if part == "l":
        return 1e5 if "INR" in codes else None
    return SCALES.get(part)
