"""A real browser: the system's Chromium, steered by Playwright, which downloads none of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.servers import ServerMissingError

NAMES = ("chromium", "google-chrome")
PATIENCE_MS = 30_000
"""For whatever a page shows in the end."""
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise ServerMissingError("no browser is installed (Debian package chromium)")
    # Its own sandbox can't be had as root, nor in many containers; it sees nothing but our pages.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which does not run while the test does; so
        # the database may be asked, but Django can't know that.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one for a module's tests, or skip them where none is installed."""
    try:
        with chromium() as browser:
            yield browser
    except ServerMissingError as error:
        pytest.skip(str(error))


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
