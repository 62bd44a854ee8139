"""How large a request may be, looked at before it is parsed."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override

from app.domain.limits import MIB
from app.errors import TooLargeError


async def expect_body_to_fit(request: Request, *, max_bytes: int) -> None:
    """Return if the body, which is read by then, is small enough.

    Raises:
        TooLargeError: it is larger.
    """
    announced = request.headers.get("content-length", "")
    _expect_to_fit(int(announced) if announced.isdecimal() else 0, max_bytes)
    _expect_to_fit(len(await request.body()), max_bytes)


def _expect_to_fit(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise TooLargeError(
            f"The body has {size_bytes} bytes; the limit is {max_bytes} bytes "
            f"({max_bytes // MIB} MiB)"
        )


def limited_route(max_bytes: int) -> type[APIRoute]:
    """Make the class of routes whose bodies are no larger."""

    class LimitedRoute(APIRoute):
        @override
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def check_and_handle(request: Request) -> Response:
                await expect_body_to_fit(request, max_bytes=max_bytes)
                return await handle(request)

            return check_and_handle

    return LimitedRoute
