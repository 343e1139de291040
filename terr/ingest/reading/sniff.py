"""What a file is, told by its content; its name and ending are never trusted."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from terr.errors import InputError
from terr.ingest.reading.encodings import LABELS, Encodings, decoded, mostly_utf8, told_encoding

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"{\\rtf", "a rich-text document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a sound, film or image file"),
    (b"OggS", "a sound file"),
    (b"ID3", "a sound file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PARQUET = b"PAR1"
_SAVE = "save the accounts as CSV or as an Excel workbook (.xlsx)"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|table|meta|head|body|style)\b", re.IGNORECASE)


def kind_of(data: bytes, filename: str) -> str:
    """One of "zip", "ole", "parquet", "text".

    Raises:
        InputError: if the content is something Terr doesn't read; says what it is.
    """
    if not data or not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise InputError(f"{filename} is empty; choose a file with a header row and at least one account")
    if data[:4] in {b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"}:
        return "zip"
    if data[:8] == OLE:
        return "ole"
    if data[:4] == PARQUET and (data[-4:] == PARQUET or _CONTROL.search(data[4:4096])):
        return "parquet"
    for magic, what in _MAGIC:
        if data.startswith(magic) and not (magic in {b"RIFF", b"ID3", b"BZh"} and b"\x00" not in data[:4096]):
            raise InputError(f"{filename} is {what}, not a table; {_SAVE}")
    if any(data.startswith(bom) for bom, _ in _BOMS) or _utf16_guess(data):
        return "text"
    head = data[:65_536]
    if b"\x00" in data:
        line = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise InputError(
            f"{filename} holds a NUL byte in line {line}, so it is damaged or not a text file; {_SAVE} again"
        )
    if len(_CONTROL.findall(head)) > max(2, 0.005 * len(head)):
        raise InputError(f"{filename} is a binary file of a kind Terr doesn't know, not a table; {_SAVE}")
    return "text"


def _utf16_guess(data: bytes) -> str | None:
    """The byte order of UTF-16 written without a mark: nearly every second byte is NUL."""
    head = data[:4096]
    half = len(head) // 2
    if half < 4:
        return None
    odd, even = head[1::2].count(0), head[::2].count(0)
    if min(odd, even) == 0 and max(odd, even) >= 4 and max(odd, even) > 0.02 * half:
        name = "utf-16-le" if odd else "utf-16-be"  # letters of any script, but delimiters and line ends are ASCII
        text = head[: 2 * half].decode(name, "replace")
        if "\n" in text and not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]|\ufffd.*\ufffd", text, re.DOTALL):
            return name
    if head[1::2].count(0) > 0.7 * half and head[::2].count(0) == 0:
        return "utf-16-le"
    if head[::2].count(0) > 0.7 * half and head[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def decode(data: bytes, filename: str, chosen: str | None = None) -> tuple[str, Encodings]:
    """The text of a file and how it is encoded.

    UTF-8 with or without a mark, UTF-16, UTF-32; UTF-8 with a few bad bytes stays that, the bad ones as characters of
    `terr.ingest.reading.encodings.PRIVATE`; other encodings are told by their letters.

    Args:
        data: the file; filename: for messages.
        chosen: the encoding a person chose.

    Raises:
        InputError: if the text is damaged, or is a web page, XML or JSON.
    """
    name = next((enc for bom, enc in _BOMS if data.startswith(bom)), None) or _utf16_guess(data)
    found = Encodings(name or "utf-8")
    try:
        text: str | None = data.decode(found.name)
    except UnicodeDecodeError:
        text = mostly_utf8(data) if name is None else None
        if name is None and (text is None or chosen in LABELS):
            found = told_encoding(data)
            if chosen in LABELS:
                found = replace(found, name=str(chosen))
            text = decoded(data, found.name)
            if text is None and chosen is not None:
                raise InputError(f"{filename} isn't {LABELS[found.name]} text; choose another encoding") from None
    if text is None:
        raise InputError(f"{filename} says it is {found.name.upper()} text but is damaged; save it again as CSV UTF-8")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError(f"{filename} holds a NUL character in line {line}, so it is damaged; {_SAVE} again")
    start = text[:2048].lstrip("\ufeff \t\r\n")
    if not start and not text.strip():
        raise InputError(f"{filename} is empty; choose a file with a header row and at least one account")
    if _MARKUP.match(start) or (start.startswith("<") and _MARKUP.search(start)):
        raise InputError(f"{filename} is a web page (HTML), as some CRMs write for Excel; open it in Excel and {_SAVE}")
    if start.startswith(("<?xml", "<!DOCTYPE", "<!ENTITY")):
        raise InputError(f"{filename} is an XML document, not a table; {_SAVE}")
    if start.startswith(('{"', "[{", "{\n", "{\r", '["')):
        raise InputError(f"{filename} is a JSON document, not a table; {_SAVE}")
    return text.removeprefix("\ufeff"), found
