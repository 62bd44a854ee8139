"""The same source is compiled once, and what comes out of the cache runs like what went in."""

import pytest

from app.domain.limits import MIB
from app.domain.runs import RunStatus
from tests.support.programs import ECHOING
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

STAMP = """
#include <stdio.h>
int main(void) { puts(__TIME__ " " __FILE__ %s); }
"""


@pytest.mark.parametrize("language", sorted(ECHOING))
async def test_a_cached_program_runs_like_a_fresh_one(sandbox: Sandbox, language: str) -> None:
    limits = {"memory_bytes": 256 * MIB, "processes": 64}

    fresh, again = [
        await sandbox.execute(language, ECHOING[language], b"20 22\n", **limits) for _ in range(2)
    ]

    assert again[0] is fresh[0]  # the very compile result
    assert [run.stdout for _, runs in (fresh, again) for run in runs] == [b"42\n"] * 2


async def test_a_refused_source_is_refused_again(sandbox: Sandbox) -> None:
    source = "int main(void) { return cached; }"

    first, again = [await sandbox.compile("c", source) for _ in range(2)]

    assert not first.is_ok
    assert again is first


async def test_another_source_is_compiled(sandbox: Sandbox) -> None:
    first = await sandbox.run("c", STAMP % '"1"')
    second = await sandbox.run("c", STAMP % '"2"')

    assert (first.stdout[-2:], second.stdout[-2:]) == (b"1\n", b"2\n")


async def test_a_compile_step_that_hit_a_limit_is_tried_again(sandbox: Sandbox) -> None:
    """The host may have been to blame."""
    source = '#include "/dev/full"'

    first, again = [await sandbox.compile("c", source) for _ in range(2)]

    assert not again.is_ok
    assert again is not first


async def test_a_run_cannot_change_what_is_cached(sandbox: Sandbox) -> None:
    source = """
import os
try:
    open("/box/main.py", "w").write("print('poisoned')")
except OSError as error:
    print(error.errno)
"""
    for _ in range(3):
        run = await sandbox.run("python", source)
        assert (run.status, run.stdout) == (RunStatus.OK, b"30\n")


async def test_folders_of_the_compile_step_come_along(sandbox: Sandbox) -> None:
    """Java puts the classes of a package into its folder."""
    source = """
package deep.inside;
public class Start {
    static class Inner { int answer = 42; }
    public static void main(String[] args) { System.out.println(new Inner().answer); }
}
"""
    for _ in range(2):
        run = await sandbox.run("java", source, memory_bytes=256 * MIB)
        assert run.stdout == b"42\n"
