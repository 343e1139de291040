"""The map at ZIP level in a real browser: tools, whole counties, lists, search, colours, the street map."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing
from tests.browser.conftest import Map, opened
from tests.helpers.servers import Server

UNITS = "TerrMap.session.geo.id"
NAME_OF = "TerrMap.session.byCode.get(TerrMap.session.codes[u]).name"
COLOURED = f"{UNITS}.filter((_, u) => TerrMap.session.shading.keyOf[u] > 0)"
IN_VIEW = """id => {
  const s = TerrMap.session, u = s.geo.index.get(id), z = s.map.getSize();
  const p = s.map.latLngToContainerPoint(TerrMap.lonLat(s.geo.x[u], s.geo.y[u]));
  return p.x > 0 && p.y > 0 && p.x < z.x && p.y < z.y;
}"""
LISTEN = """(() => {
  const sync = TerrMap.sync;
  window.patches = [];
  TerrMap.sync = (p) => { window.patches.push([p.assign === null, p.units.length]); sync(p); };
})()"""
HELD = """zoom => {
  const s = TerrMap.session, g = s.geo, keys = s.shading.keyOf, ctx = document.createElement("canvas").getContext("2d");
  const paths = TerrMap.outlines(g, g.level(zoom), keys, s.shading.styles.length);
  let own = 0, other = 0;
  for (let u = 0; u < g.n; u++) paths.forEach((p, k) => {
    if (p && ctx.isPointInPath(p, g.x[u], g.y[u], "evenodd")) k === keys[u] ? own++ : other++;
  });
  const found = g.x.reduce((n, x, u) => n + (g.at(x, g.y[u]) === u), 0);
  return [g.n, own, other, found];
}"""
CLUSTERS = """n => {
  const at = (k) => Array.from({ length: n }, (_, i) => ((i * k) % 9973) / 9973);
  const lat = at(7919).map(v => 30 + 10 * v), lon = at(6007).map(v => -100 + 20 * v);
  const p = new TerrMap.Points({ lat, lon, r: at(1), text: at(1) });
  const world = [0, 0, 256, 256], total = (s) => s.single.length + s.groups.reduce((t, c) => t + c.count, 0);
  return [3, 6, 9, 14].map(z => [total(p.shown(world, z)), p.shown(world, z).groups.length]);
}"""
DOVER, NEWARK, LEWES = "19901", "19711", "19958"
ROWS = "\n".join(
    [
        "Account ID,Name,ZIP,City,State,Latitude,Longitude,Revenue,Visits",
        "1,Dover Clinic,19901,Dover,DE,39.16,-75.49,100,3",
        "2,Newark Labs,19711,Newark,DE,39.70,-75.74,300,1",
        "3,Lewes Supply,19958,Lewes,DE,38.75,-75.17,200,9",
    ]
)


@pytest.fixture
def scenario(server: Server) -> Iterator[tuple[Workspace, str]]:
    """A fresh plan of Delaware by ZIP with two territories, both holding something."""
    ws = Workspace(server.root)
    raw, columns = dataset.inspect(ROWS.encode(), "accounts.csv")
    data = dataset.save(ws, ROWS.encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))
    info = editing.create(ws, dataset_id=data.info.id, level="zip", region="DE", measure="Revenue")
    units = ws.units(info)
    counties = county_of(ws, info.id)
    names = ["North" if counties[u] == "10003" else "South" for u in units.ids]
    editing.place_by_name(ws, info.id, info.rev, names)
    yield ws, info.id
    ws.close()


def county_of(ws: Workspace, sid: str) -> dict[str, str]:
    from terr.boundaries.layers.catalog import layer

    areas = layer(ws.store.scenarios.get(sid).level).areas
    return dict(zip(areas["unit_id"], areas["county"], strict=True))


def stored(scenario: tuple[Workspace, str]) -> dict[str, str]:
    """Territory of each unit as the database has it."""
    ws, sid = scenario
    plan, _ = ws.plan(sid)
    names = {t.code: t.name for t in plan.territories} | {-1: ""}
    return dict(zip(ws.units(ws.store.scenarios.get(sid)).ids, (names[int(c)] for c in plan.assign), strict=True))


def test_a_click_takes_one_zip_and_a_reload_keeps_it(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    expect(here.frame.get_by_text("Approximate areas")).to_be_visible()
    here.choose("North")
    before = stored(scenario)
    here.assign(DOVER)
    assert here.territory(DOVER) == "North"
    here.settle()
    after = stored(scenario)
    assert {u for u in after if after[u] != before[u]} == {DOVER}
    page.reload()
    assert Map(page).territory(DOVER) == "North"


def test_shift_and_the_list_take_a_whole_county(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    counties = county_of(*scenario)
    kent = {u for u in stored(scenario) if counties[u] == counties[DOVER]}
    assert len(kent) > 10
    here.choose("North")
    page.keyboard.down("Shift")
    here.assign(DOVER)
    page.keyboard.up("Shift")
    here.settle()
    assert {u for u, name in stored(scenario).items() if name == "North" and counties[u] == counties[DOVER]} == kent
    here.tool("undo")
    here.settle()
    assert stored(scenario)[DOVER] == "South"
    page.locator(".terr-line").click()
    page.keyboard.press("w")  # the keyboard's way to the same
    expect(here.frame.get_by_label("What a click takes")).to_have_value("county")
    here.assign(DOVER)
    here.settle()
    now = stored(scenario)
    assert all(now[u] == "North" for u in kent)
    assert now[LEWES] == "South"


def test_a_lasso_sends_ranges_and_the_server_says_the_same(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    here.choose("North")
    here.tool("lasso")
    x, y = here.pixel(DOVER)
    page.mouse.move(x - 150, y - 170)
    page.mouse.down()
    for dx, dy in ((150, -170), (150, 240), (-150, 240), (-150, -160)):
        page.mouse.move(x + dx, y + dy, steps=6)
    here.js("(() => { const s = TerrMap.session, push = s.push; s.push = (e) => { s.told = e; push.call(s, e); }; })()")
    page.mouse.up()
    sent = here.js("TerrMap.session.told")
    assert "short" in sent["units"]
    assert re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", sent["units"]["short"])
    here.settle()
    painted = here.js(f"{UNITS}.filter((_, u) => {NAME_OF} === 'North')")
    assert DOVER in painted
    assert {u for u, name in stored(scenario).items() if name == "North"} == set(painted)


def test_a_list_from_a_spreadsheet_moves_what_it_names(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    page.get_by_role("button", name="Paste a list").click()
    dialog = page.get_by_role("dialog")
    paste = dialog.get_by_label("paste ZIPs")
    paste.fill(f"ZIP\n{DOVER}\t{LEWES}\n{DOVER}, 90210\n19958-1234")
    paste.press("Control+Enter")
    expect(dialog.get_by_text("2 ZIPs found in 5 entries")).to_be_visible()
    expect(dialog.get_by_text("Not in this plan: 90210")).to_be_visible()
    expect(dialog.get_by_label("Whole counties")).to_be_visible()
    dialog.get_by_label("Assign to").click()
    page.get_by_role("option", name="North").click()
    dialog.get_by_role("button", name="Move 2 ZIPs").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    here.settle()
    now = stored(scenario)
    assert now[DOVER] == now[LEWES] == "North"


@pytest.mark.parametrize(
    ("typed", "kind", "unit"),
    [
        ("lewes supply", "Account", LEWES),
        ("newark", "City", NEWARK),
        (DOVER, "ZIP", DOVER),
        ("north", "Territory", NEWARK),
    ],
)
def test_search_finds_accounts_cities_zips_and_territories(server, scenario, new_page, typed, kind, unit) -> None:
    page, here = opened(new_page, server, scenario[1])
    page.locator(".terr-line").click()
    page.keyboard.press("/")
    page.keyboard.type(typed)
    hit = here.frame.get_by_role("option").filter(has=here.frame.locator(f"small:text-is('{kind}')")).first
    expect(hit).to_be_visible()
    for _ in range(20):
        if hit.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    here.frame.wait_for_function(IN_VIEW, arg=unit)
    if kind != "Territory":
        here.frame.wait_for_function("TerrMap.session.map.getZoom() > 8.5")
        expect(here.frame.locator("#terr-say")).to_contain_text("South" if unit != NEWARK else "North")
    if kind == "ZIP":  # without the mouse: found, then Enter gives it to the active territory
        here.choose("North")
        here.frame.locator(".leaflet-container").focus()
        page.keyboard.press("Enter")
        here.settle()
        assert stored(scenario)[unit] == "North"


def test_colours_of_a_measure_and_of_what_changed_hands(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    here.choose("North")
    here.assign(DOVER)
    here.settle()
    here.legend()
    here.option("Color by", "change:start")
    here.frame.wait_for_function("TerrMap.session.shading.mode === 'change'")
    changed = here.js(COLOURED)
    assert changed == [DOVER]
    expect(here.frame.locator(".terr-legend li").filter(has_text="Unchanged")).to_be_visible()
    here.assign(LEWES)  # what is painted now changed hands too, before the server says so
    assert set(here.js(COLOURED)) == {
        DOVER,
        LEWES,
    }
    here.option("Color by", "measure:Visits")
    here.frame.wait_for_function("TerrMap.session.shading.mode === 'measure'")
    expect(here.frame.locator(".terr-legend p").filter(has_text="Visits per ZIP")).to_be_visible()
    classes = here.js(COLOURED)
    assert set(classes) == {DOVER, NEWARK, LEWES}
    here.option("Color by", "deviation")
    expect(here.frame.locator(".terr-legend li").filter(has_text="within ±5%")).to_be_visible()
    here.settle()


def test_accounts_are_asked_for_and_shown(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    assert here.js("TerrMap.session.points") is None
    here.legend()
    here.frame.get_by_role("checkbox", name="Accounts", exact=True).check()
    here.frame.wait_for_function("TerrMap.session.points !== null")
    assert here.js("TerrMap.session.points.n") == 3


def test_circles_count_every_account_once_and_split_as_one_zooms_in(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    counted = here.js(CLUSTERS, 5_000)
    assert [n for n, _ in counted] == [5_000] * 4
    groups = [g for _, g in counted]
    assert 0 < groups[0] < groups[1] < groups[2]
    assert [n for n, g in here.js(CLUSTERS, 900)] == [900] * 4
    assert {g for _, g in here.js(CLUSTERS, 900)} == {0}, "few accounts are drawn one by one"


def test_labels_never_lie_over_each_other(server, scenario, new_page) -> None:
    ws, sid = scenario
    units = ws.units(ws.store.scenarios.get(sid))
    names = [f"A territory with quite a long name {u % 25}" for u in range(len(units))]
    editing.place_by_name(ws, sid, ws.plan(sid)[1], names)
    _, here = opened(new_page, server, sid)
    boxes = here.js("TerrMap.session.placed")
    assert 1 < len(boxes) <= 25
    for i, (x, y, half, height) in enumerate(boxes):
        for x2, y2, half2, height2 in boxes[:i]:
            assert abs(x - x2) >= half + half2 - 1e-9 or abs(y - y2) >= min(height, height2) - 1e-9


def test_the_street_map_is_off_until_asked_for_and_says_where_it_comes_from(
    server, scenario, windows, new_page
) -> None:
    windows.allowed.add("tile.openstreetmap.org")
    page, here = opened(new_page, server, scenario[1])
    here.assign(DOVER)
    here.settle()
    assert windows.abroad() == set()
    here.legend()
    street = here.frame.get_by_label("Street map (online)")
    expect(street).not_to_be_checked()
    with page.expect_request("**/tile.openstreetmap.org/**"):
        street.check()
    expect(here.frame.get_by_text("OpenStreetMap contributors")).to_be_visible()
    here.frame.wait_for_function("TerrMap.session.tiles !== null")
    assert windows.abroad() == {"tile.openstreetmap.org"}
    street.uncheck()
    here.frame.wait_for_function("TerrMap.session.tiles === null")
    expect(here.frame.get_by_text("OpenStreetMap contributors")).to_have_count(0)
    street.check()
    here.frame.wait_for_function("TerrMap.session.tiles !== null")
    page.reload()  # another visit begins without it
    again = Map(page)
    assert again.js("TerrMap.session.tiles") is None


def test_a_pan_leaves_no_blank_edge_and_a_change_is_sent_short(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    covered = "(() => { const p = TerrMap.session.painter; return p._covers(0); })()"
    x, y = here.pixel(DOVER)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 60):
        page.mouse.move(x - 9 * step, y - 4 * step)
        if step % 10 == 0:
            page.wait_for_timeout(30)
            assert here.js(covered)
    page.mouse.up()
    here.frame.locator('button[data-tool="fit"]').click()
    page.wait_for_timeout(600)
    here.choose("North")
    here.settle()
    here.js(LISTEN)
    here.assign(LEWES)
    here.settle()
    here.frame.wait_for_function("window.patches.some((p) => p[0] && p[1] === 1)")
    assert stored(scenario)[LEWES] == here.territory(LEWES) == "North"


def test_outlines_hold_their_own_units_and_no_others(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    for turn in range(2):
        n, own, other, found = here.js(HELD, 16)
        assert (own, other, found) == (n, 0, n)
        _, coarse, astray, _ = here.js(HELD, 6)  # a few points of a border are left out where nobody can see them
        assert coarse >= 0.97 * n
        assert astray <= 0.03 * n
        if not turn:  # in many small pieces, with holes
            here.js(
                "(() => { const s = TerrMap.session; for (let u = 0; u < s.geo.n; u++) if (u % 3 === 0)"
                " s.codes[u] = s.territories[u % 2].code; s.shading.rebuild(); })()"
            )
