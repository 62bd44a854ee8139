"""How errors leave the server: DRF's form from a view, RFC 9457 problem details from elsewhere."""

import logging
import sys
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from apps.core.errors import (
    ForbiddenError,
    InvalidFieldsError,
    NotFoundError,
    NotReadyError,
    ServerError,
    ServiceError,
    UnauthenticatedError,
)

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
PROBLEM_CONTENT_TYPE = "application/problem+json"
BAD_REQUEST_CODE = "bad-request"
DATABASE_AWAY_S = 2
"""After so long it makes sense to ask again."""
DATABASE_AWAY_PAGE = "core/database_away.html"
DATABASE_ERRORS = (OperationalError, InterfaceError)
"""What a driver raises when it can't reach its database, or loses it."""
# Ours for what DRF refuses by itself; where two would mean the same, clients get one.
CODES_OF_DRF = {
    "authentication_failed": UnauthenticatedError.code,
    "error": ServerError.code,
    "method_not_allowed": "method-not-allowed",
    "not_acceptable": "not-acceptable",
    "not_authenticated": UnauthenticatedError.code,
    "not_found": NotFoundError.code,
    "parse_error": "parse-error",
    "permission_denied": ForbiddenError.code,
    "throttled": "throttled",
    "unsupported_media_type": "unsupported-media-type",
}
# Every code that no class of our errors has.
OTHER_CODES = frozenset({BAD_REQUEST_CODE, *CODES_OF_DRF.values()})


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a view's error as DRF's clients expect it: `{"detail": ...}` or errors by field."""
    if not isinstance(error, ServiceError):
        return _with_code(exception_handler(error, context))
    set_rollback()
    if isinstance(error, ServerError):
        logger.error("%s: %s", error.code, error.detail)
    if isinstance(error, InvalidFieldsError):
        return Response(error.fields, status=error.status)
    body = {"detail": error.detail, "code": error.code}
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, UnauthenticatedError) else {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return Response(body, status=error.status, headers=headers)


def _with_code(answer: Response | None) -> Response | None:
    """Add the code to what DRF says in one sentence."""
    if answer is not None and isinstance(answer.data, dict):
        detail = answer.data.get("detail")
        if isinstance(detail, ErrorDetail):
            code = str(detail.code)
            answer.data["code"] = CODES_OF_DRF.get(code, code)
    return answer


def problem_response(*, status: int, code: str, title: str, detail: str) -> JsonResponse:
    """Make an RFC 9457 answer."""
    return JsonResponse(
        {
            "type": f"{settings.PROBLEM_TYPE_BASE}{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
        },
        status=status,
        content_type=PROBLEM_CONTENT_TYPE,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is refused before it reaches a view."""
    if not request.path.startswith(API_PREFIX):
        return defaults.bad_request(request, exception)
    return problem_response(
        status=400, code=BAD_REQUEST_CODE, title="Bad request", detail="The request can't be read."
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is refused outside DRF."""
    if not request.path.startswith(API_PREFIX):
        return defaults.permission_denied(request, exception)
    return problem_response(
        status=403, code=ForbiddenError.code, title="Not allowed", detail="This is not allowed."
    )


@csrf_exempt
def api_not_found(request: HttpRequest) -> HttpResponse:
    """Answer an address under `/api/` that does not exist; with DEBUG too."""
    return problem_response(
        status=404,
        code=NotFoundError.code,
        title="Not found",
        detail=f"There is no {request.path}.",
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist."""
    if not request.path.startswith(API_PREFIX):
        return defaults.page_not_found(request, exception)
    return api_not_found(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a crash; its traceback has been logged.

    Django calls it while it handles the error, which may have come from a view or from around it.
    """
    if isinstance(sys.exception(), DATABASE_ERRORS):
        return database_away(request)
    if not request.path.startswith(API_PREFIX):
        return defaults.server_error(request)
    return problem_response(
        status=ServerError.status,
        code=ServerError.code,
        title=ServerError.title,
        detail="Something went wrong here. It has been logged.",
    )


def database_away(request: HttpRequest) -> HttpResponse:
    """Answer a request that the database did not serve, as while it starts anew.

    Who repeats it under the same `Idempotency-Key` does nothing twice.
    """
    response: HttpResponse
    if request.path.startswith(API_PREFIX):
        response = problem_response(
            status=NotReadyError.status,
            code=NotReadyError.code,
            title=NotReadyError.title,
            detail="The database did not answer. Try again in a moment.",
        )
    else:
        response = HttpResponse(render_to_string(DATABASE_AWAY_PAGE), status=NotReadyError.status)
    response.headers["Retry-After"] = str(DATABASE_AWAY_S)
    return response
