"""Starts the app: `python -m terr.ui.launch`, which is what `make run` does."""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

_HEAVY = (
    "altair",
    "folium",
    "terr.view.charts",
    "terr.view.mapview",
    "terr.workspace.plan.snapshot",
    "terr.workspace.live.map_events",
    "terr.workspace.reports.downloads",
    "terr.workspace.design.apply_result",
    "terr.workspace.design.solver_pool",
)
INTERRUPTED = 130
"""Exit code after Ctrl-C (128 + SIGINT, as shells have it); a server told to end (SIGTERM) ends with 0."""
_HOME = ("127.0.0.1", "localhost", "::1")
ROOT = Path(__file__).resolve().parents[2]


def port_in_use(port: int, address: str) -> bool:
    """True if something listens on the port already.

    Raises:
        OSError: if the address or port can't be used at all.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False


def _preload() -> None:
    """Load libraries, boundaries and ZIP tables before the first page is asked for, so that it needn't wait.

    Nothing of `terr.ui` but this file: a component can only be registered once the server runs.
    """
    for name in _HEAVY:
        import_module(name)
    from terr.workspace.boundary_library import warm_up

    warm_up()


def _stay_home() -> None:
    """Streamlit would ask a server on the internet for this machine's address when a page of a foreign origin calls."""
    from streamlit import net_util

    net_util.get_external_ip = lambda: None


def _hosts(address: str, names: Sequence[str] = ()) -> list[str]:
    """Options that let in the names people come by; if none is told any name, or only this machine's own.

    Without that a page of the internet whose name is made to mean 127.0.0.1 could read every plan.
    """
    wanted = [*_HOME, *names] if names else [] if address in _HOME else ["*"]
    return [word for name in wanted for word in ("--server.allowedHosts", name)]


def main(arguments: list[str] | None = None) -> int:
    """Check the port, say the address, run Streamlit in this process.

    Returns 2 if the port can't be used, `INTERRUPTED` after Ctrl-C, 0 when told to end.
    """
    parser = argparse.ArgumentParser(prog="python -m terr.ui.launch", description="Start Terr in the browser.")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (default 8501)")
    parser.add_argument(
        "--address", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets others on your network in"
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="name people come by, such as terr.example.com; may be given several times (see docs/sign-in.md)",
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        sys.stderr.write(f"terr: error: port {options.port} does not exist; choose 1024 to 65535\n")
        return 2
    try:
        taken = port_in_use(options.port, options.address)
    except OSError as error:
        sys.stderr.write(
            f"terr: error: {options.address} port {options.port} can't be listened on ({error.strerror}); use a port "
            "from 1024 up, and 127.0.0.1 or 0.0.0.0 as the address\n"
        )
        return 2
    if taken:
        sys.stderr.write(
            f"terr: error: port {options.port} is in use, perhaps by another Terr; stop that one, or choose another "
            f"port: make run PORT={options.port + 1}\n"
        )
        return 2
    host = "localhost" if options.address in {"127.0.0.1", "0.0.0.0"} else options.address  # noqa: S104 (compared, not bound)
    sys.stdout.write(f"Terr is at http://{host}:{options.port} (Ctrl+C stops it)\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server hands it on when its windows are closed
    try:
        _preload()
        _stay_home()
        return _serve(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        from terr.workspace.design.solver_pool import end_pools

        end_pools()  # else Python waits for what they work on, or leaves their semaphores behind


def _serve(options: argparse.Namespace) -> int:
    from click import Abort
    from streamlit.web import cli

    sys.argv = [
        "streamlit",
        "run",
        str(ROOT / "app.py"),
        "--server.port",
        str(options.port),
        "--server.address",
        options.address,
        *_hosts(options.address, options.host),
    ]
    try:
        return int(cli.main(standalone_mode=False) or 0)
    except Abort:  # what click makes of Ctrl-C
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
