"""Requests per second of `POST /run`: `.venv/bin/python -m benchmarks.judge_requests [SECONDS]`.

Starts an execution service of its own. The program is a C program that is compiled already, with
one test. For 1, 2, 8 and 32 clients, each on a connection that is kept alive, rounds of `GET
/health` (the baseline: the same server without any program), `POST /run`, and posix_spawn + wait of
a bare program (one after the other, whatever the number of clients) take turns, so that all see the
same machine. The load generator shares the cores with the service.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.e2e.stack import Stack, is_success, wait_for

SOURCE = '#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); printf("%d\\n", n + 1); }\n'
CLIENTS = (1, 2, 8, 32)
ROUNDS = 3
DEFAULT_SECONDS = 3.0
CALL = {
    "language": "c",
    "code": SOURCE,
    "sample_test_cases": [{"id": "1", "input": "41", "expected_output": "42"}],
}


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """Make a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


HEALTH = request_bytes("GET", "/health")
RUN = request_bytes("POST", "/run", json.dumps(CALL).encode())


class Client:
    """One connection that is kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the body of the answer, which has to be a success."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"the service answers {head!r}")
        length = next(
            int(line.partition(b":")[2])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length")
        )
        return await self._reader.readexactly(length)

    async def keep_asking(self, request: bytes, until_s: float) -> list[float]:
        """Ask again and again; how long each answer took, in ms."""
        taken_ms = []
        while (started_s := time.perf_counter()) < until_s:
            answer = await self.ask(request)
            if request is RUN and b'"all_passed":true' not in answer:
                sys.exit(f"a wrong verdict: {answer!r}")
            taken_ms.append((time.perf_counter() - started_s) * 1000)
        return taken_ms


async def under_load(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    """Let so many clients ask at once; how long all their answers took."""
    connections = [
        Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(clients)
    ]
    until_s = time.perf_counter() + seconds
    asking = [client.keep_asking(request, until_s) for client in connections]
    return [taken_ms for times in await asyncio.gather(*asking) for taken_ms in times]


def spawn_bare(program: str, seconds: float) -> list[float]:
    """Spawn and wait again and again."""
    until_s = time.perf_counter() + seconds
    taken_ms = []
    while (started_s := time.perf_counter()) < until_s:
        os.waitpid(os.posix_spawn(program, [program], {}), 0)
        taken_ms.append((time.perf_counter() - started_s) * 1000)
    return taken_ms


async def measure(port: int, program: str, seconds: float) -> None:
    """Measure and print."""
    await under_load(port, RUN, clients=2, seconds=1.0)  # compiles, and warms everything up
    print(f"load average {os.getloadavg()[0]:.1f}")
    print("clients  what          per second   p50 ms   p95 ms")
    for clients in CLIENTS:
        times: dict[str, list[float]] = {"GET /health": [], "POST /run": [], "posix_spawn": []}
        for _ in range(ROUNDS):
            share_s = seconds / ROUNDS
            times["GET /health"] += await under_load(port, HEALTH, clients, share_s)
            times["POST /run"] += await under_load(port, RUN, clients, share_s)
            times["posix_spawn"] += spawn_bare(program, share_s)
        for name, taken_ms in times.items():
            p95 = statistics.quantiles(taken_ms, n=20)[-1]
            print(
                f"{clients:7}  {name:12} {len(taken_ms) / seconds:11.0f}"
                f" {statistics.median(taken_ms):8.2f} {p95:8.2f}"
            )


def compile_bare(folder: Path) -> str:
    """Compile a static program that does nothing."""
    source, program = folder / "main.c", folder / "main"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-O2", "-static", "-o", program, source], check=True)  # noqa: S607
    return str(program)


def main() -> None:
    """Start a service and measure it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS
    with tempfile.TemporaryDirectory() as name:
        stack = Stack(Path(name))
        stack.run("code-execution-service", "-m", "alembic", "upgrade", "head")
        stack.start("execution")
        try:
            url = f"{stack.execution_url}/health/ready"
            wait_for(partial(is_success, url), what="the service to be ready")
            port = int(stack.execution_url.rpartition(":")[2])
            asyncio.run(measure(port, compile_bare(Path(name)), seconds))
        finally:
            stack.stop_all()


if __name__ == "__main__":
    main()
