"""Answers with a tag of what they are about, for who has it already."""

from hashlib import sha256

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the caller has that already (source: RFC 9110, section 13.1.2)."""
    known = {
        each.removeprefix("W/") for each in parse_etags(request.headers.get("If-None-Match", ""))
    }
    return etag in known or "*" in known


def told_apart(response: HttpResponse, etag: str) -> HttpResponse:
    """Let caches keep an answer for who asked, if they ask again each time."""
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def answer_with_tag(request: Request, document: object) -> HttpResponse:
    """Answer with a document and the tag of its content, or that the caller has it."""
    body = JSONRenderer().render(document)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    if is_known(request, etag):
        return told_apart(HttpResponse(status=status.HTTP_304_NOT_MODIFIED), etag)
    return told_apart(HttpResponse(body, content_type="application/json"), etag)
