"""Submissions, judgements and runs of a contest for an archive."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count

from django.db.models import QuerySet

from apps.archives.contest_archive.model import (
    ContestArchive,
    FileReference,
    Run,
    SourceFile,
    Submission,
)
from apps.archives.contest_archive.model import Judgement as ArchiveJudgement
from apps.archives.languages import file_name
from apps.archives.services.identifiers import identifiers
from apps.archives.verdicts import judgement_type_id_of
from apps.code_execution.domain import Verdict
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest

# A trial or a problem's reference is no part of what happened in a contest.
_PURPOSES = (CodeSubmission.Purpose.CONTEST, CodeSubmission.Purpose.PRACTICE)
_CHUNK_ROWS = 2000


def with_submissions(
    archive: ContestArchive,
    contest: Contest,
    *,
    team_ids: Mapping[int, str],
    problem_ids: Mapping[int, str],
) -> ContestArchive:
    """Add what teams handed in, and what judging found."""
    rows = CodeSubmission.objects.filter(
        contest=contest,
        purpose__in=_PURPOSES,
        participant__in=team_ids,
        problem__in=problem_ids,
    )
    ids = identifiers("submission", rows.order_by("pk").values_list("pk", "external_id"))
    submissions: list[Submission] = []
    sources: dict[str, tuple[SourceFile, ...]] = {}
    for row in rows.order_by("created_at", "pk").iterator(_CHUNK_ROWS):
        told = _submission(row, archive, ids[row.pk], team_ids, problem_ids)
        submissions.append(told)
        if row.code:
            source = SourceFile(name=file_name(row.language), content=row.code.encode())
            sources[told.id] = (source,)
    judgements: list[ArchiveJudgement] = []
    runs: list[Run] = []
    run_numbers = count(1)
    for judgement in _judged(rows).iterator(_CHUNK_ROWS):
        judged = _judgement(judgement, ids[judgement.submission_id])
        judgements.append(judged)
        runs += _runs(judgement, judged, run_numbers)
    return replace(
        archive,
        submissions=tuple(submissions),
        sources=sources,
        judgements=tuple(judgements),
        runs=tuple(runs),
    )


def _submission(
    row: CodeSubmission,
    archive: ContestArchive,
    submission_id: str,
    team_ids: Mapping[int, str],
    problem_ids: Mapping[int, str],
) -> Submission:
    href = f"contests/{archive.contest.id}/submissions/{submission_id}/files"
    packed = FileReference(filename="files.zip", mime="application/zip", href=href)
    return Submission(
        id=submission_id,
        language_id=row.language,
        problem_id=problem_ids[row.problem_id or 0],
        team_id=team_ids[row.participant_id or 0],
        time=row.created_at,
        contest_time=timedelta(milliseconds=row.contest_time_ms or 0),
        files=(packed,) if row.code else (),
    )


def _judged(submissions: "QuerySet[CodeSubmission]") -> "QuerySet[Judgement]":
    return (
        Judgement.objects
        .filter(submission__in=submissions, finished_at__isnull=False, verdict__isnull=False)
        .select_related("submission")
        .defer("output", "error_output", "submission__code")
        .order_by("created_at", "pk")
    )


def _judgement(row: Judgement, submission_id: str) -> ArchiveJudgement:
    ended_at = row.completed_at or row.finished_at or row.created_at
    return ArchiveJudgement(
        id=str(row.pk),
        submission_id=submission_id,
        judgement_type_id=judgement_type_id_of(Verdict(row.verdict or Verdict.IE)),
        score=row.score,
        is_current=row.submission.judgement_id == row.pk,
        start_time=row.created_at,
        # The clock of another machine told the end.
        end_time=max(ended_at, row.created_at),
        max_run_time_ms=row.execution_time_ms,
    )


def _runs(row: Judgement, judged: ArchiveJudgement, run_numbers: Iterator[int]) -> Iterator[Run]:
    for result in row.test_results or []:
        if result.get("verdict") is not None:
            yield Run(
                id=str(next(run_numbers)),
                judgement_id=judged.id,
                ordinal=result["test_case_number"],
                judgement_type_id=judgement_type_id_of(Verdict(result["verdict"])),
                # When each test ended is not kept.
                time=judged.end_time or judged.start_time,
                run_time_ms=result.get("execution_time_ms"),
            )
