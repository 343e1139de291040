"""Bytes that are no HTTP: refused, without a traceback in the log."""

from __future__ import annotations

import socket

import pytest

from tests.helpers.servers import Server


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(data)
        return line.recv(200)


@pytest.mark.slow
def test_an_answer_to_a_request_that_ends_in_other_bytes_is_no_traceback(app_server: Server) -> None:
    head = b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\n"
    for _ in range(5):
        assert ask(app_server.port, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nxx").startswith(b"HTTP/1.1 400")
    assert ask(app_server.port, head + b"\r\n").startswith(b"HTTP/1.1 200")
    log = app_server.log.read_text(encoding="utf-8")
    assert "Invalid HTTP request" in log
    assert "Traceback" not in log
