"""Problems in and out as packages: between rows and definitions."""

from collections.abc import Iterable
from typing import BinaryIO

from django.db import transaction

from apps.problems.models import (
    PackageFile,
    Problem,
    ProblemFile,
    ProblemLanguage,
    ProblemProgram,
    ReferenceSubmission,
    TestCase,
    TestData,
    TestGroup,
)
from apps.problems.packages.composing import write_definition
from apps.problems.packages.definition import (
    DefinedFile,
    DefinedGroup,
    DefinedLanguage,
    DefinedProgram,
    DefinedSubmission,
    DefinedTest,
    Definition,
)
from apps.problems.packages.interpreting import definition_of
from apps.problems.packages.package import Content
from apps.problems.packages.package import PackageFile as KeptFile
from apps.problems.packages.reading import read_package
from apps.problems.packages.report import Report
from apps.users.models import User

# What the checker of tokens does where the problem says nothing.
TOKEN_DEFAULTS = {
    "case_sensitive": True,
    "space_sensitive": False,
    "float_absolute": None,
    "float_relative": None,
}
_PLAIN_FIELDS = (
    "title",
    "statement",
    "statement_format",
    "time_limit_ms",
    "memory_limit_bytes",
    "checker",
    "checker_options",
    "allows_compile_options",
    "metadata",
)


def examine_package(file: BinaryIO, *, file_name: str) -> tuple[Definition | None, Report]:
    """Read a package without storing anything; the file has to stay open for its contents."""
    package, report = read_package(file, file_name=file_name)
    if package is None:
        return None, report
    definition = definition_of(package, report)
    return (None if report.errors else definition), report


@transaction.atomic
def store_definition(definition: Definition, *, owner: User | None) -> Problem:
    """Store a problem; one of the same short name is replaced part by part and keeps its id."""
    problem, _created = Problem.objects.select_for_update().get_or_create(
        short_name=definition.short_name,
        defaults={"owner": owner, "title": definition.title, "statement": ""},
    )
    for name in _PLAIN_FIELDS:
        setattr(problem, name, getattr(definition, name))
    problem.save()
    _store_tests(problem, definition)
    _store_lists(problem, definition)
    return problem


def export_problem(problem: Problem, file: BinaryIO) -> Report:
    """Write a problem's package to an empty seekable file; with errors it is not to be used."""
    return write_definition(definition_of_problem(problem), file)


def definition_of_problem(problem: Problem) -> Definition:
    """Give a problem's rows as a definition; contents of tests are read when they are asked for."""
    options = problem.checker_options
    if problem.checker == Problem.Checker.TOKENS:
        options = TOKEN_DEFAULTS | options
    plain = {name: getattr(problem, name) for name in _PLAIN_FIELDS if name != "checker_options"}
    return Definition(
        **plain,
        short_name=problem.short_name or f"problem{problem.pk}",
        checker_options=options,
        groups=tuple(_group(each) for each in problem.test_groups.prefetch_related("requires")),
        tests=tuple(_tests(problem)),
        languages=tuple(
            DefinedLanguage(
                language=each.language,
                time_multiplier=each.time_multiplier,
                memory_multiplier=each.memory_multiplier,
            )
            for each in problem.languages.all()
        ),
        files=tuple(
            DefinedFile(language=each.language, name=each.name, content=each.content)
            for each in problem.files.order_by("language", "name")
        ),
        programs=tuple(
            DefinedProgram(
                role=each.role,
                protocol=each.protocol,
                language=each.language,
                source=each.source,
                files=each.files,
                arguments=tuple(each.arguments),
            )
            for each in problem.programs.all()
        ),
        submissions=tuple(
            DefinedSubmission(
                name=each.name,
                language=each.language,
                code=each.code,
                expected=tuple(each.expected),
            )
            for each in problem.reference_submissions.all()
        ),
        kept=tuple(
            KeptFile(path=each.path, content=_content(each.data))
            for each in problem.package_files.select_related("data").defer("data__content")
        ),
    )


def _store_tests(problem: Problem, definition: Definition) -> None:
    """Replace groups and tests; a test with the content of an old one keeps that one's id."""
    old = {(each.input_data_id, each.expected_data_id): each for each in problem.test_cases.all()}
    problem.test_groups.all().delete()
    groups: dict[str, TestGroup] = {}
    for position, group in enumerate(definition.groups, start=1):
        row = TestGroup.objects.create(
            problem=problem,
            name=group.name,
            position=position,
            points=group.points,
            scoring=group.scoring,
            stop_at_first_failure=group.stop_at_first_failure,
        )
        row.requires.set([groups[name] for name in group.requires])
        groups[group.name] = row
    kept = []
    for position, test in enumerate(definition.tests, start=1):
        input_data, expected_data = _keep(test.input), _keep(test.answer)
        row_of_test = old.pop((input_data.pk, expected_data.pk), None) or TestCase(problem=problem)
        row_of_test.input_data, row_of_test.expected_data = input_data, expected_data
        row_of_test.position, row_of_test.name = position, test.name
        row_of_test.is_sample, row_of_test.points = test.is_sample, test.points
        row_of_test.group = groups[test.group] if test.group else None
        row_of_test.save()
        kept.append(row_of_test.pk)
    problem.test_cases.exclude(pk__in=kept).delete()


def _store_lists(problem: Problem, definition: Definition) -> None:
    problem.languages.all().delete()
    ProblemLanguage.objects.bulk_create(
        ProblemLanguage(
            problem=problem,
            language=each.language,
            time_multiplier=each.time_multiplier,
            memory_multiplier=each.memory_multiplier,
        )
        for each in definition.languages
    )
    problem.files.all().delete()
    ProblemFile.objects.bulk_create(
        ProblemFile(problem=problem, language=each.language, name=each.name, content=each.content)
        for each in definition.files
    )
    problem.programs.all().delete()
    ProblemProgram.objects.bulk_create(
        ProblemProgram(
            problem=problem,
            role=each.role,
            protocol=each.protocol,
            language=each.language,
            source=each.source,
            files=dict(each.files),
            arguments=list(each.arguments),
        )
        for each in definition.programs
    )
    problem.reference_submissions.all().delete()
    ReferenceSubmission.objects.bulk_create(
        ReferenceSubmission(
            problem=problem,
            name=each.name,
            language=each.language,
            code=each.code,
            expected=list(each.expected),
        )
        for each in definition.submissions
    )
    problem.package_files.all().delete()
    PackageFile.objects.bulk_create(
        PackageFile(problem=problem, path=each.path, data=_keep(each.content))
        for each in definition.kept
    )


def _keep(content: Content) -> TestData:
    """Give the row of a content; its bytes are read only when the row is new."""
    found = TestData.objects.defer("content").filter(sha256=content.sha256).first()
    return found or TestData.objects.keep(content.read())


def _group(row: TestGroup) -> DefinedGroup:
    requires = sorted(row.requires.all(), key=lambda each: (each.position, each.pk))
    return DefinedGroup(
        name=row.name,
        points=row.points,
        scoring=row.scoring,
        stop_at_first_failure=row.stop_at_first_failure,
        requires=tuple(each.name for each in requires),
    )


def _tests(problem: Problem) -> Iterable[DefinedTest]:
    rows = problem.test_cases.select_related("group", "input_data", "expected_data")
    for row in rows.defer("input_data__content", "expected_data__content"):
        yield DefinedTest(
            name=row.name,
            input=_content(row.input_data),
            answer=_content(row.expected_data),
            is_sample=row.is_sample,
            points=row.points,
            group=row.group.name if row.group else None,
        )


def _content(row: TestData) -> Content:
    def read() -> bytes:
        return bytes(TestData.objects.values_list("content", flat=True).get(pk=row.pk))

    return Content(row.sha256, row.size_bytes, read)
