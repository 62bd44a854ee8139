"""A browser, and a front door that its pages come from."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from apps.core import live
from config.asgi import make_front_door
from live.hub import Hub
from live.limits import StreamLimits
from tests.support.asgi_servers import serving_in_thread
from tests.support.browser import PATIENCE_MS, browser

__all__ = ["browser"]
WIDTH, HEIGHT = 1280, 900


class Server:
    """A front door, which can let its streams end."""

    def __init__(self, address: str, hub: Hub) -> None:
        self.address = address
        self.hub = hub

    def end_streams(self) -> None:
        if self.hub._loop is not None:  # else none was ever opened
            self.hub._loop.call_soon_threadsafe(self.hub.end_all)


@pytest.fixture
def server() -> Iterator[Server]:
    hub = Hub()
    live._listeners.append(hub.tick_from_thread)
    try:
        with serving_in_thread(make_front_door(hub, StreamLimits())) as address:
            server = Server(f"http://{address}", hub)
            yield server
            server.end_streams()
    finally:
        live._listeners.remove(hub.tick_from_thread)


@pytest.fixture
def address(server: Server) -> str:
    """The front door's."""
    return server.address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(
        base_url=address, viewport={"width": WIDTH, "height": HEIGHT}
    ) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        # Django's own pages name no icon.
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        yield page
