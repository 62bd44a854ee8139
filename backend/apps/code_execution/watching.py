"""Telling who watches submissions that one has changed."""

from apps.code_execution.models import CodeSubmission
from apps.contests.services.rights import Rights
from apps.core import live
from live.wire import Tick

_OF_ALL = "submissions/all"


def tell(*submissions: CodeSubmission) -> None:
    """Tell who watches submissions, or a list that has them, once this has been committed."""
    live.publish_all([Tick(channels=_channels_of(each), tag=str(each.pk)) for each in submissions])


def channel_of(submission_id: int) -> str:
    """Name the channel of one submission."""
    return f"submission/{submission_id}"


def channels_of_list(rights: Rights) -> list[str]:
    """Name the channels of somebody's own submissions, and of those that they judge."""
    if rights.is_global_manager:
        return [_OF_ALL]
    return [
        _of_user(rights.user_id or 0),
        *map(_of_participant, rights.participant_ids),
        *map(_of_contest, rights.judged_contest_ids),
    ]


def _channels_of(submission: CodeSubmission) -> tuple[str, ...]:
    channels = [channel_of(submission.pk), _of_user(submission.user_id), _OF_ALL]
    if submission.participant_id is not None:
        channels.append(_of_participant(submission.participant_id))
    if submission.contest_id is not None:
        channels.append(_of_contest(submission.contest_id))
    return tuple(channels)


def _of_user(user_id: int) -> str:
    return f"submissions/user/{user_id}"


def _of_participant(participant_id: int) -> str:
    return f"submissions/participant/{participant_id}"


def _of_contest(contest_id: int) -> str:
    return f"submissions/contest/{contest_id}"
