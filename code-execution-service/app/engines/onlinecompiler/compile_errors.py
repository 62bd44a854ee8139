"""Telling a compile error from a failing program by the compiler's own words.

The provider compiles and runs in one step and does not say which of the two failed. A program that
failed without writing anything is taken for one that did not compile if its error text has the form
of a diagnostic of its language's compiler. A program can imitate that: it then gets one verdict of
failure in place of another.
"""

import re

_GCC = r"^[^\s:]+:\d+:(\d+:)? (fatal )?error: |^collect2: error: |: undefined reference to "
_PATTERNS = {
    language: re.compile(pattern, re.MULTILINE)
    for language, pattern in {
        "c": _GCC,
        "cpp": _GCC,
        "csharp": r"\berror CS\d{4}: ",
        "go": r"^\S+\.go:\d+:\d+: ",
        "java": r"^\S+\.java:\d+: error: ",
        "javascript": r"^SyntaxError: .*(\n\s+at .*)*\n\s+at .*(wrapSafe|compileSourceTextModule)",
        "python": r"\A(?!(?s:.*)^Traceback )(?s:.*)^(SyntaxError|IndentationError|TabError): ",
        "rust": r"^error(\[E\d{4}\])?: .*\n\s*--> |^error: linking with ",
    }.items()
}


def is_compile_error(language_id: str, message: str) -> bool:
    """Whether the text reads like that of the language's compiler; false for unknown languages."""
    pattern = _PATTERNS.get(language_id)
    return pattern is not None and pattern.search(message) is not None
