"""People who sign in, in a real browser, at a real provider: each page asks, roles hold, strangers find nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from terr.model.person import Person
from terr.ui.access.pages import PAGES
from terr.workspace import Workspace
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import demo
from terr.workspace.plan import editing
from tests.browser.conftest import Map
from tests.helpers.oidc import provided, secrets
from tests.helpers.servers import Server

ANA, BOB = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob")


@dataclass
class Team:
    """The app with a sign-in, Ana's plan in it, and the store beside it."""

    url: str
    ws: Workspace
    sid: str


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    root = tmp_path_factory.mktemp("team")
    ws = Workspace(root)
    ws.sign_in = True
    mine = for_person(ws, ANA)
    data = demo.demo_dataset(mine)
    measure = data.accounts.measures[0]
    made = editing.create(
        mine, dataset_id=data.info.id, level="state", region="VT,NH,ME,MA", measure=measure, name="North"
    )
    server = Server(root, env={"HOME": str(root), roles.ADMINS: "root@example.com"})
    with provided() as provider:
        secrets(root, provider.url, server.url)  # in the home folder
        with server:
            yield Team(server.url, ws, made.id)
    ws.close()


def sign_in(page: Page, user: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=user, exact=True).click()
    expect(page.get_by_text(f"Signed in as {user.title()}")).to_be_visible()


def test_each_page_asks_for_the_sign_in_and_then_opens(team: Team, new_page: Callable[..., Page]) -> None:
    page = new_page()
    for name, _, _ in PAGES:
        page.goto(f"{team.url}/{name}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_text("never sees your password")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        assert page.locator(".terr-line").count() == 0
    page.goto(f"{team.url}/reports")
    sign_in(page, "ana")
    assert page.url == f"{team.url}/reports"  # where they wanted to go
    for name, title, _ in PAGES:
        page.goto(f"{team.url}/{name}")
        expect(page.locator(".terr-line")).to_be_visible()
        heading = "Balanced sales territories" if name == "home" else title
        expect(page.get_by_role("heading", name=heading, exact=name != "home").first).to_be_visible()
    cookies = {c["name"]: c for c in page.context.cookies()}
    assert cookies["_streamlit_user"]["httpOnly"]
    assert cookies["_streamlit_user"]["sameSite"] == "Lax"
    assert "ana@" not in page.evaluate("document.cookie")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{team.url}/plan?scenario={team.sid}")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_plan_is_shared_looked_at_and_edited_by_role(team: Team, new_page: Callable[..., Page]) -> None:
    ana, bob = new_page(), new_page()
    bob.goto(f"{team.url}/plan?scenario={team.sid}")
    sign_in(bob, "bob")
    expect(bob.get_by_text("The plan in this address can't be opened: this plan isn't found")).to_be_visible()
    expect(bob.get_by_text("North")).to_have_count(0)

    ana.goto(f"{team.url}/plan?scenario={team.sid}")
    sign_in(ana, "ana")
    assert ana.url == f"{team.url}/plan?scenario={team.sid}"
    Map(ana)
    ana.get_by_role("link", name="Settings").click()
    expect(ana.get_by_text("1 person")).to_be_visible()
    ana.get_by_label("Email address").fill("Bob@example.com")
    ana.get_by_role("combobox", name="May").last.click()
    ana.get_by_role("option", name="Viewer").click()
    ana.get_by_role("button", name="Add").click()
    expect(ana.get_by_text("2 people")).to_be_visible()
    assert {r.user_id: r.role for r in team.ws.store.roles.of(team.sid)} == {
        ANA.user_id: "owner",
        BOB.user_id: "viewer",
    }
    ana.get_by_role("button", name="Leave").click()
    expect(ana.get_by_text("a plan needs an owner")).to_be_visible()

    bob.goto(f"{team.url}/plan?scenario={team.sid}")
    why = "You can look at this plan; ask ana@example.com for the right to edit."
    expect(bob.get_by_text(why).first).to_be_visible()
    seen = Map(bob)
    for name in ("Generate", "New", "Territories", "Paste a list", "Balance"):
        expect(bob.get_by_role("button", name=name, exact=True)).to_be_disabled()
    before = team.ws.store.scenarios.rev(team.sid)
    seen.click("VT")
    expect(seen.frame.get_by_text(why).first).to_be_visible()
    # even if their script is changed, the server refuses (what it answers: tests/ui/access/test_signin_socket.py)
    seen.js("() => { TerrMap.session.readonly = ''; }")
    seen.click("VT")
    bob.wait_for_timeout(1_500)
    assert team.ws.store.scenarios.rev(team.sid) == before

    roles.give(team.ws, team.sid, ANA, BOB.user_id, "editor")
    bob.reload()
    seen = Map(bob)
    expect(bob.get_by_text(why)).to_have_count(0)
    seen.assign("VT")
    seen.settle()
    assert team.ws.store.scenarios.rev(team.sid) == before + 1
    assert team.ws.store.edits.get(team.sid, before + 1).author == "Bob"

    roles.give(team.ws, team.sid, ANA, BOB.user_id, "")
    bob.reload()
    expect(bob.get_by_text("isn't found")).to_be_visible()
