"""Both sides of streams of changes: a front door to open them at, and what their clients read."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.core import live
from apps.users.models import User
from apps.users.tokens import start_session
from config.asgi import make_front_door
from live.hub import Hub
from live.limits import StreamLimits
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
QUIET_S = 0.6
QUICK = StreamLimits(pause_s=0.3, heartbeat_s=60)


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Ask the database in a thread that leaves no connection of its own behind."""

    def work() -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(work)


async def token_of(user: User) -> str:
    """Sign a user in."""
    pair = await in_thread(start_session, user)
    token: str = pair.access_token
    return token


class Stream:
    """A client's side of server-sent events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next_block(self) -> dict[str, str]:
        """Give the next event, or comment; `{}` at the end of the stream."""
        block: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._lines:
                if not line:
                    return block
                name, _, value = line.partition(":")
                block[name] = value.strip()
        return {}

    async def next_event(self) -> dict[str, str]:
        """Give the next event, whatever is said in between."""
        while "id" not in (block := await self.next_block()):
            assert block, "the stream has ended"
        return block

    async def next_tag(self) -> str:
        """Give the tag of the next event."""
        return (await self.next_event())["id"]

    async def next_data(self) -> Any:
        """Give what the next event carries."""
        return json.loads((await self.next_event())["data"])

    async def is_quiet(self) -> bool:
        """Tell whether nothing comes for a while; nothing can be read afterwards."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                await self.next_tag()
                return False
        return True


class Socket:
    """A client's side of a WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def next_message(self) -> dict[str, Any]:
        """Give the next message."""
        async with asyncio.timeout(PATIENCE_S):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def next_event(self) -> dict[str, Any]:
        """Give the next message that is no heartbeat."""
        while (message := await self.next_message())["type"] == "heartbeat":
            pass
        return message

    async def next_data(self) -> Any:
        """Give what the next event carries."""
        return (await self.next_event())["data"]

    async def is_quiet(self) -> bool:
        """Tell whether nothing comes for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                await self.next_event()
                return False
        return True

    async def closing(self) -> tuple[int, str]:
        """Wait for the close; give its code and reason."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.next_message()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


class Watching:
    """A front door, and those who open streams there."""

    def __init__(self, address: str, client: httpx.AsyncClient, hub: Hub) -> None:
        self.address = address
        self.client = client
        self.hub = hub

    @asynccontextmanager
    async def stream(
        self, path: str, *, user: User | None = None, **headers: str
    ) -> AsyncIterator[Stream]:
        """Open a stream, past its first block, with the cookie of a user."""
        if user is not None:
            headers["Cookie"] = f"access_token={await token_of(user)}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.stream("GET", path, headers=headers) as response:
            stream = Stream(response)
            if response.status_code == 200:
                assert int((await stream.next_block())["retry"]) > 0
            yield stream

    @asynccontextmanager
    async def socket(
        self, path: str, *, user: User | None = None, **options: Any
    ) -> AsyncIterator[Socket]:
        """Open a WebSocket with a user's token in its address."""
        if user is not None:
            path += f"{'&' if '?' in path else '?'}token={await token_of(user)}"
        async with connect(f"ws://{self.address}{path}", proxy=None, **options) as connection:
            yield Socket(connection)


@asynccontextmanager
async def watching(
    limits: StreamLimits = QUICK, *, is_replica: bool = False
) -> AsyncIterator[Watching]:
    """Serve a front door; a replica is told of this process's changes by Redis only."""
    hub = Hub()
    own_name = live.PROCESS
    try:
        live.PROCESS = "replica" if is_replica else own_name
        door = make_front_door(hub, limits)
    finally:
        live.PROCESS = own_name
    if not is_replica:
        live._listeners.append(hub.tick_from_thread)
    try:
        async with (
            serving(door) as address,
            httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client,
        ):
            yield Watching(address, client, hub)
    finally:
        if not is_replica:
            live._listeners.remove(hub.tick_from_thread)


@contextmanager
def serving_redis(folder: Path) -> Iterator[str]:
    """Run the bundled server, as `dev` starts it; yields its address."""
    path = folder / "broker.sock"
    command = [sys.executable, str(ROOT / "scripts" / "embedded_broker.py"), str(path), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield f"unix://{path}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
