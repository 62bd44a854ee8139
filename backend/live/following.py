"""Following one resource: what a stream tells, whichever way it is sent."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus

from gateway.asgi import AsgiApplication, Scope
from live.hub import Hub, Subscription
from live.limits import StreamLimits
from live.resource import CALLER_HEADER, EMBED_HEADER, UNTIL_HEADER, Question, State, ask

_ETAG = b"etag"
BURST_MAX = 2
"""So many events may follow each other at once; a quick verdict waits for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a stream tells: `data` is JSON in one line, `id` the state that it is of."""

    name: str
    id: str
    data: str


class RefusedError(Exception):
    """The caller may not follow the resource, or no longer; `state` says why."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__(state.detail)


class Asker:
    """Asks the application for many streams, a few at a time."""

    def __init__(self, application: AsgiApplication, *, at_once_max: int) -> None:
        self._application = application
        self._free = asyncio.Semaphore(at_once_max)

    async def ask(
        self, scope: Scope, *, method: str, question: Question, told: str | None
    ) -> State:
        """Ask for the resource of a stream."""
        async with self._free:
            return await ask(self._application, scope, method=method, question=question, told=told)


class Follower:
    """Follows one resource for one caller, whose request for the stream is `scope`.

    `told` is the id of the last event that they have, which is none at first.
    """

    def __init__(
        self,
        *,
        asker: Asker,
        hub: Hub,
        subscription: Subscription,
        scope: Scope,
        told: str | None,
        limits: StreamLimits,
    ) -> None:
        self._asker = asker
        self._hub = hub
        self._subscription = subscription
        self._scope = scope
        self._told = told
        self._limits = limits
        self._name = ""
        self._embeds = False
        self._opening_tag = ""
        self._content: int | None = None
        self._clock = asyncio.get_running_loop().time
        self._ends_at_s = self._clock() + limits.lifetime_s
        self._token_ends_at_s = float("inf")
        self._checks_at_s = self._clock() + limits.recheck_s
        self._paced_until_s = 0.0

    async def open(self) -> tuple[State, str | None]:
        """Ask whether the caller may follow the resource; give the answer, and who they are.

        Raises:
            RefusedError: They may not, or it tells of no changes.
        """
        state = await self._asker.ask(
            self._scope, method="HEAD", question=Question(is_opening=True), told=None
        )
        self._listen(state)
        self._name = state.channels[0].partition("/")[0]
        self._embeds = state.header(EMBED_HEADER) is not None
        self._opening_tag = state.header(_ETAG) or ""
        until_s = state.header(UNTIL_HEADER)
        if until_s is not None:
            self._token_ends_at_s = self._clock() + float(until_s) - time.time()
        return state, state.header(CALLER_HEADER)

    async def events(self) -> AsyncGenerator[Event | None, None]:
        """Give the events; `None` says that there is none, every `heartbeat_s`.

        It ends when it is time for the client to come back.

        Raises:
            RefusedError: The caller may not follow the resource any longer.
        """
        if self._embeds:
            event = await self._ask(Question(is_resumed=self._told is not None))
        else:
            event = self._event(self._opening_tag, None)
        if event is not None:
            yield event
            await self._pause()
        while (wait_s := self._wait_s()) > 0:
            tags = await self._subscription.next_tags(within_s=wait_s)
            event = await self._event_of(tags)
            if event is not None:
                yield event
                await self._pause()
            elif tags is None and self._wait_s() > 0:
                yield None

    async def _pause(self) -> None:
        now_s = self._clock()
        pause_s = self._limits.pause_s
        self._paced_until_s = max(self._paced_until_s, now_s) + pause_s
        await asyncio.sleep(max(0.0, self._paced_until_s - now_s - BURST_MAX * pause_s))

    def _wait_s(self) -> float:
        now_s = self._clock()
        if self._token_ends_at_s <= now_s:
            raise RefusedError(_expired())
        if self._subscription.has_ended:
            return 0.0
        left_s = min(self._ends_at_s, self._token_ends_at_s) - now_s
        return min(left_s, self._limits.heartbeat_s)

    async def _event_of(self, tags: tuple[str, ...] | None) -> Event | None:
        """Say what is to be told after ticks, or after none for a while."""
        if tags is None:
            is_due = self._clock() >= self._checks_at_s and not self._subscription.has_ended
            return await self._ask(Question()) if is_due else None
        if not tags:
            return await self._ask(Question(is_resumed=True))
        if self._embeds:
            return await self._ask(Question(ids=tags))
        return self._event(tags[-1], None)

    async def _ask(self, question: Question) -> Event | None:
        method = "GET" if self._embeds else "HEAD"
        state = await self._asker.ask(
            self._scope, method=method, question=question, told=self._told
        )
        self._checks_at_s = self._clock() + self._limits.recheck_s
        self._listen(state)
        if state.status == HTTPStatus.NOT_MODIFIED:
            return None
        return self._event(state.header(_ETAG) or "", state)

    def _listen(self, state: State) -> None:
        """Hear of the changes that an answer names, which may be others than before.

        Raises:
            RefusedError: It is none that lets the caller know of changes.
        """
        if not state.has_stream:
            raise RefusedError(state)
        channels = frozenset(state.channels)
        if channels != self._subscription.channels:
            self._hub.narrow(self._subscription, channels)

    def _event(self, tag: str, state: State | None) -> Event | None:
        """Make an event, unless the last one had the same: that it is asked again tells nothing."""
        if state is not None and self._embeds:
            data = state.body.decode()
        else:
            data = json.dumps({"etag": tag})
        content = hash(data)
        if content == self._content or (tag == self._told and not self._embeds):
            return None
        self._told = tag
        self._content = content
        return Event(name=self._name, id=tag, data=data)


def _expired() -> State:
    state = State()
    state.status = HTTPStatus.UNAUTHORIZED
    return state
