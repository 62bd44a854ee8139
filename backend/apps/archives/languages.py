"""Languages as archives and as the platform name them."""

from apps.archives.contest_archive.model import Language, SourceFile
from apps.code_execution.domain import language_id_of
from apps.problems.domain import LANGUAGES

LANGUAGE_CHARS_MAX = 16
# A version or an implementation often follows the name, as in cpp17 or python3_pypy.
_LONGEST_FIRST = sorted(LANGUAGES, key=len, reverse=True)
_OTHER_NAMES = {"pypy": "python", "node": "javascript", "gcc": "c", "g++": "cpp"}
_EXTENSIONS = {
    "python": ("py",),
    "javascript": ("js",),
    "java": ("java",),
    "cpp": ("cpp", "cc", "cxx", "c++"),
    "c": ("c",),
    "csharp": ("cs",),
    "go": ("go",),
    "rust": ("rs",),
}


def language_of(language_id: str) -> str | None:
    """Name the platform's language that an archive's language is; `None` if it has none."""
    found = language_id_of(language_id)
    if found is not None:
        return found
    # "c" begins many names, so only a version may follow it.
    stem = language_id.lower().rstrip("0123456789._-")
    if stem in LANGUAGES:
        return stem
    starts = (*(name for name in _LONGEST_FIRST if name != "c"), *_OTHER_NAMES)
    start = next((each for each in starts if language_id.lower().startswith(each)), None)
    return None if start is None else _OTHER_NAMES.get(start, start)


def stored_language(language_id: str) -> str:
    """Name the language as a submission keeps it: what nobody knows keeps its name."""
    return language_of(language_id) or language_id[:LANGUAGE_CHARS_MAX]


def main_file(
    sources: tuple[SourceFile, ...], *, entry_point: str | None, language: str
) -> SourceFile | None:
    """Pick the file that a program starts with; `None` if there is no file."""
    extensions = _EXTENSIONS.get(language, ())
    named = [each for each in sources if each.name.rpartition("/")[2].rpartition(".")[0]]
    starts = {entry_point, *(f"{entry_point}.{extension}" for extension in extensions)}
    for each in named:
        if entry_point is not None and each.name in starts:
            return each
    for each in named:
        if each.name.rpartition(".")[2] in extensions:
            return each
    return next(iter(sources), None)


def archive_language(language: str) -> Language:
    """Describe a language for an archive."""
    return Language(id=language, name=language, extensions=_EXTENSIONS.get(language, ()))


def file_name(language: str) -> str:
    """Name the file that holds a program in an archive."""
    extensions = _EXTENSIONS.get(language)
    return f"main.{extensions[0]}" if extensions else "main.txt"
