import pytest

from app.domain.limits import MIB
from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

ALLOCATE_UNTOUCHED = """
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    volatile char *memory = malloc(4UL << 30);
    if (memory == NULL) return 3;
    memory[5] = 1;
    puts("fine");
}
"""
TOUCH_AND_END = """
#include <stdlib.h>
#include <string.h>
int main(void) {
    volatile char *memory = malloc(10UL << 20);
    for (size_t i = 0; i < (10UL << 20); i += 4096) memory[i] = 1;
    return 0;
}
"""
TOUCH_WITHOUT_MAIN_THREAD = """
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static void *greedy(void *nothing) {
    sleep(1);
    for (int mebibytes = 0; mebibytes < 1024; mebibytes++) {
        volatile char *memory = malloc(1 << 20);
        for (int i = 0; i < 1 << 20; i += 4096) memory[i] = 1;
        usleep(5000);
    }
    for (;;) pause();
}
int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, greedy, NULL);
    pthread_exit(NULL);
}
"""
SHARE_WITH_CHILDREN = """
import os, time
data = b"x" * (40 << 20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.3)
        os._exit(0)
for _ in range(4): os.wait()
print("fine")
"""
LIVE_IN_THE_PARENTS_MEMORY = """
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static int child(void *nothing) { usleep(300000); return 0; }
int main(void) {
    volatile char *memory = malloc(40UL << 20);
    for (size_t i = 0; i < (40UL << 20); i += 4096) memory[i] = 1;
    char *stack = malloc(1 << 16);
    return waitpid(clone(child, stack + (1 << 16), CLONE_VM | SIGCHLD, NULL), NULL, 0) < 0;
}
"""
TOUCH_IN_CHILDREN = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        data = b"x" * (30 << 20)
        time.sleep(60)
        os._exit(0)
os.wait()
"""
RECURSE = (
    "int f(int n) { volatile char page[4096]; page[n % 4096] = 1; return f(n + 1) + page[0]; }"
)


async def test_memory_that_is_touched_beyond_the_limit_stops_the_program(
    either_sandbox: Sandbox,
) -> None:
    run = await either_sandbox.run("python", "data = bytearray(4 << 30)")

    assert run.status is RunStatus.MEMORY_LIMIT
    assert run.usage.memory_bytes < 1024 * MIB  # samples come late on a busy host


async def test_memory_that_is_never_touched_is_no_memory(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("c", ALLOCATE_UNTOUCHED)

    assert run.stdout == b"fine\n"
    assert run.usage.memory_bytes < 8 * MIB


async def test_a_peak_between_two_samples_counts(either_sandbox: Sandbox) -> None:
    """Over in 2 ms; samples are taken every 5."""
    run = await either_sandbox.run("c", TOUCH_AND_END, memory_bytes=8 * MIB)

    assert run.status is RunStatus.MEMORY_LIMIT
    assert 8 * MIB < run.usage.memory_bytes < 12 * MIB


async def test_memory_counts_when_the_main_thread_is_gone(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("c", TOUCH_WITHOUT_MAIN_THREAD)

    assert run.status is RunStatus.MEMORY_LIMIT
    assert run.usage.memory_bytes < 100 * MIB


async def test_memory_of_all_processes_counts_together(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", TOUCH_IN_CHILDREN)

    assert run.status is RunStatus.MEMORY_LIMIT


async def test_memory_that_processes_share_counts_once(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", SHARE_WITH_CHILDREN)

    assert run.stdout == b"fine\n"
    assert run.usage.memory_bytes < 80 * MIB


async def test_a_child_in_its_parents_memory_has_none_of_its_own(either_sandbox: Sandbox) -> None:
    """As after vfork(), which is how every runtime starts another program."""
    run = await either_sandbox.run("c", LIVE_IN_THE_PARENTS_MEMORY)

    assert run.status is RunStatus.OK
    assert run.usage.memory_bytes < 60 * MIB


async def test_the_stack_may_grow_to_the_memory_limit(either_sandbox: Sandbox) -> None:
    deep = RECURSE.replace("return f(n + 1)", "if (n == 10000) return 0; return f(n + 1)")
    source = f"{deep}\nint main(void) {{ return f(0) > 10000; }}"

    run = await either_sandbox.run("c", source)

    assert run.exit_code == 0
    assert run.usage.memory_bytes > 32 * MIB


async def test_endless_recursion_is_stopped(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("c", f"{RECURSE}\nint main(void) {{ return f(0); }}")

    assert run.status in {RunStatus.MEMORY_LIMIT, RunStatus.SIGNALED}
    assert run.signal in {9, 11}


async def test_a_refused_allocation_is_the_programs_own_affair(either_sandbox: Sandbox) -> None:
    source = "#include <stdlib.h>\nint main(void) { return malloc(1UL << 46) ? 0 : 3; }"

    run = await either_sandbox.run("c", source)

    assert (run.status, run.exit_code) == (RunStatus.NONZERO_EXIT, 3)
