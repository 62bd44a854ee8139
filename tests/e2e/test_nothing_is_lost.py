import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Person, Stack, running_stack
from tests.support import programs
from tests.support.servers import ServerMissingError, rabbitmq, redis

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("processes are ended")]
SLOW = "import time; time.sleep(1.5)\n" + programs.ECHOING["python"]


def test_a_judge_that_is_killed_in_the_middle_gives_the_verdict_after_its_restart(
    stack: Stack, alice: Person, patient_problem: dict[str, int]
) -> None:
    number = alice.submit(language="python", code=SLOW, **patient_problem)
    time.sleep(1)

    stack.kill("execution")
    stack.start("execution")

    assert alice.wait_for_verdict(number)["verdict"] == "AC"


def test_a_result_waits_while_the_backend_is_down(
    stack: Stack, alice: Person, patient_problem: dict[str, int]
) -> None:
    number = alice.submit(language="python", code=SLOW, **patient_problem)
    stack.kill("backend")
    time.sleep(5)  # judging takes 3 s; then come the first tries to deliver
    stack.start("backend")
    stack.wait_until_ready()

    assert alice.wait_for_verdict(number)["verdict"] == "AC"


def test_an_ordinary_stop_ends_cleanly_and_loses_nothing(
    stack: Stack, alice: Person, patient_problem: dict[str, int]
) -> None:
    number = alice.submit(language="python", code=SLOW, **patient_problem)
    time.sleep(1)

    exit_code = stack.stop("execution")
    stack.start("execution")

    assert exit_code == -signal.SIGTERM  # uvicorn ends by the signal once it has cleaned up
    assert alice.wait_for_verdict(number)["verdict"] == "AC"


@contextlib.contextmanager
def broker_named(kind: str) -> Iterator[str | None]:
    """Yield the broker's URL; `None` for the one that the product brings along."""
    if kind == "embedded":
        yield None
        return
    try:
        with {"redis": redis, "rabbitmq": rabbitmq}[kind]() as url:
            yield url
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


@pytest.mark.parametrize("kind", ["embedded", "redis", "rabbitmq"])
def test_what_cannot_be_handed_over_at_once_celery_hands_over_later(
    kind: str, tmp_path: Path, set_up_folder: Path
) -> None:
    with (
        broker_named(kind) as broker_url,
        running_stack(tmp_path, set_up_folder, broker_url=broker_url) as stack,
    ):
        alice = Person(stack, "alice", "alices-long-password").register()
        stack.kill("execution")
        number = alice.submit(language="python", code="print(42)")
        waiting = alice.see(number)
        stack.start("execution")

        result = alice.wait_for_verdict(number)

    assert waiting["status"] == "pending"
    assert result["verdict"] == "AC"
    assert result["output"] == "42\n"
