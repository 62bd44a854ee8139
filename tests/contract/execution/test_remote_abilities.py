"""What a provider can and can not do, and the names that languages have there."""

import json
from pathlib import Path

import pytest

from app.domain.files import SourceFile
from app.domain.runs import RunStatus
from app.engines.base import Program
from app.errors import EngineUnavailableError
from tests.support.online_compiler import FakeProvider, Fault
from tests.support.remote_engines import RESULT, make_engine, make_program, run, started

pytestmark = pytest.mark.asyncio


async def test_a_huge_answer_is_too_much_output_and_not_read_to_its_end(
    provider: FakeProvider,
) -> None:
    engine = await started(make_engine(provider))
    huge = json.dumps(RESULT | {"output": "x" * 50_000_000}).encode()
    provider.faults = [Fault(body=huge)]

    result = await run(engine)
    await engine.close()

    assert (result.status, result.is_guess) == (RunStatus.OUTPUT_LIMIT, True)


async def test_output_at_its_limit_fits_even_if_every_byte_is_escaped(
    provider: FakeProvider,
) -> None:
    engine = await started(make_engine(provider))
    source = "import sys; sys.stdout.write(chr(1) * 1000); sys.stderr.write(chr(1) * 1000)"

    result = await run(engine, make_program(source))
    await engine.close()

    assert result.status is RunStatus.OK
    assert (len(result.stdout), len(result.stderr)) == (1000, 1000)


@pytest.mark.parametrize(
    ("program", "data", "why"),
    [
        (make_program("#" * 100_001), b"", "at most 100000 bytes of code"),
        (make_program(), b"x" * 100_001, "at most 100000 bytes of input"),
        (make_program(), b"\xff", "input as UTF-8 only"),
        (make_program(files=(SourceFile(name="a.txt", content=b""),)), b"", "no files"),
    ],
    ids=["long code", "long input", "bytes", "files"],
)
async def test_what_the_provider_can_not_do_is_not_asked_of_it(
    provider: FakeProvider, program: Program, data: bytes, why: str
) -> None:
    engine = await started(make_engine(provider))

    with pytest.raises(EngineUnavailableError, match=why):
        await run(engine, program, data)
    await engine.close()

    assert provider.bodies == []


async def test_names_come_from_the_manifests_unless_the_file_has_others(
    provider: FakeProvider, tmp_path: Path
) -> None:
    file = tmp_path / "compilers.toml"
    file.write_text('python = "python-3.14"\nrust = ""\n')
    engine = await started(make_engine(provider, compilers_file=file))

    await run(engine)
    told = {tool.language.id: tool for tool in await engine.toolchains()}
    await engine.close()

    assert provider.bodies[0]["compiler"] == "python-3.14"
    assert told["python"].version == "python-3.14"
    assert told["python"].language.third_party_name == "python-3.14"
    assert told["java"].version == "java-17.0.2"
    assert not told["rust"].is_available


async def test_a_language_that_the_provider_lacks_is_refused(
    provider: FakeProvider, tmp_path: Path
) -> None:
    file = tmp_path / "compilers.toml"
    file.write_text('python = ""\n')
    engine = await started(make_engine(provider, compilers_file=file))

    with pytest.raises(EngineUnavailableError, match="has no Python"):
        await run(engine)
    await engine.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("python = ", "CODE_EXECUTION_COMPILERS_FILE"),
        ('cobol = "x"', "cobol is no language"),
        ("python = 3", "python must be a text"),
        (None, "No such file"),
    ],
    ids=["no TOML", "unknown language", "no text", "missing"],
)
async def test_a_wrong_file_of_names_is_told_at_the_start(
    provider: FakeProvider, tmp_path: Path, text: str | None, why: str
) -> None:
    file = tmp_path / "compilers.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(EngineUnavailableError, match=why):
        await make_engine(provider, compilers_file=file).start()
