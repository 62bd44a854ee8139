"""Submissions and judgements of an archive as rows that are finished and wait for nothing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from apps.archives.contest_archive.model import ContestArchive, Run, Submission
from apps.archives.contest_archive.model import Judgement as ArchiveJudgement
from apps.archives.languages import main_file, stored_language
from apps.archives.services.teams import BATCH_ROWS
from apps.archives.verdicts import verdict_of
from apps.code_execution.domain import Status, Verdict, clean_text, is_correct
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest, ContestParticipant, ContestProblem

CODE_CHARS_MAX = 1024 * 1024
_MILLISECOND = timedelta(milliseconds=1)
_OUTCOME_FIELDS = (
    "status",
    "verdict",
    "execution_time_ms",
    "score",
    "is_correct",
    "completed_at",
)


def import_submissions(
    archive: ContestArchive,
    contest: Contest,
    problems: Mapping[str, ContestProblem],
    participants: Mapping[str, ContestParticipant],
) -> int:
    """Store the submissions of teams with their judgements, and say how many there are."""
    rows = {
        each.id: _submission(archive, each, contest, problems, participants[each.team_id])
        for each in archive.submissions
        if each.team_id is not None
    }
    judgements = dict(_judgements(archive, rows))
    for told in archive.judgements:
        if told.is_current and told.id in judgements:
            _put_in_force(judgements[told.id], rows[told.submission_id])
    # Each refers to the other, which the database looks at when all is there.
    CodeSubmission.objects.bulk_create(rows.values(), batch_size=BATCH_ROWS)
    Judgement.objects.bulk_create(judgements.values(), batch_size=BATCH_ROWS)
    users = {row.participant_id for row in rows.values()}
    contest.participants.filter(pk__in=users).update(has_submitted=True)
    return len(rows)


def _put_in_force(judgement: Judgement, submission: CodeSubmission) -> None:
    submission.judgement_id = judgement.pk
    for name in _OUTCOME_FIELDS:
        setattr(submission, name, getattr(judgement, name))


def _submission(
    archive: ContestArchive,
    told: Submission,
    contest: Contest,
    problems: Mapping[str, ContestProblem],
    participant: ContestParticipant,
) -> CodeSubmission:
    is_inside = timedelta() <= told.contest_time < archive.contest.duration
    language = stored_language(told.language_id)
    file = main_file(
        archive.sources.get(told.id, ()), entry_point=told.entry_point, language=language
    )
    code = "" if file is None else file.content.decode(errors="replace")
    return CodeSubmission(
        user_id=participant.user_id,
        contest=contest,
        problem_id=problems[told.problem_id].problem_id,
        participant=participant,
        # What came too early or too late counts for nothing.
        purpose=CodeSubmission.Purpose.CONTEST if is_inside else CodeSubmission.Purpose.PRACTICE,
        contest_time_ms=told.contest_time // _MILLISECOND,
        external_id=told.id,
        code=clean_text(code, CODE_CHARS_MAX),
        language=language,
        # Without a verdict it counts as not judged, and nobody is to judge it.
        status=Status.CANCELLED.value,
        created_at=told.time,
        submitted_at=told.time,
    )


def _judgements(
    archive: ContestArchive, submissions: Mapping[str, CodeSubmission]
) -> Iterator[tuple[str, Judgement]]:
    """Give the judgements that ended; an open one would be an order to judge."""
    types = {each.id: verdict_of(each) for each in archive.judgement_types}
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for run in archive.runs:
        runs[run.judgement_id].append(run)
    for each in archive.judgements:
        row = submissions.get(each.submission_id)
        if row is not None and each.judgement_type_id is not None and each.end_time is not None:
            results = [_test_result(run, types[run.judgement_type_id]) for run in runs[each.id]]
            yield each.id, _judgement(each, row, types[each.judgement_type_id], results)


def _judgement(
    told: ArchiveJudgement,
    submission: CodeSubmission,
    verdict: Verdict,
    test_results: list[dict[str, Any]],
) -> Judgement:
    return Judgement(
        submission=submission,
        created_at=told.start_time,
        due_at=told.start_time,
        delivered_at=told.start_time,
        finished_at=told.end_time,
        completed_at=told.end_time,
        status=(Status.ERROR if verdict is Verdict.IE else Status.COMPLETED).value,
        verdict=verdict.value,
        score=told.score,
        is_correct=is_correct(verdict, has_tests=True),
        execution_time_ms=told.max_run_time_ms,
        test_results=sorted(test_results, key=lambda each: int(each["test_case_number"])) or None,
    )


def _test_result(run: Run, verdict: Verdict) -> dict[str, Any]:
    """Put a run as the results of tests are kept; what an archive does not tell is `None`."""
    return {
        "test_case_id": None,
        "test_case_number": run.ordinal,
        "is_sample": False,
        "verdict": verdict.value,
        "passed": verdict is Verdict.AC,
        "is_skipped": False,
        "score": None if run.score is None else float(run.score),
        "execution_time_ms": run.run_time_ms,
        "cpu_time_ms": None,
        "memory_usage_bytes": None,
        "exit_code": None,
        "signal": None,
        "output": None,
        "error": None,
        "judge_message": None,
    }
