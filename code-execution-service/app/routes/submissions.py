"""The submissions door (contract S001-E03 to E06)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query

from app.dependencies import IdempotencyKey, NeedsDatabase, Submissions, caller_of
from app.routes.either_slash import EitherSlashRouter
from app.schemas.submissions import (
    MAX_ID,
    ExecutionStarted,
    SubmissionIn,
    SubmissionListItem,
    SubmissionOut,
    SubmissionQuery,
)
from app.schemas.system import ErrorOut

router = EitherSlashRouter(
    prefix="/api/v1/submissions",
    tags=["submissions"],
    dependencies=[Depends(caller_of("submissions")), NeedsDatabase],
    responses={
        HTTPStatus.BAD_REQUEST: {"model": ErrorOut},
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
SubmissionId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.post(
    "/",
    status_code=HTTPStatus.CREATED,
    summary="Hand in a program",
    description="Stores and queues the program; its result comes by webhook or by asking again.",
    responses={HTTPStatus.CONFLICT: {"model": ErrorOut}},
)
async def create_submission(
    submission: SubmissionIn, submissions: Submissions, idempotency_key: IdempotencyKey = None
) -> SubmissionOut:
    details = await submissions.create(submission.to_request(), idempotency_key=idempotency_key)
    return SubmissionOut.of_details(details)


@router.get("/", summary="List submissions, the newest first")
async def list_submissions(
    submissions: Submissions, query: Annotated[SubmissionQuery, Query()]
) -> list[SubmissionListItem]:
    rows = await submissions.list(
        user_id=query.user_id,
        contest_id=query.contest_id,
        status=query.status,
        skip=query.skip,
        limit=query.limit,
    )
    return [SubmissionListItem.of(row) for row in rows]


@router.get(
    "/{submission_id}",
    summary="Show a submission and its result",
    responses={HTTPStatus.NOT_FOUND: {"model": ErrorOut}},
)
async def get_submission(submission_id: SubmissionId, submissions: Submissions) -> SubmissionOut:
    return SubmissionOut.of_details(await submissions.get(submission_id))


@router.post(
    "/{submission_id}/execute",
    summary="Judge a submission that waits, or again one that ended in an error",
    responses={HTTPStatus.NOT_FOUND: {"model": ErrorOut}},
)
async def execute_submission(
    submission_id: SubmissionId, submissions: Submissions
) -> ExecutionStarted:
    await submissions.execute(submission_id)
    return ExecutionStarted(submission_id=submission_id)
