"""What keeps strangers out and everything in: the configuration, and how the app is started."""

from __future__ import annotations

import sys
import tomllib
from typing import Any

import pytest

from terr.ui import launch
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_the_server_is_closed(config):
    server = config["server"]
    assert server["address"] == "127.0.0.1", "streamlit run app.py would listen on every address"
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is True
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}, "a name made to mean 127.0.0.1 gets in"
    assert server["maxUploadSize"] == 200
    assert server["headless"] is True
    assert "corsAllowedOrigins" not in server


def test_nothing_is_told_to_others(config):
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["toolbarMode"] == "minimal"
    assert "debug" not in str(config["logger"]["level"])


def test_only_the_static_folder_is_served():
    kinds = {p.suffix for p in (ROOT / "static").rglob("*") if p.is_file()}
    assert kinds <= {".js", ".css", ".json", ".png", ""}, kinds
    assert not [p for p in (ROOT / "static").rglob("*") if p.is_symlink()]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch):
    """Runs the launcher up to where Streamlit would take over; gives what Streamlit would be told."""
    from streamlit import net_util
    from streamlit.web import cli

    told: list[list[str]] = []
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # put back after the test
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(launch, "_preload", lambda: None)
    monkeypatch.setattr(launch, "port_in_use", lambda *_: False)
    monkeypatch.setattr(cli, "main", lambda **_: told.append(list(sys.argv)))

    def run(*arguments: str) -> list[str]:
        assert launch.main(list(arguments)) == 0
        return told[-1]

    return run


def test_the_app_listens_on_this_machine_only_unless_told(started):
    told = started("--port", "8699")
    assert told[told.index("--server.address") + 1] == "127.0.0.1"
    assert "--server.allowedHosts" not in told, "config.toml names them"


def test_others_are_let_in_only_on_request(started):
    told = started("--port", "8699", "--address", "0.0.0.0")  # noqa: S104 (what is tested)
    assert told[told.index("--server.address") + 1] == "0.0.0.0"  # noqa: S104
    assert told[told.index("--server.allowedHosts") + 1] == "*"


def test_the_name_people_come_by_is_let_in_beside_this_machines(started):
    for address in ("127.0.0.1", "0.0.0.0"):  # noqa: S104 (what is tested)
        told = started("--port", "8699", "--address", address, "--host", "terr.example.com", "--host", "10.0.0.7")
        names = [told[i + 1] for i, word in enumerate(told) if word == "--server.allowedHosts"]
        assert names == ["127.0.0.1", "localhost", "::1", "terr.example.com", "10.0.0.7"]


def test_no_server_on_the_internet_is_asked_for_our_address(started, monkeypatch):
    from streamlit import net_util
    from streamlit.web.server.server_util import is_url_from_allowed_origins

    asked: list[str] = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, **_: asked.append(url))
    started("--port", "8699")
    assert not is_url_from_allowed_origins("http://evil.example")
    assert is_url_from_allowed_origins("http://localhost:8699")
    assert asked == []
