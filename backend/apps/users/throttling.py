"""Limits on guessing passwords, and on coming as a guest."""

from collections.abc import Mapping

from rest_framework.request import Request
from typing_extensions import override

from apps.core.throttling import RateThrottle
from apps.users.sign_in_limits import counters_of, seconds_locked


class GuestThrottle(RateThrottle):
    """Counts guests by address."""

    scope = "guest"


class LoginThrottle(RateThrottle):
    """Counts attempts by address and by account, and keeps everybody out of a locked one."""

    @override
    def counters(self, request: Request) -> list[tuple[str, str]]:
        """Name the address, and the account that the body names."""
        return counters_of(_name_in(request), address=self.get_ident(request))

    @override
    def allow_request(self, request: Request, view: object) -> bool:
        """Count the request, and say whether it is within the limits."""
        if not super().allow_request(request, view):
            return False
        self._wait_s = seconds_locked(_name_in(request))
        return self._wait_s is None


def _name_in(request: Request) -> object:
    sent: object = request.data  # of JSON it may be anything
    return sent.get("username") or sent.get("email") if isinstance(sent, Mapping) else None
