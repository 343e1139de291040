"""Reports gives files back to the CRM, says who is left out, and keeps Salesforce's ids of the territories."""

from __future__ import annotations

import time

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
    with pytest.raises(InputError, match="not a Salesforce territory ID"):
        save_territory_ids(ws, sid, {codes[0]: "x"})
    with pytest.raises(InputError, match="is already used for another territory"):
        save_territory_ids(ws, sid, {codes[0]: NORTH, codes[1]: NORTH + "AAA"})
    assert territory_ids(ws, sid) == {codes[0]: NORTH}
    made = back_to_crm(ws, sid, FILES[0])
    assert made.frame["ObjectId"].tolist() == ["001000000000001", "001000000000002"]
    assert set(made.frame["Territory2Id"]) == {NORTH}
    assert made.left_out == {"not in a territory": 1, "no valid Salesforce ID": 1}


def test_the_page_says_what_is_left_out_and_takes_ids(open_app, ws, sid):
    window = ok(open_app("reports", scenario=sid))
    said = "\n".join(m.value for m in window.markdown)
    assert "**0 accounts** in the file, 4 not included:" in said
    plan, _ = ws.plan(sid)
    save_territory_ids(ws, sid, {plan.codes[0]: NORTH})
    window = ok(window.run())
    said = "\n".join(m.value for m in window.markdown)
    assert "**2 accounts** in the file, 2 not included:" in said
    assert "1: no valid Salesforce ID" in said.replace("\\", "")
    assert window.segmented_control(key="terr_crm").options == ["Salesforce"]


def test_salesforce_ids_are_asked_for_only_where_the_accounts_have_some(open_app, ws):
    number = data_set(ws, [("7001", "Kent", "DE", 100.0), ("A-2", "Sussex", "DE", 50.0)])
    window = ok(open_app("reports", scenario=start(ws, data=number).id))
    assert window.segmented_control(key="terr_crm").options == ["HubSpot"]
    assert not any("Salesforce" in e.label for e in window.expander)
    plain = data_set(ws, [("A-1", "Kent", "DE", 100.0), ("A-2", "Sussex", "DE", 50.0)])
    window = ok(open_app("reports", scenario=start(ws, data=plain).id))
    assert not any(c.key == "terr_crm" for c in window.segmented_control)
    assert any("no Salesforce, HubSpot or Dynamics 365 IDs" in c.value for c in window.caption)


def test_a_file_of_many_accounts_is_prepared_beside_the_page_and_then_offered(open_app, ws, sid, monkeypatch):
    monkeypatch.setattr("terr.workspace.reports.downloads._MANY_ACCOUNTS", 2)
    window = ok(open_app("reports", scenario=sid))
    assert all(b.proto.label != "Accounts (CSV)" for b in window.get("download_button"))
    prepare = window.button(key="prepare_accounts.csv")
    assert prepare.label == "Prepare Accounts (CSV)"
    prepare.click()
    window = ok(window.run())
    for _ in range(100):
        if any(b.proto.label == "Accounts (CSV)" for b in window.get("download_button")):
            break
        time.sleep(0.1)
        window = ok(window.run())
    assert any(b.proto.label == "Accounts (CSV)" for b in window.get("download_button"))
    editing.paint(ws, sid, [SUSSEX], 0)  # another plan: the file is made anew
    window = ok(window.run())
    assert window.button(key="prepare_accounts.csv").label == "Prepare Accounts (CSV)"


def test_dynamics_accounts_are_known_by_their_guid(open_app, ws):
    guids = ("6b5d5b1e-0000-4000-8000-00000000000a", "6b5d5b1e-0000-4000-8000-00000000000b")
    data = data_set(ws, [(guids[0], "Kent", "DE", 100.0), (guids[1], "Sussex", "DE", 50.0)])
    sid = start(ws, data=data).id
    editing.paint(ws, sid, [KENT, SUSSEX], 0)
    window = ok(open_app("reports", scenario=sid))
    assert window.segmented_control(key="terr_crm").options == ["Dynamics 365"]
    assert any("**2 accounts** in the file." in m.value for m in window.markdown)
    name = ws.plan(sid)[0].territories[0].name
    assert back_to_crm(ws, sid, FILES[3]).frame.to_numpy().tolist() == [[g, name] for g in guids]
