"""Problems as participants meet them: in contests that set them."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.errors import NotFoundError
from apps.problems import services
from apps.problems.models import Problem
from apps.users.models import User


def list_problems(*, user: User, now: datetime) -> QuerySet[Problem]:
    """Give the problems that the user may see: managers all, others those of running contests."""
    problems = services.list_problems()
    if user.is_contest_manager:
        return problems
    has_started = Q(contests__start_time=None) | Q(contests__start_time__lte=now)
    return problems.filter(has_started, contests__is_active=True).distinct()


def get_problem(*, user: User, problem_id: int) -> Problem:
    """Give a problem that the user may see.

    Raises:
        NotFoundError: There is none of that id.
    """
    problem = list_problems(user=user, now=timezone.now()).filter(pk=problem_id).first()
    if problem is None:
        raise NotFoundError
    return problem
