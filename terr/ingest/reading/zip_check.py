"""Looks into a zipped workbook before any parser does: size, ratio, entities, sheets too large to hold."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from terr.errors import InputError

_CHUNK = 1 << 20
_TAIL = 4096
_STRING_BYTES = 400_000
_TEXT_BYTES = 1 << 30
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENTITY_16 = tuple("<!DOCTYPE".encode(e) for e in ("utf-16-le", "utf-16-be"))
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\br\s*=\s*[\"'](\d+)[\"']")
_WIDE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{2,})(\d+)[\"']")
_SHARED = re.compile(rb"\bt\s*=\s*[\"']s[\"'][^<>]*>\s*<(?:\w+:)?v>(\d{1,9})<")
_STRING = re.compile(rb"<(?:\w+:)?si\b")
_REF = 16  # bytes of a reference that are looked at; the longest is XFD1048576
_SPACED = (*(b"r%c=" % c for c in b" \t\r\n"), *(b"r=%c" % c for c in b" \t\r\n'"), *(b"%cr=" % c for c in b"\t\r\n"))
"""Ways to write a cell's reference that no spreadsheet uses; a piece with one is read slowly."""
_FAR = re.compile(rb"\br\s*=\s*[\"'][A-Za-z]+(\d{5,})[\"']")


@dataclass(frozen=True)
class ZipLimits:
    """What a workbook may unpack to.

    Attributes:
        ratio: unpacked / packed size; honest workbooks have 6 to 15.
        total_bytes: unpacked size of all members.
        members: number of files inside. An honest workbook has about three per sheet, chart and picture, so 64 would
            turn away yearly books; ratio and total are what stops a bomb, this only bounds the work of looking.
        cells: rows x columns of one sheet, filled or not, because the reader lays a sheet out in full.
    """

    ratio: float = 100.0
    total_bytes: int = 200 * 1024 * 1024
    members: int = 2_000
    cells: int = 20_000_000


def open_zip(data: bytes, filename: str, limits: ZipLimits) -> list[zipfile.ZipInfo]:
    """The members of a zip, after its declared sizes were judged; nothing is unpacked.

    Raises:
        InputError: a broken zip, a zip bomb, an encrypted member, or a compression Excel doesn't write.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    # NotImplementedError is how zipfile says that the file asks for a newer zip version than there is
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError) as error:
        raise InputError(f"{filename} is a broken workbook or zip file; open it in Excel and save it again") from error
    if len(infos) > limits.members:
        raise InputError(f"{filename} holds {len(infos):,} files inside, more than any workbook; save the sheet as CSV")
    total = sum(i.file_size for i in infos)
    packed = max(1, min(len(data), sum(i.compress_size for i in infos)))
    if total > limits.total_bytes:
        raise InputError(
            f"{filename} unpacks to {total / 2**20:,.0f} MB, more than {limits.total_bytes / 2**20:,.0f} MB;"
            " keep only the sheet with the accounts, or save it as CSV"
        )
    if total > _CHUNK and total / packed > limits.ratio:
        raise InputError(
            f"{filename} unpacks to {total / packed:,.0f} times its size, as no honest workbook does; save the"
            " sheet as CSV"
        )
    for info in infos:
        if info.flag_bits & 0x1:
            raise InputError(f"{filename} is protected by a password; save it without one")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InputError(f"{filename} is packed in a way Excel doesn't use; open it in Excel and save it again")
    return infos


def inflate(data: bytes, info: zipfile.ZipInfo, filename: str) -> Iterator[bytes]:
    """The unpacked bytes of a member in chunks, refusing more than it declares (a zip's declared sizes can lie).

    Raises:
        InputError: if the member is damaged or isn't as large as it says.
    """
    broken = InputError(f"{filename} is a broken workbook; open it in Excel and save it again")
    head = data[info.header_offset : info.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise broken
    names, extra = struct.unpack("<HH", head[26:30])
    start = info.header_offset + 30 + names + extra
    raw = memoryview(data)[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        if len(raw) != info.file_size:
            raise broken
        for at in range(0, len(raw), _CHUNK):
            yield bytes(raw[at : at + _CHUNK])
        return
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    seen, rest = 0, bytes(raw)
    try:
        while True:
            piece = unpacker.decompress(rest, _CHUNK)
            seen += len(piece)
            if seen > info.file_size:
                raise broken
            if piece:
                yield piece
            rest = unpacker.unconsumed_tail
            if unpacker.eof or not (piece or rest):
                break
    except zlib.error as error:
        raise broken from error
    if seen != info.file_size or not unpacker.eof:
        raise broken


def inspect_parts(
    data: bytes, infos: list[zipfile.ZipInfo], filename: str, limits: ZipLimits, strings: str = ""
) -> None:
    """Read through every XML part once, in pieces, before the parser does.

    Args:
        data: the zip; infos: its members; filename: for messages; limits: the most it may hold.
        strings: the part of shared texts.

    Raises:
        InputError: entities or a document type (a "billion laughs"), or a sheet with a cell so far out that laying the
            sheet out would take gigabytes.
    """
    _repeated_text(data, infos, filename, strings)
    for info in infos:
        named = info.filename.lower().endswith((".xml", ".rels", ".vml"))
        height, width, tail, sheet, markup = 0, 26, b"", False, named
        for piece in inflate(data, info, filename):
            block = tail + piece
            # told by what it is: names are free, and a reader follows relations
            if not markup and not tail and not _MARKUP.match(block[:200]):
                break
            markup, sheet = True, sheet or b"worksheet" in block
            if (b"<!" in block and _ENTITY.search(block)) or any(e in block for e in _ENTITY_16):
                raise InputError(
                    f"{filename} defines XML entities, which no workbook from Excel does; open it in Excel and"
                    " save it again"
                )
            if sheet:
                height, width = _farthest(block, height, width)
            tail = block[-_TAIL:]
        if sheet and height * width > limits.cells:
            raise InputError(
                f"{filename} has a sheet of {height:,} rows and up to {width:,} columns; delete the stray cells"
                " far from the"
                " table, or save the sheet as CSV"
            )


def _farthest(block: bytes, height: int, width: int) -> tuple[int, int]:
    """The last row and column that references in a piece of a sheet name, at least those given."""
    if any(s in block for s in _SPACED):
        height = max(height, max(map(int, _ROW.findall(block)), default=0))
        height = max(height, max(map(int, _FAR.findall(block)), default=0))
        return height, max(width, max((_column(c) for c in {m[0] for m in _WIDE.findall(block)}), default=0))
    text = np.frombuffer(block + b"\x00" * _REF, dtype=np.uint8)
    here = text[: len(block)]
    marks = (here[:-3] == 32) & (here[1:-2] == 114) & (here[2:-1] == 61) & (here[3:] == 34) if len(block) > 3 else here
    at = np.flatnonzero(marks[: max(0, len(block) - 3)]) + 4
    if not len(at):
        return height, width
    refs = text[at[:, None] + np.arange(_REF)]
    rows, columns = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    going = np.ones(len(at), dtype=np.bool_)
    for mark in refs.T:
        going &= mark != 34
        digit, letter = (mark >= 48) & (mark <= 57) & going, ((mark | 32) >= 97) & ((mark | 32) <= 122) & going
        rows[digit] = rows[digit] * 10 + mark[digit] - 48
        columns[letter] = columns[letter] * 26 + (mark[letter] | 32) - 96
    columns = np.minimum(columns, 16_384 * 4)
    return max(height, int(rows.max())), max(width, int(columns.max()))


def _repeated_text(data: bytes, infos: list[zipfile.ZipInfo], filename: str, named: str) -> None:
    """Refuse a long text that so many cells share that it would fill gigabytes; the zip's sizes don't show that."""
    usual = ("xl/sharedstrings.xml", named.lower())
    strings = next((i for i in infos if i.filename.lower() in usual), None)
    if strings is None:
        return
    text = b"".join(inflate(data, strings, filename))
    sizes = np.diff([*(m.start() for m in _STRING.finditer(text)), len(text)])
    if not len(sizes):
        return
    total = 0
    for info in infos:
        if info is strings:
            continue
        cells = info.file_size // 12  # a cell takes more bytes than that
        if total + cells * int(sizes.max()) <= _TEXT_BYTES:
            continue
        used = np.array(_SHARED.findall(b"".join(inflate(data, info, filename))), dtype=np.int64)
        total += int(sizes[used[used < len(sizes)]].sum())
    if sizes.max() > _STRING_BYTES or total > _TEXT_BYTES:
        raise InputError(f"{filename} holds long texts that many cells repeat; shorten them, or save the sheet as CSV")


def _column(letters: bytes) -> int:
    """1-based column number of "A", "XFD", ...; capped, since only 16,384 exist."""
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return min(number, 16_384 * 4)
