"""The package that means a definition; what no package can say goes into the report."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from apps.problems.domain import MIB
from apps.problems.packages.definition import (
    DefinedGroup,
    DefinedSubmission,
    DefinedTest,
    Definition,
)
from apps.problems.packages.extension import extension_of
from apps.problems.packages.interpreting import FORMATS, INCLUDED_AS, definition_of
from apps.problems.packages.layout import STATEMENT_FOLDER
from apps.problems.packages.package import (
    DATA,
    SAMPLE,
    SECRET,
    ExpectedVerdict,
    GroupSettings,
    License,
    Limits,
    Metadata,
    OnReject,
    Package,
    PackageFile,
    ProblemType,
    ReferenceSubmission,
    ScoreMode,
    Statement,
    TestCase,
    TestGroup,
    Validation,
    content_of,
)
from apps.problems.packages.programs import (
    EXPECTED_IN_FOLDER,
    LANGUAGE_OF_ENDING,
    ExpectationError,
    expected_verdicts,
    program_of,
)
from apps.problems.packages.reading import read_package
from apps.problems.packages.report import Report
from apps.problems.packages.statements import DEFAULT_LANGUAGE, statement_of
from apps.problems.packages.token_flags import TokenOptions, flags_of
from apps.problems.packages.writing import write_package

_ENDINGS = {language: ending for ending, language in LANGUAGE_OF_ENDING.items()} | {
    "cpp": ".cpp",
    "python": ".py",
}
_SUBMISSION_NAME = re.compile(r"[a-z_]{1,30}/[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}\Z")
# A folder that the format does not know: what lies in it says its verdict elsewhere.
_ANY_VERDICT = "mixed"
_FOLDERS = {language: folder for folder, language in INCLUDED_AS.items()}


def write_definition(definition: Definition, file: BinaryIO) -> Report:
    """Write the package of a definition to an empty seekable file, and prove it by reading it.

    With errors in the report the file is not to be used.
    """
    report = Report()
    named = named_well(definition)
    package, kept = package_of(named, report)
    with TemporaryFile() as temporary:
        plain = cast("BinaryIO", temporary)
        write_package(package, plain, kept=kept)
        again, plain_report = read_package(plain)
        if again is None or report.errors:
            report.errors += plain_report.errors
            return report
        meant = definition_of(again, Report())
        package = replace(package, extension=extension_of(named, meant))
    write_package(package, file, kept=kept)
    again, own_report = read_package(file)
    meant = definition_of(again, own_report) if again else meant
    report.errors += own_report.errors
    for part in fields(Definition):
        if getattr(meant, part.name) != getattr(named, part.name):
            report.error("", f"The package would not give back the problem's {part.name}.")
    return report


def named_well(definition: Definition) -> Definition:
    """Give the definition with names of tests and submissions that stand for files.

    Files are read in the order of their names, so names that don't keep the order are replaced.
    """
    folders = _folders_of(definition.groups)
    tests = tuple(
        replace(test, name=f"{_folder_of(test, folders)}/{number:04}")
        for number, test in enumerate(definition.tests, start=1)
    )
    old = [test.name for test in definition.tests]
    is_in_place = all(
        test.name.rpartition("/")[0] == _folder_of(test, folders) for test in definition.tests
    )
    if is_in_place and old == sorted(set(old), key=_reading_order):
        tests = definition.tests
    submissions = sorted(_named(definition.submissions), key=lambda each: each.name.split("/"))
    return replace(definition, tests=tests, submissions=tuple(submissions))


def _named(submissions: Iterable[DefinedSubmission]) -> Iterator[DefinedSubmission]:
    for number, submission in enumerate(submissions, start=1):
        folder, _, name = submission.name.rpartition("/")
        is_file = _SUBMISSION_NAME.match(submission.name) is not None
        if not is_file or LANGUAGE_OF_ENDING.get(PurePosixPath(name).suffix) != submission.language:
            folder, name = "", f"submission-{number:03}{_ENDINGS[submission.language]}"
        if not _is_fitting(folder, submission):
            expected = frozenset(submission.expected)
            alike = [each for each, verdicts in EXPECTED_IN_FOLDER.items() if verdicts == expected]
            folder = alike[0] if alike and _is_fitting(alike[0], submission) else _ANY_VERDICT
        yield replace(submission, name=f"{folder}/{name}")


def _is_fitting(folder: str, submission: DefinedSubmission) -> bool:
    """Tell whether a folder means at least the verdicts, and no comment contradicts it."""
    try:
        meant = expected_verdicts(folder, [submission.code.encode()])
    except ExpectationError:
        return False
    return bool(folder) and meant.issuperset(submission.expected)


def package_of(definition: Definition, report: Report) -> tuple[Package, tuple[PackageFile, ...]]:
    """Give a package and the files that go with it, without what is said beyond the format.

    The names in the definition have to stand for files.
    """
    metadata = definition.metadata
    language = metadata.get("language", DEFAULT_LANGUAGE)
    statements, kept = _statements(definition, language)
    if len(definition.programs) > 1:
        report.error("", "A problem with a checker and an interactor of its own fits no package.")
    package = Package(
        short_name=definition.short_name,
        titles={**metadata.get("titles", {}), language: definition.title},
        problem_type=ProblemType.SCORING if definition.groups else ProblemType.PASS_FAIL,
        metadata=_metadata(metadata),
        limits=_limits(definition),
        validation=_validation(definition),
        shows_groups=bool(metadata.get("shows_groups")),
        statements=statements,
        included=tuple(
            PackageFile(
                path=f"{_FOLDERS.get(file.language, file.language)}/{file.name}",
                content=content_of(file.content.encode()),
            )
            for file in definition.files
        ),
        groups=tuple(_groups(definition)),
        submissions=tuple(_submissions(definition)),
    )
    return package, kept


def _statements(
    definition: Definition, language: str
) -> tuple[tuple[Statement, ...], tuple[PackageFile, ...]]:
    markup = next(each for each, name in FORMATS.items() if name == definition.statement_format)
    shown = Statement(language=language, markup=markup, text=definition.statement)
    statements, kept = [shown] if definition.statement else [], []
    for file in definition.kept:
        folder, _, name = file.path.partition("/")
        statement = statement_of(name, file.content) if folder == STATEMENT_FOLDER else None
        if statement is None:
            kept.append(file)
        else:
            statements.append(statement)
    statements.sort(key=lambda each: (each.language, each.markup))
    return tuple(statements), tuple(kept)


def _metadata(metadata: Mapping[str, Any]) -> Metadata:
    texts = {
        field.name: metadata[field.name]
        for field in fields(Metadata)
        if field.name in metadata and field.name not in {"license", "keywords"}
    }
    return Metadata(
        **texts,
        license=License(metadata.get("license", License.UNKNOWN)),
        keywords=tuple(metadata.get("keywords", ())),
    )


def _limits(definition: Definition) -> Limits:
    stated = definition.metadata.get("limits", {})
    values: dict[str, Any] = {
        name: Decimal(text) if name.startswith("time_") else int(text)
        for name, text in stated.items()
    }
    return Limits(
        time_limit_ms=definition.time_limit_ms,
        memory_mib=definition.memory_limit_bytes // MIB,
        **values,
    )


def _validation(definition: Definition) -> Validation:
    if not definition.programs:
        return Validation(flags=_flags(definition))
    program = definition.programs[0]
    main_file = f"main{_ENDINGS[program.language]}"
    texts = {main_file: program.source, **program.files}
    return Validation(
        is_custom=True,
        is_interactive=program.role == "interactor",
        has_score=bool(definition.groups and definition.metadata.get("has_score")),
        flags=program.arguments,
        program=program_of(
            "validator",
            [
                PackageFile(path=path, content=content_of(text.encode()))
                for path, text in texts.items()
            ],
        ),
    )


def _flags(definition: Definition) -> tuple[str, ...]:
    if definition.checker != "tokens":
        # The nearest that the format has to an equal text.
        return flags_of(TokenOptions(case_sensitive=True, space_sensitive=True))
    options = definition.checker_options
    tolerances = {
        name: None if options.get(name) is None else Decimal(str(options[name]))
        for name in ("float_absolute", "float_relative")
    }
    return flags_of(
        TokenOptions(
            case_sensitive=options["case_sensitive"],
            space_sensitive=options["space_sensitive"],
            **tolerances,
        )
    )


def _groups(definition: Definition) -> Iterator[TestGroup]:
    cases: dict[str, list[TestCase]] = {}
    for test in definition.tests:
        folder, _, name = f"{DATA}/{test.name}".rpartition("/")
        case = TestCase(name=name, input=test.input, answer=test.answer)
        cases.setdefault(folder, []).append(case)
    folders = {
        str(each) for path in cases for each in (PurePosixPath(path), *PurePosixPath(path).parents)
    }
    folders = (folders - {"."}) | {DATA}
    settings = _settings(definition)
    input_flags = definition.metadata.get("input_validator_flags", {})
    for folder in sorted(folders, key=lambda path: path.split("/")):
        nearest = next(path for path in _upwards(folder) if path in settings)
        found = settings[nearest]
        yield TestGroup(
            path=folder,
            settings=replace(
                found,
                ignores_sample=found.ignores_sample and folder == DATA,
                input_validator_flags=input_flags.get(folder.removeprefix(f"{DATA}/"), {}),
            ),
            cases=tuple(cases.get(folder, ())),
        )


def _settings(definition: Definition) -> dict[str, GroupSettings]:
    """Give the settings of folders; one without its own has those of the nearest above."""
    if not definition.groups:
        return {DATA: GroupSettings()}
    names = [group.name for group in definition.groups]
    is_chain = len(names) > 1 and all(
        group.requires == tuple(names[:number]) for number, group in enumerate(definition.groups)
    )
    has_sample_group = "sample" in names
    root = GroupSettings(on_reject=OnReject.CONTINUE, ignores_sample=not has_sample_group)
    settings = {DATA: root, SECRET: replace(root, ignores_sample=False)}
    if is_chain:
        settings[SECRET] = replace(settings[SECRET], on_reject=OnReject.BREAK)
    settings[SAMPLE] = replace(settings[SECRET], accept_score=Decimal(0))
    counts = [test.group for test in definition.tests]
    for name, folder in _folders_of(definition.groups).items():
        group = next(each for each in definition.groups if each.name == name)
        settings[f"{DATA}/{folder}"] = _group_settings(group, counts.count(name))
    return settings


def _group_settings(group: DefinedGroup, tests: int) -> GroupSettings:
    is_sum = group.scoring == "sum"
    share = (Decimal(group.points) / (tests or 1)).quantize(Decimal("0.000001"))
    return GroupSettings(
        on_reject=OnReject.BREAK if group.stop_at_first_failure else OnReject.CONTINUE,
        score_mode=ScoreMode.SUM if is_sum else ScoreMode.MINIMUM,
        accept_score=share if is_sum else Decimal(group.points),
        range_low=Decimal(0),
        range_high=Decimal(group.points),
    )


def _submissions(definition: Definition) -> Iterator[ReferenceSubmission]:
    for submission in definition.submissions:
        folder, _, name = submission.name.rpartition("/")
        files = [PackageFile(path=name, content=content_of(submission.code.encode()))]
        yield ReferenceSubmission(
            folder=folder,
            program=program_of(name, files),
            expected=frozenset(ExpectedVerdict(each) for each in submission.expected),
        )


def _folders_of(groups: Iterable[DefinedGroup]) -> dict[str, str]:
    """Give each group's folder below `data`: its name where that is one, or its number."""
    folders = {}
    for number, group in enumerate(groups, start=1):
        is_folder = group.name.isascii() and group.name.isalnum() and group.name != "secret"
        name = group.name if is_folder else f"group-{number:03}"
        folders[group.name] = "sample" if group.name == "sample" else f"secret/{name}"
    if set(folders) <= {"secret", "sample"}:
        folders = {name: name for name in folders}
    return folders


def _folder_of(test: DefinedTest, folders: Mapping[str, str]) -> str:
    if test.is_sample:
        return "sample"
    folder = folders.get(test.group or "", "secret")
    return "secret" if folder == "sample" else folder


def _reading_order(name: str) -> tuple[list[str], str]:
    folder, _, stem = name.rpartition("/")
    return folder.split("/"), f"{stem}.in"


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    yield from (str(each) for each in PurePosixPath(folder).parents)
