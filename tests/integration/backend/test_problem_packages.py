"""Problem packages into the database and out again, by command."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import AuditEntry
from apps.problems.exchange import (
    definition_of_problem,
    examine_package,
    export_problem,
    store_definition,
)
from apps.problems.models import Problem, ProblemFile, ProblemLanguage, TestCase, TestGroup
from apps.problems.packages.composing import named_well
from apps.problems.packages.definition import Definition
from tests.support.contests import make_problem
from tests.support.problem_packages import Files, averages, guessing, packed, smallest, subtasks

pytestmark = pytest.mark.django_db


def stored(files: Files) -> Problem:
    file = packed(files)
    definition, report = examine_package(file, file_name="echo.zip")
    assert definition is not None, report.errors
    return store_definition(definition, owner=None)


def again(problem: Problem) -> Definition:
    buffer = io.BytesIO()
    assert export_problem(problem, buffer).errors == []
    definition, _ = examine_package(buffer, file_name="other.zip")
    assert definition is not None
    return definition


@pytest.mark.parametrize("files", [smallest(), averages(), guessing(), subtasks()])
def test_gives_back_an_imported_problem(files: Files) -> None:
    problem = stored(files)
    before = definition_of_problem(problem)

    assert again(problem) == before

    problem.delete()
    assert definition_of_problem(store_definition(again(stored(files)), owner=None)) == before


def test_gives_back_a_problem_that_the_format_can_not_say() -> None:
    problem = make_problem(checker="sorted_lines", short_name="sum", allows_compile_options=False)
    first = TestGroup.objects.create(problem=problem, name="Easy ones", points=30, position=1)
    second = TestGroup.objects.create(problem=problem, name="Größer", points=71, position=2)
    second.requires.add(first)
    problem.test_cases.filter(position=2).update(group=second, points=3)
    ProblemLanguage.objects.create(problem=problem, language="python", time_multiplier=2.5)
    ProblemFile.objects.create(problem=problem, language="", name="data.txt", content="1\r\n")
    problem.reference_submissions.create(
        name="my solution", language="python", code="print(1)\n", expected=["AC", "TLE"]
    )
    before = named_well(definition_of_problem(problem))
    definition = again(problem)
    problem.delete()

    assert definition_of_problem(store_definition(definition, owner=None)) == before


def test_keeps_the_ids_of_tests_that_stay_the_same() -> None:
    problem = stored(averages())
    ids = {each.name: each.pk for each in problem.test_cases.all()}

    files = averages() | {"data/secret/02-large.ans": b"3.0\n"}
    replaced = stored(files)

    assert replaced.pk == problem.pk
    after = {each.name: each.pk for each in TestCase.objects.filter(problem=problem)}
    assert {name for name in ids if after[name] == ids[name]} == {"sample/1", "secret/01-small"}
    assert len(after) == 3


def test_stores_what_a_package_says() -> None:
    problem = stored(subtasks() | {"problem.yaml": b"name: Largest\ntype: scoring\n"})

    assert problem.short_name == "echo"
    assert [(each.name, each.points) for each in problem.test_groups.all()] == [
        ("g1", 30),
        ("g2", 70),
    ]
    assert [
        (each.name, each.is_sample, each.group and each.group.name)
        for each in problem.test_cases.all()
    ] == [
        ("sample/1", True, None),
        ("secret/g1/1", False, "g1"),
        ("secret/g2/2", False, "g2"),
        ("secret/g2/deep/1", False, "g2"),
    ]
    assert problem.test_cases.get(name="secret/g2/2").input == "3\n"


def test_stores_nothing_before_it_is_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "echo.zip"
    path.write_bytes(packed(smallest() | {"notes.txt": b"x"}).getvalue())

    call_command("import_problem", str(path))

    out = capsys.readouterr().out
    assert "warning: notes.txt: It is not part of the format" in out
    assert "Makes 'echo': Echo, 1 tests, 1 reference submissions." in out
    assert not Problem.objects.exists()

    call_command("import_problem", str(path), "--confirm")
    assert Problem.objects.get().short_name == "echo"
    call_command("import_problem", str(path), "--confirm")
    again, first = AuditEntry.objects.filter(act="problem.import")
    assert (first.actor, first.object_label) == (None, "Echo")
    assert first.after == {"package": "echo.zip", "replaced": False}
    assert again.after["replaced"]


def test_refuses_a_package_with_errors_even_when_it_is_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "echo.zip"
    path.write_bytes(packed(smallest() | {"../x": b"x"}).getvalue())

    with pytest.raises(CommandError, match="Not taken: 1 errors"):
        call_command("import_problem", str(path), "--confirm")

    assert "error: " in capsys.readouterr().out
    assert not Problem.objects.exists()


def test_exports_by_command_and_never_over_a_file(tmp_path: Path) -> None:
    stored(smallest())
    path = tmp_path / "out.zip"

    call_command("export_problem", "echo", str(path))

    with path.open("rb") as file:
        definition, _ = examine_package(file, file_name="out.zip")
        assert definition == definition_of_problem(Problem.objects.get())
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_problem", "echo", str(path))


def test_leaves_no_file_when_a_problem_fits_no_package(tmp_path: Path) -> None:
    problem = stored(guessing())
    problem.programs.create(role="checker", language="python", source="")
    path = tmp_path / "out.zip"

    with pytest.raises(CommandError, match="fits no package"):
        call_command("export_problem", "echo", str(path))

    assert not path.exists()
