"""The sign-in on a real server with a real provider: strangers learn nothing, and nobody passes for another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, decode_signed_value
from websockets.exceptions import InvalidStatus

from terr.boundaries.layers.catalog import geometry_file
from terr.ui.access import request_guard
from terr.ui.access.pages import NAMES
from tests.helpers.oidc import COOKIE_SECRET, Provider, login_path, provided, secrets, sign_in, start_sign_in, window
from tests.helpers.servers import LAUNCH, Server

pytestmark = pytest.mark.slow  # a server is started
USER = "_streamlit_user"
SHAPES = f"/app/shapes/{geometry_file('state')}"
LINE = '<div class="terr-line">'
"""Every page begins with it."""


@dataclass
class App:
    """The app in a process of its own."""

    url: str
    home: Path
    provider: Provider
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        self.clients.append(httpx.Client(base_url=self.url, timeout=20))
        return self.clients[-1]

    def signed_in(self, user: str) -> httpx.Client:
        client = self.client()
        assert sign_in(client, self.provider, user).status_code == 302
        return client


@contextmanager
def running(home: Path, provider: Provider, *more: str, public: str = "", **env: str) -> Iterator[App]:
    """The app in a process of its own, with its secrets and data in a folder of its own."""
    server = Server(home / "data", command=(*LAUNCH, *more), env={"HOME": str(home), **env})
    secrets(home, provider.url, public or server.url)
    with server:
        made = App(server.url, home, provider)
        yield made
        for client in made.clients:
            client.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with provided() as provider, running(tmp_path_factory.mktemp("home"), provider) as made:
        yield made


CLOSED = [
    SHAPES,
    "/app/static/map/map.css",
    "/media/0000.csv",
    "/component/streamlit_folium.st_folium/index.html",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/script-health-check",
    "/_stcore/bidi-components/x",
    "/_stcore/upload_file/a/b",
    "/nosuch",
    "/app/nosuch",
    "/plan/_stcore/host-config",
    "/%61pp/shapes/x",
    "/plan/../media/x",
]


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_but_the_empty_pages_is_told_to_strangers(app: App, path: str) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        answer = httpx.request(method, app.url + path)
        assert answer.status_code in {400, 401, 403, 404, 405}, (method, answer.status_code)
        if method == "GET" and ".." not in path:
            assert (answer.status_code, answer.text) == (401, "Sign in first.")


@pytest.mark.parametrize("page", NAMES)
def test_each_page_alone_asks_for_the_sign_in_and_tells_nothing_else(app: App, page: str) -> None:
    assert httpx.get(f"{app.url}/{page}").status_code == 200  # the same empty page for everybody
    told = window(app.url, {}, page).words
    assert "Sign in" in told
    assert "never sees your password" in told
    assert LINE not in told
    told = window(app.url, dict(app.signed_in("ana").cookies), page).words
    assert "never sees your password" not in told
    assert LINE in told
    assert "Signed in as Ana" in told


def test_after_the_sign_in_requests_are_answered_and_after_the_sign_out_not(app: App) -> None:
    client = app.signed_in("ana")
    kept = dict(client.cookies)
    assert client.get(SHAPES).status_code == 200
    assert "Signed in as Ana" in window(app.url, kept, "plan").words
    client.get("/auth/logout")
    assert USER not in client.cookies
    assert client.get(SHAPES).status_code == 401
    assert httpx.get(app.url + SHAPES, cookies=kept).status_code == 401  # a copy of the cookie is worth nothing now
    assert "Your sign-in has ended" in window(app.url, kept, "plan").words
    assert app.signed_in("ana").get(SHAPES).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: App) -> None:
    client = app.client()
    asked = start_sign_in(client)
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 16
    for set_cookie in sign_in(client, app.provider, "ana").headers.get_list("set-cookie"):
        assert "httponly" in set_cookie.lower()
        assert "samesite=lax" in set_cookie.lower()
        assert "domain=" not in set_cookie.lower()


def altered(client: httpx.Client, secret: str = COOKIE_SECRET, salt: str = USER, **changes: object) -> str:
    claims = json.loads(decode_signed_value(COOKIE_SECRET, USER, client.cookies[USER]) or b"")
    return create_signed_value(secret, salt, json.dumps({**claims, **changes})).decode()


def test_forged_old_and_foreign_cookies_are_refused(app: App) -> None:
    client = app.signed_in("ana")
    good = client.cookies[USER]
    bad = {
        "cut": good[:-4],
        "flipped": good[:20] + ("A" if good[20] != "A" else "B") + good[21:],
        "other secret": altered(client, secret="x" * 40),
        "other purpose": altered(client, salt="_streamlit_user_tokens"),
        "other address": altered(client, origin="https://terr.example.com"),
        "not signed in": altered(client, is_logged_in=False),
        "truthy": altered(client, is_logged_in="yes"),
        "old": altered(client, iat=time.time() - 13 * 3600),
        "of tomorrow": altered(client, iat=time.time() + 86400),
        "without time": altered(client, iat=None),
        "without address": altered(client, email=None),
        "unverified": altered(client, email_verified=False),
        "not json": create_signed_value(COOKIE_SECRET, USER, "{").decode(),
        "a list": create_signed_value(COOKIE_SECRET, USER, "[1]").decode(),
        "pieces": create_signed_value(COOKIE_SECRET, USER, "chunks-3").decode(),
        "empty": "",
        "text": "ana@example.com",
    }
    for what, cookie in bad.items():
        answer = httpx.get(app.url + SHAPES, headers={"Cookie": f"{USER}={cookie}"})
        assert answer.status_code == 401, what
    for what in ("flipped", "other secret", "other address", "old", "unverified", "truthy"):
        told = window(app.url, {USER: bad[what]}, "plan").words
        assert "never sees your password" in told, what
        assert "Signed in as" not in told, what
    assert httpx.get(app.url + SHAPES, headers={"Cookie": f"{USER}={altered(client, name='x')}"}).status_code == 200


@pytest.mark.parametrize("lie", ["key", "audience", "nonce", "issuer", "expired"])
def test_tokens_the_provider_did_not_sign_for_this_are_refused(app: App, lie: str) -> None:
    app.provider.lie = lie
    try:
        client = app.client()
        sign_in(client, app.provider, "ana")
    finally:
        app.provider.lie = ""
    assert client.get(SHAPES).status_code == 401


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("unverified", "isn't verified"),
        ("silent", "isn't verified"),
        ("nameless", "without an email address"),
        ("lookalike", "without an email address"),
    ],
)
def test_addresses_nobody_vouches_for_are_refused_in_words(app: App, user: str, said: str) -> None:
    client = app.signed_in(user)
    assert client.get(SHAPES).status_code == 401
    assert said in window(app.url, dict(client.cookies), "accounts").words


def test_a_sign_in_begun_by_another_is_not_taken(app: App) -> None:
    """Nobody can plant a sign-in of theirs in another's browser, nor use a way back twice."""
    eve, ana = app.client(), app.client()
    asked = start_sign_in(eve)
    back = httpx.get(f"{app.provider.url}/approve", params={**asked, "user": "eve"}).headers["location"]
    path = back.removeprefix(app.url)
    ana.get(path)
    assert USER not in ana.cookies
    assert ana.get(SHAPES).status_code == 401
    ana.cookies.set(USER, "planted", domain="127.0.0.1")
    assert sign_in(ana, app.provider, "ana").status_code == 302
    assert [c.value != "planted" for c in ana.cookies.jar if c.name == USER] == [True]
    assert ana.get(SHAPES).status_code == 200
    assert ana.get("/oauth2callback?code=x&state=y").status_code == 302
    assert app.client().get("/auth/login?provider=forged").headers["location"] == "/"


def test_a_window_is_not_taken_over_by_another_person(app: App) -> None:
    ana, eve = dict(app.signed_in("ana").cookies), dict(app.signed_in("eve").cookies)
    first = window(app.url, ana, "plan")
    second = window(app.url, eve, "plan", session=first.session)
    assert second.session != first.session
    assert "Signed in as Eve" in second.words
    assert "Ana" not in second.words
    assert "never sees your password" in window(app.url, {}, "plan", session=first.session).words


def test_another_site_can_do_nothing_in_ones_name(app: App) -> None:
    cookies = dict(app.signed_in("ana").cookies)
    told = window(app.url, cookies, "plan", xsrf=False).words
    assert "never sees your password" in told  # without the token of our own page the cookie isn't read
    with pytest.raises(InvalidStatus):
        window(app.url, cookies, "plan", origin="https://evil.example")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = httpx.post(app.url + SHAPES, cookies=cookies, headers=headers)
        assert (answer.status_code, answer.text) == (403, "Another site's page can't do this here.")
    assert httpx.post(app.url + SHAPES, cookies=cookies, headers={"Origin": app.url}).status_code == 405  # let through


def test_the_way_leads_on_to_the_page_that_was_wanted_and_nowhere_else(app: App) -> None:
    sid = "0123456789abcdef0123"
    for wanted, leads in (
        ("/plan?scenario=" + sid, "/plan?scenario=" + sid),
        ("/reports", "/reports"),
        ("/", None),
        ("/plan?scenario=//evil.example", "/plan"),
        ("/plan/?next=//evil.example", "/plan"),
    ):
        client = app.client()
        client.get(wanted)
        home = sign_in(client, app.provider, "ana").headers["location"]
        assert home == "/"
        then = client.get(home)
        assert (then.status_code, then.headers.get("location")) == ((302, leads) if leads else (200, None)), wanted
        assert client.get("/").status_code == 200  # once only
    client = app.signed_in("ana")
    client.cookies.set(request_guard.AFTER, "//evil.example~x", domain="127.0.0.1")
    assert client.get("/").headers["location"] == "/home"


def test_the_button_leads_to_the_provider(app: App) -> None:
    answer = app.client().get(login_path())
    assert answer.headers["location"].startswith(f"{app.provider.url}/authorize?")
    assert COOKIE_SECRET not in (app.home / "data" / "server.log").read_text()


def test_behind_a_proxy_people_come_by_its_name_and_cookies_by_https_only(app: App, tmp_path: Path) -> None:
    name = "terr.example.com"
    with running(tmp_path, app.provider, "--host", name, public=f"https://{name}") as made:
        client = made.client()
        client.headers["Host"] = name  # as the proxy passes it on
        asked = start_sign_in(client)
        assert asked["redirect_uri"] == f"https://{name}/oauth2callback"
        kept = {c.name: c.value for c in client.cookies.jar}
        back = httpx.get(f"{app.provider.url}/approve", params={**asked, "user": "ana"}).headers["location"]
        path = back.removeprefix(f"https://{name}")
        answer = httpx.get(made.url + path, headers={"Host": name}, cookies=kept)
        for cookie in answer.headers.get_list("set-cookie"):
            assert "; secure" in cookie.lower()
        jar = {USER: next(c.value for c in answer.cookies.jar if c.name == USER)}
        assert httpx.get(made.url + SHAPES, headers={"Host": name}, cookies=jar).status_code == 200
        assert "Signed in as Ana" in window(made.url, jar, "plan", name=name, origin=f"https://{name}").words
        assert "never sees your password" in window(made.url, jar, "plan").words  # the cookie is of the other address
        assert httpx.get(made.url + SHAPES, headers={"Host": "evil.example"}, cookies=jar).status_code == 403
