"""Lists that tell streams which of their rows have changed."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from apps.core import live
from live.resource import Question

Row = TypeVar("Row", bound=Model)
ROWS_MAX = 50
OVERLAP = timedelta(seconds=30)
"""A row may be committed so long after the moment that it bears, behind younger ones."""
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC)
_DIGITS_MAX = 16


class WatchedListView(ListModelMixin, GenericAPIView[Row]):
    """A view of a list that streams can follow.

    `changed_at` names the column with the moment of a row's newest change.
    """

    changed_at: ClassVar[str]

    @abstractmethod
    def channels(self) -> Iterable[str]:
        """Name the channels on which changes of the caller's list are told."""

    @override
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows; a stream gets those that have changed."""
        question = live.question_of(request)
        if question is None:
            return super().list(request, *args, **kwargs)
        response = _answer(self, question)
        live.offer(response, request, channels=self.channels(), embeds=True)
        return response


def _answer(view: WatchedListView[Any], question: Question) -> Response:
    """Answer with the rows that changed, or at first with the first ones of the list.

    The `ETag` is the newest moment of a change that has been told. Who comes back gets some rows
    again, so that none is missed.
    """
    changed_at = view.changed_at
    rows = view.filter_queryset(view.get_queryset())
    if question.is_opening:
        return Response()
    told = _moment_of(view.request.headers.get("If-None-Match"))
    if question.ids is not None:
        rows = rows.filter(pk__in=question.ids).order_by(f"-{changed_at}")
    elif told is not None:
        since = told - OVERLAP if question.is_resumed else told + MICROSECOND
        rows = rows.filter(**{f"{changed_at}__gte": since}).order_by(f"-{changed_at}")
    found = list(rows[: ROWS_MAX + 1])
    if not found and (question.ids is not None or told is not None):
        return Response(status=status.HTTP_304_NOT_MODIFIED)
    shown = found[:ROWS_MAX]
    newest = max([told or EPOCH, *(getattr(row, changed_at) for row in shown)])
    return Response(
        {
            "results": view.get_serializer(shown, many=True).data,
            "has_more": len(found) > ROWS_MAX,
        },
        headers={"ETag": f'"{(newest - EPOCH) // MICROSECOND}"'},
    )


def _moment_of(etag: str | None) -> datetime | None:
    digits = (etag or "").strip('"')
    if not digits.isdecimal() or not digits.isascii() or len(digits) > _DIGITS_MAX:
        return None
    return EPOCH + int(digits) * MICROSECOND
