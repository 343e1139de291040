"""A web server on loopback that serves one file, well or badly, and writes down what it was asked."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Server:
    """What is served and how.

    Attributes:
        content: the file.
        act: what to do instead of serving it; is given the request's handler and answers whether it is finished.
        asked: (path, Range, If-Range) of each request.
        port: where it listens.
        ranges: it can send a part of the file.
        etag: its mark of the file, by default one of its content.
        ended: set when the test is over.
    """

    content: bytes
    act: Callable[[http.server.BaseHTTPRequestHandler, Server], bool] = lambda _handler, _server: False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0
    ranges: bool = True
    etag: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/geo/"

    @property
    def mark(self) -> str:
        return self.etag or f'"{hashlib.sha256(self.content).hexdigest()[:12]}"'


class _Handler(http.server.BaseHTTPRequestHandler):
    served: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        pass

    def do_GET(self) -> None:
        me = self.served
        self.close_connection = True
        me.asked.append((self.path, self.headers.get("Range", ""), self.headers.get("If-Range", "")))
        if me.act(self, me):
            return
        wanted = self.headers.get("Range", "")
        body, first = me.content, 0
        if me.ranges and wanted and self.headers.get("If-Range") in {None, me.mark}:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            if first >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - first))
        self.send_header("ETag", me.mark)
        self.end_headers()
        self.wfile.write(body[first:])


@contextmanager
def serving(content: bytes, **options: object) -> Iterator[Server]:
    made = Server(content, **options)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"served": made})
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = False  # so that closing waits for them
    made.port = httpd.server_address[1]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.ended.set()
        httpd.shutdown()
        httpd.server_close()


def answers(code: int, body: bytes = b"", **headers: str) -> Callable[[object, Server], bool]:
    """Always the same answer."""

    def act(handler: http.server.BaseHTTPRequestHandler, _server: Server) -> bool:
        handler.send_response(code)
        for name, value in {
            "Content-Length": str(len(body)),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return act  # type: ignore[return-value]


def breaks_after(share: float, times: int = 1) -> Callable[[object, Server], bool]:
    """The connection ends after a share of what was asked, the first few times."""
    left = [times]

    def act(handler: http.server.BaseHTTPRequestHandler, server: Server) -> bool:
        if left[0] == 0:
            return False
        left[0] -= 1
        wanted = handler.headers.get("Range", "")
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        total = len(server.content)
        handler.send_response(206 if wanted else 200)
        if wanted:
            handler.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        handler.send_header("Content-Length", str(total - first))
        handler.send_header("ETag", server.mark)
        handler.end_headers()
        handler.wfile.write(server.content[first : first + int((total - first) * share)])
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        return True

    return act  # type: ignore[return-value]


def stalls(seconds: float, *, after: int = 0) -> Callable[[object, Server], bool]:
    """Says nothing for a while, at once or after some bytes."""

    def act(handler: http.server.BaseHTTPRequestHandler, server: Server) -> bool:
        if after:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(server.content)))
            handler.send_header("ETag", server.mark)
            handler.end_headers()
            handler.wfile.write(server.content[:after])
            handler.wfile.flush()
        server.ended.wait(seconds)
        handler.connection.shutdown(socket.SHUT_RDWR)
        return True

    return act  # type: ignore[return-value]
