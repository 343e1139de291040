"""The Accounts page as a person meets it, run without a browser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from terr.ui.jobs import window_jobs
from terr.workspace import Workspace
from terr.workspace.accounts import dataset, duplicates, review
from terr.workspace.accounts import upload as uploads
from terr.workspace.caches import Caches
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.intakes import book_bytes, csv_bytes
from tests.pages.test_pages import worked
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, ORDERS, file_of

HEAD = ("Account ID", "Name", "ZIP", "State", "Street", "Parent Account ID", "Revenue")
ROWS = (
    ("A-1", "Alpha Inc.", "02116", "MA", "1 Main St", "", "$1,000"),
    ("A-2", "Alpha Incorporated", "2116", "MA", "1 Main St", "", "$2,000"),
    ("P", "Mother", "78701", "TX", "2 Oak Ave", "", "$70"),
    ("C-1", "Son", "78702", "TX", "3 Elm Rd", "P", "$30"),
    ("C-2", "Daughter", "78703", "TX", "4 Low Rd", "P", "$40"),
    ("A-3", "Gamma", "99999", "", "5 Far Rd", "", "$300"),
    ("A-4", "Delta", "78701", "TX", "6 New Rd", "", "oops"),
)
FILE = csv_bytes([HEAD, *ROWS])
UNCLEAR = csv_bytes([HEAD, (*ROWS[0][:6], "1.234"), (*ROWS[1][:6], "2.500")])


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy machine does late is waited for: these tests are about what comes of it."""
    quick = window_jobs.quick

    def patient(name: str, body: Callable, done: Callable = lambda _: None, *, wait_s: float = 60.0) -> None:
        quick(name, body, done, wait_s=60.0)

    monkeypatch.setattr(window_jobs, "quick", patient)


def ok(window: AppTest) -> AppTest:
    assert not window.exception
    assert not window.error, [e.value for e in window.error]
    return window


def press(window: AppTest, key: str) -> AppTest:
    next(b for b in window.button if b.key == key).click()
    return window.run()


def upload(window: AppTest, data: bytes, name: str = "crm.csv", at: int = 0) -> AppTest:
    window.file_uploader[at].set_value((name, data, "text/csv"))
    return worked(window.run())


def said(window: AppTest) -> str:
    parts = [*window.markdown, *window.caption, *window.success, *window.info]
    return " ".join(p.value.replace("\\", "") for p in parts)


def taken(ws: Workspace, data: bytes = FILE) -> dataset.Dataset:
    return uploads.import_file(ws, uploads.suggested(uploads.open_file(ws, data, "crm.csv")))


def tab(window: AppTest, data: dataset.Dataset, label: str) -> AppTest:
    """Open a tab of the review."""
    window.session_state[f"terr_review_{data.info.id}"] = label
    return ok(window.run())


def test_one_sentence_then_what_needs_an_eye_by_money(open_app, ws):
    data = taken(ws)
    window = ok(open_app())
    assert "6 of 7 rows imported ($3,440 of $3,440). 2 rows have issues." in said(window)
    kinds = window.dataframe[0].value
    assert kinds[["What", "Rows", "Revenue", "Status"]].values.tolist() == [
        ["Accounts without a location", 1, "$300", "imported without a location"],
        ["Amounts that can't be read", 1, "not known", "not imported until fixed"],
    ]
    review.fix_cells(ws, data.info.id, [(8, "Revenue", "60"), (7, "ZIP", "02139")])
    assert "All 7 rows imported ($3,500). No issues." in said(ok(window.run()))


def test_an_issue_opens_its_rows_with_the_cell_first(open_app, ws):
    data = taken(ws)
    window = ok(open_app())
    table = next(d for d in window.dataframe if "What to do" in d.value.columns)
    picked = {"rows": [table.value["What"].tolist().index("Amounts that can't be read")], "columns": [], "cells": []}
    window.session_state[table.key] = {"selection": picked}
    ok(window.run())
    shown = window.data_editor[0].value
    assert shown["Row"].tolist() == [8]
    assert list(shown.columns)[:3] == ["Row", "Issue", "Revenue"]
    assert "Fix here · Amounts that can't be read" in said(window)
    review.fix_cells(ws, data.info.id, [(8, "Revenue", "60")])
    ok(window.run())
    assert window.data_editor[0].value["Row"].tolist() == [7], "another list of issues has nothing chosen"


def test_warnings_are_told_above_and_open_their_rows(open_app, ws):
    file = b"Account ID,Name,ZIP,State,Revenue\nA-1,Alpha,02116,MA,100\nA-2,Beta,02116,TX,-50\n"
    taken(ws, file)
    window = ok(open_app())
    assert "No issues; 1 row imported with a warning." in said(window)
    table = next(d for d in window.dataframe if "What to do" in d.value.columns)
    assert set(table.value["Status"]) == {"imported with a warning"}
    assert not window.data_editor
    window.session_state[table.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    assert ok(window.run()).data_editor[0].value["Row"].tolist() == [3]


def test_what_was_mended_is_listed_and_taken_back(open_app, ws):
    data = taken(ws)
    window = ok(open_app())
    assert window.data_editor[0].value["Row"].tolist() == [7, 8]
    review.fix_cells(ws, data.info.id, [(8, "Revenue", "60")])
    tab(window, data, "Changes")
    assert "All 7 rows imported ($3,500). 1 row has an issue." in said(window)
    assert "row 8, Revenue: oops → **60**" in said(window)
    ok(press(window, "step_1"))
    assert "6 of 7 rows" in said(window)
    assert any("1 account fewer imported" in t.value for t in window.toast)


def test_what_is_unclear_is_asked_with_the_evidence_and_only_once(open_app, ws):
    window = ok(upload(open_app(), UNCLEAR))
    assert "1 question about your file" in said(window)
    assert window.dataframe[0].value["Cell"].tolist() == ["1.234", "2.500"]
    take = next(b for b in window.button if b.key == "take_in")
    assert take.disabled
    asked = window.radio[0]
    assert [o.split(" · ")[-1].replace("\\", "") for o in asked.options] == [
        "2 rows, $3.7 Revenue",
        "2 rows, $3,734 Revenue",
    ]
    asked.set_value(",")
    ok(window.run())
    assert "your answer" in said(window)
    ok(press(window, "take_in"))
    assert "($3,734)" in said(window)
    again = ok(upload(window, UNCLEAR.replace(b"A-1", b"B-1"), "next.csv"))
    assert "answered as last time" in said(again)
    assert not again.radio
    ok(press(again, "change_decimal:Revenue"))
    assert len(again.radio) == 1


def test_an_answer_is_changed_after_the_import(open_app, ws):
    head = ("Opportunity ID", "Account ID", "Account Name", "ZIP", "Amount")
    rows = (("1", "A", "Alpha", "75001", "1000"), ("2", "A", "Alpha", "75001", "500"), ("3", "B", "Beta", "75201", "7"))
    window = ok(upload(open_app(), csv_bytes([head, *rows])))
    assert window.radio[0].options[0].replace("\\", "").endswith("3 rows, 2 accounts, $1,507 Amount")
    ok(press(window, "answer_all"))
    ok(press(window, "take_in"))
    assert "($1,507)" in said(window)
    window = tab(window, dataset.dataset(ws, dataset.saved(ws)[0].id), "Changes")
    ok(press(window, "change_answers"))
    box = next(b for b in window.selectbox if "share an account" in b.label)
    box.set_value("first")
    ok(window.run())
    assert dataset.dataset(ws, dataset.saved(ws)[0].id).accounts.total("Amount") == 1007
    assert "2 of 3 rows" in said(window)


def test_a_sheet_is_chosen(open_app, ws):
    two = book_bytes({"EMEA": [HEAD, *ROWS[:2]], "Americas": [HEAD, *ROWS[2:5]]})
    window = ok(upload(open_app(), two, "two.xlsx"))
    window.radio[0].set_value("EMEA")
    ok(window.run())
    ok(press(window, "take_in"))
    assert "All 2 rows imported ($3,000)" in said(window)


def test_another_sheet_after_the_import_and_back(open_app, ws):
    two = book_bytes({"EMEA": [HEAD, *ROWS[:2]], "Americas": [HEAD, *ROWS[2:5]]})
    data = uploads.import_file(ws, uploads.suggested(uploads.open_file(ws, two, "two.xlsx")))
    window = tab(ok(open_app()), data, "Changes")
    box = next(b for b in window.selectbox if b.label == "Sheet")
    assert (box.value, next(b for b in window.button if b.key == "reshape").disabled) == ("Americas", True)
    box.set_value("EMEA")
    ok(window.run())
    ok(press(window, "reshape"))
    assert "All 2 rows imported ($3,000)" in said(window)
    window = tab(window, dataset.dataset(ws, data.info.id), "Changes")
    assert "the file is read in another way: sheet: Americas" in said(window)
    ok(press(window, "step_1"))
    assert dataset.ledger_of(ws, data.info.id).raw.sheet == "Americas"


def test_repairs_are_listed_with_what_they_do_and_those_refused_too(open_app, ws):
    data = taken(ws)
    window = tab(ok(open_app()), data, "Automatic corrections")
    table = window.data_editor[0].value
    padded = table[table["Column"] == "ZIP"].iloc[0]
    assert (padded["Cells"], padded["Revenue"], padded["Examples"]) == (1, "$2,000", "row 3: 2116 → 02116")
    review.refuse(ws, data.info.id, "padded_zip:ZIP", True)
    ok(window.run())
    table = window.data_editor[0].value
    assert table[table["Column"] == "ZIP"]["Correct"].tolist() == [False]
    assert "2 rows need" not in said(window)
    assert "3 rows have issues" in said(window)


def test_mended_rows_come_back_and_it_is_told_what_became_of_them(open_app, ws):
    data = taken(ws)
    out = review.rejects_csv(dataset.ledger_of(ws, data.info.id)).replace(b"oops", b"60")
    window = ok(upload(open_app(), out, "mended.csv", at=1))
    assert (
        "2 rows uploaded: 1 changed, 1 unchanged. 1 row is now imported with a location; 1 row still needs fixing."
        in said(window)
    )
    assert "All 7 rows" in said(window)
    front = ok(upload(window, review.rejects_csv(dataset.ledger_of(ws, data.info.id)), "again.csv"))
    assert "1 fixed row of “crm.csv”" in said(front)
    ok(press(front, "put_back"))
    assert len(ws.store.datasets.all()) == 1


def test_a_merge_and_a_family_are_one_click_each_and_back(open_app, ws):
    data = taken(ws)
    window = tab(ok(open_app()), data, "Duplicates and families")
    key = duplicates.find_duplicates(ws, data.info.id).duplicates[0].key
    assert "Likely duplicates (1)" in said(window)
    assert "same name, same street, same ZIP" in said(window)
    how = next(s for s in window.selectbox if s.key == f"terr_how_{key}")
    assert [o.split(": ")[0] for o in how.options] == ["Revenue −$1,000", "Revenue unchanged", "Revenue −$1,000"]
    ok(press(window, f"merge_{key}"))
    assert "you plan with 5 accounts and $2,440 Revenue, $1,000 less than imported" in said(window)
    ok(press(window, "count_P"))
    assert "$2,370 Revenue, $1,070 less than imported" in said(window)
    ok(press(window, "uncount_0"))
    ok(press(window, "unmerge_0"))
    assert dataset.dataset(ws, data.info.id).accounts.total("Revenue") == 3440.0


def test_the_next_extract_is_compared_kept_and_a_plan_moves_over_and_back(open_app, ws):
    data = taken(ws)
    info = editing.create(ws, dataset_id=data.info.id, level="state", region="MA,TX", measure="Revenue", tolerance=0.5)
    editing.paint(ws, info.id, [0, 1], 0)
    later = csv_bytes([HEAD, *ROWS[:5], ("N-1", "Newcomer", "78704", "TX", "9 New Rd", "", "$500")])
    window = tab(ok(open_app(scenario=info.id)), data, "Update with new data")
    at = next(i for i, u in enumerate(window.file_uploader) if u.key.startswith("terr_next"))
    ok(upload(window, later, "q2.csv", at=at))
    assert any("new data for crm" in s.value for s in window.subheader)
    ok(press(window, "take_in"))
    assert "1 new, 1 removed; 5 unchanged." in said(window)
    flows = window.dataframe[0].value
    assert flows.iloc[0].tolist() == ["Revenue", "$3,440", "$500", "-$300", "$0", "$0", "$3,640"]
    assert len(ws.store.datasets.all()) == 1
    ok(press(window, "keep_next"))
    newest = ws.store.datasets.all()[0]
    assert newest.name == "q2.csv"
    assert window.session_state["terr_scenario"] == info.id, "the open plan stays open"
    assert "Revenue $3,140 → $3,640; max deviation" in said(window)
    tab(window, dataset.dataset(ws, newest.id), "Update with new data")
    assert plan_snapshot(ws, info.id).loads.tolist() == [3000.0, 140.0]
    ok(press(window, f"move_{info.id}"))
    assert plan_snapshot(ws, info.id).loads.tolist() == [3000.0, 640.0]
    ok(press(window, f"back_{info.id}"))
    assert plan_snapshot(ws, info.id).loads.tolist() == [3000.0, 140.0]


def test_a_database_is_one_line_until_it_is_set_up(open_app, ws, monkeypatch):
    for name in ("TERR_SOURCE_CRM", "TERR_SOURCE_REGION"):
        monkeypatch.delenv(name, raising=False)
    window = ok(open_app())
    assert "set an environment variable such as" in said(window)
    assert not any(b.key == "ask_database" for b in window.button)


def test_accounts_come_from_a_database_whose_address_is_never_shown(open_app, ws, tmp_path, monkeypatch):
    import sqlite3

    path = tmp_path / "secret-place.db"
    with sqlite3.connect(path) as c:
        c.execute("CREATE TABLE accounts (id TEXT, name TEXT, zip TEXT, state TEXT, revenue REAL)")
        c.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?)",
            [("A-1", "Alpha", "02116", "MA", 1.234), ("A-2", "Beta", "78701", "TX", 70.0)],
        )
    monkeypatch.setenv("TERR_SOURCE_CRM", f"sqlite:///{path}")
    monkeypatch.setenv("TERR_SOURCE_STATE", "MA")
    window = ok(open_app())
    window.text_area(key="terr_query").set_value(
        'SELECT id AS "Account ID", name, zip, state, revenue FROM accounts WHERE state = :state'
    )
    ok(window.run())
    assert "TERR_SOURCE_STATE" in said(window)
    ok(press(window, "ask_database"))
    ok(press(window, "take_in"))
    assert "1 row imported" in said(window)
    assert "secret-place" not in " ".join(str(e) for e in window.main)
    info = ws.store.datasets.all()[0]
    assert info.mapping["source"] == {
        "variable": "TERR_SOURCE_CRM",
        "query": 'SELECT id AS "Account ID", name, zip, state, revenue FROM accounts WHERE state = :state',
    }
    assert "secret-place" not in str(dict(info.mapping))
    window.text_area(key="terr_query").set_value("DROP TABLE accounts")
    window.run()
    press(window, "ask_database")
    assert "isn't a SELECT" in window.error[0].value.replace("\\", "")


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        z.writestr("xl/workbook.xml", b"0" * (1 << 28))
    return out.getvalue()


HOSTILE = {
    "a bomb": _bomb,
    "an encrypted workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "a page": lambda: b"<html><body><table><tr><td>Name</td></tr></table></body></html>",
    "nothing": lambda: b"",
    "zeros": lambda: bytes(5000),
    "half a workbook": lambda: book_bytes({"A": [HEAD, *ROWS]})[:900],
    "no rows": lambda: csv_bytes([HEAD]),
    "a program": lambda: b"\x7fELF" + bytes(range(256)) * 8,
    "control characters": lambda: csv_bytes([HEAD, *(("a\x07\x01", *r[1:]) for r in ROWS)]),
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "a broken Parquet file": lambda: b"PAR1" + bytes(400) + b"PAR1",
}


@pytest.mark.parametrize("name", [f"{what}{end}" for what in HOSTILE for end in (".xls",)])
def test_a_hostile_file_is_one_line(open_app, ws, name):
    window = upload(open_app(), HOSTILE[name.removesuffix(".xls")](), name)
    assert not window.exception
    assert len(window.error) == 1
    assert "Something went wrong" not in window.error[0].value
    assert "Traceback" not in window.error[0].value
    assert ws.store.datasets.all() == ()


SCRIPT = "<script>alert(1)</script>"


def _wide() -> bytes:
    head = [*HEAD, *(f"Extra {i}" for i in range(293))]
    return csv_bytes([head, *([*r, *(["x"] * 293)] for r in ROWS)])


def _script() -> bytes:
    rows = [(r[0], SCRIPT, r[2], r[3], '=HYPERLINK("http://evil.example")', "", r[6]) for r in ROWS]
    return csv_bytes([HEAD, *rows])


def _control() -> bytes:
    rows = [(r[0], "a\x1b[31mc\u202ed\x85", r[2], r[3], "\ufeff\u200b", "", r[6]) for r in ROWS]
    return csv_bytes([HEAD, *rows])


@pytest.mark.parametrize("make", [_wide, _script, _control])
def test_odd_files_go_all_the_way_through_every_tab(open_app, ws, make, caplog):
    window = ok(upload(open_app(), make()))
    if any(b.key == "answer_all" for b in window.button):
        ok(press(window, "answer_all"))
    ok(press(window, "take_in"))
    data = dataset.dataset(ws, ws.store.datasets.all()[0].id)
    assert "6 of 7 rows" in said(window)
    for label in (
        "Automatic corrections",
        "Duplicates and families",
        "Changes",
        "Rows, amounts and locations",
        "Update with new data",
    ):
        tab(window, data, label)
    for part in (*window.markdown, *window.caption):
        assert "<script>" not in part.value or part.allow_html is False, part.value
    assert "alert(1)" not in caplog.text


def test_a_file_read_by_another_process_is_read_again_beside_the_page(open_app, ws):
    data = taken(ws)
    window = ok(open_app())
    from terr.ui.session import state

    state.workspace().caches = Caches()  # as after a restart
    assert "6 of 7 rows" in said(ok(window.run()))
    blob = next(p for p in (Path(ws.root) / "uploads").rglob("*") if p.is_file())
    blob.unlink()
    state.workspace().caches = Caches()
    window.run()
    assert not window.exception
    assert "upload the file again" in window.error[0].value.replace("\\", "")
    assert data.info.id


# Orders, deals and their like, beside the accounts.

SHOP = (
    ("Order ID", "Order Date", "Customer ID", "Customer Name", "City", "State", "ZIP", "Sales"),
    ("O-1", "2024-01-15", "C-1", "Alpha", "Austin", "TX", "78701", "100"),
    ("O-1", "2024-01-15", "C-1", "Alpha", "Austin", "TX", "78701", "20"),
    ("O-2", "2024-02-16", "C-2", "Beta", "Boston", "MA", "02116", "50"),
)


def drop(window: AppTest, *files: tuple[str, bytes]) -> AppTest:
    window.file_uploader[0].set_value([(name, data, "text/csv") for name, data in files])
    return window.run()


def test_accounts_and_facts_dropped_together_are_joined_and_kept(open_app, ws):
    window = ok(drop(open_app(), ("orders.csv", file_of(ORDERS)), ("crm.csv", file_of(ACCOUNTS))))
    assert "crm.csv" in said(window)
    ok(press(window, "take_in"))
    told = said(window)
    assert "8 rows ($1,315) = 7 joined ($315) + 1 not joined ($1,000) + 0 skipped ($0) + 0 rejected ($0)" in told
    assert "2024-03-01 to 2025-07-02" in told
    assert [e.label.replace("\\", "") for e in window.expander if "Not joined" in e.label] == [
        "Not joined: 1 customer, 1 row, $1,000"
    ]
    ok(press(window, "facts_in"))
    info = dataset.saved(ws)[0]
    assert [(f.kind, f.rows) for f in facts_kept(ws, info.id)] == [("orders", 8)]
    window.session_state[f"terr_review_{info.id}"] = "Orders and other facts"
    ok(window.run())
    table = next(d.value for d in window.dataframe if "Rows in" in d.value.columns)
    assert table[["Facts", "Rows in", "Joined", "Not joined", "Amount in"]].values.tolist() == [
        ["Orders", 8, 7, 1, "$1,315"]
    ]
    ok(press(window, "drop_orders"))
    assert facts_kept(ws, info.id) == ()


def test_facts_without_an_account_are_matched_made_accounts_or_left_out_and_undone(open_app, ws):
    more = (("9", "Z-1", "2025-07-03", "20", "Bob"), ("10", "A 2", "2025-07-03", "30", "Bob"))
    window = ok(drop(open_app(), ("orders.csv", file_of((*ORDERS, *more))), ("crm.csv", file_of(ACCOUNTS))))
    ok(press(window, "take_in"))
    ok(press(window, "facts_in"))
    info = dataset.saved(ws)[0]
    window.session_state[f"terr_review_{info.id}"] = "Orders and other facts"
    ok(window.run())
    assert "3 customers without an account" in said(window)
    table = next(d.value for d in window.dataframe if "May be" in d.value.columns)
    assert table[["ID", "Amount", "May be", "Why"]].values.tolist() == [
        ["A-9", "orders $1,000", "", ""],
        ["A 2", "orders $30", "Beta LLC (A-2)", "same ID but for signs and zeros"],
        ["Z-1", "orders $20", "", ""],
    ]

    def money() -> list[float]:
        data = dataset.dataset(ws, info.id)
        found = fact_set_of(ws, info.id, data.accounts).by_kind["orders"].money()
        return [found[k] for k in ("in", "joined", "unjoined", "excluded")]

    assert money() == [1365, 315, 1050, 0]
    ok(press(window, "unjoined_match"))
    assert "1 customer matched: 1 row, orders $30" in window.toast[0].value.replace("\\", "")
    assert money() == [1365, 345, 1020, 0]
    pick = next(m for m in window.multiselect if m.label == "Customers")
    ok(pick.set_value([("id", "Z-1")]).run())
    ok(press(window, "unjoined_leave"))
    assert money() == [1365, 345, 1000, 20]
    ok(press(window, "unjoined_make"))
    assert money() == [1365, 1345, 0, 20]
    assert dataset.dataset(ws, info.id).accounts.frame["account_id"].tolist() == ["A-1", "A-2", "A-3", "A-9"]
    ok(press(window, "unjoined_undo_all"))
    assert money() == [1365, 1315, 50, 0]
    pick = next(m for m in window.multiselect if m.label == "Customers")
    ok(pick.set_value([("id", "Z-1")]).run())
    next(t for t in window.text_input if t.label == "Find its account").set_value("gamma")
    ok(window.run())
    ok(press(window, "unjoined_to"))
    assert money() == [1365, 1335, 30, 0]


def test_facts_alone_are_enough_and_are_kept_as_they_are(open_app, ws):
    window = ok(upload(open_app(), file_of(SHOP), "shop.csv"))
    assert "Each customer of these orders becomes an account" in said(window)
    while any(b.key == "answer_all" for b in window.button):
        ok(press(window, "answer_all"))
    ok(press(window, "take_in"))
    data = dataset.dataset(ws, dataset.saved(ws)[0].id)
    assert (len(data.accounts), data.accounts.total("Sales")) == (2, 170.0)
    orders = fact_set_of(ws, data.info.id, data.accounts).by_kind["orders"]
    assert orders.account.tolist() == [0, 0, 1]
    assert orders.money() == {"in": 170.0, "joined": 170.0, "unjoined": 0.0, "excluded": 0.0, "rejected": 0.0}


def test_days_that_could_be_either_are_asked_before_they_count(open_app, ws):
    rows = (("Order ID", "Customer ID", "Order Date", "Sales"), ("1", "A-1", "02/03/2024", "5"))
    window = ok(upload(open_app(), file_of(ACCOUNTS), "crm.csv"))
    ok(press(window, "take_in"))
    ok(drop(window, ("orders.csv", file_of(rows))))
    button = next(b for b in window.button if b.key == "facts_in")
    assert button.disabled
    next(r for r in window.radio if "month first or day first" in r.label).set_value("dmy")
    ok(window.run())
    assert "2024-03-02 to 2024-03-02" in said(window)
    ok(press(window, "facts_in"))
    assert facts_kept(ws, dataset.saved(ws)[0].id)[0].first_date == "2024-03-02"


def test_the_next_extract_says_what_is_new_and_is_added_by_id(open_app, ws):
    window = ok(upload(open_app(), file_of(ACCOUNTS), "crm.csv"))
    ok(press(window, "take_in"))
    ok(drop(window, ("deals.csv", file_of(DEALS))))
    ok(press(window, "facts_in"))
    again = (DEALS[0], ("O-1", "A-1", "Proposal", "120", "2025-01-01", "2025-12-31"), ("O-9", *DEALS[4][1:]))
    ok(drop(window, ("deals-2.csv", file_of(again))))
    assert "1 new, 1 changed, 0 unchanged IDs; 4 of the earlier IDs aren't in this file." in said(window)
    warned = " ".join(w.value for w in window.warning)
    assert "1 deal was won or lost before and is open again: O-1" in warned.replace("\\", "")
    assert next(b for b in window.button if b.key == "facts_in").disabled
    next(c for c in window.checkbox if c.label == "Import it anyway").check()
    ok(window.run())
    ok(press(window, "facts_in"))
    kept = facts_kept(ws, dataset.saved(ws)[0].id)[0]
    assert (kept.rows, kept.extracts) == (6, ("deals.csv", "deals-2.csv"))
    assert kept.rows_in == 6 + 2


def test_facts_of_other_customers_can_begin_a_data_set_of_their_own(open_app, ws):
    window = ok(upload(open_app(), file_of(ACCOUNTS), "crm.csv"))
    ok(press(window, "take_in"))
    shop = (SHOP[0], *((*r[:3], f"{r[3]} Shop", *r[4:]) for r in SHOP[1:]))
    ok(drop(window, ("shop.csv", file_of(shop))))
    assert any("Most of these rows belong to no account here" in w.value for w in window.warning)
    ok(press(window, "facts_fresh"))
    assert "Each customer of these orders becomes an account" in said(window)


def test_rows_taken_for_accounts_can_be_said_to_be_facts(open_app, ws):
    window = ok(upload(open_app(), file_of(ACCOUNTS), "crm.csv"))
    ok(press(window, "take_in"))
    ok(drop(window, ("book.csv", file_of((("No", "Customer ID", "Date", "Net"), ("1", "A-1", "2024-01-31", "5"))))))
    next(b for b in window.selectbox if b.label == "Rows are").select("orders")
    ok(window.run())
    assert "1 rows" not in said(window)
    assert "= 1 joined" in said(window)
