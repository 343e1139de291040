"""Cells a workbook reader shows as blank though they aren't: error values, and formulas saved without their result."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from posixpath import normpath

from terr.errors import InputError
from terr.ingest.reading.zip_check import inflate

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^<>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^<>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>])")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^<>]*(?:/>|>([^<]*)</)")
_REF = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")


def _attributes(tag: bytes) -> dict[str, str]:
    return {k.decode(): unescape((a or b).decode("utf-8", "replace")) for k, a, b in _ATTRIBUTE.findall(tag[:2000])}


def _sheet_part(book: bytes, relations: bytes, sheet: str) -> str | None:
    """The file inside the workbook that holds a sheet."""
    targets = {a.get("Id", ""): a.get("Target", "") for a in map(_attributes, _RELATION.findall(relations))}
    for found in map(_attributes, _SHEET.findall(book)):
        if found.get("name") == sheet:
            target = targets.get(next((v for k, v in found.items() if k.endswith(":id")), ""), "")
            return normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
    return None


def _whole(data: bytes, info: zipfile.ZipInfo, filename: str) -> bytes:
    return b"".join(inflate(data, info, filename))


def blind_cells(data: bytes, sheet: str, filename: str) -> Iterator[tuple[int, int, str]]:
    """Yields (0-based row, 0-based column, text) of cells whose content the reader drops.

    The text is the error as Excel shows it ("#DIV/0!") or the formula that has no saved result ("=B2*2"), so that the
    row comes back with a reason instead of a silent blank.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = {i.filename: i for i in archive.infolist()}
    except zipfile.BadZipFile as error:
        raise InputError(f"{filename} is a broken workbook; open it in Excel and save it again") from error
    book, relations = infos.get("xl/workbook.xml"), infos.get("xl/_rels/workbook.xml.rels")
    if book is None or relations is None:
        return
    part = _sheet_part(_whole(data, book, filename), _whole(data, relations, filename), sheet)
    info = infos.get(part or "")
    if info is None:
        return
    xml = _whole(data, info, filename)
    if b't="e"' not in xml and b"t='e'" not in xml and not re.search(rb"<(?:\w+:)?f[ />]", xml):
        return  # the usual case: no formula, no error
    # Cut at cells rather than matched from start to end: linear even for hostile XML.
    for cell in _CELL.split(xml)[1:]:
        tag, _, inner = cell.partition(b">")
        if tag.endswith(b"/") or (b't="e"' not in tag and b"t='e'" not in tag and b"f" not in inner):
            continue
        attributes = _attributes(tag)
        ref = _REF.fullmatch(attributes.get("r", ""))
        if ref is None:
            continue
        value, formula = _VALUE.search(inner), _FORMULA.search(inner)
        if attributes.get("t") == "e" and value:
            text = value.group(1).decode("utf-8", "replace")
        elif formula and not value and attributes.get("t") != "inlineStr":
            text = "=" + unescape((formula.group(1) or b"...").decode("utf-8", "replace"))[:200]
        else:
            continue
        column = 0
        for letter in ref.group(1).upper():
            column = column * 26 + ord(letter) - 64
        yield int(ref.group(2)) - 1, column - 1, text
