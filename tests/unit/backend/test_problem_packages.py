"""Problem packages: what is read, what the report says, and that writing gives the same again."""

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal

import pytest

from apps.problems.packages.package import (
    License,
    OnReject,
    Package,
    ProblemType,
    ScoreMode,
    content_of,
)
from apps.problems.packages.programs import main_file_of
from apps.problems.packages.reading import read_package
from apps.problems.packages.report import Report
from apps.problems.packages.writing import write_package
from tests.support.problem_packages import (
    Files,
    averages,
    guessing,
    in_folder,
    packed,
    smallest,
    subtasks,
)


def read(files: Files, *, file_name: str = "echo.zip") -> tuple[Package, Report]:
    package, report = read_package(packed(files), file_name=file_name)
    assert package is not None, report.errors
    return package, report


def written(package: Package) -> bytes:
    buffer = io.BytesIO()
    write_package(package, buffer)
    return buffer.getvalue()


def errors_of(files: Files) -> str:
    package, report = read_package(packed(files), file_name="echo.zip")
    assert package is None
    return "\n".join(f"{finding.path}: {finding.message}" for finding in report.errors)


def warnings_of(files: Files) -> str:
    report = read(files)[1]
    return "\n".join(f"{finding.path}: {finding.message}" for finding in report.warnings)


def unpacked(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_takes_the_smallest_package_without_a_complaint() -> None:
    package, report = read(smallest())

    assert report == Report()
    assert package.short_name == "echo"
    assert package.titles == {"en": "Echo"}
    assert package.limits.time_limit_ms == 1000
    assert [group.path for group in package.groups] == ["data", "data/secret"]


def test_reads_what_a_package_says_of_itself() -> None:
    package, _ = read(in_folder("averages", averages()))

    assert package.short_name == "averages"
    assert package.titles == {"en": "Averages", "sv": "Medelvärden"}
    assert package.problem_type is ProblemType.PASS_FAIL
    assert package.metadata.uuid == "0b1f6e2c-8c61-4f0e-9c1c-6c4e2b0c7a11"
    assert package.metadata.license is License.CC_BY_SA
    assert package.metadata.author == "Alice and Bob"
    assert package.metadata.keywords == ("mathematics", "easy")
    assert package.limits.time_limit_ms == 1500
    assert package.limits.memory_mib == 256
    assert package.limits.time_multiplier == Decimal("2.5")
    assert package.validation.flags == ("float_tolerance", "1e-6", "case_sensitive")
    assert [file.path for file in package.statement_files] == ["picture.png"]
    assert [file.path for file in package.attachments] == ["starter.py"]
    assert [file.path for file in package.input_validators] == ["check/check.py"]


def test_reads_samples_before_secret_tests_in_the_order_of_names() -> None:
    package, _ = read(averages())

    cases = [(group.path, case.name) for group in package.groups for case in group.cases]
    assert cases == [
        ("data/sample", "1"),
        ("data/secret", "01-small"),
        ("data/secret", "02-large"),
    ]
    sample = package.groups[1]
    assert sample.is_sample
    assert sample.cases[0].input == content_of(b"2\n1 2\n")
    assert sample.cases[0].answer.read() == b"1.5\n"


def test_reads_which_verdict_each_submission_should_get() -> None:
    package, _ = read(averages())

    expected = {each.program.name: sorted(each.expected) for each in package.submissions}
    assert expected == {
        "alice.py": ["AC"],
        "split": ["AC"],
        "first.py": ["WA"],
        "Slow.java": ["TLE"],
        "crash.c": ["MLE", "RTE"],
        "either.py": ["TLE", "WA"],
    }
    split = next(each.program for each in package.submissions if each.program.name == "split")
    assert split.language == "cpp"
    main_file = main_file_of(split)
    assert main_file is not None
    assert main_file.path == "main.cpp"


def test_reads_groups_with_inherited_settings() -> None:
    package, _ = read(subtasks())

    groups = {group.path: group for group in package.groups}
    assert list(groups) == [
        "data",
        "data/sample",
        "data/secret",
        "data/secret/g1",
        "data/secret/g2",
        "data/secret/g2/deep",
    ]
    assert groups["data"].settings.ignores_sample
    assert not groups["data/secret"].settings.ignores_sample
    assert groups["data/secret"].settings.on_reject is OnReject.CONTINUE
    assert groups["data/secret/g1"].settings.accept_score == 30
    assert groups["data/secret/g1"].settings.input_validator_flags == {"check": "n=10"}
    assert groups["data/secret/g2/deep"].settings == groups["data/secret/g2"].settings
    assert groups["data/secret/g2/deep"].settings.score_mode is ScoreMode.MINIMUM
    assert groups["data/secret/g2/deep"].settings.range_high == 70


def test_reads_a_checker_with_the_headers_beside_it() -> None:
    package, _ = read(subtasks())

    program = package.validation.program
    assert package.validation.has_score
    assert package.validation.flags == ("strict", "3")
    assert program is not None
    assert (program.name, program.language) == ("check", "cpp")
    assert [file.path for file in program.files] == ["check.cpp", "check.h"]


def test_takes_a_checker_whose_headers_lie_beside_it_at_the_top() -> None:
    files = subtasks()
    for name in ("check.cpp", "check.h"):
        files[f"output_validators/{name}"] = files.pop(f"output_validators/check/{name}")

    assert read(files)[0] == read(subtasks())[0]


def test_takes_an_interactive_problem() -> None:
    package, _ = read(guessing())

    assert package.validation.is_interactive
    assert package.validation.program is not None
    assert package.validation.program.is_single_file


@pytest.mark.parametrize("make", [smallest, averages, subtasks, guessing])
def test_reads_the_same_with_and_without_a_top_folder(make: Callable[[], Files]) -> None:
    plain, _ = read(make())
    below_a_folder, _ = read(in_folder("echo", make()), file_name="other.zip")

    assert plain == below_a_folder


@pytest.mark.parametrize("make", [smallest, averages, subtasks, guessing])
def test_writes_what_was_read_and_always_the_same_bytes(make: Callable[[], Files]) -> None:
    package, _ = read(make())
    content = written(package)

    again, report = read_package(io.BytesIO(content), file_name="other.zip")

    assert again == package
    assert not report.errors
    assert again is not None
    assert written(again) == content


def test_keeps_a_plain_name_for_tools_that_take_no_mapping() -> None:
    content = written(read(averages())[0])

    assert b"name: Averages\n" in unpacked(content)["echo/problem.yaml"]


def test_ignores_what_systems_and_editors_leave_behind() -> None:
    clutter = {
        "__MACOSX/echo/._problem.yaml": b"x",
        ".DS_Store": b"x",
        "echo/.git/config": b"x",
        "echo/problem.yaml~": b"x",
        "echo/data/.DS_Store": b"x",
    }
    package, report = read(in_folder("echo", smallest()) | clutter)

    assert report == Report()
    assert package == read(smallest())[0]


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("problem.yaml", b"name: [", "no YAML"),
        ("problem.yaml", b"- 1\n", "a mapping"),
        ("problem.yaml", b"name: a\nname: b\n", "key twice"),
        ("problem.yaml", b"name: caf\xe9\n", "UTF-8"),
        ("problem.yaml", b"type: interactive\n", "one of 'pass-fail', 'scoring'"),
        ("problem.yaml", b"problem_format_version: 2023-07-draft\n", "version 'legacy'"),
        ("problem.yaml", b"name: {english: Echo}\n", "language code"),
        ("problem.yaml", b'name: "a\\u202eb"\n', "control characters"),
        ("problem.yaml", b"name: " + b"x" * 201 + b"\n", "at most 200"),
        ("problem.yaml", b"uuid: 17\n", "no UUID"),
        ("problem.yaml", b"license: mine\n", "use one of"),
        ("problem.yaml", b"limits: 7\n", "keys with values"),
        ("problem.yaml", b"limits: {memory: 4096}\n", "from 16 to 2048"),
        ("problem.yaml", b"limits: {memory: 99.5}\n", "whole number"),
        ("problem.yaml", b"limits: {output: nan}\n", "number from 1"),
        ("problem.yaml", b"limits: {output: 1e99999999}\n", "number from 1"),
        ("problem.yaml", b"validation: other\n", "default, or custom"),
        ("problem.yaml", b"validation: default score\n", "default, or custom"),
        ("problem.yaml", b"validation: custom score\n", "type is scoring"),
        ("problem.yaml", b"validator_flags: case_insensitive\n", "is not known"),
        ("problem.yaml", b"validator_flags: float_tolerance\n", "needs a number"),
        ("problem.yaml", b"validator_flags: float_tolerance -1\n", "needs a number"),
        ("problem.yaml", b"type: scoring\ngrading: {objective: min}\n", "use max"),
        (".timelimit", b"soon\n", "number of seconds"),
        (".timelimit", b"", "number of seconds"),
        (".timelimit", b"61", "from 0.05 to 60"),
        ("data/testdata.yaml", b"on_reject: first_error\n", "'break', 'continue'"),
        ("data/testdata.yaml", b"grading: custom\n", "graders are not run"),
        ("data/testdata.yaml", b"grader_flags: median\n", "is not known"),
        ("data/secret/testdata.yaml", b"grader_flags: ignore_sample\n", "only in data"),
        ("data/secret/2.in", b"", "no .ans file"),
        ("data/secret/2.ans", b"", "no .in file"),
        ("problem_statement/problem.md", b"Again.\n", "two statements"),
        ("problem_statement/problem.de.md", b"\xff", "UTF-8"),
        ("submissions/partially_accepted/x.py", b"", "scoring"),
        ("submissions/accepted/x.py", b"# @EXPECTED_RESULTS@: WRONG-ANSWER", "contradicts"),
        ("submissions/mixed/x.py", b"# @EXPECTED_RESULTS@: PERHAPS", "'PERHAPS': use"),
        (
            "submissions/mixed/x.py",
            b"@EXPECTED_RESULTS@: CORRECT\n@EXPECTED_RESULTS@: TIMELIMIT",
            "keep one",
        ),
    ],
)
def test_says_what_to_change(path: str, content: bytes, words: str) -> None:
    assert words in errors_of(smallest() | {path: content})


@pytest.mark.parametrize("text", ["", "0", "5 1", "a b", "0 -inf", "1e7 +inf", "inf inf"])
def test_takes_only_a_range_with_two_ends_in_order(text: str) -> None:
    files = subtasks() | {"data/testdata.yaml": f"range: {text}\n".encode()}

    assert "lowest and the highest" in errors_of(files)


def test_takes_a_range_without_an_end() -> None:
    files = subtasks() | {"data/testdata.yaml": b"range: -inf +inf\n"}

    settings = read(files)[0].groups[0].settings
    assert (settings.range_low, settings.range_high) == (None, None)


@pytest.mark.parametrize(
    ("missing", "path"), [("problem.yaml", "problem.yaml"), ("data/secret/1.in", "data/secret")]
)
def test_says_what_is_missing(missing: str, path: str) -> None:
    files = smallest()
    del files[missing]

    assert f"{path}: " in errors_of(files)


def test_wants_one_checker_where_validation_is_custom() -> None:
    custom = {"problem.yaml": b"name: Echo\nvalidation: custom\n"}
    two = {"output_validators/a.py": b"", "output_validators/b.py": b""}
    script = {"output_validators/x/build": b"", "output_validators/x/a.py": b""}
    foreign = {"output_validators/a.hs": b""}

    assert "0 programs" in errors_of(smallest() | custom)
    assert "2 programs" in errors_of(smallest() | custom | two)
    assert "output_validators/x: It brings" in errors_of(smallest() | custom | script)
    assert "output_validators/a.hs: Its files" in errors_of(smallest() | custom | foreign)


def test_refuses_groups_that_want_different_checker_arguments() -> None:
    files = subtasks() | {"data/secret/g1/testdata.yaml": b"output_validator_flags: loose\n"}

    assert "differ between groups" in errors_of(files)


def test_takes_arguments_that_are_the_same_in_each_group() -> None:
    files = smallest() | {"data/testdata.yaml": b"output_validator_flags: case_sensitive\n"}

    assert read(files)[0].groups[1].settings.output_validator_flags == ("case_sensitive",)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("problem.yaml", b"name: Echo\nvalidator: x\n", "validator is not known: ignored"),
        ("problem.yaml", b"uuid: null\n", "the short name stands in"),
        ("data/testdata.yaml", b"accept_score: 5\n", "scoring only"),
        ("data/secret/1.desc", b"", "1 .desc"),
        ("data/secret/readme.txt", b"", "no test"),
        ("data/other/1.txt", b"", "no test"),
        ("data/sample/testdata.yaml", b"", "has no tests"),
        ("solution/solution.md", b"", "not part of the format"),
        ("problem_statement/problem.de.tex", b"", "kept as it is"),
        ("output_validators/x.py", b"", "validation: custom"),
        ("input_validators/x.ctd", b"", "kept, and not run"),
        ("include/kotlin/x.kt", b"", "No language"),
        ("submissions/accepted/x.hs", b"", "can't be judged here"),
        ("submissions/accepted/x.py", b"#!/usr/bin/env python2\n", "can't be judged here"),
        ("submissions/strange/x.py", b"", "not stated"),
        ("submissions/x.py", b"", "no folder that says its verdict"),
        ("domjudge-problem.ini", b"timelimit='1'\ncolor = #ff0000\n", "not: color"),
    ],
)
def test_warns_of_what_is_lost(path: str, content: bytes, words: str) -> None:
    assert words in warnings_of(smallest() | {path: content})
