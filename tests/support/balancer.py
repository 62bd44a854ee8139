"""What stands before replicas: passes connections on in turn, to those that take them."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from tests.support.servers import free_port

CHUNK_BYTES = 65536


class Balancer:
    """Passes each connection on to the next of the ports that is open."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.upstream_ports: Sequence[int] = ()
        self._turn = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, is_listening: threading.Event) -> None:
        """Serve until cancelled."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        is_listening.set()
        try:
            async with server:
                await server.serve_forever()
        finally:
            self._end_connections()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def cut(self) -> None:
        """Pass nothing on any more, neither new connections nor those that there are."""
        assert self._loop is not None
        self.upstream_ports = ()
        self._loop.call_soon_threadsafe(self._end_connections)

    def _end_connections(self) -> None:
        for connection in self._connections:
            connection.cancel()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._pass_on(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closed_at_the_end(writer):
            for _ in self.upstream_ports:
                self._turn += 1
                port = self.upstream_ports[self._turn % len(self.upstream_ports)]
                with contextlib.suppress(ConnectionRefusedError):
                    there = await asyncio.open_connection("127.0.0.1", port)
                    async with _closed_at_the_end(there[1]):
                        await _first_of(_copy(reader, there[1]), _copy(there[0], writer))
                    return


@asynccontextmanager
async def _closed_at_the_end(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _first_of(*copies: Coroutine[None, None, None]) -> None:
    copying = [asyncio.create_task(copy) for copy in copies]
    try:
        await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in copying:
            each.cancel()
        await asyncio.wait(copying)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()


@contextmanager
def balancing() -> Iterator[Balancer]:
    """Stand before the ports that the balancer is told of, in a thread."""
    balancer = Balancer()
    is_listening = threading.Event()
    loop = asyncio.new_event_loop()
    serving = loop.create_task(balancer.serve(is_listening))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    is_listening.wait(60)
    try:
        yield balancer
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join()
