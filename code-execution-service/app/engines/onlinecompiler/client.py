"""Asking the provider to run a program, once and again, and no more when it is of no use."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from app.domain.circuit_breaker import CircuitBreaker
from app.domain.retries import is_worth_a_retry
from app.engines.onlinecompiler.answers import (
    MalformedAnswerError,
    Queued,
    RemoteRun,
    parse_answer,
    parse_run,
)
from app.engines.onlinecompiler.callbacks import AwaitedResult, AwaitedResults
from app.errors import EngineBusyError, EngineUnavailableError, RemoteEngineError

logger = logging.getLogger(__name__)

MAX_CALLS = 8
"""How many programs the provider is asked to run at once."""
MAX_ESCAPED_BYTES = 6
"""The most that JSON needs for one byte of output: a control character is written as \\u001b."""
OTHER_FIELDS_BYTES = 64 * 1024
LONGEST_BUSY_S = 3600.0
_REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""They come of a key or an address that is wrong for every program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait for what."""

    call_timeout_s: float = 45.0
    """The provider ends a program after 30 s, it says; compiling and network come on top."""
    callback_timeout_s: float = 60.0
    retry_pauses_s: tuple[float, ...] = (0.5, 2.0)
    longest_pause_s: float = 10.0
    """A longer `Retry-After` is not waited out: the program goes back to the queue."""
    busy_pause_s: float = 30.0
    """How long everybody waits after a refusal that names no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun:
    """A run and how long we waited for it; `None` stands for an answer too large to read."""

    run: RemoteRun | None
    waited_ms: int


class _FaultError(Exception):
    """One try has failed; the text has no word of the provider's, which could repeat our key."""

    def __init__(
        self, text: str, *, is_retryable: bool = True, retry_after_s: float | None = None
    ) -> None:
        self.is_retryable = is_retryable
        self.retry_after_s = retry_after_s
        super().__init__(text)


class _ThrottledError(_FaultError):
    """The provider works, but not for us at this moment."""


class OnlineCompilerClient:
    """Runs programs at the provider over one kept-alive connection pool."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        results: AwaitedResults | None,
        timing: Timing,
        breaker: CircuitBreaker,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._results = results
        self._timing = timing
        self._breaker = breaker
        self._now_s = now_s
        self._places = asyncio.Semaphore(MAX_CALLS)
        self._http = httpx.AsyncClient(
            headers={"Authorization": api_key, "Accept-Encoding": "identity"},
            # Only a net below `asyncio.timeout`: if both fired at once, a socket could stay open.
            timeout=2 * timing.call_timeout_s,
            limits=httpx.Limits(max_connections=MAX_CALLS),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, compiler: str, code: str, data: str, *, output_bytes: int) -> TimedRun:
        """Run a program on one input, again if the provider fails.

        Raises:
            EngineBusyError: the provider is taken for broken, or wants no more calls for now.
            EngineUnavailableError: the provider does not take this program.
            RemoteEngineError: it failed every time.
        """
        body = {"compiler": compiler, "code": code, "input": data}
        max_bytes = OTHER_FIELDS_BYTES + 2 * MAX_ESCAPED_BYTES * output_bytes
        async with self._places:
            if wait_s := self._breaker.admit(self._now_s()):
                raise EngineBusyError(retry_after_s=math.ceil(wait_s))
            try:
                return await self._run_admitted(body, max_bytes)
            finally:
                self._breaker.abandon()  # unless it is known already how the call went

    async def _run_admitted(self, body: dict[str, Any], max_bytes: int) -> TimedRun:
        try:
            timed_run = await self._try_repeatedly(body, max_bytes)
        except _ThrottledError as error:
            pause_s = min(error.retry_after_s or self._timing.busy_pause_s, LONGEST_BUSY_S)
            logger.warning("the remote engine is asked again in %d s: %s", pause_s, error)
            self._breaker.open_for(pause_s, now_s=self._now_s())
            raise EngineBusyError(str(error), retry_after_s=math.ceil(pause_s)) from error
        except _FaultError as error:
            self._breaker.fail(self._now_s())
            if self._breaker.is_open:
                logger.error("the remote engine is taken for broken: %s", error)  # noqa: TRY400
            raise RemoteEngineError(str(error)) from error
        except EngineUnavailableError:
            self._breaker.succeed()
            raise
        if self._breaker.is_open:
            logger.info("the remote engine works again")
        self._breaker.succeed()
        return timed_run

    async def _try_repeatedly(self, body: dict[str, Any], max_bytes: int) -> TimedRun:
        for pause_s in self._timing.retry_pauses_s:
            try:
                return await self._try(body, max_bytes)
            except _FaultError as error:
                wait_s = max(pause_s, error.retry_after_s or 0.0)
                if not error.is_retryable or wait_s > self._timing.longest_pause_s:
                    raise
                logger.warning("the remote engine failed, trying again in %g s: %s", wait_s, error)
                await asyncio.sleep(wait_s)
        return await self._try(body, max_bytes)

    async def _try(self, body: dict[str, Any], max_bytes: int) -> TimedRun:
        started_s = time.monotonic()
        try:
            if self._results is None:
                run = await self._ask(body, max_bytes)
            else:
                with self._results.expect() as awaited:
                    # Providers of contract S002-E06 know the second name, others the first.
                    names = {"token": awaited.token, "execution_id": awaited.token}
                    run = await self._ask(body | {"extra_params": names}, max_bytes)
                    if isinstance(run, Queued):
                        run = await self._wait_for(awaited)
        except MalformedAnswerError as error:
            raise _FaultError(f"a malformed answer: {error}") from error
        if isinstance(run, Queued):
            raise EngineUnavailableError(
                "The remote engine answers by callback: set CODE_EXECUTION_CALLBACK_URL"
            )
        return TimedRun(run=run, waited_ms=round((time.monotonic() - started_s) * 1000))

    async def _ask(self, body: dict[str, Any], max_bytes: int) -> RemoteRun | Queued | None:
        try:
            # httpx limits each step by itself; a provider that trickles must not hold a place.
            async with (
                asyncio.timeout(self._timing.call_timeout_s),
                self._http.stream("POST", self._url, json=body) as response,
            ):
                # Read in any case: a body that is left over would cost the connection.
                content = await _read(response, max_bytes)
        except (TimeoutError, httpx.TimeoutException) as error:
            # It has had its time; another try right away would hold a place as long again.
            raise _FaultError("no answer in time", is_retryable=False) from error
        except httpx.HTTPError as error:
            raise _FaultError(f"no connection: {type(error).__name__}") from error
        _check_status(response)
        return None if content is None else parse_answer(response.status_code, content)

    async def _wait_for(self, awaited: AwaitedResult) -> RemoteRun:
        try:
            async with asyncio.timeout(self._timing.callback_timeout_s):
                return parse_run(await awaited.document)
        except TimeoutError as error:
            raise _FaultError("no callback in time", is_retryable=False) from error


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    retry_after_s = _retry_after_s(response)
    text = f"HTTP status {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _ThrottledError(text, retry_after_s=retry_after_s)
    if status in _REFUSALS:
        raise _ThrottledError(f"{text}: key or address are wrong", is_retryable=False)
    if is_worth_a_retry(status) or response.is_redirect:
        raise _FaultError(text, is_retryable=not response.is_redirect, retry_after_s=retry_after_s)
    raise EngineUnavailableError(f"The remote engine does not take this program ({text})")


def _retry_after_s(response: httpx.Response) -> float | None:
    """Read the header; `None` if there is none or it makes no sense (RFC 9110, section 10.2.3)."""
    value: str = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_BUSY_S)
    try:
        wanted_at: datetime = parsedate_to_datetime(value)
    except ValueError:
        return None
    if wanted_at.tzinfo is None:
        wanted_at = wanted_at.replace(tzinfo=UTC)
    wait_s = (wanted_at - datetime.now(tz=UTC)).total_seconds()
    return min(max(0.0, wait_s), LONGEST_BUSY_S)


async def _read(response: httpx.Response, max_bytes: int) -> bytes | None:
    """Return the body as it came over the wire; `None` when it is longer than the cap."""
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in response.aiter_raw():
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
