"""The lines for nginx in docs/scale.md, in front of two real app servers on one PostgreSQL."""

from __future__ import annotations

import base64
import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.store.postgres import Postgres
from tests.helpers.servers import Server, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
HOST = "terr.example.com"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx isn't installed on this machine (Debian: apt install nginx)"),
]


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    """Status, and the app the answer's cookie names."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET", path, headers={"Host": HOST, **headers})
        got = line.getresponse()
        found = re.search(r"terr_app=(\w)", " ".join(got.headers.get_all("Set-Cookie", [])))
        return got.status, found[1] if found else ""
    finally:
        line.close()


@pytest.fixture
def behind(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[int, Server, Server]]:
    """nginx's port, and the servers a and b."""
    port = free_port()
    with postgres.database() as url:
        both = [Server(tmp_path / n, command=("-m", "terr.ui.launch", "--host", HOST), env={"TERR_DATABASE_URL": url})
                for n in "ab"]  # fmt: skip
        lines = re.search(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        assert lines
        text = lines[1].replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        text = re.sub(r" +ssl_certificate.*\n", "", text)
        for address, server in zip(("10.0.0.11:8501", "10.0.0.12:8501"), both, strict=True):
            assert address in text
            text = text.replace(address, f"127.0.0.1:{server.port}")
        temp = "".join(f"{w}_temp_path {tmp_path}/{w};" for w in "client_body proxy fastcgi uwsgi scgi".split())
        conf = tmp_path / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write_text(
            f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {temp}\n{text}}}\n"
        )
        assert NGINX is not None
        command = [NGINX, "-c", str(conf), "-p", str(tmp_path), "-e", f"{tmp_path}/error.log"]
        tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert tried.returncode == 0, tried.stderr
        proxy = subprocess.Popen(command)
        try:
            with both[0], both[1]:
                until = time.monotonic() + 30
                while time.monotonic() < until:
                    try:
                        ask(port, "/_stcore/health")
                        break
                    except OSError:
                        time.sleep(0.1)
                yield port, both[0], both[1]
        finally:
            proxy.terminate()
            proxy.wait(10)


def test_two_servers_behind_nginx(behind: tuple[int, Server, Server]) -> None:
    port, a, _ = behind
    apps = {ask(port, "/_stcore/health")[1] for _ in range(40)}
    assert apps == {"a", "b"}, "new browsers are shared out"
    for app in "ab":
        assert [ask(port, "/", Cookie=f"terr_app={app}") for _ in range(3)] == [(200, app)] * 3
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": key}
        words = {**upgrade, "Sec-WebSocket-Version": "13", "Origin": f"http://{HOST}", "Cookie": f"terr_app={app}"}
        assert ask(port, "/_stcore/stream", **words)[0] == 101
    a.kill()
    assert ask(port, "/", Cookie="terr_app=a")[0] == 200, "the other server takes over"
