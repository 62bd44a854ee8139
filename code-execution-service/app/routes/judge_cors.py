"""Which pages of other origins may call the judge door from a browser (contract S000-E07)."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.routes.judge import PATHS


class JudgeCorsMiddleware:
    """Answer for the judge door what browsers ask before they let a page call it.

    Credentials of the browser, cookies above all, are never allowed along: the door needs none.
    """

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._for_judge = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["POST"],
            allow_headers=["*"],
            expose_headers=["Retry-After"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        is_judge = scope["type"] == "http" and scope["path"].rstrip("/") in PATHS
        await (self._for_judge if is_judge else self._app)(scope, receive, send)
