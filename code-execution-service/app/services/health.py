"""Whether the service can work."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from app.errors import ServerError

logger = logging.getLogger(__name__)

OK = "ok"
ADVISORY = frozenset({"broker", "deliveries", "judge workers"})
"""Checks that a service can work without: what they find is shown, and turns nobody away."""


async def run_checks(checks: Mapping[str, Callable[[], Awaitable[None]]]) -> dict[str, str]:
    """Return, per check, `ok` or what is wrong; a check raises `ServerError` with a safe detail."""
    outcomes: dict[str, str] = {}
    for name, check in checks.items():
        try:
            await check()
        except ServerError as error:
            logger.warning("not ready: %s: %s", name, error.detail)
            outcomes[name] = error.detail
        else:
            outcomes[name] = OK
    return outcomes
