"""What can go wrong in the backend; a participant's failing program is a value, not an error."""

from collections.abc import Mapping
from typing import ClassVar


class ServiceError(Exception):
    """Base of every error that a client may get to see: `detail` is safe to show."""

    code: ClassVar[str] = "service-error"
    title: ClassVar[str] = "The server failed"
    status: ClassVar[int] = 500
    retry_after_s: int | None = None

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.title
        super().__init__(self.detail)


class ClientError(ServiceError):
    """The caller can mend it."""

    code = "client-error"
    title = "The request can't be served"
    status = 400


class InvalidFieldsError(ClientError):
    """Fields have values that can't be accepted; `fields` maps each to its messages."""

    code = "invalid"
    title = "The request is not valid"

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self.fields = {name: list(messages) for name, messages in fields.items()}
        super().__init__("; ".join(f"{name}: {' '.join(m)}" for name, m in self.fields.items()))


class UnauthenticatedError(ClientError):
    """The request carries no credential, or a bad one."""

    code = "unauthenticated"
    title = "Authentication is needed"
    status = 401


class SecondFactorError(UnauthenticatedError):
    """The password is right, but the account asks for a code too."""

    code = "second-factor-required"
    title = "Send a code of your authenticator app, or one to recover with, as code"


class NotFoundError(ClientError):
    """There is no such thing, or the caller may not know of it."""

    code = "not-found"
    title = "Not found"
    status = 404


class ForbiddenError(ClientError):
    """The caller may know of it, but not do this."""

    code = "forbidden"
    title = "This is not allowed"
    status = 403


class ScopeError(ForbiddenError):
    """The API token is good, but not for this."""

    code = "insufficient-scope"
    title = "The API token is not good for this"


class TooManyTokensError(ClientError):
    """An account has as many API tokens as it may have."""

    code = "too-many-tokens"
    title = "You have as many API tokens as one may have; revoke one first"
    status = 409


class TooLargeError(ClientError):
    """The request is larger than the server takes."""

    code = "too-large"
    title = "The request is too large"
    status = 413


class ServerError(ServiceError):
    """Ours to mend."""

    code = "server-error"
    title = "The server failed"
    status = 500


class NotReadyError(ServerError):
    """The server can't do its work at the moment; it makes sense to ask again."""

    code = "not-ready"
    title = "The server is not ready"
    status = 503


class ExecutionServiceAwayError(ServerError):
    """The execution service, which has what is asked for, does not answer as it should."""

    code = "execution-service-away"
    title = "The execution service does not answer now; try again in a minute"
    status = 503
    retry_after_s = 60


class ContestClosedError(ClientError):
    """The contest is not active, has not started or has ended."""

    code = "contest-closed"
    title = "The contest takes no submissions now"


class ContestFinalError(ClientError):
    """The contest has been finalised, so nothing about it changes any more."""

    code = "contest-final"
    title = "The contest's results are final"
    status = 409


class ContestPhaseError(ClientError):
    """The contest is not in the phase in which this can be done."""

    code = "contest-phase"
    title = "The contest is not in the phase for this"
    status = 409


class ReportOutdatedError(ClientError):
    """What was confirmed is not what would be done."""

    code = "report-outdated"
    title = "It is not what the report was about, or things have changed; look at a new report"
    status = 409


class ContestFullError(ClientError):
    """The contest has all the participants that it may have."""

    code = "contest-full"
    title = "The contest is full"


class ParticipationError(ClientError):
    """A participant who has submitted stays one."""

    code = "participation"
    title = "You have submitted to this contest, so you can't leave it"


class RegistrationClosedError(ClientError):
    """Registration has not opened, or is over."""

    code = "registration-closed"
    title = "Registration is not open"


class AccessCodeError(ClientError):
    """Who enters by themselves needs the contest's access code."""

    code = "access-code"
    title = "Send the contest's access code, as access_code, when you join"
    status = 403


class NotInvitedError(ClientError):
    """Only those may enter whom the contest's managers have put on its list."""

    code = "not-invited"
    title = "Only who is on the contest's list may enter; ask its managers"
    status = 403


class WaitingError(ClientError):
    """The participant has no place yet."""

    code = "waiting"
    title = "You are on the waiting list, and may submit once there is a place for you"


class DisqualifiedError(ClientError):
    """The participant may not submit any more."""

    code = "disqualified"
    title = "You are disqualified from this contest"
    status = 403


class OwnTimeNotStartedError(ClientError):
    """Where everybody has a time of their own, it has to be started first."""

    code = "own-time-not-started"
    title = "Start your own time first, at the contest's start/"


class SubmissionsUsedUpError(ClientError):
    """The contest takes so many submissions of a participant to a problem, and no more."""

    code = "submissions-used-up"
    title = "You have used up your submissions to this problem"


class CoolDownError(ClientError):
    """It is too soon for another submission; `retry_after_s` says when it is not."""

    code = "cool-down"
    title = "It is too soon for another submission to this problem"
    status = 429

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.title}. Try again in {retry_after_s} s.")


class IdempotencyKeyError(ClientError):
    """The key is not one that can be kept."""

    code = "idempotency-key"
    title = "The Idempotency-Key can't be used"


class IdempotencyKeyReusedError(ClientError):
    """The key came with another request before."""

    code = "idempotency-key-reused"
    title = "This Idempotency-Key came with another request before; use a new one"
    status = 422


class AnswerNotKeptError(ClientError):
    """The request was done before, and its answer was given once: it had a secret, or was long."""

    code = "answer-not-kept"
    title = (
        "This was done when the Idempotency-Key came first, and the answer was not kept; look for"
        " what was made, and use a new key to make another"
    )
    status = 409


class BoardHiddenError(ClientError):
    """The contest shows its board to others, or later."""

    code = "board-hidden"
    title = "The contest does not show you its scoreboard now"
    status = 403


class MayNotAskError(ClientError):
    """Questions are for participants, while there is a jury to answer them."""

    code = "may-not-ask"
    title = "Only participants ask the jury, and only until the contest is final"
    status = 403


class TooManyQuestionsError(ClientError):
    """The jury has not answered the participant's questions yet."""

    code = "too-many-questions"
    title = "Wait until the jury has answered some of your questions"


class IllegalTransitionError(ClientError):
    """The submission's status does not allow this."""

    code = "illegal-transition"
    title = "The submission's status does not allow this"


class InUseError(ClientError):
    """Something else still needs what is to be deleted."""

    code = "in-use"
    title = "This is still in use"
    status = 409


class SubmissionNotFoundError(NotFoundError):
    """No submission belongs to this result."""

    code = "submission-not-found"
    title = "Submission not found"
