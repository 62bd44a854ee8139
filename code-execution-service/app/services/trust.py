"""Whether the backend accepts our signature, found out at the start and not by the first result."""

import asyncio
import logging
from http import HTTPStatus
from itertools import chain, repeat

from app.clients.backend import Answer, BackendClient
from app.errors import SignatureRefusedError
from app.services.stop import Stop, StoppedError

logger = logging.getLogger(__name__)

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0)
"""The last one repeats: the backend may start later, or come back with another secret."""


class TrustService:
    """Introduces this service to the backend by a signed ping (contract C-06)."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend
        self._is_refused = False

    async def introduce(self, stop: Stop) -> None:
        """Ping until the backend accepts it, or until told to stop."""
        try:
            for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
                answer = await stop.unless(self._backend.ping())
                self._note(answer)
                if answer.is_success:
                    return
                await stop.unless(asyncio.sleep(pause_s))
        except StoppedError:
            return

    async def check(self) -> None:
        """Return unless the backend has refused our signature; one that is not up yet has not.

        Raises:
            SignatureRefusedError: it has.
        """
        if self._is_refused:
            raise SignatureRefusedError

    def _note(self, answer: Answer) -> None:
        was_refused, self._is_refused = self._is_refused, is_refusal(answer)
        if self._is_refused and not was_refused:
            logger.error("%s", SignatureRefusedError.title)
        elif answer.is_success:
            logger.info("the backend accepts our signature")


def is_refusal(answer: Answer) -> bool:
    """Tell whether the backend has looked at the signature and found it wrong."""
    return answer.status_code == HTTPStatus.UNAUTHORIZED
