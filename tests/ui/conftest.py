"""Fixtures of the tests of the app's server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.servers import Server


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app in a process of its own on an empty folder, shared: ask it what leaves nothing behind."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server
