"""The ids by which everything that a request sets off is found in the logs."""

import re
import secrets

HEADER = "x-request-id"
ACCEPTED = r"^[A-Za-z0-9._-]{8,64}$"


def request_id_of(told: str | None) -> str:
    """Return the id that somebody in front has given the request, or a new one."""
    if told is not None and re.fullmatch(ACCEPTED, told):
        return told
    return secrets.token_hex(16)
