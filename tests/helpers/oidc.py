"""A small real provider of OpenID Connect on this machine, and a window of the app without a browser."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.asyncio.client import connect

COOKIE_SECRET = "a-secret-of-the-tests-that-is-long-enough"  # noqa: S105
CLIENT, CLIENT_SECRET = "terr", "known to both"


def account(name: str, **more: Any) -> dict[str, Any]:
    """What the provider says of somebody."""
    low = name.lower()
    return {"sub": f"id-{low}", "email": f"{low}@example.com", "email_verified": True, "name": name, **more}


PEOPLE = {
    "ana": account("Ana"),
    "bob": account("Bob", email="Bob@Example.com"),
    "eve": account("Eve"),
    "root": account("Root"),
    "unverified": account("Ana", sub="id-u", email_verified=False),
    "silent": {k: v for k, v in account("Ana", sub="id-s").items() if k != "email_verified"},
    "nameless": {"sub": "id-n"},
    "lookalike": account("Kate", email="\u212aate@example.com"),
    "outsider": account("Mallory", email="mallory@elsewhere.example"),
}


@dataclass
class Provider:
    """Signs people in by a list to choose from.

    Attributes:
        lie: what is wrong with the tokens it gives: "" nothing, else "key", "audience", "nonce", "expired", "issuer".
    """

    port: int = 0
    lie: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(PEOPLE))
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def id_token(self, asked: Mapping[str, str]) -> str:
        now = int(time.time())
        claims = {
            **self.people[asked["user"]],
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
        }
        key = self.key
        if self.lie == "key":
            key = RSAKey.generate_key(2048, {"kid": "one"})
        elif self.lie == "expired":
            claims |= {"iat": now - 9000, "exp": now - 8000}
        elif self.lie:
            claims[{"audience": "aud", "nonce": "nonce", "issuer": "iss"}[self.lie]] = "another"
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)

    def answer(self, path: str, asked: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
        """Status, body, headers."""
        plain = {"Content-Type": "application/json"}
        if path == "/.well-known/openid-configuration":
            told: dict[str, Any] = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
            return 200, json.dumps(told), plain
        if path == "/jwks":
            return 200, json.dumps({"keys": [self.key.as_dict(private=False)]}), plain
        if path == "/authorize":
            links = "".join(
                f'<p><a href="/approve?{escape(urlencode({**asked, "user": user}))}">{user}</a></p>'
                for user in self.people
            )
            return 200, f"<h1>Choose an account</h1>{links}", {"Content-Type": "text/html"}
        if path == "/approve":
            code = f"code-{len(self.codes)}"
            self.codes[code] = dict(asked)
            back = urlencode({"code": code, "state": asked.get("state", "")})
            return 302, "", {"Location": f"{asked['redirect_uri']}?{back}"}
        if path == "/token":
            known = self.codes.pop(asked.get("code", ""), None)
            if known is None:
                return 400, json.dumps({"error": "invalid_grant"}), plain
            token = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300}
            return 200, json.dumps({**token, "id_token": self.id_token(known)}), plain
        return 404, "{}", plain


@contextmanager
def provided() -> Iterator[Provider]:
    """A provider while it is needed."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def reply(self, query: str) -> None:
            asked = {k: v[0] for k, v in parse_qs(query).items()}
            status, body, headers = provider.answer(urlsplit(self.path).path, asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def secrets(home: Path, provider: str, app: str, **more: str) -> None:
    """Write the secrets of the app into a home folder."""
    (home / ".streamlit").mkdir(parents=True, exist_ok=True)
    told = {
        "redirect_uri": f"{app}/oauth2callback",
        "cookie_secret": COOKIE_SECRET,
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
        **more,
    }
    lines = [f"{k} = {json.dumps(v)}" for k, v in told.items() if v]
    (home / ".streamlit" / "secrets.toml").write_text("[auth]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def login_path() -> str:
    """Where the button "Sign in" leads."""
    token = jwt.encode(
        {"alg": "HS256"}, {"provider": "default", "exp": int(time.time()) + 60}, OctKey.import_key(COOKIE_SECRET)
    )
    return f"/auth/login?provider={token}"


def start_sign_in(client: httpx.Client) -> dict[str, str]:
    """To the provider; what it is asked."""
    answer = client.get(login_path())
    assert answer.status_code == 302
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def sign_in(client: httpx.Client, provider: Provider, user: str) -> httpx.Response:
    """The whole way, without a browser; the answer of the way back."""
    asked = start_sign_in(client)
    back = httpx.get(f"{provider.url}/approve", params={**asked, "user": user}).headers["location"]
    return client.get(urlsplit(back).path + "?" + urlsplit(back).query)


T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. It runs in a thread of its own, for Playwright keeps a loop in the tests'."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()


@dataclass
class Window:
    """What one run of a page sent: all words in it, the session it is of, and the ticket its map got."""

    words: str
    session: str
    ticket: str = ""


def window(
    app: str,
    cookies: Mapping[str, str],
    page: str = "",
    query: str = "",
    *,
    xsrf: bool = True,
    origin: str = "",
    session: str = "",
    name: str = "",
    fragment: str = "",
) -> Window:
    """Open a page as a browser does, by the app's own line; read what comes until the run is over."""
    token = generate_xsrf_token_string()
    headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in {**cookies, "_streamlit_xsrf": token}.items())}
    spoken = ["streamlit", token if xsrf else "none", *([session] if session else [])]

    async def read() -> Window:
        words, found, ticket = [], "", ""
        there = urlsplit(app)
        address = f"ws://{name or there.netloc}/_stcore/stream"
        async with connect(
            address,
            additional_headers=headers,
            subprotocols=spoken,
            origin=origin or app,
            max_size=None,
            host=there.hostname,
            port=there.port,  # type: ignore[arg-type]
        ) as line:
            ask = BackMsg()
            ask.rerun_script.query_string = query
            ask.rerun_script.page_name = page
            ask.rerun_script.fragment_id = fragment
            await line.send(ask.SerializeToString())
            runs = 0
            while True:
                told = ForwardMsg()
                told.ParseFromString(await asyncio.wait_for(line.recv(), 20))  # type: ignore[arg-type]
                if told.WhichOneof("type") == "new_session":
                    found = told.new_session.initialize.session_id
                plain = re.sub(r"\\+u005f", "_", str(told))  # the map's data escapes it
                ticket = next(iter(re.findall(r"ticket[^\w-]+([\w-]{20,64})", plain)), ticket)
                words += re.findall(r'(?:body|label|value|title|page_name|html): "((?:[^"\\]|\\.)*)"', str(told))
                if told.WhichOneof("type") == "script_finished":
                    runs += 1
                    if told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY or runs > 3:
                        return Window("\n".join(words).replace("\\", ""), found, ticket)

    return finish(read())
