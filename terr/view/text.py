"""Numbers and names as a person reads them."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from terr.model.units import noun

if TYPE_CHECKING:
    from terr.metrics import Metric

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "C$", "AUD": "A$"}
# Streamlit makes addresses and icons of these after escapes are undone; an invisible word joiner keeps them text
_JOIN = re.compile(r"(?<=:)(?=/|material/)|(?<=www)(?=\.)|(?<=@)(?=[\w-])", re.IGNORECASE)
_RISKY = re.compile("[<>&'{}$_`\u2028\u2029]")


def js_value(value: Any) -> str:
    """A JavaScript expression for a JSON-able value that stays data wherever it is pasted.

    Quotes, brackets, template marks and underscores of people's text become escapes, so that neither HTML, a template
    literal nor a rewriting of identifiers can take them for code.
    """
    inner = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return f"JSON.parse({_RISKY.sub(_escaped, json.dumps(inner))})"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def number(value: float, digits: int = 0) -> str:
    """`1234567.8` -> "1,234,568"; an unknown number is an en dash."""
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"


def full(value: float | None) -> str:
    """`1234567.8` -> "1,234,568"; small fractional figures keep two decimals; an unknown number is an en dash."""
    if value is None or not math.isfinite(value):
        return "–"
    return number(value, 0 if abs(value) >= 1000 or value == int(value) else 2)


def short(value: float, currency: str = "") -> str:
    """`1_250_000, "USD"` -> "$1.25M"; `41_230, ""` -> "41,230"; three significant digits above a million of
    money and ten million of anything else."""
    if math.isnan(value):
        return "–"
    sign, size = ("-" if value < 0 else ""), abs(value)
    symbol = SYMBOLS.get(currency, f"{currency} " if currency else "")
    for limit, suffix in ((1e9, "B"), (1e6, "M")):
        # what would be rounded up to "1,000k" is written in the larger unit; counts stay whole to ten million
        if size >= (limit * 0.9995 if currency or limit > 1e6 else 10 * limit):
            scaled = size / limit
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{sign}{symbol}{scaled:,.{digits}f}{suffix}"
    if size >= 10_000 and currency:
        return f"{sign}{symbol}{size / 1e3:,.0f}k"
    return f"{sign}{symbol}{size:,.0f}" if size >= 100 or size == int(size) else f"{sign}{symbol}{size:,.1f}"


def percent(value: float, digits: int = 1, *, signed: bool = False) -> str:
    """`4.06` (already in percent) -> "4.1 %"; signed adds + and a real minus; no number there is gives an en dash."""
    if not math.isfinite(value):
        return "–"
    value = round(value, digits) + 0.0  # -0.04 is "0.0 %", not "-0.0 %"
    text = f"{value:+,.{digits}f} %" if signed else f"{value:,.{digits}f} %"
    return text.replace("-", "−")


def metric_title(metric: Metric, measure: str, level: str) -> str:
    """What a metric is called on a page of a measure and a level: "Unassigned units" are "Unassigned counties"."""
    title = re.sub(r"\bUnits\b", units_title(level), metric.label)
    title = re.sub(r"\bunits\b", unit_noun(level), title)
    return re.sub(r"\bload\b", lambda _: measure, title, flags=re.IGNORECASE)


def metric_text(metric: Metric, value: float, currency: str | None = None) -> str:
    """A metric's value with its unit: "4.1 %", "12 km", "0.62"; an en dash where there is none.

    Args:
        metric: which; a percentage of which neither way is better has a sign.
        value: in the metric's unit.
        currency: code, "" if the measure isn't money, None to write its sums in full.
    """
    if not math.isfinite(value):
        return "–"
    if metric.unit == "%":
        return percent(value, metric.decimals, signed=metric.direction == "none")
    if metric.unit == "the measure's own" and currency is not None:
        return short(value, currency)
    if metric.unit == "the measure's own":
        return full(value)
    return number(value, metric.decimals) + (f" {metric.unit}" if metric.unit.startswith("km") else "")


def metric_format(metric: Metric, currency: str = "") -> str:
    """The same as a format of Streamlit's columns of numbers."""
    if metric.unit == "%":
        return f"%+.{metric.decimals}f %%" if metric.direction == "none" else f"%.{metric.decimals}f %%"
    if metric.unit == "the measure's own":
        return "$%,.0f" if currency == "USD" else "localized"
    return f"%.{metric.decimals}f" if metric.decimals else "localized"


def count(n: int, one: str, many: str | None = None) -> str:
    """`count(1, "county", "counties")` -> "1 county"; `count(3120, "account")` -> "3,120 accounts"."""
    return f"{n:,} {one if n == 1 else (many or one + 's')}"


def unit_noun(level: str, n: int = 2) -> str:
    """The word for `n` units of a level: "county"/"counties", "ZIP"/"ZIPs", "area"/"areas"."""
    return noun(level, n)


def units_title(level: str) -> str:
    """The same for more than one, as a heading begins: "Counties", "ZIPs", "Areas"."""
    word = noun(level)
    return word[0].upper() + word[1:]


def and_list(items: list[str], most: int = 4) -> str:
    """`["a", "b", "c"]` -> "a, b and c"; the rest beyond `most` is counted."""
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def markdown(text: str) -> str:
    """People's text inside Streamlit Markdown: nothing in it is a link, an image, HTML, maths or emphasis."""
    out = "".join("\\" + c if c in "\\`*_{}[]()#+-.!|>~$:<&" else c for c in _JOIN.sub("\u2060", text))
    return out.replace("\n", " ")


def sentence(text: str) -> str:
    """The same, with a capital first letter and a full stop."""
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
