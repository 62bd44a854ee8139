"""Contest archives: what is read is what was written, in whichever form it comes."""

import json
import zipfile
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from apps.archives.contest_archive.model import COLLECTIONS, ContestArchive
from apps.archives.contest_archive.reading import read_file, read_folder
from apps.archives.contest_archive.writing import feed_lines
from tests.support.archive_readings import errors_of, files_of, only, read_files, zipped
from tests.support.contest_archives import START, contest_archives, small_contest


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


def test_refuses_a_zip_that_is_none() -> None:
    assert "no zip file" in errors_of(read_file(BytesIO(b"PK broken")))[0]


def test_refuses_hostile_files_of_a_submission() -> None:
    files = files_of(small_contest())
    files["submissions.json"][0]["files"] = [{"filename": "files.zip"}]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("../../etc/passwd", "x")

    reading = read_files(files, {"submissions/s1/files.zip": buffer.getvalue()})

    assert "no plain path" in errors_of(reading)[0]


def test_says_that_the_code_of_submissions_is_missing() -> None:
    warning = read_file(zipped(small_contest())).report.warnings[-1]

    assert "no files of 2 submissions" in warning.message


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
