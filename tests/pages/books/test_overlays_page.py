"""Overlays and the order of layers as a person makes them, run without a browser."""

from __future__ import annotations

import time

import pytest

from terr.workspace.books.layer_rules import TriedLayer
from terr.workspace.overlay_settings import overlay_ids, role_name
from tests.pages.test_pages import ok, press
from tests.workspace.books.plans import accounts_data, books


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


def said(window) -> str:
    return " ".join(m.value for m in (*window.markdown, *window.caption)).replace("\\", "")


def test_an_overlay_is_added_opened_and_removed(open_app, ws):
    field = books(ws)
    window = ok(press(open_app("plan", scenario=field.id), "overlays"))
    assert "An overlay is a second role" in said(window)
    window.segmented_control(key="overlay_by").set_value("Some accounts (layers)")
    ok(window.run())
    window.multiselect(key="overlay_rules_1_values_Industry").set_value(["Health"])
    ok(window.run())
    assert "3 accounts (50.0%), $420 Revenue; 3 fall through" in said(window)
    ok(press(window, "overlay_go"))
    ends = time.monotonic() + 60
    while not overlay_ids(ws.scenario(field.id)) and time.monotonic() < ends:  # it is made beside the page
        time.sleep(0.3)
        window.run()
    ok(window.run())
    (made,) = overlay_ids(ws.scenario(field.id))
    assert role_name(ws.scenario(made)) == "SDR"
    assert ws.units(ws.scenario(made)).uncovered == {"A-3", "A-4", "A-6"}
    assert window.segmented_control(key=f"terr_role_{made}").value == made
    window = ok(press(window, "overlays"))
    assert "SDR · 3 accounts, $420 Revenue; not covered: 3 ($280)" in said(window).replace("*", "")
    window = ok(press(window, f"overlay_off_{made}"))
    assert overlay_ids(ws.scenario(field.id)) == ()
    assert ws.scenario(made).name


def test_the_switch_leads_from_role_to_role(open_app, ws):
    from terr.workspace.books.layer_rules import ALL_BOOKS
    from terr.workspace.overlays import making

    field = books(ws)
    made = making.create_overlay(ws, field.id, role="Partner", layers=ALL_BOOKS)
    window = ok(open_app("plan", scenario=field.id))
    window.segmented_control(key=f"terr_role_{field.id}").set_value(made.id)
    ok(window.run())
    assert window.segmented_control(key=f"terr_role_{made.id}").value == made.id
    assert any("overlay: Partner" in h.proto.body for h in window.get("html"))


def test_an_account_in_two_overlays_of_one_role_is_said_on_the_page(open_app, ws):
    from terr.workspace.books.layer_rules import ALL_BOOKS
    from terr.workspace.overlays import making

    field = books(ws)
    making.create_overlay(ws, field.id, role="SDR", layers=ALL_BOOKS)
    window = ok(press(open_app("plan", scenario=field.id), "overlays"))
    window = press(window, "overlay_go")
    ends = time.monotonic() + 60
    while not window.error and time.monotonic() < ends:
        time.sleep(0.3)
        window.run()
    assert not window.exception
    assert any("would be in two SDR overlays" in e.value for e in window.error)
    assert len(overlay_ids(ws.scenario(field.id))) == 1


def test_rules_are_put_into_the_order_they_were_dragged_into(open_app, ws):
    accounts_data(ws)
    window = ok(open_app("plan"))
    window.segmented_control(key="new_plan_here_by").set_value("Layers")
    ok(window.run())
    window.multiselect(key="new_plan_here_rules_1_values_Industry").set_value(["Health"])
    window.button(key="new_plan_here_rules_add").click()
    ok(window.run())
    window.selectbox(key="new_plan_here_rules_2_way").set_value("Rule")
    ok(window.run())
    window.text_input(key="new_plan_here_rules_2_rule").set_value("revenue >= 200")
    ok(window.run())
    (listed,) = window.get("bidi_component")
    assert '"Key accounts","3 (50.0%)","$420","3"' in str(listed.proto).replace("\\", "").replace('", "', '","')


def test_a_list_of_rows_that_are_gone_moves_nothing(monkeypatch):
    from terr.ui.layers import layer_order

    kept, moved = {}, []
    monkeypatch.setattr(layer_order, "_LIST", lambda **given: kept.update(given))
    found = [TriedLayer(n, 1, "10%", "$1", 1, ()) for n in ("A", "B", "Rest")]
    layer_order.layer_order([1, 2], found, "k", moved.append)
    assert [r["id"] for r in kept["data"]["rows"]] == [1, 2, None]

    class Given:
        order = None

    monkeypatch.setattr(layer_order.st, "session_state", {"k": Given})
    for order in ([2, 1], [1, 2, 3], ["x"], None, [1, 1]):
        Given.order = order
        kept["on_order_change"]()
    assert moved == [[2, 1]]
