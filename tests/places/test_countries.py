from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.places.countries import TERRITORIES, country_code, country_name, outside_usa
from tests.helpers.effort import examples


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("US", "US|USA|U.S.A.|u.s.|United States|UNITED STATES OF AMERICA|United States (US)|US - United States|840"),
        (
            "US",
            "Vereinigte Staaten|États-Unis|Estados Unidos|EE. UU.|Stati Uniti|美国|Untied States|America",
        ),
        ("DE", "Germany|DE|DEU|276|Deutschland|Allemagne|Alemania|Germania|DE - Germany|Germany (DE)|Germny|D"),
        ("GB", "UK|U.K.|United Kingdom|Great Britain|England|Scotland|Wales|Northern Ireland|GBR|826|Royaume-Uni"),
        ("KR", "South Korea|Korea, Republic of|Republic of Korea|KOR|대한민국|Korea"),
        ("CZ", "Czechia|Czech Republic|Česko|CZE|Czech Rep."),
        ("NL", "Netherlands|The Netherlands|Holland|Nederland|Netherlands, The|NLD"),
        ("CI", "Côte d'Ivoire|Ivory Coast|Cote D’Ivoire"),
        ("BA", "Bosnia & Herzegovina|Bosnia and Herzegovina"),
        ("RU", "Russia|Russian Federation|Россия"),
        ("JP", "Japan|日本|JPN|Japon|ja pan"),
        ("VN", "Vietnam|Viet Nam"),
        ("HK", "Hong Kong|Hong Kong SAR|HKG"),
        ("GE", "Georgia"),
        ("PR", "Puerto Rico|PRI|PR"),
        ("VI", "US Virgin Islands|Virgin Islands (U.S.)|VI"),
        ("", "|N/A|NA|-|unknown|Texas|TX|Travis|Springfield|North|x|??|2026|TBD"),
    ],
)
def test_countries_as_people_write_them(code: str, spellings: str) -> None:
    assert {s: country_code(s) for s in spellings.split("|")} == dict.fromkeys(spellings.split("|"), code)


def test_reasons_name_the_country() -> None:
    assert outside_usa("FR") == "outside the USA: France"
    assert outside_usa("PR") == "in Puerto Rico: the maps cover the 50 states and DC"
    assert country_name("HK") == "Hong Kong"
    assert all(outside_usa(code).startswith("in ") for code in TERRITORIES)


@examples(200)
@given(st.text(max_size=120))
def test_no_text_raises(text: str) -> None:
    code = country_code(text)
    assert code == "" or (len(code) == 2 and country_code(code) == code and country_name(code))
