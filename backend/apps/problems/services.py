"""What is done with problems."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from apps.core.errors import InvalidFieldsError
from apps.problems.consistency import check_problem
from apps.problems.models import (
    PackageFile,
    Problem,
    ProblemFile,
    ProblemLanguage,
    ProblemProgram,
    TestCase,
    TestData,
    TestGroup,
)
from apps.problems.packages.layout import ATTACHMENTS_FOLDER, STATEMENT_FOLDER

# What a saved problem's lists are replaced by, as the API's fields name them.
PARTS = ("test_groups", "test_cases", "languages", "files", "programs")
PATH_CHARS_MAX = 200
# What of a package is for participants, in the order in which relative paths are looked for.
_OPEN_FOLDERS = (STATEMENT_FOLDER, ATTACHMENTS_FOLDER)


def list_problems() -> QuerySet[Problem]:
    """Give all problems with their samples in `samples`."""
    samples = TestCase.objects.filter(is_sample=True).select_related("input_data", "expected_data")
    return Problem.objects.prefetch_related(Prefetch("test_cases", samples, to_attr="samples"))


def find_file(problem: Problem, path: str) -> PackageFile | None:
    """Give a file beside the statement or an attachment, by its path there or in the package."""
    # No database keeps a NUL, and PostgreSQL does not even look for one.
    if len(path) > PATH_CHARS_MAX or "\x00" in path:
        return None
    paths = [f"{folder}/{path}" for folder in _OPEN_FOLDERS]
    if path.startswith(tuple(f"{folder}/" for folder in _OPEN_FOLDERS)):
        paths.append(path)
    found = {each.path: each for each in problem.package_files.filter(path__in=paths)}
    return next((found[each] for each in paths if each in found), None)


def list_attachments(problem: Problem) -> list[PackageFile]:
    """Give the files for participants that the statement need not mention, without contents."""
    attached = problem.package_files.filter(path__startswith=f"{ATTACHMENTS_FOLDER}/")
    return list(attached.select_related("data").defer("data__content"))


@transaction.atomic
def save_problem(
    *,
    problem: Problem,
    fields: Mapping[str, Any],
    parts: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Problem:
    """Store a new or changed problem; each of `PARTS` that is given replaces the problem's own.

    A test case that names the `id` of an old one changes that one, so that past results still
    point at it. Test cases name their group, and groups the groups that they require.

    Raises:
        InvalidFieldsError: An `id` is not one of this problem's test cases, a name is not one of
            its groups, something is there twice, or the parts do not fit each other.
    """
    for name, value in fields.items():
        setattr(problem, name, value)
    problem.save()
    if "test_groups" in parts:
        _replace_groups(problem, parts["test_groups"])
    if "test_cases" in parts:
        _replace_test_cases(problem, parts["test_cases"])
    if "languages" in parts:
        items = parts["languages"]
        _expect_each_once("languages", [each["language"] for each in items])
        problem.languages.all().delete()
        ProblemLanguage.objects.bulk_create(
            ProblemLanguage(problem=problem, **each) for each in items
        )
    if "files" in parts:
        items = parts["files"]
        _expect_each_once("files", [(each["name"], each.get("language", "")) for each in items])
        problem.files.all().delete()
        ProblemFile.objects.bulk_create(ProblemFile(problem=problem, **each) for each in items)
    if "programs" in parts:
        items = parts["programs"]
        usual = ProblemProgram.Role.CHECKER
        _expect_each_once("programs", [each.get("role", usual) for each in items])
        problem.programs.all().delete()
        ProblemProgram.objects.bulk_create(
            ProblemProgram(problem=problem, **each) for each in items
        )
    check_problem(problem)
    return problem


def add_test_cases(problem: Problem, tests: Iterable[Mapping[str, Any]]) -> None:
    """Add tests whose `input` and `expected_output` are texts, in the order they come."""
    TestCase.objects.bulk_create(
        TestCase(
            problem=problem,
            input_data=TestData.objects.keep(test["input"].encode()),
            expected_data=TestData.objects.keep(test["expected_output"].encode()),
            **{
                "position": position,
                **{
                    name: value
                    for name, value in test.items()
                    if name not in {"input", "expected_output"}
                },
            },
        )
        for position, test in enumerate(tests, start=1)
    )


def _expect_each_once(field: str, keys: Sequence[Any]) -> None:
    if len(set(keys)) < len(keys):
        raise InvalidFieldsError({field: ["A problem has each once."]})


def _replace_groups(problem: Problem, items: Sequence[Mapping[str, Any]]) -> None:
    """Keep groups by their names; a group may require those that stand before it.

    Raises:
        InvalidFieldsError: It requires another one, or a name is there twice.
    """
    names = [item["name"] for item in items]
    _expect_each_once("test_groups", names)
    problem.test_groups.exclude(name__in=names).delete()
    kept: dict[str, TestGroup] = {}
    for position, item in enumerate(items, start=1):
        required = [kept.get(name) for name in item.get("requires", [])]
        if None in required:
            raise InvalidFieldsError({"test_groups": ["A group requires groups before it only."]})
        own = {name: item[name] for name in item.keys() - {"name", "requires"}}
        group, _created = TestGroup.objects.update_or_create(
            problem=problem, name=item["name"], defaults={"position": position, **own}
        )
        group.requires.set([each for each in required if each is not None])
        kept[group.name] = group


def _replace_test_cases(problem: Problem, items: Sequence[Mapping[str, Any]]) -> None:
    known = {each.pk: each for each in problem.test_cases.all()}
    groups = {each.name: each for each in problem.test_groups.all()}
    named = [item["id"] for item in items if "id" in item]
    if len(set(named)) != len(named) or not set(named) <= known.keys():
        raise InvalidFieldsError({"test_cases": ["An id is not one of this problem's, or twice."]})
    if not {item["group"] for item in items if item.get("group")} <= groups.keys():
        raise InvalidFieldsError({"test_cases": ["A group is not one of this problem's."]})
    problem.test_cases.exclude(pk__in=named).delete()
    for position, item in enumerate(items, start=1):
        test_case = known.get(item.get("id", 0)) or TestCase(problem=problem)
        test_case.position = item.get("position", position)
        test_case.is_sample = item.get("is_sample", test_case.is_sample)
        test_case.points = item.get("points", test_case.points)
        if "group" in item:
            test_case.group = groups.get(item["group"] or "")
        if "input" in item or test_case.pk is None:
            test_case.input_data = TestData.objects.keep(item.get("input", "").encode())
        if "expected_output" in item or test_case.pk is None:
            text = item.get("expected_output", "")
            test_case.expected_data = TestData.objects.keep(text.encode())
        test_case.save()
