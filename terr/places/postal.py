"""Postal codes of the world: what they look like, and how they are written the same way."""

from __future__ import annotations

import re
import unicodedata

_FORMS = {
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?-?\d[A-Z]\d",
    "GB": r"(?:[A-Z]{1,2}\d[A-Z\d]?|GIR) ?\d[A-Z]{2}",
    "NL": r"[1-9]\d{3} ?[A-Z]{2}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "AR": r"[A-Z]\d{4}[A-Z]{3}",
    "MT": r"[A-Z]{3} ?\d{4}",
    "PT": r"\d{4}-\d{3}",
    "PL": r"\d{2}-\d{3}",
    "BR": r"\d{5}-\d{3}",
    "JP": r"〒? ?\d{3}-\d{4}",
}
"""Forms that no US ZIP has. Those of six digits, and three and two, could be slips."""
_MARKS = {
    "D": "DE",
    "F": "FR",
    "I": "IT",
    "E": "ES",
    "A": "AT",
    "B": "BE",
    "L": "LU",
    "S": "SE",
    "N": "NO",
    "P": "PT",
    "CH": "CH",
    "DK": "DK",
    "FIN": "FI",
    "FI": "FI",
    "PL": "PL",
    "CZ": "CZ",
    "SK": "SK",
    "SI": "SI",
    "HR": "HR",
    "DE": "DE",
    "FR": "FR",
    "IT": "IT",
    "ES": "ES",
    "AT": "AT",
    "BE": "BE",
    "LU": "LU",
    "SE": "SE",
    "NO": "NO",
    "NL": "NL",
    "HU": "HU",
    "H": "HU",
    "RO": "RO",
    "BG": "BG",
    "LT": "LT",
    "LV": "LV",
    "EE": "EE",
    "GR": "GR",
}
_MARKED = re.compile(r"([A-Z]{1,3})[- ] ?(\d{4,5}|\d{3} \d{2})")
_COMPILED = {country: re.compile(form) for country, form in _FORMS.items()}
_SLIPS = frozenset(("BR", "JP"))  # a ZIP+4 that lost a digit looks the same


def foreign_form(text: str) -> str:
    """The country whose codes look like this and no US ZIP does: "M5V 3L9" is CA; "" if there is none."""
    if text.isdigit():
        return ""
    code = " ".join(unicodedata.normalize("NFKC", text[:20]).upper().split())
    marked = _MARKED.fullmatch(code)
    if marked:
        return _MARKS.get(marked[1], "")
    return next((c for c, form in _COMPILED.items() if c not in _SLIPS and form.fullmatch(code)), "")


_DIGITS = {
    **dict.fromkeys("DE FR IT ES FI SE MX TR UA HR RS MY TH KR EE LT GR ID VN CU MA SA EG KE PE ZM".split(), 5),
    **dict.fromkeys("AU AT CH BE NO DK NZ HU BG SI LU LV ZA PH TN CY AM GE LI BD PY".split(), 4),
    **dict.fromkeys("IN CN RU RO SG CO KZ BY EC VN KG TJ UZ".split(), 6),
    **dict.fromkeys("JP IL CL".split(), 7),
    **dict.fromkeys("BR".split(), 8),
    **dict.fromkeys("CZ SK".split(), 5),
}
"""Digits of a country's codes, where they are digits only and all as long."""
_BRITISH = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})")


def bare_code(text: str) -> str:
    """A code, or the beginning of one, without blanks, marks and the country in front: "d-01067" is "01067"."""
    code = " ".join(unicodedata.normalize("NFKC", text[:20]).upper().split())
    marked = _MARKED.fullmatch(code)
    if marked and marked[1] in _MARKS:
        code = marked[2]
    code = re.sub(r"\.0+$", "", code)
    return "".join(c for c in code if c.isalnum())


def whole_code(text: str, country: str, usual: int) -> str:
    """`bare_code` with the zeros a spreadsheet took off.

    Args:
        text: the cell.
        country: two letters, "" if it isn't known.
        usual: digits most codes of the file have, 0 if they differ; for countries whose length isn't known.
    """
    code = bare_code(text)
    length = _DIGITS.get(country, usual)
    return code.zfill(length) if code.isdigit() and length - 2 <= len(code) < length else code


def beginnings(code: str) -> list[str]:
    """What areas a code may lie in are called, the smallest first: what it begins with.

    A British code lies in its sector (EC1A 1), district (EC1A, in older lists EC1) and area (EC); N10 isn't in N1.
    """
    british = _BRITISH.fullmatch(code)
    if british:
        outward = british[1]
        letters = re.match(r"[A-Z]+", outward)
        parts = [code, f"{outward}{british[2][0]}", outward, letters[0] if letters else ""]
        if outward[-1].isalpha():
            parts.insert(3, outward[:-1])
        return parts
    return [code[:n] for n in range(len(code), 0, -1)]
