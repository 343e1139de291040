"""Starting the app: the port, and what is said when it can't be had."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from terr.ui import launch
from tests.helpers.servers import Server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_said_in_one_line(taken, capsys) -> None:
    assert launch.main(["--port", str(taken)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"port {taken} is in use" in err
    assert f"make run PORT={taken + 1}" in err


def test_a_port_that_does_not_exist(capsys) -> None:
    assert launch.main(["--port", "70000"]) == 2
    assert "port 70000 does not exist" in capsys.readouterr().err


def test_a_free_port_is_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert not launch.port_in_use(port, "127.0.0.1")


def test_an_old_python_is_said_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text(
        "#!/bin/sh\nexec " + sys.executable + ' -c "import sys; sys.version_info = (3, 9, 2); exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "terr").mkdir()
    (tmp_path / "terr" / "__init__.py").write_text("")
    done = subprocess.run(
        ["make", "-s", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "Terr needs Python 3.11 or newer, this is 3.9" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_program_whose_memory_was_settled_ends_without_a_list_of_what_is_left() -> None:
    code = "import duckdb; from terr.ui.session.garbage import settle; settle('once'); settle('twice')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_ctrl_c_ends_a_server_without_a_traceback(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.process is not None
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == launch.INTERRUPTED
        assert "Traceback" not in server.log.read_text()
