"""Where the parts of a workbook lie inside its zip: by its relations, since their names are free."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from posixpath import dirname, join, normpath

from terr.ingest.reading.zip_check import inflate

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^<>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^<>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_MOST = 4_000_000  # bytes of a part that lists others


def attributes(tag: bytes) -> dict[str, str]:
    """The attributes of an XML tag."""
    return {k.decode(): unescape((a or b).decode("utf-8", "replace")) for k, a, b in _ATTRIBUTE.findall(tag[:2000])}


@dataclass(frozen=True)
class BookParts:
    """The parts of a workbook, by the names they have in the zip.

    Attributes:
        infos: all members.
        book: the workbook's own part, "" if the zip is none.
        sheets: sheet -> its part.
        styles, strings: the parts of formats and of shared texts, "" without any.
    """

    infos: Mapping[str, zipfile.ZipInfo]
    book: str = ""
    sheets: Mapping[str, str] = field(default_factory=dict)
    styles: str = ""
    strings: str = ""

    def read(self, data: bytes, part: str, filename: str) -> bytes:
        """A part unpacked, nothing if it isn't there."""
        info = self.infos.get(part)
        return b"" if info is None else b"".join(inflate(data, info, filename))


def book_parts(data: bytes, filename: str) -> BookParts:
    """The parts of a workbook.

    Raises:
        InputError: if a part that lists others is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = {i.filename: i for i in archive.infolist()}
    parts = BookParts(infos)
    top = _relations(parts, data, "", filename)
    book = next((target for kind, target in top.values() if kind == "officeDocument"), "")
    if book not in infos:
        book = next((n for n in infos if n.lower() == "xl/workbook.xml"), "")
    if not book or infos[book].file_size > _MOST:
        return parts
    own = _relations(parts, data, book, filename)
    sheets = {}
    for found in map(attributes, _SHEET.findall(parts.read(data, book, filename))):
        key = next((v for k, v in found.items() if k.endswith(":id")), "")
        sheets[found.get("name", "")] = own.get(key, ("", ""))[1]
    first = dict(reversed(own.values()))
    return BookParts(infos, book, sheets, first.get("styles", ""), first.get("sharedStrings", ""))


def _relations(parts: BookParts, data: bytes, of: str, filename: str) -> dict[str, tuple[str, str]]:
    """Id -> (last word of its type, part) of what a part names."""
    folder, _, name = of.rpartition("/")
    listed = join(folder, "_rels", f"{name}.rels")
    if listed not in parts.infos or parts.infos[listed].file_size > _MOST:
        return {}
    out = {}
    for found in map(attributes, _RELATION.findall(parts.read(data, listed, filename))):
        target = found.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else join(dirname(of), target)
        out[found.get("Id", "")] = (found.get("Type", "").rpartition("/")[2], normpath(path))
    return out


def usual_name(data: bytes, parts: BookParts, filename: str) -> bytes:
    """The workbook with its own part called workbook.xml, as the reader of cells expects; the same bytes if it is."""
    folder, _, name = parts.book.rpartition("/")
    if name == "workbook.xml":
        return data
    renamed = {
        parts.book: join(folder, "workbook.xml"),
        join(folder, "_rels", f"{name}.rels"): join(folder, "_rels", "workbook.xml.rels"),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in parts.infos:
            content = parts.read(data, part, filename)
            if part in {"_rels/.rels", "[Content_Types].xml"}:
                content = content.replace(name.encode(), b"workbook.xml")
            archive.writestr(renamed.get(part, part), content)
    return out.getvalue()
