"""The order of a plan's rules by drag: a row is taken by the mouse, and the accounts are caught in the new order."""

from __future__ import annotations

from playwright.sync_api import expect

from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from tests.helpers.servers import Server


def test_a_rule_is_dragged_above_another(server: Server, new_page) -> None:
    ws = Workspace(server.root)
    lines = "\n".join(f"A-{k},Firm {k},Kent,DE,{100_000 * (k % 6)}" for k in range(60))
    data = f"Account ID,Name,County,State,Potential\n{lines}".encode()
    raw, columns = dataset.inspect(data, "rules.csv")
    dataset.save(ws, data, dataset.intake(raw, columns, {"Potential": "USD"}))
    ws.close()
    page = new_page(width=1400, height=1100)
    page.goto(f"{server.url}/plan")
    page.locator(".st-key-new_plan_here_by").get_by_text("Layers", exact=True).click()
    for name, rule in (("1", "Potential >= 100000"), ("2", "Potential >= 400000")):
        if name == "2":
            page.get_by_role("button", name="Add layer").click()
        way = page.locator(f".st-key-new_plan_here_rules_{name}_way")
        expect(way).to_be_visible(timeout=30_000)
        way.locator("input").click()
        page.get_by_role("option", name="Rule", exact=True).click()
        field = page.locator(f".st-key-new_plan_here_rules_{name}_rule input")
        expect(field).to_be_visible(timeout=30_000)
        field.fill(rule)
        field.press("Enter")
    rows = page.locator("li[data-id]")
    expect(rows).to_have_count(2, timeout=30_000)
    expect(rows.nth(1)).to_contain_text("0 (0.0%)", timeout=30_000)  # the first rule has them all
    first, second = rows.nth(0).bounding_box(), rows.nth(1).bounding_box()
    assert first is not None
    assert second is not None
    page.mouse.move(second["x"] + 60, second["y"] + second["height"] / 2)
    page.mouse.down()
    page.mouse.move(first["x"] + 60, first["y"] + first["height"] / 2 + 2, steps=4)
    page.mouse.move(first["x"] + 60, first["y"] + 2, steps=4)
    page.mouse.up()
    expect(rows.nth(0)).to_have_attribute("data-id", "2", timeout=30_000)
    expect(rows.nth(0)).not_to_contain_text("0 (0.0%)", timeout=30_000)
    expect(page.locator('input[aria-label="Layer 1"]')).to_have_value("Layer 2", timeout=30_000)
    expect(rows.nth(1)).to_contain_text("Key accounts")
