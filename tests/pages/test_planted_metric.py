"""One entry in the registry is all it takes: planted metrics are found wherever figures of a plan are shown."""

from __future__ import annotations

import io
import json
import re

import pytest
from python_calamine import CalamineWorkbook

from terr.cli.main import main
from terr.metrics import Metric, markdown, registry
from terr.model.person import Person
from terr.workspace.plan import editing
from terr.workspace.reports.downloads import export
from terr.workspace.scenarios import tree
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import frame, html, ok
from tests.pages.test_scenarios import having

WHOLE = Metric(
    *("planted_pct", "Planted figure", "%", 1, "higher", "plan", "12.5 for each territory", "this test"),
    lambda c: 12.5 * c.k,
    registry.PLACES,
)
EACH = Metric(
    *("planted_km", "Planted column", "km", 2, "lower", "territory and measure", "load / 80", "this test"),
    lambda c: c.load / 80,
    registry.PLACES,
)


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    for metric in (WHOLE, EACH):
        monkeypatch.setitem(registry._BY_KEY, metric.key, metric)


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Delaware: 300 of Revenue in each of two territories; 25 and 3.75 are planted."""
    made = start(ws).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [KENT, SUSSEX], 1)
    return made


def test_on_the_plan_page_among_figures_and_in_the_table(open_app, sid):
    window = ok(open_app("plan", scenario=sid))
    assert re.search(r"Planted figure</small><b>25\.0 ?%</b>", html(window))
    assert 'title="12.5 for each territory"' in html(window)
    assert frame(window, "terr_table").value["Planted column"].tolist() == [3.75, 3.75]


def test_in_compare_with_which_plan_is_better(open_app, ws, sid):
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, "Three", by=Person("me")).id
    more(ws, copy, ["West"])
    window = open_app("scenarios", scenario=sid)
    window.segmented_control(key="terr_view").set_value("Compare")
    table = having(ok(window.run()), "Better").set_index("")
    assert re.fullmatch(r"25\.0 ?%", table.loc["Planted figure", "Delaware by county"])
    assert table.loc["Planted figure", "Better"] == "Three by 12.5 points"
    assert "Planted column" not in table.index, "Compare shows no territories"


def test_in_the_files(ws, sid):
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(ws, sid, "accounts.xlsx").data))
    head, *rows = book.get_sheet_by_name("Territories").to_python()
    assert [r[head.index("Revenue planted column")] for r in rows[:2]] == [3.75, 3.75]
    assert ["Planted figure", 25.0, "%", WHOLE.formula] in book.get_sheet_by_name("Metrics").to_python()
    shapes = json.loads(export(ws, sid, "territories.geojson").data)["features"]
    assert [f["properties"]["planted_km_Revenue"] for f in shapes] == [3.75, 3.75]


def test_on_the_command_line_as_json_and_text(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("account_id,state,zip,Revenue\n1,CT,06103,160\n2,MA,02108,80\n3,RI,02903,80\n")
    (tmp_path / "p.csv").write_text("unit_id,territory\nCT,West\nMA,East\nRI,East\n")
    where = ["--level", "state", "--region", "CT,MA,RI", "--measure", "revenue", "--plan", str(tmp_path / "p.csv")]
    assert main(["certify", str(tmp_path / "a.csv"), *where, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["planted_pct"] == 25.0
    assert [t["planted_km"] for t in told["territories"]] == [{"revenue": 2.0}, {"revenue": 2.0}]
    assert main(["certify", str(tmp_path / "a.csv"), *where]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^Planted figure +25\.0 ?%$", text, re.MULTILINE)
    assert re.search(r"^Territory .* Planted column$", text, re.MULTILINE)
    assert re.search(r"^West .* 1\.2 miles$", text, re.MULTILINE)


def test_in_the_document():
    assert "## Planted figure\n\n- Key: `planted_pct`, one value\n- Formula: 12.5 for each territory" in markdown()
