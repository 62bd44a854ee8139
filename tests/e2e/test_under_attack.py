"""Hostile and honest programs reach one installation together: the honest ones do not notice."""

import threading
from collections.abc import Iterator
from typing import Self

import pytest

from tests.e2e.conftest import add_numbers
from tests.e2e.stack import SECRET, Person, Stack, is_success
from tests.support import programs
from tests.support.host_secrets import HostSecrets, secrets_on_the_host
from tests.support.hostile_programs import ESCAPED, HostileProgram, load_hostile_programs

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("it reads a log")]

ATTACKERS = [
    "processes/fork_bomb.c",
    "processes/orphan_relay.c",
    "processes/thread_bomb.cpp",
    "clocks/signals_ignored.go",
    "memory/touched.c",
    "memory/shared_and_let_go.c",
    "memory/beside_the_heap.js",
    "disk/many_files.go",
    "output/stdout_flood.c",
    "reading/host_files.py",
    "reading/environment.rs",
    "escaping/signals.py",
    "escaping/sockets.py",
    "escaping/native_calls.cs",
    "forging/keeper_frames.c",
    "forging/internal_error.py",
    "compiling/macros.c",
    "compiling/constant_loop.rs",
]
"""Of every theme those that use most of what programs share, and that end soon."""
HONEST_LANGUAGES = ("c", "cpp", "go", "python", "rust")
HEALTH_INTERVAL_S = 0.5


@pytest.fixture(scope="module")
def problem(bob: Person) -> dict[str, int]:
    """The usual one, with time enough for who is pushed aside for a moment."""
    return add_numbers(bob, time_limit_ms=3_000)


@pytest.fixture(scope="module")
def host_secrets() -> Iterator[HostSecrets]:
    with secrets_on_the_host() as secrets:
        yield secrets


class HealthWatch:
    """Asks both services for their health until the block ends; counts what they answer."""

    def __init__(self, stack: Stack) -> None:
        urls = (f"{stack.execution_url}/health/ready", f"{stack.backend_url}/api/health/ready/")
        self.answers: list[bool] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=[urls])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _ask(self, urls: tuple[str, ...]) -> None:
        while not self._is_over.wait(HEALTH_INTERVAL_S):
            self.answers += map(is_success, urls)


def attackers() -> list[HostileProgram]:
    by_id = {hostile.id: hostile for hostile in load_hostile_programs()}
    return [by_id[name] for name in ATTACKERS]


def test_honest_programs_keep_their_verdicts_while_hostile_ones_run(
    stack: Stack, alice: Person, problem: dict[str, int], host_secrets: HostSecrets
) -> None:
    def submit(language: str, code: str) -> int:
        return alice.submit(language=language, code=code, **problem)

    logged_before = len(stack.log("execution"))
    hostile: dict[int, HostileProgram] = {}
    honest: dict[int, str] = {}
    with HealthWatch(stack) as health:
        for index, attacker in enumerate(attackers()):
            language = HONEST_LANGUAGES[index % len(HONEST_LANGUAGES)]
            hostile[submit(attacker.language, host_secrets.in_source(attacker.source))] = attacker
            honest[submit(language, programs.ECHOING[language])] = "AC"
            honest[submit(language, programs.WRONG[language])] = "WA"
        results = {number: alice.wait_for_verdict(number) for number in (*hostile, *honest)}

    assert {number: results[number]["verdict"] for number in honest} == honest
    surprises = {
        attacker.id: results[number]
        for number, attacker in hostile.items()
        if results[number]["verdict"] not in attacker.verdicts
    }
    assert surprises == {}
    told = str([{**result, "code": ""} for result in results.values()])
    assert [word for word in (ESCAPED, host_secrets.token, SECRET) if word in told] == []
    assert health.answers
    assert all(health.answers)
    assert "Traceback" not in stack.log("execution")[logged_before:]
    after = [submit(language, programs.ECHOING[language]) for language in HONEST_LANGUAGES]
    assert {alice.wait_for_verdict(number)["verdict"] for number in after} == {"AC"}
