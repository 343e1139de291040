"""The Scores page as a person meets it, run without a browser."""

from __future__ import annotations

import time

import pytest

from terr.model.reps import Rep
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing
from terr.workspace.scores import recipe
from terr.workspace.scores.potential import Formula
from tests.conftest import ROOT
from tests.helpers.spaces import KENT
from tests.pages.test_pages import frame, ok, one, press, worked


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


KINDS = ("Healthcare", "Retail", "Energy", "Education")


def book() -> bytes:
    """120 accounts in Delaware: every second one in Kent, revenue 1,000, 2,000, ..."""
    lines = ["Account ID,Name,County,State,Industry,Owner,Employees,Annual Revenue,Potential"]
    for k in range(120):
        county, owner = ("Kent", "Ann Poe") if k % 2 else ("Sussex", "Bob Ray")
        worth = 1000 * (k + 1)
        lines.append(f"A-{k},Firm {k},{county},DE,{KINDS[k % 4]},{owner},{1 + k * 7},{worth},{worth * 3}")
    return "\n".join(lines).encode()


def saved(ws, data: bytes):
    raw, columns = dataset.inspect(data, "book.csv")
    taken = dataset.intake(raw, columns, dataset.guess_money(columns))
    return dataset.save(ws, data, taken, reps=[Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19966")])


def opened(open_app, ws, data: bytes):
    window = open_app()
    saved(ws, data)
    window.run()
    return ok(window.switch_page(str(ROOT / "pages" / "scores.py")).run())


@pytest.fixture
def window(open_app, ws):
    """The page on the accounts of `book`."""
    return opened(open_app, ws, book())


def section(window, name):
    window.segmented_control(key="terr_scores_section").set_value(name)
    return ok(window.run())


def said(window) -> str:
    texts = [m.value for m in window.markdown] + [c.value for c in window.caption]
    return "\n".join(t.replace("\\", "") for t in texts)


def kept(ws):
    data = dataset.dataset(ws, ws.store.datasets.all()[0].id)
    return data, [d.name for d in data.scored.recipe.kept]


def keep(window):
    one(window.button, "scores_keep").click()
    return ok(window.run())


@pytest.mark.slow
def test_on_the_demo_every_section_is_filled_in_and_keeps_nothing_by_itself(open_app, ws):
    window = ok(worked(press(open_app(), "demo")))
    window = ok(window.switch_page(str(ROOT / "pages" / "scores.py")).run())
    for name in ("80/20 and tiers", "Potential", "Score", "Look-alikes", "Workload", "Saved", "Segments"):
        section(window, name)
        assert not [i.value for i in window.info if "{" in i.value], "a text with its figures filled in"
        if name not in ("Look-alikes", "Workload", "Saved"):
            assert not one(window.button, "scores_keep").disabled, name
    assert kept(ws)[1] == []


def test_segments_become_measures_and_filters_of_a_plan(window, ws):
    assert one(window.button, "scores_keep").label == "Save"
    keep(window)
    data, names = kept(ws)
    assert names == ["By Industry"]
    assert "Annual Revenue · Healthcare" in data.accounts.measures
    info = editing.create(
        ws, dataset_id=data.info.id, level="county", region="DE", measure="Annual Revenue · Healthcare"
    )
    window.query_params["scenario"] = info.id
    page = ok(window.switch_page(str(ROOT / "pages" / "plan.py")).run())
    helps = " ".join(m.help for m in page.markdown if m.help).replace("\\", "")
    assert "counts the segment Healthcare only: Industry is Healthcare" in helps
    editing.paint(ws, info.id, [KENT], 0)
    page.selectbox(key="terr_segment").set_value("By Industry: Retail")
    ok(page.run())
    table = frame(page, "terr_table").value
    assert table["Accounts"].tolist() == [60]
    assert table["Accounts · Retail"].tolist() == [30]
    assert table["Annual Revenue · Healthcare · Retail"].tolist() == [0]


def test_keep_edit_undo_and_remove(window, ws):
    section(window, "80/20 and tiers")
    assert "Tier A = top 20% of accounts by Potential, B up to 50%, C the rest." in said(window)
    keep(window)
    assert kept(ws)[1] == ["Tier"]
    one(window.button, "scores_leave").click()
    ok(window.run())
    assert one(window.text_input, "scores_name").value == "Tier 2", "another one"
    section(window, "Saved")
    press(window, "scores_edit_1")
    assert window.segmented_control(key="terr_scores_section").value == "80/20 and tiers"
    assert one(window.button, "scores_keep").label == "Save"
    assert one(window.button, "scores_keep").disabled, "nothing is changed yet"
    one(window.slider, "scores_cut_0").set_value(30)
    ok(window.run())
    keep(window)
    assert kept(ws)[0].scored.recipe.kept[0].cuts.shares == (0.3, 0.5)
    ok(press(window, "scores_undo"))
    assert kept(ws)[0].scored.recipe.kept[0].cuts.shares == (0.2, 0.5)
    section(window, "Saved")
    ok(press(window, "scores_gone_1_now"))
    assert kept(ws)[1] == []
    ok(press(window, "scores_undo"))
    assert kept(ws)[1] == ["Tier"]


def test_a_definition_that_plans_balance_with_is_removed_only_when_asked_twice(window, ws):
    section(window, "Potential")
    keep(window)
    data, _ = kept(ws)
    editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="White space", name="FY27")
    section(window, "Saved")
    ok(press(window, "scores_gone_1"))
    assert "1 plan uses it: FY27." in window.warning[0].value.replace("\\", "")
    assert kept(ws)[1] == ["Estimated potential"]
    ok(press(window, "scores_gone_1_now"))
    assert kept(ws)[1] == []


def test_a_rule_that_cant_be_read_is_shown_at_its_place(window, ws):
    one(window.segmented_control, "scores_way").set_value("By rules")
    ok(window.run())
    one(window.text_area, "scores_rules").set_value("Big: Employees >= 500\nOdd: Employees >> 3")
    window.run()
    assert window.error[0].value.replace("\\", "").startswith("Line 2:")
    assert window.code[-1].value.splitlines()[1].strip() == "^"
    one(window.text_area, "scores_rules").set_value("Big: Employees >= 500\nRest: Employees < 500")
    ok(window.run())
    keep(window)
    data, _ = kept(ws)
    assert set(data.accounts.frame["Segment"]) == {"Big", "Rest"}


def test_a_score_is_explained_by_its_parts(window, ws):
    section(window, "Score")
    one(window.text_input, "scores_who").set_value("Firm 7")
    ok(window.run())
    assert "Firm 7 scores 5.9 of 100" in said(window)
    keep(window)
    data, names = kept(ws)
    assert names == ["Score"]
    assert 0 <= data.accounts.frame["Score"].min() < data.accounts.frame["Score"].max() <= 100


def test_workload_is_a_measure_in_hours(window, ws):
    section(window, "80/20 and tiers")
    keep(window)
    section(window, "Workload")
    assert "hours a year:" in said(window)
    assert set(next(d.value for d in window.dataframe if "Name" in d.value)["Name"]) == {"Ann Poe", "Bob Ray"}
    keep(window)
    assert kept(ws)[0].accounts.total("Hours a year") > 0


def won_lost(rows: int) -> bytes:
    """Large accounts are won more often than small ones, by a fixed pattern."""
    lines = ["Account ID,Name,County,State,Users,Stage"]
    for k in range(rows):
        users = 1 + (k * 37) % 100
        won = users + (k * 53) % 120 > 110
        stage = "" if k % 5 == 0 else "Closed Won" if won else "Closed Lost"
        lines.append(f"A-{k},Firm {k},Kent,DE,{users},{stage}")
    return "\n".join(lines).encode()


@pytest.mark.parametrize("rows", [90, 600])
def test_likeness_shows_its_quality_or_why_it_is_off(open_app, ws, rows):
    window = opened(open_app, ws, won_lost(rows))
    section(window, "Look-alikes")
    one(window.button, "scores_learn").click()
    ok(window.run())
    ends = time.monotonic() + 60
    while not any("Off" in w.value for w in window.warning) and "picks the won one" not in said(window):
        assert time.monotonic() < ends
        time.sleep(0.2)
        ok(window.run())
    if rows == 90:
        assert "needs at least 50 won and 50 lost accounts" in window.warning[0].value.replace("\\", "")
        assert one(window.button, "scores_keep").disabled
        return
    keep(window)
    found = kept(ws)[0].accounts
    assert found.frame["Look-alike score"].between(0, 100).all()


def test_definitions_come_back_from_a_file(window, ws):
    data, _ = kept(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "Employees * 3")))
    section(window, "Saved")
    file = kept(ws)[0].scored.recipe.to_json()
    recipe.change(ws, data.info.id, lambda r: r.without("Worth"))
    one(window.file_uploader, "scores_upload").set_value(("terr-scores.json", file, "application/json"))
    ok(window.run())
    assert "1 definition in the file: Worth." in said(window)
    one(window.button, "scores_take").click()
    ok(window.run())
    assert kept(ws)[1] == ["Worth"]
    one(window.file_uploader, "scores_upload").set_value(("bad.json", b"{}", "application/json"))
    window.run()
    assert window.error[0].value.replace("\\", "").startswith("This is not a file of scores")


def test_a_plan_whose_measure_is_gone_takes_another_one(window, ws):
    data, _ = kept(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "Employees * 3")))
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Worth").id
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "[No such]"), instead="Worth"))
    window.query_params["scenario"] = sid
    for name in ("scenarios", "reports", "accounts", "scores"):  # each says it, or works without
        window.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
        assert not window.exception, name
    page = window.switch_page(str(ROOT / "pages" / "plan.py")).run()
    assert (
        page.error[0].value.replace("\\", "").startswith('"Worth" can\'t be calculated: there is no column "No such"')
    )
    page.selectbox(key="terr_instead").set_value("Potential")
    page.run()
    ok(press(page, "terr_instead_go"))
    assert ws.store.scenarios.get(sid).measure == "Potential"


def test_names_from_files_stay_text(open_app, ws):
    evil = "![x](http://evil.test/x.png) `a` <b>"
    rows = book().decode().replace("Industry", evil).replace("Potential", f"{evil} P").replace("Retail", evil)
    window = opened(open_app, ws, rows.encode())
    data, _ = kept(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula(evil + " F", "Employees * 3")))
    for name in ("80/20 and tiers", "Potential", "Score", "Look-alikes", "Workload", "Saved", "Segments"):
        section(window, name)
        if name == "80/20 and tiers":
            one(window.text_input, "scores_tiers").set_value(f"{evil[:20]}, B")
            ok(window.run())
        kinds = ("markdown", "caption", "info", "warning", "error", "button", "slider", "expander", "checkbox")
        shown = [e for kind in kinds for e in window.get(kind)]
        texts = [str(getattr(e, a, "") or "") for e in shown for a in ("value", "label", "help")]
        assert not [t for t in texts if "![" in t or "<b>" in t], name
    one(window.button, "scores_keep").click()
    ok(window.run())
    section(window, "Saved")
    assert not [b.label for b in window.button if "![" in b.label]


def test_what_needs_mending_is_told_and_the_rest_works(window, ws):
    data, _ = kept(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "[No such] * 3")))
    ok(window.run())
    assert "has an error" in window.warning[0].value
    assert "No such" in window.warning[0].value.replace("\\", "")
    press(window, "scores_mend_Worth")
    assert window.segmented_control(key="terr_scores_section").value == "Potential"
    assert [e.value.replace("\\", "") for e in window.error] == ['There is no column "No such" (at character 1).']
    one(window.text_area, "scores_formula").set_value("Employees * 3")
    ok(window.run())
    keep(window)
    assert kept(ws)[0].accounts.total("Worth") == 3 * sum(1 + k * 7 for k in range(120))


def test_a_range_is_tried_saved_and_means_something_for_the_open_plan(window, ws, open_app):
    data_id = ws.store.datasets.all()[0].id
    info = editing.create(ws, dataset_id=data_id, level="county", region="DE", measure="Annual Revenue")
    editing.paint(ws, info.id, [KENT], ws.plan(info.id)[0].codes[0])
    window = section(window, "Range")
    assert "$17.4M to $26.1M, likely $21.8M" in said(window).replace("**", "")
    next(n for n in window.number_input if n.label == "% below").set_value(50)
    window = ok(window.run())
    assert "$10.9M to $26.1M" in said(window).replace("**", "")
    next(b for b in window.button if b.label == "Save").click()
    window = ok(window.run())
    assert {"Potential (low)", "Potential (high)"} <= set(dataset.dataset(ws, data_id).accounts.measures)
    again = ok(open_app("scores", scenario=info.id))
    again = section(again, "Range")
    assert "Chance of each territory" in said(again)
    table = next(d.value for d in again.dataframe if "Chance" in d.value.columns)
    assert table["Territory"].tolist() == [t.name for t in ws.plan(info.id)[0].territories]
