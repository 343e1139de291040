"""People's text in a real browser: whatever a file or a name says, nothing runs, nothing links, nothing is fetched.

`new_page` counts every request to another machine and every script error; both must be none.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from terr.edits import moves
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.model.person import Person
from terr.model.reps import Rep
from terr.scoring.language import column_name
from terr.ui.access.pages import NAMES
from terr.workspace import Workspace
from terr.workspace.accounts import dataset, next_extract, upload
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.live import comments, proposals
from terr.workspace.plan import editing
from terr.workspace.scenarios import exceptions, tree
from terr.workspace.scores import recipe, segments
from terr.workspace.scores.potential import Formula
from tests.browser.conftest import ACTIVE, Map
from tests.helpers.geofiles import geojson, squares
from tests.helpers.servers import Server

PAYLOADS = (
    "<script>top.hit=1</script>",
    "<img src=x onerror=top.hit=1>",
    '"><svg onload=top.hit=1>',
    "</script><script>top.hit=1</script>",
    "`${top.hit=1}`",
    "');top.hit=1;//",
    "![i](http://img.example/a.png)",
    "[l](http://link.example/) <http://angle.example>",
    "http://bare.example/a www.bare.example a@mail.example",
    ":material/lock: :smile: :red[x] $\\href{http://tex.example}{x}$",
    "<iframe src=http://frame.example></iframe>",
    "{{7*7}} {% x %} <style>@import 'http://css.example'</style>",
)
IMAGE, LINK = PAYLOADS[6:8]
COLUMN = 'a.b [x] "y": ![c](http://column.example/c.png)'
MEASURE = "![m](http://measure.example/m.png) www.measure.example $x$ <img src=x onerror=top.hit=1>"
FILE = "![f](http:img.example) www.file.example $a$ <img src=x onerror=top.hit=1>.csv"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def table() -> bytes:
    rows = [f"Account ID,Account Name,County,State,Latitude,Longitude,{quoted(MEASURE)},{quoted(COLUMN)},Stage,image"]
    places = (("Kent", 39.1, -75.5), ("New Castle", 39.6, -75.6), ("Sussex", 38.7, -75.4))
    for i, payload in enumerate(PAYLOADS):
        county, lat, lon = places[i % 3]
        rows.append(f"{quoted(payload)},{quoted(payload)},{county},DE,{lat},{lon},{100 + i},{quoted(payload)},Won,{i}")
    rows.append(f"{quoted(PAYLOADS[6])},x,{quoted(PAYLOADS[8])},{quoted(PAYLOADS[1])},,,{quoted(PAYLOADS[6])},,,")
    return "\n".join(rows).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("hostile")
    with Server(root) as running:
        yield running


@pytest.fixture(scope="module")
def sid(server: Server) -> str:
    """Delaware with twelve territories, reps, accounts, a measure and a file name that all try something."""
    ws = Workspace(server.root)
    raw, columns = dataset.inspect(table(), FILE)
    data = dataset.save(
        ws, table(), dataset.intake(raw, columns), reps=[Rep(f"U-{i}", p, "19901") for i, p in enumerate(PAYLOADS)]
    )
    assert MEASURE in data.accounts.measures
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure=MEASURE, name=PAYLOADS[6])

    def change(make: editing.Make) -> None:
        editing.edit(ws, info.id, 0, make, strict=False)

    for i, payload in enumerate(PAYLOADS):
        if i:
            change(lambda p, c, n=payload: moves.new_territory(p, next_code=c, name=n, color=1))
        else:
            change(lambda p, _, n=payload: moves.rename(p, 0, n))
        change(lambda p, _, i=i: moves.set_rep(p, p.codes[i], f"U-{i}"))
    for unit in range(3):
        editing.paint(ws, info.id, [unit], unit)
    _said(ws, info.id, data)
    _facts(ws, data)
    ws.close()
    return info.id


def _said(ws: Workspace, sid: str, data: dataset.Dataset) -> None:
    """What people say and keep about a plan, each with a name that tries something."""
    ann = Person("ann", f"{LINK} {PAYLOADS[1]}")
    for text in (IMAGE, LINK):
        comments.say(ws, sid, text, by=ann)
        tree.name_version(ws, sid, text, by=ann)
    comments.say(ws, sid, IMAGE, target="territory", target_id="1", by=ann)
    proposals.propose(ws, sid, [1], [2], reason=IMAGE, by=ann)
    for kind in ("tag", "note"):
        tree.add_mark(ws, tree.tree(ws)[0], kind, IMAGE, by=ann)
    exceptions.enter(ws, sid, [IMAGE], kind="named", territory=1, reason=LINK, by=ann)
    tree.branch(ws, sid, ws.scenario(sid).head, LINK, by=ann)
    size = segments.bands_of(data.accounts, MEASURE, "104, 108")
    parts = (segments.Segment(IMAGE, f"{column_name(COLUMN)} is not blank"), *size)
    recipe.change(ws, data.info.id, lambda r: r.with_one(segments.Segments(f"S {IMAGE}"[:80], parts, (MEASURE,))))
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula(f"F {IMAGE}", f"{column_name(MEASURE)} * 2")))


def _facts(ws: Workspace, data: dataset.Dataset) -> None:
    """Orders, deals and activities of the accounts, whose products, stages, types and people try something."""
    n = len(PAYLOADS)
    stages = ("Closed Won", "Closed Lost", f"Offer {IMAGE}")
    days = [f"{2023 + k // 12}-{k % 12 + 1:02d}-15" for k in range(36)]
    rows = {
        "orders": [
            ["Order ID", "Account ID", "Order Date", "Amount", "Product", COLUMN],
            *([f"O{k} {IMAGE}", PAYLOADS[k % n], days[k], k + 1, PAYLOADS[k % n], PAYLOADS[k % n]] for k in range(36)),
        ],
        "opportunities": [
            ["Opportunity ID", "Account ID", "Stage", "Amount", "Created Date", "Close Date", "Type", "Owner"],
            *([f"P{k}", PAYLOADS[k % n], stages[k % 3], 9, days[k], days[k], PAYLOADS[k % n], LINK] for k in range(36)),
        ],
        "activities": [
            ["Account ID", "Rep", "Type", "Date"],
            *([PAYLOADS[k % n], PAYLOADS[k % n], PAYLOADS[(k + 3) % n], days[k]] for k in range(36)),
        ],
    }
    for kind, table_of in rows.items():
        content = "\n".join(",".join(quoted(str(cell)) for cell in row) for row in table_of).encode()
        facts = read_facts(read_table(content, f"{kind}.csv"), kind=kind)
        assert len(facts.frame) == 36, kind
        keep_facts(ws, data.info.id, facts, f"{kind} {FILE}", data=content)


def areas() -> bytes:
    """Areas of one's own whose IDs, names and columns try something."""
    frame = squares(list(PAYLOADS), west=-76.0, south=38.5, step=0.2)
    return geojson(frame.assign(name=PAYLOADS).rename(columns={"id": f"ID {IMAGE}", "name": f"Name {LINK}"}))


@pytest.fixture
def window(new_page: Callable[..., Page]) -> Iterator[Page]:
    page = new_page()
    asked: list[str] = []
    blocked: list[str] = []
    heard = {
        "dialog": lambda d: (asked.append(d.message), d.dismiss()),
        "console": lambda m: blocked.append(m.text) if "Content Security Policy" in m.text else None,
    }
    for event, hear in heard.items():
        page.on(event, hear)  # type: ignore[call-overload]
    yield page
    for event, hear in heard.items():
        page.remove_listener(event, hear)
    assert asked == []
    assert blocked == [], "a page needed something that its policy forbids"


GREW = """() => [
  ...[...document.querySelectorAll('a[href]:not([href^="#"]),img,iframe,script,link,style,.katex')]
    .map(e => e.outerHTML)
    .filter(t => /example|onerror|top.hit/.test(t.replace(/JSON\\.parse\\(.*\\)/g, '')) || /katex/.test(t)),
  ...[...document.querySelectorAll('[onerror],[onload]')].map(e => e.outerHTML),
  ...(window.hit === undefined ? [] : ['a script ran']),
]"""


def harmless(page: Page) -> None:
    """No script ran and no element came out of people's text, in the page and in the map."""
    for frame in page.frames:
        found = frame.evaluate(GREW)
        assert found == [], found


def test_the_plan_page_shows_hostile_text_as_text(server: Server, sid: str, window: Page) -> None:
    page = window
    page.goto(f"{server.url}/plan?scenario={sid}")
    here = Map(page)
    expect(page.locator(".terr-line b")).to_have_text(PAYLOADS[6])
    options = here.frame.locator(f"{ACTIVE} option").all_inner_texts()
    assert [o.split("  ")[-1] for o in options[:9]] == [" ".join(p.split()) for p in PAYLOADS[:9]]
    here.legend()
    here.frame.get_by_role("checkbox", name="Accounts", exact=True).check()
    here.frame.wait_for_function("TerrMap.session.points !== null")
    expect(here.frame.locator(".terr-legend li").filter(has_text="onerror").first).to_be_visible()
    find = here.frame.get_by_role("combobox", name="Find a unit")
    find.fill("top.hit")  # people's text in the list of what is found, from here and from the server
    expect(here.frame.locator(".terr-found").get_by_role("option").filter(has_text="top.hit").first).to_be_visible()
    harmless(page)
    find.press("Escape")
    for unit in ("10001", "10003", "10005"):
        page.mouse.move(*here.pixel(unit))
        expect(here.frame.locator(".terr-tip")).to_contain_text("top.hit=1")
    harmless(page)
    bars = page.locator('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg').first
    box = bars.bounding_box()
    assert box is not None
    for i in range(12):
        page.mouse.move(box["x"] + 105, box["y"] + 14 + 24 * i)
        page.wait_for_timeout(40)
    harmless(page)
    expect(page.get_by_text("by territory, % of target")).to_contain_text("$x$ <img src=x")
    page.get_by_role("button", name="Territories", exact=True).click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("Name", exact=True)
    field.fill(PAYLOADS[7] + " " + PAYLOADS[6])  # taken in with its own text in the answer when merged below
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_test_id("stToast").first).to_contain_text("Renamed")
    harmless(page)
    page.get_by_role("button", name="Territories", exact=True).click()
    dialog.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_test_id("stToast").last).to_contain_text("img.example")
    harmless(page)
    page.get_by_role("button", name="Paste a list", exact=True).click()
    paste = dialog.get_by_label("or paste counties")
    paste.fill(PAYLOADS[6] + "\n" + PAYLOADS[8])
    paste.press("Control+Enter")
    expect(dialog.get_by_text("Not in this plan:")).to_contain_text("img.example")
    harmless(page)


def test_the_other_pages_show_hostile_text_as_text(server: Server, sid: str, window: Page) -> None:
    page = window
    page.goto(f"{server.url}/accounts")
    expect(page.get_by_text("4 Plan")).to_be_visible()
    expect(page.get_by_role("heading", name="imported")).to_contain_text("$x$ <img src=x")
    harmless(page)
    page.goto(f"{server.url}/plan")
    expect(page.get_by_role("button", name="img.example")).to_be_visible()
    harmless(page)
    for name in ("reps", "reports"):
        page.goto(f"{server.url}/{name}?scenario={sid}")
        expect(page.locator(".terr-line b")).to_have_text(PAYLOADS[6])
        expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
        harmless(page)
    page.goto(f"{server.url}/scenarios")
    page.get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("button", name="Delete").wait_for()
    Opened(page).look()  # what can be done with the chosen plan


VIEW_MS = 400
"""A view that was asked for is drawn when nothing moved for so long: the server hears of the click a moment later."""
LIST = '[data-testid="stSelectbox"], [data-testid="stMultiSelect"]'
SETTLED = """quiet => {
  const app = document.querySelector('[data-testid="stApp"]'), now = performance.now();
  const idle = app && app.dataset.testScriptState === "notRunning" && app.dataset.testConnectionState === "CONNECTED"
    && !document.querySelector('[data-stale="true"]');
  if (!idle) window.busyAt = now;
  return idle && now - window.busyAt >= quiet;
}"""
FRESH = """marks => marks.flatMap((mark, i) => {
  const words = mark.innerText, seen = mark.lookedAt === words;
  mark.lookedAt = words;
  return mark.checkVisibility() && !seen ? [i] : [];
})"""


def settled(page: Page, quiet_ms: int = 120) -> None:
    """Until the server has had nothing to draw for so long."""
    page.evaluate("() => { window.busyAt = performance.now(); }")
    page.wait_for_function(SETTLED, arg=quiet_ms)


class Opened:
    """Opens all that a page keeps shut, and looks into it; what the lists offered is kept.

    Args:
        page: the browser's window.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.options: list[str] = []

    def look(self, within: str = "body") -> None:
        """Every list, popover, fold and help text of the page, or of a part of it, that it hasn't looked into yet."""
        page = self.page
        settled(page)
        harmless(page)
        folds = page.locator(f"{within} details:not([open]) > summary").locator("visible=true")
        while folds.count():
            folds.first.click()
            settled(page)
        for button in self.fresh(page.locator(f'{within} [data-testid="stPopover"] button')):
            if button.is_enabled():
                button.click()
                page.locator('[data-testid="stPopoverBody"]').wait_for()
                harmless(page)
                button.click()
        for field in self.fresh(page.locator(within).locator(LIST)):
            inner = field.locator("input").first
            if inner.is_enabled():
                inner.click()
                inner.press("ArrowDown")
                page.wait_for_timeout(150)
                self.options += page.locator('[role="option"]').all_inner_texts()
                harmless(page)
                inner.press("Escape")
                page.locator('[role="option"]').first.wait_for(state="hidden")
        for mark in self.fresh(page.locator(f'{within} [data-testid="stTooltipHoverTarget"]')):
            mark.hover(force=True)
            page.wait_for_timeout(60)
            harmless(page)
        for grid in page.locator(f'{within} [data-testid="stDataFrame"]').locator("visible=true").all()[:2]:
            self.cells(grid)
        page.mouse.move(0, 0)

    @staticmethod
    def fresh(found: Locator) -> list[Locator]:
        """Those of a page's elements that are visible and weren't there, with these words, at the last look."""
        return [found.nth(i) for i in found.evaluate_all(FRESH)]

    def cells(self, grid: Locator) -> None:
        """The editors and choosers of the cells of a table's first row."""
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        if box is None or box["height"] < 70:
            return
        for share in (0.1, 0.3, 0.5, 0.7, 0.9):
            self.page.mouse.dblclick(box["x"] + share * box["width"], box["y"] + 52)
            self.page.wait_for_timeout(80)
            harmless(self.page)
            self.page.keyboard.press("Escape")
            self.page.keyboard.press("Escape")

    def tabs(self, role: str, names: Sequence[str]) -> None:
        """The same in each of the parts that are shown one at a time."""
        for name in names:
            self.page.get_by_role(role, name=name).first.click(force=True)  # type: ignore[arg-type]
            settled(self.page, VIEW_MS)
            self.look()


def test_everything_a_page_can_open_shows_hostile_text_as_text(server: Server, sid: str, window: Page) -> None:
    page, url = window, server.url
    seen = Opened(page)
    page.goto(f"{url}/home")
    expect(page.get_by_text("Recent plans")).to_be_visible()
    seen.look()
    page.goto(f"{url}/accounts")
    expect(page.get_by_text("4 Plan")).to_be_visible()
    seen.look()
    parts = [t.split("(")[0].strip() for t in page.get_by_role("tab").all_inner_texts()]
    assert len(parts) >= 5
    seen.tabs("tab", parts)
    upload = page.locator('input[type="file"]').last  # of the newer export
    upload.set_input_files({"name": FILE, "mimeType": "text/csv", "buffer": table().replace(b",100,", b",900,")})
    expect(page.get_by_text("Check the field of each column")).to_be_visible()
    seen.look()
    assert any("column.example" in o or "img.example" in o for o in seen.options), seen.options[:40]


@pytest.mark.long
def test_everything_scores_and_scenarios_open_shows_hostile_text_as_text(
    server: Server, sid: str, window: Page
) -> None:
    page, url = window, server.url
    seen = Opened(page)
    page.goto(f"{url}/scores")
    page.get_by_test_id("stButtonGroup").first.wait_for()
    settled(page)
    seen.tabs("radio", page.get_by_role("radio").all_inner_texts()[:7])
    assert any("column.example" in o for o in seen.options), seen.options[:40]
    page.goto(f"{url}/scenarios")
    page.get_by_role("button", name="More", exact=True).first.wait_for()
    seen.tabs("radio", ["Plans", "History", "Compare", "Exceptions"])
    assert sum(IMAGE in o for o in seen.options) > 3


@pytest.mark.long
def test_everything_the_plan_and_its_files_open_shows_hostile_text_as_text(
    server: Server, sid: str, window: Page
) -> None:
    page, url = window, server.url
    seen = Opened(page)
    page.goto(f"{url}/plan?scenario={sid}")
    Map(page)
    seen.tabs("radio", ["Moves", "Proof", "Trade-off", "Together"])
    for name in ("Generate", "Territories", "Paste a list", "Balance"):
        page.get_by_role("button", name=name, exact=True).first.click()
        page.get_by_role("dialog").wait_for()
        seen.look('[role="dialog"]')
        page.get_by_role("dialog").get_by_role("button", name="Close").first.click()
        page.get_by_role("dialog").wait_for(state="hidden")
    for name in ("reps", "reports"):
        page.goto(f"{url}/{name}?scenario={sid}")
        page.get_by_test_id("stDataFrame").first.wait_for()
        seen.look()
    assert sum("img.example" in o for o in seen.options) > 5, seen.options
    page.goto(f"{url}/settings")
    page.get_by_test_id("stDataFrame").first.wait_for()
    own = {"name": "![f](http:img.example).geojson", "mimeType": "application/json", "buffer": areas()}
    page.locator('input[type="file"]').last.set_input_files(own)
    expect(page.get_by_text("ID column")).to_be_visible()
    seen.look()
    page.get_by_role("button", name="Check the areas").first.click()
    expect(page.get_by_text("can be used.")).to_be_visible()
    seen.look()


@pytest.mark.long
def test_everything_that_shows_facts_opens_hostile_text_as_text(server: Server, sid: str, window: Page) -> None:
    page = window
    seen = Opened(page)
    page.goto(f"{server.url}/performance?scenario={sid}")
    views = page.get_by_test_id("stButtonGroup").filter(has_text="Over time").get_by_role("radio")
    views.first.wait_for()
    settled(page)
    names = views.all_inner_texts()
    assert len(names) >= 5
    for name in names:
        page.get_by_role("radio", name=name, exact=True).click(force=True)
        settled(page, VIEW_MS)
        expect(page.get_by_test_id("stProgress")).to_have_count(0)  # figures of a moment are worked out beside the page
        seen.look()
        for canvas in page.locator('[data-testid="stVegaLiteChart"] canvas').all()[:3]:
            box = canvas.bounding_box()
            for i in range(8 if box else 0):
                page.mouse.move(box["x"] + 90 + 40 * i, box["y"] + 30 + 12 * i)  # type: ignore[index]
                page.wait_for_timeout(30)
            harmless(page)
    assert any("img.example" in o for o in seen.options), seen.options[:40]


CRAWLED = ("home", "accounts", "scores", "plan", "scenarios", "performance", "reports", "settings")
"""Pages with a test of their own above; all others, those to come too, are opened in each of their views."""


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in NAMES if n not in CRAWLED])
def test_every_view_of_a_page_opens_hostile_text_as_text(server: Server, sid: str, window: Page, name: str) -> None:
    page = window
    page.goto(f"{server.url}/{name}?scenario={sid}")
    page.get_by_role("heading", level=1).wait_for()
    settled(page)
    seen = Opened(page)
    seen.look()
    for role in ("radio", "tab"):
        for view in range(page.get_by_role(role).count()):
            one = page.get_by_role(role).nth(view)
            if one.is_visible() and one.is_enabled():
                one.click(force=True)
                settled(page, VIEW_MS)
                seen.look()
    assert "img.example" in "".join(seen.options) + page.inner_text("body"), seen.options[:40]


def test_review_tells_of_a_drift_by_hostile_accounts(server: Server, sid: str, window: Page) -> None:
    ws = Workspace(server.root)
    old = ws.scenario(sid).dataset_id
    newer = (
        table().replace(quoted(PAYLOADS[0]).encode(), quoted(f"new {PAYLOADS[0]}").encode()).replace(b",105,", b",905,")
    )
    draft = upload.suggested(upload.open_file(ws, newer, FILE))
    data = next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, old, draft))
    next_extract.move(ws, sid, old, data.info.id)
    ws.close()
    page = window
    page.goto(f"{server.url}/review?scenario={sid}")
    expect(page.get_by_role("tab", name="Drift and repair")).to_be_visible(timeout=60_000)
    seen = Opened(page)
    seen.tabs("tab", page.get_by_role("tab").all_inner_texts())
    assert any("img.example" in o for o in seen.options), seen.options[:40]


def test_a_browser_asks_nobody_else_whatever_a_text_became(server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.url}/home")
    page.get_by_test_id("stSidebarNav").wait_for()
    refused = page.evaluate(
        """async () => {
          const said = [];
          document.addEventListener("securitypolicyviolation", (e) => said.push(e.effectiveDirective));
          document.body.append(Object.assign(new Image(), { src: "http://img.example/a.png" }));
          await fetch("http://img.example/b").catch(() => 0);
          document.body.insertAdjacentHTML("beforeend", "<iframe src='http://frame.example'></iframe>");
          await new Promise((done) => setTimeout(done, 300));
          return said;
        }"""
    )
    assert set(refused) == {"img-src", "connect-src", "frame-src"}


def answer(server: Server, path: str, **headers: str) -> tuple[int, bytes]:
    """Status and all of the raw answer; the path goes out as it is written here."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        sent = {"Host": f"127.0.0.1:{server.port}", "Connection": "close", **headers}
        asked = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items()), "", ""]
        line.sendall("\r\n".join(asked).encode())
        said = line.recv(4096)
        while b" 101 " not in said[:20] and (more := line.recv(65536)):
            said += more
    return int(said.split()[1]), said


def knocking(server: Server, origin: str, host: str) -> int:
    """Status of the door to the app's data, as a page of `origin` would knock on it."""
    key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    return answer(
        server,
        "/_stcore/stream",
        **key,
        Connection="Upgrade",
        Upgrade="websocket",
        Origin=f"http://{origin}",
        Host=host,
    )[0]


def test_pages_of_other_sites_are_not_let_in(server: Server) -> None:
    port = server.port
    for name in ("127.0.0.1", "localhost"):
        assert knocking(server, f"{name}:{port}", f"{name}:{port}") == 101
    assert knocking(server, "evil.example", f"127.0.0.1:{port}") == 403
    assert knocking(server, f"evil.example:{port}", f"evil.example:{port}") == 403, "a name made to mean 127.0.0.1"
    log = server.log.read_text()
    assert "external IP" not in log, "a server on the internet was asked"


def test_no_address_reaches_a_file_outside_the_static_folder(server: Server) -> None:
    assert answer(server, "/app/static/terr.png")[0] == 200
    for up in ("..", "%2e%2e", "..%2f..", "..%5c..", "....//..", "geo/../..", "%2e%2e%2f%2e%2e", "/etc"):
        for file in ("app.py", "README.md", "pyproject.toml", "passwd", ".streamlit/config.toml"):
            for base in ("/app/static/", "/static/", "/media/", "/component/streamlit_folium.st_folium/", "/"):
                status, said = answer(server, f"{base}{up}/{file}")
                page = b"Copyright (c) Streamlit" in said  # the empty app, which asks for its page by itself
                assert status in {400, 403, 404} or page, (base, up, file, said[:300])
