"""Which pages of other origins may call a door from a browser (contract S000-E07, S002-C01)."""

import re
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

JUDGE_PATHS = re.compile(r"/(run|runall|submit)/?")
EXECUTION_PATHS = re.compile(r"/api/v1/(executions|auth|languages)(/.*)?")


class DoorCorsMiddleware:
    """Answer for some paths what browsers ask before they let a page call them.

    Credentials of the browser, cookies above all, are never allowed along: no door needs them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        paths: re.Pattern[str],
        methods: Sequence[str],
        origins: Sequence[str],
    ) -> None:
        self._app = app
        self._paths = paths
        self._for_door = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-Id"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        is_the_door = scope["type"] == "http" and self._paths.fullmatch(scope["path"])
        await (self._for_door if is_the_door else self._app)(scope, receive, send)
