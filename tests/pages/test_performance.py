"""The Performance page as a person meets it, run without a browser."""

from __future__ import annotations

import time

import pytest

from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.workspace.accounts import dataset
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.plan import editing
from tests.conftest import ROOT
from tests.pages.test_pages import HOSTILE, frame, html, ok, one
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, file_of
from tests.workspace.performance.test_report import QUOTAS, TOUCHES

VIEWS = ("Over time", "Map", "Forecast", "Pipeline", "Customers", "Overview")


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


def orders(name: str = "Ann") -> list[tuple[str, ...]]:
    """Three years of monthly orders of two accounts."""
    lines = [("Order ID", "Customer ID", "Order Date", "Sales", "Sales Rep")]
    for month in range(36):
        day = f"{2022 + month // 12}-{1 + month % 12:02d}-28"
        for k, (account, rep) in enumerate((("A-1", name), ("A-3", "Bob"))):
            lines.append((str(len(lines)), account, day, str(100 * (k + 1) + 10 * (month % 12)), rep))
    return lines


def saved(ws, files, name: str = "Ann"):
    rows = [tuple(name if cell == "Ann" else cell for cell in row) for row in ACCOUNTS]
    raw, columns = dataset.inspect(file_of(rows), "accounts.csv")
    data = dataset.save(ws, file_of(rows), dataset.intake(raw, columns, {"Revenue": "USD"}))
    for kind, lines in files.items():
        keep_facts(ws, data.info.id, read_facts(read_table(file_of(lines), "f.csv"), kind), f"{kind}.csv")
    return data


def worked(window):
    """The window once nothing is worked out beside it any more."""
    ends = time.monotonic() + 60
    while window.get("progress") and time.monotonic() < ends:
        time.sleep(0.1)
        window.run()
    return ok(window)


def view(window, name: str):
    window.segmented_control(key="terr_perf_view").set_value(name)
    window.run()
    return worked(window)


def said(window) -> str:
    texts = [m.value for kind in ("markdown", "caption", "info", "warning") for m in window.get(kind)]
    return "\n".join(t.replace("\\", "") for t in texts)


def test_without_facts_it_says_which_file_brings_what(open_app, ws):
    window = open_app()
    saved(ws, {})
    window.run()
    page = ok(window.switch_page(str(ROOT / "pages" / "performance.py")).run())
    assert page.info[0].value.startswith("Performance is measured from facts with dates")
    assert "**Opportunities**: bookings, deals won" in said(page)
    assert one(page.button, "to_accounts").label == "Go to Accounts"


def test_every_view_is_filled_in(open_app, ws):
    window = open_app()
    data = saved(ws, {"orders": orders(), "opportunities": DEALS, "quotas": QUOTAS, "activities": TOUCHES})
    plan = editing.create(ws, dataset_id=data.info.id, level="state", region="TX,MA", measure="Revenue")
    editing.paint(ws, plan.id, [0, 1], 0)
    window.query_params["scenario"] = plan.id
    page = worked(window.switch_page(str(ROOT / "pages" / "performance.py")).run())
    assert page.selectbox(key="terr_perf_by").value == "territory"
    table = frame(page, "terr_perf_table").value
    assert table["Group"].tolist() == ["Territory 1", "All"]
    page.selectbox(key="terr_perf_by").set_value("rep")
    page.selectbox(key="terr_perf_length").set_value("Year")
    page.run()
    page.selectbox(key="terr_perf_period_Year").set_value(1)
    page = worked(page.run())
    table = frame(page, "terr_perf_table").value
    assert table["Group"].tolist() == ["Ann", "Bob", "All"]
    assert table["Revenue"].tolist() == [1860, 3060, 4920]
    assert "Jan 1, 2024 to Dec 31, 2024, beside Jan 1, 2023 to Dec 31, 2023." in said(page)
    assert "whoever had it then" in said(page)
    assert "Revenue" in html(page)
    for name in VIEWS:
        page = view(page, name)
        if name == "Forecast":
            assert "tried on earlier dates" in said(page)
            methods = next(d.value for d in page.dataframe if "Method" in d.value)
            assert methods["Group"].tolist() == ["Ann", "Bob", "All"]
        if name == "Pipeline":
            assert "1 open deal, $70" in said(page)
        if name == "Customers":
            assert "2 customers" in said(page)
            assert "at least 30 customers" in said(page)
    page.selectbox(key="terr_perf_basis").set_value("owner")
    page = worked(page.run())
    assert "count for the rep **they name**" in said(page)


def test_views_without_their_file_say_so(open_app, ws):
    window = open_app()
    saved(ws, {"activities": TOUCHES})
    window.run()
    page = worked(window.switch_page(str(ROOT / "pages" / "performance.py")).run())
    for name, need in (
        ("Forecast", "made from orders"),
        ("Pipeline", "made from opportunities"),
        ("Customers", "orders or contracts"),
    ):
        assert need in said(view(page, name))


def test_names_from_files_stay_text(open_app, ws):
    window = open_app()
    saved(ws, {"orders": orders(HOSTILE), "opportunities": DEALS}, HOSTILE)
    window.run()
    page = worked(window.switch_page(str(ROOT / "pages" / "performance.py")).run())
    page.selectbox(key="terr_perf_by").set_value("rep")
    page = worked(page.run())
    for name in VIEWS:
        page = view(page, name)
        kinds = ("markdown", "caption", "info", "warning", "error", "button", "expander")
        shown = [e for kind in kinds for e in page.get(kind)]
        texts = [str(getattr(e, a, "") or "") for e in shown for a in ("value", "label", "help")]
        assert not [t for t in texts if "<img" in t.replace("\\<", "") or "[a](" in t], name
        assert "<img" not in html(page)


def test_the_plan_page_has_last_year_and_forecast_when_asked(open_app, ws):
    window = open_app()
    data = saved(ws, {"orders": orders()})
    plan = editing.create(ws, dataset_id=data.info.id, level="state", region="TX,MA", measure="Revenue")
    editing.paint(ws, plan.id, [0, 1], 0)
    window.query_params["scenario"] = plan.id
    page = ok(window.switch_page(str(ROOT / "pages" / "plan.py")).run())
    assert "Forecast of 12 months" not in frame(page, "terr_table").value
    page.toggle(key="terr_years").set_value(True)
    page = worked(page.run())
    table = frame(page, "terr_table").value
    assert table["Sales, last 12 months"].tolist() == [4920]
    assert table["Forecast of 12 months"].iloc[0] > 0
