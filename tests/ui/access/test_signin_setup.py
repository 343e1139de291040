"""What is half set up keeps everybody out; who a verified sign-in speaks of; cookies by https."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from terr.model.person import Person
from terr.ui.access import request_guard, signin
from tests.helpers.oidc import COOKIE_SECRET, PEOPLE, finish

GOOD = f"""
[auth]
redirect_uri = "https://terr.example.com/oauth2callback"
cookie_secret = "{COOKIE_SECRET}"
client_id = "terr"
client_secret = "x"
server_metadata_url = "https://login.example.com/.well-known/openid-configuration"
"""
NAMED = GOOD.replace("client_id", "[auth.google]\nclient_id")


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], signin.Setup]]:
    """Writes a file of secrets; gives what is made of it."""
    path = tmp_path / "secrets.toml"
    real = config.get_option

    def option(name: str) -> Any:
        return [str(path)] if name == "secrets.files" else real(name)

    monkeypatch.setattr(config, "get_option", option)
    monkeypatch.setattr(secrets_singleton, "_file_watchers_installed", True)
    monkeypatch.delenv(signin.REQUIRED, raising=False)

    def write(text: str) -> signin.Setup:
        path.write_text(text, encoding="utf-8")
        secrets_singleton._reset()
        return signin.setup()

    secrets_singleton._reset()
    yield write
    secrets_singleton._reset()


def test_without_secrets_there_is_no_sign_in_unless_one_is_required(
    secrets: Callable[[str], signin.Setup], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signin.setup() == signin.OFF
    assert secrets("[other]\nkey = 1") == signin.OFF
    monkeypatch.setenv(signin.REQUIRED, "required")
    for made in (signin.setup(), secrets("[other]\nkey = 1")):
        assert made.on
        assert "TERR_SIGN_IN asks for a sign-in" in made.problem
    assert secrets(GOOD).problem == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD, ""),
        (NAMED, ""),
        (GOOD.replace("https://terr.example.com", "http://localhost:8501"), ""),
        ("[auth", "valid TOML"),
        ("auth = 3", "no section"),
        ("[auth]", "redirect_uri"),
        (GOOD.replace("/oauth2callback", "/"), "redirect_uri must be the address"),
        (GOOD.replace("https://terr.example.com", "terr.example.com"), "redirect_uri must be the address"),
        (GOOD.replace("https://terr", "http://terr"), "must begin with https"),
        (GOOD.replace(COOKIE_SECRET, "short"), "cookie_secret"),
        (GOOD.replace("cookie_secret", "cookies"), "cookie_secret"),
        (GOOD.replace('client_secret = "x"', ""), "client_secret of the provider is missing"),
        (GOOD.replace("server_metadata_url", "metadata"), "server_metadata_url of the provider is missing"),
        (GOOD.replace("client_id", "id"), "no provider"),
        (NAMED.replace("client_secret", "secret"), "client_secret of google is missing"),
        (NAMED.replace("auth.google", "auth.my_google"), "must not contain _"),
    ],
)
def test_what_is_half_set_up_keeps_everybody_out(
    secrets: Callable[[str], signin.Setup], text: str, problem: str
) -> None:
    made = secrets(text)
    assert made.on
    assert (problem in made.problem) if problem else made.problem == ""


def test_providers_are_named_as_in_the_secrets(secrets: Callable[[str], signin.Setup]) -> None:
    made = secrets(GOOD)
    assert (made.providers, made.origin, made.secure) == (("",), "https://terr.example.com", True)
    assert secrets(NAMED).providers == ("google",)
    more = "[auth.okta]\nclient_id = 'a'\nclient_secret = 'b'\nserver_metadata_url = 'c'\n"
    assert secrets(NAMED + more).providers == ("google", "okta")


def claims(user: str, **more: Any) -> dict[str, Any]:
    return {**PEOPLE[user], "is_logged_in": True, "iat": 1_000.0, **more}


def test_who_a_sign_in_speaks_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (signin.TRUST, signin.DOMAINS, signin.HOURS):
        monkeypatch.delenv(name, raising=False)
    bob = Person("bob@example.com", "Bob")
    assert signin.visitor(claims("bob"), 1_500.0) == signin.Visitor(bob)
    assert signin.visitor({}, 1_500.0) == signin.Visitor(None)
    assert signin.visitor(claims("bob", name="<b>\n\u202eBob" + "x" * 200), 1_500.0).person == Person(
        bob.user_id, "<b>Bob" + "x" * 74
    )
    assert signin.visitor(claims("bob", name=""), 1_500.0).person == Person(bob.user_id, bob.user_id)
    assert signin.visitor(claims("bob"), 1_000.0 + 12 * 3600).person == bob
    late = signin.visitor(claims("bob"), 1_001.0 + 12 * 3600)
    assert late.person is None
    assert "has ended" in late.why
    monkeypatch.setenv(signin.HOURS, "24")
    assert signin.visitor(claims("bob"), 1_001.0 + 12 * 3600).person == bob
    monkeypatch.setenv(signin.HOURS, "soon")
    assert signin.visitor(claims("bob"), 1_001.0 + 12 * 3600).person is None
    for verified in (False, None, "true", 1, "yes"):
        assert signin.visitor(claims("bob", email_verified=verified), 1_500.0).person is None
    monkeypatch.setenv(signin.TRUST, "yes")
    assert signin.visitor(claims("silent"), 1_500.0).person == Person("ana@example.com", "Ana")
    assert signin.visitor(claims("unverified"), 1_500.0).person is None
    monkeypatch.setenv(signin.DOMAINS, "example.com, example.org")
    assert signin.visitor(claims("bob"), 1_500.0).person == bob
    assert "address of your company" in signin.visitor(claims("outsider"), 1_500.0).why
    monkeypatch.setenv(signin.DOMAINS, "ple.com")
    assert signin.visitor(claims("bob"), 1_500.0).person is None


def test_one_sign_in_ends_and_another_of_the_same_person_goes_on() -> None:
    first, second = claims("eve", iat=2_000.0, nonce="a"), claims("eve", iat=2_000.0, nonce="b")
    signin.end(first)
    signin.end({})
    assert signin.visitor(first, 2_100.0).person is None
    assert signin.visitor(second, 2_100.0).person is not None


def test_by_https_every_cookie_is_sent_by_https_only(secrets: Callable[[str], signin.Setup]) -> None:
    secrets(GOOD)

    async def answer(request: Request) -> PlainTextResponse:
        reply = PlainTextResponse(str(request_guard.person_of(request)))
        reply.set_cookie("a", "1", httponly=True)
        reply.set_cookie("b", "2", secure=True)
        return reply

    app = request_guard.RequestGuard(
        Starlette(routes=[Route(path, answer) for path in ("/plan", "/app/mine", "/auth/login")])
    )

    def ask(path: str, cookie: str = "") -> tuple[int, list[str], str]:
        sent: list[Any] = []
        headers = [(b"host", b"terr.example.com"), (b"cookie", cookie.encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "root_path": "",
        }

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        finish(app(scope, receive, send))
        cookies = [v.decode() for k, v in sent[0]["headers"] if k == b"set-cookie"]
        return sent[0]["status"], cookies, sent[1]["body"].decode()

    status, cookies, body = ask("/plan")
    assert (status, body, len(cookies)) == (200, "None", 3)
    assert all(c.lower().count("; secure") == 1 for c in cookies)
    assert ask("/app/mine")[0] == 401
    told = claims("bob", iat=time.time(), origin="https://terr.example.com")
    signed = create_signed_value(COOKIE_SECRET, "_streamlit_user", json.dumps(told)).decode()
    assert ask("/app/mine", f"_streamlit_user={signed}")[2] == "Person(user_id='bob@example.com', name='Bob')"
    secrets(GOOD.replace(COOKIE_SECRET, "short"))  # half set up: not even those who signed in before
    assert ask("/app/mine", f"_streamlit_user={signed}")[0] == 401
    secrets("[auth")
    assert ask("/app/mine", f"_streamlit_user={signed}")[0] == 401
