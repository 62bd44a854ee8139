"""The folder `problem_statement`: texts by natural language, and the files they show."""

import re
from collections.abc import Mapping, Sequence

from apps.problems.packages.entries import Entries
from apps.problems.packages.layout import STATEMENT_FOLDER
from apps.problems.packages.package import Content, Markup, PackageFile, Statement
from apps.problems.packages.report import Report
from apps.problems.packages.settings import TITLE_CHARS_MAX

DEFAULT_LANGUAGE = "en"
_STATEMENT = re.compile(r"problem(?:\.([a-z]{2,3}(?:-[A-Z]{2})?))?\.(md|tex)\Z")
_PLAIN_TITLE = re.compile(r"%%[ \t]*plainproblemname:([^\n]*)")
_LATEX_TITLE = re.compile(r"\\problemname\{([^{}]*)\}")


def read_statements(entries: Entries, report: Report) -> tuple[Statement, ...]:
    """Read the texts, in the order of their languages.

    Raises:
        ArchiveError: A file is broken or too large.
    """
    statements: dict[tuple[str, Markup], Statement] = {}
    for name in entries.below(STATEMENT_FOLDER):
        path = f"{STATEMENT_FOLDER}/{name}"
        if match := _STATEMENT.match(name):
            statement = Statement(
                language=match[1] or DEFAULT_LANGUAGE,
                markup=Markup(match[2]),
                text=entries.text(path),
            )
            key = statement.language, statement.markup
            if key in statements:
                report.error(path, f"There are two statements for '{key[0]}'; keep one.")
            statements[key] = statement
            if statement.markup is Markup.LATEX:
                report.warning(path, "It is kept as it is; only statements in Markdown are shown.")
    if not any(statement.markup is Markup.MARKDOWN for statement in statements.values()):
        report.warning(
            STATEMENT_FOLDER,
            f"There is no statement to show; write problem.{DEFAULT_LANGUAGE}.md in Markdown.",
        )
    return tuple(statements[key] for key in sorted(statements))


def read_statement_files(entries: Entries) -> tuple[PackageFile, ...]:
    """Give pictures and what else lies beside the texts.

    Raises:
        ArchiveError: A file is broken or too large.
    """
    return tuple(
        PackageFile(path=name, content=entries.content(f"{STATEMENT_FOLDER}/{name}"))
        for name in entries.below(STATEMENT_FOLDER)
        if not _STATEMENT.match(name)
    )


def statement_of(name: str, content: Content) -> Statement | None:
    """Give the statement that a kept file is, if its name is a statement's."""
    match = _STATEMENT.match(name)
    if match is None:
        return None
    text = content.read().decode(errors="replace")
    return Statement(language=match[1] or DEFAULT_LANGUAGE, markup=Markup(match[2]), text=text)


def statement_name(statement: Statement) -> str:
    """Give the name of a statement's file."""
    return f"problem.{statement.language}.{statement.markup.value}"


def main_language(statements: Sequence[Statement]) -> str:
    """Give the natural language of a title that states none."""
    languages = {statement.language for statement in statements}
    return DEFAULT_LANGUAGE if DEFAULT_LANGUAGE in languages or not languages else min(languages)


def titles_in(statements: Sequence[Statement]) -> Mapping[str, str]:
    """Give the titles that statements in LaTeX state themselves."""
    titles = {}
    for statement in statements:
        if statement.markup is Markup.LATEX and (title := _title_in(statement.text)):
            titles[statement.language] = title
    return titles


def _title_in(text: str) -> str:
    match = _PLAIN_TITLE.search(text) or _LATEX_TITLE.search(text)
    title = " ".join(match[1].split()) if match else ""
    return title if title.isprintable() and len(title) <= TITLE_CHARS_MAX else ""
