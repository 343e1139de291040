"""Currency signs, words and codes in cells."""

from __future__ import annotations

import re

_SYMBOLS = {
    "US$": "USD",
    "U$S": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "CAN$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "R$": "BRL",
    "MX$": "MXN",
    "HK$": "HKD",
    "NT$": "TWD",
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
    "₴": "UAH",
    "₫": "VND",
    "฿": "THB",
    "₱": "PHP",
    "₦": "NGN",
    "₡": "CRC",
    "Kč": "CZK",
    "руб": "RUB",
    "грн": "UAH",
    "円": "JPY",
    "元": "CNY",
    "원": "KRW",
}
_WORDS = {
    "rs": "INR",
    "inr": "INR",
    "fr": "CHF",
    "sfr": "CHF",
    "rp": "IDR",
    "tl": "TRY",
    "lei": "RON",
    "kr": "",
    "euro": "EUR",
    "euros": "EUR",
    "dollars": "USD",
}
"""Words beside a figure; "" where several countries share one."""

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
    "IDR",
    "TWD",
    "THB",
    "PHP",
    "VND",
    "MYR",
    "UAH",
    "RON",
    "NGN",
    "CRC",
)
CURRENCY_CODES = frozenset(_CODES)
_DOLLARS = frozenset(("USD", "CAD", "AUD", "NZD", "MXN", "BRL", "HKD", "TWD", "SGD", "COP", "CLP", "ARS"))
_SIGN = "|".join(re.escape(s) for s in sorted(_SYMBOLS, key=len, reverse=True))
_BESIDE = "|".join(_WORDS)
_FOUND = re.compile(
    rf"(?P<sign>{_SIGN})"
    rf"|(?<![A-Za-z])(?P<scale>[ktm]|mm|mio|tsd|mrd)?(?P<code>{'|'.join(_CODES)})(?P<after>[mk]|bn)?(?![a-z])"
    r"|(?:^|(?<=[\d\s.,-])|(?<=\d [a-z])|(?<=\d [a-z]{2})|(?<=[a-z]\.))"
    rf"(?P<word>{_BESIDE})(?:\.(?!\d)|(?=[\s\d.])|$)",
    re.IGNORECASE,
)


def split_currency(text: str) -> tuple[str, frozenset[str]]:
    """A cell without its currency, and the ISO codes it names ("" for a word that several countries share)."""
    codes: set[str] = set()

    def take(found: re.Match[str]) -> str:
        if found["sign"]:
            sign = found["sign"]
            codes.add(_SYMBOLS.get(sign) or _SYMBOLS[next(s for s in _SYMBOLS if s.casefold() == sign.casefold())])
            return " "
        if found["code"]:  # "TEUR", "USDm"
            codes.add(found["code"].upper())
            return f" {found['scale'] or ''} {found['after'] or ''} "
        codes.add(_WORDS[found["word"].casefold()])
        return " "

    core = _FOUND.sub(take, text)
    if not codes:
        return text, frozenset()
    if len(codes) > 1 and "USD" in codes and codes <= _DOLLARS and "$" in text:
        codes.discard("USD")  # "CAD $5" is Canadian
    return " ".join(core.split()).removesuffix(" ."), frozenset(codes if codes == {""} else codes - {""})
