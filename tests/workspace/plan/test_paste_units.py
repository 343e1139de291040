"""Lists out of spreadsheets: any separators, lost zeros, repeats, ZIPs without an area of their own."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.workspace.plan.paste_units import PastedUnits, read

IDS = ("01001", "02139", "75001", "78701")
NAMES = ("01001 Agawam, MA", "02139 Cambridge, MA", "75001 Addison, TX", "78701 Austin, TX")
MEMBERS = pd.Series({"02238": "02139", "78701": "78701", "99999": "gone"})
COUNTIES = (("48209", "48453"), ("Hays, TX", "Travis, TX"))


def zips(text: str) -> PastedUnits:
    return read(text, "zip", IDS, NAMES, MEMBERS)


@pytest.mark.parametrize(
    "text",
    [
        "02139\n75001",
        "02139,75001",
        "02139, 75001",
        "02139 75001",
        "02139\t75001\r\n",
        "02139;75001;",
        "\"02139\"\n'75001'",
        "ZIP\n02139\n75001",
        "\ufeff02139\u00a0\n 75001 ",
        "02139|75001",
    ],
)
def test_any_separator_gives_the_same_units(text):
    assert zips(text) == PastedUnits(units=(1, 2), entries=2)


def test_lost_zeros_and_long_zips_are_put_right():
    read_in = zips("2139\n1001.0\n78701-1234\n787011234\n021390001")
    assert read_in == PastedUnits(units=(0, 1, 3), entries=5, repeated=2, mended=5)


def test_a_zip_without_an_area_goes_to_the_area_it_lies_in():
    assert zips("02238\n2238") == PastedUnits(units=(1,), entries=2, repeated=1, elsewhere=2)


def test_what_is_not_here_is_named_as_written_and_once():
    read_in = zips("02139\n99999\nAtlantis, TX\n99999\n12")
    assert read_in.units == (1,)
    assert read_in.unknown == ("99999", "Atlantis, TX", "12")
    assert read_in.entries == 5


def test_names_with_commas_stay_whole():
    ids, names = COUNTIES
    read_in = read("Travis, TX\nHAYS, tx\n48453", "county", ids, names)
    assert read_in == PastedUnits(units=(0, 1), entries=3, repeated=1)
    assert read("Name, 48453, 5", "county", ids, names).units == (1,)


def test_a_head_line_counts_only_at_the_top():
    assert zips("Zip Code\n02139").unknown == ()
    assert zips("02139\nzip").unknown == ("zip",)


def test_a_long_line_of_nonsense_is_cut_short():
    read_in = zips("x" * 3_000_000)
    assert read_in.units == ()
    assert len(read_in.unknown[0]) == 40


def test_thirty_thousand_zips_come_back():
    ids = [f"{i:05d}" for i in range(0, 99_999, 3)]
    read_in = read("\n".join(i.lstrip("0") or "0" for i in ids), "zip", ids, ids)
    assert read_in.units == tuple(range(len(ids)))
    assert read_in.unknown == ()


SEPARATORS = st.sampled_from(["\n", "\t", ";", ", ", ",", " ", "\r\n", "|"])


@given(st.lists(st.tuples(st.sampled_from(range(len(IDS))), st.booleans(), SEPARATORS), max_size=30))
def test_whatever_is_pasted_the_same_units_come_back(rows):
    text = "".join((IDS[i].lstrip("0") if short else IDS[i]) + separator for i, short, separator in rows)
    read_in = zips(text)
    assert set(read_in.units) == {i for i, _, _ in rows}
    assert read_in.entries == len(rows)
    assert read_in.repeated == len(rows) - len({i for i, _, _ in rows})
    assert read_in.unknown == ()


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    read_in = zips(text)
    assert all(0 <= u < len(IDS) for u in read_in.units)
    assert read_in.entries >= len(read_in.units) + len(read_in.unknown) - (read_in.repeated > 0)
