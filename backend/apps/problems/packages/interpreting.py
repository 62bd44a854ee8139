"""What a package means on this platform: a package in, a definition out, losses in the report."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from apps.problems.domain import (
    FILE_BYTES_MAX,
    FILE_NAME,
    LANGUAGES,
    MIB,
    POINTS_MAX,
    PROBLEM_FILES_MAX,
    PROGRAM_ARGUMENTS_MAX,
    PROGRAM_FILES_MAX,
    SHORT_NAME,
    TEST_GROUPS_MAX,
)
from apps.problems.packages.definition import (
    DEFAULT_MEMORY_MIB,
    DEFAULT_TIME_LIMIT_MS,
    DefinedFile,
    DefinedGroup,
    DefinedProgram,
    DefinedSubmission,
    DefinedTest,
    Definition,
)
from apps.problems.packages.extension import extended
from apps.problems.packages.grading import graded_groups
from apps.problems.packages.layout import (
    ATTACHMENTS_FOLDER,
    INCLUDE_FOLDER,
    INPUT_VALIDATORS_FOLDER,
    OUTPUT_VALIDATORS_FOLDER,
    STATEMENT_FOLDER,
    SUBMISSIONS_FOLDER,
)
from apps.problems.packages.package import (
    DATA,
    License,
    Limits,
    Markup,
    Package,
    PackageFile,
    Statement,
    content_of,
)
from apps.problems.packages.programs import main_file_of, reason_not_to_run
from apps.problems.packages.report import Report
from apps.problems.packages.statements import DEFAULT_LANGUAGE, main_language, statement_name
from apps.problems.packages.token_flags import TokenOptions, options_of

FORMATS: Mapping[Markup, str] = {Markup.MARKDOWN: "markdown", Markup.LATEX: "latex"}
PATH_CHARS_MAX = 200
GROUP_NAME_CHARS_MAX = 64
# Folders of `include` that are not named as the platform names the language.
INCLUDED_AS: Mapping[str, str] = {"python3": "python", "default": ""}
# What has a place of its own in a definition; the other limits are metadata.
_DEFINED_LIMITS = frozenset({"time_limit_ms", "memory_mib"})


def definition_of(package: Package, report: Report) -> Definition:
    """Say what the package means; where the report has errors the answer is not to be used."""
    statement = _statement(package)
    language = statement.language if statement else main_language(())
    short_name = package.short_name.lower().replace(".", "-")
    if not re.match(SHORT_NAME, short_name):
        report.error("", f"'{short_name}' is no short name; use small letters and digits.")
    flags = _flags(package)
    options = options_of(flags) if not package.validation.is_custom else None
    kept = [*_kept(package, statement)]
    definition = Definition(
        short_name=short_name,
        title=package.titles.get(language) or next(iter(package.titles.values())),
        statement=statement.text if statement else "",
        statement_format=FORMATS[statement.markup if statement else Markup.MARKDOWN],
        time_limit_ms=package.limits.time_limit_ms or DEFAULT_TIME_LIMIT_MS,
        memory_limit_bytes=(package.limits.memory_mib or DEFAULT_MEMORY_MIB) * MIB,
        checker=_checker(package),
        checker_options={} if options is None else _options_json(options),
        metadata=_metadata(package, language),
        groups=_groups(package, report),
        tests=_tests(package, report),
        files=tuple(
            sorted(_files(package, kept, report), key=lambda file: (file.language, file.name))
        ),
        programs=_programs(package, flags, report),
        submissions=tuple(_submissions(package, kept, report)),
    )
    for file in kept:
        if len(file.path) > PATH_CHARS_MAX:
            report.error(file.path, f"Make the path at most {PATH_CHARS_MAX} characters.")
    definition = extended(definition, package.extension, report)
    return replace(definition, kept=tuple(sorted(kept, key=lambda file: file.path)))


def _statement(package: Package) -> Statement | None:
    """Give the statement to show: one in Markdown, in the main language if there is one."""
    language = main_language(package.statements)
    return min(
        package.statements,
        key=lambda each: (each.markup is not Markup.MARKDOWN, each.language != language),
        default=None,
    )


def _flags(package: Package) -> tuple[str, ...]:
    of_groups = next(
        (each.settings.output_validator_flags for each in package.groups if each.cases), ()
    )
    return (*package.validation.flags, *of_groups)


def _checker(package: Package) -> str:
    if package.validation.is_interactive:
        return "interactor"
    return "program" if package.validation.is_custom else "tokens"


def _options_json(options: TokenOptions) -> dict[str, Any]:
    def number(value: Decimal | None) -> float | None:
        return None if value is None else float(value)

    return {
        "case_sensitive": options.case_sensitive,
        "space_sensitive": options.space_sensitive,
        "float_absolute": number(options.float_absolute),
        "float_relative": number(options.float_relative),
    }


def _metadata(package: Package, language: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        field.name: getattr(package.metadata, field.name) for field in fields(package.metadata)
    }
    is_licensed = package.metadata.license is not License.UNKNOWN
    metadata["license"] = package.metadata.license.value if is_licensed else ""
    metadata["keywords"] = list(package.metadata.keywords)
    metadata["language"] = "" if language == DEFAULT_LANGUAGE else language
    metadata["titles"] = {each: title for each, title in package.titles.items() if each != language}
    metadata["limits"] = {
        field.name: str(value)
        for field in fields(Limits)
        if field.name not in _DEFINED_LIMITS
        and (value := getattr(package.limits, field.name)) is not None
    }
    metadata["shows_groups"] = package.shows_groups
    metadata["has_score"] = package.validation.has_score
    metadata["input_validator_flags"] = {
        group.path.removeprefix(f"{DATA}/"): dict(group.settings.input_validator_flags)
        for group in package.groups
        if group.settings.input_validator_flags
    }
    return {key: value for key, value in metadata.items() if value}


def _groups(package: Package, report: Report) -> tuple[DefinedGroup, ...]:
    # Where the extension states the groups, the folders' own meaning doesn't matter.
    groups = graded_groups(package, Report() if "tests" in package.extension else report)
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        report.error(DATA, "A group has the name 'secret' or 'sample'; give it another one.")
    if len(groups) > TEST_GROUPS_MAX:
        report.error(DATA, f"It has {len(groups)} groups; make it at most {TEST_GROUPS_MAX}.")
    for group in groups:
        if len(group.name) > GROUP_NAME_CHARS_MAX or group.points > POINTS_MAX:
            report.error(DATA, f"Group {group.name} has a longer name or more points than can be.")
    return tuple(
        DefinedGroup(
            name=group.name,
            points=group.points,
            scoring=group.scoring.value,
            stop_at_first_failure=group.stops_at_first_failure,
            requires=group.requires,
        )
        for group in groups
    )


def _tests(package: Package, report: Report) -> tuple[DefinedTest, ...]:
    group_of = {
        case.name: group.name for group in graded_groups(package, Report()) for case in group.cases
    }
    tests = []
    for group in package.groups:
        for case in group.cases:
            name = f"{group.path}/{case.name}".removeprefix(f"{DATA}/")
            if len(name) > PATH_CHARS_MAX:
                report.error(name, f"Make the path at most {PATH_CHARS_MAX} characters.")
            tests.append(
                DefinedTest(
                    name=name,
                    input=case.input,
                    answer=case.answer,
                    is_sample=group.is_sample,
                    group=group_of.get(name),
                )
            )
    return tuple(tests)


def _text(file: PackageFile) -> str | None:
    """Give a file as text that a database can keep; `None` if it is none."""
    if file.content.size_bytes > FILE_BYTES_MAX:
        return None
    try:
        text = file.content.read().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _files(package: Package, kept: list[PackageFile], report: Report) -> Iterator[DefinedFile]:
    count = 0
    for file in package.included:
        folder, _, name = file.path.partition("/")
        language = INCLUDED_AS.get(folder, folder)
        text = _text(file)
        is_known = language in {*LANGUAGES, ""} and re.match(FILE_NAME, name) is not None
        if text is None or not is_known or count == PROBLEM_FILES_MAX:
            path = f"{INCLUDE_FOLDER}/{file.path}"
            report.warning(path, "It is kept, and does not lie beside programs here.")
            kept.append(PackageFile(path=path, content=file.content))
            continue
        count += 1
        yield DefinedFile(language=language, name=name, content=text)


def _programs(
    package: Package, arguments: tuple[str, ...], report: Report
) -> tuple[DefinedProgram, ...]:
    program = package.validation.program
    if program is None or program.language is None:
        return ()
    path = f"{OUTPUT_VALIDATORS_FOLDER}/{program.name}"
    main_file = main_file_of(program)
    texts = {file.path: _text(file) for file in program.files}
    for name, text in texts.items():
        if text is None:
            report.error(f"{path}/{name}", f"Use UTF-8 text of at most {FILE_BYTES_MAX} bytes.")
    if len(texts) > PROGRAM_FILES_MAX or len(arguments) > PROGRAM_ARGUMENTS_MAX:
        report.error(
            path, f"Use at most {PROGRAM_FILES_MAX} files, {PROGRAM_ARGUMENTS_MAX} arguments."
        )
    source = texts.pop(main_file.path) if main_file else None
    return (
        DefinedProgram(
            role="interactor" if package.validation.is_interactive else "checker",
            protocol="icpc",
            language=program.language,
            source=source or "",
            files={name: text or "" for name, text in texts.items()},
            arguments=arguments,
        ),
    )


def _submissions(
    package: Package, kept: list[PackageFile], report: Report
) -> Iterator[DefinedSubmission]:
    stated = package.extension.get("submissions", {})
    for submission in package.submissions:
        program = submission.program
        folder = f"{SUBMISSIONS_FOLDER}/{submission.folder}"
        path = f"{folder}/{program.name}"
        text = _text(program.files[0]) if program.is_single_file else None
        name = path.removeprefix(f"{SUBMISSIONS_FOLDER}/")
        is_judged = bool(submission.expected) or name in stated
        if program.language and is_judged and text is not None:
            yield DefinedSubmission(
                name=name,
                language=program.language,
                code=text,
                expected=tuple(sorted(submission.expected)),
            )
            continue
        if submission.expected and reason_not_to_run(program) is None:
            report.warning(path, "It is kept, and not judged: only single files of text are.")
        below = folder if program.is_single_file else path
        kept += [PackageFile(path=f"{below}/{f.path}", content=f.content) for f in program.files]


def _kept(package: Package, shown: Statement | None) -> Iterator[PackageFile]:
    for statement in package.statements:
        if statement != shown:
            path = f"{STATEMENT_FOLDER}/{statement_name(statement)}"
            yield PackageFile(path=path, content=content_of(statement.text.encode()))
    for folder, files in (
        (STATEMENT_FOLDER, package.statement_files),
        (ATTACHMENTS_FOLDER, package.attachments),
        (INPUT_VALIDATORS_FOLDER, package.input_validators),
    ):
        for file in files:
            yield PackageFile(path=f"{folder}/{file.path}", content=file.content)
