"""Time from a program's end to the WebSocket message, and what an idle WebSocket costs.

Run from the root of the checkout: `.venv/bin/python -m benchmarks.live_executions [ROUNDS]`.
Starts an execution service with the real sandbox on a Redis of its own, and beside it a bare
FastAPI application that answers every WebSocket message with the same (the baseline). First it
opens 2,000 WebSockets on executions that do not move, and at the baseline, and prints by how much
the server's resident memory grew for each. Then, with one and with 500 WebSockets open, every round
does, in turn: an echo at the baseline, and a C program that ends by writing what time it is,
watched by one client; then come programs that 400 watch. A message's time of arrival less the
written time is how long the way took: out of the box, judged, through Redis, to the client.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

sys.path[:0] = ["code-execution-service"]

from app.domain.executions import Execution
from app.repositories.executions.redis import RedisExecutionStore
from app.websockets.protocol import allow_many_connections
from tests.support.issuers import jwk_of, key_server, platform_claims, rsa_key, sign
from tests.support.servers import free_port, redis

DEFAULT_ROUNDS = 100
OPEN_SOCKETS = (1, 500)
IDLE_SOCKETS = 2_000
WATCHED_BY_ALL_ROUNDS = 5
EACH = 400
"""How many WebSockets one account opens; the service allows 500."""
EXECUTIONS = "/api/v1/executions"
FINAL_STATUSES = {"completed", "error"}
SOURCE = """
#define SECONDS 0
#include <stdio.h>
#include <time.h>
int main(void) {
    struct timespec t = {SECONDS, 100000000};
    nanosleep(&t, 0);
    clock_gettime(CLOCK_REALTIME, &t);
    printf("%ld.%09ld", (long)t.tv_sec, t.tv_nsec);
}
"""

echo = FastAPI()


@echo.websocket("/ws")
async def answer_with_the_same(websocket: WebSocket) -> None:
    """Be what everything is compared with."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(await websocket.receive_text())


@contextmanager
def server(command: list[str], url: str, **environment: str) -> Iterator[int]:
    """Run a server; gives its process id once it answers."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={"PATH": os.environ["PATH"], **environment},
            stdout=log,
            stderr=log,
        )
        try:
            while not answers(url):
                if process.poll() is not None:
                    log.seek(0)
                    sys.exit(f"{command[0]} has ended: {log.read().decode()[-2000:]}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def answers(url: str) -> bool:
    """Tell whether there is any answer."""
    try:
        return httpx.get(url).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False


@cache
def token(user: int) -> str:
    """Give a token of an account."""
    return sign(platform_claims(user_id=user))


class Service:
    """The execution service under test."""

    def __init__(self, port: int, redis_url: str, process_id: int) -> None:
        self.process_id = process_id
        self._sockets = f"ws://127.0.0.1:{port}{EXECUTIONS}/ws"
        self._store = RedisExecutionStore(redis_url, kept_s=3600)
        headers = {"Authorization": f"Bearer {token(0)}"}
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers)

    async def close(self) -> None:
        """Give back what it holds."""
        await self._http.aclose()
        await self._store.close()

    async def start(self, source: str = SOURCE) -> str:
        """Have the program run, and return the execution's id."""
        body = {"language": "c", "code": source}
        answer = await self._http.post(f"{EXECUTIONS}/execute", json=body)
        answer.raise_for_status()
        execution_id: str = answer.json()["execution_id"]
        return execution_id

    def watch(self, execution_id: str, user: int = 0) -> connect:
        """Open a WebSocket on an execution."""
        url = f"{self._sockets}/{execution_id}?token={token(user)}"
        return connect(url, compression=None, ping_interval=None)

    async def open_idle(self, number: int) -> ClientConnection:
        """Open a WebSocket on an execution of its own that does not move."""
        user, now = 1 + number // EACH, datetime.now(tz=UTC)
        execution = Execution(
            id=str(uuid.uuid4()),
            owner=f"user:{user}",
            user_id=f"user:{user}",
            language="c",
            code=SOURCE,
            input_data="",
            is_streaming=False,
            created_at=now,
            updated_at=now,
        )
        await self._store.add(execution)
        socket = await self.watch(execution.id, user)
        await socket.recv()
        return socket


class Echo:
    """The baseline."""

    def __init__(self, port: int, process_id: int) -> None:
        self.process_id = process_id
        self._url = f"ws://127.0.0.1:{port}/ws"

    async def open_idle(self, number: int) -> ClientConnection:
        """Open a WebSocket on which one message has gone to and fro."""
        socket = await connect(self._url, compression=None, ping_interval=None)
        await socket.send(str(number))
        await socket.recv()
        return socket


@asynccontextmanager
async def idle(server: Service | Echo, count: int) -> AsyncIterator[None]:
    """Keep so many WebSockets open."""
    async with AsyncExitStack() as stack:
        for number in range(count):
            stack.push_async_exit(await server.open_idle(number))
        yield


async def echoed_ms(socket: ClientConnection) -> float:
    """Measure a message to and fro."""
    start = time.perf_counter()
    await socket.send("x" * 500)
    await socket.recv()
    return (time.perf_counter() - start) * 1000


async def told_ms(socket: ClientConnection) -> float:
    """Wait for the end, and tell for how long it has been known to the program."""
    arrived_s = []
    while True:
        message = json.loads(await socket.recv())
        arrived_s.append(time.time())
        if message["type"] == "error":
            sys.exit(f"a WebSocket was refused: {message['data']['detail']}")
        if message["data"]["status"] in FINAL_STATUSES:
            break
    if len(arrived_s) == 1:
        sys.exit("a WebSocket was opened too late: it says nothing of how long messages take")
    return (arrived_s[-1] - float(message["data"]["output"])) * 1000


async def measure(service: Service, baseline: Echo, rounds: int) -> None:
    """Print how long messages take."""
    for count in OPEN_SOCKETS:
        echoes, tellings = [], []
        async with idle(baseline, count - 1), idle(service, count - 1):
            socket = await baseline.open_idle(0)
            for _ in range(rounds):
                echoes.append(await echoed_ms(socket))
                async with service.watch(await service.start()) as watch:
                    tellings.append(await told_ms(watch))
            await socket.close()
        show(f"bare echo, {count} open", echoes)
        show(f"program's end to message, {count} open", tellings)
    times = await measure_watched_by_all(service, EACH)
    show(f"the same, {EACH} watch one program", times)


async def measure_watched_by_all(service: Service, count: int) -> list[float]:
    """Let all watch the same program, and give the times of each."""
    times = []
    for _ in range(WATCHED_BY_ALL_ROUNDS):
        execution_id = await service.start(SOURCE.replace("SECONDS 0", "SECONDS 3"))
        sockets = await asyncio.gather(*(service.watch(execution_id) for _ in range(count)))
        times += await asyncio.gather(*(told_ms(socket) for socket in sockets))
        for socket in sockets:
            await socket.close()
    return times


async def measure_memory(server: Service | Echo) -> float:
    """Give the bytes by which the server grows for each idle WebSocket."""
    async with idle(server, 100):
        pass
    before = resident_bytes(server.process_id)
    async with idle(server, IDLE_SOCKETS):
        return (resident_bytes(server.process_id) - before) / IDLE_SOCKETS


def resident_bytes(process_id: int) -> int:
    """Give the resident memory of a process."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


def show(name: str, times_ms: list[float]) -> None:
    """Print a line of the table."""
    p95 = statistics.quantiles(times_ms, n=20)[-1]
    print(f"{name:<42}{statistics.median(times_ms):>9.2f}{p95:>9.2f}")


async def run(service: Service, baseline: Echo, rounds: int) -> None:
    """Measure everything."""
    # First: what a server has once had it does not give back.
    for name, each in (("bare echo", baseline), ("watching an execution", service)):
        grown = await measure_memory(each)
        print(f"{name}, {IDLE_SOCKETS} idle: {grown / 1000:.1f} kB each")
    print(f"\n{rounds} rounds\n{'':<42}{'p50 ms':>9}{'p95 ms':>9}")
    await measure(service, baseline, rounds)
    await service.close()


def main() -> None:
    """Start the servers, measure, print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS
    allow_many_connections()
    with (
        tempfile.TemporaryDirectory() as folder,
        redis() as redis_url,
        key_server() as keys,
    ):
        keys.publish("/.well-known/jwks.json", jwk_of(rsa_key(), "key-1"))
        port, echo_port = free_port(), free_port()
        settings = {
            "PYTHONPATH": "code-execution-service",
            "EXECUTION_ENV_FILE": os.devnull,
            "BACKEND_SERVICE_URL": keys.url,
            "BACKEND_WEBHOOK_SECRET": "a-secret-of-the-benchmark",
            "DATABASE_URL": "",
            "REDIS_URL": redis_url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATA_DIRECTORY": folder,
            "LOGS_DIRECTORY": folder,
            "EXECUTION_RATE_LIMIT": "100000/minute",
        }
        run_echo = ["uvicorn", "benchmarks.live_executions:echo", "--port", str(echo_port)]
        with (
            server(["app.main"], f"http://127.0.0.1:{port}/health/ready", **settings) as service,
            server(run_echo, f"http://127.0.0.1:{echo_port}/docs") as baseline,
        ):
            asyncio.run(run(Service(port, redis_url, service), Echo(echo_port, baseline), rounds))


if __name__ == "__main__":
    main()
