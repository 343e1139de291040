"""Reports gives files back to the CRM, says who is left out, and keeps Salesforce's ids of the territories."""

from __future__ import annotations

import pytest

from terr.errors import InputError
from terr.model.reps import Rep
from terr.report.crm import FILES
from terr.workspace.plan import editing
from terr.workspace.reports.crm import back_to_crm, save_territory_ids, territory_ids
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start
from tests.pages.test_pages import ok

ROWS = (
    ("001000000000001", "Kent", "DE", 100.0),
    ("001000000000002", "New Castle", "DE", 250.0),
    ("A-3", "Sussex", "DE", 50.0),
    ("001000000000004", "Providence", "RI", 70.0),
)
NORTH = "0MI000000000001"


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Delaware: Kent and New Castle in the first territory, Sussex in South."""
    data = data_set(ws, ROWS, reps=[Rep("005000000000001", "Ann Poe", "19901")])
    made = start(ws, data=data).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [KENT, NEW_CASTLE], 0)
    editing.paint(ws, made, [SUSSEX], 1)
    return made


def test_ids_are_kept_with_the_plan_and_wrong_ones_are_refused(ws, sid):
    plan, _ = ws.plan(sid)
    codes = plan.codes
    save_territory_ids(ws, sid, {codes[0]: NORTH, **dict.fromkeys(codes[1:], "")})
    assert territory_ids(ws, sid) == {codes[0]: NORTH}
    with pytest.raises(InputError, match="no territory id"):
        save_territory_ids(ws, sid, {codes[0]: "x"})
    with pytest.raises(InputError, match="stands at another territory already"):
        save_territory_ids(ws, sid, {codes[0]: NORTH, codes[1]: NORTH + "AAA"})
    assert territory_ids(ws, sid) == {codes[0]: NORTH}
    made = back_to_crm(ws, sid, FILES[0])
    assert made.frame["ObjectId"].tolist() == ["001000000000001", "001000000000002"]
    assert set(made.frame["Territory2Id"]) == {NORTH}
    assert made.left_out == {"in no territory": 1, "its id is none of Salesforce's": 1}


def test_the_page_says_what_is_left_out_and_takes_ids(open_app, ws, sid):
    window = ok(open_app("reports", scenario=sid))
    said = "\n".join(m.value for m in window.markdown)
    assert "**0 accounts** in the file, 4 left out:" in said
    plan, _ = ws.plan(sid)
    save_territory_ids(ws, sid, {plan.codes[0]: NORTH})
    window = ok(window.run())
    said = "\n".join(m.value for m in window.markdown)
    assert "**2 accounts** in the file, 2 left out:" in said
    assert "1: its id is none of Salesforce's" in said.replace("\\", "")
    window.segmented_control(key="terr_crm").set_value("HubSpot")
    window = ok(window.run())
    assert any("its id is none of HubSpot" in m.value for m in window.markdown)
