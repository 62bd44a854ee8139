"""When to try a delivery again."""

from datetime import timedelta

RETRY_PAUSES_S = (1, 5, 30, 120, 600)  # contract S001-X41
LATER_PAUSE_S = 3600
GIVE_UP_AFTER = timedelta(days=3)  # what receivers of other webhook senders are used to
TOO_MANY_REQUESTS = 429
SERVER_ERRORS_FROM = 500


def next_pause(*, attempts: int, age: timedelta) -> timedelta | None:
    """Return the pause after so many failed attempts; `None` when the event is too old to go on."""
    if age >= GIVE_UP_AFTER:
        return None
    is_early = attempts <= len(RETRY_PAUSES_S)
    return timedelta(seconds=RETRY_PAUSES_S[attempts - 1] if is_early else LATER_PAUSE_S)


def is_worth_a_retry(status_code: int | None) -> bool:
    """Whether the receiver may answer better later; `None` stands for no answer at all."""
    return (
        status_code is None or status_code == TOO_MANY_REQUESTS or status_code >= SERVER_ERRORS_FROM
    )
