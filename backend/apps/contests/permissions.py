"""Who may do what with contests and problems at the API."""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView
from typing_extensions import override

from apps.contests.models import Contest
from apps.contests.services.problems import may_change
from apps.contests.services.rights import Rights
from apps.contests.visibility import Visibility
from apps.core.errors import NotFoundError
from apps.problems.models import Problem

_RIGHTS = "_contest_rights"


def rights_of(request: Request) -> Rights:
    """Give the rights of who sent the request; one request reads them once, at one moment."""
    inner: HttpRequest = request._request  # noqa: SLF001 - it lives as long as the request
    rights: Rights | None = getattr(inner, _RIGHTS, None)
    if rights is None:
        rights = Rights(request.user, timezone.now())
        setattr(inner, _RIGHTS, rights)
    return rights


def find_contest(request: Request, contest_id: int) -> tuple[Contest, Visibility]:
    """Give a contest that the caller may know of, and what they may see of it.

    Raises:
        NotFoundError: There is none of that id.
    """
    rights = rights_of(request)
    contest = rights.visible_contests().filter(pk=contest_id).first()
    if contest is None:
        raise NotFoundError
    return contest, rights.visibility(contest)


class ManagesContest(BasePermission):
    """Managers of the contest only."""

    @override
    def has_object_permission(self, request: Request, view: APIView, obj: Contest) -> bool:
        """Allow who may change the contest."""
        return rights_of(request).visibility(obj).may_manage


class MayChangeProblem(BasePermission):
    """The problem's owner, and managers of every contest."""

    @override
    def has_object_permission(self, request: Request, view: APIView, obj: Problem) -> bool:
        """Allow who may change the problem."""
        return may_change(rights_of(request), obj)


class IsJury(BasePermission):
    """Judges and managers of some contest; which one, the view looks at."""

    @override
    def has_permission(self, request: Request, view: APIView) -> bool:
        """Allow who is of a jury."""
        return rights_of(request).is_jury_somewhere
