"""Prints the path of a Chromium to test with; finds one, else installs one, else fails with one line that says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_path() -> str | None:
    """The browser named by CHROMIUM, else the first one on PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def from_debian() -> str | None:
    """Debian's package, when this is Debian and we may install."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-q"], **quiet, check=False)
    subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], **quiet, check=False)
    return shutil.which("chromium")


def from_playwright() -> str | None:
    """Playwright's own download."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        path = driver.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def main() -> int:
    """Exit code 0 and the path on stdout, or 1 and the reason on stderr."""
    found = on_path() or from_debian() or from_playwright()
    if not found:
        sys.stderr.write(
            "The browser tests need Chromium and none could be found or installed. Install it (Debian: "
            "apt install chromium) or set CHROMIUM to its path, then run make test again.\n"
        )
        return 1
    sys.stdout.write(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
