"""Numbers of documents in other languages, beside what Babel writes."""

from __future__ import annotations

from datetime import date
from threading import Thread

import pytest
from babel.dates import format_date
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

from terr.errors import InputError
from terr.model.wording import LANGUAGES, area_text, count, distance_text, language_of, number_language, writing_in
from terr.view.text import date_text, number, percent, short
from terr.workspace.plan.tolerance import range_words

DAY = date(2026, 11, 30)


@pytest.mark.parametrize("tag", [t for t in LANGUAGES if t != "en-US"])
def test_as_babel_writes(tag):
    locale = tag.replace("-", "_")
    with writing_in(tag):
        # Babel takes the apostrophe of Swiss numbers for a quote of its patterns and drops it; by hand below
        assert number(-1234567.5, 1).replace("'", "") == format_decimal(-1234567.5, locale=locale).replace(
            "\u2212", "-"
        )
        assert percent(4.06) == format_percent(0.041, "#,##0.0" + language_of(tag).percent + "%", locale)
        assert percent(400, 0) == format_percent(4, locale=locale)
        assert date_text(DAY) == format_date(DAY, "medium", locale)
        whole = format_currency(1234, "EUR", locale=locale, currency_digits=False, decimal_quantization=False)
        assert short(1234, "EUR") == whole.replace("EUR", "€").replace(language_of(tag).decimal + "00", "")
        assert short(1.25e6, "EUR") == format_compact_currency(1.25e6, "EUR", locale=locale, fraction_digits=2).replace(
            "EUR", "€"
        )


def test_by_hand():
    with writing_in("de_de"):
        assert short(1.25e6, "EUR") == "1,25\xa0Mio.\xa0€"
        assert short(41_230, "USD") == "41.230\xa0$"
        assert short(-2.5e9, "USD") == "-2,5\xa0Mrd.\xa0$"
        assert percent(-4.06, signed=True) == "−4,1\xa0%"
        assert count(3120, "account") == "3.120 accounts"
        assert distance_text(8.04672) == "5 miles"
        assert distance_text(4.0) == "2,5 miles"
        assert area_text(25.9, miles=False) == "26 km²"
        assert range_words(0.025, 0.025) == "±2,5\xa0%"
    with writing_in("es-ES"):
        assert short(2.5e9, "EUR") == "2.500\xa0M\xa0€"  # Spanish goes on counting in millions
    with writing_in("de-CH"):
        assert short(1234, "CHF") == "CHF\xa01'234"
    assert short(1234, "CHF") == "CHF 1,234"


def test_american_is_as_ever():
    assert number_language().tag == "en-US"
    assert (short(1.25e6, "USD"), percent(4.06), date_text(DAY)) == ("$1.25M", "4.1%", "Nov 30, 2026")


def test_a_language_ends_with_its_document_and_is_its_threads_alone():
    seen: list[str] = []
    with writing_in("fr-FR"):
        other = Thread(target=lambda: seen.append(number(1234.5, 1)))
        other.start()
        other.join()
        assert number(1234.5, 1) == "1\u202f234,5"
    assert seen == ["1,234.5"]
    with pytest.raises(RuntimeError), writing_in("sv-SE"):
        raise RuntimeError
    assert number(1234.5, 1) == "1,234.5"


@pytest.mark.parametrize("tag", ["", "de", "xx-XX", "../etc"])
def test_others_are_refused(tag):
    with pytest.raises(InputError, match="choose en-US"):
        language_of(tag)
