"""What has to hold after everything was taken away and came back."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.contest import Experience
from tests.e2e.contest_play import Match
from tests.support.grown_stack import GrownStack
from tests.support.patience import PATIENCE_S
from tests.support.processes import command_line, descendants, is_alive

CONTROL_GROUPS = "code-execution-lanes-"
OF_BACKEND = """
    SELECT submission.id, submission.status, submission.verdict, submission.is_correct,
        judgement.id::text AS reference, judgement.verdict AS judged, judgement.finished_at,
        (SELECT count(*) FROM webhooks_webhookevent AS event
            WHERE event.submission_id = submission.id AND event.has_changed) AS changes
    FROM code_execution_codesubmission AS submission
    LEFT JOIN code_execution_judgement AS judgement ON judgement.submission_id = submission.id
"""
OF_EXECUTION_SERVICE = """
    SELECT submission.reference, submission.status, submission.verdict, judgement.verdict AS judged,
        event.body::json ->> 'verdict' AS told, event.status AS delivery
    FROM code_submissions AS submission
    LEFT JOIN judgements AS judgement ON judgement.submission_id = submission.id
    LEFT JOIN events AS event ON event.submission_id = submission.id
"""
UNFINISHED = """
    SELECT count(*) FROM code_execution_judgement WHERE finished_at IS NULL
"""
QUEUED = "SELECT count(*) FROM jobs"
STALE = "SELECT count(*) FROM contests_stalecell"

Row = dict[str, Any]


def rows_of(url: str, query: str) -> list[Row]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def wait_until_settled(stack: GrownStack, *, timeout_s: float) -> float:
    """Wait until all is judged, queues are empty and boards show it; say how many s that took."""
    started_s = time.monotonic()
    backend, execution = stack.database_urls["backend"], stack.database_urls["execution"]
    while (waited_s := time.monotonic() - started_s) < timeout_s:
        stack.keep_running()
        unfinished = rows_of(backend, UNFINISHED)[0]["count"]
        queued = rows_of(execution, QUEUED)[0]["count"]
        stale = rows_of(backend, STALE)[0]["count"]
        if unfinished == queued == stale == 0:
            return waited_s
        time.sleep(0.2)
    raise AssertionError(
        f"after {timeout_s} s {unfinished} are not judged, {queued} are queued, {stale} cells stale"
    )


def check_experience(experience: Experience) -> None:
    """See to it that whoever asked was answered, or told to ask later, or had no answer at all."""
    faults = experience.faults
    assert faults == [], "\n".join([f"{len(faults)} answers are faults:", *faults[:20]])


def check_verdicts(stack: GrownStack, match: Match) -> None:
    """See to it that everything taken has one verdict, the right one, the same everywhere."""
    of_backend = rows_of(stack.database_urls["backend"], OF_BACKEND)
    of_service = rows_of(stack.database_urls["execution"], OF_EXECUTION_SERVICE)
    expected = {each.id: match.tasks[each.task].verdict_of(each.kind) for each in match.tries}

    assert len(expected) == len(match.tries), "two requests with different keys made one row"
    assert _repeated(row["id"] for row in of_backend) == [], "judged more than once in the backend"
    assert _repeated(row["reference"] for row in of_service) == [], "judged or told more than once"
    judged = {row["id"]: row["verdict"] for row in of_backend}
    wrong = [
        f"{id_} is {judged.get(id_)} instead of {expected.get(id_)}"
        for id_ in sorted(judged.keys() | expected.keys())
        if judged.get(id_) != expected.get(id_)
    ]
    assert wrong == [], "\n".join(wrong)
    assert [row for row in of_backend if not _is_consistent(row)] == []
    assert {row["reference"]: row["judged"] for row in of_backend} == {
        row["reference"]: row["judged"] for row in of_service
    }
    assert [
        row for row in of_service if len({row["verdict"], row["judged"], row["told"]}) > 1
    ] == []


def check_events(stack: GrownStack) -> int:
    """See to it that no event was given up; say how many the backend has not needed so far."""
    rows = rows_of(stack.database_urls["execution"], OF_EXECUTION_SERVICE)
    deliveries = Counter(row["delivery"] for row in rows)

    assert set(deliveries) <= {"delivered", "pending"}, deliveries
    return deliveries["pending"]


def control_groups_of(stack: GrownStack) -> set[str]:
    """Name the folders of control groups that the parts hold open now."""
    held = set()
    for part in stack.parts.values():
        for path in _open_paths(part.pid):
            folders = [path, *path.parents]
            held |= {str(each) for each in folders if each.name.startswith(CONTROL_GROUPS)}
    return held


def check_nothing_left(stack: GrownStack, control_groups: set[str], before: set[int]) -> None:
    """See to it that after the end of all that is ours none of its doings is there any more."""
    servers = {"postgresql", "redis", "rabbitmq"}
    of_servers = {
        pid
        for name in servers
        for pid in [stack.parts[name].pid, *descendants(stack.parts[name].pid)]
    }

    def left() -> list[str]:
        return [
            *(f"control group {path}" for path in control_groups if Path(path).exists()),
            *(str(path) for path in stack.scratch_folder.iterdir() if _is_ours(path)),
            *_processes(descendants(os.getpid()) - before - of_servers),
        ]

    found = _patiently(left)
    assert found == [], "\n".join(["left behind:", *found])


def _processes(pids: set[int]) -> Iterator[str]:
    for pid in pids:
        command = " ".join(command_line(pid))
        if is_alive(pid) and "epmd" not in command:  # RabbitMQ's, which outlives every node
            yield f"process {pid}: {command[:100]}"


def _patiently(left: Callable[[], list[str]], *, timeout_s: float = PATIENCE_S) -> list[str]:
    deadline = time.monotonic() + timeout_s
    while (found := left()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _is_ours(path: Path) -> bool:
    """Tell it from the empty folder that a Celery worker makes, and nobody removes after a kill."""
    return not path.name.startswith("pymp-") or any(path.iterdir())


def _repeated(names: Iterator[Any]) -> list[Any]:
    return [name for name, count in Counter(names).items() if count > 1]


def _is_consistent(row: Row) -> bool:
    is_final = row["status"] in {"completed", "error"} and row["finished_at"] is not None
    return is_final and row["verdict"] == row["judged"] and row["changes"] <= 1


def _open_paths(pid: int) -> Iterator[Path]:
    for entry in Path("/proc", str(pid), "fd").iterdir():
        try:
            yield entry.readlink()
        except OSError:
            continue
