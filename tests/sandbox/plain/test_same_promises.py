"""What a box promises holds without the keeper too: the same tests, on this folder's engine."""

from dataclasses import asdict

import pytest

from app.domain.checkers import is_same_output
from app.domain.limits import MIB
from app.domain.runs import RunStatus
from app.domain.verdicts import Verdict, verdict_of
from app.languages import load_languages
from tests.sandbox.execution import (
    test_cpu_time,
    test_heard_output,
    test_interactors,
    test_isolation,
    test_memory,
    test_output,
    test_processes,
    test_separation,
    test_spoiled_talks,
    test_stdin,
    test_wall_time,
)
from tests.support.hostile_programs import ESCAPED, HostileProgram, load_hostile_programs
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

_SAME = (
    test_cpu_time,
    test_heard_output,
    test_isolation,
    test_output,
    test_processes,
    test_separation,
    test_stdin,
    test_wall_time,
)
_TESTS = [
    (name, test)
    for module in _SAME
    for name, test in vars(module).items()
    if name.startswith("test_")
]
assert len(dict(_TESTS)) == len(_TESTS), "two tests have one name"
globals().update(_TESTS)
listening_port = test_isolation.listening_port

test_memory_beyond_the_limit = (
    test_memory.test_memory_that_is_touched_beyond_the_limit_stops_the_program
)
test_memory_of_all_processes = test_memory.test_memory_of_all_processes_counts_together
test_memory_that_is_shared = test_memory.test_memory_that_processes_share_counts_once
test_a_child_in_its_parents_memory = (
    test_memory.test_a_child_in_its_parents_memory_has_none_of_its_own
)
test_memory_without_the_main_thread = test_memory.test_memory_counts_when_the_main_thread_is_gone
test_a_rejected_participant = test_interactors.test_a_rejected_participant_is_stopped_at_once
test_a_file_for_the_checker = (
    test_interactors.test_a_testlib_interactor_writes_a_file_for_the_checker
)
test_a_participant_sees_nothing_else = (
    test_spoiled_talks.test_a_participant_sees_its_two_pipes_and_nothing_else
)
test_a_talk_of_many_turns = test_interactors.test_a_talk_of_many_turns_and_bytes_goes_through

HOSTILE = (
    "clocks/short_lived_orphans.c",
    "compiling/includes_itself.c",
    "disk/folders_and_threads.cs",
    "escaping/limits_of_others.c",
    "forging/keeper_frames.c",
    "input/closed.py",
    "memory/shared_by_one_page.c",
    "output/held_open.py",
    "poisoning/names_of_paths.py",
    "processes/fork_bomb.c",
    "reading/descriptors.c",
    "recursion/endless.rs",
)


@pytest.mark.parametrize("language", [language.id for language in load_languages().languages])
async def test_the_reference_program_prints_42(sandbox: Sandbox, language: str) -> None:
    source = sandbox.languages.get(language).reference_source

    _, runs = await sandbox.execute(language, source, b"", b"", memory_bytes=64 * MIB)

    assert [(run.status, run.stdout) for run in runs] == [(RunStatus.OK, b"42\n")] * 2


@pytest.mark.parametrize(
    "hostile",
    [hostile for hostile in load_hostile_programs() if hostile.id in HOSTILE],
    ids=lambda hostile: hostile.id,
)
async def test_a_hostile_program_gets_its_verdict(
    sandbox: Sandbox, hostile: HostileProgram
) -> None:
    runs_of = [b"x" * hostile.stdin_bytes] * hostile.runs
    limits = asdict(hostile.limits)

    compiled, runs = await sandbox.execute(hostile.language, hostile.source, *runs_of, **limits)
    after = await sandbox.run("python", "import os; print(os.listdir('/tmp'))")

    answer = (hostile.answer or "unknown to all").encode()
    verdicts = {
        verdict_of(run.status, is_output_right=is_same_output(run.stdout, answer)) for run in runs
    }
    assert (verdicts or {Verdict.CE}) <= hostile.verdicts, (compiled, runs)
    assert not any(ESCAPED.encode() in run.stdout + run.stderr for run in runs), runs
    assert after.stdout == b"[]\n"


async def test_every_theme_of_the_corpus_is_tried() -> None:
    chosen = [hostile for hostile in load_hostile_programs() if hostile.id in HOSTILE]

    assert len(chosen) == len(HOSTILE)
    assert {hostile.theme for hostile in chosen} == {
        hostile.theme for hostile in load_hostile_programs()
    }
