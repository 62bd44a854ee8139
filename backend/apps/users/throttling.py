"""Limits on guessing passwords, and on coming as a guest."""

from collections.abc import Mapping

from rest_framework.request import Request
from typing_extensions import override

from apps.core.throttling import RateThrottle


class GuestThrottle(RateThrottle):
    """Counts guests by address."""

    scope = "guest"


class LoginThrottle(RateThrottle):
    """Counts attempts by address, where a school may sit behind one, and by account."""

    @override
    def counters(self, request: Request) -> list[tuple[str, str]]:
        """Name the address, and the account that the body names."""
        counters = [("login_address", f"address:{self.get_ident(request)}")]
        if isinstance(request.data, Mapping):
            name = request.data.get("username") or request.data.get("email")
            if isinstance(name, str):
                counters.append(("login", f"account:{name.strip().lower()[:254]}"))
        return counters
