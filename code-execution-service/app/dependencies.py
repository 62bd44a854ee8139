"""What routes ask for.

All of it is `async`, though nothing is awaited: FastAPI would call a plain function in a thread.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from app.domain.callers import Caller
from app.errors import NoDatabaseError, UnauthenticatedError
from app.factory import Factory
from app.logs.context import REQUEST_FACTS
from app.schemas.executions import CompletedStatus
from app.schemas.judge import Place
from app.services.contests import ContestService
from app.services.deliveries import DeliveryLog
from app.services.direct_judging import DirectJudge
from app.services.executions import ExecutionService
from app.services.receiver import ReceiverService
from app.services.submissions import SubmissionService
from app.services.test_data import TestDataService

ACCESS_COOKIE = "access_token"
TOKEN_SCHEMES = frozenset({"bearer", "token"})  # contract S002-H06
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def get_factory(connection: HTTPConnection) -> Factory:
    """Return the process's factory."""
    factory: Factory = connection.app.state.factory
    return factory


FactoryDependency = Annotated[Factory, Depends(get_factory)]


async def get_contests(factory: FactoryDependency) -> ContestService:
    """Return the contest service."""
    return factory.contests()


async def get_submissions(factory: FactoryDependency) -> SubmissionService:
    """Return the submission service."""
    return factory.submissions()


async def get_test_data(factory: FactoryDependency) -> TestDataService:
    """Return the test data that submissions refer to."""
    return factory.test_data


async def get_deliveries(factory: FactoryDependency) -> DeliveryLog:
    """Return what shows deliveries and has them sent again."""
    return factory.delivery_log()


async def get_receiver(factory: FactoryDependency) -> ReceiverService:
    """Return what shows the receiver of events, and enables it."""
    return factory.receiver()


async def get_direct_judge(factory: FactoryDependency) -> DirectJudge:
    """Return the judge for callers who wait."""
    return factory.direct_judge()


async def get_executions(factory: FactoryDependency) -> ExecutionService:
    """Return the service for executions that nobody keeps."""
    return factory.executions()


async def get_completed_status(connection: HTTPConnection) -> CompletedStatus:
    """Return how this installation's frontend calls an execution that ended well."""
    status: CompletedStatus = connection.app.state.completed_status
    return status


async def expect_database(factory: FactoryDependency) -> None:
    """Return if the service has a database (contract C-02).

    Raises:
        NoDatabaseError: it has none.
    """
    if not factory.has_database:
        raise NoDatabaseError


async def get_place(request: Request) -> Place:
    """Return where this process runs."""
    place: Place = request.app.state.place
    return place


def caller_of(door: str) -> Callable[[Request, Factory], Coroutine[Any, Any, None]]:
    """Make the check that guards a door; a credential is looked at even where none is needed.

    So a wrong shared secret shows in development, not on the day of the move to production.
    """

    async def check(request: Request, factory: FactoryDependency) -> None:
        is_open = door in request.app.state.open_doors
        names = ("authorization", "webhook-signature", "x-webhook-secret")
        if not any(name in request.headers for name in names):
            if is_open:
                return
            # Before the body, which may have 64 MiB.
            raise UnauthenticatedError("Sign the request or send a Bearer token")
        await factory.authenticator.authenticate(headers=request.headers, body=await request.body())

    return check


def token_of(connection: HTTPConnection) -> str:
    """Return the token that a request or a WebSocket comes with (contract S-COM-03).

    It is in the header; on a WebSocket, where pages can't set one, in the query; else in the cookie
    that signing in at the backend sets.

    Raises:
        UnauthenticatedError: there is none.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() in TOKEN_SCHEMES and token:
        return token.strip()
    if connection.scope["type"] == "websocket" and "token" in connection.query_params:
        return connection.query_params["token"]
    cookie = connection.cookies.get(ACCESS_COOKIE)
    if cookie and _is_from_our_pages(connection):
        return cookie
    raise UnauthenticatedError("Send `Authorization: Bearer <token>`")


def _is_from_our_pages(connection: HTTPConnection) -> bool:
    """Tell whether a cookie counts: browsers send it with what pages of others ask for, too.

    What changes nothing may come from anywhere, as such a page can't read the answer. It can read
    what a WebSocket says.
    """
    origin = connection.headers.get("origin")
    if origin is None or connection.scope.get("method") in SAFE_METHODS:
        return True
    return origin.partition("://")[2] == connection.headers.get("host")


async def get_caller(connection: HTTPConnection, factory: FactoryDependency) -> Caller:
    """Return who calls, by an account at one of the issuers that are trusted.

    Raises:
        UnauthenticatedError: there is no token, or a bad one.
        KeysUnavailableError: nobody can tell now.
    """
    caller = await factory.callers.identify(token_of(connection), datetime.now(tz=UTC))
    connection.scope.get(REQUEST_FACTS, {})["user"] = caller.owner
    return caller


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=64,
        description="A request that repeats an earlier one's key is not stored again.",
    ),
]
NeedsDatabase = Depends(expect_database)
# Only so that the document, and its page for trying things out, know of tokens.
DocumentedToken = Security(HTTPBearer(scheme_name="token", bearerFormat="JWT", auto_error=False))
CallPlace = Annotated[Place, Depends(get_place)]
CallerDependency = Annotated[Caller, Depends(get_caller)]
CompletedStatusDependency = Annotated[CompletedStatus, Depends(get_completed_status)]
Contests = Annotated[ContestService, Depends(get_contests)]
Deliveries = Annotated[DeliveryLog, Depends(get_deliveries)]
Executions = Annotated[ExecutionService, Depends(get_executions)]
Judge = Annotated[DirectJudge, Depends(get_direct_judge)]
Receivers = Annotated[ReceiverService, Depends(get_receiver)]
Submissions = Annotated[SubmissionService, Depends(get_submissions)]
TestDataStore = Annotated[TestDataService, Depends(get_test_data)]
