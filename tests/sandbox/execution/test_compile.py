import pytest

from app.domain.limits import MIB
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


async def test_a_message_names_the_file_as_the_participant_knows_it(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("cpp", "int main() {\n  return x;\n}")

    assert compiled.message.splitlines()[1].startswith("main.cpp:2:10: error:")


async def test_a_warning_is_no_error(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("c", "#warning careful\nint main(void) { return 0; }")

    assert compiled.is_ok
    assert "careful" in compiled.message


async def test_a_long_message_is_cut(sandbox: Sandbox) -> None:
    source = "\n".join(f"#warning number {n} of very many warnings" for n in range(1_000))

    compiled = await sandbox.compile("c", f"{source}\nint main(void) {{ return x; }}")

    assert 9_000 < len(compiled.message) <= 10_000


async def test_a_program_too_large_to_store_does_not_compile(sandbox: Sandbox) -> None:
    source = f"char data[{200 * MIB}] = {{1}};\nint main(void) {{ return data[5]; }}"

    compiled = await sandbox.compile("c", source)

    assert "File size limit exceeded" in compiled.message


async def test_a_compiler_that_takes_too_much_memory_is_stopped(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("c", '#include "/dev/full"')

    first_line = compiled.message.splitlines()[0]
    assert first_line == "The compiler was stopped: it took more than 1024 MiB of memory"


@pytest.mark.parametrize(
    "source",
    ["print(1", "def f():\nreturn 1", "if True:\n\tx = 1\n        y = 2", "x = 1\0", "\xff = 1;;"],
    ids=["syntax", "indentation", "tabs", "nul", "letter"],
)
async def test_python_that_does_not_parse_does_not_compile(sandbox: Sandbox, source: str) -> None:
    compiled = await sandbox.compile("python", source)

    assert not compiled.is_ok
    assert "Traceback" not in compiled.message
    assert "Error: " in compiled.message


async def test_javascript_that_does_not_parse_does_not_compile(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("javascript", "const x = ;")

    assert compiled.message.startswith("main.js:1")
    assert "SyntaxError" in compiled.message
