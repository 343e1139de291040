"""Methods on page Scenarios as a person meets them: one click, a table, and one of them opened."""

from __future__ import annotations

import time

import pytest

from terr.workspace.plan import editing
from tests.helpers.spaces import more
from tests.workspace.books.plans import accounts_data
from tests.workspace.situations.places import COUNTIES


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


@pytest.mark.slow
def test_methods_side_by_side_and_one_opened(open_app, ws) -> None:
    rows = [(f"N-{i}-{k}", c, "NJ", k, 10.0) for i, c in enumerate(COUNTIES) for k in ("Health", "Retail")]
    info = editing.create(
        ws, dataset_id=accounts_data(ws, rows).info.id, level="county", region="NJ", measure="Revenue"
    )
    more(ws, info.id, ["B", "C"])
    editing.paint(ws, info.id, range(21), 0)
    window = open_app("scenarios", scenario=info.id).run()
    window.segmented_control(key="terr_view").set_value("Methods")
    window.run()
    assert not window.exception
    window.button(key="terr_methods_go").click()
    window.run()
    ends = time.monotonic() + 90
    while not any(b.key == "terr_method_size" for b in window.button) and time.monotonic() < ends:
        time.sleep(0.3)
        window.run()
    assert not window.exception
    table = window.dataframe[0].value
    assert list(table.columns)[1:-1] == ["Geography", "Industry", "Size", "Large accounts and geography"]
    window.button(key="terr_method_column:Industry").click()
    window.run()
    assert not window.exception
    (made,) = (p for p in ws.store.scenarios.find() if p.id != info.id)
    assert made.name.endswith("by Industry")
    assert made.level == "account"
