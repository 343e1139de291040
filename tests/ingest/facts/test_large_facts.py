"""Large files of facts are read piece by piece, and come out as small ones do."""

from __future__ import annotations

import pytest

from terr.errors import InputError
from terr.ingest.facts import large_facts
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.facts.large_facts import head_of, in_pieces, is_large, read_large_facts
from terr.ingest.reading.files import read_table

HEAD = "Order ID,Account ID,Order Date,Sales,Note"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_facts, "_PIECE", 300)


def lines(days: list[str], note: str = "x") -> bytes:
    rows = [f'{k},A-{k % 3},{day},"$1,{k:03d}.50",{note}' for k, day in enumerate(days)]
    return "\n".join((HEAD, *rows, "")).encode()


def test_pieces_come_out_as_the_whole() -> None:
    data = lines([f"2024-0{1 + k % 9}-11" for k in range(60)], '"two\nlines"')
    whole = read_facts(read_table(data, "orders.csv"))
    made = read_large_facts(data, "orders.csv")
    assert len(list(large_facts._pieces(data))) > 5
    assert dict(made.money) == pytest.approx(dict(whole.money))
    assert (made.currency, made.fates.tolist()) == (whole.currency, whole.fates.tolist())
    for column in ("account", "id", "date", "amount", "Note", "source_row"):
        assert made.frame[column].astype(whole.frame[column].dtype).equals(whole.frame[column])


def test_what_one_piece_tells_of_days_holds_for_all() -> None:
    data = lines([*["02/03/2024"] * 30, *["25/03/2024"] * 30])
    made = read_large_facts(data, "orders.csv")
    assert made.questions == ()
    assert set(made.frame["date"].astype("str").str[:10]) == {"2024-03-02", "2024-03-25"}
    asked = read_large_facts(lines(["02/03/2024"] * 60), "orders.csv")
    assert [q["key"] for q in asked.questions] == ["date_order:Order Date"]


def test_a_copy_of_a_row_of_another_piece_is_left_out_with_its_money() -> None:
    data = lines(["2024-01-11"] * 60)
    made = read_large_facts(data + data.splitlines()[1] + b"\n", "orders.csv")
    assert (made.fates == "excluded").sum() == 1
    assert made.money["excluded"] == 1_000.5
    assert made.money["in"] - made.money["excluded"] == pytest.approx(float(made.frame["amount"].sum()))
    assert made.issues["code"].tolist() == ["duplicate_row"]


def test_what_pieces_cannot_be_is_said() -> None:
    euro = lines(["2024-01-11"] * 60).replace(b"$", "€".encode())
    with pytest.raises(InputError, match="amounts are in EUR and in USD"):
        read_large_facts(lines(["2024-01-11"] * 60) + euro[len(HEAD) + 1 :].replace(b"A-", b"B-"), "orders.csv")
    with pytest.raises(InputError, match="only orders and activities"):
        read_large_facts(lines(["2024-01-11"] * 60), "orders.csv", "contracts")
    assert not is_large(lines(["2024-01-11"]))
    assert not is_large(b"PAR1" + b"x" * (large_facts.LARGE_BYTES + 1))


def test_only_large_files_of_orders_and_activities_are_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = lines(["2024-01-11"] * 60)
    assert not in_pieces(data, "orders.csv")
    monkeypatch.setattr(large_facts, "LARGE_BYTES", 1_000)
    monkeypatch.setattr(large_facts, "_HEAD", 500)
    assert in_pieces(data, "orders.csv")
    assert not in_pieces(data, "orders.csv", "contracts")
    assert 5 < len(head_of(data, "orders.csv").rows) < 60
