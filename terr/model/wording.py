"""Counts, distances and areas as people read them, and the language in which a document writes numbers.

Distances are kept in km, told in miles unless somebody chose km.

Numbers, money and dates of a document can be written in another language; words stay English.
American English is built in. Any other of `LANGUAGES` is Unicode's CLDR data as Babel has them: separators, the place
of the percent sign and of the currency, words for thousand, million and billion, the order of a date. It is set for the
making of one document (`writing_in`), so that everything inside, however deep, agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from terr.errors import InputError

USUAL = "en-US"
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en-US": "United States",
        "en-GB": "United Kingdom",
        "en-CA": "Canada (English)",
        "da-DK": "Denmark",
        "de-DE": "Germany",
        "de-CH": "Switzerland (German)",
        "es-ES": "Spain",
        "es-MX": "Mexico",
        "fr-FR": "France",
        "fr-CA": "Canada (French)",
        "it-IT": "Italy",
        "nl-NL": "Netherlands",
        "pl-PL": "Poland",
        "pt-BR": "Brazil",
        "sv-SE": "Sweden",
    }
)
"""Tag of BCP 47 -> whose numbers they are. Languages that count in ten thousands (万) are not among them."""


@dataclass(frozen=True)
class NumberLanguage:
    """How a language writes numbers.

    Attributes:
        tag: of `LANGUAGES`.
        decimal, group: its separators.
        percent: what stands between number and percent sign ("" or a no-break space).
        money: of an amount: "¤" for the currency's symbol and "#" for the number ("¤#", "# ¤").
        thousand, million, billion: what follows an abbreviated number; "" = not abbreviated.
        day: pattern of a date by CLDR, "" = American.
    """

    tag: str = USUAL
    decimal: str = "."
    group: str = ","
    percent: str = ""
    money: str = "¤#"
    thousand: str = "K"
    million: str = "M"
    billion: str = "B"
    day: str = ""

    def write(self, text: str) -> str:
        """`"1,234.5"` -> "1.234,5": a number as Python formats it, with this language's separators."""
        if self.decimal == "." and self.group == ",":
            return text
        return text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.group)

    def date(self, day: date) -> str:
        """ "Nov 30, 2026", "30.11.2026"."""
        if not self.day:
            return f"{day:%b} {day.day}, {day.year}"
        from babel.dates import format_date

        text: str = format_date(day, self.day, locale=self.tag.replace("-", "_"))
        return text


AMERICAN = NumberLanguage()
_CURRENT: ContextVar[NumberLanguage] = ContextVar("terr_number_language", default=AMERICAN)


def number_language() -> NumberLanguage:
    """The language of what is being written."""
    return _CURRENT.get()


@contextmanager
def writing_in(tag: str) -> Iterator[NumberLanguage]:
    """Everything inside is written in the language of a tag of `LANGUAGES`.

    Raises:
        InputError: for a tag that isn't one.
    """
    token = _CURRENT.set(language_of(tag))
    try:
        yield _CURRENT.get()
    finally:
        _CURRENT.reset(token)


def figure(value: float, spec: str = ",") -> str:
    """A number by a format of Python's, in the language of what is being written: `1234.5, ",.1f"` -> "1,234.5"."""
    return _CURRENT.get().write(format(value, spec))


def percent_figure(value: float, spec: str = ",.1f") -> str:
    """A percentage, in percent already: `4.06` -> "4.1%", "4,1 %"."""
    return f"{figure(value, spec)}{_CURRENT.get().percent}%"


def money_pattern() -> str:
    """Where the currency's symbol "¤" stands beside the number "#"."""
    return _CURRENT.get().money


def short_figure(size: float, *, money: bool = False) -> str:
    """A number of at least 0 with at most three significant digits: `1.25e6` of money -> "1.25M", "1,25 Mio.".

    Money is abbreviated from ten thousand up where the language does so, anything else from ten million.
    """
    write = _CURRENT.get()
    for limit, word in ((1e9, write.billion), (1e6, write.million)):
        # what would be rounded up to "1,000K" is written in the larger unit; counts stay whole to ten million
        if word and size >= (limit * 0.9995 if money or limit > 1e6 else 10 * limit):
            scaled = size / limit
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            text = f"{scaled:,.{digits}f}"
            return write.write(text.rstrip("0").rstrip(".") if digits else text) + word
    if size >= 10_000 and money and write.thousand:
        return figure(size / 1e3, ",.0f") + write.thousand
    return figure(size, ",.0f" if size >= 100 or size == int(size) else ",.1f")


def language_of(tag: str) -> NumberLanguage:
    """The language of a tag, of any case, with - or _.

    Raises:
        InputError: for a tag that isn't of `LANGUAGES`.
    """
    clean = tag.strip().replace("_", "-").casefold()
    found = next((t for t in LANGUAGES if t.casefold() == clean), None)
    if found is None:
        raise InputError(f'numbers can\'t be written in "{tag[:20]}"; choose {", ".join(LANGUAGES)}')
    return AMERICAN if found == USUAL else _from_cldr(found)


@lru_cache(maxsize=len(LANGUAGES))
def _from_cldr(tag: str) -> NumberLanguage:
    from babel import Locale

    locale = Locale.parse(tag.replace("-", "_"))
    signs = locale.number_symbols["latn"]
    amount = locale.currency_formats["standard"].pattern.split(";")[0]
    compact = locale.compact_decimal_formats["short"]["other"]
    million = _word(compact["1000000"].pattern)
    return NumberLanguage(
        tag,
        signs["decimal"],
        signs["group"],
        re.split(r"[#0,.]+", locale.percent_formats[None].pattern)[1].replace("%", ""),
        re.sub(r"[#0,.]+", "#", amount, count=1),
        _word(compact["10000"].pattern),
        million,
        # four digits: this language goes on counting in millions
        "" if compact["1000000000"].pattern.startswith("0000") else _word(compact["1000000000"].pattern),
        locale.date_formats["medium"].pattern,
    )


def _word(pattern: str) -> str:
    """What follows the digits of a compact pattern: `"0 Mio'.'"` -> " Mio."."""
    return pattern.lstrip("0").replace("'", "")


MILE_KM = 1.609344


def distance_text(km: float, *, miles: bool = True) -> str:
    """`160.9344` -> "100 miles"; in kilometers "161 km"; a decimal below 10."""
    value = km / MILE_KM if miles else km
    text = figure(value, ",.1f" if abs(value) < 9.95 and value != int(value) else ",.0f")
    return f"{text} {('mile' if text == '1' else 'miles') if miles else 'km'}"


def miles_and_km(km: float) -> str:
    """`48.28` -> "30 miles (48 km)", where nobody knows which of them the reader chose."""
    return f"{distance_text(km)} ({distance_text(km, miles=False)})"


def area_text(km2: float, *, miles: bool = True) -> str:
    """`25.9` -> "10 square miles"; in kilometers "26 km²"; two decimals below 10, and never less than 0.01."""
    value = km2 / MILE_KM**2 if miles else km2
    unit = "square miles" if miles else "km²"
    if 0 < value < 0.01:
        return f"less than {figure(0.01, '.2f')} {unit}"
    return f"{figure(value, ',.0f' if value >= 10 or value == 0 else '.2f')} {unit}"


def count(n: int, one: str, many: str | None = None) -> str:
    """`count(1, "county", "counties")` -> "1 county"; `count(3120, "account")` -> "3,120 accounts"."""
    return f"{figure(n)} {one if n == 1 else (many or one + 's')}"
