"""What holds for every answer, and for every path under `/api/`, whatever view is chosen."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from apps.core import tracing
from apps.core.errors import TooLargeError
from apps.core.problems import (
    API_PREFIX,
    DATABASE_ERRORS,
    database_away,
    problem_response,
    server_error,
)
from apps.core.throttling import tell_quotas
from logbook import context
from logbook.request_ids import HEADER, request_id_of

logger = logging.getLogger(__name__)

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestLogMiddleware:
    """Give a request its id where nobody in front has, and tell whose it is to who writes its line.

    Nothing is asked for that: a user whom no view wanted to know stays unknown.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        request_id = context.request_id() or request_id_of(request.headers.get(HEADER))
        with context.bound(request_id=request_id):
            response = self._get_response(request)
            if request.resolver_match:
                route = f"/{request.resolver_match.route}"
                tracing.request_routed(method=request.method or "", route=route)
        response.headers[HEADER] = request_id
        if (facts := request.META.get(context.REQUEST_FACTS)) is not None:
            facts["user"] = _known_user_id(request)
        return response


class JsonApiMiddleware:
    """Serve API paths without a trailing slash too, bound bodies, tell limits, keep crashes JSON.

    A redirect to the path with the slash would turn a POST into a GET in some clients.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if not request.path_info.startswith(API_PREFIX):
            return self._get_response(request)
        if not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        limit_bytes = settings.API_BODY_BYTES_MAX
        if _content_length(request) > limit_bytes:
            return problem_response(
                status=TooLargeError.status,
                code=TooLargeError.code,
                title=TooLargeError.title,
                detail=f"A request may have {limit_bytes} bytes.",
            )
        response = self._get_response(request)
        tell_quotas(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a view that crashed; with DEBUG too, where Django would send a page."""
        if not request.path.startswith(API_PREFIX):
            return None
        if isinstance(exception, DATABASE_ERRORS):
            logger.error("%s %s: no database: %s", request.method, request.path, exception)
            return database_away(request)
        logger.error("%s %s crashed", request.method, request.path, exc_info=exception)
        return server_error(request)


class ContentSecurityPolicyMiddleware:
    """Tell browsers what an answer may load, unless its view has said so: nothing of others.

    Django's admin and Swagger UI write some styles into their pages; scripts are files everywhere.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self._get_response(request)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return response  # the browser keeps the policy that came with the whole
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        policy = PAGE_POLICY if is_page else DATA_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _known_user_id(request: HttpRequest) -> int | None:
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):
        user = request.__dict__.get("_cached_user")
    return user.pk if user is not None else None


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
