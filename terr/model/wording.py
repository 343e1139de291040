"""Counts, distances and areas as people read them; distances are kept in km, told in miles unless somebody chose km."""

from __future__ import annotations

from terr.model.number_language import figure

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
