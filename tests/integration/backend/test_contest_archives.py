"""Whole contests in and out of the database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from apps.archives.boards import differences
from apps.archives.contest_archive.model import (
    Clarification,
    ContestArchive,
    FileReference,
    Group,
    Language,
    Organization,
    Run,
    SourceFile,
    State,
    Team,
)
from apps.archives.contest_archive.reading import read_file
from apps.archives.contest_archive.writing import write_zip
from apps.archives.preview import preview_of
from apps.archives.services.exporting import NotExportableError, export_contest
from apps.archives.services.importing import ArchiveRefusedError, import_contest
from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.ranks import ranked_publicly
from apps.problems.models import Problem
from apps.users.models import User
from tests.support.contest_archives import (
    START,
    at,
    contest_archives,
    full_contest,
    judgement,
    small_contest,
    submission,
)
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.official_board import Row, official_board
from tests.support.played_contests import played_contests

pytestmark = pytest.mark.django_db
FROZEN = State(started=START, frozen=at(240), ended=at(300))
FINAL = State(
    started=START,
    frozen=at(240),
    ended=at(300),
    thawed=at(310),
    finalized=at(320),
    end_of_updates=at(320),
)
FILES = (FileReference(filename="files.zip", mime="application/zip"),)


def played(state: State = FINAL) -> ContestArchive:
    """Make a contest whose winner solves in the freeze."""
    return small_contest(
        state=state,
        submissions=(
            replace(submission(1, "t1", "apples", 10), files=FILES),
            submission(2, "t2", "apples", 100),
            submission(3, "t2", "bees", 250),
            submission(4, "t1", "bees", 260),
        ),
        judgements=(
            judgement(1, "AC", 10, max_run_time_ms=123),
            judgement(2, "AC", 100),
            judgement(3, "AC", 250),
        ),
        runs=(Run(id="r1", judgement_id="j1", ordinal=1, judgement_type_id="AC", time=at(10.5)),),
        sources={"s1": (SourceFile(name="apples.cpp", content=b"int main() {}"),)},
    )


def imported(archive: ContestArchive) -> Contest:
    return import_contest(archive=archive, actor=None).contest


def exported(contest: Contest) -> ContestArchive:
    """Export as of later, through a file and back."""
    archive = export_contest(contest=contest, actor=None, now=at(1_000_000))
    file = BytesIO()
    write_zip(archive, file)
    reading = read_file(file)
    assert [str(each) for each in reading.report.errors] == []
    assert reading.archive is not None
    return reading.archive


def stored_rows(contest: Contest) -> list[tuple[Any, ...]]:
    rows = contest.participants.filter(rank__isnull=False)
    return sorted(
        (row.external_id, row.rank, row.final_score, row.penalty, row.tie_break) for row in rows
    )


def public_rows(contest: Contest) -> list[tuple[Any, ...]]:
    return sorted(
        (row.participant.external_id, rank, row.final_score, row.penalty, row.tie_break)
        for rank, row in ranked_publicly(contest)
    )


def official_rows(rows: list[Row]) -> list[tuple[Any, ...]]:
    return sorted(
        (row.team_id, row.rank, row.solved, row.penalty_minutes, row.last_minute) for row in rows
    )


class ImportedBoards(HypothesisTestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(played_contests(), st.sampled_from([FROZEN, FINAL]))
    def test_both_stored_boards_are_the_official_ones(
        self, archive: ContestArchive, state: State
    ) -> None:
        archive = replace(archive, state=state)

        contest = imported(archive)

        assert stored_rows(contest) == official_rows(official_board(archive))
        is_frozen = state is FROZEN
        assert public_rows(contest) == official_rows(official_board(archive, is_frozen=is_frozen))


class AnyArchive(HypothesisTestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(contest_archives())
    def test_any_good_archive_can_be_imported_and_exported(self, archive: ContestArchive) -> None:
        contest = imported(replace(archive, contest=replace(archive.contest, start_time=START)))

        assert len(exported(contest).teams) == len(archive.teams)


def test_keeps_original_times_verdicts_and_code() -> None:
    contest = imported(played())

    assert (contest.start_time, contest.end_time) == (START, at(300))
    assert (contest.freeze_time, contest.unfrozen_at, contest.finalized_at) == (
        at(240),
        at(310),
        at(320),
    )
    row = CodeSubmission.objects.get(contest=contest, external_id="s1")
    assert row.created_at == at(10)
    assert row.contest_time_ms == 600_000
    assert (row.status, row.verdict, row.is_correct) == ("completed", "AC", True)
    assert (row.execution_time_ms, row.completed_at) == (123, at(10.5))
    assert (row.code, row.language) == ("int main() {}", "cpp")
    assert [each["verdict"] for each in row.test_results] == ["AC"]
    assert row.judgement is not None
    assert row.judgement.created_at == at(10)


def test_judges_nothing_again() -> None:
    imported(played())

    assert not Judgement.objects.filter(finished_at__isnull=True).exists()
    assert not CodeSubmission.objects.filter(status__in=["pending", "running"]).exists()


def test_a_submission_without_a_verdict_is_pending_on_the_board() -> None:
    contest = imported(played())
    team = contest.participants.get(external_id="t1")
    problem = contest.contest_problems.get(label="B").problem_id

    assert team.cells[str(problem)]["pending"] == 1


def test_nobody_can_sign_in_as_a_team_and_nobody_sees_the_contest_yet() -> None:
    contest = imported(played())
    accounts = User.objects.filter(participations__contest=contest)

    assert sorted(each.username for each in accounts) == ["small-t1", "small-t2"]
    assert not any(each.is_active or each.has_usable_password() for each in accounts)
    assert not contest.is_published
    assert contest.access == Contest.Access.PRIVATE


def test_does_not_take_an_account_that_is_there() -> None:
    User.objects.create_user("SMALL-T1", password="alice's own")

    contest = imported(played())

    assert contest.participants.get(external_id="t1").user.username == "small-t1-2"


def test_keeps_teams_with_their_groups_and_organizations() -> None:
    archive = small_contest(
        groups=(
            Group(id="n", name="North"),
            Group(id="s", name="North"),
            Group(id="h", name="Hidden", is_hidden=True),
        ),
        organizations=(Organization(id="uni", name="University", country="nld"),),
        teams=(
            Team(
                id="t1",
                name="One",
                display_name="The One",
                organization_id="uni",
                group_ids=("n", "s"),
            ),
            Team(id="t2", name="Two", group_ids=("h",)),
        ),
        submissions=(),
        judgements=(),
    )
    contest = imported(archive)
    team = contest.participants.get(external_id="t1")

    assert team.display_name == "The One"
    assert team.is_team
    assert team.organization is not None
    assert team.organization.country == "NLD"
    assert sorted(each.name for each in team.groups.all()) == ["North", "North (s)"]
    assert contest.participants.get(external_id="t2").kind == ContestParticipant.Kind.JURY


def test_sets_a_problem_that_is_there_and_makes_stubs_of_others() -> None:
    apples = make_problem(short_name="apples")

    contest = imported(played())
    first, second = contest.contest_problems.select_related("problem")

    assert first.problem == apples
    assert second.problem.short_name == "bees"
    assert second.problem.title == "Bees"
    assert not second.problem.test_cases.exists()


def test_problems_whose_ids_differ_in_case_only_stay_two() -> None:
    archive = small_contest(submissions=(), judgements=())
    first, second = archive.problems
    archive = replace(archive, problems=(first, replace(second, id="Apples")))

    contest = imported(archive)

    names = [each.problem.short_name for each in contest.contest_problems.all()]
    assert names == ["apples", None]


def test_does_not_take_over_a_contest_twice() -> None:
    imported(played())

    with pytest.raises(ArchiveRefusedError, match="is here already"):
        imported(played())


def test_refuses_a_contest_without_a_start() -> None:
    archive = small_contest()
    archive = replace(archive, contest=replace(archive.contest, start_time=None))

    with pytest.raises(ArchiveRefusedError, match="no start_time"):
        imported(archive)
    assert not Contest.objects.exists()


def test_what_is_outside_the_contest_counts_for_nothing() -> None:
    archive = small_contest(
        submissions=(submission(1, "t1", "apples", -5), submission(2, "t2", "apples", 300)),
        judgements=(judgement(1, "AC", 0), judgement(2, "AC", 301)),
    )
    contest = imported(archive)

    assert [row[2] for row in stored_rows(contest)] == [0, 0]
    assert contest.submissions.filter(purpose=CodeSubmission.Purpose.PRACTICE).count() == 2


def test_keeps_what_was_said() -> None:
    archive = replace(
        full_contest(),
        clarifications=(
            *full_contest().clarifications,
            Clarification(id="all", text="Lunch.", time=at(5), contest_time=timedelta(minutes=5)),
        ),
    )
    contest = imported(archive)
    question, answer, announcement = contest.clarifications.order_by("created_at")

    assert question.from_participant is not None
    assert question.from_participant.external_id == "t1"
    assert (answer.reply_to, answer.to_participant) == (question, question.from_participant)
    assert (announcement.to_participant, announcement.text) == (None, "Lunch.")


def test_the_import_is_in_the_audit_trail(bob: User) -> None:
    contest = import_contest(archive=played(), actor=bob).contest
    entry = AuditEntry.objects.get(act="contest.import")

    assert (entry.actor, entry.contest_id) == (bob, contest.pk)
    assert entry.after["submissions"] == 4


@pytest.mark.parametrize("state", [FROZEN, FINAL])
def test_what_was_exported_imports_as_the_same_contest(state: State) -> None:
    first = imported(played(state))
    archive = exported(first)
    boards = stored_rows(first), public_rows(first)
    first.delete()

    second = imported(archive)

    assert (stored_rows(second), public_rows(second)) == boards
    again = exported(second)
    assert again.contest == archive.contest
    assert again.state == archive.state == state
    assert again.teams == archive.teams
    assert again.submissions == archive.submissions
    assert again.sources == archive.sources
    assert again.scoreboard == archive.scoreboard
    assert [replace(each, id="") for each in again.judgements] == [
        replace(each, id="") for each in archive.judgements
    ]


def test_an_exported_contest_says_what_was_imported() -> None:
    archive = exported(imported(played()))
    original = played()

    assert archive.contest == original.contest
    assert archive.teams == original.teams
    assert archive.groups[0].name == "North"
    assert [(each.id, each.time, each.contest_time) for each in archive.submissions] == [
        (each.id, each.time, each.contest_time) for each in original.submissions
    ]
    assert [
        (each.submission_id, each.judgement_type_id, each.start_time, each.end_time)
        for each in archive.judgements
    ] == [
        (each.submission_id, each.judgement_type_id, each.start_time, each.end_time)
        for each in original.judgements
    ]
    assert archive.sources["s1"][0].content == b"int main() {}"


@pytest.mark.parametrize("state", [FROZEN, FINAL])
def test_the_exported_board_is_ours(state: State) -> None:
    archive = exported(imported(played(state)))

    assert archive.scoreboard is not None
    assert differences(archive, archive.scoreboard) == []
    assert preview_of(read_again(archive)).differences == ()


def read_again(archive: ContestArchive) -> Any:
    file = BytesIO()
    write_zip(archive, file)
    return read_file(file)


def test_exports_a_contest_of_our_own(alice: User, charlie: User) -> None:
    now = timezone.now()
    start = now - timedelta(hours=1)
    contest = make_contest(start_time=start, end_time=now + timedelta(hours=1))
    problem = make_problem(contest)
    make_submission(
        alice,
        contest=contest,
        problem=problem,
        status="completed",
        verdict="WA",
        score=Decimal("25.00"),
    )
    row = CodeSubmission.objects.get()
    Judgement.objects.update(verdict="WA", score=Decimal("25.00"))
    ContestParticipant.objects.create(
        contest=contest, user=charlie, state=ContestParticipant.State.WAITING
    )

    archive = export_contest(contest=contest, actor=None, now=now)

    assert [each.name for each in archive.teams] == ["alice"]
    assert archive.contest.scoreboard_type == "score"
    assert archive.state.ended is None
    assert [each.label for each in archive.problems] == ["A"]
    told = archive.submissions[0]
    assert archive.sources[told.id][0].content == row.code.encode()
    assert archive.judgements[0].score == Decimal("25.00")
    assert archive.judgements[0].is_current


def test_labels_and_a_freeze_that_archives_do_not_know_are_told_as_they_can_be() -> None:
    contest = make_contest(start_time=START, end_time=at(300), freeze_time=at(400))
    for _ in range(3):
        make_problem(contest)
    contest.contest_problems.update(label="B")

    archive = exported(contest)

    assert [each.label for each in archive.problems] == ["B", "C", "D"]
    assert archive.contest.scoreboard_freeze_duration == timedelta()


def test_a_contest_without_times_is_not_exported() -> None:
    with pytest.raises(NotExportableError, match="a start and an end"):
        export_contest(contest=make_contest(), actor=None, now=timezone.now())


def test_says_beforehand_what_is_not_kept() -> None:
    archive = replace(
        full_contest(),
        languages=(Language(id="cpp", name="C++"), Language(id="haskell", name="Haskell")),
        submissions=(replace(submission(1, "t1", "apples", 10), language_id="haskell"),),
        judgements=(),
        runs=(),
    )

    notes = preview_of(read_again(archive)).losses

    assert "1 submissions in Haskell can't be judged again: unknown here." in notes
    assert "1 persons are not kept." in notes
    assert "1 submissions have no verdict and will not be judged." in notes
    assert imported(archive).submissions.get().language == "haskell"


def run(*arguments: Any) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("name", ["contest.zip", "event-feed.ndjson"])
def test_the_commands_take_a_contest_out_and_in(tmp_path: Path, name: str) -> None:
    first = imported(played())
    boards = stored_rows(first)
    run("export_contest", first.pk, tmp_path / name)
    first.delete()

    output = run("import_contest", tmp_path / name)

    assert "2 participants, 4 submissions" in output
    assert stored_rows(Contest.objects.get()) == boards
    if name == "contest.zip":
        assert "Our board equals the official one." in output


def test_the_command_only_looks_if_told_so(tmp_path: Path) -> None:
    path = tmp_path / "contest.zip"
    with path.open("wb") as file:
        write_zip(full_contest(), file)

    output = run("import_contest", path, "--check")

    assert "board: team t1: rank is 1 officially, 2 here" in output
    assert not Contest.objects.exists()


def test_the_command_names_errors_and_imports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "event-feed.ndjson"
    path.write_text('{"type": "teams", "id": "t", "data": {"id": "t"}}\n')

    with pytest.raises(CommandError, match="2 errors"):
        run("import_contest", path)
    assert not Contest.objects.exists()


def test_the_command_overwrites_no_file(tmp_path: Path) -> None:
    contest = imported(played())
    path = tmp_path / "contest.zip"
    path.write_text("precious")

    with pytest.raises(CommandError, match="can't be written"):
        run("export_contest", contest.pk, path)
    assert path.read_text() == "precious"


def test_the_same_short_name_is_one_problem_in_two_contests() -> None:
    imported(played())
    archive = played()
    imported(replace(archive, contest=replace(archive.contest, id="second")))

    assert Problem.objects.count() == 2
