"""Shapes for the browser: the app's own route, which sends the files of every layer at hand, packed.

Streamlit's static folder would pack a file anew for each browser, and can't reach the shelf of boundaries. What a URL
names is looked up among the files there are; no part of it ever becomes a path.
"""

from __future__ import annotations

import gzip
import re
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from terr.errors import TerrError
from terr.folders import data_dir

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

ROOT = Path(__file__).resolve().parents[2]
SWITCH_S = 0.001
"""Seconds one thread computes before another may: an edit, which waits for the database a dozen times, would else wait
as often for charts that are drawn."""

BUNDLED = ROOT / "static" / "geo"
ROUTE = "app/shapes/{name}"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}-[0-9a-f]{10}\.json")
"""A level and ten digits of the content's hash: the name changes with the content, so a copy never grows old."""
_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


def known_files() -> dict[str, Path]:
    """Every geometry file at hand by its name: bundled ones, and those on the shelf in the data folder."""
    found = {p.name: p for p in BUNDLED.glob("*.json") if NAME.fullmatch(p.name)}
    try:
        shelf = data_dir() / "boundaries"
    except TerrError:
        return found
    for path in shelf.glob("*/*.json*"):
        if path.is_symlink() or path.parent.is_symlink():  # it could lead anywhere
            continue
        name = path.name.removesuffix(".gz")
        if NAME.fullmatch(name) and name.startswith(f"{path.parent.name}-") and path.name in {name, f"{name}.gz"}:
            found.setdefault(name, path.with_name(name))
    return found


def packed(name: str) -> bytes | None:
    """The named file packed by gzip, None if there is no such file."""
    if not NAME.fullmatch(name):
        return None
    path = known_files().get(name)
    if path is None:
        return None
    ready = path.with_name(f"{path.name}.gz")
    try:
        return ready.read_bytes() if ready.is_file() and not ready.is_symlink() else _pack(path)
    except OSError:  # taken off the shelf in this very moment
        return None


@lru_cache(maxsize=8)
def _pack(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


def _warm() -> None:
    """Pack the large bundled files while the app starts, so that the first map need not wait for it."""
    for path in sorted(BUNDLED.glob("*.json"), key=lambda p: p.stat().st_size, reverse=True):
        if NAME.fullmatch(path.name):
            packed(path.name)


def _answer(request: Request) -> Response:
    from starlette.responses import Response

    if not is_host_allowed(request.headers.get("host")):
        return Response("This address is not one of Terr's.", status_code=403)
    body = packed(request.path_params["name"])
    if body is None:
        return Response("There are no such shapes.", status_code=404, headers={"Cache-Control": "no-store"})
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, media_type="application/json", headers={**_HEADERS, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(body), media_type="application/json", headers=_HEADERS)


def route_path() -> str:
    """The route below the base path the app is served under."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{ROUTE}" if base else f"/{ROUTE}"


def routes() -> list[BaseRoute]:
    """What the app answers beside Streamlit's own routes."""
    from starlette.routing import Route, WebSocketRoute

    from terr.ui.live import socket
    from terr.ui.session import garbage

    threading.Thread(target=_warm, daemon=True).start()
    sys.setswitchinterval(SWITCH_S)
    garbage.settle("the server starts")
    return [
        Route(route_path(), _answer, methods=["GET"]),
        WebSocketRoute(socket.path(), socket.serve_socket),
    ]
