"""What participants ask, and what the jury answers and announces."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.audit import services as audit
from apps.contests.models import Clarification, Contest, ContestProblem
from apps.contests.visibility import Visibility
from apps.core import live
from apps.core.errors import (
    InvalidFieldsError,
    MayNotAskError,
    NotFoundError,
    TooManyQuestionsError,
)
from apps.users.models import User

OPEN_QUESTIONS_MAX = 10


def list_clarifications(contest: Contest, visibility: Visibility) -> QuerySet[Clarification]:
    """Give what a viewer may read, the newest first, with `is_answered`."""
    answers = Clarification.objects.filter(reply_to=OuterRef("pk"))
    rows = (
        contest.clarifications
        .select_related("problem", "reply_to", "from_participant__user", "author")
        .defer("from_participant__cells")
        .annotate(is_answered=Exists(answers))
    )
    if visibility.may_judge:
        return rows
    ids = visibility.viewer.participant_ids
    is_shown = Q(from_participant__in=ids) | Q(to_participant__in=ids)
    if visibility.may_see_clarification(from_participant_id=None, to_participant_id=None):
        is_shown |= Q(from_participant=None, to_participant=None)
    return rows.filter(is_shown)


def unanswered(contest: Contest) -> QuerySet[Clarification]:
    """Give the questions that wait for the jury, the oldest first."""
    questions = contest.clarifications.filter(from_participant__isnull=False, replies=None)
    rows = questions.select_related("from_participant__user", "problem__problem")
    return rows.defer("from_participant__cells", "problem__problem__statement").order_by(
        "created_at", "id"
    )


@transaction.atomic
def ask(
    *, contest: Contest, visibility: Visibility, author: User, text: str, problem_id: int | None
) -> Clarification:
    """Store a participant's question to the jury.

    Raises:
        MayNotAskError: They take no part, or the contest is final or switched off.
        TooManyQuestionsError: The jury has not answered those before.
        InvalidFieldsError: The contest does not set the problem.
    """
    if not visibility.may_ask:
        raise MayNotAskError
    problem = _problem(contest, problem_id) if visibility.may_see_problems else None
    if problem is None and problem_id is not None:
        raise InvalidFieldsError({"problem": ["The contest does not set this problem."]})
    admitted = (each for each in visibility.viewer.participations if each.is_admitted)
    asker_id = min(each.id for each in admitted)
    unanswered = contest.clarifications.filter(from_participant=asker_id, replies=None)
    if unanswered.count() >= OPEN_QUESTIONS_MAX:
        raise TooManyQuestionsError
    asked = Clarification.objects.create(
        contest=contest, problem=problem, from_participant_id=asker_id, author=author, text=text
    )
    _tell(asked)
    return asked


@transaction.atomic
def announce(*, contest: Contest, author: User, text: str, problem_id: int | None) -> Clarification:
    """Tell all participants something; the caller is of the jury.

    Raises:
        InvalidFieldsError: The contest does not set the problem.
    """
    problem = _problem(contest, problem_id)
    if problem is None and problem_id is not None:
        raise InvalidFieldsError({"problem": ["The contest does not set this problem."]})
    announced = Clarification.objects.create(
        contest=contest, problem=problem, author=author, text=text
    )
    _tell(announced)
    _record("clarification.announce", announced)
    return announced


@transaction.atomic
def answer(
    *, contest: Contest, question_id: int, author: User, text: str, is_to_all: bool
) -> Clarification:
    """Answer a question, to its asker or to all, who then read the question too.

    The caller is of the jury.

    Raises:
        NotFoundError: The contest has no such question.
    """
    question = contest.clarifications.filter(pk=question_id, from_participant__isnull=False).first()
    if question is None:
        raise NotFoundError("There is no such question.")
    answered = Clarification.objects.create(
        contest=contest,
        problem_id=question.problem_id,
        to_participant_id=None if is_to_all else question.from_participant_id,
        reply_to=question,
        author=author,
        text=text,
    )
    _tell(answered)
    _record("clarification.answer", answered)
    return answered


def channels_of(contest: Contest, visibility: Visibility) -> list[str]:
    """Name the channels of what a viewer may read, now or once they take part."""
    if visibility.may_judge:
        return [_of_jury(contest.pk)]
    own = (_of_participant(contest.pk, each) for each in visibility.viewer.participant_ids)
    return [_of_everybody(contest.pk), *own]


def _tell(said: Clarification) -> None:
    party = said.from_participant_id or said.to_participant_id
    contest_id = said.contest_id
    heard_by = _of_everybody(contest_id) if party is None else _of_participant(contest_id, party)
    live.publish([_of_jury(contest_id), heard_by], str(said.pk))


def _of_jury(contest_id: int) -> str:
    return f"clarifications/{contest_id}/jury"


def _of_everybody(contest_id: int) -> str:
    return f"clarifications/{contest_id}/everybody"


def _of_participant(contest_id: int, participant_id: int) -> str:
    return f"clarifications/{contest_id}/participant/{participant_id}"


def _problem(contest: Contest, problem_id: int | None) -> ContestProblem | None:
    return contest.contest_problems.filter(problem=problem_id).first()


def _record(act: str, clarification: Clarification) -> None:
    audit.record(
        actor=clarification.author,
        act=act,
        of=clarification,
        contest_id=clarification.contest_id,
        after={
            "text": clarification.text,
            "reply_to": clarification.reply_to_id,
            "to_participant": clarification.to_participant_id,
        },
    )
