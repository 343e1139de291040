"""Mutated spreadsheets against the gate: `python -m benchmarks.files.fuzz [--files 10000] [--seed 1]`.

Each file is a good CSV, workbook or Parquet file with bytes flipped, cut, doubled or spliced. It must give a table
whose rows are all accounted for, or an InputError of one line, within five seconds; anything else is printed.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import sys
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from terr.errors import InputError
from terr.ingest import FileLimits, build_ledger, correct_cells, layout_key, questions, read_table, recognise
from terr.ingest.reading.zip_check import ZipLimits

SECONDS = 5.0
LIMITS = FileLimits(max_rows=20_000, max_cells=200_000, zip=ZipLimits(total_bytes=20 << 20, cells=200_000))
HEAD = ["Account ID", "Account Name", "State", "Zip", "Latitude", "Longitude", "Annual Revenue", "Employees", "Seen"]
ROWS = [
    [
        f"001{i:03d}",
        f'Acme "{i}", Inc.\nNorth',
        "MA",
        f"{2100 + i}",
        "42.3",
        "-71,1",
        f"${i * 1250.5:,.2f}",
        str(i),
        "1/2/24",
    ]
    for i in range(30)
]
ROWS += [
    ["", "", "", "", "", "", "(1,234)", "12%", ""],
    ["Grand Total", "", "", "", "", "", "9.999", "=A1", ""],
    ["Copyright (c) 2024"],
]
_TOKENS = (
    b'"',
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"=1+1",
    b"1e308",
    b"<!DOCTYPE x>",
    b"\t",
    b"\xe2\x80\xae",
    b"999999999999999999",
    b"-",
    b"</c>",
    b'<row r="9999999">',
    b't="s"',
    b"%",
    b"\x1a",
    b"PK\x03\x04",
)


def seeds() -> dict[str, bytes]:
    """Good files of each kind."""
    import csv

    text = io.StringIO(newline="")
    csv.writer(text).writerows([["Report of today"], [], HEAD, *ROWS])
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"strings_to_formulas": False}) as wb:
        for name in ("Accounts", "Other"):
            ws = wb.add_worksheet(name)
            for r, row in enumerate([HEAD, *ROWS]):
                ws.write_row(r, 0, row)
            ws.write_formula(3, 7, "=A1*2", None, "")
    parquet = io.BytesIO()
    full = [r + [""] * (len(HEAD) - len(r)) for r in ROWS]
    pq.write_table(
        pa.table({h: [r[i] for r in full] for i, h in enumerate(HEAD)} | {"N": pa.array(range(len(full)))}), parquet
    )
    plain = text.getvalue()
    head = "Kundennummer;Firma;PLZ;Ort;Umsatz;Seit\n"
    cells = ("1.234,-", "2,5 Mio. €", "350 T€", ">1000", "51-200", "１２３", "٣٤٥", "1,5", "R$ 5 mil", "\u202a7\u202c")
    scripts = head + "".join(
        f"K{i % 7};Firma {i} Łódź Ж 株式;7500{i % 9};Köln;{cells[i % 10]};1.2.2024\n" for i in range(30)
    )
    others = "Account ID,Account Name,City,State,ZIP,Annual Revenue\n"
    western = others + "".join(f"A{i},Café Müller {i},Española,NM,,{i}k\n" for i in range(30))
    quoted = '"Account ID","Account Name","ZIP","Revenue"\n' + "".join(
        f'"A{i}","Say \\"Hi, {i}\\" Inc","75001","{i}"\n"""B{i},""""x, y"""",75002,5"\n# note\n' for i in range(15)
    )
    return {
        "scripts": scripts.encode(),
        "mixed": western.encode() + "B1,Zoë,Cañon,CO,,5\n".encode("cp1252"),
        "mac": western.encode("mac_roman"),
        "sjis": scripts.replace("Ł", "").replace("ź", "").replace("ö", "").replace("€", "").encode("cp932", "ignore"),
        "dialect": quoted.encode(),
        "formats": _formatted(),
        "xls": _old(),
        "csv": plain.encode(),
        "utf-16": plain.encode("utf-16"),
        "cp1252": plain.replace("Acme", "Café").encode("cp1252"),
        "xlsx": book.getvalue(),
        "parquet": parquet.getvalue(),
    }


def _formatted() -> bytes:
    """A workbook with formats, merged cells, hidden rows and columns."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as wb:
        ws = wb.add_worksheet("Accounts")
        looks = [
            wb.add_format({"num_format": f}) for f in ("[$€-407] #,##0", "$#,##0", "00000", "0.0%", "[h]:mm", "000-00")
        ]
        ws.write_row(0, 0, ["State", "Account ID", "Zip", "Annual Revenue", "Share", "Drive", "Code"])
        for r in range(1, 31):
            ws.write_row(r, 0, ["MA", f"A{r % 20}"])
            for c, (value, look) in enumerate(zip((2139, 5e5 + r, 0.25, 1.5, 42), (2, r % 2, 3, 4, 5), strict=True)):
                ws.write_number(r, c + 2, value, looks[look])
        ws.merge_range(1, 0, 10, 0, "MA")
        ws.merge_range(11, 0, 30, 0, "NY")
        ws.autofilter(0, 0, 30, 6)
        for r in (4, 5, 6):
            ws.set_row(r, None, None, {"hidden": True})
        ws.set_column(4, 4, None, None, {"hidden": True})
    return out.getvalue()


def _old() -> bytes:
    """An old workbook with formats, a merged cell and a hidden row."""
    import xlwt

    out = io.BytesIO()
    book = xlwt.Workbook()
    ws = book.add_sheet("Accounts")
    for r, row in enumerate([HEAD[:4], *(row[:4] for row in ROWS[:30])]):
        for c, cell in enumerate(row):
            ws.write(r, c, int(cell) if r and c == 3 else cell, xlwt.easyxf(num_format_str="00000" if c == 3 else ""))
        ws.write(r, 4, r * 1000 if r else "Annual Revenue", xlwt.easyxf(num_format_str="[$€-407] #,##0"))
    ws.write_merge(31, 34, 0, 0, "A9")
    ws.row(4).hidden = True
    book.save(out)
    return out.getvalue()


def mutate(data: bytes, rng: random.Random) -> bytes:
    """A few random changes of bytes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8, 30))):
        at, kind = rng.randrange(len(out) + 1), rng.randrange(6)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + rng.choice((1, 2, 16, 200))]
        elif kind == 2:
            out[at:at] = rng.choice(_TOKENS) * rng.choice((1, 1, 2, 50))
        elif kind == 3:
            out[at:at] = out[rng.randrange(len(out) + 1) :][: rng.choice((1, 10, 100, 1000))]
        elif kind == 4:
            out = out[: max(1, at)] if rng.random() < 0.2 else out
        elif at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        if not out:
            out = bytearray(b"x")
    return bytes(out)


def mutate_inside(data: bytes, rng: random.Random) -> bytes:
    """A workbook whose parts are mutated and zipped again, so that the damage reaches the parsers."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        parts = {i.filename: z.read(i) for i in z.infolist()}
    name = rng.choice([n for n in parts if n.endswith((".xml", ".rels"))])
    if rng.random() < 0.7:
        name = rng.choice(
            [n for n in parts if "worksheets/sheet" in n or "sharedStrings" in n or n == "xl/workbook.xml"]
        )
    parts[name] = mutate(parts[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for part, content in parts.items():
            z.writestr(part, content)
    return out.getvalue()


def check(data: bytes, ask: bool = True) -> str:
    """ "accepted" or "refused"; raises if rows or money are lost, or the answer isn't one line."""
    try:
        raw = read_table(data, "x.csv", limits=LIMITS)
        columns = recognise(raw)
        layout_key(raw)
        found = build_ledger(raw, columns)
        if ask:
            questions(raw, columns)
        again = build_ledger(correct_cells(raw, {(int(raw.source_rows[0]), raw.columns[0]): "A"}), columns)
    except InputError as error:
        if not str(error) or "\n" in str(error):
            raise AssertionError(f"a message of several lines: {error}") from error
        return "refused"
    for ledger in (found.ledger, again.ledger):
        if ledger.rows_in != len(raw.rows) or len(ledger.fates) != len(raw.rows):
            raise AssertionError("a row is lost")
    turned = set(raw.source_rows[found.ledger.fates != "accepted"].tolist())
    told = found.ledger.issues
    if turned != set(told.loc[told["fate"] != "accepted", "row"].tolist()):
        raise AssertionError("a row has no reason")
    inside = found.account_of[found.ledger.fates == "accepted"]
    if (inside < 0).any() or len(set(inside.tolist())) != len(found.frame):
        raise AssertionError("a row is neither an account nor a reject")
    if len(found.ledger.rejected_frame(raw)) != len(turned):
        raise AssertionError("a row is neither an account nor a reject")
    for measure, total in found.ledger.totals.items():
        if not math.isclose(total.accepted, math.fsum(found.frame[measure].dropna()), rel_tol=1e-9, abs_tol=1e-6):
            raise AssertionError("money is lost")
    return "accepted"


@dataclass
class Tally:
    """What became of the files: by kind and outcome, the slowest, and what went wrong."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: tuple[float, str, int] = (0.0, "", 0)
    faults: list[str] = field(default_factory=list)


def run(files: int, seed: int) -> Tally:
    """Try mutated files, the same ones for the same seed."""
    good = seeds()
    for kind, data in good.items():
        if check(data) != "accepted":
            raise AssertionError(f"the good {kind} file is refused")
    names = ["csv", "csv", "utf-16", "cp1252", "xlsx", "inside", "inside", "parquet"]
    names += ["scripts", "mixed", "mac", "sjis", "dialect", "dialect", "formats", "within", "xls"]
    tally = Tally()
    for number in range(files):
        rng = random.Random(seed * 1_000_003 + number)  # noqa: S311 (files, not secrets)
        kind = names[number % len(names)]
        book = {"inside": "xlsx", "within": "formats"}.get(kind)
        data = mutate(good[kind], rng) if book is None else mutate_inside(good[book], rng)
        began = time.perf_counter()
        try:
            outcome = check(data, ask=number % 4 == 0)
        except Exception as error:  # noqa: BLE001 (any other error is what is looked for)
            outcome = "fault"
            tally.faults.append(f"{kind} file {number}: {type(error).__name__}: {str(error)[:200]}")
        took = time.perf_counter() - began
        tally.slowest = max(tally.slowest, (took, kind, number))
        if took > SECONDS:
            tally.faults.append(f"{kind} file {number}: took {took:.1f} s")
        tally.outcomes[kind, outcome] += 1
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 if every file was read or refused as it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    tally = run(options.files, options.seed)
    for (kind, outcome), count in sorted(tally.outcomes.items()):
        print(f"{kind:8} {outcome:9} {count:6,}")
    took, kind, number = tally.slowest
    print(
        f"{options.files:,} files in {time.perf_counter() - began:,.0f} s; slowest {took:.2f} s ({kind} file {number})"
    )
    for fault in tally.faults[:50]:
        print(fault)
    print(f"{len(tally.faults)} faults")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
