"""What a package means on the platform, and that any problem comes back from its package."""

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.problems.domain import LANGUAGES, MIB
from apps.problems.packages.composing import named_well, write_definition
from apps.problems.packages.definition import (
    DefinedFile,
    DefinedGroup,
    DefinedLanguage,
    DefinedProgram,
    DefinedSubmission,
    DefinedTest,
    Definition,
)
from apps.problems.packages.interpreting import definition_of
from apps.problems.packages.package import PackageFile, content_of
from apps.problems.packages.reading import read_package
from apps.problems.packages.report import Report
from tests.support.problem_packages import Files, averages, guessing, packed, smallest, subtasks

VERDICTS = ("AC", "CE", "MLE", "OLE", "RTE", "TLE", "WA")


def defined(files: Files) -> tuple[Definition, Report]:
    package, report = read_package(packed(files), file_name="echo.zip")
    assert package is not None, report.errors
    definition = definition_of(package, report)
    assert not report.errors
    return definition, report


def errors_of(files: Files) -> str:
    package, report = read_package(packed(files), file_name="echo.zip")
    assert package is not None, report.errors
    definition_of(package, report)
    return "\n".join(f"{finding.path}: {finding.message}" for finding in report.errors)


def test_takes_a_pass_fail_problem_without_groups() -> None:
    definition, _ = defined(averages())

    assert definition.checker == "tokens"
    assert definition.checker_options == {
        "case_sensitive": True,
        "space_sensitive": False,
        "float_absolute": 1e-6,
        "float_relative": 1e-6,
    }
    assert definition.time_limit_ms == 1500
    assert definition.memory_limit_bytes == 256 * MIB
    assert definition.groups == ()
    assert [(test.name, test.is_sample) for test in definition.tests] == [
        ("sample/1", True),
        ("secret/01-small", False),
        ("secret/02-large", False),
    ]
    assert definition.metadata["titles"] == {"sv": "Medelvärden"}
    assert [(each.name, each.expected) for each in definition.submissions] == [
        ("accepted/alice.py", ("AC",)),
        ("mixed/either.py", ("TLE", "WA")),
        ("run_time_error/crash.c", ("MLE", "RTE")),
        ("time_limit_exceeded/Slow.java", ("TLE",)),
        ("wrong_answer/first.py", ("WA",)),
    ]
    assert [file.path for file in definition.kept] == [
        "attachments/starter.py",
        "input_validators/check/check.py",
        "problem_statement/picture.png",
        "problem_statement/problem.sv.tex",
        "submissions/accepted/split/main.cpp",
        "submissions/accepted/split/read.h",
    ]


def test_takes_subtasks_as_groups_with_points() -> None:
    files = subtasks()
    files["problem.yaml"] = b"name: Largest\ntype: scoring\n"
    definition, _ = defined(files)

    assert definition.groups == (
        DefinedGroup(name="g1", points=30, scoring="all", stop_at_first_failure=True),
        DefinedGroup(name="g2", points=70, scoring="all", stop_at_first_failure=True),
    )
    assert [(test.name, test.group) for test in definition.tests] == [
        ("sample/1", None),
        ("secret/g1/1", "g1"),
        ("secret/g2/2", "g2"),
        ("secret/g2/deep/1", "g2"),
    ]
    assert definition.files == (
        DefinedFile(language="cpp", name="helper.h", content="int largest();\n"),
    )


def test_takes_a_checker_with_its_headers_and_arguments() -> None:
    definition, report = defined(subtasks())

    assert definition.checker == "program"
    (program,) = definition.programs
    assert (program.role, program.protocol, program.language) == ("checker", "icpc", "cpp")
    assert program.files == {"check.h": "#pragma once\n"}
    assert program.arguments == ("strict", "3")
    assert definition.groups[0].scoring == "min"
    assert any("from 0 to 1" in warning.message for warning in report.warnings)


def test_takes_an_interactor() -> None:
    definition, _ = defined(guessing())

    assert definition.checker == "interactor"
    assert [program.role for program in definition.programs] == ["interactor"]


def test_lets_later_groups_require_earlier_ones_where_judging_breaks_off() -> None:
    files = subtasks() | {"data/testdata.yaml": b"on_reject: break\ngrader_flags: sum\n"}
    definition, _ = defined(files)

    assert [(group.name, group.requires) for group in definition.groups] == [
        ("sample", ()),
        ("g1", ("sample",)),
        ("g2", ("sample", "g1")),
    ]
    assert [group.points for group in definition.groups] == [1, 30, 70]


@pytest.mark.parametrize(
    ("settings_file", "words"),
    [
        (b"grader_flags: avg\n", "'avg' is not graded here"),
        (b"grader_flags: max\n", "'max' is not graded here"),
        (b"accept_score: 0.5\n", "whole number"),
        (b"accept_score: -1\n", "whole number"),
        (b"reject_score: 5\n", "use 0"),
    ],
)
def test_says_what_can_not_be_graded_here(settings_file: bytes, words: str) -> None:
    assert words in errors_of(subtasks() | {"data/secret/g1/testdata.yaml": settings_file})


def test_wants_one_way_of_grading_below_a_minimum() -> None:
    files = subtasks() | {"data/secret/g2/deep/testdata.yaml": b"grader_flags: sum\n"}

    assert "Within data/secret/g2" in errors_of(files)


@pytest.mark.parametrize("files", [smallest(), averages(), guessing(), subtasks()])
def test_gives_back_an_imported_problem(files: Files) -> None:
    definition, _ = defined(files)
    buffer = io.BytesIO()

    assert not write_definition(definition, buffer).errors
    again, _ = read_package(buffer)
    assert again is not None
    assert definition_of(again, Report()) == definition


NAMES = st.text("abc12", min_size=1, max_size=6)
LABELS = st.sampled_from(["g1", "secret", "sample", "Subtask 2", "a/b", "Größe", "null", "x  y"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=20)
CONTENTS = st.binary(max_size=20).map(content_of)


@st.composite
def grouped_tests(
    draw: st.DrawFn,
) -> tuple[tuple[DefinedGroup, ...], tuple[DefinedTest, ...]]:
    names = draw(st.lists(LABELS, max_size=3, unique=True))
    groups = tuple(
        DefinedGroup(
            name=name,
            points=draw(st.integers(0, 1000)),
            scoring=draw(st.sampled_from(["all", "min", "sum"])),
            stop_at_first_failure=draw(st.booleans()),
            requires=tuple(each for each in names[:number] if draw(st.booleans())),
        )
        for number, name in enumerate(names)
    )
    test = st.builds(
        DefinedTest,
        name=st.sampled_from(["", "sample/1", "secret/1", "secret/2", "secret/g1/1", "../x"]),
        input=CONTENTS,
        answer=CONTENTS,
        is_sample=st.booleans(),
        points=st.integers(0, 100),
        group=st.none() | st.sampled_from(names) if names else st.none(),
    )
    secret = draw(
        st.builds(
            DefinedTest,
            name=st.just(""),
            input=CONTENTS,
            answer=CONTENTS,
            is_sample=st.sampled_from([False]),
        )
    )
    return groups, (*draw(st.lists(test, max_size=5)), secret)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    groups, tests = draw(grouped_tests())
    program = draw(
        st.none()
        | st.builds(
            DefinedProgram,
            role=st.sampled_from(["checker", "interactor"]),
            protocol=st.sampled_from(["icpc", "testlib"]),
            language=st.sampled_from(LANGUAGES),
            source=TEXTS,
            files=st.dictionaries(st.sampled_from(["testlib.h", "data.txt"]), TEXTS),
            arguments=st.lists(NAMES, max_size=2).map(tuple),
        )
    )
    checker, options = draw(
        st.sampled_from(["exact", "sorted_lines"]).map(lambda name: (name, {}))
        | st.tuples(
            st.just("tokens"),
            st.fixed_dictionaries({
                "case_sensitive": st.booleans(),
                "space_sensitive": st.booleans(),
                "float_absolute": st.none() | st.floats(0, 1),
                "float_relative": st.none() | st.sampled_from([1e-9, 0.1]),
            }),
        )
    )
    if program is not None:
        checker, options = ("program" if program.role == "checker" else program.role), {}
    metadata = st.fixed_dictionaries(
        {},
        optional={
            "language": st.sampled_from(["de"]),
            "author": st.just("Alice"),
            "license": st.just("cc by"),
            "keywords": st.just(["graphs", "easy"]),
            "titles": st.just({"sv": "Eko"}),
            "limits": st.just({"time_multiplier": "2.5", "output_mib": "8"}),
            "shows_groups": st.sampled_from([True]),
        },
    )
    submissions = st.dictionaries(
        st.sampled_from(["accepted/x.py", "mine", "wrong_answer/a b", "rejected/y.java"]),
        st.builds(
            DefinedSubmission,
            name=st.sampled_from([""]),
            language=st.sampled_from(LANGUAGES),
            code=TEXTS,
            expected=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=3, unique=True).map(
                lambda each: tuple(sorted(each))
            ),
        ),
        max_size=3,
    )
    kept = st.lists(
        st.sampled_from(["attachments/x.bin", "input_validators/v.py", "problem_statement/p.png"]),
        unique=True,
    )
    return Definition(
        short_name=draw(NAMES),
        title=draw(st.sampled_from(["Echo", "No", "Größe: ja"])),
        statement=draw(TEXTS.filter(bool)),
        statement_format=draw(st.sampled_from(["markdown", "latex"])),
        time_limit_ms=draw(st.integers(50, 60_000)),
        memory_limit_bytes=draw(st.integers(16 * MIB, 2048 * MIB)),
        checker=checker,
        checker_options=options,
        allows_compile_options=draw(st.booleans()),
        metadata=draw(metadata),
        groups=groups,
        tests=tests,
        languages=tuple(
            DefinedLanguage(language=name, time_multiplier=draw(st.none() | st.floats(1, 20)))
            for name in sorted(draw(st.sets(st.sampled_from(LANGUAGES), max_size=2)))
        ),
        files=tuple(
            DefinedFile(language=language, name="data.txt", content=draw(TEXTS))
            for language in sorted(draw(st.sets(st.sampled_from(["", "python", "cpp"]))))
        ),
        programs=() if program is None else (program,),
        submissions=tuple(
            replace(submission, name=name) for name, submission in draw(submissions).items()
        ),
        kept=tuple(PackageFile(path=path, content=draw(CONTENTS)) for path in sorted(draw(kept))),
    )


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(definitions())
def test_gives_back_any_problem(definition: Definition) -> None:
    buffer = io.BytesIO()

    report = write_definition(definition, buffer)

    assert report.errors == []
    package, _ = read_package(buffer, file_name="other.zip")
    assert package is not None
    report = Report()
    again = definition_of(package, report)
    assert report.errors == []
    assert again == named_well(definition)
    assert again.tests == definition.tests
    assert len(again.submissions) == len(definition.submissions)
    assert all(each in again.submissions for each in definition.submissions)
