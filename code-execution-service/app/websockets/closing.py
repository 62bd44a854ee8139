"""Why a WebSocket is closed, as the code of its close frame (contract S002-W01, W06)."""

from app.errors import (
    ExecutionNotFoundError,
    ForbiddenError,
    ServerError,
    ServiceError,
    TooManyMessagesError,
    TooManySocketsError,
    UnauthenticatedError,
)

BAD_TOKEN = 4001
NOT_THEIRS = 4003
# Source: RFC 6455, section 7.4.1, and IANA's registry of close codes.
FINISHED = 1000
POLICY_VIOLATION = 1008
FAILED = 1011
TRY_AGAIN_LATER = 1013


def close_code_of(error: ServiceError) -> int:
    """Give the code that tells a client what to do about an error."""
    match error:
        case UnauthenticatedError():
            return BAD_TOKEN
        case ForbiddenError() | ExecutionNotFoundError():
            return NOT_THEIRS
        case TooManyMessagesError():
            return POLICY_VIOLATION
        case TooManySocketsError():
            return TRY_AGAIN_LATER
        case ServerError():
            return TRY_AGAIN_LATER if error.retry_after_s is not None else FAILED
        case _:
            return FAILED
