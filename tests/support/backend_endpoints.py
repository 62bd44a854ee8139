"""Every address of the backend's API and pages, as Django resolves them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
OUTSIDE_OF_CONTESTS = {
    "POST api/auth/register/",
    "POST api/auth/token/",
    "POST api/auth/token/refresh/",
    "POST api/auth/guest/",
    "POST api/auth/logout/",
    "GET api/auth/me/",
    "GET api/auth/api-tokens/",
    "POST api/auth/api-tokens/",
    "POST api/auth/api-tokens/exchange/",
    "DELETE api/auth/api-tokens/{id}/",
    "POST api/webhooks/code-execution/",
    "POST api/webhooks/code-execution/progress/",
    "GET api/health/",
    "GET api/health/ready/",
    "GET api/schema/",
    "GET api/docs/",
    "GET api/code-execution/health/",
    "GET health/",
    "GET .well-known/jwks.json/",
}
"""They know nothing of any contest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one method at one address does; `view` is `None` where that is a function."""

    method: str
    path: str
    view: type[Any] | None
    act: str | None

    @property
    def name(self) -> str:
        """Such as `GET api/health/`."""
        return f"{self.method} {self.path}"


def endpoints() -> Iterator[Endpoint]:
    """Give every endpoint but the admin's."""
    for path, callback in _views(get_resolver().url_patterns, ""):
        if path.startswith("admin/") or path == "api/":
            continue
        view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
        actions: dict[str, str] = getattr(callback, "actions", None) or {}
        has = set(actions or [name for name in METHODS if hasattr(view, name)] or ["get"])
        for method in METHODS:
            if method in has:
                yield Endpoint(method=method.upper(), path=path, view=view, act=actions.get(method))


def _views(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + _plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


def _plain(pattern: str) -> str:
    text = re.sub(r"\(\?P<pk>[^)]*\)|<int:pk>", "{id}", pattern)
    text = re.sub(r"<(?:int|path):(\w+)>", r"{\1}", text)
    return text.strip("^$").replace("/?", "/").replace("\\.", ".")
