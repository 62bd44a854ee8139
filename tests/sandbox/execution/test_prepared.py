"""Prepared toolchains: used where they fit, without changing what programs mean."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.language import Language
from app.domain.runs import CompileResult, RunStatus
from app.engines.sandbox.host import is_root, survey_host
from app.engines.sandbox.prepare import Preparations
from app.engines.sandbox.prepared import prepared_directory
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

needs_mold = pytest.mark.skipif(
    not Path("/usr/bin/ld.mold").exists(), reason="no mold: apt-get install mold"
)

EVERYTHING = "#include <bits/stdc++.h>\nusing namespace std;\nint main() { cout << 42 << endl; }"
STREAMS = "#include <iostream>\nint main() { std::cout << 42 << std::endl; }"


async def compile_as(
    sandbox: Sandbox, language: Language, source: str, *options: str
) -> CompileResult:
    """Compile by another command than the language's own."""
    program = replace(
        sandbox.program(language.id, source), language=language, compile_options=options
    )
    async with aclosing(sandbox.engine.execute(program, [])) as results:
        compiled = await anext(results)
    assert isinstance(compiled, CompileResult)
    return compiled


async def test_every_installed_toolchain_is_prepared(sandbox: Sandbox) -> None:
    assert await sandbox.engine.prepared() == {}


async def test_a_program_can_read_and_not_change_what_is_prepared(sandbox: Sandbox) -> None:
    source = """
import os
for folder, _, names in os.walk("/prepared"):
    for name in names:
        open(os.path.join(folder, name), "rb").close()
try:
    open("/prepared/mine", "w")
except OSError as error:
    print(error.strerror)
"""

    run = await sandbox.run("python", source)

    assert (run.stdout, run.stderr) == (b"Read-only file system\n", b"")


@pytest.mark.parametrize("source", [EVERYTHING, STREAMS], ids=["everything", "streams"])
@pytest.mark.parametrize("options", [(), ("-std=gnu++17",), ("-O3",)], ids=str)
async def test_a_header_that_comes_first_is_precompiled(
    sandbox: Sandbox, source: str, options: tuple[str, ...]
) -> None:
    cpp = sandbox.languages.get("cpp")
    telling = replace(cpp, compile_command=(*cpp.compile_command, "-H", "-Wall", "-Wextra"))

    compiled = await compile_as(sandbox, telling, source, *options)

    assert compiled.is_ok
    assert "\n! /prepared/cpp-" in f"\n{compiled.message}"
    assert "warning" not in compiled.message


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (EVERYTHING, ("-O0",)),
        (EVERYTHING, ("-std=c++11",)),
        (f"#include <vector>\n{EVERYTHING}", ()),
        (f"#define NDEBUG\n{EVERYTHING}\nvoid f() {{ assert(false); }}", ()),
        (f'#pragma GCC optimize("O3")\n{EVERYTHING}', ()),
        (f"// first\n#define ll long long\n{EVERYTHING}", ()),
        (f"#include <iostream>\n{EVERYTHING}", ()),
    ],
    ids=["O0", "standard", "other first", "macro", "pragma", "harmless macro", "two"],
)
async def test_programs_that_a_precompiled_header_does_not_fit_are_compiled_without(
    sandbox: Sandbox, source: str, options: tuple[str, ...]
) -> None:
    program = replace(sandbox.program("cpp", source), compile_options=options)

    async with aclosing(sandbox.engine.execute(program, [b""])) as results:
        compiled, run = [result async for result in results]

    assert isinstance(compiled, CompileResult)
    assert compiled.message == ""
    assert not isinstance(run, CompileResult)
    assert run.stdout == b"42\n"


async def test_a_header_that_was_not_included_is_not_there(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("cpp", "int main() { std::vector<int> v; }")

    assert not compiled.is_ok


async def test_a_macro_before_a_header_works(sandbox: Sandbox) -> None:
    includes = "#define NDEBUG\n#include <bits/stdc++.h>\n"
    source = f'{includes}int main() {{ assert(false); puts("42"); }}'

    run = await sandbox.run("cpp", source)

    assert run.stdout == b"42\n"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("c", "int main(void) { return missing(); }"),
        ("cpp", '#include <bits/stdc++.h>\nint main() { std::vector<int> v; v.push_back("a"); }'),
        ("cpp", "#include <iostream>\nint missing();\nint main() { std::cout << missing(); }"),
        ("go", "package main\nfunc main() { x }"),
        ("java", "class Main { int x = y; }"),
        ("rust", "fn main() { x }"),
    ],
)
async def test_messages_do_not_name_what_is_prepared(
    sandbox: Sandbox, language: str, source: str
) -> None:
    compiled = await sandbox.compile(language, source)

    assert not compiled.is_ok
    assert "/prepared" not in compiled.message


@needs_mold
@pytest.mark.parametrize("language_id", ["c", "cpp"])
async def test_a_cheaper_linker_is_used_where_there_is_one(
    sandbox: Sandbox, language_id: str
) -> None:
    language = sandbox.languages.get(language_id)
    telling = replace(language, compile_command=(*language.compile_command, "-Wl,--version"))

    compiled = await compile_as(sandbox, telling, "int main() { return 0; }")

    assert "GNU gold" in compiled.message or "mold " in compiled.message


@needs_mold
async def test_rust_is_linked_by_mold(sandbox: Sandbox) -> None:
    source = """
fn main() {
    let own = std::fs::read("/proc/self/exe").unwrap();
    let mark: Vec<u8> = "nold ".bytes().map(|b| if b == b'n' { b'm' } else { b }).collect();
    println!("{}", own.windows(5).any(|part| part == mark));
}
"""

    run = await sandbox.run("rust", source)

    assert run.stdout == b"true\n"


async def test_the_java_compiler_starts_from_its_archive(sandbox: Sandbox) -> None:
    java = sandbox.languages.get("java")
    telling = replace(java, compile_command=(*java.compile_command, "-J-Xlog:cds"))

    compiled = await compile_as(sandbox, telling, java.reference_source)

    assert "javac.jsa" in compiled.message
    assert "mapped" in compiled.message.lower()


async def test_a_java_program_starts_from_its_archive(sandbox: Sandbox) -> None:
    java = sandbox.languages.get("java")
    # The launcher refuses to start where no archive can be mapped.
    strict = replace(java, run_command=("/usr/bin/java", "-Xshare:on", *java.run_command[1:]))
    program = replace(sandbox.program("java", java.reference_source), language=strict)

    async with aclosing(sandbox.engine.execute(program, [b""])) as results:
        compiled, run = [result async for result in results]

    assert isinstance(compiled, CompileResult)
    assert not isinstance(run, CompileResult)
    assert (run.status, run.stdout, run.stderr) == (RunStatus.OK, b"42\n", b"")


def without_go_build(sandbox: Sandbox) -> Language:
    go = sandbox.languages.get("go")
    command = tuple(word.replace("exec go build", "exit 9;") for word in go.compile_command)
    assert command != go.compile_command
    return replace(go, compile_command=command)


async def test_go_is_compiled_without_its_build_command(sandbox: Sandbox) -> None:
    source = sandbox.languages.get("go").reference_source

    compiled = await compile_as(sandbox, without_go_build(sandbox), source)

    assert (compiled.is_ok, compiled.message) == (True, "")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('import "internal/cpu"\nfunc main() { println(cpu.X86) }', "use of internal package"),
        ('import "fmt"\nfunc main() {}', "imported and not used"),
        ("func main() { x }", "# command-line-arguments\nmain.go:2:15: undefined: x"),
    ],
    ids=["internal", "unused", "undefined"],
)
async def test_the_messages_of_go_are_those_of_its_build_command(
    sandbox: Sandbox, source: str, message: str
) -> None:
    compiled = await sandbox.compile("go", f"package main\n{source}")

    assert not compiled.is_ok
    assert message in compiled.message


async def test_go_programs_may_use_the_whole_standard_library(sandbox: Sandbox) -> None:
    source = """
package main

import (
	"fmt"
	"net/url"
)

func main() {
	u, _ := url.Parse("http://example.org/42")
	fmt.Println(u.Path)
}
"""

    run = await sandbox.run("go", source)

    assert run.stdout == b"/42\n"


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    """Give a folder in a place that the boxes' user can't reach."""
    if not is_root():
        pytest.skip("boxes have the service's own user, who can reach what it can")
    tmp_path.chmod(0o700)
    return tmp_path / "prepared"


async def test_boxes_that_can_not_reach_the_folder_do_without(
    sandbox: Sandbox, closed_folder: Path
) -> None:
    walls = survey_host()
    cpp = sandbox.languages.get("cpp")
    preparations = Preparations(closed_folder)

    shown = preparations.shown_in(walls)
    preparations.begin(shown, [cpp, sandbox.languages.get("python")])
    complaints = await preparations.finished()
    await preparations.close()

    assert shown == walls
    assert list(complaints) == ["cpp"]
    assert str(closed_folder) in complaints["cpp"]


async def test_what_is_half_made_when_the_engine_stops_is_gone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sleep = ("/bin/sh", "-c", "sleep 60")
    slow = replace(sandbox.languages.get("python"), id="slow", prepare_command=sleep)
    path = prepared_directory(tmp_path)
    preparations = Preparations(path)

    preparations.begin(preparations.shown_in(survey_host()), [slow])
    while not list(path.glob(".making-slow-*")):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.01)
    await preparations.close()

    assert list(path.glob("*slow-*")) == []
