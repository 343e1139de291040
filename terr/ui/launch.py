"""Starts the app: `python -m terr.ui.launch`, which is what `make run` does."""

from __future__ import annotations

import argparse
import socket
import sys
from importlib import import_module
from pathlib import Path

_HEAVY = (
    "altair", "folium", "terr.engine", "terr.view.charts", "terr.view.mapview", "terr.workspace.board",
    "terr.workspace.events", "terr.workspace.exports", "terr.workspace.solve",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


def port_in_use(port: int, address: str) -> bool:
    """True if something listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def _preload() -> None:
    """Load libraries, boundaries and ZIP tables before the first page is asked for, so that it needn't wait.

    Nothing of `terr.ui` but this file: a component can only be registered once the server runs.
    """
    for name in _HEAVY:
        import_module(name)
    from terr.boundaries.catalog import load_units
    from terr.locate import home_points

    load_units("county", "lower48")
    home_points(["10001"])


def main(arguments: list[str] | None = None) -> int:
    """Check the port, say the address, run Streamlit in this process. Returns 2 if the port can't be used."""
    parser = argparse.ArgumentParser(prog="python -m terr.ui.launch", description="Start Terr in the browser.")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (default 8501)")
    parser.add_argument(
        "--address", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets others on your network in"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        sys.stderr.write(f"terr: error: port {options.port} does not exist; choose 1024 to 65535\n")
        return 2
    if port_in_use(options.port, options.address):
        sys.stderr.write(
            f"terr: error: port {options.port} is in use, perhaps by another Terr; stop that one, or choose another "
            f"port: make run PORT={options.port + 1}\n"
        )
        return 2
    host = "localhost" if options.address in {"127.0.0.1", "0.0.0.0"} else options.address  # noqa: S104 (compared, not bound)
    sys.stdout.write(f"Terr is at http://{host}:{options.port} (Ctrl+C stops it)\n")
    sys.stdout.flush()
    _preload()
    from streamlit.web import cli

    sys.argv = [
        "streamlit", "run", str(ROOT / "app.py"),
        "--server.port", str(options.port), "--server.address", options.address,
    ]  # fmt: skip
    return int(cli.main(standalone_mode=False) or 0)


if __name__ == "__main__":
    raise SystemExit(main())
