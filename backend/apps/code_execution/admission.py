"""What a contest makes of a submission: whose it is there, and whether its rules allow it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max

from apps.code_execution.domain import Verdict
from apps.code_execution.models import CodeSubmission
from apps.code_execution.scoring import contest_time_ms_of
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import own_time, participation
from apps.contests.services.rights import Rights
from apps.contests.submission_rules import SubmissionRules
from apps.core.errors import CoolDownError, InvalidFieldsError, SubmissionsUsedUpError
from apps.users.models import User

Purpose = CodeSubmission.Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whose a submission is in its contest, when it came by their clock; practice has none."""

    participant: ContestParticipant | None = None
    contest_time_ms: int | None = None


def find_contest(rights: Rights, contest_id: int | None) -> Contest | None:
    """Give the contest that a submission names, if it names one.

    Raises:
        InvalidFieldsError: There is none of that id that they may know of.
    """
    if contest_id is None:
        return None
    unknown = InvalidFieldsError({"contest": ["There is no such contest."]})
    try:
        contest = Contest.objects.get(pk=contest_id)
    except Contest.DoesNotExist:
        raise unknown from None
    # Who they are is asked for only where not everybody may know of it.
    if not contest.is_open_knowledge and not rights.visibility(contest).may_see_contest:
        raise unknown
    return contest


def admit(
    *,
    contest: Contest,
    problem_id: int | None,
    user: User,
    is_practice: bool,
    language: str,
    code: str,
    now: datetime,
) -> Admission:
    """Let a submission into a contest; needs a transaction. The jury's follow no rules.

    Raises:
        InvalidFieldsError: The contest does not take the language, or so long a program.
        SubmissionsUsedUpError: The participant has used up their submissions to the problem.
        CoolDownError: It is too soon for another one.
        ClientError: The user may not submit; see `participation.enter_submission`.
    """
    rules = rules_of(contest)
    if is_practice:
        own_time.check_practice(contest=contest, user=user, now=now)
        check_program(rules, language=language, code=code)
        return Admission()
    participant = participation.enter_submission(contest=contest, user=user, now=now)
    if participant.kind != ContestParticipant.Kind.JURY:
        check_program(rules, language=language, code=code)
        if rules.looks_back:
            _check_earlier(rules, participant, problem_id, now)
    return Admission(
        participant=participant, contest_time_ms=contest_time_ms_of(contest, participant, now)
    )


def rules_of(contest: Contest) -> SubmissionRules:
    """Give a contest's rules for submissions."""
    return SubmissionRules(
        languages=tuple(contest.allowed_languages),
        code_bytes_max=contest.code_bytes_max,
        submissions_max=contest.submissions_max,
        cooldown=timedelta(seconds=contest.cooldown_s),
    )


def check_program(rules: SubmissionRules, *, language: str, code: str) -> None:
    """Return if the contest takes such a program.

    Raises:
        InvalidFieldsError: It does not.
    """
    faults = rules.faults_of(language=language, code=code)
    if faults:
        raise InvalidFieldsError(faults)


def _check_earlier(
    rules: SubmissionRules,
    participant: ContestParticipant,
    problem_id: int | None,
    now: datetime,
) -> None:
    """Return if the participant may submit to the problem again; what failed by us is not counted.

    Raises:
        SubmissionsUsedUpError: They have used up their submissions.
        CoolDownError: It is too soon.
    """
    # Another submission of theirs may be arriving: with the lock, the later one sees the first.
    ContestParticipant.objects.select_for_update(no_key=True).only("pk").get(pk=participant.pk)
    earlier = CodeSubmission.objects.filter(
        participant=participant, problem=problem_id, purpose=Purpose.CONTEST
    ).exclude(verdict=Verdict.IE)
    seen = earlier.order_by().aggregate(count=Count("pk"), newest=Max("created_at"))
    if rules.are_used_up(seen["count"]):
        raise SubmissionsUsedUpError(
            f"You have used up your {rules.submissions_max} submissions to this problem."
        )
    pause_s = rules.pause_s(newest=seen["newest"], now=now)
    if pause_s:
        raise CoolDownError(retry_after_s=pause_s)
