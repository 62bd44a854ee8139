"""Problems as participants meet them: in contests that set them."""

from django.db.models import Q, QuerySet

from apps.contests.models import Contest, ContestProblem
from apps.contests.services.rights import Rights
from apps.core.errors import NotFoundError
from apps.problems import services
from apps.problems.models import Problem


def list_problems(rights: Rights) -> QuerySet[Problem]:
    """Give the problems that somebody may read: their own, and those of contests open to them."""
    return _of(services.list_problems(), rights, rights.contests_with_open_problems())


def problems_shown_in_full(rights: Rights) -> QuerySet[Problem]:
    """Give those that they see with hidden tests: their own, and those of which they are jury."""
    return _of(Problem.objects.all(), rights, rights.judged_contests())


def may_change(rights: Rights, problem: Problem) -> bool:
    """Tell whether somebody may change a problem: its owner, and managers of every contest."""
    is_owner = problem.owner_id is not None and problem.owner_id == rights.user_id
    return is_owner or rights.is_global_manager


def get_problem(rights: Rights, problem_id: int) -> Problem:
    """Give a problem that somebody may read.

    Raises:
        NotFoundError: There is none of that id.
    """
    problem = list_problems(rights).filter(pk=problem_id).first()
    if problem is None:
        raise NotFoundError
    return problem


def _of(
    problems: QuerySet[Problem], rights: Rights, contests: QuerySet[Contest]
) -> QuerySet[Problem]:
    if rights.is_global_manager:
        return problems
    set_there = ContestProblem.objects.filter(contest__in=contests).values("problem")
    is_owned = Q(owner=rights.user_id, owner__isnull=False)
    return problems.filter(is_owned | Q(pk__in=set_there))
