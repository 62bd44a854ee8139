"""Contest archives: what is read is what was written, and what is wrong is said with its place."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.archives.contest_archive.model import COLLECTIONS, ContestArchive, State
from apps.archives.contest_archive.reading import Reading, read_file, read_folder
from apps.archives.contest_archive.report import FINDINGS_MAX, Finding
from apps.archives.contest_archive.times import (
    format_relative_time,
    format_time,
    parse_relative_time,
    parse_time,
)
from apps.archives.contest_archive.writing import feed_lines, write_zip
from tests.support.contest_archives import (
    START,
    at,
    contest_archives,
    full_contest,
    judgement,
    small_contest,
)


def zipped(archive: ContestArchive) -> BytesIO:
    buffer = BytesIO()
    write_zip(archive, buffer)
    return buffer


def files_of(archive: ContestArchive) -> dict[str, Any]:
    with zipfile.ZipFile(zipped(archive)) as packed:
        return {
            name: json.loads(packed.read(name)) for name in packed.namelist() if ".json" in name
        }


def read_files(files: dict[str, Any], extra: dict[str, bytes] | None = None) -> Reading:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, value in files.items():
            packed.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
        for name, content in (extra or {}).items():
            packed.writestr(name, content)
    return read_file(buffer)


def read_events(*events: dict[str, Any]) -> Reading:
    return read_file(BytesIO("\n".join(json.dumps(event) for event in events).encode()))


def errors_of(reading: Reading) -> list[str]:
    assert (reading.archive is None) == bool(reading.report.errors)
    return [str(each) for each in reading.report.errors]


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding


def by_id(archive: ContestArchive) -> dict[str, Any]:
    sorted_ones = {
        each.attribute: sorted(getattr(archive, each.attribute), key=lambda one: str(one.id))
        for each in COLLECTIONS
    }
    return {"contest": archive.contest, "state": archive.state, **sorted_ones}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(contest_archives())
def test_a_zip_reads_as_what_was_written(archive: ContestArchive) -> None:
    reading = read_file(zipped(archive))

    assert errors_of(reading) == []
    assert reading.archive == archive


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(contest_archives())
def test_a_feed_reads_as_what_was_written(archive: ContestArchive) -> None:
    reading = read_file(BytesIO("".join(feed_lines(archive)).encode()))

    assert errors_of(reading) == []
    assert reading.archive is not None
    assert by_id(reading.archive) == by_id(archive)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=10)
@given(contest_archives())
def test_a_feed_refers_to_nothing_that_was_not_told_before(archive: ContestArchive) -> None:
    lines = list(feed_lines(archive))
    for length in range(1, len(lines) + 1):
        reading = read_file(BytesIO("".join(lines[:length]).encode()))
        assert not [each for each in errors_of(reading) if "refers to" in each]


def test_the_same_archive_gives_the_same_bytes() -> None:
    assert zipped(small_contest()).getvalue() == zipped(small_contest()).getvalue()


def test_reads_a_folder_like_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped(small_contest())) as packed:
        packed.extractall(tmp_path)

    assert read_folder(tmp_path).archive == small_contest()


def test_does_not_follow_links_in_a_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    inside.mkdir()
    outside.write_text(json.dumps({"id": "x", "name": "x", "duration": "1:00:00"}))
    (inside / "contest.json").symlink_to(outside)

    assert "no contest" in only(read_folder(inside).report.errors).message


def test_reads_a_zip_of_one_folder() -> None:
    files = {f"small/{name}": value for name, value in files_of(small_contest()).items()}

    assert read_files(files).archive == small_contest()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00+01", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("2026-03-01T10:00:00.25+01:30", datetime(2026, 3, 1, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.1239999Z", datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00-0430", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_reads_absolute_times(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text", ["", "2026-03-01T10:00:00", "2026-02-30T10:00:00Z", "2026-03-01 10:00:00Z", "now"]
)
def test_refuses_what_is_no_absolute_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5:00:00", timedelta(hours=5)),
        ("-0:15:32.457", -timedelta(minutes=15, seconds=32, milliseconds=457)),
        ("100:00:00.5", timedelta(hours=100, milliseconds=500)),
    ],
)
def test_reads_relative_times(text: str, length: timedelta) -> None:
    assert parse_relative_time(text) == length


@pytest.mark.parametrize("text", ["", "5:00", "0:60:00", "1:00:00:00", "--1:00:00"])
def test_refuses_what_is_no_relative_time(text: str) -> None:
    with pytest.raises(ValueError, match="relative time"):
        parse_relative_time(text)


@given(st.integers(-(10**12), 10**12))
def test_times_read_as_they_were_written(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert parse_relative_time(format_relative_time(length)) == length
    moment = datetime(2026, 1, 1, tzinfo=UTC) + length
    if 1000 <= moment.year < 3000:
        assert parse_time(format_time(moment)) == moment


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


def test_reads_what_newer_versions_write_in_another_way() -> None:
    files = files_of(small_contest())
    files["contest.json"]["penalty_time"] = "0:20:00"
    del files["judgements.json"][0]["judgement_type_id"]
    files["judgements.json"][0]["simplified_judgement_type_id"] = "WA"

    assert read_files(files).archive == small_contest()


def test_reads_the_one_recipient_of_older_versions() -> None:
    clarification = {
        "id": "c",
        "to_team_id": "t1",
        "text": "No.",
        "time": "2026-03-01T10:00:00Z",
        "contest_time": "1:00:00",
    }
    reading = read_files({**files_of(small_contest()), "clarifications.json": [clarification]})

    assert reading.archive is not None
    assert reading.archive.clarifications[0].to_team_ids == ("t1",)


def test_a_file_stands_above_the_feed() -> None:
    feed = "".join(feed_lines(small_contest())).encode()
    reading = read_files({
        "event-feed.ndjson": feed,
        "groups.json": [{"id": "north", "name": "From the file"}],
    })

    assert reading.archive is not None
    assert reading.archive.groups[0].name == "From the file"
    assert len(reading.archive.submissions) == 2


def test_asks_for_json_instead_of_yaml() -> None:
    errors = errors_of(read_files({"contest.yaml": b"id: x"}))

    assert errors[0] == "contest.yaml: YAML is not read here; write it as contest.json."


def test_refuses_hostile_files_of_a_submission() -> None:
    files = files_of(small_contest())
    files["submissions.json"][0]["files"] = [{"filename": "files.zip"}]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("../../etc/passwd", "x")

    reading = read_files(files, {"submissions/s1/files.zip": buffer.getvalue()})

    assert "no plain path" in errors_of(reading)[0]


def test_refuses_a_zip_that_is_none() -> None:
    assert "no zip file" in errors_of(read_file(BytesIO(b"PK broken")))[0]


def test_says_that_the_code_of_submissions_is_missing() -> None:
    warning = read_file(zipped(small_contest())).report.warnings[-1]

    assert "no files of 2 submissions" in warning.message


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


def test_scores_keep_four_digits() -> None:
    files = files_of(small_contest())
    files["judgements.json"][0]["score"] = 33.33336

    archive = read_files(files).archive

    assert archive is not None
    assert archive.judgements[0].score == Decimal("33.3334")


def test_keeps_no_passwords() -> None:
    account = {"id": "a", "username": "a", "type": "team", "password": "secret", "team_id": "t1"}
    archive = read_files({**files_of(small_contest()), "accounts.json": [account]}).archive

    assert archive is not None
    assert "secret" not in repr(archive)
    assert archive.contest.start_time == START


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from(["t1", "s1", "apples", "AC", "5:00:00", "2026-03-01T09:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.data())
def test_reports_whatever_stands_in_a_property(data: st.DataObject) -> None:
    files = files_of(full_contest())
    name = data.draw(st.sampled_from(sorted(set(files) - {"api.json"})))
    target = data.draw(st.sampled_from(files[name])) if isinstance(files[name], list) else None
    document = files[name] if target is None else target
    key = data.draw(st.sampled_from(sorted(document)))
    document[key] = data.draw(JSON_VALUES)

    errors_of(read_files(files))


@settings(deadline=None)
@given(st.data())
def test_reports_whatever_stands_in_an_event(data: st.DataObject) -> None:
    lines = list(feed_lines(full_contest()))
    place = data.draw(st.integers(0, len(lines) - 1))
    event = json.loads(lines[place])
    event[data.draw(st.sampled_from(sorted(event)))] = data.draw(JSON_VALUES)
    lines[place] = json.dumps(event)

    errors_of(read_file(BytesIO("\n".join(lines).encode())))


@given(st.binary(max_size=200))
def test_reports_whatever_bytes_come(content: bytes) -> None:
    assert read_file(BytesIO(content)).archive is None
    assert read_file(BytesIO(b"PK" + content)).archive is None
