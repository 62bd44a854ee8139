"""Whether the rows of a problem fit each other; asked after every way to write them."""

from django.db.models import F, Q, Sum

from apps.core.errors import InvalidFieldsError
from apps.problems.models import Problem, TestGroup
from apps.problems.rules import ProblemFacts, ProgramFacts, faults_of


def check_problem(problem: Problem) -> None:
    """Return if what is stored of a problem can be judged; else the caller has to roll back.

    Raises:
        InvalidFieldsError: Something has to be changed; the messages say what.
    """
    faults = faults_of(_facts_of(problem))
    if faults:
        raise InvalidFieldsError(faults)


def _facts_of(problem: Problem) -> ProblemFacts:
    tests = problem.test_cases.all()
    size = F("input_data__size_bytes") + F("expected_data__size_bytes")
    of_another = Q(group__isnull=False) & ~Q(group__problem=problem)
    return ProblemFacts(
        checker=problem.checker,
        checker_options=problem.checker_options,
        programs=[
            ProgramFacts(role=each.role, files=each.files, arguments=each.arguments)
            for each in problem.programs.all()
        ],
        groups=[
            (each.name, [_name_of(required, problem) for required in each.requires.all()])
            for each in problem.test_groups.prefetch_related("requires")
        ],
        test_count=tests.count(),
        test_data_bytes=tests.aggregate(total=Sum(size))["total"] or 0,
        foreign_group_count=tests.filter(of_another).count(),
        file_count=problem.files.count(),
        expected_verdicts=dict(problem.reference_submissions.values_list("name", "expected")),
    )


def _name_of(group: TestGroup, problem: Problem) -> str:
    """Tell apart those of other problems, which may have the same names."""
    is_own = group.problem_id == problem.pk
    return group.name if is_own else f"{group.name} of problem {group.problem_id}"
