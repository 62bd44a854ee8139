"""What can go wrong in this service; a participant's failing program is a value, not an error."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import ClassVar


class ServiceError(Exception):
    """Base of every error that a client may get to see: `detail` is safe to show."""

    code: ClassVar[str] = "service-error"
    title: ClassVar[str] = "The service failed"
    status: ClassVar[int] = 500
    retry_after_s: int | None = None
    """When it makes sense to ask again; `None` where nobody can tell."""
    more: Mapping[str, object] = MappingProxyType({})
    """What the answer says besides, by name of the field."""

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.title
        super().__init__(self.detail)


class ClientError(ServiceError):
    """The caller can mend it."""

    code = "client-error"
    title = "The request can't be served"
    status = 400


class InvalidRequestError(ClientError):
    """A field has a value that the service can't work with."""

    code = "invalid-request"
    title = "The request is not valid"


class UnsupportedLanguageError(InvalidRequestError):
    """The language is unknown, or its toolchain is not installed on this host."""

    code = "unsupported-language"
    title = "The language is not supported"


class UnknownTestDataError(InvalidRequestError):
    """Hashes are named that no content is kept for: send the contents, then repeat the request."""

    code = "unknown_test_data"
    title = "Test data is named that is not kept here; send it first"
    status = 422

    def __init__(self, missing: Collection[str]) -> None:
        super().__init__(
            f"Nothing is kept here for {len(missing)} of the hashes; "
            "PUT each content to /api/v1/test-data/{sha256}, then repeat the request"
        )
        self.more = {"missing": list(missing)}


class UnauthenticatedError(ClientError):
    """The request carries no credential, or a bad one."""

    code = "unauthenticated"
    title = "Authentication is needed"
    status = 401


class ForbiddenError(ClientError):
    """The credential is good, but not for this."""

    code = "forbidden"
    title = "Not allowed"
    status = 403


class SubmissionNotFoundError(ClientError):
    """No submission has this id."""

    code = "submission-not-found"
    title = "Submission not found"
    status = 404


class EventNotFoundError(ClientError):
    """No event has this id, or it was deleted, as old ones are."""

    code = "event-not-found"
    title = "Event not found"
    status = 404


class ExecutionNotFoundError(ClientError):
    """No execution has this id, or its time is over."""

    code = "execution-not-found"
    title = "Execution not found"
    status = 404


class ContestNotFoundError(ClientError):
    """No contest has this id."""

    code = "contest-not-found"
    title = "Contest not found"
    status = 404


class IllegalTransitionError(ClientError):
    """The submission is in a status that does not allow this."""

    code = "illegal-transition"
    title = "The submission's status does not allow this"


class IdempotencyMismatchError(ClientError):
    """The idempotency key was used before, with another request."""

    code = "idempotency-mismatch"
    title = "This idempotency key belongs to another request"
    status = 409


class TooLargeError(ClientError):
    """The request is larger than the service takes."""

    code = "too-large"
    title = "The request is too large"
    status = 413


class TooManyRequestsError(ClientError):
    """The caller asks more often than its limit allows."""

    code = "too-many-requests"
    title = "Too many requests"
    status = 429

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooManySocketsError(ClientError):
    """No more WebSockets can be open at a time, of this caller or altogether."""

    code = "too-many-sockets"
    title = "Too many WebSockets are open; close some, or ask for the status instead"
    status = 429


class TooManyMessagesError(ClientError):
    """A client says more on a WebSocket than anybody needs to."""

    code = "too-many-messages"
    title = "Too many messages were sent on this WebSocket; it needs none"
    status = 429


class ServerError(ServiceError):
    """Ours to mend; the detail never says more than the title."""

    code = "server-error"
    title = "The service failed"
    status = 500


class BusyError(ServerError):
    """More programs wait for the engine than the service lets wait."""

    code = "busy"
    title = "Too many programs wait to be run; try again in a few seconds"
    status = 503
    retry_after_s = 5


class StorageFullError(ServerError):
    """All that may be kept in memory is in use."""

    code = "storage-full"
    title = "No more executions can be kept for now; try again in a minute"
    status = 503
    retry_after_s = 60


class DatabaseUnavailableError(ServerError):
    """The database does not answer, or refuses to work."""

    code = "database-unavailable"
    title = "The database is not available"
    status = 503
    retry_after_s = 2


class NoDatabaseError(ServerError):
    """The service is set up without a database, and this part of it needs one."""

    code = "no-database"
    title = "Nothing is stored here: this service runs without a database (DATABASE_URL is empty)"
    status = 503


class RedisUnavailableError(ServerError):
    """Redis is configured and does not answer."""

    code = "redis-unavailable"
    title = "Redis does not answer"
    status = 503
    retry_after_s = 2


class BrokerUnavailableError(ServerError):
    """The broker that tells judge workers of submissions does not answer."""

    code = "broker-unavailable"
    title = "The judge workers' broker does not answer; submissions are judged a little later"
    status = 503


class NoJudgeWorkerError(ServerError):
    """Submissions are taken, and nobody judges them."""

    code = "no-judge-worker"
    title = "No judge worker has been heard of; start one: ./manage-code-execution.sh worker"
    status = 503


class KeysUnavailableError(ServerError):
    """The keys that verify somebody's tokens can't be had; `detail` says why, for the operator."""

    code = "keys-unavailable"
    title = "Tokens of this issuer can't be checked now; try again in a few seconds"
    status = 503
    retry_after_s = 5


class EngineError(ServerError):
    """The engine could not run a program."""

    code = "engine-error"
    title = "The engine failed"


class EngineUnavailableError(EngineError):
    """The host lacks what the engine needs; `detail` names it and says how to get it."""

    code = "engine-unavailable"
    title = "The engine is not available on this host"
    status = 503


class SandboxFailureError(EngineError):
    """A box broke through no fault of the program in it."""

    code = "sandbox-failure"
    title = "The sandbox failed"


class EngineBusyError(EngineError):
    """The engine takes no programs for now, whatever they are: they may wait."""

    code = "engine-busy"
    title = "The engine takes no programs for now"
    status = 503
    retry_after_s: int

    def __init__(self, detail: str | None = None, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class RemoteEngineError(EngineError):
    """The remote engine failed through no fault of the program."""

    code = "remote-engine-failure"
    title = "The remote engine failed"


class TestDataGoneError(ServerError):
    """What a submission refers to was deleted, as nobody had used it for long."""

    __test__ = False
    code = "test-data-gone"
    title = "Its test data is no longer kept; hand it in again"


class CheckerFailedError(ServerError):
    """A problem's checker or interactor broke; `detail` says how, for its judges."""

    code = "checker-failed"
    title = "The checker failed"


class SignatureRefusedError(ServerError):
    """The backend does not accept what we sign, so no result can be told."""

    code = "signature-refused"
    title = (
        "the backend refuses our signature: BACKEND_WEBHOOK_SECRET of this service and"
        " CODE_EXECUTION_WEBHOOK_SECRET of the backend must be the same, and the clocks within"
        " five minutes"
    )


class ReceiverDisabledError(ServerError):
    """Nothing is sent to the backend until somebody enables it; what is to be sent is kept."""

    code = "receiver-disabled"
    title = (
        "the backend is sent no results, as it answered 410 (it wants no more) or has failed for"
        " days; all are kept. Enable deliveries in the admin, or by"
        " POST /api/v1/deliveries/receiver/enable"
    )


class ExaminationRunningError(ServerError):
    """The host is still being examined; it makes sense to ask again."""

    code = "examination-running"
    title = "The host is still being examined. Ask again in some seconds."
    status = 503


class ExaminationFailedError(ServerError):
    """The doctor has no report to give."""

    code = "examination-failed"
    title = "The host could not be examined. `python -m app.doctor` there shows why."
