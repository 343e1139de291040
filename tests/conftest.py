"""Fixtures of the middle and upper floors: a workspace in a folder of its own, small data sets, the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.store.postgres import Postgres
from terr.boundaries.zips import census
from terr.workspace import Workspace
from terr.workspace.accounts import demo
from terr.workspace.accounts.dataset import Dataset
from tests.helpers import effort
from tests.helpers.effort import register_profiles, same_examples_everywhere

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
register_profiles()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What lies in tests/browser drives a real Chromium; what is marked `long` is left to make test-long."""
    same_examples_everywhere()
    if not effort.is_long():
        left = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    for item in items:
        if "browser" in item.path.relative_to(ROOT).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """An empty workspace, found through TERR_DATA_DIR as the app finds it."""
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "terr"))
    made = Workspace()
    yield made
    made.close()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come from a server of the test's own."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(census.ADDRESS, raising=False)


@pytest.fixture(scope="session")
def demo_ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Dataset]]:
    """A workspace with the demo, shared: make scenarios of your own in it and leave the data set as it is."""
    made = Workspace(tmp_path_factory.mktemp("demo"))
    yield made, demo.demo_dataset(made)
    made.close()


@pytest.fixture(scope="session")
def _worker_processes() -> Iterator[None]:
    """The pages start one pool of worker processes for the whole run; it is ended with it."""
    yield
    from terr.ui.session import state

    state.pool().shutdown()
    state.pool.clear()


@pytest.fixture
def open_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _worker_processes: None
) -> Iterator[Callable[..., AppTest]]:
    """Opens windows of the app on a data folder of its own: `open_app("plan", scenario=...)`.

    The app is started from a copy of app.py with no folder pages/ beside it: AppTest forgets the navigation before each
    run and would open the page's file by itself, which sends it back through app.py and loses the click.
    """
    from streamlit.testing.v1 import AppTest

    from terr.ui.session import state

    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "terr"))
    state.shared.clear()
    script = tmp_path / "app.py"
    script.write_text((ROOT / "app.py").read_text(encoding="utf-8"), encoding="utf-8")

    def opened(page: str = "accounts", **query: str) -> AppTest:
        window = AppTest.from_file(script, default_timeout=120)
        for name, value in query.items():
            window.query_params[name] = value
        # The page at once, as its address is opened: an address is a page's file name, which AppTest takes it by.
        return window.switch_page(str(ROOT / "pages" / f"{page}.py")).run()

    yield opened
    state.shared().close()
    state.shared.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, shared; each test takes a database of its own from it. It doesn't wait for the disk."""
    server = Postgres("fsync = off", "full_page_writes = off")
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database is, on each store in turn."""
    if request.param == "sqlite":
        yield str(tmp_path / "terr.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
