"""Which encoding a text has that isn't UTF-8: by what its letters look like in each, and by charset-normalizer."""

from __future__ import annotations

import re
import unicodedata
from codecs import lookup
from dataclasses import dataclass

import numpy as np
import pandas as pd
from charset_normalizer import from_bytes

LABELS = {
    "windows-1252": "Western (Windows)",
    "mac_roman": "Western (Mac)",
    "cp850": "Western (DOS)",
    "cp437": "Western (DOS, US)",
    "windows-1250": "Central European (Windows)",
    "iso-8859-2": "Central European (ISO)",
    "cp852": "Central European (DOS)",
    "windows-1251": "Cyrillic (Windows)",
    "koi8-r": "Cyrillic (KOI8)",
    "cp866": "Cyrillic (DOS)",
    "iso-8859-5": "Cyrillic (ISO)",
    "mac_cyrillic": "Cyrillic (Mac)",
    "shift_jis": "Japanese (Shift-JIS)",
    "euc_jp": "Japanese (EUC)",
    "gb18030": "Chinese, simplified (GBK)",
    "big5": "Chinese, traditional (Big5)",
    "euc_kr": "Korean",
    "windows-1253": "Greek (Windows)",
    "windows-1254": "Turkish (Windows)",
    "windows-1255": "Hebrew (Windows)",
    "windows-1256": "Arabic (Windows)",
}
"""Encoding, as it is named in answers, -> what it is for; the likelier of equal ones first."""

USUAL = "windows-1252"
_CODECS = {"shift_jis": "cp932", "euc_kr": "cp949"}
_BY_CODEC = {lookup(_CODECS.get(name, name)).name: name for name in LABELS}
_RARE = {"cp852": 0.06, "iso-8859-5": 0.1, "mac_cyrillic": 0.1, "cp437": 0.02, "windows-1256": 0.02}
"""What speaks against encodings that hardly any file has."""
_ALONE = {"windows-1252": "iso-8859-1"}
_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_SAMPLE_BYTES = 40_000
_USUAL = frozenset("«»“”‘’–—…€£°®™·¿¡ªº\u00a0№")
_CLEAR, _CLOSE = 0.12, 0.12
"""Cost per character up to which a reading is clear, and the distance to the next that tells them apart."""

PRIVATE = 0xF700
"""Where bad bytes of a text in UTF-8 go until the rows they stand in are known: byte 0x80 is U+F780."""


BAD_BYTE = re.compile(f"[{chr(PRIVATE + 0x80)}-{chr(PRIVATE + 0xFF)}]")


@dataclass(frozen=True)
class Encodings:
    """How a text is read.

    Attributes:
        name: the encoding taken.
        others: what else it could be, the likeliest first; empty if there is no doubt.
        sample: encoding -> a piece of the text as it reads in it, of the one taken and of the others.
    """

    name: str
    others: tuple[str, ...] = ()
    sample: tuple[tuple[str, str], ...] = ()


def codec(name: str) -> str:
    """Python's codec for an encoding named as in `LABELS`."""
    return _CODECS.get(name, name)


def decoded(data: bytes, name: str) -> str | None:
    """The text, None if its bytes aren't in this encoding."""
    try:
        return data.decode(codec(name))
    except UnicodeDecodeError:
        return data.decode(_ALONE[name]) if name in _ALONE else None


def mostly_utf8(data: bytes) -> str | None:
    """A text in UTF-8 with a few bad bytes, those as characters from U+F780 on; None if it is another encoding."""
    text = data.decode("utf-8", "surrogateescape")
    bad = len(re.findall("[\udc80-\udcff]", text))
    good = len(re.findall("[^\x00-\x7f\udc80-\udcff]", text))
    if good <= bad:
        return None
    return re.sub("[\udc80-\udcff]", lambda found: chr(ord(found.group(0)) - 0xDC00 + PRIVATE), text)


def mended_bytes(
    names: tuple[str, ...], rows: pd.DataFrame
) -> tuple[tuple[str, ...], pd.DataFrame, tuple[tuple[int, str], ...]]:
    """The table with its bad bytes read as Windows-1252, and (row, column) of the cells that have some."""
    fixed = tuple(_as_western(n) for n in names)
    out: dict[str, pd.Series] = {}
    doubts: list[tuple[int, str]] = []
    for before, name in zip(names, fixed, strict=True):
        cells = rows[before]
        at = np.flatnonzero(cells.str.contains(BAD_BYTE.pattern).to_numpy(dtype=np.bool_))
        if len(at):
            cells = cells.copy()
            cells.iloc[at] = [_as_western(c) for c in cells.iloc[at].tolist()]
            doubts += [(int(k), name) for k in at]
        out[name] = cells
    return fixed, pd.DataFrame(out, copy=False), tuple(sorted(doubts))


def _as_western(text: str) -> str:
    return BAD_BYTE.sub(lambda f: bytes([ord(f.group(0)) - PRIVATE]).decode("cp1252", "replace"), text)


def told_encoding(data: bytes) -> Encodings:
    """The encoding of a text that isn't UTF-8."""
    lines: list[bytes] = []
    size = 0
    for found in _LINE.finditer(data):
        lines.append(found.group(0))
        size += len(found.group(0))
        if size > _SAMPLE_BYTES:
            break
    sample = b"\n".join(lines)
    noise = {_named(m.encoding): m.chaos for m in from_bytes(sample, cp_isolation=_isolated(), enable_fallback=False)}
    plain: dict[str, float] = {}
    for name in LABELS:
        try:
            plain[name] = _cost(sample.decode(codec(name)), name)
        except UnicodeDecodeError:
            continue
    if plain.get(USUAL, 9.0) <= _CLEAR or not plain:
        return Encodings(USUAL)  # the encoding of Excel for decades: no question about plain Western letters
    costs = {n: c + _RARE.get(n, 0.0) + (0.5 * noise[n] if n in noise else 0.05) for n, c in plain.items()}
    order = sorted(costs, key=lambda n: round(costs[n], 3))
    best = next((n for n in LABELS if n in costs and _reads(sample, n) == _reads(sample, order[0])), order[0])
    near = [n for n in order if n != best and costs[n] - costs[order[0]] < _CLOSE]
    if len(_reads(sample, best)) < len(sample) and not near:  # several bytes a character: many encodings fit them
        near = [n for n in order if n != best][:2]
    reading = {_reads(sample, n): n for n in (*reversed(near), best)}  # the likeliest name of each reading
    others = [n for n in near if reading[_reads(sample, n)] == n][:3]
    return Encodings(best, tuple(others), tuple((n, _shown(sample, n)) for n in (best, *others)))


def _isolated() -> list[str]:
    return [lookup(codec(name)).name.replace("-", "_") for name in LABELS]


def _named(found: str) -> str:
    return _BY_CODEC.get(lookup(found).name, found)


def _reads(sample: bytes, name: str) -> str:
    return sample.decode(codec(name), "replace")


def _shown(sample: bytes, name: str) -> str:
    """A cell beyond ASCII as it reads in an encoding."""
    cells = re.split(r'[,;\t|\r\n"]', _reads(sample[:4_000], name))
    odd = [" ".join(c.split()) for c in cells if not c.isascii()]
    return ", ".join(dict.fromkeys(odd))[:60]


def _kind(mark: str) -> str:
    """Script of a letter, "" for anything else."""
    if not mark.isalpha():
        return ""
    code = ord(mark)
    if code < 0x250:
        return "latin"
    for start, end, name in (
        (0x370, 0x400, "greek"),
        (0x400, 0x530, "cyrillic"),
        (0x590, 0x600, "hebrew"),
        (0x600, 0x700, "arabic"),
        (0xAC00, 0xD7B0, "hangul"),
        (0xFF61, 0xFFA0, "half"),
    ):
        if start <= code < end:
            return name
    return "wide" if code >= 0x2E80 else "other"


def _cost(text: str, name: str) -> float:
    """How unlike words a text looks, per character beyond ASCII; 0 for plain words."""
    total, count = 0.0, 0
    padded = f" {text} "
    for at in range(1, len(padded) - 1):
        mark = padded[at]
        if mark.isascii():
            continue
        count += 1
        total += _oddness(padded[at - 1], mark, padded[at + 1], name)
    return total / max(1, count)


def _oddness(before: str, mark: str, after: str, name: str) -> float:
    kind, left, right = _kind(mark), _kind(before), _kind(after)
    if not kind:
        if unicodedata.category(mark)[0] == "C":
            return 3.0
        inside = bool(left and right)
        if mark in _USUAL:
            return 1.0 if inside and mark not in "’\u00a0" else 0.1
        wide = ord(mark) >= 0x3000 and ord(mark) < 0xFF61
        return 0.1 if wide else 2.0 if inside else 1.0
    cost = 0.0
    if kind in {"latin", "greek", "cyrillic"}:
        if mark.isupper() and before.islower():
            cost += 1.5
        if mark.isupper() and before.isupper() and after.islower():
            cost += 0.6
        if mark.islower() and before.isupper() and after.isupper():
            cost += 1.0
    if kind == "latin":
        cost += 0.7 * (left == "latin" and not before.isascii())
        cost += 0.4 * (mark in "þðÞÐÿŸ¤ƒˆ")
    elif kind in {"greek", "cyrillic", "hebrew", "arabic"}:
        alone = kind not in {left, right}
        cost += 1.0 * ((left == "latin") or (right == "latin")) + 0.5 * alone
    elif kind == "half":
        cost += 0.6
    elif kind in {"wide", "hangul"}:
        near = {"wide", "hangul", "half"}
        cost += 0.7 * (left not in near and right not in near) + 0.5 * (left == "latin" or right == "latin")
        if name == "gb18030":
            cost += 0.4 * (not _within(mark, "gb2312"))
        elif name == "big5":
            cost += 0.1
        elif name in {"shift_jis", "euc_jp"}:
            cost += 0.15 * (not _within(mark, "iso2022_jp")) + (0.05 if ord(mark) >= 0x4E00 else 0.0)
    else:
        cost += 1.0
    return cost


def _within(mark: str, name: str) -> bool:
    try:
        mark.encode(name)
    except UnicodeEncodeError:
        return False
    return True
