"""A package in, the same zip out, always byte for byte."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from apps.problems.packages.entries import (
    MAIN_DOCUMENT,
    RATIO_FREE_BYTES,
    RATIO_MAX,
    TIME_LIMIT_FILE,
)
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
    Content,
    GroupSettings,
    Package,
    PackageFile,
    Program,
    content_of,
)
from apps.problems.packages.settings import settings_document as problem_document
from apps.problems.packages.settings import time_limit_text
from apps.problems.packages.statements import (
    main_language,
    statement_name,
    titles_in,
)
from apps.problems.packages.test_data import SETTINGS_FILE, settings_document
from apps.problems.packages.yaml_documents import write_mapping

# The earliest time that a zip can state.
_TIME = (1980, 1, 1, 0, 0, 0)
# Numbers as text take a sixth of the usual level's time, and 6 % more room.
_LEVEL = 1
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3

NamedContent = tuple[str, Content]


def write_package(package: Package, file: BinaryIO, *, kept: Iterable[PackageFile] = ()) -> None:
    """Write a zip with one folder of the short name to a seekable file.

    `kept` are files that the package doesn't name, by their paths in it.
    """
    entries = [*_entries(package), *((each.path, each.content) for each in kept)]
    entries.sort(key=lambda entry: entry[0])
    is_large = sum(content.size_bytes for _, content in entries) > RATIO_FREE_BYTES
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in entries:
            data = content.read()
            info = zipfile.ZipInfo(f"{package.short_name}/{path}", _TIME)
            info.create_system = _UNIX
            info.external_attr = _REGULAR_FILE
            # Who reads it must not take it for a bomb.
            is_stored = is_large and len(zlib.compress(data, _LEVEL)) * RATIO_MAX < len(data)
            info.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compresslevel=_LEVEL)


def _entries(package: Package) -> Iterator[NamedContent]:
    yield MAIN_DOCUMENT, content_of(write_mapping(problem_document(package, _name(package))))
    if package.limits.time_limit_ms is not None:
        yield TIME_LIMIT_FILE, content_of(time_limit_text(package.limits.time_limit_ms).encode())
    for statement in package.statements:
        yield f"{STATEMENT_FOLDER}/{statement_name(statement)}", content_of(statement.text.encode())
    for folder, files in (
        (STATEMENT_FOLDER, package.statement_files),
        (ATTACHMENTS_FOLDER, package.attachments),
        (INCLUDE_FOLDER, package.included),
        (INPUT_VALIDATORS_FOLDER, package.input_validators),
    ):
        yield from _below(folder, files)
    if package.validation.program is not None:
        yield from _program(OUTPUT_VALIDATORS_FOLDER, package.validation.program)
    for submission in package.submissions:
        yield from _program(f"{SUBMISSIONS_FOLDER}/{submission.folder}", submission.program)
    if package.extension:
        yield EXTENSION_FILE, content_of(write_mapping(package.extension))
    yield from _data(package)


def _name(package: Package) -> str | dict[str, str]:
    """Give the title as the format has it, and as a mapping only where it can't say them all."""
    main, known = main_language(package.statements), titles_in(package.statements)
    titles = {
        language: title
        for language, title in sorted(package.titles.items())
        if language == main or known.get(language) != title
    }
    return titles[main] if set(titles) == {main} else titles


def _below(folder: str, files: tuple[PackageFile, ...]) -> Iterator[NamedContent]:
    for file in files:
        yield f"{folder}/{file.path}", file.content


def _program(folder: str, program: Program) -> Iterator[NamedContent]:
    yield from _below(
        folder if program.is_single_file else f"{folder}/{program.name}", program.files
    )


def _data(package: Package) -> Iterator[NamedContent]:
    settings = {group.path: group.settings for group in package.groups}
    for group in package.groups:
        parent = settings.get(group.path.rpartition("/")[0], GroupSettings())
        if group.settings != replace(parent, ignores_sample=False):
            document = settings_document(group.settings, package.problem_type)
            yield f"{group.path}/{SETTINGS_FILE}", content_of(write_mapping(document))
        for case in group.cases:
            yield f"{group.path}/{case.name}.in", case.input
            yield f"{group.path}/{case.name}.ans", case.answer
