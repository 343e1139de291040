"""What every request passes first: the sign-in for all but the empty pages, and no other site's page may change things.

Pages go out with a Content-Security-Policy: whatever a text in one of them became, a browser asks only this server.

A page's address sends the same few files whoever asks; what is on it comes by Streamlit's line, where
`terr.ui.session.navigation` asks for the sign-in. All other addresses are closed unless they are listed here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from h11 import LocalProtocolError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from streamlit import config

from terr.model.person import Person
from terr.ui.access import signin
from terr.ui.access.pages import NAMES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

AFTER = "terr_after"
"""Cookie: the page somebody wanted before they signed in. It is checked again when it is used."""

_PAGE = re.compile(rf"/(?:(?:{'|'.join(NAMES)})/?)?")
_OPEN = re.compile(
    r"/static/.*|/auth/(?:login|logout)|/oauth2callback|/_stcore/(?:health|host-config)|/(?:index\.html|manifest\.json|"
    r"robots\.txt|favicon\.(?:png|ico))"
)
_STREAM = "/_stcore/stream"
_SCENARIO = re.compile(r"[0-9a-f]{8,64}")
_SAFE = ("GET", "HEAD", "OPTIONS")


def person_of(connection: HTTPConnection) -> Person | None:
    """Who asks by a route of ours, told by the fence; None if they have to sign in first."""
    found: Person | None = connection.scope.get("terr.person")
    return found


def still(connection: HTTPConnection) -> bool:
    """Whether a line that stays open may go on: the sign-in it was opened by hasn't ended since."""
    claims = connection.scope.get("terr.claims")
    return claims is None or signin.visitor(claims).person is not None


class RequestGuard:
    """ASGI middleware around the whole app.

    Args:
        app: what comes after it.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        kind = scope["type"]
        if kind not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        if kind == "http":
            send = _kept_home(_to_who_listens(send))
        path = _inner(str(scope["path"]))
        made, connection = signin.setup(), HTTPConnection(scope)
        if path.startswith("/app/") and not _same_site(scope, connection.headers):
            await _refuse(scope, receive, send, 403, "Another site's page can't do this here.")
            return
        if not made.on:
            scope["terr.person"] = signin.ME
            await self._app(scope, receive, send)
            return
        claims = {} if made.problem else signin.from_cookies(connection.cookies)
        person = scope["terr.person"] = signin.visitor(claims).person
        scope["terr.claims"] = claims
        if kind == "websocket":
            if path == _STREAM or person is not None:
                await self._app(scope, receive, send)
            else:
                await _refuse(scope, receive, send, 401, "")
            return
        if path == "/auth/logout":
            signin.end(claims)
        answer = _secured(send) if made.secure else send
        page = _PAGE.fullmatch(path) is not None
        if page and scope["method"] == "GET":
            moved = _on_the_way(connection, path, known=person is not None, secure=made.secure)
            if isinstance(moved, Response):
                await moved(scope, receive, answer)
                return
            answer = _with_cookie(answer, moved)
        if page or person is not None or _OPEN.fullmatch(path):
            await self._app(scope, receive, answer)
        else:
            await _refuse(scope, receive, answer, 401, "Sign in first.")


def _base() -> str:
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _inner(path: str) -> str:
    """The path below the base path."""
    base = _base()
    return (path[len(base) :] or "/") if base and (path == base or path.startswith(f"{base}/")) else path


def _same_site(scope: Scope, headers: Headers) -> bool:
    """Whether a request that could change something comes from our own page. A browser always says where it's from."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return True
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _on_the_way(connection: HTTPConnection, path: str, *, known: bool, secure: bool) -> Response | str:
    """Somebody who signed in is sent on to the page they wanted; of others it is noted (the text of a cookie)."""
    wanted = connection.cookies.get(AFTER, "")
    if known:
        if path != "/" or not wanted:
            return ""
        page, _, scenario = wanted.partition("~")
        good = page in NAMES and (not scenario or _SCENARIO.fullmatch(scenario))
        query = f"?scenario={quote(scenario)}" if scenario else ""
        answer: Response = RedirectResponse(f"{_base()}/{page}{query}" if good else f"{_base()}/home", 302)
        answer.delete_cookie(AFTER, path=_base() or "/")
        return answer
    page = path.strip("/")
    scenario = connection.query_params.get("scenario", "")
    if page not in NAMES:
        page = "plan" if scenario else ""
    if not page:
        return ""
    noted = f"{page}~{scenario}" if _SCENARIO.fullmatch(scenario) else page
    flags = f"; HttpOnly; SameSite=Lax; Max-Age=900; Path={_base() or '/'}"
    return f"{AFTER}={noted}{flags}{'; Secure' if secure else ''}"


def _with_cookie(send: Send, cookie: str) -> Send:
    if not cookie:
        return send

    async def add(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message["headers"]).append("set-cookie", cookie)
        await send(message)

    return add


@cache
def _policy() -> str:
    """What a page may load, and from where. Streamlit, Vega and the map's frame need scripts made in the page."""
    from terr.view.mapview import STREETS  # late: it loads folium

    streets = urlsplit(STREETS["url"])
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {streets.scheme}://{streets.netloc}",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "frame-ancestors 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


def _to_who_listens(send: Send) -> Send:
    """Answers only to a request that is whole: where bytes that are no HTTP came after its head, the server has refused
    it already, and an answer on top would be a traceback in the log."""

    async def quiet(message: MutableMapping[str, Any]) -> None:
        with suppress(LocalProtocolError):
            await send(message)

    return quiet


def _kept_home(send: Send) -> Send:
    """Documents with the policy that keeps a browser from asking other machines."""

    async def add(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                headers["content-security-policy"] = _policy()
        await send(message)

    return add


def _secured(send: Send) -> Send:
    """Every cookie only by https, where people come by https."""

    async def mend(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (k, v + b"; Secure" if k.lower() == b"set-cookie" and b"; secure" not in v.lower() else v)
                for k, v in message["headers"]
            ]
        await send(message)

    return mend


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await PlainTextResponse(text, status, headers={"Cache-Control": "no-store"})(scope, receive, send)
