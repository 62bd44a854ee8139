"""Results that the provider posts back to us, each to the call that waits for it."""

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.engines.onlinecompiler.answers import (
    MalformedAnswerError,
    parse_document,
    parse_token,
)

logger = logging.getLogger(__name__)

MAX_CALLBACK_BYTES = 16 * 1024 * 1024
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class AwaitedResult:
    """A result on its way; `token` goes out with the program and comes back with the result."""

    token: str
    document: asyncio.Future[dict[str, Any]]


def has_token(content: bytes) -> bool:
    """Tell whether a callback names the call that it belongs to, known or not."""
    try:
        return parse_token(parse_document(content)) is not None
    except MalformedAnswerError:
        return False


class AwaitedResults:
    """Every result that somebody waits for, by a token that can't be guessed.

    The provider posts all results to the one URL that is registered with the API key, so the token
    travels in the body. It is good once, and only while its call still waits.
    """

    def __init__(self) -> None:
        self._by_token: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @contextmanager
    def expect(self) -> Iterator[AwaitedResult]:
        """Wait for one result inside the block; after it, the result would come too late."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        document: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._by_token[token] = document
        try:
            yield AwaitedResult(token, document)
        finally:
            self._by_token.pop(token, None)

    def deliver(self, content: bytes) -> bool:
        """Give a result to the call that waits for it; false if nobody does: it is ignored."""
        # Found as bytes first, so that a stranger's large body is not even parsed.
        token = next((token for token in self._by_token if token.encode() in content), None)
        try:
            document = parse_document(content) if token else {}
        except MalformedAnswerError:
            document = {}
        if token is None or parse_token(document) != token:
            logger.warning("a result came that nobody waits for: late, repeated or forged")
            return False
        awaited = self._by_token.pop(token)
        if not awaited.done():  # else the call was just given up
            awaited.set_result(document)
        return True
