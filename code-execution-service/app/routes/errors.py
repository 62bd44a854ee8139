"""How errors look on the wire: `detail` as FastAPI's clients expect it, and our stable `code`."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.errors import (
    InvalidRequestError,
    ServerError,
    ServiceError,
    TooLargeError,
    UnauthenticatedError,
)

# Ours for what the framework refuses by itself; any other status is called as HTTP calls it.
CODES_OF_FRAMEWORK = {
    HTTPStatus.BAD_REQUEST: InvalidRequestError.code,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError.code,
}


def install_error_handlers(app: FastAPI) -> None:
    """Render our errors as JSON."""
    app.add_exception_handler(RequestValidationError, _render_validation_error)
    app.add_exception_handler(HTTPException, _render_refusal_of_framework)
    app.add_exception_handler(ServiceError, _handle_service_error)


def _handle_service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)  # noqa: S101  # registered for this class only
    return render_service_error(error)


def render_service_error(error: ServiceError) -> JSONResponse:
    """Make the answer for one of our errors; of a server error it says no more than the title."""
    headers = {}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return JSONResponse(document_of(error), status_code=error.status, headers=headers)


def document_of(error: ServiceError) -> dict[str, object]:
    """Say what a client may know of one of our errors."""
    detail = error.title if isinstance(error, ServerError) else error.detail
    return {"detail": detail, "code": error.code, **error.more}


def _render_refusal_of_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    status = HTTPStatus(error.status_code)
    code = CODES_OF_FRAMEWORK.get(status, status.phrase.lower().replace(" ", "-"))
    return JSONResponse(
        {"detail": error.detail, "code": code}, status_code=status, headers=error.headers
    )


def _render_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class only
    return JSONResponse(
        document_of_problems(error.errors()), status_code=HTTPStatus.UNPROCESSABLE_ENTITY
    )


def document_of_problems(
    problems: Iterable[Mapping[str, Any]], *, inside: Sequence[str] = ()
) -> dict[str, object]:
    """Say where and why, as FastAPI does, but without repeating the input.

    The input may be huge, and a lone surrogate in it could not be written as JSON.
    """
    told = [
        {"type": each["type"], "loc": [*inside, *each["loc"]], "msg": each["msg"]}
        for each in problems
    ]
    return {"detail": told, "code": InvalidRequestError.code}


def render_crash() -> JSONResponse:
    """Make the answer for a fault of ours that nobody foresaw."""
    return JSONResponse(
        {"detail": ServerError.title, "code": ServerError.code},
        status_code=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
