"""What one can be told of."""

from enum import StrEnum


class EventType(StrEnum):
    """Kinds of events; the values are what the wire and the database say."""

    SUBMISSION_COMPLETED = "submission.completed"
    SUBMISSION_REJUDGED = "submission.rejudged"
    CONTEST_STARTED = "contest.started"
    CONTEST_FROZEN = "contest.frozen"
    CONTEST_ENDED = "contest.ended"
    CONTEST_UNFROZEN = "contest.unfrozen"
    CONTEST_FINALIZED = "contest.finalized"
    CONTEST_ANNOUNCEMENT = "contest.announcement"
    PING = "ping"


# A ping is sent when somebody asks for one, and to nobody else.
SUBSCRIBABLE = tuple(each for each in EventType if each is not EventType.PING)
OF_SUBMISSIONS = frozenset({EventType.SUBMISSION_COMPLETED, EventType.SUBMISSION_REJUDGED})
# When each comes, as the contest's own field says it.
MOMENTS = {
    EventType.CONTEST_STARTED: "start_time",
    EventType.CONTEST_FROZEN: "freeze_time",
    EventType.CONTEST_ENDED: "end_time",
    EventType.CONTEST_UNFROZEN: "unfrozen_at",
    EventType.CONTEST_FINALIZED: "finalized_at",
}
