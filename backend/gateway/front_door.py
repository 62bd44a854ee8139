"""The ASGI application in front of everything."""

from collections.abc import Awaitable, Callable

from gateway.asgi import AsgiApplication, Receive, Scope, Send, header
from gateway.refusals import BAD_HOST, refuse
from gateway.rules import is_passed_on


class FrontDoor:
    """Sends each connection where it belongs; the lifespan opens and closes what serves them."""

    def __init__(
        self,
        *,
        http: AsgiApplication,
        websocket: AsgiApplication,
        django: AsgiApplication,
        is_host_ours: Callable[[str], bool],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._passing_on = {"http": http, "websocket": websocket}
        self._django = django
        self._is_host_ours = is_host_ours
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif not is_passed_on(scope):
            await self._django(scope, receive, send)
        elif not self._is_host_ours(header(scope, b"host") or ""):
            await refuse(BAD_HOST, scope, send)
        else:
            await self._passing_on[scope["type"]](scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self._close()
        await send({"type": "lifespan.shutdown.complete"})
