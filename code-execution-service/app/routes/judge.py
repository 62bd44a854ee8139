"""The judge door: run a program on tests, answer with the verdicts (contract S000-E01 to E03)."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override

from app.dependencies import CallPlace, Judge, NeedsDatabase, caller_of
from app.routes.disconnect import ended_with_the_client
from app.routes.either_slash import EitherSlashRouter
from app.routes.limited_body import expect_body_to_fit
from app.schemas.judge import (
    MAX_BODY_BYTES,
    JudgeAnswerOut,
    RunAllIn,
    RunIn,
    SubmitAnswerOut,
    SubmitIn,
)
from app.schemas.system import ErrorOut


class CountedRoute(APIRoute):
    """A route that looks at rate and size of requests before it parses them."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def check_and_handle(request: Request) -> Response:
            address = request.client.host if request.client else "unknown"
            await request.app.state.factory.rate_limiter.count(self.name, address)
            await expect_body_to_fit(request, max_bytes=MAX_BODY_BYTES)
            return await handle(request)

        return check_and_handle


router = EitherSlashRouter(
    tags=["judge"],
    route_class=CountedRoute,
    dependencies=[Depends(caller_of("judge"))],
    responses={
        status: {"model": ErrorOut}
        for status in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    },
)


@router.post("/run", name="run", summary="Run a program on sample tests")
async def run(body: RunIn, request: Request, judge: Judge, place: CallPlace) -> JudgeAnswerOut:
    call = body.to_call()
    async with ended_with_the_client(request):
        result = await judge.judge(call)
    return JudgeAnswerOut.of(call, result, endpoint="run", place=place)


@router.post("/runall", name="runall", summary="Run a program on all tests")
async def run_all(
    body: RunAllIn, request: Request, judge: Judge, place: CallPlace
) -> JudgeAnswerOut:
    call = body.to_call()
    async with ended_with_the_client(request):
        result = await judge.judge(call)
    return JudgeAnswerOut.of(call, result, endpoint="runall", place=place)


@router.post(
    "/submit",
    name="submit",
    summary="Run a program on all tests, and keep the results",
    dependencies=[NeedsDatabase],
)
async def submit(
    body: SubmitIn, request: Request, judge: Judge, place: CallPlace
) -> SubmitAnswerOut:
    call = body.to_call()
    async with ended_with_the_client(request):
        result = await judge.judge(call)
    answer = JudgeAnswerOut.of(call, result, endpoint="submit", place=place)
    shown = answer.model_dump(mode="json", include={"test_results", "summary"})
    submission_id = await judge.keep(
        call, result, user_id=body.user_id, question_id=body.question_id, **shown
    )
    return SubmitAnswerOut.of_kept(answer, submission_id)
