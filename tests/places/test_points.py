from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.places.addresses import read_place
from terr.places.points import read_degrees, read_point
from tests.helpers.effort import examples


@pytest.mark.parametrize(
    ("text", "north", "east"),
    [
        ("30.2672", 30.2672, 30.2672),
        ("30.2672 N", 30.2672, None),
        ("N30.2672", 30.2672, None),
        ("97.7431 West", None, -97.7431),
        ("W 97° 44.586'", None, -97.7431),
        ("30,2672", 30.2672, 30.2672),
        ("−97.7431", -97.7431, -97.7431),
        ("30°15′0″ N", 30.25, None),
        ("30 15 0", 30.25, 30.25),
        ("97º44’15”W", None, -97.7375),
        ("33° 30' S", -33.5, None),
        ("30.5 16", None, None),
        ("30 75 00", None, None),
        ("12 Main", None, None),
        ("", None, None),
    ],
)
def test_degrees(text: str, north: float | None, east: float | None) -> None:
    assert read_degrees(text, latitude=True) == pytest.approx(north)
    assert read_degrees(text, latitude=False) == pytest.approx(east)


@pytest.mark.parametrize(
    "text",
    [
        "(30.25, -97.75)",
        "30.25, -97.75",
        "30.25 -97.75",
        "30.25;-97.75",
        "30.25/-97.75",
        "[30.25, -97.75]",
        "POINT (-97.75 30.25)",
        "POINT Z (-97.75 30.25 12)",
        "SRID=4326;POINT(-97.75 30.25)",
        "30.25 N, 97.75 W",
        "97.75 W, 30.25 N",
        "30°15'0\"N 97°45'0\"W",
        "N30 15 W97 45",
        "30,25; -97,75",
        "30,25, -97,75",
        "lat: 30.25, lon: -97.75",
        "geo:30.25,-97.75",
        '{"type": "Point", "coordinates": [-97.75, 30.25]}',
        '{"latitude": "30.25", "longitude": "-97.75"}',
        "https://www.google.com/maps/@30.25,-97.75,15z",
        "https://maps.google.com/?q=30.25,-97.75",
        "0101000020E610000000000000007058C00000000000403E40",
    ],
)
def test_points_in_one_cell(text: str) -> None:
    assert read_point(text) == pytest.approx((30.25, -97.75))


@pytest.mark.parametrize(
    "text", ["", "100, 200", "12", "Austin, TX", "1,234", "0, 0", "(555) 123-4567", "12/31/2026", "{", "01" * 21]
)
def test_what_is_no_point(text: str) -> None:
    assert read_point(text) is None


@pytest.mark.parametrize(
    ("text", "city", "state", "code", "country"),
    [
        ("100 Main St, Austin, TX 78701", "Austin", "TX", "78701", ""),
        ("200 Elm St, Dallas, TX 75201-1234, USA", "Dallas", "TX", "75201-1234", ""),
        ("Waco, TX", "Waco", "TX", "", ""),
        ("Austin TX", "Austin", "TX", "", ""),
        ("100 Main St\r\nAustin, TX 78701\r\nUnited States", "Austin", "TX", "78701", ""),
        ("PO Box 12, Waco TX 76701-1234 USA", "Waco", "TX", "76701-1234", ""),
        ("New York, NY, 10001", "New York", "NY", "10001", ""),
        ("123 Main St, Suite 5, Springfield, Illinois", "Springfield", "Illinois", "", ""),
        ("Atlanta, Georgia, USA", "Atlanta", "Georgia", "", ""),
        ("Charleston West Virginia 25301", "Charleston", "West Virginia", "25301", ""),
        ("10 Rue de Rivoli, 75001 Paris, France", "Paris", "", "75001", "FR"),
        ("Unter den Linden 1, 10117 Berlin", "Berlin", "", "10117", ""),
        ("10 Downing St, London SW1A 2AA, UK", "London", "", "SW1A 2AA", "GB"),
        ("100 Main St", "100 Main St", "", "", ""),
    ],
)
def test_addresses_in_one_cell(text: str, city: str, state: str, code: str, country: str) -> None:
    found = read_place(text)
    assert (found.city, found.state, found.zip, found.country) == (city, state, code, country)
    assert found.enough == bool(code or state)


def test_an_address_with_its_point_behind_it() -> None:
    found = read_place("100 Main St\nAustin, TX 78701\n(30.25, -97.75)")
    assert (found.city, found.state, found.zip, found.point) == ("Austin", "TX", "78701", (30.25, -97.75))


@examples(300)
@given(st.text(max_size=200) | st.from_regex(r"[-+0-9NSEW°'\"., ()]{0,40}"))
def test_no_text_raises(text: str) -> None:
    read_place(text)
    for north in (True, False):
        value = read_degrees(text, latitude=north)
        assert value is None or abs(value) < 1001
    point = read_point(text)
    assert point is None or max(map(abs, point)) <= 180
