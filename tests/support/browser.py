"""A real browser: the system's Chromium, steered by Playwright, which downloads none of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.servers import ServerMissingError

NAMES = ("chromium", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window.

    Whoever asks the database in the same thread has to set `DJANGO_ALLOW_ASYNC_UNSAFE`: Playwright
    keeps an event loop there, though it does not run while the test does.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise ServerMissingError("no browser is installed (Debian package chromium)")
    # Its own sandbox can't be had as root, nor in many containers; it sees nothing but our pages.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield browser
        finally:
            browser.close()


def watch_for_faults(page: Page) -> list[str]:
    """Collect what the page complains about from now on: script errors, blocked or lost files."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}") if message.type == "error" else None
        ),
    )
    return faults
