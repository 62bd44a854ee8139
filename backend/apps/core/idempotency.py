"""Requests that may be sent again without being done again: those with an `Idempotency-Key`.

Source: draft-ietf-httpapi-idempotency-key-header-06.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import (
    AnswerNotKeptError,
    IdempotencyKeyError,
    IdempotencyKeyReusedError,
)
from apps.core.models import KEY_CHARS_MAX, IdempotentAnswer

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
ANSWER_CHARS_MAX = 1_000_000
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    location=OpenApiParameter.HEADER,
    description=(
        f"A new text of at most {KEY_CHARS_MAX} characters, such as a UUID. Who sends the request "
        "again with the same one, within 24 hours, gets the first answer again, and nothing is "
        "done twice. With another body it is refused: 422, `idempotency-key-reused`. Where the "
        "answer had a secret, or was very long, none is kept: 409, `answer-not-kept`, says that "
        "it was done."
    ),
)

View = TypeVar("View")
Rest = ParamSpec("Rest")
Handler = Callable[Concatenate[View, Request, Rest], Response]


def idempotent(handler: Handler[View, Rest]) -> Handler[View, Rest]:
    """Have a handler done once for each key of a user; needs a view for those signed in.

    With a key everything happens in one transaction with the note of the answer, which so is as
    of the commit. A request that is refused leaves no note, so that it may be mended and repeated.
    """
    return _once(handler, keeps_answer=True)


def idempotent_with_secret(handler: Handler[View, Rest]) -> Handler[View, Rest]:
    """Have a handler done once for each key, whose answer is given once too: it has a secret."""
    return _once(handler, keeps_answer=False)


def _once(handler: Handler[View, Rest], *, keeps_answer: bool) -> Handler[View, Rest]:
    @wraps(handler)
    def handle(
        view: View, request: Request, /, *args: Rest.args, **kwargs: Rest.kwargs
    ) -> Response:
        key = _key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        with transaction.atomic():
            answer, is_new = _claim(request, key, timezone.now())
            if not is_new:
                if not answer.is_kept:
                    raise AnswerNotKeptError
                body = json.loads(answer.body) if answer.body else None
                return Response(body, status=answer.status)
            response = handler(view, request, *args, **kwargs)
            answer.status = response.status_code
            text = _text_of(response.data) if keeps_answer else ""
            answer.is_kept = keeps_answer and len(text) <= ANSWER_CHARS_MAX
            answer.body = text if answer.is_kept else ""
            answer.save(update_fields=["status", "body", "is_kept"])
        return response

    return handle


def delete_old_answers(*, now: datetime) -> None:
    """Delete what is not given again."""
    IdempotentAnswer.objects.filter(created_at__lt=now - KEPT_FOR).delete()


def _key_of(request: Request) -> str | None:
    """Read the header: a structured string in quotes, or as most clients send it, without.

    Raises:
        IdempotencyKeyError: It is empty, too long, or has other than visible characters.
    """
    value = request.headers.get(HEADER)
    if value is None:
        return None
    key = value.strip().removeprefix('"').removesuffix('"')
    if not (0 < len(key) <= KEY_CHARS_MAX and key.isascii() and key.isprintable()):
        raise IdempotencyKeyError(
            f"The Idempotency-Key has to have 1 to {KEY_CHARS_MAX} visible ASCII characters."
        )
    return key


def _claim(request: Request, key: str, now: datetime) -> tuple[IdempotentAnswer, bool]:
    """Give the note of a key, and whether the request is the first with it.

    The unique constraint makes another request with the same key wait here until the first one
    has committed.

    Raises:
        IdempotencyKeyReusedError: The key came with another request.
    """
    fingerprint = _fingerprint_of(request)
    fresh = {"fingerprint": fingerprint, "created_at": now}
    answer, is_new = IdempotentAnswer.objects.get_or_create(
        user_id=request.user.pk, key=key, defaults=fresh
    )
    if is_new:
        return answer, True
    rows = IdempotentAnswer.objects.filter(pk=answer.pk)
    if rows.filter(created_at__lt=now - KEPT_FOR).update(**fresh):
        return answer, True
    # Read again, as another request may just have taken the old note over.
    answer = rows.get()
    if answer.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    return answer, False


def _fingerprint_of(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True)
    return sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _text_of(data: Any) -> str:
    return "" if data is None else JSONRenderer().render(data).decode()
