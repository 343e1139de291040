"""The Settings page as a person meets it, run without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from terr.boundaries.layers import library
from terr.boundaries.zips import census, zcta
from terr.workspace import boundary_library
from terr.workspace.access import distances
from tests.helpers.geofiles import (
    CENSUS_ROWS,
    census_of_delaware,
    census_parts,
    geojson,
    geopackage,
    squares,
    swapped,
    zipped,
)
from tests.helpers.misbehaving import answers, breaks_after, serving, stalls
from tests.helpers.spaces import keep_boundaries, plan_on_level

HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) **b**"


pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture
def window(open_app, monkeypatch) -> Callable[[], AppTest]:
    return lambda: open_app("settings")


@pytest.fixture
def app_ws(open_app):
    from terr.ui.session import state

    return state.workspace()


def lines(window: AppTest) -> str:
    return "\n".join(
        e.value
        for kind in (window.error, window.warning, window.info, window.success, window.markdown, window.caption)
        for e in kind
    )


def _under_way(window: AppTest, name: str) -> bool:
    """Whether a work of this name goes on or waits to be taken in; one that failed stays there, with its error."""
    key = f"terr_{name}"
    return key in window.session_state and not window.session_state[key].finished


def settled(window: AppTest, name: str) -> AppTest:
    """The window once a work of this name is done."""
    ends = time.monotonic() + 90
    while _under_way(window, name) and time.monotonic() < ends:
        time.sleep(0.1)
        window.run()
    assert not window.exception, [e.value for e in window.exception]
    return window


def give(window: AppTest, data: bytes, name: str = "my areas.geojson") -> AppTest:
    uploader = window.file_uploader[0]
    uploader.upload(name, data)
    return settled(window.run(), "own_read")


def press(window: AppTest, key: str) -> AppTest:
    window.button(key=key).click()
    return window.run()


def table(window: AppTest):
    return next(d for d in window.dataframe if d.key.startswith("terr_layers")).value


def test_the_empty_page_says_what_is_there_and_what_can_be_done(window):
    page = window()
    assert not page.exception
    assert not page.error
    assert page.title[0].value == "Settings"
    assert [s.value for s in page.subheader] == ["Map boundaries", "Exact ZIP areas", "Your own boundaries"]
    shown = table(page)
    assert shown["Boundaries"].tolist()[:2] == ["States", "Counties"]
    assert set(shown["Added"]) == {"comes with Terr"}
    assert "This is the one time Terr goes online" in lines(page)
    assert page.button(key="census_go").label == "Download exact ZIP areas from the Census (64 MB)"


@pytest.mark.slow
def test_a_file_is_checked_named_and_kept(window, app_ws):
    page = give(window(), geojson(squares(["a", "b", "a", "c"]).assign(id=["a", "b", "a", "c"])))
    assert "**my areas\\.geojson** · GeoJSON · 4 rows" in lines(page)
    page.selectbox(key=next(s.key for s in page.selectbox if s.key.startswith("own_idcol"))).set_value("id")
    page.run()
    assert "1 row repeats an ID" in lines(page).replace("\\", "")
    page = settled(press(page, "own_go"), "own_check")
    assert "**3 areas can be used.**" in lines(page)
    assert "stands in several rows" in lines(page)
    page.text_input(key=next(t.key for t in page.text_input if t.key.startswith("own_title"))).set_value("Regions")
    page = settled(press(page, "own_keep_go"), "own_keep")
    assert not page.error
    assert "“Regions” saved with 3 areas" in lines(page)
    assert table(page)["Boundaries"].tolist()[-1] == "Regions"
    assert boundary_library.at_hand(app_ws)[-1].count == 3


def test_other_choices_ask_for_another_check(window):
    page = settled(press(give(window(), geojson(squares([*"abc"]))), "own_go"), "own_check")
    assert "3 areas can be used" in lines(page)
    page.selectbox(key=next(s.key for s in page.selectbox if s.key.startswith("own_namecol"))).set_value("")
    page.run()
    assert "areas can be used" not in lines(page)


def test_a_file_without_system_asks_for_it(window):
    metres = squares(["a", "b"]).to_crs(5070).set_crs(4326, allow_override=True)
    page = give(window(), geojson(metres))
    assert page.button(key="own_go").disabled
    assert "Give the EPSG number" in lines(page).replace("\\", "")
    page.number_input(key=next(n.key for n in page.number_input if n.key.startswith("own_epsg"))).set_value(5070)
    page.run()
    page = settled(press(page, "own_go"), "own_check")
    assert "2 areas can be used" in lines(page)


def test_swapped_axes_are_told_and_the_tick_shows_it(window):
    page = give(window(), geojson(swapped(squares(["a", "b"]))))
    assert page.checkbox(key=next(c.key for c in page.checkbox if c.key.startswith("own_swap"))).value
    page = settled(press(page, "own_go"), "own_check")
    assert "were swapped" in lines(page)


def test_a_second_layer_can_be_chosen(window):
    page = give(window(), geopackage(squares(["a"]), "north", {"south": squares(["b", "c"])}), "two.gpkg")
    page.selectbox(key=next(s.key for s in page.selectbox if s.key.startswith("own_layer"))).set_value("south")
    page = settled(page.run(), "own_read")
    assert "GeoPackage · 2 rows" in lines(page)
    chosen = next(s for s in page.selectbox if s.key.startswith("own_layer"))
    assert (chosen.value, list(chosen.options)) == ("south", ["north", "south", "All layers"])


@pytest.mark.slow
def test_files_that_cannot_be_used_say_why_and_the_next_one_works(window):
    page = window()
    for data in (b"", b"<kml/>", b"PK\x03\x04junk", b"{", geojson(squares(["a"]))[:-40]):
        page = give(page, data, "bad.bin")
        assert not page.exception
        assert len(page.error) == 1
        assert page.error[0].value.startswith("bad\\.bin")
    again = give(page, geojson(squares(["a", "b"])))
    assert not again.error


def test_an_error_while_keeping_is_a_line_and_can_be_mended(window):
    page = settled(press(give(window(), geojson(squares(["a", "b"]))), "own_go"), "own_check")
    field = next(t.key for t in page.text_input if t.key.startswith("own_title"))
    page.text_input(key=field).set_value("Counties")
    page = settled(press(page, "own_keep_go"), "own_keep")
    assert "already" in page.error[0].value
    page.text_input(key=field).set_value("Mine")
    page = settled(press(page, "own_keep_go"), "own_keep")
    assert not page.error
    assert "“Mine” saved" in lines(page)


def test_hostile_text_in_a_file_stays_text(window):
    frame = squares([HOSTILE, HOSTILE, "b"]).assign(**{HOSTILE: [HOSTILE, "x", "y"]})
    page = give(window(), geojson(frame), f"{HOSTILE}.geojson")
    page.selectbox(key=next(s.key for s in page.selectbox if s.key.startswith("own_idcol"))).set_value("id")
    page.run()
    page = settled(press(page, "own_go"), "own_check")
    for text in (lines(page), "\n".join(e.value for e in page.get("html"))):
        assert "<img" not in text.replace("\\<", "")
        assert "](javascript" not in text


def test_a_plan_keeps_its_boundaries_from_being_removed(window, app_ws):
    level = keep_boundaries(app_ws, geojson(squares(["a", "b"])), "Regions")
    info = plan_on_level(app_ws, level)
    shown = table(window())
    assert shown["Used by"].tolist()[-1] == info.name


def test_the_census_file_by_the_page(window, app_ws, monkeypatch):
    monkeypatch.setattr(zcta, "ROWS", CENSUS_ROWS)
    monkeypatch.setitem(boundary_library.install_census.__kwdefaults__, "rows", CENSUS_ROWS)
    with serving(zipped(census_parts(census_of_delaware())), act=breaks_after(0.5)) as server:
        monkeypatch.setenv(census.ADDRESS, server.base)
        page = settled(press(window(), "census_go"), "census")
        assert "broke after" in page.error[0].value
        assert page.button(key="census_go").label.startswith("Resume download")
        page = settled(press(page, "census_go"), "census")
    assert not page.error
    assert "exact ZIP areas installed" in lines(page)
    assert boundary_library.has_census(app_ws)
    assert "census_go" not in [b.key for b in page.button]


def test_the_census_file_brought_along_is_recognised(window, app_ws, monkeypatch):
    monkeypatch.setattr(boundary_library.is_census, "__kwdefaults__", {"rows": CENSUS_ROWS})
    page = give(window(), zipped(census_parts(census_of_delaware())), "brought.zip")
    assert "exact ZIP areas" in page.info[0].value
    page = settled(press(page, "own_census"), "census")
    assert not page.error
    assert boundary_library.has_census(app_ws)
    assert "exact ZIP areas installed" in lines(page)


def test_without_a_network_it_is_one_line(window, monkeypatch):
    with serving(b"", act=answers(503)) as server:
        monkeypatch.setenv(census.ADDRESS, server.base)
        page = settled(press(window(), "census_go"), "census")
    assert len(page.error) == 1
    assert "trouble" in page.error[0].value
    assert page.button(key="census_go")


def test_a_download_can_be_stopped(window, monkeypatch):
    with serving(b"PK" + bytes(5_000), act=stalls(1.5)) as server:
        monkeypatch.setenv(census.ADDRESS, server.base)
        page = press(window(), "census_go")
        assert page.button(key="census_stop")
        page = press(page, "census_stop")
        page = settled(page, "census")
    assert not page.exception
    assert page.info or page.error


def test_a_damaged_layer_is_named_and_the_page_works(window, app_ws):
    level = keep_boundaries(app_ws, geojson(squares(["a", "b"])), "Regions")
    next(library.folder_of(level).glob("areas-*.parquet")).write_bytes(b"x")
    page = window()
    assert not page.exception
    assert "damaged" in lines(page)
    assert "Regions" not in table(page)["Boundaries"].tolist()


def test_miles_or_kilometers_is_kept_for_the_next_window(window, app_ws):
    shown = window()
    assert shown.radio(key="settings_distances").value == "Miles"
    shown.radio(key="settings_distances").set_value("Kilometers").run()
    assert not distances.miles(app_ws.root)
    assert window().radio(key="settings_distances").value == "Kilometers"
