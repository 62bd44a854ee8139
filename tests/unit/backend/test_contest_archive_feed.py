"""Event feeds: the last state of each object holds, and a wrong event is said with its line."""

import json
from io import BytesIO

import pytest

from apps.archives.contest_archive.reading import read_file
from tests.support.archive_readings import errors_of, only, read_events


def test_the_last_state_of_a_feed_wins() -> None:
    contest = {"id": "c", "name": "C", "duration": "5:00:00"}
    group = {"id": "g", "name": "Old"}
    reading = read_events(
        {"type": "contest", "id": None, "data": contest},
        {"type": "groups", "id": "g", "data": group},
        {"type": "groups", "id": "gone", "data": {"id": "gone", "name": "Gone"}},
        {"type": "groups", "id": "g", "data": {**group, "name": "New"}, "token": "7"},
        {"type": "groups", "id": "gone", "data": None},
        {"type": "contest", "id": None, "data": {**contest, "name": "D"}},
    )

    assert errors_of(reading) == []
    assert reading.archive is not None
    assert reading.archive.contest.name == "D"
    assert [each.name for each in reading.archive.groups] == ["New"]


def test_a_list_in_a_feed_replaces_the_collection() -> None:
    reading = read_events(
        {"type": "contest", "data": {"id": "c", "name": "C", "duration": "5:00:00"}},
        {"type": "groups", "id": "g", "data": {"id": "g", "name": "Old"}},
        {"type": "groups", "id": None, "data": [{"id": "h", "name": "H"}]},
        {"type": "persons", "id": "p", "data": {"id": "p", "name": "P"}},
        {"type": "persons", "id": None, "data": None},
    )

    assert reading.archive is not None
    assert [each.id for each in reading.archive.groups] == ["h"]
    assert reading.archive.persons == ()


def test_says_what_a_feed_has_that_is_not_kept() -> None:
    reading = read_events(
        {"type": "contest", "data": {"id": "c", "name": "C", "duration": "5:00:00"}},
        {"type": "commentary", "id": "1", "data": {"id": "1"}},
        {"type": "commentary", "id": "2", "data": {"id": "2"}},
    )

    assert only(reading.report.warnings).message == "2 events of type 'commentary' are not kept."


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: The event is no JSON"),
        ("[1]", "line 2: An event is an object"),
        ('{"type": "groups", "id": "g", "op": "create", "data": {}}', "form of 2020-03"),
        ('{"type": "groups", "id": "g"}', "has no 'data'"),
        ('{"type": "groups", "id": 7, "data": {}}', "in quotes, or null"),
        ('{"type": "groups", "id": "g", "data": {"id": "h"}}', "with the id of the event"),
        ('{"type": "groups", "id": "g", "data": 7}', "with the id of the event"),
        ('{"type": "contest", "data": [1]}', "is one object"),
        ('{"type": "groups", "id": "g", "data": {"id": "g", "name": NaN}}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "number that can't be read"),
    ],
)
def test_refuses_an_event_with_its_line(line: str, message: str) -> None:
    contest = {"type": "contest", "data": {"id": "c", "name": "C", "duration": "5:00:00"}}
    content = f"{json.dumps(contest)}\n{line}\n"

    assert message in errors_of(read_file(BytesIO(content.encode())))[0]
