"""Points as people write them: degrees with letters, minutes and seconds, pairs in one cell, well-known text."""

from __future__ import annotations

import json
import re
import struct
import unicodedata

_NUMBER = r"[+-]?\d{1,3}(?:\.\d+)?"
_MARKED = re.compile(
    rf"(?P<before>[NSEWO])?\s*(?P<deg>{_NUMBER})\s*(?:°|deg(?:rees?)?|d|\*)?\s*"
    r"(?:(?P<min>\d{1,2}(?:\.\d+)?)\s*(?:'|m(?:in)?)?\s*(?:(?P<sec>\d{1,2}(?:\.\d+)?)\s*(?:\"|''|s(?:ec)?)?)?)?\s*"
    r"(?P<after>[NSEWO])?",
    re.I,
)
_LETTERS = re.compile(r"\b(north|south|east|west)\b", re.I)
_LATITUDE, _LONGITUDE = frozenset("NS"), frozenset("EWO")
_QUOTES = str.maketrans(
    {"′": "'", "’": "'", "‘": "'", "´": "'", "`": "'", "″": '"', "“": '"', "”": '"', "º": "°", "˚": "°"}
)
_WKT = re.compile(
    rf"(?:SRID=4326;)?\s*POINT\s*(?:Z|M|ZM)?\s*\(\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER})*\s*\)", re.I
)
_LABELS = re.compile(r"\b(?:lat(?:itude)?|lo?ng?(?:itude)?|geo|gps|x|y)\b\s*[:=]?", re.I)
_LINK = re.compile(rf"(?:@|[?&](?:q|ll|query|center)=|/search/)({_NUMBER}),\+?({_NUMBER})", re.I)
_COMMA_PAIR = re.compile(r"([+-]?\d{1,3},\d+)\s*[;,/| ]\s*([+-]?\d{1,3},\d+)")
_HEX = re.compile(r"(?:[0-9a-f]{42}|[0-9a-f]{50})", re.I)
_LONGEST = 300

Point = tuple[float, float]
"""Degrees north and east."""


def _flat(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text[:_LONGEST].translate(_QUOTES)).translate(_QUOTES)
    flat = flat.replace("−", "-").replace("–", "-")
    return _LETTERS.sub(lambda m: m[1][0].upper(), flat).strip()


def read_degrees(text: str, *, latitude: bool) -> float | None:
    """One coordinate in degrees: "30.27 N", "97° 44' 35\\" W", "W097.743", "30 16 02"; None if it isn't one.

    Args:
        text: the cell.
        latitude: whether it is one; a letter of the other axis then refuses it.
    """
    flat = _flat(text)
    if re.fullmatch(r"[^,]*\d,\d[^,]*", flat):
        flat = flat.replace(",", ".")
    found = _MARKED.fullmatch(flat)
    if not found:
        return None
    letters = {c.upper() for c in (found["before"], found["after"]) if c}
    if len(letters) > 1 or letters & (_LONGITUDE if latitude else _LATITUDE):
        return None
    minutes, seconds = float(found["min"] or 0), float(found["sec"] or 0)
    whole = float(found["deg"])
    if minutes >= 60 or seconds >= 60 or (found["min"] and not whole.is_integer()):
        return None
    value = abs(whole) + minutes / 60 + seconds / 3600
    south = found["deg"].startswith("-") or bool(letters & {"S", "W", "O"})
    return -value if south else value


def read_point(text: str) -> Point | None:
    """A point in one cell: "(30.27, -97.74)", "POINT (-97.74 30.27)", GeoJSON, "30° 16' N, 97° 44' W", a map's link.

    Latitude comes first but in well-known text and GeoJSON, as their makers say. None if it isn't one, or lies nowhere.
    """
    flat = _flat(text)
    if not any(c.isdigit() for c in flat):
        return None
    if found := _WKT.search(flat):
        return _sound(float(found[2]), float(found[1]))
    if flat.startswith("{"):
        return _geojson(text)
    if _HEX.fullmatch(flat):
        return _wkb(bytes.fromhex(flat))
    if found := _LINK.search(flat):
        return _sound(float(found[1]), float(found[2]))
    bare = _LABELS.sub(" ", flat).strip().strip("()[]<>").strip(" :,;")
    if found := _COMMA_PAIR.fullmatch(bare):
        return _sound(float(found[1].replace(",", ".")), float(found[2].replace(",", ".")))
    return _pair(bare)


def _pair(bare: str) -> Point | None:
    for pieces in (re.split(r"\s*[,;/|]\s*", bare), _halves(bare), bare.split()):
        if len(pieces) != 2 or not all(pieces):
            continue
        first, second = (read_degrees(p, latitude=True) for p in pieces)
        lat, lon = first, read_degrees(pieces[1], latitude=False)
        if lat is None and second is not None:  # "97.74 W, 30.27 N"
            lat, lon = second, read_degrees(pieces[0], latitude=False)
        plain = re.fullmatch(r"[\d\s,;/|]*", bare)
        if lat is not None and lon is not None and not plain:  # two whole numbers are anything
            return _sound(lat, lon)
    return None


def _halves(bare: str) -> list[str]:
    found = re.fullmatch(r"(.*?[NS])\s*(.*[EWO])|(.*?[EWO])\s*(.*[NS])", bare, re.I)
    if found:
        return [p for p in found.groups() if p is not None]
    found = re.fullmatch(r"([NS].*?)\s*([EWO].*)", bare, re.I)
    return [found[1], found[2]] if found else []


def _sound(lat: float, lon: float) -> Point | None:
    return (lat, lon) if 1e-9 < max(abs(lat), abs(lon)) <= 180 else None


def _geojson(text: str) -> Point | None:
    try:
        value = json.loads(text[:_LONGEST])
    except (ValueError, RecursionError):
        return None
    value = value.get("geometry", value) if isinstance(value, dict) else {}
    if not isinstance(value, dict):
        return None
    pair = value.get("coordinates")
    if isinstance(pair, list) and len(pair) in {2, 3} and all(isinstance(v, int | float) for v in pair):
        return _sound(float(pair[1]), float(pair[0]))
    words = [
        next((value[k] for k in keys if k in value), None)
        for keys in (("latitude", "lat"), ("longitude", "lng", "lon"))
    ]
    try:
        return _sound(float(str(words[0])), float(str(words[1])))
    except ValueError:
        return None


def _wkb(blob: bytes) -> Point | None:
    """A point as databases print it: well-known binary in hexadecimal digits."""
    order = "<" if blob[0] == 1 else ">"
    (kind,) = struct.unpack_from(order + "I", blob, 1)
    at = 9 if kind & 0x20000000 else 5
    if kind & 0xFF != 1 or len(blob) < at + 16:
        return None
    lon, lat = struct.unpack_from(order + "dd", blob, at)
    return _sound(lat, lon) if abs(lat) <= 180 and abs(lon) <= 180 else None
