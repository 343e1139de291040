"""Starting and opening plans on ZIPs and on areas of one's own, on the pages."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from terr.boundaries.layers import library
from terr.workspace.accounts import dataset
from terr.workspace.batch.own_boundaries import own_boundaries
from terr.workspace.plan import editing
from tests.pages.test_pages import html, ok, press
from tests.workspace.test_levels import ABROAD, ROWS, geojson

CITIES = "Cities within counties, approximate"


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def data(ws):
    raw, columns = dataset.inspect(ROWS.encode(), "accounts.csv")
    return dataset.save(ws, ROWS.encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))


def captions(window: AppTest) -> str:
    return "\n".join(c.value for c in window.caption)


def choose(window: AppTest, level: str, *regions: str) -> AppTest:
    window.selectbox(key="new_plan_level").set_value(level)
    window.run()
    if regions:
        window.multiselect(key="new_plan_region").set_value(list(regions))
        window.run()
    return ok(window)


def test_how_accounts_will_be_placed_is_told_before_a_plan_on_zips_starts(open_app, ws, data):
    window = ok(open_app())
    box = window.selectbox(key="new_plan_level")
    assert box.options == ["States", "Counties", "ZIP3 areas, approximate", "ZIP areas, approximate", CITIES]
    assert box.value == "county"
    window = choose(window, "zip", "Delaware")
    told = captions(window)
    assert "3 by ZIP, 1 by city and state; 1 account outside the region, 2 not located" in told
    assert "areas are approximate" in told
    assert "are many" not in told
    ok(press(window, "new_plan_go"))
    info = ws.store.scenarios.find()[0]
    assert (info.level, info.region) == ("zip", ("DE",))
    page = html(window)
    assert "approximate areas" in page
    assert any("Delaware by ZIP" in m.value for m in window.markdown)


def test_many_units_are_hinted_at(open_app, data):
    window = choose(open_app(), "zip", "Lower 48 states")
    assert "33,300 ZIPs are many" in captions(window).replace("\\", "")


def test_areas_without_states_are_planned_as_a_whole(open_app, ws, data):
    level, _ = own_boundaries(geojson(ABROAD), "gebiete.geojson")
    window = choose(open_app(), level)
    assert not [m for m in window.multiselect if m.key == "new_plan_region"]
    assert "3 areas" in captions(window)
    ok(press(window, "new_plan_go"))
    info = ws.store.scenarios.find()[0]
    assert (info.level, info.region, info.name) == (level, ("*",), "gebiete.geojson")


def test_a_plan_whose_file_is_gone_says_which_to_add(open_app, ws, data):
    level, _ = own_boundaries(geojson(), "my districts.geojson")
    info = editing.create(ws, dataset_id=data.info.id, level=level, region=None, measure="Revenue")
    ok(open_app("plan", scenario=info.id))
    library.remove_layer(level)
    window = open_app("plan", scenario=info.id)
    assert not window.exception
    said = window.error[0].value.replace("\\", "")
    assert "my districts.geojson" in said
    assert "Add that file again on the Settings page" in said
    listed = ok(open_app("scenarios"))
    assert "can't be computed on this computer" in captions(listed)
    assert "my districts.geojson" in captions(listed).replace("\\", "")
