"""The page; everything on it comes from the public API, asked by the page's script."""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

NONCE_BYTES = 16
# The editor makes style sheets of its own, which the nonce lets through. `'self'` is the way to
# WebSockets too, in browsers since 2022.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

# All that the page's script imports, so that browsers ask for it at once and not one by one.
MODULES = (
    "core/maths.js",
    *(
        f"playground/{name}.js"
        for name in (
            "account",
            "api",
            "board",
            "contest_view",
            "editor_pane",
            "elements",
            "execution",
            "live",
            "messages",
            "problem_view",
            "programs",
            "run_pane",
            "session",
            "submissions_pane",
            "tabs",
            "vendor/editor",
            "words",
        )
    ),
)


@require_safe
def playground(request: HttpRequest) -> HttpResponse:
    """Give the page, which is the same for everybody."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    context = {"nonce": nonce, "title": settings.API_TITLE, "modules": MODULES}
    page = render(request, "playground/playground.html", context)
    page["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(nonce=nonce)
    page["Referrer-Policy"] = "same-origin"
    page["Cache-Control"] = "no-cache"
    return page
