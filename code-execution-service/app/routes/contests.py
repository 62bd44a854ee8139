"""Contests of the execution service (contract S001-E07 to E11)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query

from app.dependencies import Contests, IdempotencyKey, NeedsDatabase, caller_of
from app.models import Contest
from app.routes.either_slash import EitherSlashRouter
from app.schemas.contests import ContestChange, ContestIn, ContestOut
from app.schemas.submissions import MAX_ID
from app.schemas.system import ErrorOut

router = EitherSlashRouter(
    prefix="/api/v1/contests",
    tags=["contests"],
    dependencies=[Depends(caller_of("submissions")), NeedsDatabase],
    responses={
        HTTPStatus.BAD_REQUEST: {"model": ErrorOut},
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
        HTTPStatus.NOT_FOUND: {"model": ErrorOut},
    },
)
ContestId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.post(
    "/",
    status_code=HTTPStatus.CREATED,
    response_model=ContestOut,
    summary="Create a contest to group submissions by",
    responses={HTTPStatus.CONFLICT: {"model": ErrorOut}},
)
async def create_contest(
    contest: ContestIn, contests: Contests, idempotency_key: IdempotencyKey = None
) -> Contest:
    return await contests.create(
        title=contest.title,
        description=contest.description,
        is_active=contest.is_active,
        idempotency_key=idempotency_key,
    )


@router.get("/", response_model=list[ContestOut], summary="List contests, the newest first")
async def list_contests(
    contests: Contests,
    is_active: bool | None = None,  # noqa: FBT001  # a query parameter
    skip: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Sequence[Contest]:
    return await contests.list(is_active=is_active, skip=skip, limit=limit)


@router.get("/{contest_id}", response_model=ContestOut, summary="Show a contest")
async def get_contest(contest_id: ContestId, contests: Contests) -> Contest:
    return await contests.get(contest_id)


@router.put("/{contest_id}", response_model=ContestOut, summary="Change a contest")
async def update_contest(
    contest_id: ContestId, change: ContestChange, contests: Contests
) -> Contest:
    return await contests.update(
        contest_id,
        title=change.title,
        description=change.description,
        is_active=change.is_active,
    )


@router.delete(
    "/{contest_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Delete a contest; its submissions stay",
)
async def delete_contest(contest_id: ContestId, contests: Contests) -> None:
    await contests.delete(contest_id)
