"""What an idempotency key stands for; the hashes are those of the first version that had keys."""

from typing import Any

import pytest

from app.schemas.submissions import SubmissionIn

PLAIN: dict[str, Any] = {"code": "x", "language": "c", "user_id": 1}
FULL = PLAIN | {
    "contest_id": 3,
    "input_data": "é",
    "compile_options": ["-O2"],
    "files": {"a.h": "1", "b": {"base64": "AgMFBw=="}},
    "limits": {"time_multiplier": 2.5},
    "test_cases": [
        {"id": "1", "input": "", "expected_output": "", "is_sample": True},
        {"id": "2", "expected_output": "7"},
    ],
}


def fingerprint(body: dict[str, Any]) -> str:
    return SubmissionIn.model_validate(body).to_request().fingerprint()


@pytest.mark.parametrize(
    ("body", "sha256"),
    [
        (PLAIN, "032bb110811ecbc65530efdf765a968ead012d5333e7ffafd47a7616c6f4d2e7"),
        (FULL, "5a4ca6665bc8d5d8383fb2cf55ab65fd97033a6e4d92855c86c2fa1803fa2d47"),
    ],
)
def test_a_request_is_the_same_to_every_version(body: dict[str, Any], sha256: str) -> None:
    assert fingerprint(body) == sha256


def test_a_default_that_is_said_is_no_other_request() -> None:
    said: dict[str, Any] = {
        "checker": {"kind": "exact"},
        "groups": [],
        "interactor": None,
        "input_data": "",
    }

    assert fingerprint(PLAIN | said) == fingerprint(PLAIN)


def test_a_source_that_comes_along_is_the_same_as_its_hash() -> None:
    program = {"kind": "program", "protocol": "icpc", "language": "c", "source": ""}
    by_hash = {key: value for key, value in program.items() if key != "source"}
    by_hash["source_sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert fingerprint(PLAIN | {"checker": program}) == fingerprint(PLAIN | {"checker": by_hash})
    assert fingerprint(PLAIN | {"checker": program}) != fingerprint(PLAIN)
