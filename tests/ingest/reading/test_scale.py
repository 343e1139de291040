"""Long files: the fast way gives the same cells as the slow one, says how far it is, and can be stopped."""

from __future__ import annotations

import random

import numpy as np
import pytest

from terr.errors import InputError, StoppedError
from terr.ingest import FileLimits, build_ledger, read_table, recognise
from terr.ingest.reading import delimited
from terr.ingest.reading.delimited import TextLimits, read_delimited
from terr.model.progress import UNWATCHED
from tests.helpers.following import followed
from tests.helpers.intakes import book_bytes, counts, csv_bytes, issues, money

BOUNDS = TextLimits(10_000, 50, 1_000, 100_000)
PIECES = [
    "a",
    "b",
    " ",
    ",",
    ",",
    ",",
    '"',
    "\n",
    "\r",
    "\r\n",
    '"x,y"',
    '"p\nq"',
    '""',
    "é",
    "1",
    ";",
    "1,2,3\n",
    "x,y,z\n",
]


def outcome(text: str, fast: bool):
    try:
        made = read_delimited(text, "n", BOUNDS, UNWATCHED, None, fast)
    except InputError as error:
        return str(error)
    return (
        made.rows.to_numpy().tolist(),
        made.names,
        made.header_row,
        made.upper_row,
        made.above,
        made.delimiter,
        dict(made.broken),
        sorted(made.short),
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_cutting_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)  # noqa: S311 (no secret)
    taken = []
    monkeypatch.setattr(delimited, "cut", lambda *a, real=delimited.cut: taken.append(found := real(*a)) or found)
    for _ in range(400):
        text = "Title\n\nId,Name,Zip\n" + "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 40)))
        assert outcome(text, True) == outcome(text, False), repr(text)
    assert sum(found is not None for found in taken) > 50


ROWS = [["Account ID", "Account Name", "Zip", "Revenue"]] + [
    [f"A{i}", f"Acme\n{i}", "02139", f"${i:,}.25"] for i in range(60_000)
]
FOOT = b"Grand Total,,,1\n\nCopyright (c) 2024 x\nConfidential Information, do not distribute,,,,\n"


def test_a_long_file_with_odd_rows_has_its_whole_ledger() -> None:
    data = csv_bytes(ROWS, end="\n") + b"X1,Acme, Inc.,02139,5\nX2,Bolt\n" + FOOT
    assert len(data) > delimited.FAST_CHARS
    raw = read_table(data, "a.csv")
    found = build_ledger(raw, recognise(raw))
    n = len(ROWS) - 1
    assert counts(found) == (n + 6, n + 1, 4, 1)
    assert [i for i in issues(found) if i[3] != "missing_id"] == [
        (n + 2, "", "", "broken_row", "rejected"),
        (n + 3, "", "", "short_row", "accepted"),
        (n + 4, "Account ID", "Grand Total", "total_row", "excluded"),
        (n + 5, "", "", "blank_row", "excluded"),
        (n + 6, "Account ID", "Copyright (c) 2024 x", "footer", "excluded"),
        (n + 7, "Account ID", "Confidential Information", "footer", "excluded"),
    ]
    accepted = sum(range(n)) + 0.25 * n
    assert money(found, "Revenue")[1] == accepted
    assert found.frame["name"].iat[5] == "Acme\n5"


@pytest.mark.parametrize("end", [b'Z1,"open\nZ2,x,02139,1\n', b'Z1,Acme,02139,"1'])
def test_an_open_quotation_mark_at_the_end_of_a_long_file_is_said(end: bytes) -> None:
    with pytest.raises(InputError, match=r"never closed|probably not closed"):
        read_table(csv_bytes(ROWS, end="\n") + end, "a.csv")


def test_a_long_file_is_held_to_the_limits() -> None:
    data = csv_bytes(ROWS, end="\n")
    with pytest.raises(InputError, match="more than 50,000"):
        read_table(data, "a.csv", limits=FileLimits(max_rows=50_000))
    with pytest.raises(InputError, match=r"60,002 has more than 32,767 characters|row 60002"):
        read_table(data + b'B,"' + b"x" * 40_000 + b'",02139,1\n', "a.csv")


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [csv_bytes(ROWS[:50]), csv_bytes(ROWS), book_bytes({"S": ROWS[:50]})], ids=["csv", "long", "book"]
)
def test_progress_rises_to_the_end_and_every_step_can_stop_it(data: bytes) -> None:
    progress, told = followed()
    raw = read_table(data, "a", progress=progress.part(0.0, 0.5))
    read = len(told)
    build_ledger(raw, recognise(raw), progress=progress.part(0.5, 1.0))
    shares = [now.fraction for now in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len({now.stage for now in told}) >= 8
    for count in range(read):
        progress, heard = followed(stop_after=count)
        with pytest.raises(StoppedError, match="nothing was kept"):
            read_table(data, "a", progress=progress)
        assert len(heard) == count, "the next step hears it"
    for count in range(len(told) - read):
        progress, heard = followed(stop_after=count)
        with pytest.raises(StoppedError):
            build_ledger(raw, recognise(raw), progress=progress)
        assert len(heard) == count, "the next step hears it"


def test_floats_are_rounded_as_python_rounds_them() -> None:
    from terr.ingest.cleaning.clean import read_column

    rng = np.random.default_rng(1)
    cells = [f"{v:.{d}f}" for v, d in zip(rng.uniform(-1e12, 1e12, 5_000), rng.integers(0, 18, 5_000), strict=True)]
    cells += ["+5", "0.1", "0.30000000000000004", "900719925474099.3", "1.7976931348623157", "0." + "1" * 60]
    read = read_column(cells, ".")
    assert read.amounts.tolist() == [float(c) for c in cells]
