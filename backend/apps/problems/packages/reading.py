"""A zip in, a package and a report out."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO

from apps.core.zip_archive import ArchiveError
from apps.problems.packages.entries import MAIN_DOCUMENT, TIME_LIMIT_FILE, Entries, open_entries
from apps.problems.packages.layout import (
    ATTACHMENTS_FOLDER,
    EXTENSION_FILE,
    INCLUDE_FOLDER,
    INPUT_VALIDATORS_FOLDER,
    OUTPUT_VALIDATORS_FOLDER,
    STATEMENT_FOLDER,
    SUBMISSIONS_FOLDER,
)
from apps.problems.packages.package import (
    PARTIALLY_ACCEPTED,
    SAMPLE,
    Package,
    PackageFile,
    ProblemType,
    Program,
    ReferenceSubmission,
    TestGroup,
    Validation,
)
from apps.problems.packages.programs import (
    EXPECTED_IN_FOLDER,
    LANGUAGE_OF_ENDING,
    ExpectationError,
    expected_verdicts,
    program_of,
    programs_of,
    reason_not_to_run,
)
from apps.problems.packages.report import Report
from apps.problems.packages.settings import DOMJUDGE_FILE, Settings, read_document, read_settings
from apps.problems.packages.statements import (
    main_language,
    read_statement_files,
    read_statements,
    titles_in,
)
from apps.problems.packages.test_data import read_groups
from apps.problems.packages.token_flags import FlagsError, options_of

SHORT_NAME_CHARS_MAX = 64
SUBMISSIONS_MAX = 200
_OLD_INPUT_VALIDATORS_FOLDER = "input_format_validators"
_KNOWN_AT_TOP = frozenset({
    MAIN_DOCUMENT,
    TIME_LIMIT_FILE,
    DOMJUDGE_FILE,
    EXTENSION_FILE,
    STATEMENT_FOLDER,
    ATTACHMENTS_FOLDER,
    INCLUDE_FOLDER,
    INPUT_VALIDATORS_FOLDER,
    _OLD_INPUT_VALIDATORS_FOLDER,
    OUTPUT_VALIDATORS_FOLDER,
    SUBMISSIONS_FOLDER,
    "data",
})


def read_package(file: BinaryIO, *, file_name: str = "") -> tuple[Package | None, Report]:
    """Read a zip; without a package when the report has an error.

    The package's contents are read from the file when they are asked for: it has to stay open, and
    one reader at a time may use it. `file_name` gives the short name where no folder in the zip
    does.
    """
    report = Report()
    try:
        entries = open_entries(file, report)
        package = None if report.errors else _package(entries, file_name, report)
    except ArchiveError as error:
        report.error("", error.detail)
        return None, report
    return (None if report.errors else package), report


def _package(entries: Entries, file_name: str, report: Report) -> Package:
    settings = read_settings(entries, report)
    statements = read_statements(entries, report)
    short_name = _short_name(entries, file_name, report)
    language = main_language(statements)
    titles = dict(titles_in(statements))
    titles |= {each or language: title for each, title in settings.titles.items()}
    if not titles:
        report.warning(MAIN_DOCUMENT, "name: It is missing; the short name stands in for it.")
        titles = {language: short_name}
    groups = read_groups(entries, settings.problem_type, report)
    package = Package(
        short_name=short_name,
        titles=titles,
        problem_type=settings.problem_type,
        metadata=settings.metadata,
        limits=settings.limits,
        validation=_validation(entries, settings, report),
        shows_groups=settings.shows_groups,
        statements=statements,
        statement_files=read_statement_files(entries),
        attachments=entries.files(ATTACHMENTS_FOLDER),
        included=_included(entries, report),
        input_validators=_input_validators(entries, report),
        groups=groups,
        submissions=_submissions(entries, settings.problem_type, report),
        extension=read_document(entries, EXTENSION_FILE, report),
    )
    _check_flags(package, report)
    _note_the_rest(entries, report)
    return package


def _short_name(entries: Entries, file_name: str, report: Report) -> str:
    stem = PurePosixPath(file_name).stem
    given = entries.folder_name or "".join(
        each for each in stem if each.isascii() and (each.isalnum() or each in "-_")
    )
    name = given[:SHORT_NAME_CHARS_MAX] or "problem"
    if not (name.isalnum() and name == name.lower()):
        report.warning("", f"The short name '{name}' should have only letters a-z and digits.")
    return name


def _validation(entries: Entries, settings: Settings, report: Report) -> Validation:
    files = entries.files(OUTPUT_VALIDATORS_FOLDER)
    if not settings.validation.is_custom:
        if files:
            report.warning(
                OUTPUT_VALIDATORS_FOLDER,
                f"It is ignored, because {MAIN_DOCUMENT} does not say 'validation: custom'.",
            )
        return settings.validation
    programs = programs_of(files)
    sources = [program for program in programs if program.language]
    if len(sources) == 1 and all(program.is_single_file for program in programs):
        # A source with its headers beside it, instead of in a folder of their own.
        name = sources[0].name if len(programs) == 1 else PurePosixPath(sources[0].name).stem
        programs = [program_of(name, files)]
    if len(programs) != 1:
        report.error(
            OUTPUT_VALIDATORS_FOLDER, f"It has {len(programs)} programs; there has to be one."
        )
        return settings.validation
    if reason := reason_not_to_run(programs[0]):
        report.error(f"{OUTPUT_VALIDATORS_FOLDER}/{programs[0].name}", reason)
    return replace(settings.validation, program=programs[0])


def _included(entries: Entries, report: Report) -> tuple[PackageFile, ...]:
    files = entries.files(INCLUDE_FOLDER)
    known = {*LANGUAGE_OF_ENDING.values(), "python3", "default"}
    for folder in sorted({file.path.partition("/")[0] for file in files} - known):
        report.warning(f"{INCLUDE_FOLDER}/{folder}", "No language of this name can be chosen here.")
    return files


def _input_validators(entries: Entries, report: Report) -> tuple[PackageFile, ...]:
    files = entries.files(INPUT_VALIDATORS_FOLDER) or entries.files(_OLD_INPUT_VALIDATORS_FOLDER)
    if files:
        report.warning(INPUT_VALIDATORS_FOLDER, "They are kept, and not run.")
    return files


def _submissions(
    entries: Entries, problem_type: ProblemType, report: Report
) -> tuple[ReferenceSubmission, ...]:
    submissions: list[ReferenceSubmission] = []
    for folder in sorted({path.partition("/")[0] for path in entries.below(SUBMISSIONS_FOLDER)}):
        path = f"{SUBMISSIONS_FOLDER}/{folder}"
        if path in entries:
            report.warning(path, "It lies in no folder that says its verdict: ignored.")
            continue
        if folder == PARTIALLY_ACCEPTED and problem_type is not ProblemType.SCORING:
            report.error(path, "Only a problem of type scoring can be solved in part.")
        programs = programs_of(entries.files(path))
        submissions += [_submission(entries, folder, program, report) for program in programs]
    if not any(submission.folder == "accepted" for submission in submissions):
        report.warning(
            SUBMISSIONS_FOLDER, "No accepted submission shows that the problem can be solved."
        )
    if len(submissions) > SUBMISSIONS_MAX:
        report.error(
            SUBMISSIONS_FOLDER,
            f"It has {len(submissions)} submissions; make it at most {SUBMISSIONS_MAX}.",
        )
    return tuple(submissions)


def _submission(
    entries: Entries, folder: str, program: Program, report: Report
) -> ReferenceSubmission:
    path = f"{SUBMISSIONS_FOLDER}/{folder}/{program.name}"
    paths = [path] if program.is_single_file else [f"{path}/{file.path}" for file in program.files]
    if reason := reason_not_to_run(program):
        report.warning(path, f"It can't be judged here. {reason}")
    try:
        expected = expected_verdicts(folder, [entries.read(each) for each in paths])
    except ExpectationError as error:
        report.error(path, str(error))
        expected = frozenset()
    else:
        if not expected:
            known = ", ".join(EXPECTED_IN_FOLDER)
            report.warning(path, f"Its verdict is not stated; use a folder of {known}.")
    return ReferenceSubmission(folder=folder, program=program, expected=expected)


def _check_flags(package: Package, report: Report) -> None:
    sets = {group.settings.output_validator_flags for group in package.groups if group.cases}
    if len(sets) > 1:
        report.error(
            "data",
            "output_validator_flags differ between groups; the checker gets the same everywhere.",
        )
    if not package.validation.is_custom:
        for flags in sets:
            try:
                options_of((*package.validation.flags, *flags))
            except FlagsError as error:
                report.error(MAIN_DOCUMENT, f"validator_flags: {error}")
    if package.validation.is_interactive and any(_has_samples(group) for group in package.groups):
        report.warning(
            SAMPLE, "The problem is interactive: its samples show only the judge's side."
        )


def _has_samples(group: TestGroup) -> bool:
    return group.is_sample and bool(group.cases)


def _note_the_rest(entries: Entries, report: Report) -> None:
    for top in sorted({path.partition("/")[0] for path in entries.paths} - _KNOWN_AT_TOP):
        report.warning(top, "It is not part of the format: ignored.")
