"""The service's web process: what answers, and the loops that run, judge and deliver beside it."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
import uvicorn
from fastapi import FastAPI
from typing_extensions import override
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import tracing
from app.background import WaitingBell, background_loops
from app.config import Settings, load_settings_or_exit
from app.engines.base import Engine
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.languages import LanguageRegistry, load_languages
from app.logs import configure_logging
from app.monitoring import metrics_served
from app.routes import (
    auth,
    contests,
    deliveries,
    documentation,
    executions,
    judge,
    operations,
    submissions,
    system,
    test_data,
)
from app.routes.content_encoding import ContentEncodingMiddleware
from app.routes.cors import EXECUTION_PATHS, JUDGE_PATHS, DoorCorsMiddleware
from app.routes.envelope import Envelope
from app.routes.errors import install_error_handlers
from app.routes.measured import MeasuredRequests
from app.routes.remote_results import router as remote_results_router
from app.routes.traced import TracedRequests
from app.schemas.judge import Place
from app.services.wake_up import Bell, WakeUp
from app.websockets.door import WebSocketDoor
from app.websockets.executions import routes as watching_routes
from app.websockets.protocol import allow_many_connections, websocket_options
from app.wiring import (
    VERSION,
    create_engine,
    keep_what_is_loaded,
    start_tracing_or_exit,
    wired,
)

MAX_BODY_BYTES = 64 * 1024 * 1024
GRACE_S = 10
KEPT_ALIVE_S = 75
"""Longer than clients keep a connection: else one is closed just when it is used again."""


def create_app(
    settings: Settings,
    *,
    engine: Engine,
    languages: LanguageRegistry,
    backend_transport: httpx.AsyncBaseTransport | None = None,
    remote_results: AwaitedResults | None = None,
) -> FastAPI:
    """Build the application; nothing is opened or started before its lifespan begins.

    `backend_transport` takes the place of the network on the way to the backend. `remote_results`
    are what the engine waits for, if it is one whose results are posted to this service.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            _judging(settings) as judging,
            wired(
                settings,
                engine=engine,
                languages=languages,
                bell=judging.bell,
                waits_for_callbacks=remote_results is not None,
                backend_transport=backend_transport,
            ) as process,
            metrics_served(process.factory, host=settings.metrics_host, port=settings.metrics_port),
            background_loops(
                process.factory,
                judge_bells=judging.judge_bells,
                execution_workers=settings.judge_workers,
            ),
        ):
            app.state.factory = process.factory
            app.state.readiness_checks = dict(process.checks)
            if judging.check_broker:
                app.state.readiness_checks["broker"] = judging.check_broker
                app.state.readiness_checks["judge workers"] = process.factory.judge_workers.check
            yield

    app = FastAPI(
        title="Code Execution Service",
        version=VERSION,
        description="Runs programs in a sandbox, judges them, and reports by signed webhook.",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        redirect_slashes=False,
        docs_url=None,  # they would load programs from elsewhere
        redoc_url=None,
        # FastAPI's own would tell what validation refuses, and texts of exceptions.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.open_doors = frozenset(settings.api_open_endpoints)
    app.state.completed_status = settings.execution_completed_status
    app.state.place = Place(replica=settings.replica_name, container_id=socket.gethostname())
    app.add_middleware(ContentEncodingMiddleware, max_body_bytes=MAX_BODY_BYTES)
    app.add_middleware(
        DoorCorsMiddleware, paths=JUDGE_PATHS, methods=["POST"], origins=settings.judge_cors_origins
    )
    app.add_middleware(
        DoorCorsMiddleware,
        paths=EXECUTION_PATHS,
        methods=["GET", "POST"],
        origins=settings.frontend_service_url,
    )
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    app.add_middleware(WebSocketDoor, routes=watching_routes)
    if tracing.is_on():
        app.add_middleware(TracedRequests)
    app.add_middleware(Envelope)
    if settings.metrics_port is not None:
        app.add_middleware(MeasuredRequests)
    install_error_handlers(app)
    doors = (judge, submissions, test_data, contests, deliveries, executions, auth)
    for door in (*doors, operations, system, documentation):
        app.include_router(door.router)
    if remote_results is not None:
        app.state.remote_results = remote_results
        app.include_router(remote_results_router)
    return app


@dataclass(frozen=True, slots=True)
class _Judging:
    """How judges learn of submissions: by a bell, or far away by tickets."""

    bell: Bell
    judge_bells: Sequence[WaitingBell]
    """Where the judges of this process wait."""
    check_broker: Callable[[], Awaitable[None]] | None = None


@asynccontextmanager
async def _judging(settings: Settings) -> AsyncIterator[_Judging]:
    if not settings.code_execution_queue_url:
        bell = WakeUp()
        yield _Judging(bell, [bell] * settings.judge_workers)
        return
    # Imported late, as most installations need none, and Celery is large.
    from app.clients.tickets import TicketSender  # noqa: PLC0415

    sender = TicketSender(settings.code_execution_queue_url)
    sender.start()
    try:
        yield _Judging(sender, [], sender.check)
    finally:
        await asyncio.to_thread(sender.close)


class Server(uvicorn.Server):
    """Says that it is going before it closes its door, so that balancers look elsewhere."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, delay_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._delay_s = delay_s

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what runs end."""
        self._app.state.factory.stop.set()
        await asyncio.sleep(self._delay_s)
        await super().shutdown(sockets)


def main() -> None:
    """Run the service until it is told to stop."""
    settings = load_settings_or_exit()
    configure_logging(
        settings.logs_directory,
        form=settings.log_format,
        level=settings.log_level,
        secrets=settings.secret_values,
    )
    start_tracing_or_exit("code-execution-service")
    allow_many_connections()
    languages = load_languages()
    engine, results = create_engine(settings, languages)
    app = create_app(settings, engine=engine, languages=languages, remote_results=results)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # the envelope writes a line with more in it
        **websocket_options(),
        proxy_headers=False,  # the application does it, with proxies of its own choice
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    keep_what_is_loaded()
    server = Server(config, app, delay_s=settings.stop_delay_seconds)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(uvicorn.config.STARTUP_FAILURE)


if __name__ == "__main__":
    main()
