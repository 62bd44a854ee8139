"""What is wrong in a contest archive is said with its place, and what is left out too."""

import json
from typing import Any

import pytest

from apps.archives.contest_archive.model import State
from apps.archives.contest_archive.reading import Reading, read_file
from apps.archives.contest_archive.report import FINDINGS_MAX
from tests.support.archive_readings import errors_of, files_of, read_files, zipped
from tests.support.contest_archives import at, judgement, small_contest


def test_says_file_line_and_id_of_what_is_wrong() -> None:
    files = files_of(small_contest())
    teams = [{**files["teams.json"][0], "name": 7}, files["teams.json"][1]]
    content = "[\n" + ",\n".join(json.dumps(each) for each in teams) + "\n]"

    reading = read_files({**files, "teams.json": content.encode()})

    assert errors_of(reading) == ["teams.json, line 2, id t1: name is 7, not a text."]


@pytest.mark.parametrize(
    ("file_name", "change", "message"),
    [
        ("teams.json", {"id": 1}, "no object with an 'id' in quotes"),
        ("teams.json", {"id": "-x"}, "an id has at most 36"),
        ("teams.json", {"id": "x" * 37}, "an id has at most 36"),
        ("teams.json", {"name": None}, "name is missing"),
        ("teams.json", {"name": "a\x00"}, "NUL"),
        ("teams.json", {"name": "\ud800"}, "surrogate"),
        ("teams.json", {"name": "x" * 1001}, "make it at most 1000"),
        ("teams.json", {"hidden": "no"}, "not true or false"),
        ("teams.json", {"group_ids": "north"}, "is no list"),
        ("teams.json", {"group_ids": [7]}, "group_ids[0] is 7"),
        ("problems.json", {"time_limit": -1}, "not a number from 0"),
        ("problems.json", {"time_limit": True}, "not a number from 0"),
        ("problems.json", {"ordinal": 1.5}, "not a whole number"),
        ("problems.json", {"ordinal": 2}, "ordinal 2 is that of"),
        ("problems.json", {"label": "B"}, "label 'B' is that of"),
        ("problems.json", {"rgb": "red"}, "not a colour"),
        ("submissions.json", {"team_id": "nobody"}, "refers to 'nobody', which is not in teams"),
        ("submissions.json", {"problem_id": None}, "problem_id is missing"),
        ("submissions.json", {"time": "10:00"}, "time zone"),
        ("submissions.json", {"files": [{"filename": "../x"}]}, "files[0].filename is '../x'"),
        ("judgements.json", {"judgement_type_id": "XX"}, "which is not in judgement-types"),
        ("judgements.json", {"end_time": None}, "or neither; complete it"),
        ("judgements.json", {"end_time": "2020-01-01T00:00:00Z"}, "before 'start_time'"),
        ("judgements.json", {"max_run_time": "1"}, "not a number from 0"),
    ],
)
def test_refuses_what_a_property_can_not_be(
    file_name: str, change: dict[str, Any], message: str
) -> None:
    files = files_of(small_contest())
    files[file_name][0] = {**files[file_name][0], **change}

    assert message in "\n".join(errors_of(read_files(files)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: The file is no JSON list"),
        (b"{}", "line 1: The file is no JSON list"),
        (b'[\n{"id": "a", "name": "A"}\n,]', "line 3: The file is no JSON"),
        (b'[{"id": "a", "name": "A"}\n{"id": "b"}]', "line 2: The file needs a ','"),
        (b"[]\n[]", "line 1: The file has something after"),
        (b'[{"id": "a", "name": "A"}', "needs a ','"),
        (b'["\xff"]', "line 1: The file is not UTF-8"),
        (b"[7]", "line 1: This is no object"),
        (b'[{"id": "a", "name": "A"},\n{"id": "a", "name": "B"}]', "taken by line 1"),
        (b'[{"id": "a", "name": 1e999999999999999999999}]', "number that can't be read"),
    ],
)
def test_refuses_a_file_with_its_line(content: bytes, message: str) -> None:
    files = {**files_of(small_contest()), "persons.json": content}

    assert message in errors_of(read_files(files))[0]


def test_takes_a_huge_number_for_what_it_is() -> None:
    files = files_of(small_contest())
    problems = json.dumps(files["problems.json"])
    content = problems.replace('"ordinal": 1', '"ordinal": 1, "time_limit": 1e99999').encode()

    assert "not a number from 0" in errors_of(read_files({**files, "problems.json": content}))[0]


def test_leaves_out_a_group_or_organization_that_is_not_there_and_says_so() -> None:
    files = files_of(small_contest())
    del files["groups.json"], files["organizations.json"]

    reading = read_files(files)

    assert reading.archive is not None
    assert reading.archive.teams[0].group_ids == ()
    assert reading.archive.teams[0].organization_id is None
    assert [each.place.object_id for each in reading.report.warnings] == ["t1", "t1", None]


def test_takes_the_usual_judgement_types_where_there_are_none() -> None:
    files = files_of(small_contest())
    del files["judgement-types.json"]

    reading = read_files(files)

    assert reading.archive is not None
    assert {each.id: each.is_solved for each in reading.archive.judgement_types} == {
        "AC": True,
        "WA": False,
    }


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (State(started=at(0), frozen=at(9), ended=at(5)), "'ended' is before 'frozen'"),
        (State(started=at(0), ended=at(5), finalized=at(4)), "'finalized' is before 'ended'"),
        (State(ended=at(5)), "'started' is not"),
    ],
)
def test_refuses_steps_out_of_order(state: State, message: str) -> None:
    assert message in errors_of(read_file(zipped(small_contest(state=state))))[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": "-1:00:00"}, "'duration' is not positive"),
        ({"duration": "0:00:00"}, "'duration' is not positive"),
        ({"scoreboard_freeze_duration": "5:00:01"}, "not within 'duration'"),
        ({"scoreboard_freeze_duration": "-1:00:00"}, "not within 'duration'"),
        ({"penalty_time": "-0:20:00"}, "'penalty_time' is negative"),
    ],
)
def test_refuses_lengths_that_no_contest_has(change: dict[str, str], message: str) -> None:
    files = files_of(small_contest())
    files["contest.json"].update(change)

    assert message in errors_of(read_files(files))[0]


def test_results_may_be_final_before_the_board_is_thawed() -> None:
    state = State(started=at(0), frozen=at(240), ended=at(300), finalized=at(310), thawed=at(320))

    assert errors_of(read_file(zipped(small_contest(state=state)))) == []


def test_says_how_many_submissions_have_a_time_of_their_own() -> None:
    files = files_of(small_contest())
    files["submissions.json"][0]["contest_time"] = "5:00:00"

    warnings = [each.message for each in read_files(files).report.warnings]

    assert "1 submissions are outside the contest and count for nothing." in warnings
    assert any("contest_time of 1 submissions" in each for each in warnings)


def test_refuses_two_runs_of_one_test_case() -> None:
    run = {
        "judgement_id": "j1",
        "ordinal": 1,
        "judgement_type_id": "AC",
        "time": "2026-03-01T09:10:00Z",
    }
    files = {
        **files_of(small_contest()),
        "runs.json": [{"id": "r1", **run}, {"id": "r2", **run}],
    }

    assert "another run with ordinal 1" in errors_of(read_files(files))[0]


def judged_twice(first: dict[str, Any], second: dict[str, Any]) -> Reading:
    archive = small_contest(
        judgements=(judgement(1, "WA", 10), judgement(1, "AC", 50, id="j2")),
    )
    files = files_of(archive)
    for document, change in zip(files["judgements.json"], (first, second), strict=True):
        del document["current"]
        document.update(change)
    return read_files(files)


@pytest.mark.parametrize(
    ("first", "second", "current"),
    [
        ({}, {}, ["j2"]),
        ({"current": True}, {"current": False}, ["j1"]),
        ({}, {"current": False}, ["j1"]),
        ({"valid": True}, {"valid": False}, ["j1"]),
        ({"current": False}, {"current": False}, []),
    ],
)
def test_one_judgement_counts(
    first: dict[str, Any], second: dict[str, Any], current: list[str]
) -> None:
    reading = judged_twice(first, second)

    assert reading.archive is not None
    assert [each.id for each in reading.archive.judgements if each.is_current] == current


def test_refuses_two_current_judgements() -> None:
    reading = judged_twice({"current": True}, {"current": True})

    assert "'j1' is current for the same submission" in errors_of(reading)[0]


def test_keeps_the_first_errors_and_counts_all() -> None:
    files = files_of(small_contest())
    files["persons.json"] = [{"id": f"p{number}"} for number in range(FINDINGS_MAX + 5)]

    report = read_files(files).report

    assert len(report.errors) == FINDINGS_MAX
    assert report.error_count == FINDINGS_MAX + 5


def test_refuses_more_objects_than_a_contest_has() -> None:
    files = files_of(small_contest())
    files["languages.json"] = [{"id": f"l{number}", "name": "L"} for number in range(101)]

    assert "more than 100 languages" in errors_of(read_files(files))[0]
