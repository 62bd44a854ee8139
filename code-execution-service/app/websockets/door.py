"""Where WebSockets come in."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class WebSocketDoor:
    """Serves WebSockets past the layers that are for requests: each would cost kilobytes for each.

    What comes to an address that is none is refused.
    """

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = Router(routes=routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        is_websocket = scope["type"] == "websocket"
        await (self._routes if is_websocket else self._app)(scope, receive, send)
