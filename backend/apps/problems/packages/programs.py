"""Programs of a package: which files make one, in what language, and what verdict it should get."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from apps.problems.packages.package import (
    PARTIALLY_ACCEPTED,
    ExpectedVerdict,
    PackageFile,
    Program,
)

# Source: Problem Package Format (legacy), languages table; the platform's languages only.
LANGUAGE_OF_ENDING: Mapping[str, str] = {
    ".c": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cxx": "cpp",
    ".c++": "cpp",
    ".C": "cpp",
    ".cs": "csharp",
    ".go": "go",
    ".java": "java",
    ".js": "javascript",
    ".py": "python",
    ".py3": "python",
    ".rs": "rust",
}
# Source: Problem Package Format (legacy), programs: how Python 2 and 3 are told apart.
_PYTHON_2 = re.compile(rb"#!.*python2")
_ENTRY_STEMS = ("main", "Main", "__main__")
# The programs that only the format's own `build` and `run` scripts can start.
SCRIPTS = frozenset({"build", "run"})
# A compiler gets only the main file of these; it finds the rest by #include.
_ONE_UNIT_LANGUAGES = frozenset({"c", "cpp"})

_V = ExpectedVerdict
# A program over its memory limit crashes, or is stopped: the format knows one verdict for both.
_CRASHES = frozenset({_V.RUN_TIME_ERROR, _V.MEMORY_LIMIT})
_REJECTED = _CRASHES | {_V.WRONG_ANSWER, _V.TIME_LIMIT, _V.OUTPUT_LIMIT}
# The first five are the format's, the others DOMjudge's and later versions'.
EXPECTED_IN_FOLDER: Mapping[str, frozenset[ExpectedVerdict]] = {
    "accepted": frozenset({_V.ACCEPTED}),
    "wrong_answer": frozenset({_V.WRONG_ANSWER}),
    "time_limit_exceeded": frozenset({_V.TIME_LIMIT}),
    "run_time_error": _CRASHES,
    PARTIALLY_ACCEPTED: _REJECTED | {_V.ACCEPTED},
    "rejected": _REJECTED,
    "memory_limit_exceeded": frozenset({_V.MEMORY_LIMIT}),
    "output_limit_exceeded": frozenset({_V.OUTPUT_LIMIT}),
    "compiler_error": frozenset({_V.COMPILE_ERROR}),
}
_EXPECTED_IN_COMMENT: Mapping[str, frozenset[ExpectedVerdict]] = {
    "CORRECT": frozenset({_V.ACCEPTED}),
    "ACCEPTED": frozenset({_V.ACCEPTED}),
    "WRONG_ANSWER": frozenset({_V.WRONG_ANSWER}),
    "NO_OUTPUT": frozenset({_V.WRONG_ANSWER}),
    "TIMELIMIT": frozenset({_V.TIME_LIMIT}),
    "TIME_LIMIT_EXCEEDED": frozenset({_V.TIME_LIMIT}),
    "RUN_ERROR": _CRASHES,
    "RUN_TIME_ERROR": _CRASHES,
    "RUNTIME_ERROR": _CRASHES,
    "MEMORY_LIMIT": frozenset({_V.MEMORY_LIMIT}),
    "MEMORY_LIMIT_EXCEEDED": frozenset({_V.MEMORY_LIMIT}),
    "OUTPUT_LIMIT": frozenset({_V.OUTPUT_LIMIT}),
    "OUTPUT_LIMIT_EXCEEDED": frozenset({_V.OUTPUT_LIMIT}),
    "COMPILER_ERROR": frozenset({_V.COMPILE_ERROR}),
    "COMPILE_ERROR": frozenset({_V.COMPILE_ERROR}),
}
# Source: DOMjudge manual, problem format: `@EXPECTED_RESULTS@: RESULT, RESULT` in a comment.
_COMMENT = re.compile(rb"@EXPECTED_RESULTS@:[ \t]*([A-Za-z_-]+(?:[ \t]*,[ \t]*[A-Za-z_-]+)*)")


class ExpectationError(Exception):
    """Folder and comment don't say which verdict is meant; the message says why."""


def programs_of(files: Iterable[PackageFile]) -> list[Program]:
    """Group files by the program they belong to: one at the top is a program of its own."""
    members: dict[str, list[PackageFile]] = defaultdict(list)
    for file in files:
        name, _, rest = file.path.partition("/")
        members[name].append(PackageFile(path=rest or name, content=file.content))
    return [program_of(name, members[name]) for name in sorted(members)]


def program_of(name: str, files: Iterable[PackageFile]) -> Program:
    """Give the program that is made of files."""
    ordered = tuple(sorted(files, key=lambda file: file.path))
    return Program(name=name, files=ordered, language=_language_of(ordered))


def main_file_of(program: Program) -> PackageFile | None:
    """Give the file that is compiled or started; `None` if the names don't tell it."""
    if program.language is None:
        return None
    sources = [file for file in program.files if _ending_language(file) == program.language]
    if len(sources) == 1:
        return sources[0]
    if program.language in _ONE_UNIT_LANGUAGES:
        return None
    named = [file for file in sources if PurePosixPath(file.path).stem in _ENTRY_STEMS]
    top = [file for file in named if "/" not in file.path]
    return top[0] if len(top) == 1 else None


def reason_not_to_run(program: Program) -> str | None:
    """Say what has to be changed before the program can be run here; `None` if it can."""
    if any(file.path in SCRIPTS for file in program.files) and not program.is_single_file:
        return "It brings 'build' or 'run' scripts; bring sources of one language instead."
    if program.language is None:
        known = " ".join(LANGUAGE_OF_ENDING)
        return f"Its files don't tell one language that is known; use one ending of {known}"
    if main_file_of(program) is None:
        if program.language in _ONE_UNIT_LANGUAGES:
            return "Only one file is compiled; keep one source and include the others as headers."
        return "Its files don't tell which one is started; call that one 'main'."
    return None


def expected_verdicts(folder: str, sources: Sequence[bytes]) -> frozenset[ExpectedVerdict]:
    """Give the verdicts of which a reference submission has to get one; empty if none is stated.

    A comment narrows what the folder says. Where the folder says nothing the comment stands alone.

    Raises:
        ExpectationError: The comment contradicts the folder or itself, or has an unknown word.
    """
    by_folder = EXPECTED_IN_FOLDER.get(folder, frozenset())
    comments = {_expected_in(match) for source in sources for match in _COMMENT.findall(source)}
    if len(comments) > 1:
        raise ExpectationError("It has several @EXPECTED_RESULTS@ that differ; keep one.")
    by_comment = comments.pop() if comments else frozenset()
    if by_folder and by_comment and not by_folder & by_comment:
        raise ExpectationError(f"Its @EXPECTED_RESULTS@ contradicts the folder '{folder}'.")
    return by_folder & by_comment or by_folder or by_comment


def _expected_in(comment: bytes) -> frozenset[ExpectedVerdict]:
    expected: frozenset[ExpectedVerdict] = frozenset()
    for part in comment.decode("ascii").split(","):
        word = part.strip().upper().replace("-", "_")
        if word not in _EXPECTED_IN_COMMENT:
            known = ", ".join(_EXPECTED_IN_COMMENT)
            raise ExpectationError(f"@EXPECTED_RESULTS@ '{part.strip()[:50]}': use {known}.")
        expected |= _EXPECTED_IN_COMMENT[word]
    return expected


def _ending_language(file: PackageFile) -> str | None:
    return LANGUAGE_OF_ENDING.get(PurePosixPath(file.path).suffix)


def _language_of(files: Sequence[PackageFile]) -> str | None:
    languages = {language for file in files if (language := _ending_language(file))}
    if "python" in languages and any(_PYTHON_2.match(file.content.read()) for file in files):
        return None
    return languages.pop() if len(languages) == 1 else None
