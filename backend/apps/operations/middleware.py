"""Measuring how long requests take, by the template of their path."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from apps.core import metrics

UNKNOWN = "unknown"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class MeasuredRequestsMiddleware:
    """Counts every answer; what clients choose freely, as paths and methods, is no label."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        started_s = time.perf_counter()
        response = self._get_response(request)
        match = request.resolver_match
        metrics.request_ended(
            method=request.method if request.method in METHODS else UNKNOWN,
            route=f"/{match.route}" if match else UNKNOWN,
            status=response.status_code,
            seconds=time.perf_counter() - started_s,
        )
        return response
