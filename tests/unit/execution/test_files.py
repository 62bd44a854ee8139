import re

import pytest

from app.domain.files import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_FILES_BYTES,
    SourceFile,
    check_files,
)
from app.errors import InvalidRequestError


def make_files(*names: str, content: bytes = b"") -> list[SourceFile]:
    return [SourceFile(name=name, content=content) for name in names]


@pytest.mark.parametrize("names", [[], ["grader.h"], ["data/big-1.txt", "data/2", "_x.py"]])
def test_files_may_lie_beside_the_source(names: list[str]) -> None:
    check_files(make_files(*names), source_file="main.cpp")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "/etc/x",
        "a/b/c",
        "a/../b",
        "a//b",
        ".bashrc",
        "-o",
        "a b",
        "ä",
        "a\n",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="can't be the name of a file"):
        check_files(make_files(name), source_file="main.cpp")


@pytest.mark.parametrize(
    ("names", "used"),
    [
        (["main.cpp"], "main.cpp"),
        (["main.cpp/x.h"], "main.cpp"),
        (["a", "a"], "a"),
        (["a/b", "a"], "a"),
    ],
)
def test_a_name_is_used_once(names: list[str], used: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^The name '{used}' is used twice$"):
        check_files(make_files(*names), source_file="main.cpp")


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (
            make_files("a", content=bytes(MAX_FILE_BYTES + 1)),
            "File 'a' has 1048577 bytes; the limit is 1048576",
        ),
        (
            make_files(*"abcde", content=bytes(MAX_FILE_BYTES)),
            f"Files of {5 * MAX_FILE_BYTES} bytes; the limit is {MAX_FILES_BYTES}",
        ),
        (make_files(*(f"f{n}" for n in range(33))), f"33 files; the limit is {MAX_FILES}"),
    ],
)
def test_too_much_is_refused_by_number_and_limit(files: list[SourceFile], complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{re.escape(complaint)}$"):
        check_files(files, source_file="main.cpp")
