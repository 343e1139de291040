"""The pages as a person meets them, run without a browser; what the map sends is tested in tests/workspace/live."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from terr.model.reps import Rep
from terr.workspace.plan import editing, undo
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, SUSSEX, csv_of, more, start

HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) **b** ${1} `c`"
PAGES = {
    "accounts": "Upload an account spreadsheet, or try the demo",
    "scores": "Scores need accounts.",
    "plan": "A plan starts from accounts",
    "situations": "A situation is about a plan",
    "scenarios": "No plan yet",
    "reps": "A roster belongs to a data set",
    "quotas": "Quotas belong to a plan",
    "visits": "Visits belong to a plan",
    "performance": "Performance needs accounts.",
    "reports": "Reports are made from a plan",
    "review": "No plan yet",
    "territory_plans": "Territory plans belong to a plan",
}


def ok(window: AppTest) -> AppTest:
    """The window, once it is sure that nothing went wrong on it."""
    assert not window.exception, [e.value for e in window.exception]
    assert not window.error, [e.value for e in window.error]
    return window


def html(window: AppTest) -> str:
    return "\n".join(e.value for e in window.get("html"))


def frame(window: AppTest, key: str):
    """The table whose key begins so; the rest of it says which rows it has."""
    return next(d for d in window.dataframe if d.key.startswith(key))


def one(widgets, key: str):
    """The widget whose key begins so."""
    return next(w for w in widgets if w.key and w.key.startswith(key))


def kinds(window: AppTest) -> list[str]:
    return [e.type for e in window.main]


def step(window: AppTest) -> str:
    """The step of the Accounts page that is marked."""
    (line,) = (c.value for c in window.caption if "4 Plan" in c.value)
    return line.split("**")[1]


def rows(window: AppTest) -> list[str]:
    """Names of the plans and versions on page Scenarios, as they are listed."""
    lines = [m.value.replace("\\", "") for m in window.markdown if m.value.startswith(":material/")]
    return [x.split("**")[1] for x in lines if x.startswith((":material/map:", ":material/book", ":material/sub"))]


def labels(window: AppTest) -> list[str]:
    return [b.label for b in window.button]


def press(window: AppTest, *keys: str) -> AppTest:
    for key in keys:
        window.button(key=key).click()
    return window.run()


def worked(window: AppTest) -> AppTest:
    """The window once what it works out beside the page, with a bar and Stop, is there."""
    ends = time.monotonic() + 60
    while window.get("progress") and time.monotonic() < ends:
        time.sleep(0.1)
        window.run()
    return window


def settled(window: AppTest) -> AppTest:
    """The window once the suggested moves are there: their arrival reruns the page, which closes a dialog."""
    ends = time.monotonic() + 20
    while any("Looking for" in c.value for c in window.caption) and time.monotonic() < ends:
        time.sleep(0.1)
        window.run()
    return window


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Delaware with two territories: Territory 1 (300) and South (300)."""
    made = start(ws, reps=[Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801")]).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [KENT, SUSSEX], 1)
    return made


@pytest.mark.parametrize("page", PAGES)
def test_the_empty_state_says_what_to_do(open_app, page):
    window = ok(open_app(page))
    assert window.title[0].value == page.capitalize().replace("_", " ")
    assert window.info[0].value.startswith(PAGES[page])
    assert len(window.button) == 1


def test_each_page_opened_by_itself_comes_in_through_the_app(open_app):
    from tests.conftest import ROOT

    window = AppTest.from_file(ROOT / "app.py", default_timeout=30).run()
    for page in PAGES:
        ok(window.switch_page(f"pages/{page}.py").run())
        assert window.title[0].value == page.capitalize().replace("_", " ")


def test_the_demo_to_a_plan_in_two_clicks(open_app, ws):
    window = ok(worked(press(open_app(), "demo")))
    assert step(window) == "3 Review"
    assert any("All 5,000 rows" in m.value for m in window.markdown)
    window.multiselect(key="new_plan_region").set_value(["Connecticut"])
    window.text_input(key="new_plan_name").set_value("First")
    next(b for b in window.button if b.label == "Start planning").click()
    ok(window.run())
    info = ws.store.scenarios.find()[0]
    assert (info.name, info.region, info.measure) == ("First", ("CT",), "Potential")
    assert window.query_params["scenario"] == info.id
    assert "component_instance" in kinds(window), "the map"
    assert "<b>First</b>" in html(window)
    assert "Max deviation" in html(window)


def test_a_state_beside_a_group_of_states_replaces_it_and_says_so(open_app, ws):
    start(ws)
    window = ok(open_app())
    choice = window.multiselect(key="new_plan_region")
    choice.set_value(["Lower 48 states"])
    choice = ok(window.run()).multiselect(key="new_plan_region")
    choice.set_value(["Lower 48 states", "Texas"])
    assert ok(window.run()).multiselect(key="new_plan_region").value == ["Texas"]
    assert any("Texas replaced Lower 48 states" in c.value.replace("\\", "") for c in window.caption)
    window.multiselect(key="new_plan_region").set_value(["Texas", "Oklahoma"])
    assert ok(window.run()).multiselect(key="new_plan_region").value == ["Texas", "Oklahoma"]
    assert not any("replaced" in c.value for c in window.caption)
    window.multiselect(key="new_plan_region").set_value(["Texas", "Oklahoma", "All 50 states and DC"])
    assert ok(window.run()).multiselect(key="new_plan_region").value == ["All 50 states and DC"]


def test_a_plan_needs_a_region(open_app):
    window = ok(worked(press(open_app(), "demo")))
    window.multiselect(key="new_plan_region").set_value([])
    next(b for b in window.button if b.label == "Start planning").click()
    window.run()
    assert [e.value for e in window.error] == ["Choose a region: one or more states, or the lower 48."]


def test_the_plan_page_shows_map_figures_chart_and_table(open_app, sid):
    window = ok(open_app("plan", scenario=sid))
    assert {"component_instance", "vega_lite_chart", "dataframe"} <= set(kinds(window))
    page = html(window)
    assert "Delaware by county" in page
    assert "revision 4" in page
    assert "Saved" in page
    assert "0.0%" in page, "largest deviation"
    said = " ".join(m.value for m in window.markdown)
    assert "Every territory is within the limit and in one piece." in said
    assert "2 territories" in said
    table = frame(window, "terr_table").value
    assert table["Territory"].tolist() == ["Territory 1", "South"]
    assert table["Revenue"].tolist() == [300.0, 300.0]


def test_the_plan_in_the_address_is_opened_and_an_unknown_one_is_not(open_app, sid):
    other = open_app("plan", scenario="0" * 20)
    assert not other.exception
    assert "can't be opened" in other.warning[0].value
    assert "scenario" not in other.query_params
    hostile = open_app("plan", scenario="' OR 1=1 --<script>")
    assert "can't be opened" in hostile.warning[0].value
    assert "<script>" not in hostile.warning[0].value


def test_a_plan_deleted_in_another_window_is_said_to_be_gone(open_app, ws, sid):
    window = ok(open_app("plan", scenario=sid))
    ws.store.scenarios.delete(sid)
    window.run()
    assert not window.exception
    window.run()
    assert "component_instance" not in kinds(window)


def test_hostile_names_are_shown_as_text(open_app, ws, sid):
    ws.store.scenarios.rename(sid, HOSTILE)
    for page in ("plan", "scenarios", "reps", "reports"):
        window = ok(open_app(page, scenario=sid))
        assert "<img" not in html(window)
        assert "&lt;img src=x" in html(window)
        for m in window.markdown:
            assert "<img" not in m.value.replace("\\<img", "")
    window = open_app("plan")  # the list of plans to open
    press(window, f"open_{sid}")
    assert window.query_params["scenario"] == sid


def test_another_plan_is_opened_without_the_preview_of_the_first(open_app, ws, sid):
    from terr.workspace.plan.snapshot import plan_snapshot

    window = open_app("plan", scenario=sid)
    window.session_state["terr_proposal"] = plan_snapshot(ws, sid)
    second = start(ws, data=None).id
    press_open(window, ws, second)
    assert "terr_proposal" not in window.session_state


def press_open(window: AppTest, ws, scenario: str) -> None:
    """Open a plan from the Scenarios page."""
    from tests.conftest import ROOT

    window.switch_page(str(ROOT / "pages" / "scenarios.py")).run()
    press(window, f"open_{scenario}:")
    assert window.session_state["terr_scenario"] == scenario


def choose(window: AppTest, ws, scenario: str) -> None:
    """Open what can be done with a plan, below its row."""
    if f"name_{scenario}" not in {t.key for t in window.text_input}:
        ok(press(window, f"more_{scenario}:"))


def test_generate_says_what_is_wrong_with_a_request(open_app, ws, sid):
    window = open_app("plan", scenario=sid)
    press(window, "generate")
    said = " ".join(m.value for m in window.markdown).replace("\\", "")
    assert "Terr will divide 3 counties of Delaware into 2 territories of about $300 Revenue" in said
    for names, words in (("North\nnorth", "given twice"), ("a\nb\nc", "3 names are given for 2 territories")):
        window.text_area(key="gen_names").set_value(names)
        press(window, "generate")
        assert words in window.error[0].value
        assert window.button(key="gen_go").disabled
    assert ws.store.scenarios.rev(sid) == 4


def test_generate_previews_then_applies_and_undo_takes_it_back(open_app, ws, sid):
    before = ws.plan(sid)[0]
    window = open_app("plan", scenario=sid)
    press(window, "generate")
    window.number_input(key="gen_k").set_value(3)
    window.text_area(key="gen_names").set_value("North\nMiddle\nSouth")
    window.number_input(key="gen_tolerance").set_value(60.0)
    press(window, "generate", "gen_go")
    ends = time.monotonic() + 40
    while not any(b.key == "apply_design" for b in window.button) and time.monotonic() < ends:
        time.sleep(0.3)
        ok(window.run())
    assert ws.store.scenarios.rev(sid) == 4, "nothing is stored before it is applied"
    assert sorted(frame(window, "terr_table").value["Territory"]) == ["Middle", "North", "South"]
    ok(press(window, "apply_design"))
    plan, rev = ws.plan(sid)
    assert rev == 5
    assert sorted(t.name for t in plan.territories) == ["Middle", "North", "South"]
    assert ws.store.scenarios.get(sid).tolerance == 0.6
    undo.undo(ws, sid, rev)
    assert ws.plan(sid)[0].same_as(before)
    ok(window.run())
    assert "revision 6" in html(window)


def test_territories_are_made_renamed_locked_and_deleted(open_app, ws, sid):
    window = open_app("plan", scenario=sid)
    ok(press(window, "new"))
    assert [t.name for t in ws.plan(sid)[0].territories] == ["Territory 1", "South", "Territory 3"]
    press(window, "manage")
    assert one(window.selectbox, "man_code").value == 2, "the new one is active"
    window.text_input(key="man_name_2").set_value("Middle")
    press(window, "manage", "man_rename")
    assert ws.plan(sid)[0].territory(2).name == "Middle"
    press(window, "manage")
    window.text_input(key="man_name_2").set_value("south")
    press(window, "manage", "man_rename")
    assert ws.plan(sid)[0].territory(2).name == "Middle"
    assert any("exists already" in t.value for t in window.toast)
    press(window, "manage", "man_lock")
    assert ws.plan(sid)[0].territory(2).locked
    window = settled(open_app("plan", scenario=sid))
    press(window, "manage")
    one(window.selectbox, "man_code").set_value(2)
    press(window, "manage")
    press(window, "manage", "man_delete")
    assert any("locked" in t.value for t in window.toast)
    assert ws.plan(sid)[0].codes == (0, 1, 2)
    window = settled(open_app("plan", scenario=sid))
    press(window, "manage")
    assert one(window.selectbox, "man_code").value == 0
    press(window, "manage", "man_merge")  # into the one offered first
    plan, _ = ws.plan(sid)
    assert plan.codes == (1, 2)
    assert plan.assign.tolist() == [1, 1, 1]


def test_units_are_moved_by_list(open_app, ws, sid):
    window = open_app("plan", scenario=sid)
    press(window, "by_list")
    window.text_area(key="list_paste").set_value("Kent,  DE\n10005\nAtlantis\n")
    window.selectbox(key="list_target").set_value(0)
    press(window, "by_list")
    assert any("Atlantis" in w.value for w in window.warning)
    assert next(b.label for b in window.button if b.key == "list_move") == "Move 2 counties"
    press(window, "by_list", "list_move")
    assert ws.plan(sid)[0].assign.tolist() == [0, 0, 0]
    press(window, "by_list")
    window.text_area(key="list_paste").set_value("Kent, DE")
    press(window, "by_list")
    press(window, "by_list", "list_lock")
    assert ws.plan(sid)[0].locked_units.tolist() == [True, False, False]


def test_pasted_codes_find_their_units_without_their_zero(ws):
    from terr.workspace.plan.paste_units import in_plan
    from terr.workspace.plan.snapshot import plan_snapshot

    county = plan_snapshot(ws, start(ws, "CT").id)
    found = in_plan(county, '09110\n9120\n"09130"\nCAPITOL, ct\n\n12')
    assert (found.units, found.unknown) == ((0, 1, 2), ("12",))
    info = start(ws)
    states = editing.create(ws, dataset_id=info.dataset_id, level="state", region="CA, NV", measure="Revenue")
    shown = plan_snapshot(ws, states.id)
    found = in_plan(shown, "ca\nCA\nNevada\nTX")
    assert (found.units, found.unknown) == ((0, 1), ("TX",))


@pytest.mark.parametrize("page", list(PAGES))
def test_a_fresh_window_shows_what_there_is_or_lets_choose(open_app, ws, sid, page):
    window = ok(open_app(page))
    said = " ".join([*(m.value for m in window.markdown), *(i.value for i in window.info), html(window)])
    assert "Upload an accounts first" not in said
    assert "Load a spreadsheet" not in said
    if page in ("plan", "reports"):
        ok(press(window, f"open_{sid}"))
        assert window.session_state["terr_scenario"] == sid


def test_scenarios_are_renamed_duplicated_deleted_and_brought_back(open_app, ws, sid):
    window = ok(open_app("scenarios"))
    assert rows(window) == ["Delaware by county"]
    choose(window, ws, sid)
    window.text_input(key=f"name_{sid}").set_value("Second draft")
    ok(press(window, "rename"))
    assert ws.store.scenarios.get(sid).name == "Second draft"
    ok(press(window, f"copy_{sid}:"))
    assert sorted(i.name for i in ws.store.scenarios.find()) == ["Second draft", "Second draft (copy)"]
    choose(window, ws, sid)
    ok(press(window, "delete"))
    assert [i.name for i in ws.store.scenarios.find()] == ["Second draft (copy)"]
    assert any("“Second draft” is in the trash" in t.value for t in window.toast)
    other = ok(open_app("scenarios"))
    assert [e.label for e in other.expander] == ["Trash (1)"], "from a new session too"
    ok(press(other, f"restore_{sid}"))
    assert len(ws.store.scenarios.find()) == 2
    assert ws.plan(sid)[0].assign.tolist() == [1, 0, 1]


def test_an_empty_name_is_refused(open_app, ws, sid):
    window = open_app("scenarios")
    choose(window, ws, sid)
    window.text_input(key=f"name_{sid}").set_value("  ")
    press(window, "rename")
    assert ws.store.scenarios.get(sid).name == "Delaware by county"
    assert any("name" in t.value for t in window.toast)


def test_reports_show_totals_and_take_a_plan_file(open_app, ws, sid):
    window = ok(open_app("reports", scenario=sid))
    table = window.dataframe[0].value
    assert table.iloc[0].tolist() == ["Accounts", "6", "4", "0", "1", "1"]
    assert table.iloc[1].tolist() == ["Revenue", "$700", "$600", "$0", "$70", "$30"]
    assert len([b for b in window.get("download_button") if "salesforce" not in b.proto.id]) == 5
    bad = b"unit_id,territory\n99999,A\n"
    window.file_uploader(key="terr_plan_file").set_value(("plan.csv", bad, "text/csv"))
    window.run()
    assert window.error
    assert ws.store.scenarios.rev(sid) == 4
    good = b"unit_id,territory\n10001,A\n10003,A\n10005,B\n"
    window.file_uploader(key="terr_plan_file").set_value(("plan.csv", good, "text/csv"))
    ok(window.run())
    plan, rev = ws.plan(sid)
    assert rev == 5
    assert [plan.territory(int(c)).name for c in plan.assign] == ["A", "A", "B"]
    ok(window.run())
    assert ws.store.scenarios.rev(sid) == 5, "taken over once"
    part = b"unit_id,territory\n10001,A\n"
    window.file_uploader(key="terr_plan_file").set_value(("plan.csv", part, "text/csv"))
    ok(window.run())
    assert any(
        "2 of the region's 3 counties aren't in the file: unassigned" in i.value.replace("\\", "") for i in window.info
    )
    assert ws.plan(sid)[0].assign.tolist()[1:] == [-1, -1]


def test_the_roster_page(open_app, ws, sid):
    window = ok(open_app("reps", scenario=sid))
    assert window.dataframe[-1].value["Name"].tolist() == ["Ann Poe", "Bob Ray"]
    window.file_uploader(key="terr_roster").set_value(("reps.csv", b"User ID,Name\nU-5,Cleo Lee\n", "text/csv"))
    ok(window.run())
    assert window.dataframe[-1].value["Name"].tolist() == ["Cleo Lee"]
    window.file_uploader(key="terr_roster").set_value(("reps.csv", b"a,b\n1,2\n", "text/csv"))
    window.run()
    assert window.error
    assert window.dataframe[-1].value["Name"].tolist() == ["Cleo Lee"]


def upload(window: AppTest, name: str, data: bytes) -> AppTest:
    window.file_uploader[0].set_value((name, data, "text/csv"))
    return worked(window.run())


def test_a_file_is_taken_in_only_when_its_columns_are_confirmed(open_app, ws):
    window = ok(upload(open_app(), "accounts.csv", csv_of(DELAWARE)))
    assert step(window) == "2 Fields"
    assert ws.store.datasets.all() == ()
    ok(press(window, "take_in"))
    assert len(ws.store.datasets.all()) == 1
    assert step(window) == "3 Review"
    said = " ".join(m.value.replace("\\", "") for m in window.markdown)
    assert "All 6 rows imported ($700). 1 row has an issue." in said
    kinds = window.dataframe[0].value
    assert kinds[["What", "Rows", "Revenue"]].values.tolist() == [["Accounts without a location", 1, "$30"]]


def test_a_file_can_be_dropped(open_app, ws):
    window = ok(upload(open_app(), f"{HOSTILE}.csv", csv_of(DELAWARE)))
    assert not any("<img" in m.value.replace("\\<img", "") for m in window.markdown)
    ok(press(window, "drop_file"))
    assert step(window) == "1 File"
    assert ws.store.datasets.all() == ()


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02\x03" * 50, b"PK\x03\x04broken", b"just one line"])
def test_a_file_that_cannot_be_read_is_one_line(open_app, ws, data):
    window = upload(open_app(), "accounts.csv", data)
    assert not window.exception
    said = [e.value for e in window.error]
    if not said:  # a readable file without a number or a place is refused when it is taken in
        press(window, "take_in")
        said = [e.value for e in window.error]
    assert len(said) == 1
    assert "Traceback" not in said[0]
    assert ws.store.datasets.all() == ()


def test_a_damaged_database_is_told_on_the_first_page(open_app, tmp_path):
    folder = tmp_path / "terr"
    folder.mkdir()
    (folder / "terr.db").write_bytes(b"no database" * 900)
    window = ok(open_app())
    assert "damaged" in window.warning[0].value


def test_a_roster_that_was_replaced_can_be_brought_back(open_app, ws, sid):
    from terr.workspace.reps import roster

    dataset_id = ws.store.scenarios.get(sid).dataset_id
    first = roster.set_reps(ws, dataset_id, (Rep("R1", "Ann Lee"), Rep("R2", "Bo Diaz"))).reps
    window = open_app("reps", scenario=sid)
    assert "roster_back" not in {b.key for b in window.button}
    roster.set_reps(ws, dataset_id, (Rep("R9", "Cy Park"),))
    window.session_state["terr_roster_before"] = (dataset_id, first)
    ok(window.run())
    ok(press(window, "roster_back"))
    assert ws.store.reps.of(dataset_id) == first
    assert "roster_back" not in {b.key for b in window.button}
