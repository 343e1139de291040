"""Numbers and names as a person reads them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from terr.model.problem import ROUNDING
from terr.model.units import noun
from terr.model.wording import (
    MILE_KM,
    area_text,
    count,
    distance_text,
    figure,
    money_pattern,
    number_language,
    percent_figure,
    short_figure,
)

if TYPE_CHECKING:
    from terr.metrics import Metric

__all__ = ["MILE_KM", "area_text", "count", "distance_text"]  # of another floor, for the pages

K = TypeVar("K")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "C$", "AUD": "A$"}
# Streamlit makes addresses and icons of these after escapes are undone; an invisible word joiner keeps them text
_JOIN = re.compile(r"(?<=:)(?=/|material/)|(?<=www)(?=\.)|(?<=@)(?=[\w-])", re.IGNORECASE)
_RISKY = re.compile("[<>&'{}$_`\u2028\u2029]")


def distinct(names: Mapping[K, str]) -> dict[K, str]:
    """The same names, with a number where one would be there twice: "Q3", "Q3 (2)".

    A chooser needs them: Streamlit tells its choices apart by their text alone and takes the first of two alike.
    """
    out: dict[K, str] = {}
    used = set(names.values())
    seen: set[str] = set()
    for key, name in names.items():
        text, n = name, 1
        while text in seen or (n > 1 and text in used):
            n += 1
            text = f"{name} ({n})"
        seen.add(text)
        out[key] = text
    return out


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
    return "–" if math.isnan(value) else figure(value, f",.{digits}f")


def full(value: float | None) -> str:
    """`1234567.8` -> "1,234,568"; small fractional figures keep two decimals; an unknown number is an en dash."""
    if value is None or not math.isfinite(value):
        return "–"
    return number(value, 0 if abs(value) >= 1000 or value == int(value) else 2)


def short(value: float, currency: str = "") -> str:
    """`1_250_000, "USD"` -> "$1.25M"; `1_200_000, "USD"` -> "$1.2M"; `41_230, ""` -> "41,230"; at most three
    significant digits above a million of money and ten million of anything else."""
    if math.isnan(value):
        return "–"
    sign, pattern = ("-" if value < 0 else ""), money_pattern()
    text = short_figure(abs(value), money=bool(currency))
    if not currency:
        return f"{sign}{text}"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    # a symbol of letters brings its own space ("CHF 5") where the language has none
    symbol = symbol if "¤#" in pattern else symbol.strip()
    return f"{sign}{pattern.replace('#', text).replace('¤', symbol)}"


def percent(value: float, digits: int = 1, *, signed: bool = False, limit: float | None = None) -> str:
    """`4.06` (already in percent) -> "4.1%"; signed adds + and a real minus; no number there is gives an en dash.

    `limit`, in percent too: decimals are added until the text is on the same side of it as the value, so that 5.04% is
    not "5.0%" where 5% is allowed.
    """
    if not math.isfinite(value):
        return "–"
    if limit is not None:
        digits = clear_digits(value, limit, digits)
    value = round(value, digits) + 0.0  # -0.04 is "0.0%", not "-0.0%"
    return percent_figure(value, f"{'+' if signed else ''},.{digits}f").replace("-", "−")


def clear_digits(value: float, limit: float, digits: int = 1) -> int:
    """Decimals with which a percentage is told from its limit, at most 6; up to rounding the limit itself is inside."""
    inside = abs(value) < limit + 100 * ROUNDING
    while digits < 6 and (round(abs(value), digits) <= limit + 1e-9) != inside:
        digits += 1
    return digits


def metric_title(metric: Metric, measure: str, level: str) -> str:
    """What a metric is called on a page of a measure and a level: "Unassigned units" are "Unassigned counties"."""
    title = re.sub(r"\bUnits\b", units_title(level), metric.label)
    title = re.sub(r"\bunits\b", unit_noun(level), title)
    return re.sub(r"\bload\b", lambda _: measure, title, flags=re.IGNORECASE)


def metric_text(
    metric: Metric, value: float, currency: str | None = None, *, miles: bool = True, limit: float | None = None
) -> str:
    """A metric's value with its unit: "4.1%", "12 miles", "0.62"; an en dash where there is none.

    Args:
        metric: which; a percentage of which neither way is better has a sign.
        value: in the metric's unit.
        currency: code, "" if the measure isn't money, None to write its sums in full.
        miles: distances are told in miles, else in kilometers.
        limit: of a deviation, in percent; see `percent`.
    """
    if not math.isfinite(value):
        return "–"
    if metric.unit == "%":
        return percent(value, metric.decimals, signed=metric.direction == "none", limit=limit)
    if metric.unit == "the measure's own" and currency is not None:
        return short(value, currency)
    if metric.unit == "the measure's own":
        return full(value)
    if metric.unit == "km":
        return distance_text(value, miles=miles)
    return area_text(value, miles=miles) if metric.unit == "km2" else number(value, metric.decimals)


def metric_in_unit(metric: Metric, value: float, *, miles: bool = True) -> tuple[float, str]:
    """A metric's value as a number and its unit, for a table: distances in miles unless `miles` is False."""
    if metric.unit not in ("km", "km2") or not miles:
        return value, {"km2": "km²"}.get(metric.unit, metric.unit)
    return (value / MILE_KM, "miles") if metric.unit == "km" else (value / MILE_KM**2, "square miles")


def metric_format(metric: Metric, currency: str = "", *, digits: int | None = None) -> str:
    """The same as a format of Streamlit's columns of numbers; `digits` = decimals of a percentage."""
    if metric.unit == "%":
        shown = metric.decimals if digits is None else digits
        return f"%+.{shown}f%%" if metric.direction == "none" else f"%.{shown}f%%"
    if metric.unit == "the measure's own":
        return "$%,.0f" if currency == "USD" else "localized"
    return f"%.{metric.decimals}f" if metric.decimals else "localized"


def date_text(day: date) -> str:
    """ "Nov 30, 2026"."""
    return number_language().date(day)


def time_text(at: datetime) -> str:
    """ "2:05 PM"."""
    return f"{at.hour % 12 or 12}:{at:%M} {at:%p}"


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
    """People's text inside Streamlit Markdown: nothing in it is a link, an image, HTML, maths or emphasis.

    Needed in labels, bodies, help texts, tabs, values of metrics and options of radio buttons, pills and segmented
    controls. Options of lists, placeholders, tables and titles of charts show text as it is: there it would show
    backslashes.
    """
    out = "".join("\\" + c if c in "\\`*_{}[]()#+-.!|>~$:<&" else c for c in _JOIN.sub("\u2060", text))
    return out.replace("\n", " ")


def tooltip_title(text: str) -> str:
    """People's text as the name of a row in a chart's tooltip: "image" would be a picture there, "title" a heading."""
    return f"{text}\u2060" if text in {"image", "title"} else text


def sentence(text: str) -> str:
    """The same, with a capital first letter and a full stop; a file's name at the beginning stays as it is."""
    text = text.strip()
    if not text:
        return text
    named = "." in text.split(maxsplit=1)[0].rstrip(".,:;")
    return (text if named else text[0].upper() + text[1:]) + ("" if text[-1] in ".!?" else ".")


def money_format(currency: str, digits: int = 0) -> str:
    """A format of Streamlit's columns for money: "$1,234" where the currency has a sign before its figures."""
    sign = SYMBOLS.get(currency, "")
    return f"{sign if sign in ('$', '£', '€') else ''}%,.{digits}f"
