"""The public keys of one issuer, as long as they are worth believing."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

import jwt

from app.clients.key_servers import PublishedKeys
from app.errors import KeysUnavailableError

logger = logging.getLogger(__name__)

COOLDOWN_S = 5.0
PATIENCE_S = 1.0
"""How long somebody whose key we have waits for us to learn whether it still holds."""


class KeyStore:
    """Fetches keys when one is unknown or they are old, and keeps them while nobody answers.

    `fetch` raises `KeysUnavailableError` where there is no answer. Strangers can make us call it
    once per cooldown at most, however many of them come.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[PublishedKeys]],
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._monotonic_s = monotonic_s
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked_at_s = self._fresh_until_s = float("-inf")
        self._is_answered = False
        self._refresh: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key with this id; `None` if the issuer has none.

        Raises:
            KeysUnavailableError: we have none, and nobody tells us whether the issuer has.
        """
        if key_id not in self._keys:
            await self._wait_for_news(patience_s=None)
        elif self._monotonic_s() >= self._fresh_until_s:
            await self._wait_for_news(patience_s=PATIENCE_S)
        key = self._keys.get(key_id)
        if key is None and not self._is_answered:
            raise KeysUnavailableError
        return key

    async def close(self) -> None:
        """Stop asking."""
        if self._refresh:
            self._refresh.cancel()
            await asyncio.wait({self._refresh})

    async def _wait_for_news(self, *, patience_s: float | None) -> None:
        """Wait for the fetch under way, or a new one where the last one was long enough ago."""
        if self._refresh is None or self._refresh.done():
            if self._monotonic_s() - self._asked_at_s < COOLDOWN_S:
                return
            self._asked_at_s = self._monotonic_s()
            self._refresh = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._refresh}, timeout=patience_s)
        for task in done:
            task.result()

    async def _ask(self) -> None:
        try:
            published = await self._fetch()
        except KeysUnavailableError as error:
            logger.warning("an issuer's keys could not be fetched: %s", error.detail)
            self._is_answered = False
            return
        self._keys = published.keys
        self._fresh_until_s = self._monotonic_s() + published.fresh_s
        self._is_answered = True
