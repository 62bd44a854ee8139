"""What the processes of the service have in common: all they are made of, opened and closed."""

import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from limits import parse as parse_rate
from sqlalchemy.ext.asyncio import AsyncEngine

from app import tracing
from app.clients.backend import BackendClient
from app.clients.doctor import DoctorClient
from app.clients.key_servers import KeyServers, read_key_file
from app.clients.rate_limits import RateLimiter
from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.claims import firebase_caller, openid_caller, platform_caller
from app.engines.base import Engine
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.engine import SandboxEngine
from app.errors import EngineError
from app.factory import Factory
from app.languages import LanguageRegistry
from app.repositories.executions.ports import open_ports
from app.repositories.schema import Schema
from app.repositories.unit_of_work import Transactions
from app.services.accepted_executions import AcceptedExecutions
from app.services.authentication import Authenticator
from app.services.callers import Callers, EmulatedIssuer, Issuer, SigningIssuer
from app.services.examination import ExaminationService
from app.services.fresh_jobs import FreshJobs
from app.services.judge_workers import JudgeWorkers
from app.services.key_store import KeyStore
from app.services.operations import OperationsService
from app.services.slots import Slots
from app.services.test_data import TestDataService
from app.services.tokens import PUBLIC_KEY_ALGORITHMS, RSA
from app.services.trust import TrustService
from app.services.wake_up import Bell

VERSION = "0.1.0"
GARBAGE_OBJECTS = 10_000
"""New objects before the youngest are looked through: more than one submission takes."""
DOCTOR = (sys.executable, "-m", "app.doctor", "--json")

logger = logging.getLogger(__name__)


def start_tracing_or_exit(name: str) -> None:
    """Send traces if that is asked for; where it can't be, the program ends with exit code 2."""
    try:
        tracing.turn_on_if_asked(name)
    except tracing.TracingError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


def keep_what_is_loaded() -> None:
    """Have the garbage collector pass over all that is there, modules above all, from now on.

    It would look through hundreds of thousands of objects that stay for as long as the process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


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


@dataclass(frozen=True, slots=True)
class Process:
    """What every process of the service works with."""

    factory: Factory
    engine_fault: EngineError | None
    checks: Mapping[str, Callable[[], Awaitable[None]]]
    """What has to be so for the process to work, by its name; they raise `ServerError`."""


@asynccontextmanager
async def wired(
    settings: Settings,
    *,
    engine: Engine,
    languages: LanguageRegistry,
    bell: Bell,
    waits_for_callbacks: bool = False,
    backend_transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Process]:
    """Open and start everything for the block; `bell` rings for submissions that have come."""
    backend = BackendClient(
        settings.backend_service_url, secrets=settings.webhook_secrets, transport=backend_transport
    )
    key_servers = KeyServers()
    async with aclosing(backend), aclosing(key_servers), database_opened(settings) as database:
        engine_fault = await _start(engine)
        factory = _create_factory(
            settings,
            engine=engine,
            can_run=engine_fault is None,
            waits_for_callbacks=waits_for_callbacks,
            languages=languages,
            database=database,
            backend=backend,
            key_servers=key_servers,
            bell=bell,
        )
        checks = _readiness_checks(
            factory, database, engine_fault, has_redis=bool(settings.redis_url)
        )
        try:
            yield Process(factory, engine_fault, checks)
        finally:
            await factory.execution_ports.aclose()
            await factory.callers.close()
            await factory.examinations.close()
            await engine.close()
            await factory.rate_limiter.close()


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
    bell: Bell,
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
        fresh_jobs=FreshJobs(bell, lease_s=settings.judge_lease_seconds),
        judge_workers=JudgeWorkers(
            transactions=transactions, place=settings.replica_name, version=VERSION
        ),
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


@asynccontextmanager
async def database_opened(settings: Settings) -> AsyncIterator[AsyncEngine | None]:
    """Open the database for the block, if there is one."""
    if not settings.database_url:
        yield None
        return
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    try:
        yield database
    finally:
        await database.dispose()


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
        schema = Schema(database, versions=SERVICE_DIRECTORY / "migrations" / "versions")
        checks = {
            "database": schema.check,
            **checks,
            "signature": factory.trust.check,
            "deliveries": factory.receiver().check,
        }
    return checks | {"redis": factory.rate_limiter.check} if has_redis else checks
