"""What a workbook's number formats show beside the number itself: a currency, leading zeros, percent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from terr.ingest.cleaning.currencies import split_currency
from terr.ingest.reading.package import attributes

_BUILT_IN = {5: "$0", 6: "$0", 7: "$0", 8: "$0", 9: "0%", 10: "0.00%", 42: "$0", 44: "$0"}
"""Ids that files use without telling their format, of those that show something."""

_DOLLARS = {
    "1009": "CAD",
    "c0c": "CAD",
    "c09": "AUD",
    "1409": "NZD",
    "80a": "MXN",
    "c04": "HKD",
    "404": "TWD",
    "1004": "SGD",
    "2c0a": "ARS",
    "340a": "CLP",
    "240a": "COP",
}
"""Locales of Windows whose sign is a dollar or peso other than the US one."""
_CROWNS = {"41d": "SEK", "414": "NOK", "814": "NOK", "406": "DKK"}
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[\$(?P<sign>[^\]-]*)(?:-(?P<locale>[0-9A-Za-z,]*))?\]'
    r"|\[(?P<when><=|>=|<>|<|>|=)(?P<than>-?[0-9.]+)\]|\[[^\]]*\]|_.|\*.|(?P<other>.)",
    re.DOTALL,
)
_DATES = re.compile(r"(?<!\[)[ymdhs]", re.IGNORECASE)
_STYLE = re.compile(rb"<(?:\w+:)?numFmt\b[^<>]*>")
_XFS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_XF = re.compile(rb"<(?:\w+:)?xf\b[^<>]*>")


@dataclass(frozen=True)
class NumberLook:
    """What one format shows.

    Attributes:
        currency: ISO code, or "".
        percent: whether a hundredth is shown as 1%.
        code: what a code looks like, each digit a "0" ("00000", "000-00-0000", "ID-00000"), or "".
        upto: the look is for numbers up to this; beyond it `beyond` is.
        beyond: the look of larger numbers.
    """

    currency: str = ""
    percent: bool = False
    code: str = ""
    upto: float | None = None
    beyond: NumberLook | None = None

    def __bool__(self) -> bool:
        return bool(self.currency or self.percent or self.code or self.beyond)

    def shown(self, cell: str) -> str:
        """A number's plain text as it is shown, where that isn't the number: "75" -> "00075", "0.125" -> "12.5%"."""
        if self.beyond is not None and self.upto is not None and abs(float(cell)) > self.upto:
            return self.beyond.shown(cell)
        if self.percent:
            return f"{round(float(cell) * 100, 9):.12g}%"
        if not self.code or not cell.isdecimal():
            return cell
        digits = cell.zfill(self.code.count("0"))
        more = len(digits) - self.code.count("0")
        out, taken = [], 0
        for mark in self.code:
            if mark != "0":
                out.append(mark)
                continue
            many = 1 + (more if not taken else 0)
            out.append(digits[taken : taken + many])
            taken += many
        return "".join(out)


PLAIN_LOOK = NumberLook()


def look_of(code: str) -> NumberLook:
    """What a format code shows, `PLAIN_LOOK` if nothing beyond the number."""
    sections = _sections(code)
    first, when = _section(sections[0])
    if when is not None and when[0] in {"<", "<="} and len(sections) > 1:
        beyond, _ = _section(sections[1])
        if first or beyond:
            return NumberLook(first.currency, first.percent, first.code, when[1], beyond)
    return first


def _sections(code: str) -> list[str]:
    out, quoted = [""], False
    for at, mark in enumerate(code[:500]):
        if mark == '"' and code[at - 1 : at] != "\\":
            quoted = not quoted
        if mark == ";" and not quoted:
            out.append("")
        else:
            out[-1] += mark
    return out


def _section(text: str) -> tuple[NumberLook, tuple[str, float] | None]:
    words, figure, when = [], [], None
    currency = ""
    for found in _TOKEN.finditer(text):
        if found["sign"] is not None:
            currency = currency or _currency(found["sign"], (found["locale"] or "").casefold().split(",")[0])
        elif found["when"]:
            when = (found["when"], _number(found["than"]))
        elif found["quoted"] is not None or found["escaped"] is not None:
            word = found["quoted"] if found["quoted"] is not None else found["escaped"]
            words.append(word)
            figure.append(word)
        elif found["other"]:
            figure.append(found["other"])
            if not found["other"].isalnum() and found["other"] not in "#?.,%/":
                words.append(found["other"])
    bare = "".join(f for f in figure if len(f) == 1)
    said = "".join(words)
    digits = re.sub(r"[^0#?.,%EeymdhsGgnral]", "", bare)
    if re.search(r"(?i)general", bare):
        return PLAIN_LOOK, when
    if _DATES.search("".join(f["other"] or "" for f in _TOKEN.finditer(text))):
        return PLAIN_LOOK, when
    currency = currency or _currency(said, "")
    if currency:
        return NumberLook(currency=currency), when
    if "%" in digits:
        return NumberLook(percent=True), when
    return NumberLook(code=_code(figure)), when


def _code(figure: list[str]) -> str:
    """The pattern of a code: digits that are always shown, with what stands between them; "" if it is no code."""
    text = "".join(figure).strip()
    if "#" in text and "0" not in text and not re.fullmatch(r"[#,]+", text):
        text = text.replace("#", "0")  # "###-####", as telephone numbers have it
    text = re.sub(r"^#+(?=0)", "", text)
    if not re.fullmatch(r"[^0?.,%]*0[0 ()/.\-]*", text) or re.search(r"0\.0", text):
        return ""
    before = text[: text.index("0")]
    return text if (text.count("0") > 1 and not re.search(r"[0#]E", text)) or before.strip(" (+") else ""


def _currency(sign: str, locale: str) -> str:
    if not sign.strip():
        return ""
    if sign.strip() in {"$", "kr", "kr."}:
        return _DOLLARS.get(locale, "USD") if "$" in sign else _CROWNS.get(locale, "")
    if sign.strip() in {"¥", "￥"}:
        return "CNY" if locale in {"804", "1004"} else "JPY"
    codes = split_currency(f"{sign.strip()} 1")[1] - {""}
    return next(iter(codes)) if len(codes) == 1 else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def looks_of(styles: bytes) -> Mapping[int, NumberLook]:
    """Style of a cell (its position among cellXfs) -> what it shows; only styles that show something."""
    codes = dict(_BUILT_IN)
    for found in map(attributes, _STYLE.findall(styles)):
        number = found.get("numFmtId", "")
        if number.isdecimal() and len(number) < 9:
            codes[int(number)] = found.get("formatCode", "")
    block = _XFS.search(styles)
    out: dict[int, NumberLook] = {}
    for at, tag in enumerate(_XF.findall(block.group(0) if block else b"")):
        number = attributes(tag).get("numFmtId", "")
        code = codes.get(int(number), "") if number.isdecimal() and len(number) < 9 else ""
        look = look_of(code) if code else PLAIN_LOOK
        if look:
            out[at] = look
    return out
