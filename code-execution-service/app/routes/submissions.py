"""The submissions door (contract S001-E03 to E06)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import ValidationError

from app.dependencies import IdempotencyKey, NeedsDatabase, Submissions, caller_of
from app.errors import ServiceError
from app.routes.either_slash import EitherSlashRouter
from app.routes.errors import document_of, document_of_problems
from app.schemas.submissions import (
    MAX_ID,
    BatchIn,
    BatchOut,
    ExecutionStarted,
    OutcomeOut,
    RefusalOut,
    SubmissionIn,
    SubmissionListItem,
    SubmissionOut,
    SubmissionQuery,
)
from app.schemas.system import ErrorOut
from app.services.new_submissions import Order
from app.services.submissions import Accepted

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
    order = Order(request=submission.to_request(), idempotency_key=idempotency_key)
    return SubmissionOut.of_details(await submissions.create(order))


@router.post(
    "/batch",
    summary="Hand in several programs at once",
    description=(
        "Stores and queues each as if it were handed in by itself, all that can be stored in one "
        "transaction, and says of each, in order, what became of it."
    ),
)
async def create_submissions(batch: BatchIn, submissions: Submissions) -> BatchOut:
    orders = batch.to_orders()
    accepted = iter(
        await submissions.create_all([each for each in orders if isinstance(each, Order)])
    )
    return BatchOut(
        outcomes=[
            _outcome_of(next(accepted) if isinstance(each, Order) else each) for each in orders
        ]
    )


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


def _outcome_of(outcome: Accepted | ServiceError | ValidationError) -> OutcomeOut:
    if isinstance(outcome, Accepted):
        return OutcomeOut(status=HTTPStatus.CREATED, id=outcome.submission.id)
    if isinstance(outcome, ServiceError):
        error = RefusalOut.model_validate(document_of(outcome))
        return OutcomeOut(status=outcome.status, error=error, retry_after_s=outcome.retry_after_s)
    document = document_of_problems(outcome.errors(include_input=False), inside=["body"])
    error = RefusalOut.model_validate(document)
    return OutcomeOut(status=HTTPStatus.UNPROCESSABLE_ENTITY, error=error)
