"""Facts on the Accounts page: several files at once, each recognized, confirmed, joined, kept."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from terr.workspace.accounts import dataset
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from tests.pages.test_accounts import _patient, ok, press, said, upload  # noqa: F401 (a fixture)
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, ORDERS, file_of

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
