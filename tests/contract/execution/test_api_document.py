"""The OpenAPI document is the service's reference: valid, and true about what is promised."""

from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi
from openapi_spec_validator import validate
from pydantic import SecretStr

from app.config import Settings
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app

PROMISED = {
    "/run": {"post"},
    "/runall": {"post"},
    "/submit": {"post"},
    "/api/v1/submissions/": {"get", "post"},
    "/api/v1/submissions/batch": {"post"},
    "/api/v1/submissions/{submission_id}": {"get"},
    "/api/v1/submissions/{submission_id}/execute": {"post"},
    "/api/v1/test-data/{sha256}": {"head", "put"},
    "/api/v1/contests/": {"get", "post"},
    "/api/v1/contests/{contest_id}": {"get", "put", "delete"},
    "/api/v1/deliveries/": {"get"},
    "/api/v1/deliveries/resend": {"post"},
    "/api/v1/deliveries/receiver": {"get"},
    "/api/v1/deliveries/receiver/enable": {"post"},
    "/api/v1/deliveries/{event_id}": {"get"},
    "/api/v1/deliveries/{event_id}/resend": {"post"},
    "/api/v1/languages": {"get"},
    "/api/v1/executions/execute": {"post"},
    "/api/v1/executions/status/{execution_id}": {"get"},
    "/api/v1/executions/cancel/{execution_id}": {"post"},
    "/api/v1/auth/verify": {"get"},
    "/api/v1/auth/user": {"get"},
    "/api/v1/doctor": {"get"},
    "/api/v1/operations": {"get"},
    "/": {"get"},
    "/health/": {"get"},
    "/health/ready": {"get"},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    languages = load_languages()
    settings = Settings(BACKEND_WEBHOOK_SECRET=SecretStr("a-secret"))
    app = create_app(settings, engine=FakeEngine(languages.languages), languages=languages)
    return get_openapi(title=app.title, version=app.version, routes=app.routes)


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_the_document_describes_exactly_what_is_promised(document: dict[str, Any]) -> None:
    assert {path: set(item) for path, item in document["paths"].items()} == PROMISED


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], f"{method} {path}"


def test_who_needs_a_token_is_told_so(document: dict[str, Any]) -> None:
    of_people = ("/api/v1/executions/", "/api/v1/auth/")

    needs_one = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if operation.get("security") == [{"token": []}]
    }

    assert needs_one == {path for path in PROMISED if path.startswith(of_people)}


def fields_of(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    name = schema["$ref"].rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize(
    ("path", "asked", "metadata"),
    [
        ("/run", {"sample_test_cases", "user_id", "question_id"}, set()),
        ("/runall", {"test_cases", "sample_test_cases", "user_id", "question_id"}, set()),
        (
            "/submit",
            {"test_cases", "sample_test_cases", "user_id", "question_id", "candidate_id"},
            {"submission_id", "saved_to_db"},
        ),
    ],
)
def test_the_judge_door_names_every_field(
    document: dict[str, Any], path: str, asked: set[str], metadata: set[str]
) -> None:
    operation = document["paths"][path]["post"]
    request = operation["requestBody"]["content"]["application/json"]["schema"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    parts = document["components"]["schemas"][answer["$ref"].rpartition("/")[2]]["properties"]

    assert fields_of(document, request) == {"language", "code", "timeout"} | asked
    assert set(parts) == {"execution_id", "summary", "test_results", "metadata", "timestamp"}
    assert fields_of(document, parts["summary"]) == {
        "total_tests", "passed", "failed", "all_passed", "pass_percentage",
    }  # fmt: skip
    assert fields_of(document, parts["test_results"]["items"]) == {
        "test_case_id", "test_case_number", "input", "expected_output", "actual_output", "error",
        "status", "passed", "execution_time_ms", "cpu_usage_percent", "memory_usage_bytes",
    }  # fmt: skip
    assert fields_of(document, parts["metadata"]) == metadata | {
        "replica", "container_id", "timeout", "execution_time_ms", "cpu_usage_percent",
        "memory_usage_bytes", "memory_usage_mb", "endpoint", "test_type",
    }  # fmt: skip
