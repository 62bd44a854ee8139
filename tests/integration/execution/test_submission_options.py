"""What a submission may bring along besides its source: multipliers, compile options, files."""

import base64
from typing import Any

import httpx
import pytest

from tests.integration.execution.submissions import SUBMISSIONS, make_body, wait_until_final

pytestmark = pytest.mark.asyncio
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("language", "multipliers", "cpu_time_ms", "memory_mib"),
    [
        ("c", {}, 300, 64),
        ("python", {}, 900, 128),
        ("python", {"time_multiplier": 1.5, "memory_multiplier": 1}, 450, 64),
        ("c", {"time_multiplier": 4}, 1200, 64),
    ],
)
async def test_limits_are_multiplied_and_named_as_they_hold(
    client: httpx.AsyncClient,
    language: str,
    multipliers: dict[str, float],
    cpu_time_ms: int,
    memory_mib: int,
) -> None:
    limits = {"cpu_time_ms": 300, "memory_bytes": 64 * MIB} | multipliers
    body = make_body(code="status time_limit", language=language, limits=limits)

    created = await client.post(SUBMISSIONS, json=body)
    result = await wait_until_final(client, created.json()["id"])

    assert result["cpu_time_limit_ms"] == cpu_time_ms
    assert result["memory_limit_bytes"] == memory_mib * MIB
    assert result["error_output"] == f"Time Limit Exceeded: {cpu_time_ms} ms of CPU time"


async def test_no_multiplier_leads_over_the_ceiling(client: httpx.AsyncClient) -> None:
    limits = {"cpu_time_ms": 60_000, "memory_bytes": 2048 * MIB, "time_multiplier": 20}

    created = await client.post(SUBMISSIONS, json=make_body(limits=limits))

    assert created.json()["cpu_time_limit_ms"] == 120_000
    assert created.json()["memory_limit_bytes"] == 4096 * MIB


async def test_compile_options_reach_the_compiler(client: httpx.AsyncClient) -> None:
    body = make_body(code="options", language="c++", compile_options=["-std=c++17"])

    created = await client.post(SUBMISSIONS, json=body)
    result = await wait_until_final(client, created.json()["id"])

    assert result["compile_options"] == ["-std=c++17"]
    assert result["output"] == "-std=c++17 -O2\n"


async def test_files_lie_beside_the_source_whether_text_or_not(client: httpx.AsyncClient) -> None:
    encoded = base64.b64encode("größer\n".encode()).decode()
    files = {"data/b": {"base64": encoded}, "a.h": "kleiner\n"}

    created = await client.post(
        SUBMISSIONS, json=make_body(code="file a.h\nfile data/b", files=files)
    )
    result = await wait_until_final(client, created.json()["id"])

    assert result["output"] == "kleiner\ngrößer\n"


@pytest.mark.parametrize(
    ("changes", "status_code", "complaint"),
    [
        ({"compile_options": ["-O2"]}, 400, "Python takes no compile option '-O2'; it takes none"),
        (
            {"language": "c", "compile_options": ["-O2", "-O3"]},
            400,
            "Choose one of -O2 and -O3: both are optimisation",
        ),
        (
            {"language": "rust", "compile_options": ["-Clinker=/bin/sh"]},
            400,
            "Rust takes no compile option '-Clinker=/bin/sh'; it takes --edition=2015, --edit",
        ),
        ({"files": {"main.py": ""}}, 400, "The name 'main.py' is used twice"),
        ({"files": {"../a": ""}}, 400, "'../a' can't be the name of a file"),
        ({"files": {"a": "x" * (MIB + 1)}}, 400, "File 'a' has 1048577 bytes; the limit is"),
        ({"files": {"a": {"base64": "?"}}}, 422, "files.a.Base64File.base64"),
        ({"files": {f"f{n}": "" for n in range(33)}}, 422, "files"),
        ({"limits": {"time_multiplier": 0}}, 422, "limits.time_multiplier"),
        ({"limits": {"memory_multiplier": 21}}, 422, "limits.memory_multiplier"),
    ],
)
async def test_refuses_what_is_not_allowed_and_says_what_is(
    client: httpx.AsyncClient, changes: dict[str, Any], status_code: int, complaint: str
) -> None:
    answer = await client.post(SUBMISSIONS, json=make_body(**changes))

    assert answer.status_code == status_code
    assert complaint in _complaint(answer.json()["detail"])
    assert (await client.get(SUBMISSIONS)).json() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"a": "2"}},
        {"compile_options": ["-O3"]},
        {"limits": {"time_multiplier": 2}},
    ],
)
async def test_they_are_part_of_the_request_that_a_key_stands_for(
    client: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    body = make_body(language="c", files={"a": "1"}, compile_options=["-O0"])
    headers = {"Idempotency-Key": "key-1"}

    first = await client.post(SUBMISSIONS, json=body, headers=headers)
    same = await client.post(SUBMISSIONS, json=body, headers=headers)
    other = await client.post(SUBMISSIONS, json=body | changes, headers=headers)

    assert same.json()["id"] == first.json()["id"]
    assert other.status_code == 409


async def test_languages_tell_their_multipliers_and_options(client: httpx.AsyncClient) -> None:
    languages = {each["id"]: each for each in (await client.get("/api/v1/languages/")).json()}

    assert languages["python"]["time_multiplier"] == 3
    assert languages["python"]["memory_multiplier"] == 2
    assert languages["python"]["compile_options"] == {}
    assert languages["rust"]["time_multiplier"] == 1
    assert languages["rust"]["compile_options"] == {
        "edition": ["--edition=2021", "--edition=2018", "--edition=2015"]
    }


def _complaint(detail: str | list[dict[str, Any]]) -> str:
    if isinstance(detail, str):
        return detail
    return " ".join(".".join(str(part) for part in each["loc"]) for each in detail)
