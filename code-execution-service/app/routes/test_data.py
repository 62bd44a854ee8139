"""Test data by hash, for submissions to refer to: sent once, not with every submission."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from app.dependencies import NeedsDatabase, TestDataStore, caller_of
from app.routes.either_slash import EitherSlashRouter
from app.schemas.contents import SHA256
from app.schemas.system import ErrorOut
from app.services.test_data import MAX_TEST_DATA_BYTES

router = EitherSlashRouter(
    prefix="/api/v1/test-data",
    tags=["submissions"],
    dependencies=[Depends(caller_of("submissions")), NeedsDatabase],
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
Sha256 = Annotated[str, Path(pattern=SHA256, description="In lower-case hexadecimal.")]


@router.put(
    "/{sha256}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Keep an input, an expected output, or a file of a checker",
    description="Any bytes, at most 64 MiB. Kept until no submission has used it for long.",
    responses={
        HTTPStatus.BAD_REQUEST: {"model": ErrorOut, "description": "Not the hash of the content."},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"description": "More than 64 MiB."},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
    max_body_size=MAX_TEST_DATA_BYTES,
)
async def put_test_data(sha256: Sha256, request: Request, test_data: TestDataStore) -> None:
    await test_data.store(sha256, await request.body())


@router.head(
    "/{sha256}",
    summary="Ask whether a hash is known",
    responses={HTTPStatus.NOT_FOUND: {"description": "A submission can't refer to it."}},
)
async def head_test_data(sha256: Sha256, test_data: TestDataStore) -> Response:
    is_kept = await test_data.is_kept(sha256)
    return Response(status_code=HTTPStatus.OK if is_kept else HTTPStatus.NOT_FOUND)
