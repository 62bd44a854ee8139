"""The service's web process: settings, wiring, and the loops that judge and deliver."""

import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial

import httpx
import uvicorn
from fastapi import FastAPI
from limits import parse as parse_rate
from sqlalchemy.ext.asyncio import AsyncEngine
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.background import background_loops
from app.clients.backend import BackendClient
from app.clients.doctor import DoctorClient
from app.clients.key_servers import KeyServers, read_key_file
from app.clients.rate_limits import RateLimiter
from app.config import SERVICE_DIRECTORY, Settings, load_settings_or_exit
from app.database import create_database, driver_url
from app.domain.claims import firebase_caller, openid_caller, platform_caller
from app.engines.base import Engine
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.engine import SandboxEngine
from app.errors import EngineError
from app.factory import Factory
from app.languages import LanguageRegistry, load_languages
from app.logs import configure_logging
from app.monitoring import metrics_served
from app.repositories.executions.ports import open_ports
from app.repositories.schema import Schema
from app.repositories.unit_of_work import Transactions
from app.routes import (
    auth,
    contests,
    deliveries,
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
from app.schemas.judge import Place
from app.services.accepted_executions import AcceptedExecutions
from app.services.authentication import Authenticator
from app.services.callers import Callers, EmulatedIssuer, Issuer, SigningIssuer
from app.services.examination import ExaminationService
from app.services.fresh_jobs import FreshJobs
from app.services.key_store import KeyStore
from app.services.operations import OperationsService
from app.services.slots import Slots
from app.services.test_data import TestDataService
from app.services.tokens import PUBLIC_KEY_ALGORITHMS, RSA
from app.services.trust import TrustService
from app.websockets.door import WebSocketDoor
from app.websockets.executions import routes as watching_routes
from app.websockets.protocol import allow_many_connections, websocket_options

VERSION = "0.1.0"
MAX_BODY_BYTES = 64 * 1024 * 1024
GRACE_S = 10
KEPT_ALIVE_S = 75
"""Longer than clients keep a connection: else one is closed just when it is used again."""
DOCTOR = (sys.executable, "-m", "app.doctor", "--json")

logger = logging.getLogger(__name__)


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
        database = _open_database(settings)
        backend = BackendClient(
            settings.backend_service_url,
            secrets=settings.webhook_secrets,
            transport=backend_transport,
        )
        key_servers = KeyServers()
        async with aclosing(backend), aclosing(key_servers):
            engine_fault = await _start(engine)
            factory = _create_factory(
                settings,
                engine=engine,
                can_run=engine_fault is None,
                waits_for_callbacks=remote_results is not None,
                languages=languages,
                database=database,
                backend=backend,
                key_servers=key_servers,
            )
            app.state.factory = factory
            app.state.readiness_checks = _readiness_checks(
                factory, database, engine_fault, has_redis=bool(settings.redis_url)
            )
            async with (
                metrics_served(factory, host=settings.metrics_host, port=settings.metrics_port),
                background_loops(factory, judge_workers=settings.judge_workers),
            ):
                yield
            await factory.execution_ports.aclose()
            await factory.callers.close()
            await factory.examinations.close()
            await engine.close()
            await factory.rate_limiter.close()
            if database:
                await database.dispose()

    app = FastAPI(
        title="Code Execution Service",
        version=VERSION,
        description="Runs programs in a sandbox, judges them, and reports by signed webhook.",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        redirect_slashes=False,
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
    app.add_middleware(Envelope)
    if settings.metrics_port is not None:
        app.add_middleware(MeasuredRequests)
    install_error_handlers(app)
    doors = (judge, submissions, test_data, contests, deliveries, executions, auth)
    for door in (*doors, operations, system):
        app.include_router(door.router)
    if remote_results is not None:
        app.state.remote_results = remote_results
        app.include_router(remote_results_router)
    return app


def create_engine(
    settings: Settings, languages: LanguageRegistry
) -> tuple[Engine, AwaitedResults | None]:
    """Build the engine that the settings ask for, and the results that will be posted to it."""
    if settings.code_execution_driver == "local":
        lanes = settings.judge_workers
        return SandboxEngine(languages.languages, settings.data_directory, lanes=lanes), None
    results = AwaitedResults() if settings.code_execution_callback_url else None
    engine = OnlineCompilerEngine(
        languages.languages,
        url=settings.code_execution_api_url,
        api_key=settings.code_execution_api_key.get_secret_value(),
        compilers_file=settings.code_execution_compilers_file,
        results=results,
    )
    return engine, results


def _create_factory(
    settings: Settings,
    *,
    engine: Engine,
    can_run: bool,
    waits_for_callbacks: bool,
    languages: LanguageRegistry,
    database: AsyncEngine | None,
    backend: BackendClient,
    key_servers: KeyServers,
) -> Factory:
    doctor = DoctorClient(DOCTOR, directory=SERVICE_DIRECTORY)
    transactions = Transactions(database)
    ports = open_ports(
        settings.redis_url, kept_s=settings.execution_ttl, lease_s=settings.judge_lease_seconds
    )
    platform_keys = KeyStore(backend.fetch_keys)
    return Factory(
        transactions=transactions,
        has_database=database is not None,
        engine=engine,
        can_run=can_run,
        waits_for_callbacks=waits_for_callbacks,
        languages=languages,
        test_data=TestDataService(transactions, kept_days=settings.test_data_days),
        backend=backend,
        trust=TrustService(backend),
        examinations=ExaminationService(doctor.examine),
        authenticator=Authenticator(
            keys=platform_keys,
            secrets=settings.webhook_secrets,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        ),
        callers=_create_callers(settings, platform_keys, key_servers),
        rate_limiter=_create_rate_limiter(settings),
        judge_slots=Slots(working=settings.judge_workers, waiting=settings.judge_max_waiting_calls),
        judge_max_timeout_s=settings.judge_max_timeout_seconds,
        judge_lease_s=settings.judge_lease_seconds,
        judge_max_queued=settings.judge_max_queued,
        execution_ports=ports,
        accepted_executions=AcceptedExecutions(ports, kept_s=settings.execution_ttl),
        max_waiting_executions=settings.execution_max_waiting,
        fresh_jobs=FreshJobs(lease_s=settings.judge_lease_seconds),
        event_days=settings.event_days,
        operations=OperationsService(
            transactions=transactions,
            has_database=database is not None,
            executions=ports.queue,
            data_directory=settings.data_directory,
        ),
    )


def _create_callers(
    settings: Settings, platform_keys: KeyStore, key_servers: KeyServers
) -> Callers:
    platform = SigningIssuer(
        name=settings.jwt_issuer,
        audience=settings.jwt_audience,
        read=platform_caller,
        keys=platform_keys,
        algorithms=RSA,
    )
    further = [
        SigningIssuer(
            name=issuer.url,
            audience=issuer.audience,
            read=openid_caller,
            keys=KeyStore(partial(key_servers.discover, issuer.url)),
            algorithms=PUBLIC_KEY_ALGORITHMS,
        )
        for issuer in settings.openid_issuers
    ]
    firebase = [_create_firebase(settings, key_servers)] if settings.firebase_project_id else []
    return Callers([platform, *firebase, *further])


def _create_firebase(settings: Settings, key_servers: KeyServers) -> Issuer:
    name, audience = settings.firebase_issuer, settings.firebase_project_id
    if settings.firebase_auth_emulator_host:
        return EmulatedIssuer(name=name, audience=audience, read=firebase_caller)
    file = settings.firebase_certs_file
    fetch = partial(key_servers.fetch, settings.firebase_certs_url)
    return SigningIssuer(
        name=name,
        audience=audience,
        read=firebase_caller,
        keys=KeyStore(partial(read_key_file, file) if file else fetch),
        algorithms=RSA,
    )


def _create_rate_limiter(settings: Settings) -> RateLimiter:
    run, submit = settings.judge_run_rate_limit, settings.judge_submit_rate_limit
    rates = {
        "run": run,
        "runall": run,
        "submit": submit,
        "executions": settings.execution_rate_limit,
        "guest executions": settings.guest_execution_rate_limit,
    }
    return RateLimiter(
        {endpoint: parse_rate(rate) for endpoint, rate in rates.items()},
        redis_url=settings.redis_url,
    )


def _open_database(settings: Settings) -> AsyncEngine | None:
    if not settings.database_url:
        return None
    return create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))


async def _start(engine: Engine) -> EngineError | None:
    """Start the engine; without it submissions are still accepted, and wait."""
    try:
        await engine.start()
    except EngineError as error:
        logger.error("no program can be judged: %s", error.detail)  # noqa: TRY400  # says it all
        return error
    return None


def _readiness_checks(
    factory: Factory,
    database: AsyncEngine | None,
    engine_fault: EngineError | None,
    *,
    has_redis: bool,
) -> dict[str, Callable[[], Awaitable[None]]]:
    async def check_engine() -> None:
        if engine_fault:
            raise engine_fault

    checks: dict[str, Callable[[], Awaitable[None]]] = {"engine": check_engine}
    if database:
        schema = Schema(database, alembic_ini=str(SERVICE_DIRECTORY / "alembic.ini"))
        checks = {
            "database": schema.check,
            **checks,
            "signature": factory.trust.check,
            "deliveries": factory.receiver().check,
        }
    return checks | {"redis": factory.rate_limiter.check} if has_redis else checks


def main() -> None:
    """Run the service until it is told to stop."""
    settings = load_settings_or_exit()
    configure_logging(
        settings.logs_directory,
        form=settings.log_format,
        level=settings.log_level,
        secrets=settings.secret_values,
    )
    allow_many_connections()
    languages = load_languages()
    engine, results = create_engine(settings, languages)
    uvicorn.run(
        create_app(settings, engine=engine, languages=languages, remote_results=results),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # the envelope writes a line with more in it
        **websocket_options(),
        proxy_headers=False,  # the application does it, with proxies of its own choice
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


if __name__ == "__main__":
    main()
