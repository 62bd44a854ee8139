"""What routes ask for.

All of it is `async`, though nothing is awaited: FastAPI would call a plain function in a thread.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request

from app.errors import UnauthenticatedError
from app.factory import Factory
from app.schemas.judge import Place
from app.services.contests import ContestService
from app.services.direct_judging import DirectJudge
from app.services.submissions import SubmissionService
from app.services.test_data import TestDataService


async def get_factory(request: Request) -> Factory:
    """Return the process's factory."""
    factory: Factory = request.app.state.factory
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


async def get_direct_judge(factory: FactoryDependency) -> DirectJudge:
    """Return the judge for callers who wait."""
    return factory.direct_judge()


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


CallPlace = Annotated[Place, Depends(get_place)]
Contests = Annotated[ContestService, Depends(get_contests)]
Judge = Annotated[DirectJudge, Depends(get_direct_judge)]
Submissions = Annotated[SubmissionService, Depends(get_submissions)]
TestDataStore = Annotated[TestDataService, Depends(get_test_data)]
