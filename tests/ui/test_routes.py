"""The route for shapes: only files at hand, by their own names, packed; with both ways to start the app."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from terr.boundaries.layers.catalog import geometry_file
from terr.ui import routes
from tests.helpers.servers import Server

OWN = "own-0123456789ab"
NAME = f"{OWN}-abcdef0123.json"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    folder = tmp_path / "boundaries" / OWN
    folder.mkdir(parents=True)
    return folder


def test_bundled_shapes_and_those_on_the_shelf_are_known(shelf: Path) -> None:
    (shelf / NAME).write_text('{"q":[]}', encoding="utf-8")
    (shelf / "areas-abcdef0123.parquet").write_bytes(b"PAR1")
    (shelf / "layer.json").write_text("{}", encoding="utf-8")
    (shelf / "own-000000000000-abcdef0123.json").write_text("{}", encoding="utf-8")  # of another level
    names = routes.known_files()
    assert {geometry_file(level) for level in ("state", "county")} <= set(names)
    assert names[NAME] == shelf / NAME
    assert set(names) - {p.name for p in routes.BUNDLED.glob("*.json")} == {NAME}
    assert "index.json" not in names


def test_a_packed_copy_is_sent_as_it_is_and_any_other_file_is_packed(shelf: Path) -> None:
    (shelf / NAME).write_text('{"a":1}', encoding="utf-8")
    assert gzip.decompress(routes.packed(NAME) or b"") == b'{"a":1}'
    ready = gzip.compress(b'{"a":2}')
    (shelf / f"{NAME}.gz").write_bytes(ready)
    assert routes.packed(NAME) == ready
    county = geometry_file("county")
    assert gzip.decompress(routes.packed(county) or b"") == (routes.BUNDLED / county).read_bytes()


def test_a_packed_copy_alone_is_enough(shelf: Path) -> None:
    (shelf / f"{NAME}.gz").write_bytes(gzip.compress(b"{}"))
    assert gzip.decompress(routes.packed(NAME) or b"") == b"{}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../terr.db",
        "index.json",
        "own-0123456789ab/layer.json",
        "terr.db",
        "county.json",
        "county-2cd3f1ac24.json/..",
        "..%2fcounty-2cd3f1ac24.json",
        f"{OWN}-abcdef0123.json.gz",
        "\x00-0123456789.json",
        "COUNTY-2CD3F1AC24.json",
        "county-0000000000.json",
        "a" * 5000 + "-0123456789.json",
        "county-2cd3f1ac24.json\n",
        "areas-abcdef0123.parquet",
    ],
)
def test_no_other_name_reaches_a_file(shelf: Path, name: str) -> None:
    (shelf / NAME).write_text("{}", encoding="utf-8")
    (shelf / "layer.json").write_text("{}", encoding="utf-8")
    assert routes.packed(name) is None


def test_a_link_on_the_shelf_is_not_followed(shelf: Path, tmp_path: Path) -> None:
    secret = tmp_path / "terr.db"
    secret.write_bytes(b"secret")
    (shelf / "own-0123456789ab-0000000000.json").symlink_to(secret)
    assert routes.packed("own-0123456789ab-0000000000.json") is None
    assert routes.packed("terr.db") is None


def test_the_route_follows_the_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    cases = {"": "/app/shapes/{name}", "plans": "/plans/app/shapes/{name}", "/a/b/": "/a/b/app/shapes/{name}"}
    for base, path in cases.items():
        monkeypatch.setattr(config, "get_option", lambda _, base=base: base)
        assert routes.route_path() == path


WAYS = {
    "make run": {},
    "streamlit run with a base path": {
        "command": ("-m", "streamlit", "run", "app.py", "--server.baseUrlPath", "plans"),
        "port_option": "--server.port",
        "base": "/plans",
    },
}


@pytest.fixture(params=WAYS)
def running(request: pytest.FixtureRequest, shelf: Path, tmp_path: Path) -> Iterator[Server]:
    (shelf / NAME).write_text(json.dumps({"big": "x" * 5000}), encoding="utf-8")
    with Server(tmp_path, **WAYS[request.param]) as server:
        yield server


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


@pytest.mark.slow
def test_the_app_serves_shapes_pages_and_static_files_and_stops_at_ctrl_c(running: Server) -> None:
    port, prefix, process = running.port, running.base, running.process
    assert process is not None
    status, headers, body = ask(port, f"{prefix}/app/shapes/{NAME}", Accept_Encoding="gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in headers
    assert len(body) < 200
    assert json.loads(gzip.decompress(body)) == {"big": "x" * 5000}
    plain = ask(port, f"{prefix}/app/shapes/{NAME}", Accept_Encoding="identity")
    assert json.loads(plain[2]) == {"big": "x" * 5000}
    assert "content-encoding" not in plain[1]
    assert ask(port, f"{prefix}/app/shapes/{NAME}", Host="evil.example")[0] == 403
    for name in ("county-0000000000.json", "..%2f..%2fterr.db", f"..%2f{OWN}%2flayer.json", "layer.json"):
        assert ask(port, f"{prefix}/app/shapes/{name}")[0] in {400, 404}, name
    assert ask(port, f"{prefix}/app/static/map/map.css")[0] == 200
    assert ask(port, f"{prefix}/plan")[0] == 200
    os.kill(process.pid, signal.SIGINT)
    process.wait(timeout=60)
