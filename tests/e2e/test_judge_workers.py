"""Judge workers as processes of their own, which come, go and die while submissions are judged."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.judge_workers import JudgedStack, judged_stack
from tests.support.servers import ServerMissingError, redis

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("processes are ended")]
GRACE_S = 20
UNTIL = "import time; time.sleep(max(0, {} - time.time())); print(6 * 7)"
SLOW = "import time; time.sleep({}); print(6 * 7)"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path) -> Iterator[JudgedStack]:
    try:
        with (
            redis() as broker_url,
            judged_stack(tmp_path_factory.mktemp("judged"), set_up_folder, broker_url) as stack,
        ):
            yield stack
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


@pytest.fixture
def stack(service: JudgedStack) -> Iterator[JudgedStack]:
    """The service; judge workers are the test's, and end with it."""
    yield service
    service.kill_judges()


def outputs_of(stack: JudgedStack, ids: list[int]) -> list[str]:
    return [stack.wait_for_status(submission_id)["output"] for submission_id in ids]


def test_what_comes_while_nobody_judges_waits_for_a_worker(stack: JudgedStack) -> None:
    submission_id = stack.submit("print(42)")
    status = stack.see(submission_id)["status"]
    readiness = stack.readiness()
    stack.start_judge("judge-1")
    output = stack.wait_for_status(submission_id)["output"]

    assert status == "pending"
    assert readiness["status"] == "ready"
    assert readiness["checks"]["broker"] == "ok"
    assert output == "42\n"


def test_a_worker_that_is_killed_leaves_its_submissions_to_another(stack: JudgedStack) -> None:
    stack.start_judge("judge-1")
    ids = [stack.submit(SLOW.format(2)) for _ in range(2)]
    for submission_id in ids:
        stack.wait_for_status(submission_id, "running")
    stack.start_judge("judge-2")
    stack.kill("judge-1")

    assert outputs_of(stack, ids) == ["42\n"] * 2


def test_a_worker_that_is_stopped_ends_what_is_short_and_gives_back_what_is_long(
    stack: JudgedStack,
) -> None:
    stack.start_judge("judge-1")
    # The long one ends at an hour of the clock: late enough for the stop, and soon afterwards.
    codes = SLOW.format(1), UNTIL.format(time.time() + 9)
    short, long = [stack.submit(code) for code in codes]
    for submission_id in (short, long):
        stack.wait_for_status(submission_id, "running")
    started_s = time.monotonic()
    exit_code = stack.stop("judge-1")
    took_s = time.monotonic() - started_s
    states = [stack.see(submission_id)["status"] for submission_id in (short, long)]
    stack.start_judge("judge-2")

    assert exit_code == 0
    assert took_s < GRACE_S
    assert states == ["completed", "running"]
    assert outputs_of(stack, [short, long]) == ["42\n"] * 2


def test_a_health_check_knows_whether_a_worker_judges_here(stack: JudgedStack) -> None:
    # A place that no other test leaves in a hurry: who is killed is believed in for a while.
    before = stack.check_judge("judge-3")
    stack.start_judge("judge-3")
    while_it_judges = stack.check_judge("judge-3")
    stack.stop("judge-3")

    assert [before, while_it_judges, stack.check_judge("judge-3")] == [1, 0, 1]
