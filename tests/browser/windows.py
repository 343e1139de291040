"""Windows of one Chromium that tests take in turns: one that has drawn the app draws it again at a third of the cost.

A window that is opened anew compiles the app's scripts and starts processes of its own, some five seconds of processor.
So a test gives its windows back, and all that it left in them is emptied out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request
from playwright.sync_api import Error as BrowserError

from benchmarks.app import driver

FLAGS = [
    *driver.FLAGS,
    driver.ONLY_HERE,
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
KEPT = 2
"""Windows that are kept from test to test; few tests need more at once."""
EMPTY = "() => { try { sessionStorage.clear(); localStorage.clear(); } catch (_) { /* a page without storage */ } }"


def _abroad(request: Request) -> str:
    """The machine it was for, "" if this one; what the page's own policy forbids isn't sent."""
    parts = urlsplit(request.url)
    home = parts.scheme in {"data", "blob", "about"} or parts.hostname in driver.HOME
    return "" if home or request.failure == "csp" else parts.hostname or request.url


@dataclass
class Windows:
    """Windows of a browser, each with cookies and storage of its own, as of people on machines of their own.

    Attributes:
        browser: what they are opened in.
        taken: those of the test that runs.
        free: those it can have at once.
        asked: what the pages of this test asked of anybody.
        broken: errors of their scripts.
        allowed: machines that this test's pages may ask; they don't answer.
    """

    browser: Browser
    taken: list[Page] = field(default_factory=list)
    free: list[Page] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    def take(self, width: int, height: int, *, dark: bool) -> Page:
        """A window of this size that shows nothing and remembers nothing."""
        page = self.free.pop() if self.free else self._open()
        self.taken.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_default_timeout(20_000)
        return page

    def _open(self) -> Page:
        context = self.browser.new_context(accept_downloads=True)
        context.on("request", lambda request: self.asked.append(request))  # noqa: PLW0108 (no builtin is taken)
        page = context.new_page()
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        return page

    def abroad(self) -> set[str]:
        """Other machines that this test's pages asked."""
        return {machine for request in self.asked if (machine := _abroad(request))}

    def give_back(self, *, reuse: bool) -> tuple[set[str], list[str]]:
        """Ends a test: (other machines that its pages asked and mustn't, errors of their scripts).

        Args:
            reuse: False after a failure, which may have left a key pressed or a page that hangs.
        """
        for page in self.taken:
            if not (reuse and len(self.free) < KEPT and self._emptied(page)):
                page.context.close()
        told = self.abroad() - self.allowed, list(self.broken)
        self.free += [p for p in reversed(self.taken) if not p.is_closed()]
        self.taken.clear()
        self.asked.clear()
        self.broken.clear()
        self.allowed.clear()
        return told

    def _emptied(self, page: Page) -> bool:
        if page.is_closed() or len(page.context.pages) > 1:
            return False
        try:
            page.mouse.move(-1, -1)
            page.evaluate(EMPTY)
            page.goto("about:blank")
            page.context.clear_cookies()
        except BrowserError:
            return False
        return True
